"""The order in which customers have their turn, and how many at once, decide nothing about links, questions and new accounts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from console.domain.fields import CUSTOMER_ID, NAME, WEBSITE
from console.domain.ids import to_18
from console.domain.names import name_key, names_compatible
from console.domain.policy import Policy
from console.domain.records import Account, Customer, Link, MatchedBy, State
from console.store.cache import Cache
from console.store.entries import Settled
from console.sync.details import Details
from console.sync.doubles import Doubles
from console.sync.events import Tally
from console.sync.jobs import values_of
from console.sync.looping import LoopWatch
from console.sync.meter import Meter
from console.sync.planning import Planning
from console.sync.workers import Workers

AT = "2026-06-02T00:00:00Z"
DOMAINS = ("acme.example", "umbrella.example")
NAMES = ("Acme", "Acme Group", "Acme Holding", "Umbrella", "Umbrella Corp.", "Initech")
MOST = 6
"""Customers, and accounts, of an example."""


@dataclass(frozen=True)
class Who:
    """A customer: its name, its domain, and the number of the account whose id is among its aliases."""

    name: str
    domain: str | None = None
    alias: int | None = None


@dataclass(frozen=True)
class There:
    """An account of the org. `merged_into`: the number of the one it was merged into. `owner`: the customer linked with it."""

    name: str
    domain: str | None = None
    merged_into: int | None = None
    owner: int | None = None


class Desk:
    """A cache, planned as passes plan it; new accounts appear in it as an org's answer would have them."""

    def __init__(self, cache: Cache, workers: Workers, who: Sequence[Who], there: Sequence[There]) -> None:
        self.cache, self.workers = cache, workers
        self.created: list[str] = []
        cache.accounts.put((_account(number, each) for number, each in enumerate(there)), AT, "poll")
        cache.customers.put((_customer(number, each) for number, each in enumerate(who)), AT, "poll")
        cache.links.put(
            Link(customer_id(each.owner), account_id(number), MatchedBy.CREATED, "", AT, "console")
            for number, each in enumerate(there)
            if each.owner is not None
        )

        self.planning = self._planning()

    def _planning(self) -> Planning:
        details = Details(
            cache=self.cache,
            alguna=SimpleNamespace(details=None, calls=0),  # nobody has a subscription: Alguna is never asked
            workers=self.workers,
            gate=lambda: None,
            clock=lambda: datetime(2026, 6, 2, tzinfo=UTC),
            meter=Meter(1, lambda event: None),
            tally=Tally(),
        )
        return Planning(
            cache=self.cache,
            details=details,
            check=lambda: None,
            clock=lambda: datetime(2026, 6, 2, tzinfo=UTC),
            policy=Policy(import_choice="all"),
            tally=Tally(),
            watch=LoopWatch(self.cache, SimpleNamespace(), lambda: datetime(2026, 6, 2, tzinfo=UTC), ""),
            overtaken=set(),
        )

    def turn(self, ids: Sequence[str]) -> None:
        """One piece of a pass."""
        doubles = Doubles()
        while ids:
            jobs, later = doubles.part(self.planning.plan(ids))
            for job in jobs:
                if job.creation is not None:
                    self._create(job.customer_id, values_of(job.creation))
            doubles.clear()
            self.cache.entries.settle(Settled(job.customer_id, State.IN_SYNC, 0, "") for job in jobs)
            ids = later

    def finish(self, size: int) -> None:
        """Rounds over whoever is due, in pieces of this size, to the end of a pass."""
        while self.cache.entries.dirty_count():
            self.planning.new_round()
            after = ""
            while ids := self.cache.entries.dirty(size, after):
                self.turn(ids)
                after = ids[-1]
        self.cache.asked.stand()

    def outcome(self) -> dict[str, tuple[str, str]]:
        """By customer: its state, and the account it is linked with; ``new`` for one that was created for it."""
        ids = self.cache.customers.ids(1_000)
        links = self.cache.links.many(ids)
        assert len(set(self.created)) == len(self.created), "nobody gets two accounts"
        found = {}
        for id_ in ids:
            entry = self.cache.entries.get(id_)
            account = links[id_].account_id if id_ in links else ""
            found[id_] = (str(entry.state), "new" if id_ in self.created else account)
        return found

    def _create(self, customer: str, values: dict[str, str | None]) -> None:
        self.created.append(customer)
        made = account_id(1_000 + int(customer[1:]))
        self.cache.accounts.put([Account(made, values[NAME] or "", AT, values, created_at=AT)], AT, "reply")
        self.cache.links.put([Link(customer, made, MatchedBy.CREATED, "", AT, "console")])


def account_id(number: int) -> str:
    return to_18(f"0015g00000{number:05d}")


def customer_id(number: int) -> str:
    return f"c{number:03d}"


def _customer(number: int, who: Who) -> Customer:
    values = {
        NAME: who.name,
        "BillingStreet": "1 Main St",
        "BillingCity": "San Francisco",
        "BillingState": "CA",
        "BillingPostalCode": "94105",
        "BillingCountry": "USA",
        "Contact.LastName": "Lovelace",
        "Contact.Email": f"c{number}@gmail.com",
        **({WEBSITE: who.domain} if who.domain else {}),
    }
    aliases = () if who.alias is None else (account_id(who.alias),)
    return Customer(customer_id(number), who.name, AT, AT, values, aliases, f"p{number}", 1)


def _account(number: int, there: There) -> Account:
    owner = None if there.owner is None else customer_id(there.owner)
    heir = None if there.merged_into is None else account_id(there.merged_into)
    values = {NAME: there.name, WEBSITE: there.domain, CUSTOMER_ID: owner}
    return Account(account_id(number), there.name, AT, values, deleted=heir is not None, merged_into=heir)


@contextmanager
def desk(who: Sequence[Who], there: Sequence[There]) -> Iterator[Desk]:
    with (
        TemporaryDirectory() as folder,
        closing(Workers(1, threading.Event())) as workers,
        Cache.open(Path(folder) / "cache.db", org_id="00D5g000004HkPZ") as cache,
    ):
        yield Desk(cache, workers, who, there)


def outcome(
    who: Sequence[Who], there: Sequence[There], do: Callable[[Desk], None]
) -> dict[str, tuple[str, str]]:
    with desk(who, there) as made:
        do(made)
        return made.outcome()


names, domains = st.sampled_from(NAMES), st.sampled_from((*DOMAINS, None))
numbers = st.integers(0, MOST - 1)
customers = st.lists(st.builds(Who, names, domains, st.none() | numbers), min_size=1, max_size=MOST)


@st.composite
def orgs(draw: st.DrawFn) -> list[There]:
    """Accounts, of which some were merged into ones that are left, and some are linked with a customer each."""
    plain = draw(st.lists(st.builds(There, names, domains), max_size=MOST))
    owners = draw(st.permutations([*range(MOST), *[None] * MOST]))
    left = [number for number in range(len(plain)) if number == 0 or draw(st.booleans())]
    return [
        There(
            each.name,
            each.domain,
            None if number in left else draw(st.sampled_from(left)),
            owners[number],
        )
        for number, each in enumerate(plain)
    ]


def fitting(who: Sequence[Who], there: Sequence[There]) -> list[There]:
    """The accounts, none of them linked with a customer that there isn't."""
    return [
        each
        if each.owner is None or each.owner < len(who)
        else There(each.name, each.domain, each.merged_into)
        for each in there
    ]


def alike(one: Who, other: Who) -> bool:
    """Whether the new account of one would be a candidate for the other."""
    if name_key(one.name) == name_key(other.name):
        return True
    return one.domain is not None and one.domain == other.domain and names_compatible(one.name, other.name)


@settings(max_examples=40)
@given(who=customers, there=orgs(), size=st.integers(1, MOST))
@example(who=[Who("Acme", DOMAINS[0]), Who("Acme Group", DOMAINS[0])], there=[], size=1)
@example(who=[Who("Acme"), Who("Acme")], there=[], size=1)
@example(
    who=[Who("Acme", DOMAINS[0]), Who("Initech", None, 0)],
    there=[There("Acme", DOMAINS[0])],
    size=1,
)
@example(
    who=[Who("Acme", DOMAINS[0]), Who("Initech")],
    there=[There("Acme", DOMAINS[0]), There("Initech", None, 0, 1)],
    size=1,
)
@example(
    who=[Who("Initech", DOMAINS[0]), Who("Acme", DOMAINS[0])],
    there=[There("Acme", DOMAINS[0])],
    size=1,
)
@example(
    who=[Who("Acme", DOMAINS[0]), Who("Acme Group", DOMAINS[0]), Who("Acme Group", DOMAINS[0])],
    there=[There("Acme Holding", DOMAINS[0])],
    size=2,
)
@example(
    who=[
        *[Who("Acme", DOMAINS[0])] * 2,
        Who("Acme", DOMAINS[1]),
        *[Who("Acme Group", DOMAINS[1])] * 2,
    ],
    there=[
        There("Acme", DOMAINS[0], None, 0),
        There("Acme", DOMAINS[0], None, 1),
        There("Acme", DOMAINS[0]),
        There("Acme Holding", DOMAINS[1]),
    ],
    size=2,
)
def test_the_size_of_the_pieces_decides_nothing(who: list[Who], there: list[There], size: int) -> None:
    there = fitting(who, there)
    at_once = outcome(who, there, lambda made: made.finish(100))
    assert outcome(who, there, lambda made: made.finish(size)) == at_once


@settings(max_examples=40)
@given(
    who=customers,
    there=orgs(),
    turns=st.lists(st.lists(numbers, min_size=1, max_size=3, unique=True), max_size=6),
)
@example(
    who=[Who("Initech", DOMAINS[0]), Who("Acme", DOMAINS[0])],
    there=[There("Acme", DOMAINS[0])],
    turns=[[0], [1]],
)
def test_who_has_a_turn_before_the_others_decides_nothing(
    who: list[Who], there: list[There], turns: list[list[int]]
) -> None:
    """But for two that would have the same new account: there, the first one gets it."""
    assume(not any(alike(one, other) for place, one in enumerate(who) for other in who[:place]))
    there = fitting(who, there)

    def some_first(made: Desk) -> None:
        for turn in turns:
            made.turn([customer_id(number) for number in turn if number < len(who)])
        made.finish(100)

    assert outcome(who, there, some_first) == outcome(who, there, lambda made: made.finish(100))


def test_of_two_that_are_alike_the_second_is_left_to_a_person() -> None:
    who = [Who("Acme Group", DOMAINS[0]), Who("Acme", DOMAINS[0]), Who("Initech", DOMAINS[0])]
    assert outcome(who, [], lambda made: made.finish(100)) == {
        "c000": ("in_sync", "new"),
        "c001": ("review", ""),
        "c002": ("in_sync", "new"),
    }


def test_an_alias_goes_before_a_likeness_whoever_has_the_first_turn() -> None:
    who = [Who("Acme", DOMAINS[0]), Who("Initech", None, 0)]
    there = [There("Acme", DOMAINS[0])]
    for first in (["c000"], ["c001"], ["c001", "c000"]):
        with desk(who, there) as made:
            made.turn(first)
            made.finish(100)
            assert made.outcome() == {"c000": ("review", ""), "c001": ("in_sync", account_id(0))}


def test_an_account_that_two_customers_accounts_were_merged_into_is_neithers_until_a_person_says_so() -> None:
    who = [Who("Acme", DOMAINS[0]), Who("Initech")]
    there = [There("Hooli"), There("Acme", DOMAINS[0], 0, 0), There("Initech", None, 0, 1)]
    with desk(who, there) as made:
        made.finish(1)
        assert [state for state, _ in made.outcome().values()] == ["review", "review"]


def test_an_account_that_was_asked_about_stays_a_question_when_it_becomes_another_customers() -> None:
    with desk([Who("Initech", DOMAINS[0])], [There("Acme", DOMAINS[0])]) as made:
        made.finish(100)
        assert made.outcome() == {"c000": ("review", "")}
        made.cache.customers.put([_customer(1, Who("Acme", DOMAINS[0]))], AT, "poll")
        made.finish(100)
        assert made.outcome() == {"c000": ("review", ""), "c001": ("in_sync", account_id(0))}
