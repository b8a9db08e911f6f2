"""The live picture of one open connection, folded from the engine's events. Pure: no widgets, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.sync.events import (
    Audited,
    Calls,
    Changed,
    Counts,
    Event,
    Noted,
    Progress,
    RunFailed,
    RunFinished,
    RunSummary,
    Waiting,
)
from console.sync.following.feeds import Feeds
from screens.words import instant

if TYPE_CHECKING:
    from console.guide.seam import ConnectionFacts, HistoryLine

KEPT = 200
"""How many changes stay in the list; the rest is in each account's history."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is known now. The screens bind to one of these and repaint what moved."""

    facts: ConnectionFacts | None = None
    paused: bool = False
    doing: Progress | None = None
    since: str | None = None
    """When the pass that is being done was first heard of."""
    states: Mapping[str, int] | None = None
    """None until the engine has counted."""
    problems: int = 0
    calls: Calls | None = None
    audited: Audited | None = None
    """How far the audit is; None until the cache was looked at."""
    feeds: Feeds | None = None
    """How changes of each side arrive; None until the engine has said."""
    changes: tuple[Changed, ...] = ()
    """Newest first."""
    last: RunSummary | None = None
    last_sync_at: str | None = None
    failure: ConsoleError | None = None
    """Why the last pass stopped; what is shown may be out of date until one succeeds."""
    failed_at: str | None = None
    waits_until: str | None = None
    waits_for: str = ""
    generation: int = 0
    """Grows whenever rows of the cache may have moved: grids read again."""

    @property
    def total(self) -> int:
        """All customers and accounts known."""
        return sum((self.states or {}).values())

    @property
    def left(self) -> int | None:
        """API calls that Salesforce still allows today, None while it has not said."""
        if self.calls is None or self.calls.used is None or self.calls.limit is None:
            return None
        return max(0, self.calls.limit - self.calls.used)


def fold(live: Live, event: Event, now: str) -> Live:
    """The picture after one more event."""
    match event:
        case Progress():
            goes_on = live.doing is not None and live.doing.run == event.run
            return replace(
                live, doing=event, since=live.since if goes_on else now, waits_until=None, waits_for=""
            )
        case Changed():
            known = event in live.changes
            changes = live.changes if known else (event, *live.changes[: KEPT - 1])
            return replace(live, changes=changes, generation=live.generation + 1)
        case Counts():
            if live.states == event.states and live.problems == event.problems:
                return live
            return replace(
                live, states=dict(event.states), problems=event.problems, generation=live.generation + 1
            )
        case Calls():
            return replace(live, calls=event)
        case Feeds():
            return replace(live, feeds=event)
        case RunFinished():
            return replace(
                live,
                doing=None,
                last=event.summary,
                last_sync_at=now,
                failure=None,
                failed_at=None,
                generation=live.generation + 1,
            )
        case RunFailed():
            return replace(
                live,
                doing=None,
                failure=event.error,
                failed_at=now,
                last=event.summary or live.last,
                generation=live.generation + 1,
            )
        case Audited():
            doing = None if event.said else live.doing
            return replace(live, audited=event, doing=doing, generation=live.generation + 1)
        case Noted():
            return replace(live, generation=live.generation + 1)
        case Waiting():
            until = None if event.seconds is None else _later(now, event.seconds)
            return replace(live, doing=None, waits_until=until, waits_for=event.reason)


def begin(facts: ConnectionFacts, paused: bool, recent: Sequence[HistoryLine] = ()) -> Live:
    """The picture before the first event: what the cache knows."""
    live = Live(facts=facts, paused=paused, last_sync_at=facts.last_sync_at)
    return recall(live, recent)


def recall(live: Live, recent: Sequence[HistoryLine]) -> Live:
    """The picture with the newest changes as the history has them: events tell of the last of a burst only."""
    if not recent:
        return live
    changes = tuple(
        Changed(r.at, r.run, r.side, r.customer_id, r.name, r.field, r.before, r.after, r.outcome)
        for r in recent[:KEPT]
    )
    return replace(live, changes=changes)


def seconds_spent(live: Live, now: str) -> float:
    """How long the present pass has taken so far, 0 between passes."""
    if live.doing is None or live.since is None:
        return 0.0
    return max(0.0, (instant(now) - instant(live.since)).total_seconds())


def seconds_left(live: Live, now: str) -> float | None:
    """Until the next pass, None while nothing is due."""
    if live.waits_until is None:
        return None
    return max(0.0, (instant(live.waits_until) - instant(now)).total_seconds())


def _later(now: str, seconds: float) -> str:
    return (instant(now) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
