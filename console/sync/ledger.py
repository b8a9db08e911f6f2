"""The books of one run: what is about to be sent, how it ended, and what follows from that.

Everything that follows from the end of a change (the journal, what both sides agree on, the history, the problem
that a person has to see) is written in one transaction, together with the observation that the caller makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from console.domain.changes import alias_print
from console.domain.fields import ALIASES, FIELD
from console.domain.normal import same
from console.domain.plain import plain
from console.domain.records import Change, Held, Value, Values
from console.domain.undo import Kept
from console.errors import ConsoleError
from console.store.cache import Cache
from console.store.history import KEPT, HistoryRow
from console.store.journal import Ending, Outcome
from console.sync.cursors import text
from console.sync.events import Changed, Event, Tally
from console.sync.forecast import weight
from console.sync.jobs import text_of, values_of

REFUSED = "refused"
"""Category of the problems that refusals open; their subject is the other system's error code."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one change ended."""

    change: Change
    outcome: Outcome
    error: ConsoleError | None = None
    record: str = ""
    """Id of what was created."""
    agreed: Values | None = None
    """What both sides hold now, where it isn't simply what the change wrote."""
    lost: Value = None

    @property
    def base(self) -> Values:
        """The values that both sides agree on because of it."""
        if self.outcome != "applied" or self.change.deletes or self.held:
            return {}
        if self.agreed is not None:
            return self.agreed
        if self.change.key is None:
            return values_of(self.change)
        return {self.change.key: text_of(self.change)} if self.change.key in FIELD else {}

    @property
    def held(self) -> dict[str, Held | None]:
        """What an undo leaves apart: both sides differ now, and are to stay as they are. None: no more."""
        change, key = self.change, self.change.key
        if self.outcome != "applied" or change.undoes is None or key is None:
            return {}
        if key == ALIASES:
            left = cast("Sequence[str]", change.after)
            taken = change.beside is not None and change.beside not in left
            return {key: Held(alias_print(left), change.beside, change.undoes) if taken else None}
        now = text_of(change)
        if same(FIELD[key].kind, now, change.beside):
            return {}
        pair = (now, change.beside) if change.side == "alguna" else (change.beside, now)
        return {key: Held(*pair, change.undoes)}


class Ledger:
    """Journal, history, problems and numbers of one run."""

    def __init__(
        self,
        cache: Cache,
        run: int,
        clock: Callable[[], datetime],
        publish: Callable[[Event], None],
        tally: Tally,
    ) -> None:
        self._cache = cache
        self.run = run
        self._clock = clock
        self._publish = publish
        self.tally = tally

    def plan(self, changes: Sequence[Change]) -> None:
        """Write down what is going to be done."""
        self._cache.journal.plan(self.run, changes)
        self.tally.planned += len(changes)

    def sending(self, changes: Iterable[Change]) -> None:
        """Write down that these leave now: whatever happens next, they may have taken effect."""
        self._cache.journal.sent([change.id for change in changes])

    def waiting(self, changes: Iterable[Change]) -> None:
        """Write down that these did nothing so far and are to be sent once more."""
        self._cache.journal.waiting([change.id for change in changes])

    def settle(self, ended: Sequence[Ended]) -> None:
        """Write down how changes ended."""
        if not ended:
            return
        at = text(self._clock())
        cache = self._cache
        with cache.transaction():
            cache.journal.settle(_ending(each) for each in ended)
            cache.links.set_base(_bases(ended))
            cache.links.hold((each.change.customer_id, held) for each in ended if (held := each.held))
            told = [each for each in ended if each.outcome != "stale"]
            cache.history.add(self.run, at, (_history(each) for each in told))
            for each in ended:
                if each.outcome == "refused" and each.error is not None:
                    self._report(each.error, at)
        for each in ended:
            if each.outcome == "applied":
                self.tally.applied += 1
                self.tally.bytes += weight(each.change)
            elif each.outcome == "refused":
                self.tally.refused += 1
            else:
                self.tally.stale += 1
        self._publish(self._changed(ended[-1], at))

    def kept(self, kept: Iterable[Kept]) -> None:
        """Write down what an undo left as it is, and why."""
        rows = (
            HistoryRow(
                customer_id=each.customer_id,
                side=each.side,
                entity=each.entity,
                record=each.record,
                key=each.key,
                field=each.field,
                before=None,
                after=None,
                reason=each.reason,
                outcome=KEPT,
            )
            for each in kept
        )
        self._cache.history.add(self.run, text(self._clock()), rows)

    def _report(self, error: ConsoleError, at: str) -> None:
        self._cache.problems.report(REFUSED, error.code, error.message, error.advice, at)

    def _changed(self, each: Ended, at: str) -> Changed:
        change = each.change
        customer = self._cache.customers.get(change.customer_id)
        return Changed(
            at=at,
            run=self.run,
            side=change.side,
            customer_id=change.customer_id,
            name=plain(customer.name) if customer else "",
            field=change.field or f"{'deleted' if change.deletes else 'new'} {change.entity.lower()}",
            before=_shown(change.before),
            after=_shown(change.after),
            outcome=each.outcome,
        )


def _bases(ended: Sequence[Ended]) -> list[tuple[str, Values]]:
    bases: dict[str, dict[str, Value]] = {}
    for each in ended:
        if base := each.base:
            bases.setdefault(each.change.customer_id, {}).update(base)
    return list(bases.items())


def _ending(each: Ended) -> Ending:
    error = each.error
    return Ending(
        each.change.id,
        each.outcome,
        error.code or error.category if error else "",
        f"{error.message} {error.advice}".strip() if error else "",
    )


def _history(each: Ended) -> HistoryRow:
    change = each.change
    if each.outcome == "refused" and each.error is not None:
        change = replace(change, reason=each.error.message)
    return HistoryRow.of(change, outcome=each.outcome, lost=each.lost, record=each.record)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return plain(value, 80)
    if isinstance(value, dict):
        return plain(str(value.get("Name") or value.get("Contact.LastName") or ""), 80)
    if isinstance(value, (list, tuple)):
        return plain(", ".join(str(each) for each in value), 80)
    return plain(str(value), 80)
