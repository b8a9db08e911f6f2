"""Subscriptions, and the details that are fetched one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.store.cache import Cache


@pytest.fixture
def settled(cache: Cache, make) -> Cache:
    """Two customers; nothing is dirty."""
    cache.customers.put([make.customer("cus_1"), make.customer("cus_2")], make.at, "poll")
    clean(cache)
    return cache


def clean(cache: Cache) -> None:
    cache._db.execute("UPDATE entries SET dirty = 0")


def test_a_subscription_comes_back_as_it_was_given(settled: Cache, make) -> None:
    given = make.subscription(
        starts_at="2026-01-01T00:00:00Z",
        ends_at=None,
        activated_at="2026-01-01T00:00:00Z",
        canceled_at="2026-05-01T00:00:00Z",
        knows_canceled_at=True,
        version_id="ver_1",
        details=make.details(),
    )
    assert settled.subscriptions.put([given], make.at, "poll") == ["sub_1"]
    assert settled.subscriptions.get("sub_1") == given
    assert settled.subscriptions.of(["cus_2", "cus_1"]) == {"cus_2": (), "cus_1": (given,)}
    assert settled.subscriptions.get("sub_2") is None
    assert settled.subscriptions.count() == 1


def test_subscriptions_of_a_customer_come_in_order(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription(f"sub_{i}") for i in (3, 1, 2)], make.at, "poll")
    assert [s.id for s in settled.subscriptions.of(["cus_1"])["cus_1"]] == ["sub_1", "sub_2", "sub_3"]


def test_a_change_makes_the_customer_dirty_once(settled: Cache, make) -> None:
    subscriptions = [
        make.subscription("sub_1"),
        make.subscription("sub_2"),
        make.subscription("sub_3", "cus_2"),
    ]
    assert settled.subscriptions.put(subscriptions, make.at, "poll") == ["sub_1", "sub_2", "sub_3"]
    assert settled.entries.dirty(10) == ["cus_1", "cus_2"]
    clean(settled)
    subscriptions[1] = replace(subscriptions[1], status="canceled")
    assert settled.subscriptions.put(subscriptions, make.later, "poll") == ["sub_2"]
    assert settled.entries.dirty(10) == ["cus_1"]
    assert settled.subscriptions.put(subscriptions, make.later, "poll") == []


def test_details_stay_while_the_subscription_does(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription(details=make.details())], make.at, "poll")
    assert settled.subscriptions.put([make.subscription()], make.later, "poll") == []
    settled.subscriptions.put([make.subscription(name="Platinum")], make.later, "poll")
    kept = settled.subscriptions.get("sub_1")
    assert kept == make.subscription(name="Platinum", details=make.details())


def test_details_go_when_the_subscription_moves(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription(details=make.details())], make.at, "poll")
    clean(settled)
    moved = make.subscription(updated_at=make.later)
    assert settled.subscriptions.put([moved], make.later, "poll") == ["sub_1"]
    assert settled.subscriptions.get("sub_1") == moved
    assert settled.entries.dirty(10) == ["cus_1"]


def test_details_of_an_older_state_are_not_taken(settled: Cache, make) -> None:
    stale = make.subscription(updated_at=make.later, details=make.details(of_update=make.at))
    settled.subscriptions.put([stale], make.later, "poll")
    assert settled.subscriptions.get("sub_1") == replace(stale, details=None)
    rows = [("sub_1", make.details(of_update=make.at)), ("sub_none", make.details())]
    assert settled.subscriptions.put_details(rows, make.later) == []


def test_details_that_are_news_make_the_customer_dirty(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription()], make.at, "poll")
    clean(settled)
    assert settled.subscriptions.put_details([("sub_1", make.details())], make.later) == ["sub_1"]
    assert settled.entries.dirty(10) == ["cus_1"]
    clean(settled)
    assert settled.subscriptions.put_details([("sub_1", make.details())], make.later) == ["sub_1"]
    assert settled.entries.dirty(10) == []
    assert settled.subscriptions.put_details([("sub_1", make.details(value="200.00"))], make.later) == [
        "sub_1"
    ]
    assert settled.entries.dirty(10) == ["cus_1"]


def test_a_subscription_that_moves_makes_both_customers_dirty(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription()], make.at, "poll")
    clean(settled)
    changed = settled.subscriptions.put([make.subscription(customer="cus_2")], make.later, "poll")
    assert changed == ["sub_1"]
    assert settled.entries.dirty(10) == ["cus_1", "cus_2"]
    assert settled.subscriptions.of(["cus_1"])["cus_1"] == ()


def test_subscriptions_may_be_seen_before_their_customer(cache: Cache, make) -> None:
    cache.subscriptions.put([make.subscription()], make.at, "poll")
    cache.customers.put([make.customer()], make.at, "poll")
    assert cache.subjects(["cus_1"])[0].subscriptions == (make.subscription(),)


def test_what_a_complete_pull_misses_is_forgotten(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription(f"sub_{i:04}") for i in range(1_500)], make.at, "poll")
    settled.subscriptions.put([make.subscription("sub_x", "cus_2")], make.at, "poll")
    clean(settled)
    settled.subscriptions.begin_full_pull()
    settled.subscriptions.put([make.subscription("sub_x", "cus_2")], make.later, "poll")
    assert settled.subscriptions.end_full_pull(make.later) == 1_500
    assert settled.subscriptions.count() == 1
    assert settled.entries.dirty(10) == ["cus_1"]
    with pytest.raises(RuntimeError):
        settled.subscriptions.end_full_pull(make.later)


def test_when_it_was_seen(settled: Cache, make) -> None:
    settled.subscriptions.put([make.subscription()], make.at, "event")
    seen = settled.subscriptions.seen("sub_1")
    assert seen is not None
    assert (seen.at, seen.how) == (make.at, "event")
