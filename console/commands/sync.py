"""``sync`` and ``plan``: passes, and what a pass would do."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.stopping import stoppable
from console.domain.plain import plain
from console.domain.records import Change, State
from console.errors import ConsoleError, StoreError
from console.guide.account import shown
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings, write_private
from console.store.cache import Cache
from console.sync.budget import Standing
from console.sync.events import Changed, Event, Progress, RunFailed, RunFinished, RunSummary
from console.sync.runner import EngineThread
from console.sync.session import open_session, opener

WAITING = 3
FOR_A_PERSON = (State.INCOMPLETE, State.REVIEW, State.CONFLICT, State.REFUSED)
WORDS = {State.REVIEW: "for review", State.CONFLICT: "to decide"}
LASTING = ("sign_in", "conflict")
"""Categories of failures that passing time does not mend."""
PATIENCE = 2.0
"""Seconds that the engine gets to stop; calls still under way then are looked up by the next pass."""


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """One pass, pass after pass, or only the plan of one."""
    settings, connections, secrets = opened(args)
    if args.command == "plan" or args.dry_run:
        return _plan(args, out, settings, connections, secrets)
    if args.watch:
        return watch(out, settings, connections, secrets)
    with (
        stoppable() as stop,
        open_session(
            settings, connections, secrets, publish=_talk(out), cancelled=stop, holder="syncing once"
        ) as session,
    ):
        summary = session.engine.run()
        waiting = waits_for_a_person(session.cache)
    out.data(summary.as_json(), _words(summary, waiting))
    return exit_code(summary, waiting)


def waits_for_a_person(cache: Cache) -> dict[State, int]:
    """How many customers wait, by state: also those that an earlier pass left waiting."""
    counts = cache.entries.counts()
    return {state: counts[state] for state in FOR_A_PERSON if counts.get(state)}


def exit_code(summary: RunSummary, waiting: dict[State, int]) -> int:
    """How a command ends that ran a pass to its end."""
    return WAITING if summary.refused or waiting else 0


def _plan(
    args: argparse.Namespace,
    out: Output,
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
) -> int:
    with (
        stoppable() as stop,
        open_session(settings, connections, secrets, cancelled=stop, holder="planning") as session,
    ):
        plan = session.engine.freeze()
        budget = session.engine.budget
    target = getattr(args, "out", None)
    if target:
        _write(Path(target), "".join(plan.lines()))
        out.talk(f"The plan was written to {target}.")
    calls = plan.forecast["calls"]["salesforce"]
    out.data(plan.as_json(), f"{_plan_words(plan.changes)}\n\n{_cost(calls, budget)}")
    return 0


def _cost(calls: int, budget: Standing) -> str:
    """What carrying the plan out costs, held against what the console may still use."""
    about = f"It takes about {calls:,} Salesforce calls"
    if budget.left is None or budget.allocation is None:
        return f"{about}."
    rest = ""
    if calls > budget.allocation:
        rest = f"; of {budget.allocation:,} a day: it is done in parts, day by day"
    elif calls > budget.left:
        rest = "; it would not begin before there is room for all of it"
    return f"{about}; {budget.left:,} of the console's allocation are left{rest}."


def _write(path: Path, text: str) -> None:
    try:
        write_private(path.absolute(), text)
    except OSError as error:
        raise StoreError(
            f"The plan can't be written to {path} ({(error.strerror or 'unknown').lower()}).",
            "Name another file.",
        ) from None


def watch(
    out: Output,
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
    beside: Callable[[EngineThread], AbstractContextManager[None]] | None = None,
) -> int:
    """Pass after pass until a signal ends it, one line for each; a failed one is told and tried again.

    :param beside: what else runs meanwhile, given the engine.
    What only a person can mend, and a reader of our lines that went away, end it too.
    """
    with stoppable() as stop:
        ending: list[ConsoleError | OSError] = []

        def listen(event: Event) -> None:
            try:
                if isinstance(event, RunFinished):
                    out.data(event.summary.as_json(), _words(event.summary))
                elif isinstance(event, RunFailed) and event.error.category in LASTING:
                    ending.append(event.error)
                    stop.set()
                elif isinstance(event, RunFailed):
                    out.data(event.error.as_json(), f"{event.error.message} {event.error.advice}")
            except OSError as error:
                ending.append(error)
                stop.set()

        engine = EngineThread(
            opener(settings, connections, secrets), listen, interval=settings.interval_seconds
        )
        engine.start()
        try:
            with nullcontext() if beside is None else beside(engine):
                stop.wait()
        finally:
            engine.stop(PATIENCE)
    if ending:
        raise ending[0]
    out.talk("Stopped.")
    return 0


def _talk(out: Output) -> Callable[[Event], None]:
    phase = ""

    def listen(event: Event) -> None:
        nonlocal phase
        if isinstance(event, Progress) and event.phase != phase:
            phase = event.phase
            out.talk(f"{phase} ...")
        elif isinstance(event, Changed) and event.outcome == "refused":
            out.talk(f"Refused: {plain(event.name, 60)}, {event.field}")

    return listen


def _words(summary: RunSummary, waiting: dict[State, int] | None = None) -> str:
    if waiting is None:
        waiting = {State.INCOMPLETE: summary.incomplete, State.REVIEW: summary.review}
    parts = [f"{count} {WORDS.get(state, state)}" for state, count in waiting.items() if count]
    return (
        f"Run {summary.run}: {summary.applied} changes applied, {summary.refused} refused, {summary.stale} moved meanwhile"
        f"{'; waiting: ' + ', '.join(parts) if parts else ''}. "
        f"{summary.salesforce_calls} Salesforce and {summary.alguna_calls} Alguna calls, {summary.seconds:.1f} s."
    )


def _plan_words(changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing to do: the next pass would write nothing."
    kinds = Counter((change.side, change.entity, change.field or "new") for change in changes)
    head = table([(side, entity, field, str(count)) for (side, entity, field), count in kinds.most_common()])
    lines = [
        (
            change.side,
            change.record,
            change.field or f"new {change.entity}",
            shown(change.before),
            "->",
            shown(change.after),
        )
        for change in changes[:200]
    ]
    more = f"\n... and {len(changes) - 200} more: see --json or --out" if len(changes) > 200 else ""
    return f"{len(changes)} changes\n\n{head}\n\n{table(lines)}{more}"
