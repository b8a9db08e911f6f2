"""Carrying out a frozen plan: exactly its changes and nothing else, by the same means as a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from console.domain.exact import Exact, by_customer, exact
from console.domain.frozen import FrozenPlan
from console.domain.records import Change, LinkPlan, Subject
from console.errors import Conflict
from console.store.cache import Cache
from console.sync.budget import Budget
from console.sync.forecast import Forecast
from console.sync.freezing import ground
from console.sync.jobs import Job, placed
from console.sync.ledger import Ended
from console.sync.pieces import pieces
from console.sync.tools import Tools

Piece = Mapping[str, Sequence[Change]]
"""Customer's id -> its frozen changes."""
LEFT = "Not part of the plan that was applied; planned with the next pass."


class Exactly:
    """One frozen plan on its way, in a run of its own."""

    def __init__(
        self,
        plan: FrozenPlan,
        cache: Cache,
        tools: Tools,
        budget: Budget,
        boundary: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._cache = cache
        self._tools = tools
        self._budget = budget
        self._boundary = boundary
        self._customers = by_customer(plan.changes)

    def check(self) -> None:
        """:raises Conflict: the plan is for another world than this one."""
        self._plan.basis.check(ground(self._cache, self._tools.policy))

    def afford(self) -> None:
        """:raises BudgetReached: the allocation has no room for it now; nothing was written."""
        cost = Forecast(threshold=0)
        for piece in self._pieces():
            cost.piece(change for changes in piece.values() for change in changes)
        cost.reading = self._tools.tally.cost.reading if self._tools.tally.cost is not None else 0
        self._tools.tally.cost = cost
        self._budget.afford(cost.writing)

    def apply(self) -> None:
        """Carry it out, from what the cache was just brought up to. Every change ends as applied, refused, stale or already so.

        :raises ConsoleError: one side can't be used any further; what was applied stays applied.
        :raises Cancelled: the engine was told to stop.
        """
        tally = self._tools.tally
        # What an earlier run left open was settled by now. The numbers from here on are the plan's.
        tally.planned = tally.applied = tally.refused = tally.stale = tally.already = 0
        self._tools.meter.begin(len(self._customers))
        for piece in self._pieces():
            self._boundary()
            self._tools.meter.piece(len(piece))
            self._apply(piece)
            self._tools.meter.finished()

    def _pieces(self) -> Iterator[Piece]:
        rest = iter(self._customers.items())
        for size in pieces(len(self._customers)):
            yield dict(islice(rest, size))

    def _apply(self, piece: Piece) -> None:
        """Those first of whom nothing moved; whoever may only seem to have moved, until they are linked, is looked at again."""
        waiting, outlook = piece, self._tools.planning.outlook
        sparing = self._plan.kind != "rules"  # whoever applies such a plan chose it for what was spared
        while waiting:
            found = {each[0].customer.id: each for each in outlook(list(waiting), sparing=sparing)}
            prints = self._plan.basis.customers
            parted = {id_: exact(found.get(id_), its, prints.get(id_)) for id_, its in waiting.items()}
            clear = {id_: each for id_, each in parted.items() if not each.stale}
            ready = clear if any(each.todo for each in clear.values()) else parted
            self._carry_out([_job(*found[id_], each.todo) for id_, each in ready.items() if each.todo])
            self._settle(ready.values())
            waiting = {id_: its for id_, its in waiting.items() if id_ not in ready}
        self._tools.planning.hold(self._tools.planning.plan(list(piece)), LEFT)

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        self._tools.planning.link(job.subject for job in jobs)
        self._tools.apply.apply(jobs)

    def _settle(self, parted: Iterable[Exact]) -> None:
        """Count what is there already, and note what is left."""
        tally, ledger = self._tools.tally, self._tools.ledger
        stale: list[tuple[Change, str]] = []
        for each in parted:
            tally.already = (tally.already or 0) + len(each.already)
            stale += each.stale
        ledger.plan([change for change, _ in stale])
        ledger.settle([Ended(change, "stale", Conflict(why)) for change, why in stale])


def _job(subject: Subject, now: LinkPlan, todo: Sequence[Change]) -> Job:
    account = subject.account
    changes = [placed(each, account.id) if account is not None else each for each in todo]
    return Job(subject, now, changes, account, subject.contact)
