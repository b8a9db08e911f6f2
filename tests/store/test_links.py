"""Links and bases: one account for a customer, one customer for an account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.records import Held, State
from console.errors import Conflict, UsageError
from console.store.cache import Cache


@pytest.fixture
def pair(cache: Cache, make) -> Cache:
    """Two customers, three accounts, nothing dirty, nothing linked."""
    cache.customers.put([make.customer("cus_1", "One"), make.customer("cus_2", "Two")], make.at, "poll")
    cache.accounts.put([make.account(n, f"Account {n}") for n in (1, 2, 3)], make.at, "poll")
    clean(cache)
    return cache


def clean(cache: Cache) -> None:
    cache._db.execute("UPDATE entries SET dirty = 0")


def shown(cache: Cache) -> set[tuple[str | None, str | None, str]]:
    """(customer, account, name) of every row of the accounts screen."""
    return set(cache._db.query("SELECT customer_id, account_id, name FROM entries"))


def test_a_link_comes_back_as_it_was_given(pair: Cache, make) -> None:
    given = make.link(base={"Name": "One", "Website": None}, contact_id="003", pinned_subscription="sub_1")
    pair.links.put([given])
    assert pair.links.get("cus_1") == given
    assert pair.links.by_account(make.account_id(1)) == given
    assert pair.links.many(["cus_1", "cus_2"]) == {"cus_1": given}
    assert pair.links.get("cus_2") is None
    assert pair.links.by_account(make.account_id(2)) is None
    assert pair.links.count() == 1


def test_a_linked_pair_is_one_row(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    one, two, three = (make.account_id(n) for n in (1, 2, 3))
    assert shown(pair) == {
        ("cus_1", one, "One"),
        ("cus_2", None, "Two"),
        (None, two, "Account 2"),
        (None, three, "Account 3"),
    }
    assert pair.entries.counts() == {State.NEW: 2, State.SALESFORCE_ONLY: 2}
    assert pair.entries.dirty(10) == ["cus_1"]


def test_linking_with_another_account_frees_the_first(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    pair.links.put([make.link("cus_1", 2)])
    assert ("cus_1", make.account_id(2), "One") in shown(pair)
    assert (None, make.account_id(1), "Account 1") in shown(pair)
    assert len(shown(pair)) == 4


def test_two_customers_can_swap_accounts(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1), make.link("cus_2", 2)])
    pair.links.put([make.link("cus_1", 2), make.link("cus_2", 1)])
    assert pair.accounts.linked(make.account_id(1)) == "cus_2"
    assert shown(pair) == {
        ("cus_1", make.account_id(2), "One"),
        ("cus_2", make.account_id(1), "Two"),
        (None, make.account_id(3), "Account 3"),
    }


def test_an_account_that_is_taken_is_refused_and_nothing_changes(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    before = shown(pair)
    with pytest.raises(Conflict) as refusal:
        pair.links.put([make.link("cus_2", 1)])
    assert make.account_id(1) in refusal.value.message
    assert "cus_1" in refusal.value.message
    assert refusal.value.advice
    with pytest.raises(Conflict):
        pair.links.put([make.link("cus_1", 3), make.link("cus_2", 3)])
    assert shown(pair) == before
    assert pair.links.get("cus_1") == make.link("cus_1", 1)


def test_removing_links_gives_accounts_their_rows_back(pair: Cache, make) -> None:
    before = shown(pair)
    pair.links.put([make.link("cus_1", 1), make.link("cus_2", 2)])
    clean(pair)
    assert pair.links.remove(["cus_1", "cus_2", "cus_3"], make.later) == 2
    assert shown(pair) == before
    assert pair.entries.dirty(10) == ["cus_1", "cus_2"]
    assert pair.links.count() == 0


def test_a_deleted_account_gets_no_row_back(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    pair.accounts.put([make.account(1, "Account 1", deleted=True)], make.later, "poll")
    pair.links.remove(["cus_1"], make.later)
    assert make.account_id(1) not in {account for _, account, _ in shown(pair)}


def test_whoever_competes_for_an_account_is_planned_again(cache: Cache, make) -> None:
    site = {"Website": "acme.example"}
    cache.customers.put(
        [make.customer("cus_1", values=site), make.customer("cus_2", values=site)], make.at, "poll"
    )
    cache.accounts.put([make.account(1, values=site)], make.at, "poll")
    clean(cache)
    cache.links.put([make.link("cus_1", 1)])
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]
    clean(cache)
    cache.links.remove(["cus_1"], make.later)
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]


def test_a_link_may_come_before_its_records(cache: Cache, make) -> None:
    cache.links.put([make.link("cus_1", 1)])
    cache.accounts.put([make.account(1)], make.at, "poll")
    assert shown(cache) == set()
    cache.customers.put([make.customer("cus_1")], make.at, "poll")
    assert shown(cache) == {("cus_1", make.account_id(1), "Acme")}


def test_base_moves_only_for_the_keys_given(pair: Cache, make) -> None:
    pair.links.put(
        [make.link("cus_1", 1, base={"Name": "One", "BillingCity": "Paris"}), make.link("cus_2", 2)]
    )
    pair.links.set_base(
        [
            ("cus_1", {"BillingCity": None}),
            ("cus_1", {"Website": "one.example"}),
            ("cus_2", {"Name": "Two"}),
            ("cus_3", {"Name": "Nobody"}),
        ]
    )
    links = pair.links.many(["cus_1", "cus_2"])
    assert links["cus_1"].base == {"Name": "One", "BillingCity": None, "Website": "one.example"}
    assert links["cus_2"].base == {"Name": "Two"}


def test_the_contact_of_a_link_can_be_set(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    pair.links.set_contacts([("cus_1", make.contact_id(5))])
    assert pair.links.get("cus_1") == replace(make.link("cus_1", 1), contact_id=make.contact_id(5))
    pair.links.set_contacts([("cus_1", None)])
    assert pair.links.get("cus_1") == make.link("cus_1", 1)


def test_a_pinned_subscription_is_kept_with_the_link(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 1)])
    clean(pair)
    pair.entries.set_pinned("cus_1", "sub_2")
    assert pair.subjects(["cus_1"])[0].link == make.link("cus_1", 1, pinned_subscription="sub_2")
    assert pair.entries.dirty(10) == ["cus_1"]
    pair.entries.set_pinned("cus_1", None)
    assert pair.links.get("cus_1") == make.link("cus_1", 1)


def test_nothing_can_be_pinned_without_a_link(pair: Cache) -> None:
    with pytest.raises(UsageError, match="isn't linked"):
        pair.entries.set_pinned("cus_1", "sub_1")
    assert pair.entries.dirty(10) == []


def test_subjects_join_everything_known(pair: Cache, make) -> None:
    mail = {"Contact.Email": "ada@one.example"}
    customer = make.customer("cus_1", "One", values=mail)
    pair.customers.put([customer], make.at, "poll")
    pair.subscriptions.put([make.subscription(details=make.details())], make.at, "poll")
    pair.contacts.put(
        [make.contact(1, 1, "ada@one.example"), make.contact(2, 1, "eve@one.example")], make.at, "poll"
    )
    pair.links.put([make.link("cus_1", 1)])
    two, one = pair.subjects(["cus_2", "nobody", "cus_1"])
    assert two.customer == make.customer("cus_2", "Two")
    assert (two.subscriptions, two.account, two.contact, two.link, two.match) == ((), None, None, None, None)
    assert one.customer == customer
    assert one.subscriptions == (make.subscription(details=make.details()),)
    assert one.account == make.account(1, "Account 1")
    assert one.contact == make.contact(1, 1, "ada@one.example")
    assert one.link == make.link("cus_1", 1)
    pair.links.set_contacts([("cus_1", make.contact_id(2))])
    assert pair.subjects(["cus_1"])[0].contact == make.contact(2, 1, "eve@one.example")


def test_a_link_to_an_account_never_seen_has_no_account(pair: Cache, make) -> None:
    pair.links.put([make.link("cus_1", 77)])
    subject = pair.subjects(["cus_1"])[0]
    assert subject.link == make.link("cus_1", 77)
    assert subject.account is None


def test_subjects_take_a_handful_of_queries_whatever_their_number(cache: Cache, make) -> None:
    ids = [f"cus_{n:04}" for n in range(900)]
    cache.customers.put(
        (make.customer(id_, values={"Contact.Email": f"{id_}@x.example"}) for id_ in ids), make.at, "poll"
    )
    cache.accounts.put((make.account(n) for n in range(900)), make.at, "poll")
    cache.links.put(make.link(id_, n) for n, id_ in enumerate(ids))
    statements: list[str] = []
    cache._db.raw.set_trace_callback(statements.append)
    assert [subject.customer.id for subject in cache.subjects(ids)] == ids
    cache._db.raw.set_trace_callback(None)
    assert len(statements) <= 6


def test_what_an_undo_holds_apart_ends_where_both_agree_again(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    cache.accounts.put([make.account()], make.at, "poll")
    cache.links.put([make.link(base={"Name": "Acme", "BillingCity": "Rome"})])
    city, alias = Held("Rome", None, 7), Held("a\nb", make.account_id(1), 7)
    cache.links.hold([("cus_1", {"BillingCity": city, "aliases": alias}), ("cus_unknown", {"Name": city})])
    assert cache.links.get("cus_1").held == {"BillingCity": city, "aliases": alias}
    cache.links.set_base([("cus_1", {"BillingCity": "Bern"})])
    cache.links.hold([("cus_1", {"aliases": None})])
    link = cache.links.get("cus_1")
    assert link.held == {}
    assert link.base == {"Name": "Acme", "BillingCity": "Bern"}
