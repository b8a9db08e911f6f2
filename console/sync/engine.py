"""One pass after the other: observe, match, plan, apply, confirm.

Everything that a pass learns goes into the cache in small transactions, and every change into the journal before it
is sent, so that a pass may end at any instruction, by an error or by a crash, and the next one goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from console.alguna.client import AlgunaClient
from console.domain.frozen import FrozenPlan
from console.domain.policy import ImportChoice
from console.domain.records import Change, State
from console.domain.verdicts import Verdict
from console.domain.whatif import Ruling
from console.errors import Conflict, ConsoleError, Refused, StoreError, UsageError
from console.salesforce.client import SalesforceClient
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.sync import braking
from console.sync.access import KEY, forget_access
from console.sync.audit import SETUP_CODES, Report
from console.sync.budget import Budget, Standing
from console.sync.cursors import text, utc_now
from console.sync.deciding import decide, retry
from console.sync.events import Event, Noted, RunSummary
from console.sync.following.feeds import FeedKeeper
from console.sync.following.heed import Heard, Heed
from console.sync.following.pace import SIDES, Side
from console.sync.following.subscription import Batch
from console.sync.forecast import Forecast
from console.sync.freezing import Freezing, ground
from console.sync.gate import Gate
from console.sync.observe import was_read
from console.sync.policy import IMPORT, policy_for, wider
from console.sync.recording import Recorder
from console.sync.ruling import WhatIf, change_rules, with_ruling
from console.sync.silence import silent
from console.sync.telling import Telling
from console.sync.tools import Surroundings
from console.sync.undoing import Undo, undoable
from console.sync.workers import Workers

POOL = 8
"""Calls under way at once."""


class Engine:
    """Brings both sides of one connection in step.

    Used by one thread, the one that opened the cache; network calls are made by a pool.

    :param publish: called with every event, in the engine's thread.
    :param cancelled: set to stop; whatever runs then raises `Cancelled`.
    :param gate: called before each call, and between pieces of work: it may hold the engine, and serves requests.
    :param workers: make the calls instead of a pool of its own.
    """

    def __init__(
        self,
        cache: Cache,
        salesforce: SalesforceClient,
        alguna: AlgunaClient,
        settings: ConnectionSettings,
        *,
        clock: Callable[[], datetime] = utc_now,
        publish: Callable[[Event], None] = lambda event: None,
        cancelled: threading.Event | None = None,
        gate: Gate | None = None,
        workers: Workers | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._workers = workers or Workers(POOL, cancelled or threading.Event())
        self._budget = budget or Budget(settings.api_share, settings.api_floor, clock)
        self._around = Surroundings(
            cache,
            salesforce,
            alguna,
            settings,
            clock,
            publish,
            self._workers,
            gate,
            self._budget,
        )
        self.feeds = FeedKeeper(cache, clock, publish)
        self._recorder = Recorder(self._around, Telling(self._around), self.feeds)

    def close(self) -> None:
        """Let the pool's threads end. Does not block."""
        self._workers.close()

    # --- a pass ----------------------------------------------------------------------------------------------

    def run(
        self, kind: str = "sync", sides: frozenset[Side] = SIDES, announced_since: datetime | None = None
    ) -> RunSummary:
        """One pass over everything that changed.

        :param sides: those that are looked at; Salesforce too where it was never read whole.
        :param announced_since: from when on the event stream should have told of every edit, None where it need not have.
        :raises ConsoleError: it could not go on; what was applied stays applied, the rest is due with the next pass.
        :raises Cancelled: the engine was told to stop.
        """
        return self._recorder.run(kind, lambda work: work.run(sides, announced_since))

    def sync_one(self, customer_id: str) -> RunSummary:
        """`sync_some` for one customer."""
        return self.sync_some([customer_id])

    def sync_some(self, customer_ids: Sequence[str]) -> RunSummary:
        """Look at some customers on both sides now, and bring them in step.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        return self._recorder.run("one", lambda work: work.some(list(dict.fromkeys(customer_ids))))

    def audit(self, *, whole: bool = False) -> Report:
        """Compare the next slice of the org with the cache, or both sides whole. Writes to neither of them; what differs is due
        with the next pass.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        report = Report(whole=whole)
        self._recorder.run("audit", lambda work: work.audit(report, whole=whole))
        return report

    def dry_run(self, cost: Forecast | None = None) -> Iterator[Change]:
        """What a pass would do, change by change. Both systems are only read, and the cache stays as it is.

        Take all of it or close the iterator: the cache is busy in between.

        :param cost: adds up meanwhile what the pass would cost.

        :raises ConsoleError: one side can't be read.
        :raises Cancelled: the engine was told to stop.
        """
        with self._recorder.undone():
            work = self._recorder.look()
            work.observe(SIDES, looking=True)
            for jobs in work.planned(cost):
                for job in jobs:
                    yield from job.changes

    def freeze(self) -> FrozenPlan:
        """What a pass would do, as a plan that can be kept. Otherwise as `dry_run`: nothing is written anywhere.

        :raises ConsoleError: one side can't be read.
        :raises Cancelled: the engine was told to stop.
        """
        plan: FrozenPlan
        with self._recorder.undone():
            work = self._recorder.look()
            work.observe(SIDES, looking=True)
            cost = Forecast(self._settings.bulk_from, self._settings.alguna_rate)
            freezing = Freezing(work.brakes)
            for jobs in work.planned(cost):
                freezing.add(jobs)
            cost.reading = work.cost.reading
            plan = freezing.frozen(
                self._cache,
                policy_for(self._settings, self._cache),
                made_at=text(self._clock()),
                forecast=cost.as_json(self._budget.standing()),
            )
        return plan

    def apply(self, plan: FrozenPlan) -> RunSummary:
        """Look at both sides, then do exactly what a frozen plan says: a change whose ground moved is stale and left.

        :raises Conflict: the plan is for another org, another schema of the cache, or made under other rules; nothing was called.
        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        plan.basis.check(ground(self._cache, policy_for(self._settings, self._cache)))
        return self._recorder.run("apply", lambda work: work.exactly(plan), plan=plan.hash)

    def left(self, run: int) -> list[tuple[Change, str]]:
        """The changes that the newest run left, because what they were planned on moved; with a sentence where there is one."""
        return self._cache.journal.stale(run)

    # --- undo ------------------------------------------------------------------------------------------------

    def freeze_undo(self, undo: Undo) -> None:
        """What undoing a run would do, as a plan that can be kept, and what would be left: `undo` learns it. Nothing is written.

        :raises UsageError: there is no such run, or its history was cleared.
        :raises ConsoleError: one side can't be read.
        :raises Cancelled: the engine was told to stop.
        """
        undoable(self._cache, undo.run)
        with self._recorder.undone():
            work = self._recorder.look()
            work.observe(SIDES, looking=True)
            undo.plan = work.undoing(undo).look(text(self._clock()))

    def undo(self, undo: Undo) -> RunSummary:
        """Look at both sides, then take back what a run wrote, where it still stands; `undo` learns what, and what was left.

        :raises UsageError: there is no such run, or its history was cleared.
        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        undoable(self._cache, undo.run)
        return self._recorder.run("undo", lambda work: work.take_back(undo), undoes=undo.run)

    @property
    def budget(self) -> Standing:
        """How the allocation of the org's API calls stands."""
        return self._budget.standing()

    # --- change events ---------------------------------------------------------------------------------------

    def heed(self, batches: Sequence[Batch], topic: str) -> Heard:
        """Take change events into the cache, together with the place behind them. Writes to neither system.

        :raises ConsoleError: a record that has to be read can't be; nothing was stored.
        :raises Cancelled: the engine was told to stop.
        """
        self._workers.check()
        heed = Heed(self._cache, self._around.org(), self._clock, topic)
        try:
            heard = heed.take(batches)
        except Refused as error:
            if error.code not in SETUP_CODES or self._cache.get(KEY) is None:
                raise
            forget_access(self._cache)
            heard = Heed(self._cache, self._around.org(), self._clock, topic).take(batches)
        self.feeds.sign_of("salesforce", heard.arrivals)
        return heard

    def run_for(self, customer_ids: Collection[str]) -> RunSummary | None:
        """Bring those of these customers in step that are due, without looking at either side; None where none is.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        due = self._cache.entries.due_among(customer_ids)
        if not due or not was_read(self._cache):
            return None  # an account that nobody has looked for yet must not be created: the next pass takes them
        return self._recorder.run("events", lambda work: work.concerned(due))

    @property
    def silent(self) -> dict[str, str]:
        """Objects whose changes the event stream does not tell, each with how that was found (`console.sync.silence`)."""
        return silent(self._cache)

    def release(self) -> None:
        """A person lets go what a brake stops, once: the next pass does it. Where nothing is stopped, that is told, not raised."""
        try:
            braking.release(self._cache)
        except UsageError as error:
            self._publish(Noted(None, error))
        else:
            self._publish(Noted())

    def refuse(self, error: ConsoleError) -> None:
        """Tell a person why what was asked for is not done."""
        self._publish(Noted(None, error))

    def look_now(self) -> None:
        """A person asks for a pass: an allocation that was used up is looked at anew, with one call."""
        self._budget.look_now()

    # --- import ----------------------------------------------------------------------------------------------

    def request_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope from the next pass on. What is in scope already stays so."""
        with self._cache.transaction():
            self._cache.set(IMPORT, wider(choice, self._cache.get(IMPORT) or "none"))
            self._cache.entries.mark_dirty(State.NOT_IMPORTED)

    # --- what people decide ----------------------------------------------------------------------------------

    def decide(self, customer_id: str, verdict: Verdict, by: str) -> None:
        """Keep what a person decided about a customer; the next pass acts on it. What can't be kept is told, not raised.

        What is planned for the customer and hasn't left yet isn't sent any more.

        :raises StoreError: the cache can't be written.
        """
        try:
            policy = policy_for(self._settings, self._cache)
            decide(self._cache, policy, customer_id, verdict, text(self._clock()), by)
            self._around.overtaken.add(customer_id)
        except (UsageError, Conflict) as error:
            self._publish(Noted(customer_id, error))
        except StoreError as error:
            self._publish(Noted(customer_id, error))
            raise
        else:
            self._publish(Noted(customer_id))

    def may_note(self, customer_id: str | None) -> bool:
        """Whether a decision about a customer, or a retry (None), can be kept before the call that is about to be made."""
        if self._cache.in_transaction:
            return False
        return customer_id is None or not self._cache.journal.in_flight(customer_id)

    def retry(self, customer_ids: Sequence[str] | None = None) -> int:
        """Forget refusals, of these customers or of all, so that the next pass tries them again; how many are due."""
        due = retry(self._cache, customer_ids)
        self._publish(Noted(customer_ids[0] if customer_ids and len(customer_ids) == 1 else None))
        return due

    # --- rules -----------------------------------------------------------------------------------------------

    def change_rules(self, connections: Connections, ruling: Ruling, chosen: str | None = None) -> WhatIf:
        """Keep other field rules; see `console.sync.ruling.change_rules`.

        :raises Conflict: what was chosen for existing records is not what would be done by now.
        """
        settings = connections.load(self._settings.name)
        wanted, at = with_ruling(settings, ruling), text(self._clock())
        found = change_rules(
            self._cache, connections, self._settings, wanted, at, chosen=chosen, check=self._workers.check
        )
        self._settings = self._around.settings = wanted
        self._publish(Noted())
        return found
