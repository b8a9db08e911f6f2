"""What people decided is kept until it is taken back, and has whoever it concerns planned again."""

from __future__ import annotations

import pytest

from console.domain.records import Answer, Choice, Decided
from console.errors import Conflict
from console.store.cache import Cache


@pytest.fixture
def pair(cache: Cache, make) -> Cache:
    """Two customers of one domain, two accounts, nothing dirty."""
    site = {"Website": "https://acme.example"}
    cache.customers.put([make.customer(f"cus_{n}", values=site) for n in (1, 2)], make.at, "poll")
    cache.accounts.put([make.account(n, values=site) for n in (1, 2)], make.at, "poll")
    clean(cache)
    return cache


def clean(cache: Cache) -> None:
    cache._db.execute("UPDATE entries SET dirty = 0")


def link(make, number: int = 1) -> Choice:
    return Choice("link", make.at, "ada", make.account_id(number))


def test_nothing_is_decided_at_first(pair: Cache) -> None:
    assert pair.decisions.many(["cus_1", "cus_2"]) == {}
    assert not pair.decisions.of("cus_1")
    assert not pair.subjects(["cus_1"])[0].decided


def test_all_of_it_comes_back_as_it_was_given_after_opening_again(pair: Cache, opened, make) -> None:
    answer = Answer("alguna", "half \ud800 \0", None, make.at, "ada \x1b")
    pair.decisions.put_apart("cus_1", make.account_id(2), make.at, "ada")
    pair.decisions.choose("cus_1", link(make))
    pair.decisions.answer("cus_1", [("Name", answer)])
    pair.decisions.choose("cus_2", Choice("leave", make.at, "ada", question="abc"))
    pair.close()
    cache = opened()
    first = cache.decisions.of("cus_1")
    assert first.choice == link(make)
    assert first.apart == {make.account_id(2)}
    assert first.answers["Name"].alguna == "half \ud800 \0"
    assert first.answers["Name"].by == "ada \x1b"
    assert cache.subjects(["cus_2"])[0].decided == Decided(Choice("leave", make.at, "ada", question="abc"))


def test_a_choice_has_the_customer_and_its_rivals_planned_again(pair: Cache, make) -> None:
    pair.decisions.choose("cus_1", link(make))
    assert pair.entries.dirty(10) == ["cus_1", "cus_2"]
    clean(pair)
    pair.decisions.forget("cus_1")
    assert pair.entries.dirty(10) == ["cus_1", "cus_2"]
    clean(pair)
    pair.decisions.answer("cus_1", [("Name", Answer("alguna", "A", "B", make.at, "ada"))])
    assert pair.entries.dirty(10) == ["cus_1"]


def test_an_account_is_chosen_for_one_customer_and_counts_as_its(pair: Cache, make) -> None:
    pair.decisions.choose("cus_1", link(make))
    assert pair.accounts.linked(make.account_id(1)) == "cus_1"
    with pytest.raises(Conflict, match="another customer"):
        pair.decisions.choose("cus_2", link(make))
    assert pair.decisions.of("cus_1").choice == link(make)
    assert not pair.decisions.of("cus_2")
    pair.decisions.choose("cus_1", link(make, 2))
    pair.decisions.choose("cus_2", link(make))
    assert pair.accounts.linked(make.account_id(1)) == "cus_2"


def test_a_customer_that_is_gone_keeps_no_account_from_others(pair: Cache, make) -> None:
    pair.decisions.choose("cus_1", link(make))
    pair.customers.begin_full_pull()
    pair.customers.put(list(pair.customers.many(["cus_2"]).values()), make.later, "poll")
    pair.customers.end_full_pull(make.later)
    assert pair.accounts.linked(make.account_id(1)) is None
    pair.decisions.choose("cus_2", link(make))
    assert pair.accounts.linked(make.account_id(1)) == "cus_2"


def test_choosing_what_was_put_apart_joins_it_again_and_leaves_the_others_apart(pair: Cache, make) -> None:
    for number in (1, 2):
        pair.decisions.put_apart("cus_1", make.account_id(number), make.at, "ada")
    pair.decisions.choose("cus_1", link(make))
    assert pair.decisions.of("cus_1").apart == {make.account_id(2)}


def test_putting_apart_forgets_what_else_was_decided(pair: Cache, make) -> None:
    pair.decisions.choose("cus_1", link(make))
    pair.decisions.answer("cus_1", [("Name", Answer("alguna", "A", "B", make.at, "ada"))])
    pair.decisions.put_apart("cus_1", make.account_id(1), make.at, "ada")
    assert pair.decisions.of("cus_1") == Decided(apart=frozenset({make.account_id(1)}))
    pair.decisions.forget("cus_1")
    assert pair.decisions.of("cus_1").apart, "it stays apart"


def test_void_answers_are_forgotten_and_nobody_is_planned_again(pair: Cache, make) -> None:
    answer = Answer("alguna", "A", "B", make.at, "ada")
    pair.decisions.answer("cus_1", [("Name", answer), ("Website", answer)])
    clean(pair)
    pair.decisions.void([("cus_1", "Name"), ("cus_2", "Name")])
    assert pair.decisions.of("cus_1").answers == {"Website": answer}
    assert pair.entries.dirty(10) == []


def test_a_later_answer_replaces_an_earlier_one(pair: Cache, make) -> None:
    for side in ("alguna", "salesforce"):
        pair.decisions.answer("cus_1", [("Name", Answer(side, "A", "B", make.at, "ada"))])
    assert pair.decisions.of("cus_1").answers["Name"].side == "salesforce"


def test_a_refused_choice_changes_nothing_of_what_came_before_it_in_the_transaction(
    pair: Cache, make
) -> None:
    pair.decisions.choose("cus_1", link(make))

    def both() -> None:
        with pair.transaction():
            pair.decisions.choose("cus_2", link(make, 2))
            pair.decisions.choose("cus_2", link(make))

    with pytest.raises(Conflict):
        both()
    assert not pair.decisions.of("cus_2")
