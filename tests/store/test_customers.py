"""Customers: stored once, rewritten when they change, gone when a complete pull misses them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import StoreError
from console.store.cache import Cache


def test_a_customer_comes_back_as_it_was_given(cache: Cache, make) -> None:
    given = make.customer(
        values={"BillingCity": "Łódź", "Website": None, "Contact.Email": "a@acme.example"},
        aliases=("erp-7", "001000000000001"),
        contact_id="con_1",
        contacts=3,
    )
    assert cache.customers.put([given], make.at, "poll") == ["cus_1"]
    back = cache.customers.get("cus_1")
    assert back == given
    assert back is not None
    assert "Website" in back.values
    assert "BillingStreet" not in back.values  # unknown stays unknown


def test_only_what_changed_is_told_and_dirty(cache: Cache, make) -> None:
    one, two = make.customer("cus_1"), make.customer("cus_2")
    cache.customers.put([one, two], make.at, "poll")
    settle_all(cache)
    changed = replace(two, values={"Name": "Acme", "BillingCity": "Paris"})
    assert cache.customers.put([one, changed], make.later, "event") == ["cus_2"]
    assert cache.entries.dirty(10) == ["cus_2"]
    assert cache.customers.put([one, changed], make.later, "event") == []


def test_the_order_of_values_is_no_change(cache: Cache, make) -> None:
    cache.customers.put([make.customer(values={"A": "1", "B": "2"})], make.at, "poll")
    assert cache.customers.put([make.customer(values={"B": "2", "A": "1"})], make.at, "poll") == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Acme 2"},
        {"values": {"Name": None}},
        {"values": {}},
        {"aliases": ("x",)},
        {"contact_id": "con_2"},
        {"contacts": 1},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"gone": True},
    ],
    ids=str,
)
def test_every_part_of_a_customer_counts(cache: Cache, make, change: dict[str, object]) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    assert cache.customers.put([replace(make.customer(), **change)], make.later, "poll") == ["cus_1"]
    assert cache.customers.get("cus_1") == replace(make.customer(), **change)


def test_a_moved_date_alone_is_kept_and_is_no_change(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    settle_all(cache)
    moved = make.customer(updated_at=make.later)
    assert cache.customers.put([moved], make.later, "event") == []
    assert cache.customers.get("cus_1") == moved
    assert cache.entries.dirty(10) == []


def test_when_and_how_the_present_content_was_first_seen(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    cache.customers.put([make.customer()], make.later, "event")
    seen = cache.customers.seen("cus_1")
    assert seen is not None
    assert (seen.at, seen.how) == (make.at, "poll")
    cache.customers.put([make.customer(name="B")], make.later, "event")
    seen = cache.customers.seen("cus_1")
    assert seen is not None
    assert (seen.at, seen.how) == (make.later, "event")
    assert cache.customers.seen("cus_2") is None


def test_the_last_of_two_observations_in_one_go_stands(cache: Cache, make) -> None:
    cache.customers.put([make.customer(name="A"), make.customer(name="B")], make.at, "poll")
    assert cache.customers.many(["cus_1", "none"]) == {"cus_1": make.customer(name="B")}


def test_more_than_a_chunk_is_stored_and_read(cache: Cache, make) -> None:
    ids = [f"cus_{i:05}" for i in range(2_345)]
    assert cache.customers.put((make.customer(id_) for id_ in ids), make.at, "poll") == ids
    assert list(cache.customers.many(iter(ids))) == ids
    assert cache.customers.count() == 2_345


def test_an_error_of_the_source_leaves_nothing(cache: Cache, make) -> None:
    def source():
        for i in range(1_500):
            yield make.customer(f"cus_{i}")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.customers.put(source(), make.at, "poll")
    assert cache.customers.count() == 0
    assert cache.entries.counts() == {}


def test_customers_are_found_by_alias(cache: Cache, make) -> None:
    account = make.account_id(7)
    cache.customers.put(
        [make.customer("cus_1", aliases=(account[:15], "erp")), make.customer("cus_2", aliases=("erp",))],
        make.at,
        "poll",
    )
    assert [c.id for c in cache.customers.by_alias(account)] == ["cus_1"]
    assert [c.id for c in cache.customers.by_alias(account[:15])] == ["cus_1"]
    assert [c.id for c in cache.customers.by_alias("erp")] == ["cus_1", "cus_2"]
    cache.customers.put([make.customer("cus_1", aliases=())], make.at, "poll")
    assert [c.id for c in cache.customers.by_alias("erp")] == ["cus_2"]


def test_what_a_complete_pull_misses_is_gone_and_dirty(cache: Cache, make) -> None:
    everybody = [make.customer(f"cus_{i:04}") for i in range(2_500)]
    cache.customers.put(everybody, make.at, "poll")
    settle_all(cache)
    cache.customers.begin_full_pull()
    cache.customers.put((c for c in everybody if c.id not in {"cus_0003", "cus_2400"}), make.later, "poll")
    assert cache.customers.end_full_pull(make.later) == 2
    assert cache.entries.dirty(10) == ["cus_0003", "cus_2400"]
    assert cache.customers.count() == 2_498
    gone = cache.customers.get("cus_0003")
    assert gone == replace(everybody[3], gone=True)


def test_a_customer_that_comes_back_is_there_again(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    for _ in range(2):  # the second pull finds nothing new to be gone
        cache.customers.begin_full_pull()
        cache.customers.end_full_pull(make.at)
    settle_all(cache)
    assert cache.customers.put([make.customer()], make.later, "poll") == ["cus_1"]
    assert cache.entries.dirty(10) == ["cus_1"]
    assert cache.customers.get("cus_1") == make.customer()


def test_a_pull_begun_again_starts_afresh(cache: Cache, make) -> None:
    cache.customers.begin_full_pull()
    cache.customers.put([make.customer()], make.at, "poll")
    cache.customers.begin_full_pull()
    assert cache.customers.end_full_pull(make.at) == 1


def test_a_pull_that_was_not_begun_cannot_end(cache: Cache, make) -> None:
    cache.customers.put([make.customer()], make.at, "poll")
    with pytest.raises(RuntimeError, match="begun"):
        cache.customers.end_full_pull(make.at)
    assert cache.customers.count() == 1


def test_a_rival_that_changes_or_goes_makes_the_other_dirty(cache: Cache, make) -> None:
    site = {"Website": "https://www.acme.example/"}
    one, two = (
        make.customer("cus_1", values=site),
        make.customer("cus_2", values={"Contact.Email": "x@acme.example"}),
    )
    cache.customers.put([one, two, make.customer("cus_3")], make.at, "poll")
    settle_all(cache)
    cache.customers.put([replace(one, values={"Name": "Acme"})], make.later, "poll")
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]
    settle_all(cache)
    cache.customers.put([one], make.later, "poll")
    settle_all(cache)
    cache.customers.begin_full_pull()
    cache.customers.put([one, make.customer("cus_3")], make.later, "poll")
    cache.customers.end_full_pull(make.later)
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]


def test_unlinked_customers_of_an_accounts_domains_are_found(cache: Cache, make) -> None:
    site, mail = {"Website": "acme.example"}, {"Contact.Email": "a@beta.example"}
    cache.customers.put(
        [
            make.customer("cus_1", values=site),
            make.customer("cus_2", values=mail),
            make.customer("cus_3", values={**site, **mail}),
            make.customer("cus_4", values=site),
            make.customer("cus_5", values=site, gone=True),
            make.customer("cus_6"),
        ],
        make.at,
        "poll",
    )
    cache.accounts.put([make.account(1, values=site), make.account(2)], make.at, "poll")
    cache.contacts.put(
        [make.contact(1, 2, "b@beta.example"), make.contact(2, 2, deleted=True)], make.at, "poll"
    )
    cache.links.put([make.link("cus_4", 9)])
    alike = cache.customers.unlinked_like
    assert alike([make.account_id(1)]) == ["cus_1", "cus_3"]
    assert alike([make.account_id(2)]) == ["cus_2", "cus_3"]
    assert alike([make.account_id(1), make.account_id(2)], limit=2) == ["cus_1", "cus_2"]
    assert alike([]) == []


def test_ids_come_in_order_and_in_parts_without_those_gone(cache: Cache, make) -> None:
    customers = [make.customer(f"cus_{n}", gone=n == 2) for n in range(5)]
    cache.customers.put(reversed(customers), make.at, "poll")
    assert cache.customers.ids(2) == ["cus_0", "cus_1"]
    assert cache.customers.ids(5, "cus_1") == ["cus_3", "cus_4"]


def test_parts_that_fail_inside_a_transaction_leave_the_rest(cache: Cache, make) -> None:
    with cache.transaction():
        cache.customers.put([make.customer("cus_1")], make.at, "poll")
        with pytest.raises(StoreError):
            cache.customers.put([make.customer("cus_2"), make.customer(None)], make.at, "poll")
    assert cache.customers.count() == 1
    assert cache.entries.dirty(10) == ["cus_1"]


def settle_all(cache: Cache) -> None:
    cache._db.execute("UPDATE entries SET dirty = 0")
