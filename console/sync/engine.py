"""One pass after the other: observe, match, plan, apply, confirm.

Everything that a pass learns goes into the cache in small transactions, and every change into the journal before it
is sent, so that a pass may end at any instruction, by an error or by a crash, and the next one goes on from there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from console.alguna.client import AlgunaClient
from console.domain.fields import CUSTOMER_ID
from console.domain.ids import account_id
from console.domain.policy import ImportChoice, Policy
from console.domain.records import Change, State
from console.domain.verdicts import Verdict
from console.errors import Cancelled, Conflict, ConsoleError, Refused, StoreError, UsageError
from console.salesforce.client import SalesforceClient
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.access import KEY, access, forget_access
from console.sync.apply import Apply
from console.sync.attention import note_states
from console.sync.budget import Budget, Standing
from console.sync.cursors import text
from console.sync.customers import CustomerWriter
from console.sync.deciding import decide, retry
from console.sync.details import Details
from console.sync.events import Calls, Counts, Event, Noted, RunFailed, RunFinished, RunSummary, Tally
from console.sync.forecast import forecast_due
from console.sync.ledger import Ledger
from console.sync.meter import Meter
from console.sync.observe import AlgunaObserver, observe_salesforce, was_read
from console.sync.org import Org
from console.sync.planning import Planning
from console.sync.policy import IMPORT, policy_for, wider
from console.sync.recover import GONE, Recovery
from console.sync.rows import RowWriter
from console.sync.workers import Workers

PULSE = 0.5
"""Seconds between two tellings of counts and calls while a pass runs."""
FIRST = 100
"""Customers in a pass's first piece: whoever watches sees accounts appear at once. Each piece is four times the last."""
CHUNK = 1_000
"""Customers planned and applied together: one call of five collections."""
TURNS = 3
"""How often a customer is planned and applied in one pass: again when its ground moved."""
ROUNDS = 3
"""How often a pass looks for customers that became due while it ran."""
PAGE = 2_000
"""Rows in a page of a query. When a pass wrote more, it reads them back itself: the next one is to be one call."""

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

    def close(self) -> None:
        """Let the pool's threads end. Does not block."""
        self._workers.close()

    # --- a pass ----------------------------------------------------------------------------------------------

    def run(self, kind: str = "sync") -> RunSummary:
        """One pass over everything that changed.

        :raises ConsoleError: it could not go on; what was applied stays applied, the rest is due with the next pass.
        :raises Cancelled: the engine was told to stop.
        """
        return self._run(kind, self._pass)

    def sync_one(self, customer_id: str) -> RunSummary:
        """Look at one customer on both sides now, and bring it in step.

        :raises ConsoleError: as `run`.
        :raises Cancelled: the engine was told to stop.
        """
        return self._run("one", lambda tools: self._one(tools, customer_id))

    def dry_run(self) -> Iterator[Change]:
        """What a pass would do, change by change. Both systems are only read, and the cache stays as it is.

        Take all of it or close the iterator: the cache is busy in between.

        :raises ConsoleError: one side can't be read.
        :raises Cancelled: the engine was told to stop.
        """
        with self._undone():
            tools = self._tools(self._cache.runs.start("dry", text(self._clock())))
            self._observe(tools)
            for ids in self._due():
                for job in tools.planning.plan(ids):
                    yield from job.changes

    @property
    def budget(self) -> Standing:
        """How the allocation of the org's API calls stands."""
        return self._budget.standing()

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

    def _pass(self, tools: _Tools) -> None:
        self._observe(tools)
        for _ in range(ROUNDS):
            due = self._cache.entries.dirty_count() - len(tools.tally.postponed)
            if due <= 0:
                break
            tools.meter.begin(due)
            self._forecast = forecast_due(due)
            self._tell()
            for ids in self._due():
                tools.meter.piece(len(ids))
                self._bring_in_step(tools, [id_ for id_ in ids if id_ not in tools.tally.postponed])
                tools.meter.finished()
                self._tell()
        if tools.tally.rows_written > PAGE:
            observe_salesforce(tools.org, self._cache, self._clock, tools.meter.reading)

    def _due(self) -> Iterator[list[str]]:
        """Customers that have to be planned, in pieces."""
        after, size = "", FIRST
        while ids := self._cache.entries.dirty(size, after):
            self._held(True)
            self._workers.check()
            yield ids
            after, size = ids[-1], min(size * 4, CHUNK)

    def _bring_in_step(self, tools: _Tools, ids: Sequence[str]) -> None:
        """Plan and apply until nothing is left to do; what can't be done now is due with the next pass."""
        for _ in range(TURNS):
            jobs = tools.planning.plan(ids)
            if not jobs:
                return
            tools.apply.apply(jobs)
            waiting = [job for job in jobs if job.customer_id in tools.tally.postponed]
            tools.planning.hold(waiting, "Could not be written now; tried again with the next pass.")
            ids = [job.customer_id for job in jobs if job.customer_id not in tools.tally.postponed]
        jobs = tools.planning.plan(ids)
        tools.planning.hold(jobs, "Still moving; planned again with the next pass.")

    def _observe(self, tools: _Tools) -> None:
        cache = self._cache
        if cache.journal.unsettled():
            tools.org.check()
            tools.recovery.recover(tools.ledger)
        else:
            cache.journal.drop_unsent()
        observe_salesforce(tools.org, cache, self._clock, tools.meter.reading)
        AlgunaObserver(self._alguna, cache, self._workers, self._gate, self._clock).observe(
            tools.meter.reading
        )
        tools.details.look_again()
        self._plan_anew_when_changed(tools.policy)

    def _one(self, tools: _Tools, customer_id: str) -> None:
        cache = self._cache
        tools.org.check()
        if cache.journal.unsettled():
            tools.recovery.recover(tools.ledger)
        if not was_read(cache):
            # An account that nobody has looked for yet must not be created.
            observe_salesforce(tools.org, cache, self._clock, tools.meter.reading)
        self._gate()
        known = cache.customers.get(customer_id)
        try:
            customer = self._workers.call(self._alguna.customer, customer_id)
            subscriptions = self._workers.call(self._alguna.subscriptions_of, customer.id)
        except Refused as error:
            if error.code != GONE or known is None:
                raise
            customer, subscriptions = replace(known, gone=True), []
        link = cache.links.get(customer.id)
        ids = (
            [link.account_id] if link else [found for each in customer.aliases if (found := account_id(each))]
        )
        there = tools.org.look(
            accounts={"Id": ids, CUSTOMER_ID: [customer.id]},
            contacts={"AccountId": ids, "Id": [link.contact_id] if link and link.contact_id else []},
        )
        now = text(self._clock())
        with cache.transaction():
            cache.customers.put([customer], now, "poll")
            cache.subscriptions.put(subscriptions, now, "poll")
            cache.accounts.put(there.accounts, now, "poll")
            cache.contacts.put(there.contacts, now, "poll")
        self._bring_in_step(tools, [customer.id])

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
        org = Org(self._salesforce, workers, self._gate, self._settings.org_id, self._settings.org_name)
        allowed = access(cache, self._salesforce, workers, clock, org.check)
        org.see(allowed.readable)
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
        return _Tools(org, ledger, recovery, details, planning, apply, meter, tally, policy)

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
