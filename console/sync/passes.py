"""The steps of one pass: observe, plan, apply, piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from console.domain.fields import CUSTOMER_ID
from console.domain.frozen import FrozenPlan
from console.domain.ids import account_id
from console.domain.records import Customer, Subscription
from console.errors import Refused
from console.sync.audit import Audit, Report, audited
from console.sync.audit_standing import event as audit_event
from console.sync.beforehand import Beforehand
from console.sync.braking import Brakes
from console.sync.cursors import text
from console.sync.doubles import Doubles
from console.sync.drift import BLIND
from console.sync.exactly import Exactly
from console.sync.following.feeds import Arrivals, FeedKeeper
from console.sync.following.pace import SIDES, Side
from console.sync.forecast import PAGE, Forecast
from console.sync.jobs import Job
from console.sync.observe import observe_salesforce, was_read
from console.sync.observe_alguna import ALGUNA_LISTS, AlgunaObserver
from console.sync.pieces import CHUNK, sizes
from console.sync.recover import GONE
from console.sync.silence import Unannounced, fell_silent
from console.sync.telling import Telling
from console.sync.tools import Surroundings, Tools
from console.sync.undoing import TakingBack, Undo
from console.sync.workers import gated

TURNS = 3
"""How often a customer is planned and applied in one pass: again when its ground moved."""
BULK_ROUNDS = 6
"""The same where bulk jobs may be used: accounts, then their contacts, then whoever a job refused."""
ROUNDS = 3
"""How often a pass looks for customers that became due while it ran."""
POLICY = "policy"


class Pass:
    """One run over all, some, or those whom events concern."""

    def __init__(self, around: Surroundings, tools: Tools, telling: Telling, feeds: FeedKeeper) -> None:
        self._around = around
        self._cache = around.cache
        self._alguna = around.alguna
        self._settings = around.settings
        self._clock = around.clock
        self._workers = around.workers
        self._budget = around.budget
        self._tools = tools
        self._telling = telling
        self._feeds = feeds
        self._beforehand = Beforehand(tools, around.settings, around.budget)
        self._doubles = Doubles()
        self.cost = tools.tally.cost = Forecast(around.settings.bulk_from, around.settings.alguna_rate)

    def run(self, sides: frozenset[Side], announced_since: datetime | None) -> None:
        """Look at these sides, and bring in step whoever is due. Without accounts to look at, only Alguna is read."""
        if not self._tools.org.reads_accounts:
            if "alguna" in sides:
                self._observe_alguna(Report())
            return
        self.observe(sides, announced_since)
        audit = self._audit()
        if audit.is_due(self._budget.standing()):
            audit.step(Report())
            self._around.publish(audit_event(self._cache))
        begun = False
        for _ in range(BULK_ROUNDS if self._settings.bulk_from else ROUNDS):
            due = self._cache.entries.dirty_count() - len(self._tools.tally.postponed)
            if due <= 0:
                break
            self._tools.meter.begin(due)
            if not begun:
                self._beforehand.whole_pass(due, self.due())
                begun = True
            done = 0
            self._telling.expect(due, done)
            in_bulk = self._tools.bulk.worth_it(due)
            for ids in self.due():
                self._tools.meter.piece(len(ids))
                self._bring_in_step([id_ for id_ in ids if id_ not in self._tools.tally.postponed], in_bulk)
                self._tools.meter.finished()
                done += len(ids)
                self._telling.expect(due, done)
            if in_bulk:
                self._tools.bulk.send(self._look)
                self._doubles.clear()
        self._cache.asked.stand()
        if self._tools.tally.rows_written > PAGE and "salesforce" in sides:
            self._look()

    def exactly(self, plan: FrozenPlan) -> None:
        """Look at both sides, and do what a frozen plan says."""
        work = Exactly(plan, self._cache, self._tools, self._budget, self._around.boundary)
        work.check()
        self.observe(SIDES)
        work.afford()
        work.apply()
        if self._tools.tally.rows_written > PAGE:
            self._look()

    def take_back(self, undo: Undo) -> None:
        """Look at both sides, and undo a run."""
        self.observe(SIDES)
        work = self.undoing(undo)
        work.afford()
        try:
            work.apply()
        finally:
            undo.plan = work.frozen(text(self._clock()))
        if self._tools.tally.rows_written > PAGE:
            self._look()

    @property
    def brakes(self) -> Brakes:
        """What this run is held against before its first write."""
        return self._tools.brakes

    def undoing(self, undo: Undo) -> TakingBack:
        """The undo of a run, planned from what the cache was just brought up to."""
        return TakingBack(undo, self._cache, self._tools, self._budget, self._around.boundary)

    def concerned(self, ids: Sequence[str]) -> None:
        """Bring these in step, without looking at either side; they stay due where accounts can't be read."""
        if not self._tools.org.reads_accounts:
            return
        if self._left_open():
            self._tools.org.check()
            self._settle()
        self._tools.meter.begin(len(ids))
        self._beforehand.a_few(ids)
        for start in range(0, len(ids), CHUNK):
            self._bring_in_step(ids[start : start + CHUNK])
        self._tools.meter.finished()

    def _left_open(self) -> bool:
        return bool(self._cache.journal.unsettled() or self._cache.bulk.under_way())

    def _settle(self) -> None:
        """Find out how what an earlier run left open has ended."""
        self._tools.bulk.resume()
        self._tools.recovery.recover(self._tools.ledger)

    def due(self) -> Iterator[list[str]]:
        """Customers that have to be planned, in pieces: one round."""
        self._tools.planning.new_round()
        after = ""
        for size in sizes():
            ids = self._cache.entries.dirty(size, after)
            if not ids:
                return
            self._around.boundary()
            self._workers.check()
            yield ids
            after = ids[-1]

    def audit(self, report: Report, *, whole: bool) -> None:
        """Compare the next slice of the org with the cache, or (`whole`) all of both sides. Writes to neither of them."""
        if not was_read(self._cache):
            self._look()
        if whole:
            self._observe_alguna(report, whole=True)
            self._audit().whole(report)
        else:
            self._audit().slice(report)
        self._around.publish(audit_event(self._cache, report.sentence()))

    def _audit(self) -> Audit:
        return Audit(self._cache, self._tools.org, self._clock, self._around.boundary)

    def _look(self) -> None:
        observe_salesforce(
            self._tools.org,
            self._cache,
            self._clock,
            self._tools.meter.reading,
            guard=self._tools.brakes.guard,
        )

    def planned(self, cost: Forecast | None) -> Iterator[list[Job]]:
        """What is to be done for those who are due, piece by piece; nothing is applied.

        :param cost: adds up what it costs.
        """
        planned: set[str] = set()
        for _ in range(ROUNDS):
            for ids in self.due():
                anew = [id_ for id_ in ids if id_ not in planned]
                jobs, _ = self._doubles.part(self._tools.planning.plan(anew) if anew else [])
                planned.update(job.customer_id for job in jobs)
                if cost is not None and jobs:
                    cost.piece(change for job in jobs for change in job.changes)
                yield jobs

    def _bring_in_step(self, ids: Sequence[str], in_bulk: bool = False) -> None:
        """Plan and apply until nothing is left to do; what can't be done now is due with the next pass.

        :param in_bulk: rows may be set aside for bulk jobs. Their customers stay due: what waits for them is planned after.
        """
        for _ in range(TURNS):
            jobs, later = self._doubles.part(self._tools.planning.plan(ids))
            if not jobs:
                return
            self.cost.piece(change for job in jobs for change in job.changes)
            if in_bulk:
                self._tools.apply.apply(self._tools.bulk.take(jobs))
                return
            self._tools.apply.apply(jobs)
            self._doubles.clear()
            waiting = [job for job in jobs if job.customer_id in self._tools.tally.postponed]
            self._tools.planning.hold(waiting, "Could not be written now; tried again with the next pass.")
            ids = [job.customer_id for job in jobs if job.customer_id not in self._tools.tally.postponed]
            ids = sorted([*ids, *later])
        jobs = self._tools.planning.plan(ids)
        self._tools.planning.hold(jobs, "Still moving; planned again with the next pass.")

    def observe(
        self,
        sides: frozenset[Side],
        announced_since: datetime | None = None,
        *,
        looking: bool = False,
    ) -> None:
        """Settle what an earlier pass left open, and read what changed. `looking`: bulk jobs are left as they are.

        :raises Refused: accounts can't be read.
        """
        self._must_see_accounts()
        cache = self._cache
        if cache.journal.unsettled() or (cache.bulk.under_way() and not looking):
            self._tools.org.check()
            if not looking:
                self._tools.bulk.resume()
            self._tools.recovery.recover(self._tools.ledger)
        else:
            cache.journal.drop_unsent()
        if "salesforce" in sides or not was_read(cache):
            arrivals = Arrivals(self._clock, self._feeds.looked("salesforce"))
            missed = Unannounced(announced_since, self._clock()) if announced_since is not None else None
            observe_salesforce(
                self._tools.org,
                cache,
                self._clock,
                self._tools.meter.reading,
                arrivals,
                missed,
                self._tools.brakes.guard,
            )
            if missed is not None:
                fell_silent(cache, missed.objects, self._settings.name, text(self._clock()))
            self._feeds.saw("salesforce", arrivals.seconds)
        if "alguna" in sides:
            self._observe_alguna(Report())
        self._tools.details.look_again()
        self._plan_anew_when_changed()

    def _observe_alguna(self, report: Report, *, whole: bool = False) -> None:
        """Read what changed in Alguna, or all of it; whenever all of it was read, what the cursor had missed is told."""
        arrivals = Arrivals(self._clock, self._feeds.looked("alguna"))
        observer = AlgunaObserver(
            self._alguna,
            self._cache,
            self._workers,
            self._around.gate,
            self._clock,
            arrivals,
            self._tools.brakes.guard,
        )
        observer.observe(self._tools.meter.reading, whole=whole)
        report.customers, report.subscriptions = (observer.read[what] for what in ALGUNA_LISTS)
        report.findings += audited(self._cache, observer.audited, text(self._clock()))
        self._feeds.pulling = observer.pulling
        self._feeds.saw("alguna", arrivals.seconds)

    def some(self, customer_ids: Sequence[str]) -> None:
        """Look at these on both sides, and bring them in step.

        :raises Refused: accounts can't be read.
        """
        self._must_see_accounts()
        cache = self._cache
        self._tools.org.check()
        if self._left_open():
            self._settle()
        if not was_read(cache):
            # An account that nobody has looked for yet must not be created.
            self._look()
        for start in range(0, len(customer_ids), CHUNK):
            self._look_at(customer_ids[start : start + CHUNK])

    def _must_see_accounts(self) -> None:
        if not self._tools.org.reads_accounts:
            raise Refused(
                BLIND,
                f"Grant Read on Accounts, or look with  alguna-console preflight {self._settings.name}",
                code="INSUFFICIENT_ACCESS",
            )

    def _look_at(self, customer_ids: Sequence[str]) -> None:
        """Read these customers on both sides, and bring them in step."""
        cache = self._cache
        customers: list[Customer] = []
        subscriptions: list[Subscription] = []
        known = cache.customers.many(customer_ids)
        missing: Refused | None = None
        for customer_id, future in self._workers.each(self._customer, gated(customer_ids, self._around.gate)):
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
        there = self._tools.org.look(
            accounts={"Id": accounts, **({CUSTOMER_ID: ids} if self._tools.org.identifies else {})},
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
        self._tools.details.doubt(subscription.id for subscription in subscriptions)
        self._beforehand.a_few(ids)
        self._bring_in_step(ids)
        cache.audits.verify(ids, now, but_run=self._tools.ledger.run)
        if missing is not None:
            raise missing

    def _customer(self, customer_id: str) -> tuple[Customer, list[Subscription]]:
        customer = self._alguna.customer(customer_id)
        return customer, list(self._alguna.subscriptions_of(customer.id))

    def _plan_anew_when_changed(self) -> None:
        """What was decided under another policy is decided again."""
        print_ = json.dumps(asdict(self._tools.policy), sort_keys=True, default=sorted)
        kept = self._cache.get(POLICY)
        if kept == print_:
            return
        with self._cache.transaction():
            self._cache.set(POLICY, print_)
            if kept is not None:
                self._cache.entries.mark_dirty("all")
