"""One pass after the other: observe, match, plan, apply, confirm.

Everything that a pass learns goes into the cache in small transactions, and every change into the journal before it
is sent, so that a pass may end at any instruction, by an error or by a crash, and the next one goes on from there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from console.alguna.client import AlgunaClient
from console.domain.fields import CUSTOMER_ID
from console.domain.ids import account_id
from console.domain.policy import ImportChoice, Policy
from console.domain.records import Change, Customer, State, Subscription
from console.domain.verdicts import Verdict
from console.errors import Cancelled, Conflict, ConsoleError, Refused, StoreError, UsageError
from console.salesforce.client import SalesforceClient
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.access import KEY, Access, access, forget_access
from console.sync.apply import Apply
from console.sync.attention import note_states
from console.sync.budget import Budget, Standing
from console.sync.bulk.write import BulkWriter
from console.sync.cursors import text
from console.sync.customers import CustomerWriter
from console.sync.deciding import decide, retry
from console.sync.details import Details
from console.sync.drift import Drift
from console.sync.events import Calls, Counts, Event, Noted, RunFailed, RunFinished, RunSummary, Tally
from console.sync.following.feeds import Arrivals, Feed, Feeds
from console.sync.following.heed import Heard, Heed
from console.sync.following.pace import SIDES, Side
from console.sync.following.subscription import Batch
from console.sync.forecast import PAGE, Forecast, forecast_due
from console.sync.ledger import Ledger
from console.sync.meter import Meter
from console.sync.observe import AlgunaObserver, observe_salesforce, was_read
from console.sync.org import Org
from console.sync.pieces import CHUNK, sizes
from console.sync.planning import Planning
from console.sync.policy import IMPORT, policy_for, wider
from console.sync.recover import GONE, Recovery
from console.sync.rows import RowWriter
from console.sync.silence import Unannounced, fell_silent, silent
from console.sync.workers import Workers, gated

PULSE = 0.5
"""Seconds between two tellings of counts and calls while a pass runs."""
TURNS = 3
"""How often a customer is planned and applied in one pass: again when its ground moved."""
BULK_ROUNDS = 6
"""The same where bulk jobs may be used: accounts, then their contacts, then whoever a job refused."""
ROUNDS = 3
"""How often a pass looks for customers that became due while it ran."""

ROUGHLY = 3
"""So often the rough count of a pass's calls must be left for it to begin without planning all of it first."""

RUN = "run"
"""Subject of the problem that a failed pass opens; its category is the error's."""
POLICY = "policy"
_SETUP_CODES = ("INVALID_FIELD", "INVALID_TYPE")


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Tools:
    """What one run works with."""

    org: Org
    ledger: Ledger
    recovery: Recovery
    details: Details
    planning: Planning
    apply: Apply
    bulk: BulkWriter
    meter: Meter
    tally: Tally
    policy: Policy


class Engine:
    """Brings both sides of one connection in step.

    Used by one thread, the one that opened the cache; network calls are made by a pool.

    :param publish: called with every event, in the engine's thread.
    :param cancelled: set to stop; whatever runs then raises `Cancelled`.
    :param gate: called before each call, and with ``True`` between pieces of work: it may hold the engine.
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
        gate: Callable[[bool], None] | None = None,
        pool_size: int = 8,
        budget: Budget | None = None,
    ) -> None:
        self._cache = cache
        self._salesforce = salesforce
        self._alguna = alguna
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._workers = Workers(pool_size, cancelled or threading.Event())
        self._held = gate or (lambda boundary: None)
        self._budget = budget or Budget(settings.api_share, settings.api_floor, clock)
        self._forecast: int | None = None
        self._calls_before = (0, 0)
        self._told = 0.0
        self._begins = True

        self._looked: set[Side] = set()
        self._told_feeds: Feeds | None = None
        self.pulling = 0.0
        """Seconds that the last look at Alguna spent on lists that it had to read whole."""

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
        return self._run(kind, lambda tools: self._pass(tools, sides, announced_since))

    def sync_one(self, customer_id: str) -> RunSummary:
        """`sync_some` for one customer."""
        return self.sync_some([customer_id])

    def sync_some(self, customer_ids: Sequence[str]) -> RunSummary:
        """Look at some customers on both sides now, and bring them in step.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        return self._run("one", lambda tools: self._some(tools, customer_ids))

    def dry_run(self, cost: Forecast | None = None) -> Iterator[Change]:
        """What a pass would do, change by change. Both systems are only read, and the cache stays as it is.

        Take all of it or close the iterator: the cache is busy in between.

        :param cost: adds up meanwhile what the pass would cost.

        :raises ConsoleError: one side can't be read.
        :raises Cancelled: the engine was told to stop.
        """
        with self._undone():
            tools = self._tools(self._cache.runs.start("dry", text(self._clock())))
            self._observe(tools, SIDES, looking=True)
            for ids in self._due():
                jobs = tools.planning.plan(ids)
                if cost is not None:
                    cost.piece(change for job in jobs for change in job.changes)
                for job in jobs:
                    yield from job.changes

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
        heed = Heed(self._cache, self._org(), self._clock, topic)
        try:
            heard = heed.take(batches)
        except Refused as error:
            if error.code not in _SETUP_CODES or self._cache.get(KEY) is None:
                raise
            forget_access(self._cache)
            heard = Heed(self._cache, self._org(), self._clock, topic).take(batches)
        self._sign_of("salesforce", heard.arrivals)
        return heard

    def run_for(self, customer_ids: Collection[str]) -> RunSummary | None:
        """Bring those of these customers in step that are due, without looking at either side; None where none is.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        due = self._cache.entries.due_among(customer_ids)
        if not due or not was_read(self._cache):
            return None  # an account that nobody has looked for yet must not be created: the next pass takes them
        return self._run("events", lambda tools: self._concerned(tools, due))

    @property
    def silent(self) -> dict[str, str]:
        """Objects whose changes the event stream does not tell, each with how that was found (`console.sync.silence`)."""
        return silent(self._cache)

    def watched(self, side: Side, feed: Callable[[Feed], Feed]) -> None:
        """Keep how a side's changes arrive, and tell it where it moved."""
        before = Feeds.of(self._cache)
        after = replace(before, **{side: feed(getattr(before, side))})
        if after != before:
            after.keep(self._cache)
        if after != self._told_feeds:
            self._told_feeds = after
            self._publish(after)

    def _concerned(self, tools: _Tools, ids: Sequence[str]) -> None:
        if self._cache.journal.unsettled() or self._cache.bulk.under_way():
            tools.org.check()
            tools.bulk.resume()
            tools.recovery.recover(tools.ledger)
        tools.meter.begin(len(ids))
        self._afford(tools, len(ids))
        for start in range(0, len(ids), CHUNK):
            self._bring_in_step(tools, ids[start : start + CHUNK])
        tools.meter.finished()

    def _saw(self, side: Side, arrivals: Arrivals) -> None:
        self._looked.add(side)
        self._sign_of(side, arrivals.seconds)

    def _sign_of(self, side: Side, arrivals: Sequence[float]) -> None:
        now = text(self._clock())
        self.watched(side, lambda feed: replace(feed.arrived(arrivals), looked_at=now))

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

        :raises StoreError: the cache can't be written.
        """
        try:
            policy = policy_for(self._settings, self._cache)
            decide(self._cache, policy, customer_id, verdict, text(self._clock()), by)
        except (UsageError, Conflict) as error:
            self._publish(Noted(customer_id, error))
        except StoreError as error:
            self._publish(Noted(customer_id, error))
            raise
        else:
            self._publish(Noted(customer_id))

    def retry(self, customer_ids: Sequence[str] | None = None) -> int:
        """Forget refusals, of these customers or of all, so that the next pass tries them again; how many are due."""
        due = retry(self._cache, customer_ids)
        self._publish(Noted(customer_ids[0] if customer_ids and len(customer_ids) == 1 else None))
        return due

    # --- inside ----------------------------------------------------------------------------------------------

    def _run(self, kind: str, work: Callable[[_Tools], None]) -> RunSummary:
        began = time.monotonic()
        before = self._calls_before = (self._salesforce.calls, self._alguna.calls)
        self._forecast = None
        cache = self._cache
        self._workers.check()
        cache.abandon_pulls()
        run = cache.runs.start(kind, text(self._clock()))
        tally = Tally()

        def finish(outcome: str) -> RunSummary:
            states = cache.entries.counts()
            summary = RunSummary(
                run=run,
                planned=tally.planned,
                applied=tally.applied,
                refused=tally.refused,
                stale=tally.stale,
                incomplete=states.get(State.INCOMPLETE, 0),
                review=states.get(State.REVIEW, 0),
                salesforce_calls=self._salesforce.calls - before[0],
                alguna_calls=self._alguna.calls - before[1],
                seconds=time.monotonic() - began,
            )
            cache.runs.finish(run, text(self._clock()), outcome, summary.as_json())
            self._budget.save(cache)
            self._tell()
            return summary

        try:
            self._with_tools(run, tally, work)
        except Cancelled:
            finish("stopped")
            raise
        except ConsoleError as error:
            summary = None
            if not isinstance(error, StoreError):
                at = text(self._clock())
                cache.problems.report(error.category, RUN, error.message, error.advice, at)
                summary = finish(error.category)
            self._publish(RunFailed(run, error, summary))
            raise
        with cache.transaction():
            for category in {problem.category for problem in cache.problems.of(RUN)}:
                cache.problems.resolve(category, RUN)
            note_states(cache, text(self._clock()))
            cache.journal.forget(run)
        summary = finish("done")
        self._publish(RunFinished(summary))
        return summary

    def _with_tools(self, run: int, tally: Tally, work: Callable[[_Tools], None]) -> None:
        """Do the work; where a field turns out not to be as the org described it, ask again and start over once."""
        try:
            work(self._tools(run, tally))
        except Refused as error:
            if error.code not in _SETUP_CODES or self._cache.get(KEY) is None:
                raise
            forget_access(self._cache)
            work(self._tools(run, tally))

    def _pass(self, tools: _Tools, sides: frozenset[Side], announced_since: datetime | None) -> None:
        self._observe(tools, sides, announced_since)
        begun = False
        for _ in range(BULK_ROUNDS if self._settings.bulk_from else ROUNDS):
            due = self._cache.entries.dirty_count() - len(tools.tally.postponed)
            if due <= 0:
                break
            tools.meter.begin(due)
            if not begun:
                self._afford(tools, due)
                begun = True
            done = 0
            self._expect(due, done)
            in_bulk = tools.bulk.worth_it(due)
            for ids in self._due():
                tools.meter.piece(len(ids))
                self._bring_in_step(tools, [id_ for id_ in ids if id_ not in tools.tally.postponed], in_bulk)
                tools.meter.finished()
                done += len(ids)
                self._expect(due, done)
            if in_bulk:
                tools.bulk.send(lambda: self._look(tools))
        if tools.tally.rows_written > PAGE and "salesforce" in sides:
            observe_salesforce(tools.org, self._cache, self._clock, tools.meter.reading)

    def _afford(self, tools: _Tools, due: int) -> None:
        """Before the first write: see that what it takes is there, by a rough count, else by planning all of it.

        :raises BudgetReached: it would pass the allocation; nothing was written.
        """
        left, threshold = self._budget.standing().left, self._settings.bulk_from
        if left is None or ROUGHLY * forecast_due(due, threshold) <= left:
            return
        cost = Forecast(threshold)
        for ids in self._due():
            cost.piece(change for job in tools.planning.plan(ids) for change in job.changes)
        self._budget.afford(cost.writing)

    def _expect(self, due: int, done: int) -> None:
        """Tell how many calls the pass takes: those that were made, and what is still due."""
        made = self._salesforce.calls - self._calls_before[0]
        self._forecast = made + forecast_due(due, self._settings.bulk_from, done=done)
        self._tell()

    def _due(self) -> Iterator[list[str]]:
        """Customers that have to be planned, in pieces."""
        after = ""
        for size in sizes():
            ids = self._cache.entries.dirty(size, after)
            if not ids:
                return
            self._held(True)
            self._workers.check()
            yield ids
            after = ids[-1]

    def _look(self, tools: _Tools) -> None:
        observe_salesforce(tools.org, self._cache, self._clock, tools.meter.reading)

    def _bring_in_step(self, tools: _Tools, ids: Sequence[str], in_bulk: bool = False) -> None:
        """Plan and apply until nothing is left to do; what can't be done now is due with the next pass.

        :param in_bulk: rows may be set aside for bulk jobs. Their customers stay due: what waits for them is planned after.
        """
        for _ in range(TURNS):
            jobs = tools.planning.plan(ids)
            if not jobs:
                return
            if in_bulk:
                tools.apply.apply(tools.bulk.take(jobs))
                return
            tools.apply.apply(jobs)
            waiting = [job for job in jobs if job.customer_id in tools.tally.postponed]
            tools.planning.hold(waiting, "Could not be written now; tried again with the next pass.")
            ids = [job.customer_id for job in jobs if job.customer_id not in tools.tally.postponed]
        jobs = tools.planning.plan(ids)
        tools.planning.hold(jobs, "Still moving; planned again with the next pass.")

    def _observe(
        self,
        tools: _Tools,
        sides: frozenset[Side],
        announced_since: datetime | None = None,
        *,
        looking: bool = False,
    ) -> None:
        """Settle what an earlier pass left open, and read what changed. `looking`: bulk jobs are left as they are."""
        cache = self._cache
        if cache.journal.unsettled() or (cache.bulk.under_way() and not looking):
            tools.org.check()
            if not looking:
                tools.bulk.resume()
            tools.recovery.recover(tools.ledger)
        else:
            cache.journal.drop_unsent()
        if "salesforce" in sides or not was_read(cache):
            arrivals = Arrivals(self._clock, "salesforce" in self._looked)
            missed = Unannounced(announced_since, self._clock()) if announced_since is not None else None
            observe_salesforce(tools.org, cache, self._clock, tools.meter.reading, arrivals, missed)
            if missed is not None:
                fell_silent(cache, missed.objects, self._settings.name, text(self._clock()))
            self._saw("salesforce", arrivals)
        if "alguna" in sides:
            arrivals = Arrivals(self._clock, "alguna" in self._looked)
            observer = AlgunaObserver(self._alguna, cache, self._workers, self._gate, self._clock, arrivals)
            observer.observe(tools.meter.reading)
            self.pulling = observer.pulling
            self._saw("alguna", arrivals)
        tools.details.look_again()
        self._plan_anew_when_changed(tools.policy)

    def _some(self, tools: _Tools, customer_ids: Sequence[str]) -> None:
        cache = self._cache
        tools.org.check()
        if cache.journal.unsettled() or cache.bulk.under_way():
            tools.bulk.resume()
            tools.recovery.recover(tools.ledger)
        if not was_read(cache):
            # An account that nobody has looked for yet must not be created.
            observe_salesforce(tools.org, cache, self._clock, tools.meter.reading)
        for start in range(0, len(customer_ids), CHUNK):
            self._look_at(tools, customer_ids[start : start + CHUNK])

    def _look_at(self, tools: _Tools, customer_ids: Sequence[str]) -> None:
        """Read these customers on both sides, and bring them in step."""
        cache = self._cache
        customers: list[Customer] = []
        subscriptions: list[Subscription] = []
        known = cache.customers.many(customer_ids)
        missing: Refused | None = None
        for customer_id, future in self._workers.each(self._customer, gated(customer_ids, self._gate)):
            try:
                customer, its = future.result()
            except Refused as error:
                if error.code != GONE:
                    raise
                if customer_id not in known:
                    missing = error
                    continue
                customer, its = replace(known[customer_id], gone=True), []
            customers.append(customer)
            subscriptions += its
        ids = [customer.id for customer in customers]
        links = cache.links.many(ids)
        accounts = [link.account_id for link in links.values()]
        for customer in customers:
            if customer.id not in links:
                accounts += [found for alias in customer.aliases if (found := account_id(alias))]
        there = tools.org.look(
            accounts={"Id": accounts, CUSTOMER_ID: ids},
            contacts={
                "AccountId": accounts,
                "Id": [link.contact_id for link in links.values() if link.contact_id],
            },
        )
        now = text(self._clock())
        with cache.transaction():
            cache.customers.put(customers, now, "poll")
            cache.subscriptions.put(subscriptions, now, "poll")
            cache.accounts.put(there.accounts, now, "poll")
            cache.contacts.put(there.contacts, now, "poll")
        tools.details.doubt(subscription.id for subscription in subscriptions)
        self._bring_in_step(tools, ids)
        if missing is not None:
            raise missing

    def _customer(self, customer_id: str) -> tuple[Customer, list[Subscription]]:
        customer = self._alguna.customer(customer_id)
        return customer, list(self._alguna.subscriptions_of(customer.id))

    def _gate(self) -> None:
        self._held(False)

    def _progress(self, event: Event) -> None:
        """Progress, and with it now and then how the counts and the calls stand."""
        self._publish(event)
        if time.monotonic() - self._told >= PULSE:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        before = self._calls_before
        cache, budget = self._cache, self._budget.standing()
        states = {str(state): number for state, number in cache.entries.counts().items()}
        self._publish(Counts(states, cache.problems.count()))
        self._publish(
            Calls(
                self._salesforce.calls - before[0],
                self._alguna.calls - before[1],
                budget.used,
                budget.limit,
                budget.allocation,
                budget.own,
                budget.left,
                self._forecast,
            )
        )

    # --- what a run works with -------------------------------------------------------------------------------

    def _tools(self, run: int, tally: Tally | None = None) -> _Tools:
        cache, workers, clock, alguna = self._cache, self._workers, self._clock, self._alguna
        tally = tally or Tally()
        org, allowed = self._seen()
        policy = policy_for(self._settings, cache)
        meter = Meter(run, self._progress)
        ledger = Ledger(cache, run, clock, self._publish, tally)
        recovery = Recovery(cache, org, alguna, workers, self._gate, clock)
        common: dict[str, Any] = {"cache": cache, "workers": workers, "clock": clock}
        rows = RowWriter(
            org=org, ledger=ledger, recovery=recovery, readable=allowed.readable, meter=meter, **common
        )
        customers = CustomerWriter(
            alguna=alguna, gate=self._gate, run=run, ledger=ledger, recovery=recovery, meter=meter, **common
        )
        details = Details(alguna=alguna, gate=self._gate, tally=tally, meter=meter, **common)
        planning = Planning(
            cache=cache, details=details, check=workers.check, clock=clock, policy=policy, tally=tally
        )
        apply = Apply(cache=cache, org=org, ledger=ledger, rows=rows, customers=customers, clock=clock)
        bulk = BulkWriter(
            org=org,
            ledger=ledger,
            recovery=recovery,
            readable=allowed.readable,
            meter=meter,
            threshold=self._settings.bulk_from,
            **common,
        )
        return _Tools(org, ledger, recovery, details, planning, apply, bulk, meter, tally, policy)

    def _org(self) -> Org:
        """The org, seen with the columns that the user may read."""
        return self._seen()[0]

    def _seen(self) -> tuple[Org, Access]:
        org = Org(self._salesforce, self._workers, self._gate, self._settings.org_id, self._settings.org_name)
        drift = Drift(self._cache, self._salesforce, self._workers, self._settings.name)
        allowed = access(self._cache, org, drift, self._clock, begins=self._begins)
        self._begins = False
        org.see(allowed.readable, allowed.objects, person_accounts=allowed.person_accounts)
        return org, allowed

    def _plan_anew_when_changed(self, policy: Policy) -> None:
        """What was decided under another policy is decided again."""
        print_ = json.dumps(asdict(policy), sort_keys=True, default=sorted)
        kept = self._cache.get(POLICY)
        if kept == print_:
            return
        with self._cache.transaction():
            self._cache.set(POLICY, print_)
            if kept is not None:
                self._cache.entries.mark_dirty("all")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Whatever happens to the cache inside did not happen."""
        try:
            with self._cache.transaction():
                yield
                raise _Undo
        except _Undo:
            return
        finally:
            self._cache.abandon_pulls()


class _Undo(Exception):
    """Ends a transaction that is only for looking."""
