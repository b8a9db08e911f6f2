"""What one run works with, made anew for each: the org as its user sees it, the policy, and the parts that do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.alguna.client import AlgunaClient
from console.domain.policy import Policy
from console.salesforce.client import SalesforceClient
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.access import Access, access
from console.sync.answers import Answers
from console.sync.apply import Apply
from console.sync.braking import Brakes
from console.sync.budget import Budget
from console.sync.bulk.write import BulkWriter
from console.sync.customers import CustomerWriter
from console.sync.details import Details
from console.sync.drift import MEND, Drift
from console.sync.events import Event, Tally
from console.sync.gate import Gate
from console.sync.ledger import Ledger
from console.sync.looping import LoopWatch
from console.sync.meter import Meter
from console.sync.org import Org
from console.sync.planning import Planning
from console.sync.policy import policy_for
from console.sync.recover import Recovery
from console.sync.workers import Workers
from console.sync.writing import RowWriter


@dataclass(slots=True)
class Surroundings:
    """What an engine lives with, from run to run."""

    cache: Cache
    salesforce: SalesforceClient
    alguna: AlgunaClient
    settings: ConnectionSettings
    clock: Callable[[], datetime]
    publish: Callable[[Event], None]
    workers: Workers
    held: Gate | None
    """Called before each call, and between pieces of work: it may hold the engine."""
    budget: Budget
    overtaken: set[str] = field(default_factory=set)
    """Customers about whom a person decided something since the plan at hand was made: what is left of it isn't sent."""
    begins: bool = True
    """Nothing of the org was seen yet since the engine began."""

    def gate(self, *, hold: bool = True) -> None:
        """Before a call. `hold`: as for `Gate`."""
        if self.held is not None:
            self.held(hold=hold)

    def boundary(self) -> None:
        """Between two pieces of work."""
        if self.held is not None:
            self.held(boundary=True)

    @property
    def holding(self) -> bool:
        """Whether the next call would be held."""
        return self.held is not None and self.held.holding

    def org(self) -> Org:
        """The org, seen with the columns that the user may read."""
        return self.seen()[0]

    def seen(self) -> tuple[Org, Access]:
        """The org, and what its user may do there. Asks the org where that is not known.

        :raises ConsoleError: the org can't be asked.
        """
        org = Org(self.salesforce, self.workers, self.gate, self.settings.org_id, self.settings.org_name)
        drift = Drift(self.cache, self.salesforce, self.workers, self.settings.name)
        allowed = access(self.cache, org, drift, self.clock, begins=self.begins)
        self.begins = False
        org.see(
            allowed.readable,
            allowed.objects,
            person_accounts=allowed.person_accounts,
            lists=allowed.picklists,
        )
        return org, allowed


@dataclass(slots=True)
class Tools:
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
    brakes: Brakes


def tools(around: Surroundings, run: int, tally: Tally, progress: Callable[[Event], None]) -> Tools:
    """The tools of a run.

    :raises ConsoleError: what the signed-in user may do is not known, and the org can't be asked.
    """
    cache, workers, clock, alguna = around.cache, around.workers, around.clock, around.alguna
    org, allowed = around.seen()
    if allowed.lacking:
        tally.reduced = f"{allowed.lacking} {MEND.format(name=around.settings.name)}"
    policy = policy_for(around.settings, cache)
    meter = Meter(run, progress)
    ledger = Ledger(cache, run, clock, around.publish, tally)
    recovery = Recovery(cache, org, alguna, workers, around.gate, clock)
    common: dict[str, Any] = {"cache": cache, "workers": workers, "clock": clock}
    overtaken = around.overtaken
    answers = Answers(cache=cache, org=org, ledger=ledger, clock=clock, readable=allowed.readable)
    rows = RowWriter(
        org=org,
        workers=workers,
        ledger=ledger,
        recovery=recovery,
        answers=answers,
        meter=meter,
        overtaken=overtaken,
    )
    customers = CustomerWriter(
        alguna=alguna, around=around, run=run, ledger=ledger, recovery=recovery, meter=meter, **common
    )
    details = Details(alguna=alguna, gate=around.gate, tally=tally, meter=meter, **common)
    planning = Planning(
        cache=cache,
        details=details,
        check=workers.check,
        clock=clock,
        policy=policy,
        tally=tally,
        overtaken=overtaken,
        watch=LoopWatch(cache, org, clock, around.settings.user_id),
    )
    apply = Apply(cache=cache, org=org, ledger=ledger, rows=rows, customers=customers, clock=clock)
    bulk = BulkWriter(
        org=org,
        ledger=ledger,
        recovery=recovery,
        readable=allowed.readable,
        meter=meter,
        threshold=around.settings.bulk_from,
        **common,
    )
    brakes = Brakes(cache, around.settings, policy, clock)
    return Tools(org, ledger, recovery, details, planning, apply, bulk, meter, tally, policy, brakes)
