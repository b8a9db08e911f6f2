"""Playing a scenario: the real engine and cache between models of both systems, checked at every step."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from console.domain.decisions import open_to
from console.domain.frozen import FrozenPlan
from console.domain.policy import Policy
from console.domain.records import Rule, State
from console.domain.verdicts import CreateNew, Keep, LeaveAlone, LinkWith, Unlink
from console.domain.view import alguna_values, salesforce_values
from console.errors import ConsoleError
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.deciding import known, planned
from console.sync.engine import Engine
from console.sync.following.heed import MANY
from console.sync.following.subscription import Batch
from console.sync.policy import policy_for
from console.sync.undoing import Undo

from .checks import Checks
from .machine import Clock, Crash, Disk, InlineWorkers, Power, quick_disk, watched
from .scenario import Scenario, Step
from .truth import Violation, links
from .wires import BillingWire, Line, OrgWire, alguna_on, salesforce_on
from .world import TOPIC, World

CONNECTED_AT = "2026-06-01T00:00:00Z"
QUIET = 1_000.0
"""Seconds between the passes after the last edit: longer than any transaction of the org lasts."""
BOUND = 6
"""Passes within which everything must have come to rest."""


@dataclass(frozen=True)
class Played:
    """What a scenario came to."""

    trace: str
    """A hash over every call and everything that was left in both systems and in the history."""
    counts: Counter


@cache
def _empty_cache(org_id: str) -> bytes:
    """The file of a cache that was just made: making it takes a tenth of a short scenario's time."""
    with TemporaryDirectory(dir=quick_disk()) as folder:
        path = Path(folder) / "cache.sqlite3"
        Cache.open(path, org_id=org_id).close()
        return path.read_bytes()


def play(scenario: Scenario) -> Played:
    """Play a scenario, on a disk in memory where there is one.

    :raises Violation: something happened that must never happen.
    """
    with (
        TemporaryDirectory(prefix="simulated-", dir=quick_disk()) as folder,
        _Play(scenario, Path(folder)) as game,
    ):
        for number, step in enumerate(scenario.steps):
            game.step(step)
            game.checks.always(f"after step {number}, {step}")
        game.rest()
        return game.played()


class _Play:
    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.chance = random.Random(scenario.seed)
        self.clock = Clock()
        self.power = Power()
        self.line = Line(self.power, self._tick, random.Random(scenario.seed))
        rules = {key: Rule(rule) for key, rule in scenario.rules.items()}
        self.settings = ConnectionSettings(
            name="simulated",
            org_id="00D000000000001EAA",
            instance_url="https://org.example",
            alguna_url="https://alguna.example",
            connected_at=CONNECTED_AT,
            import_choice="all",
            rules=rules,
            bulk_from=0,
        )
        self.path = folder / "cache.sqlite3"
        self.counts: Counter = Counter()
        self.heard = 0
        self._open()
        self.world = World(scenario, self.clock, self._pairs, rules)
        self.checks = Checks(self.world, self._cache, self.settings)
        hidden = frozenset(scenario.hidden)
        self.org_wire = OrgWire(self.world.org, self.line, hidden, scenario.page, self.checks)
        self.billing_wire = BillingWire(self.world.billing, self.line, self.checks)
        self.plan: FrozenPlan | None = None
        self._start()

    def __enter__(self) -> _Play:
        return self

    def __exit__(self, *_: object) -> None:
        self.power.on = True
        self.cache.close()

    # --- the console -----------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.clock.tick(self.chance.choice([0.0, 0.05, 0.3, 1.2]))
        self.world.org.settle()

    def _cache(self) -> Cache:
        return self.cache

    def _pairs(self):
        disk: Disk = self.cache._db.raw
        return links(disk) if self.power.on and not disk.in_transaction else ()

    def _open(self) -> None:
        self.power.on, self.power.left = True, None
        if not self.path.exists():
            self.path.write_bytes(_empty_cache(self.settings.org_id))
        self.cache = watched(Cache.open(self.path, org_id=self.settings.org_id), self.power)

    def _start(self) -> None:
        self.engine = Engine(
            self.cache,
            salesforce_on(self.org_wire),
            alguna_on(self.billing_wire),
            self.settings,
            clock=self.clock,
            workers=InlineWorkers(self.clock, self.chance),
        )

    def restart(self, crashed: bool) -> None:
        """A new process on the same file."""
        if crashed:
            self.counts["crashes"] += 1
            self.cache._db.raw._raw.close()
            self.cache._lock.abandon()
        else:
            self.cache.close()
        self._open()
        self._start()

    def run(self, work, *, may_fail: bool = False) -> object:
        """Something that the console does, which may die or fail for a reason only."""
        self.line.begin()
        try:
            done = work()
        except Crash:
            self.restart(crashed=True)
            done = None
        except ConsoleError as error:
            if not self.power.on:
                self.restart(crashed=True)
            elif not (self.line.struck or may_fail):
                raise Violation("a pass failed for no reason", repr(error)) from error
            self.counts["failed passes"] += 1
            done = None
        else:
            if not self.power.on:
                self.restart(crashed=True)  # it died where nobody was left to tell
                done = None
        self.power.left = None
        self.line.faults.clear()
        for waiting in self.line.meanwhile.values():
            for happens in waiting:
                happens()
        self.line.meanwhile.clear()
        return done

    def sync(self, kind: str = "sync", **how) -> None:
        """One pass."""
        self.counts["passes"] += 1
        summary = self.run(lambda: self.engine.run(kind, **how))
        if summary is not None:
            self.checks.settled(summary)
            self.world.truth.agree(self.checks.in_sync())

    # --- steps -----------------------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """One step of the scenario."""
        name, *args = step
        match name:
            case "pass":
                self.sync()
            case "look":
                self.sync(sides=frozenset(args))
            case "some":
                ids = list(self.world.billing.customers)
                if ids:
                    self.run(lambda: self.engine.sync_some([ids[args[0] % len(ids)]]))
            case "events":
                self._events(args[0])
            case "dry":
                self._looking(lambda: list(self.engine.dry_run()))
            case "audit":
                self.run(lambda: self.engine.audit(whole=args[0]))
            case "freeze":
                self.plan = self._looking(self.engine.freeze)
            case "apply":
                self._apply()
            case "undo":
                self._undo(*args)
            case "decide":
                self.run(lambda: self._decide(*args))
            case "retry":
                self.run(self.engine.retry)
            case "restart":
                self.restart(crashed=False)
            case "tick":
                self.clock.tick(args[0])
                self.world.org.settle()
            case "another org":
                self._another_org()
            case "fault":
                self.line.faults[args[0]] = args[1]
            case "crash":
                self.power.left, self.power.dies_before = args[0], args[1]
            case "meanwhile":
                self.line.meanwhile.setdefault(args[0], []).append(lambda: self.world.edit(args[1]))
            case _:
                self.world.edit(step)
        self.world.truth.agree()

    def _events(self, how: str) -> None:
        """The stream delivers: what is new, some of it again, out of order, or a part of it."""
        stream = self.world.org.stream
        first = max(0, self.heard - 4) if how in ("again", "shuffled") else self.heard
        events = stream[first:]
        if how == "half":
            events = events[: len(events) // 2 + 1]
        upto = first + len(events)
        if how == "shuffled":
            random.Random(self.scenario.seed + first).shuffle(events)
        if not events:
            return
        batch = Batch(tuple(events), upto.to_bytes(4, "big"))

        def take() -> None:
            heard = self.engine.heed([batch], TOPIC)
            self.heard = max(self.heard, upto)
            if heard.customers and not heard.many:
                summary = self.engine.run_for(heard.customers)
                if summary is not None:
                    self.checks.settled(summary)

        assert len(events) < MANY
        self.run(take)

    def _looking(self, look):
        """Looking changes nothing anywhere."""
        before, writes = self.world.dump(self.cache._db.raw), self._writes()
        found = self.run(look)
        if self._writes() != writes:
            raise Violation("a dry run wrote", "to one of the systems")
        if self.world.dump(self.cache._db.raw) != before:
            raise Violation("a dry run wrote", "to the cache")
        return found

    def _apply(self) -> None:
        """The plan that was kept last is carried out, however much has happened since."""
        plan = self.plan
        if plan is None:
            return
        # What an earlier run left open is settled by reading, and is no part of what is sent.
        self.checks.only = frozenset(change.id for change in plan.changes)
        try:
            summary = self.run(lambda: self.engine.apply(plan), may_fail=True)
        finally:
            self.checks.only = None
        if summary is not None:
            self.checks.settled(summary)

    def _undo(self, back: int, delete: bool) -> None:
        """A person takes back one of the latest runs."""
        newest = self.cache._db.raw._raw.execute("SELECT max(id) FROM runs").fetchone()[0] or 0
        undo = Undo(max(1, newest - back), delete_created=delete)
        self.counts["undos"] += 1
        self.checks.may_delete = delete
        try:
            summary = self.run(lambda: self.engine.undo(undo), may_fail=newest == 0)
        finally:
            self.checks.may_delete = False
        if summary is not None:
            self.checks.settled(summary)

    def _writes(self) -> int:
        return self.org_wire.writes + self.billing_wire.writes

    def _another_org(self) -> None:
        """A sandbox is refreshed: another org answers at the address, until the right one does again."""
        org = self.world.org
        mine, org.id = org.id, "00D000000000002EAA"
        self.restart(
            crashed=False
        )  # what the org said of itself is asked anew after ten minutes at the latest
        self.clock.tick(700)
        try:
            self.run(self.engine.run, may_fail=True)
        finally:
            org.id = mine

    def _decide(self, at: int, which: int) -> None:
        """A person decides about one of those that wait for one."""
        waiting = [
            row[0]
            for row in self.cache._db.raw.execute(
                "SELECT customer_id FROM entries WHERE state IN (?, ?, ?) AND customer_id IS NOT NULL ORDER BY customer_id",
                (State.REVIEW, State.CONFLICT, State.REFUSED),
            )
        ]
        linked = sorted(pair.customer_id for pair in self._pairs())
        if which == 3 and linked:
            self.world.relink(linked[at % len(linked)])
            self.engine.decide(linked[at % len(linked)], Unlink(), "a person")
            return
        if not waiting:
            return
        customer_id = waiting[at % len(waiting)]
        policy = policy_for(self.settings, self.cache)
        subject = known(self.cache, customer_id)
        made = planned(self.cache, subject, policy)
        if made.state is State.REVIEW:
            self.world.relink(customer_id)
            candidates = subject.match.candidates if subject.match else ()
            verdict = LeaveAlone() if which == 1 else CreateNew()
            if candidates and which != 1:
                verdict = LinkWith(candidates[at % len(candidates)].account_id)
            self.engine.decide(customer_id, verdict, "a person")
            return
        ours, theirs = self._both(subject, policy)
        for decision in made.decisions:
            sides = open_to(decision, ours, theirs)
            if (decision.asks or decision.refused) and sides:
                side = sides[which % len(sides)]
                self.world.truth.decided[customer_id, decision.key] = self.world.truth.now
                self.engine.decide(customer_id, Keep(decision.key, side), "a person")

    def _both(self, subject, policy: Policy):
        contact = subject.contact if subject.contact and not subject.contact.deleted else None
        ours = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
        return ours, salesforce_values(subject.account, contact)

    # --- the end ---------------------------------------------------------------------------------------------

    def rest(self) -> None:
        """Nobody edits any more and nothing goes wrong: everything comes to rest, and stays as it is."""
        self.line.calm()
        self.world.org.settle(everything=True)
        self.world.truth.agree()
        quiet = 0
        for _ in range(BOUND):
            self.clock.tick(QUIET)
            before = self._writes()
            self.sync()
            self.checks.always("while coming to rest")
            self.world.truth.agree()
            quiet = quiet + 1 if self._writes() == before else 0
            if quiet == 2:
                break
        else:
            raise Violation("not at rest", f"after {BOUND} passes: {self.line.trace[-12:]}")
        self.checks.in_the_end()

    def played(self) -> Played:
        """The hash and the numbers."""
        truth = self.world.truth
        self.counts.update(
            steps=len(self.scenario.steps), edits=truth.edits, overtaken=truth.raced, writes=self._writes()
        )
        self.counts["conflicts"] += len(truth.lost)
        left = [
            self.line.trace,
            self.world.state(),
            self.world.dump(self.cache._db.raw, tables=("history", "links")),
        ]
        text = json.dumps(left, sort_keys=True, default=str)
        return Played(hashlib.sha256(text.encode()).hexdigest(), self.counts)
