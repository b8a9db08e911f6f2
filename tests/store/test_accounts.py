"""Accounts and contacts: what is stored, what matching finds, and whom a change concerns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.records import State
from console.store.accounts import MOST
from console.store.cache import Cache

CUSTOMER_ID = "Alguna_Customer_ID__c"


def clean(cache: Cache) -> None:
    cache._db.execute("UPDATE entries SET dirty = 0")


def names(accounts) -> list[str]:
    return [account.name for account in accounts]


def test_an_account_comes_back_as_it_was_given(cache: Cache, make) -> None:
    given = make.account(
        values={"BillingCity": None, "Website": "acme.example"},
        modified_by="Ada",
        created_at="2020-01-01T00:00:00Z",
        deleted=True,
        merged_into=make.account_id(2),
    )
    assert cache.accounts.put([given], make.at, "poll") == [given.id]
    assert cache.accounts.get(given.id) == given
    assert cache.accounts.get(make.account_id(9)) is None
    assert cache.accounts.count() == 0


def test_a_moved_stamp_or_another_editor_alone_is_kept_and_is_no_change(cache: Cache, make) -> None:
    cache.accounts.put([make.account(modified_by="Ada")], make.at, "poll")
    touched = make.account(modified_by="Bob", modstamp=make.later)
    assert cache.accounts.put([touched], make.later, "poll") == []
    assert cache.accounts.get(touched.id) == touched


@pytest.mark.parametrize(
    "change",
    [
        {"name": "B"},
        {"values": {}},
        {"deleted": True},
        {"merged_into": "001000000000002AAA"},
    ],
    ids=str,
)
def test_every_part_of_an_account_counts(cache: Cache, make, change: dict[str, object]) -> None:
    cache.accounts.put([make.account()], make.at, "poll")
    changed = replace(make.account(), **change)
    assert cache.accounts.put([changed], make.later, "poll") == [changed.id]
    assert cache.accounts.get(changed.id) == changed


def test_dates_that_a_reply_does_not_tell_stay_known(cache: Cache, make) -> None:
    full = make.account(modified_by="Ada", created_at="2020-01-01T00:00:00Z")
    person = make.contact(1, 1, "a@acme.example", created_at="2020-01-01T00:00:00Z")
    cache.accounts.put([full], make.at, "poll")
    cache.contacts.put([person], make.at, "poll")
    same = replace(full, modstamp="", modified_by="", created_at="")
    assert cache.accounts.put([same], make.later, "reply") == []
    assert cache.accounts.get(full.id) == full
    assert cache.accounts.put([replace(same, name="B")], make.later, "reply") == [full.id]
    assert cache.accounts.get(full.id) == replace(full, name="B")
    cache.contacts.put([replace(person, modstamp="", created_at="", values={})], make.later, "reply")
    assert cache.contacts.get(person.id) == replace(person, values={})


def test_accounts_are_found_by_customer_id_exactly(cache: Cache, make) -> None:
    cache.accounts.put(
        [
            make.account(1, "A", values={CUSTOMER_ID: "cus_1"}),
            make.account(2, "B", values={CUSTOMER_ID: "CUS_1"}),
        ],
        make.at,
        "poll",
    )
    assert names(cache.accounts.by_customer_id("cus_1")) == ["A"]
    assert cache.accounts.by_customer_id("cus_2") == []


def test_accounts_are_found_by_ids_of_both_lengths(cache: Cache, make) -> None:
    cache.accounts.put([make.account(1, "A"), make.account(2, "B"), make.account(3, "C")], make.at, "poll")
    wanted = [make.account_id(1)[:15], make.account_id(3), "erp-7", "", make.account_id(9)]
    assert names(cache.accounts.by_ids(wanted)) == ["A", "C"]


def test_a_merged_account_stands_for_where_it_went(cache: Cache, make) -> None:
    gone = [make.account(n, deleted=True, merged_into=make.account_id(n + 1)) for n in (1, 2)]
    circle = [
        make.account(8, deleted=True, merged_into=make.account_id(9)),
        make.account(9, deleted=True, merged_into=make.account_id(8)),
    ]
    cache.accounts.put([*gone, make.account(3, "Winner"), *circle], make.at, "poll")
    assert names(cache.accounts.by_ids([make.account_id(1)])) == ["Winner"]
    assert cache.accounts.by_ids([make.account_id(8)]) == []


def test_accounts_are_found_by_website_and_by_a_contacts_business_address(cache: Cache, make) -> None:
    cache.accounts.put(
        [
            make.account(1, "Site", values={"Website": "https://www.acme.example/about"}),
            make.account(2, "Mail"),
            make.account(3, "Free mail", values={"Website": "other.example"}),
        ],
        make.at,
        "poll",
    )
    cache.contacts.put(
        [make.contact(1, 2, "Ada@ACME.example"), make.contact(2, 3, "ada@gmail.com")], make.at, "poll"
    )
    assert names(cache.accounts.by_domain("acme.example")) == ["Site", "Mail"]
    assert cache.accounts.by_domain("gmail.com") == []
    cache.contacts.put([replace(make.contact(1, 2, "Ada@ACME.example"), deleted=True)], make.at, "poll")
    assert names(cache.accounts.by_domain("acme.example")) == ["Site"]


def test_accounts_are_found_by_their_names_key(cache: Cache, make) -> None:
    cache.accounts.put([make.account(1, "ACME, Inc."), make.account(2, "Apex")], make.at, "poll")
    assert names(cache.accounts.by_name_key("acme")) == ["ACME, Inc."]


def test_deleted_accounts_are_not_found(cache: Cache, make) -> None:
    dead = make.account(1, deleted=True, values={"Website": "acme.example", CUSTOMER_ID: "cus_1"})
    cache.accounts.put([dead], make.at, "poll")
    found = cache.accounts
    assert found.by_domain("acme.example") == found.by_name_key("acme") == found.by_customer_id("cus_1") == []
    assert found.by_ids([dead.id]) == []
    assert found.many([dead.id]) == {dead.id: dead}


def test_a_lookup_is_bounded(cache: Cache, make) -> None:
    cache.accounts.put((make.account(n) for n in range(MOST + 50)), make.at, "poll")
    assert len(cache.accounts.by_name_key("acme")) == MOST


def test_the_linked_customer_becomes_dirty_when_its_account_changes(cache: Cache, make) -> None:
    cache.customers.put([make.customer("cus_1", "One"), make.customer("cus_2", "Two")], make.at, "poll")
    cache.accounts.put([make.account(1, "Eins")], make.at, "poll")
    cache.links.put([make.link("cus_1", 1)])
    assert cache.accounts.linked(make.account_id(1)) == "cus_1"
    assert cache.accounts.linked(make.account_id(2)) is None
    clean(cache)
    cache.accounts.put([make.account(1, "Eins"), make.account(2, "Zwei")], make.later, "poll")
    assert cache.entries.dirty(10) == []
    cache.accounts.put([make.account(1, "Uno")], make.later, "poll")
    assert cache.entries.dirty(10) == ["cus_1"]
    clean(cache)
    cache.accounts.put([make.account(1, "Uno", deleted=True)], make.later, "poll")
    assert cache.entries.dirty(10) == ["cus_1"]


@pytest.mark.parametrize(
    ("customer", "account", "mail"),
    [
        ({"name": "Acme Inc"}, {"name": "ACME"}, None),
        ({"values": {"Website": "acme.example"}}, {"values": {"Website": "http://ACME.example/"}}, None),
        ({"values": {"Contact.Email": "a@acme.example"}}, {"values": {"Website": "acme.example"}}, None),
        ({"values": {"Website": "acme.example"}}, {}, "b@acme.example"),
        ({"values": {"Contact.Email": "a@acme.example"}}, {}, "b@acme.example"),
        (
            {"values": {"Website": "one.example", "Contact.Email": "a@acme.example"}},
            {"values": {"Website": "acme.example"}},
            None,
        ),
        ({"aliases": ("001000000000001",)}, {}, None),
        ({"id_": "cus_1"}, {"values": {CUSTOMER_ID: "cus_1"}}, None),
    ],
    ids=[
        "name",
        "website",
        "mail to website",
        "website to mail",
        "mail to mail",
        "second domain",
        "alias",
        "id",
    ],
)
def test_unlinked_customers_that_may_be_meant_become_dirty(
    cache: Cache, make, customer, account, mail
) -> None:
    cache.customers.put(
        [make.customer(**{"id_": "cus_1", "name": "One", **customer}), make.customer("cus_2", "Other")],
        make.at,
        "poll",
    )
    clean(cache)
    cache.accounts.put([make.account(1, **{"name": "Eins", **account})], make.at, "poll")
    if mail:
        assert cache.entries.dirty(10) == []
        cache.contacts.put([make.contact(1, 1, mail)], make.at, "poll")
    assert cache.entries.dirty(10) == ["cus_1"]


def test_linked_customers_do_not_care_for_other_accounts(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    cache.accounts.put([make.account(1)], make.at, "poll")
    cache.links.put([make.link()])
    clean(cache)
    cache.accounts.put([make.account(2, "Acme")], make.at, "poll")
    assert cache.entries.dirty(10) == []


def test_what_a_complete_pull_misses_counts_as_deleted(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    cache.accounts.put([make.account(n, f"Name {n}") for n in range(1_200)], make.at, "poll")
    cache.links.put([make.link("cus_1", 1)])
    clean(cache)
    cache.accounts.begin_full_pull()
    cache.accounts.put([make.account(0, "Name 0")], make.later, "poll")
    assert cache.accounts.end_full_pull(make.later) == 1_199
    assert cache.entries.dirty(10) == ["cus_1"]
    assert cache.entries.counts() == {State.NEW: 1, State.SALESFORCE_ONLY: 1}
    assert cache.accounts.get(make.account_id(7)) == make.account(7, "Name 7", deleted=True)
    assert cache.accounts.put([make.account(7, "Name 7")], make.later, "poll") == [make.account_id(7)]
    assert cache.accounts.count() == 2


def test_a_contact_comes_back_as_it_was_given(cache: Cache, make) -> None:
    given = make.contact(1, 1, "a@acme.example", created_at="2020-01-01T00:00:00Z")
    assert cache.contacts.put([given], make.at, "poll") == [given.id]
    assert cache.contacts.get(given.id) == given
    moved = replace(given, modstamp=make.later)
    assert cache.contacts.put([moved], make.at, "poll") == []
    assert cache.contacts.many([given.id, "none"]) == {given.id: moved}
    assert cache.contacts.of([make.account_id(1), make.account_id(2)]) == {
        make.account_id(1): (moved,),
        make.account_id(2): (),
    }
    cache.contacts.put([replace(moved, deleted=True)], make.at, "poll")
    assert cache.contacts.of([make.account_id(1)]) == {make.account_id(1): ()}
    assert cache.contacts.count() == 0


def test_a_changed_contact_makes_linked_customers_dirty(cache: Cache, make) -> None:
    cache.customers.put([make.customer(f"cus_{n}", f"Name {n}") for n in (1, 2, 3)], make.at, "poll")
    cache.contacts.put([make.contact(1, 1), make.contact(2, 3)], make.at, "poll")
    cache.links.put(
        [make.link("cus_1", 1), make.link("cus_2", 2), make.link("cus_3", 9, contact_id=make.contact_id(2))]
    )
    clean(cache)
    cache.contacts.put([make.contact(1, 1, "new@acme.example")], make.later, "poll")
    assert cache.entries.dirty(10) == ["cus_1"]
    clean(cache)
    cache.contacts.put(
        [make.contact(1, 2, "new@acme.example")], make.later, "poll"
    )  # moved to another account
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]
    clean(cache)
    cache.contacts.put([make.contact(2, 3, "c@acme.example")], make.later, "poll")  # linked from afar
    assert cache.entries.dirty(10) == ["cus_3"]


def test_contacts_a_complete_pull_misses_count_as_deleted(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    cache.links.put([make.link()])
    cache.contacts.put([make.contact(n, 1) for n in range(1_100)], make.at, "poll")
    clean(cache)
    cache.contacts.begin_full_pull()
    assert cache.contacts.end_full_pull(make.later) == 1_100
    assert cache.contacts.count() == 0
    assert cache.entries.dirty(10) == ["cus_1"]


def test_the_customers_contact_is_the_linked_one_then_the_oldest_with_its_address(cache: Cache, make) -> None:
    account = make.account_id(1)
    linked = make.contact(1, 1, "other@acme.example")
    younger = make.contact(2, 1, "ada@acme.example", created_at="2021-01-01T00:00:00Z")
    older = make.contact(3, 1, " Ada@Acme.Example", created_at="2020-01-01T00:00:00Z")
    elsewhere = make.contact(4, 2, "ada@acme.example", created_at="2019-01-01T00:00:00Z")
    cache.contacts.put([linked, younger, older, elsewhere], make.at, "poll")
    best = cache.contacts.best
    assert best(account, "ADA@acme.example", linked.id) == linked
    assert best(account, "ADA@acme.example") == older
    assert best(account, "nobody@acme.example") is None
    assert best(account, None) is None
    assert best(account, "") is None
    dead = replace(linked, deleted=True)
    cache.contacts.put([dead], make.at, "poll")
    assert best(account, "ada@acme.example", linked.id) == older
    assert best(account, "nobody@acme.example", linked.id) == dead
    cache.contacts.put([replace(older, deleted=True)], make.at, "poll")
    assert best(account, "ada@acme.example") == younger


def test_when_they_were_seen(cache: Cache, make) -> None:
    cache.accounts.put([make.account()], make.at, "reply")
    cache.contacts.put([make.contact()], make.later, "event")
    account, contact = cache.accounts.seen(make.account_id(1)), cache.contacts.seen(make.contact_id(1))
    assert account is not None
    assert contact is not None
    assert (account.at, account.how, contact.at, contact.how) == (make.at, "reply", make.later, "event")
