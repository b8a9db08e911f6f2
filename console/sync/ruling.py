"""Changing the field rules: what that would do to records as they are, and keeping the new rules without doing it unasked.

The rules stand in the connection's settings. The cache remembers which of them its records were planned by last. Where the two
differ, whoever plans next (`adopt`) first spares every difference that the new rules would write and the old ones would not: a
settings file that was edited by hand rewrites nothing either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal

from console.domain.frozen import FrozenPlan
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.prints import fingerprint
from console.domain.records import Change, Spared, Subject
from console.domain.whatif import Effect, Ruling, effect, spared
from console.errors import Conflict
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.sync import braking
from console.sync.forecast import forecast
from console.sync.freezing import ground
from console.sync.match import matched
from console.sync.policy import policy_for

IN_FORCE = "ruling"
"""Key, in the cache, of the rules that its records were planned by last."""
CHUNK = 1_000
SAMPLE = 20

Check = Callable[[], None]
Progress = Callable[[int], None]


@dataclass(slots=True)
class WhatIf:
    """What other rules would do to records as they are, in numbers; nothing was written to find out."""

    customers: int = 0
    """Linked customers, and where the source of new accounts changes also the others, that were looked at."""
    differs: Counter[str] = field(default_factory=Counter)
    """Accounts that differ now, by field key."""
    accounts: int = 0
    """Customers to whose records something would be written that is not planned as it is."""
    writes: Counter[str] = field(default_factory=Counter)
    """Those values, by field key; ``new Account`` and ``new Contact`` for records to create."""
    sides: Counter[str] = field(default_factory=Counter)
    """The same by the side that is written to."""
    dropped: int = 0
    """Values that are planned as it is and would not be written any more."""
    asks: int = 0
    """Values that would begin to wait for a person."""
    sample: list[tuple[str, Change]] = field(default_factory=list)
    """The first changes, each with the customer's name."""
    _ids: list[str] = field(default_factory=list)

    @property
    def values(self) -> int:
        """How many values, or records to create, would be written."""
        return self.writes.total()

    @property
    def hash(self) -> str:
        """Stands for exactly these changes, whatever their order."""
        return sha256("".join(sorted(self._ids)).encode()).hexdigest()[:16]

    def add(self, subject: Subject, done: Effect) -> None:
        """Count what would be done to one customer."""
        self.dropped += len(done.dropped)
        self.asks += len(done.asks)
        self.accounts += bool(done.writes)
        for change in done.writes:
            self._ids.append(change.id)
            self.writes[change.key or f"new {change.entity}"] += 1
            self.sides[change.side] += 1
            if len(self.sample) < SAMPLE:
                self.sample.append((subject.customer.name, change))


def ruling_in_force(cache: Cache) -> Ruling | None:
    """The rules that the cache's records were planned by last; None where none was planned yet."""
    kept = cache.get(IN_FORCE)
    return None if kept is None else Ruling.from_json(kept)


def what_if(
    cache: Cache,
    now: Policy,
    then: Policy,
    check: Check = lambda: None,
    progress: Progress = lambda done: None,
) -> WhatIf:
    """What `then` instead of `now` would do to the records in the cache. Only reads; seconds for 10,000 customers.

    :param check: called for each customer; raises to stop. :param progress: how many customers were looked at.
    """
    found = WhatIf()
    for subject, done, differing in _effects(cache, now, then, check):
        found.customers += 1
        found.differs.update(differing)
        found.add(subject, done)
        if found.customers % CHUNK == 0:
            progress(found.customers)
    return found


def adopt(cache: Cache, policy: Policy, at: str, check: Check = lambda: None) -> int:
    """Make the policy's rules those in force. What they would newly write to records as they are is spared.

    :returns: how many differences are spared because of it.
    """
    ruling, before = Ruling.of(policy), ruling_in_force(cache)
    if ruling == before:
        return 0
    with cache.transaction():
        cache.set(IN_FORCE, ruling.as_json())
        if before is None:
            return 0
        return cache.decisions.spare(_spared(cache, before.within(policy), policy, at, check))


def change_rules(
    cache: Cache,
    connections: Connections,
    settings: ConnectionSettings,
    wanted: ConnectionSettings,
    at: str,
    *,
    chosen: str | None = None,
    check: Check = lambda: None,
) -> WhatIf:
    """Keep other rules. Records as they are stay so, but where the plan that does it was shown and is chosen.

    :param wanted: the settings with the rules that are to be kept.
    :param chosen: `WhatIf.hash` of what was shown and is to be done to records as they are, by the next pass.
    :raises Conflict: it would do something else by now; nothing was changed.
    """
    now, then = policy_for(settings, cache), policy_for(wanted, cache)
    adopt(cache, now, at, check)
    found = what_if(cache, now, then, check)
    if chosen is not None and chosen != found.hash:
        raise Conflict(
            "What the change would do to existing records is not what was shown: something moved since.",
            "Nothing was changed. Look at it once more, then choose.",
        )
    # The settings first: if the console ends in between, the next pass spares what was chosen, and nothing is rewritten unasked.
    connections.save(wanted)
    with cache.transaction():
        if chosen is None:
            adopt(cache, then, at, check)
        else:
            cache.set(IN_FORCE, Ruling.of(then).as_json())
            cache.decisions.spare_no_more()
            braking.let_go(cache, {"changed": found.accounts, "created": found.writes["new Account"]})
        cache.entries.mark_dirty("all")
    return found


def freeze(cache: Cache, now: Policy, then: Policy, at: str, check: Check = lambda: None) -> FrozenPlan:
    """What `then` instead of `now` would newly write to records as they are, as a plan to keep; good while `then` is in force."""
    changes: list[Change] = []
    prints: dict[str, str] = {}
    for subject, done, _ in _effects(cache, now, then, check):
        if done.writes:
            changes += done.writes
            prints[subject.customer.id] = fingerprint(subject, done.writes)
    cost = {"calls": forecast(changes)}
    return FrozenPlan(ground(cache, then, prints), tuple(changes), "rules", at, cost)


def with_ruling(settings: ConnectionSettings, ruling: Ruling) -> ConnectionSettings:
    """The settings with these rules."""
    source: Literal["alguna", "salesforce"] = "alguna" if ruling.create_accounts else "salesforce"
    return replace(settings, rules=dict(ruling.rules), directions=dict(ruling.flows), source_of_truth=source)


def _spared(
    cache: Cache, now: Policy, then: Policy, at: str, check: Check
) -> Iterator[tuple[str, dict[str, Spared]]]:
    for subject, done, _ in _effects(cache, now, then, check):
        if left := spared(subject, done, then, at):
            yield subject.customer.id, left


def _effects(
    cache: Cache, now: Policy, then: Policy, check: Check
) -> Iterator[tuple[Subject, Effect, list[str]]]:
    """Every customer that the rules can concern, with what `then` would do to it and the fields that differ now."""
    after = ""
    sources_differ = now.create_accounts != then.create_accounts or bool(cache.decisions.spared())
    while ids := cache.customers.ids(CHUNK, after):
        after = ids[-1]
        imported = cache.entries.imported(ids)
        before, later = replace(now, imported=imported), replace(then, imported=imported)
        subjects = cache.subjects(ids)
        unlinked = [subject for subject in subjects if subject.link is None] if sources_differ else []
        linked = [subject for subject in subjects if subject.link is not None]
        for subject in (*linked, *(matched(cache, unlinked, check) if unlinked else ())):
            check()
            planned = plan(subject, before)
            differing = [decision.key for decision in planned.decisions if decision.differs]
            yield subject, effect(subject, planned, before, later), differing if subject.link else []
