"""The rows of the accounts screen: states, counts, what is due, what a person asked for."""

from __future__ import annotations

import pytest

from console.domain.records import State
from console.store.cache import Cache
from console.store.entries import Settled


@pytest.fixture
def five(cache: Cache, make) -> Cache:
    """Customers cus_0 to cus_4, all new."""
    cache.customers.put([make.customer(f"cus_{n}", f"Name {n}") for n in range(5)], make.at, "poll")
    return cache


def settle(cache: Cache, **states: State) -> None:
    cache.entries.settle(Settled(id_, state, 1, f"{id_} is {state}") for id_, state in states.items())


def test_what_is_due_comes_in_order_and_in_parts(five: Cache) -> None:
    assert five.entries.dirty(2) == ["cus_0", "cus_1"]
    assert five.entries.dirty(2, "cus_1") == ["cus_2", "cus_3"]
    assert five.entries.dirty(2, "cus_3") == ["cus_4"]
    assert five.entries.dirty(2, "cus_4") == []
    assert five.entries.dirty_count() == 5


def test_settling_notes_where_customers_stand(five: Cache, make) -> None:
    five.entries.settle(
        [
            Settled("cus_0", State.PENDING, 2, "Alguna moved.", "Active 1 of 2"),
            Settled("cus_1", State.REVIEW, 0, "Two accounts fit."),
            Settled("nobody", State.REVIEW, 0, "Not known."),
            Settled("cus_1", State.IN_SYNC, 0, "The later word."),
        ]
    )
    entry = five.entries.get("cus_0")
    assert entry is not None
    assert (entry.state, entry.differs, entry.why) == (State.PENDING, 2, "Alguna moved.")
    assert (entry.subscription, entry.dirty, entry.changed_at) == ("Active 1 of 2", False, make.at)
    assert five.entries.dirty(10) == ["cus_2", "cus_3", "cus_4"]
    assert five.entries.counts() == {State.PENDING: 1, State.IN_SYNC: 1, State.NEW: 3}


def test_counts_follow_every_move(five: Cache, make) -> None:
    settle(five, cus_0=State.IN_SYNC, cus_1=State.IN_SYNC)
    settle(five, cus_0=State.CONFLICT, cus_1=State.IN_SYNC)
    five.accounts.put([make.account(n) for n in range(4)], make.at, "poll")
    five.accounts.put([make.account(0, deleted=True)], make.at, "poll")
    five.links.put([make.link("cus_0", 1)])
    counts = five.entries.counts()
    assert counts == {State.CONFLICT: 1, State.IN_SYNC: 1, State.NEW: 3, State.SALESFORCE_ONLY: 2}
    assert all(isinstance(state, State) for state in counts)


def test_customers_can_be_marked_due_by_id_by_state_and_all(five: Cache, make) -> None:
    five.accounts.put([make.account(1)], make.at, "poll")
    settle(five, **{f"cus_{n}": State.IN_SYNC if n < 3 else State.REFUSED for n in range(5)})
    assert five.entries.mark_dirty(["cus_1", "cus_4", "nobody"]) == 2
    assert five.entries.mark_dirty(iter(["cus_1"])) == 0
    assert five.entries.dirty(10) == ["cus_1", "cus_4"]
    assert five.entries.mark_dirty(State.REFUSED) == 1
    assert five.entries.mark_dirty("all") == 2
    assert five.entries.dirty_count() == 5


def test_accounts_without_a_customer_are_never_due(cache: Cache, make) -> None:
    cache.accounts.put([make.account(1)], make.at, "poll")
    assert cache.entries.mark_dirty("all") == 0
    assert cache.entries.mark_dirty(State.SALESFORCE_ONLY) == 0
    assert cache.entries.dirty(10) == []


def test_an_import_is_asked_for_once(five: Cache) -> None:
    settle(five, cus_0=State.NOT_IMPORTED, cus_1=State.NOT_IMPORTED, cus_2=State.NOT_IMPORTED)
    assert five.entries.request_import(["cus_0", "cus_1"]) == 2
    assert five.entries.request_import(["cus_1", "cus_2", "nobody"]) == 1
    assert five.entries.imported(["cus_0", "cus_2", "cus_4", "nobody"]) == {"cus_0", "cus_2"}
    assert five.entries.dirty(10) == ["cus_0", "cus_1", "cus_2", "cus_3", "cus_4"]
    settle(five, cus_0=State.IN_SYNC)
    assert five.entries.imported(["cus_0"]) == {"cus_0"}


def test_a_changed_record_keeps_its_rows_state_until_it_is_planned(five: Cache, make) -> None:
    settle(five, cus_0=State.IN_SYNC)
    five.customers.put([make.customer("cus_0", "New name")], make.later, "poll")
    entry = five.entries.get("cus_0")
    assert entry is not None
    assert (entry.state, entry.name, entry.changed_at, entry.dirty) == (
        State.IN_SYNC,
        "New name",
        make.later,
        True,
    )


def test_rows_are_found_by_any_id_and_by_name(cache: Cache, make) -> None:
    cache.customers.put(
        [
            make.customer("cus_1", "Société Générale"),
            make.customer("cus_2", "ACME"),
            make.customer("cus_3", "Acme"),
        ],
        make.at,
        "poll",
    )
    cache.accounts.put([make.account(1, "One"), make.account(2, "Only here")], make.at, "poll")
    cache.links.put([make.link("cus_1", 1)])
    find = cache.entries.find
    assert find(" cus_2 ") == ["cus_2"]
    assert find(make.account_id(1)) == ["cus_1"]
    assert find(make.account_id(1)[:15]) == ["cus_1"]
    assert find(make.account_id(2)) == [make.account_id(2)]
    assert find("only HERE") == [make.account_id(2)]
    assert find("societe generale") == ["cus_1"]
    assert find("acme") == ["cus_2", "cus_3"]
    assert find("Acme") == ["cus_3"]
    assert find("acm") == []
    assert find("") == []
    assert find("%") == []


def test_a_row_is_found_by_its_accounts_id_too(five: Cache, make) -> None:
    five.accounts.put([make.account(1)], make.at, "poll")
    five.links.put([make.link("cus_3", 1)])
    entry = five.entries.get(make.account_id(1))
    assert entry is not None
    assert (entry.customer_id, entry.account_id) == ("cus_3", make.account_id(1))
    assert five.entries.get("nobody") is None


def test_an_account_that_is_deleted_and_restored_has_one_row(cache: Cache, make) -> None:
    cache.accounts.put([make.account(1)], make.at, "poll")
    cache.accounts.put([make.account(1, deleted=True)], make.at, "poll")
    assert cache.entries.counts() == {}
    cache.accounts.put([make.account(1, "Back")], make.at, "poll")
    assert cache.entries.find("Back") == [make.account_id(1)]
    assert cache.entries.counts() == {State.SALESFORCE_ONLY: 1}


def test_more_than_a_chunk_is_settled(cache: Cache, make) -> None:
    ids = [f"cus_{n:05}" for n in range(2_100)]
    cache.customers.put((make.customer(id_) for id_ in ids), make.at, "poll")
    cache.entries.settle(Settled(id_, State.IN_SYNC, 0, "Same on both sides.") for id_ in ids)
    assert cache.entries.counts() == {State.IN_SYNC: 2_100}
    assert cache.entries.mark_dirty(ids) == 2_100
    assert cache.entries.request_import(ids) == 2_100
    assert len(cache.entries.imported(ids)) == 2_100
