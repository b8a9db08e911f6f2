"""Undo of a run: planned from the history and the cache, customer by customer, and carried out like any other plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from console.domain.frozen import FrozenPlan
from console.domain.policy import Policy
from console.domain.records import Change, LinkPlan, State
from console.domain.undo import Kept, Undoing, Written, undo
from console.errors import UsageError
from console.store.cache import Cache
from console.store.history import HistoryRow
from console.store.runs import Run
from console.sync.budget import Budget
from console.sync.created import Created
from console.sync.forecast import Forecast
from console.sync.freezing import Freezing
from console.sync.jobs import Job
from console.sync.pieces import CHUNK
from console.sync.tools import Tools

Touched = Callable[[Iterable[Written]], Mapping[str, str]]
"""Why records that a run created may not be deleted (`console.sync.created`)."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A piece of an undo: what is to be done for some customers, and what is left."""

    jobs: list[Job]
    kept: list[Kept]
    already: int

    @property
    def changes(self) -> Iterator[Change]:
        """The changes of all jobs."""
        return (change for job in self.jobs for change in job.changes)


@dataclass(slots=True)
class Undo:
    """What is asked for, and what came of it."""

    run: int
    delete_created: bool = False
    """Records that the run created, and that nobody touched, are deleted."""
    kept: list[Kept] = field(default_factory=list)
    already: int = 0
    """Places that hold what they held before the run."""
    plan: FrozenPlan | None = None
    """What was to be done."""


def undoable(cache: Cache, run: int) -> Run:
    """The run that is to be undone.

    :raises UsageError: there is none of this number, or its history was cleared.
    """
    found = cache.runs.get(run)
    if found is None:
        raise UsageError(f"There is no run {run}.", "See them with: runs NAME.")
    if cache.history.cleared_through >= run:
        raise UsageError(
            f"The history of run {run} was cleared: what it wrote over isn't known any more.",
            "Later runs can still be undone.",
        )
    return found


def planned(
    cache: Cache, policy: Policy, run: int, touched: Touched | None, check: Callable[[], None] = lambda: None
) -> Iterator[Undone]:
    """What an undo does, some customers at a time. Only reads.

    :param touched: asked about records that the run created; None where their deletion was not asked for.
    :param check: called for each customer; raises to stop.
    """
    after = ""
    while ids := cache.history.customers_of(run, CHUNK, after):
        after = ids[-1]
        written = {
            id_: [as_written(row) for row in rows] for id_, rows in cache.history.written(run, ids).items()
        }
        since = cache.history.written_since(run, ids)
        reasons = touched(each for rows in written.values() for each in rows) if touched is not None else None
        jobs: list[Job] = []
        kept: list[Kept] = []
        already = 0
        for subject in cache.subjects(ids):
            check()
            id_ = subject.customer.id
            found: Undoing = undo(subject, run, written[id_], since.get(id_, {}), policy, reasons)
            kept += found.kept
            already += found.already
            if found.changes:
                plan = LinkPlan(State.PENDING, (f"Run {run} is undone.",), (), found.changes)
                jobs.append(Job(subject, plan, list(found.changes), subject.account, subject.contact))
        yield Undone(jobs, kept, already)


def as_written(row: HistoryRow) -> Written:
    """A row of the history as the pure core takes it."""
    entity = cast("Literal['Account', 'Contact', 'customer']", row.entity)
    return Written(row.side, entity, row.record, row.key, row.field, row.before, row.after, row.undoes)


class TakingBack:
    """One undo on its way, in a run of its own."""

    def __init__(
        self, undo: Undo, cache: Cache, tools: Tools, budget: Budget, boundary: Callable[[], None]
    ) -> None:
        self._undo = undo
        self._cache = cache
        self._tools = tools
        self._budget = budget
        self._boundary = boundary
        self._cost = Forecast(threshold=0)
        self._freezing = Freezing()

    def look(self, made_at: str) -> FrozenPlan:
        """What would be done, as a plan that can be kept; the undo learns what would be left.

        :raises ConsoleError: the org can't be asked about what is to be deleted.
        """
        for piece in self.pieces():
            self._take(piece)
        return self.frozen(made_at)

    def frozen(self, made_at: str) -> FrozenPlan:
        """What was planned so far."""
        forecast = self._cost.as_json(self._budget.standing())
        policy = self._tools.policy
        return self._freezing.frozen(self._cache, policy, made_at=made_at, forecast=forecast, kind="undo")

    def _take(self, piece: Undone) -> None:
        self._cost.piece(piece.changes)
        self._freezing.add(piece.jobs)
        self._undo.kept += piece.kept
        self._undo.already += piece.already

    def pieces(self, *, looking: bool = True) -> Iterator[Undone]:
        """What is to be done, from what the cache was just brought up to; `looking`: the org is asked too."""
        touched: Touched | None = None
        if self._undo.delete_created:
            touched = Created(self._tools.org).touched if looking else lambda written: {}
        return planned(self._cache, self._tools.policy, self._undo.run, touched, self._tools.org.check_stop)

    def afford(self) -> None:
        """:raises BudgetReached: the allocation has no room for it now; nothing was written."""
        cost = Forecast(threshold=0)
        for piece in self.pieces(looking=False):
            cost.piece(piece.changes)
        self._budget.afford(cost.writing)

    def apply(self) -> None:
        """Carry it out; what is kept is noted in the history.

        :raises ConsoleError: one side can't be used any further; what was applied stays applied, another undo goes on.
        :raises Cancelled: the engine was told to stop.
        """
        tools = self._tools
        # What an earlier run left open was settled by now. The numbers from here on are the undo's.
        tools.tally.planned = tools.tally.applied = tools.tally.refused = tools.tally.stale = 0
        for piece in self.pieces():
            self._boundary()
            tools.meter.begin(len(piece.jobs))
            tools.meter.piece(len(piece.jobs))
            customers = [job.customer_id for job in piece.jobs]
            tools.ledger.kept(each for each in piece.kept if not each.unasked)
            self._take(piece)
            tools.apply.apply(piece.jobs)
            tools.meter.finished()
            self._cache.entries.mark_dirty(customers)
            # What it left apart shows at once; what else is due is a pass's.
            tools.planning.hold(tools.planning.plan(customers), "Planned with the next pass.")
