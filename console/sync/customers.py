"""Changes on their way into Alguna: one customer at a time, several side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from console.alguna.client import AlgunaClient
from console.domain.changes import plan_hash
from console.domain.fields import ALIASES
from console.domain.records import Change, Customer, Value
from console.errors import (
    BudgetReached,
    Cancelled,
    Conflict,
    ConsoleError,
    Refused,
    SignInNeeded,
    Unreachable,
)
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.jobs import Job, new_alias, takes_alias, text_of
from console.sync.ledger import Ended, Ledger
from console.sync.meter import ALGUNA, Meter
from console.sync.recover import GONE, Recovery
from console.sync.workers import Workers

if TYPE_CHECKING:
    from console.sync.tools import Surroundings

BATCH = 50
"""Customers whose changes are journalled, and settled, together."""
PATIENCE = 5
"""Customers in a row that can't be reached before the pass gives up."""


@dataclass(slots=True)
class Answer:
    """What became of one customer's changes."""

    ended: list[Ended] = field(default_factory=list)
    unknown: list[Change] = field(default_factory=list)
    """They may have taken effect; only reading tells."""
    customer: Customer | None = None
    """As Alguna answered it last."""
    fatal: ConsoleError | None = None
    """Nothing more can be written to Alguna."""
    unreachable: Unreachable | None = None


class CustomerWriter:
    """Writes customers through the pool and settles them."""

    def __init__(
        self,
        *,
        cache: Cache,
        alguna: AlgunaClient,
        workers: Workers,
        around: Surroundings,
        run: int,
        ledger: Ledger,
        recovery: Recovery,
        clock: Callable[[], datetime],
        meter: Meter,
    ) -> None:
        self._cache = cache
        self._alguna = alguna
        self._workers = workers
        self._around = around
        self._run = run
        self._ledger = ledger
        self._recovery = recovery
        self._clock = clock
        self._meter = meter
        self._stop: ConsoleError | None = None
        self._misses = 0

    def write(self, jobs: Sequence[Job]) -> None:
        """Write every change that is left of these jobs; each is applied, refused or stale in the end.

        :raises ConsoleError: Alguna can't be used any further; what was sent is settled or in the journal.
        """
        self._stop = None
        self._misses = 0
        left = deque(jobs)
        while left and self._stop is None:
            self._around.gate()  # nothing is under way here: whatever is decided while it is held can be kept
            self._write_until_held(left, len(jobs))
        if self._stop is not None:
            raise self._stop

    def _write_until_held(self, left: deque[Job], total: int) -> None:
        """Write jobs, taking them from `left`, until none is left or the engine is to be held; settle all that were sent."""
        waiting: list[tuple[Job, Answer]] = []
        done = total - len(left)
        try:
            for place, (job, future) in enumerate(self._workers.each(self._write, self._leaving(left)), 1):
                answer = future.result()
                self._meter.part("Writing to Alguna", ALGUNA, done + place, total)
                self._judge(answer)
                waiting.append((job, answer))
                if len(waiting) >= BATCH:
                    self._settle(waiting)
                    waiting = []
        finally:
            self._settle(waiting)

    def _leaving(self, left: deque[Job]) -> Iterator[Job]:
        """The jobs, each batch journalled as sent just before its first one leaves."""
        while left and self._stop is None and not self._around.holding:
            self._around.gate(hold=False)
            batch = self._still_planned([left.popleft() for _ in range(min(BATCH, len(left)))])
            self._ledger.sending(change for job in batch for change in job.changes)
            for place, job in enumerate(batch):
                if self._stop is not None:
                    # Journalled as sent but never sent: said so, so that nobody has to look it up.
                    self._give_up(batch[place:], self._stop)
                    return
                if self._around.holding:
                    self._ledger.waiting(change for each in batch[place:] for change in each.changes)
                    left.extendleft(reversed(batch[place:]))
                    return
                yield job

    def _still_planned(self, jobs: Sequence[Job]) -> list[Job]:
        """Those that are still to be written: not those about whose customer a person decided since."""
        self._give_up([job for job in jobs if job.customer_id in self._around.overtaken])
        return [job for job in jobs if job.changes]

    def _give_up(self, jobs: Sequence[Job], error: ConsoleError | None = None) -> None:
        self._ledger.settle([Ended(change, "stale", error) for job in jobs for change in job.changes])
        for job in jobs:
            job.settled(job.changes)

    def _judge(self, answer: Answer) -> None:
        self._misses = self._misses + 1 if answer.unreachable is not None else 0
        if answer.fatal is not None:
            self._stop = answer.fatal
        elif answer.unreachable is not None and self._misses >= PATIENCE:
            self._stop = answer.unreachable

    # --- in a worker -----------------------------------------------------------------------------------------

    def _write(self, job: Job) -> Answer:
        answer = Answer()
        fields = job.fields_of("customer")
        if fields:
            self._write_fields(job, fields, answer)
        alias = job.alias
        if alias is None:
            return answer
        if answer.fatal is not None or answer.unreachable is not None:
            answer.ended.append(Ended(alias, "stale", answer.fatal or answer.unreachable))
            return answer
        try:
            change_alias = self._alguna.remove_alias if takes_alias(alias) else self._alguna.add_alias
            answer.customer = change_alias(job.customer_id, new_alias(alias), self._key(alias.id))
            answer.ended.append(Ended(alias, "applied"))
        except Cancelled:
            raise
        except ConsoleError as error:
            self._failed(job, [alias], error, answer)
        return answer

    def _write_fields(self, job: Job, changes: Sequence[Change], answer: Answer) -> None:
        """All changed fields with one write; without those that Alguna doesn't take, where it names them."""
        wanted: dict[str, Value] = {c.key: text_of(c) for c in changes if c.key is not None}
        expected: dict[str, Value] = {c.key: _before(c) for c in changes if c.key is not None}
        key = self._key(changes[0].id if len(changes) == 1 else plan_hash(changes))
        try:
            answer.customer = self._alguna.update(job.customer_id, wanted, expected, key)
        except Cancelled:
            raise
        except ConsoleError as error:
            named = [c for c in changes if isinstance(error, Refused) and c.key in error.fields]
            if not named or len(named) == len(changes):
                self._failed(job, changes, error, answer)
                return
            answer.ended += [Ended(change, "refused", error) for change in named]
            self._write_fields(job, [c for c in changes if c not in named], answer)
        else:
            answer.ended += [Ended(change, "applied", lost=job.lost(change)) for change in changes]

    def _key(self, change_id: str) -> str:
        """Alguna answers a key that it knows without doing anything, for a day. Within a run that is what protects from
        doing it twice; a later run that comes to the same change means it."""
        return f"{self._run}-{change_id}"

    def _failed(self, job: Job, changes: Sequence[Change], error: ConsoleError, answer: Answer) -> None:
        outcome: str = "stale"
        if isinstance(error, SignInNeeded | BudgetReached):
            answer.fatal = error
        elif isinstance(error, Unreachable):
            answer.unreachable = error
            if error.maybe_done:
                answer.unknown += changes
                return
        elif isinstance(error, Conflict) and error.code == ALIASES:
            # Somebody changed them at the same moment as we did: what stands there in the end is read.
            answer.unknown += changes
            return
        elif isinstance(error, Conflict):
            answer.customer = self._again(job.customer_id, answer)
        elif error.code == GONE:
            answer.customer = replace(job.subject.customer, gone=True)
        else:
            outcome = "refused"
        answer.ended += [
            Ended(change, "refused" if outcome == "refused" else "stale", error) for change in changes
        ]

    def _again(self, customer_id: str, answer: Answer) -> Customer | None:
        """The customer moved since it was planned: what it is now is what the next plan needs."""
        try:
            return self._alguna.customer(customer_id)
        except Unreachable as error:
            answer.unreachable = error
            return None

    # --- in the engine's thread ------------------------------------------------------------------------------

    def _settle(self, answers: Sequence[tuple[Job, Answer]]) -> None:
        unknown: list[Change] = []
        with self._cache.transaction():
            seen = [answer.customer for _, answer in answers if answer.customer is not None]
            self._cache.customers.put(seen, text(self._clock()), "reply")
            self._ledger.settle([ended for _, answer in answers for ended in answer.ended])
            for job, answer in answers:
                unknown += answer.unknown
                if answer.unreachable is not None:
                    self._ledger.tally.postponed.add(job.customer_id)
                job.settled(job.changes)
        if unknown:
            self._recovery.resolve(unknown, self._ledger)


def _before(change: Change) -> Value:
    return change.before if isinstance(change.before, str) else None
