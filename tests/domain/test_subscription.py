from itertools import permutations

import pytest

from console.domain.subscription import price_of, primary


def fixed(total="500.00", interval="monthly", **changes):
    return {
        "product_id": "prod_1",
        "price": {
            "type": "fixed",
            "billing_interval": interval,
            "fee_type": "fixed",
            "billing_frequency": "recurring",
            "fixed_pricing_model": {"price_per_unit": total, "units": 1, "total": total},
            **changes,
        },
    }


def metered(interval="monthly"):
    return fixed(
        "0.02", interval, type="unit", fee_type="metered", unit_pricing_model={"price_per_unit": "0.02"}
    )


# -- which one is shown -----------------------------------------------------------------------------------------------


def test_a_customer_without_subscriptions_shows_none():
    assert primary(()) is None
    assert primary((), pinned="sub_1") is None


def test_the_only_subscription_is_shown_whatever_its_state(make):
    only = make.subscription(status="canceled")
    chosen = primary((only,))
    assert chosen.subscription is only
    assert chosen.position == "1 of 1"
    assert chosen.rule == "it is the only one"


def test_the_most_alive_is_shown_in_any_order(make):
    words = ["canceled", "in_dunning", "draft", "sent", "paused", "active"]
    subscriptions = [
        make.subscription(id=word, status=word, starts_at=f"2026-01-0{place}T00:00:00Z")
        for place, word in enumerate(reversed(words), 1)
    ]
    for word in reversed(words):
        for order in permutations(subscriptions[:3]):
            assert primary((*order, *subscriptions[3:])).subscription.id == word
        assert primary(subscriptions).position == f"1 of {len(subscriptions)}"
        subscriptions = subscriptions[1:]


def test_of_equals_the_one_that_starts_last_is_shown(make):
    old = make.subscription(id="a", starts_at="2025-01-01T00:00:00Z")
    new = make.subscription(id="b", starts_at=None, activated_at="2026-03-01T00:00:00Z")
    undated = make.subscription(id="c", starts_at=None, activated_at=None)
    chosen = primary((old, undated, new))
    assert chosen.subscription is new
    assert "of 3 it starts last" in chosen.rule


def test_ties_are_decided_by_the_smallest_id(make):
    twins = [make.subscription(id=name) for name in ("sub_9", "sub_2", "sub_5")]
    for order in permutations(twins):
        chosen = primary(order)
        assert chosen.subscription.id == "sub_2"
        assert "smallest id" in chosen.rule


def test_a_pinned_one_is_shown_while_it_is_there(make):
    active, ended = make.subscription(id="a"), make.subscription(id="b", status="canceled")
    assert primary((active, ended), pinned="b").subscription is ended
    assert primary((active, ended), pinned="b").rule == "it was pinned"
    fallen_back = primary((active, ended), pinned="gone")
    assert fallen_back.subscription is active
    assert fallen_back.rule.startswith("the pinned one is no longer listed; ")


# -- what it is worth -------------------------------------------------------------------------------------------------


def test_recurring_fixed_items_are_added_up():
    assert price_of([fixed("500.00"), fixed("20.50")]) == ("monthly", "520.50")


def test_one_off_and_metered_items_do_not_count():
    one_off = fixed("9999.00", billing_frequency="one-off")
    assert price_of([fixed("500.00"), one_off, metered()]) == ("monthly", "500.00")
    assert price_of([one_off]) == (None, None)
    assert price_of([]) == (None, None)


def test_usage_alone_has_an_interval_and_no_certain_amount():
    assert price_of([metered("yearly"), metered("monthly")]) == ("monthly", "0.00")


def test_items_of_a_bundle_count_as_if_they_stood_alone():
    bundle = {
        "bundle_id": "bun_1",
        "items": [fixed("100"), {"bundle_id": "bun_2", "items": [fixed("1.5"), metered()]}],
    }
    assert price_of([bundle, fixed("0.25")]) == ("monthly", "101.75")


def test_a_bundle_of_absurd_depth_is_read_all_the_same():
    item = fixed("1.00")
    for _ in range(5000):
        item = {"bundle_id": "bun", "items": [item]}
    assert price_of([item]) == ("monthly", "1.00")


def test_of_several_intervals_the_one_that_bills_most_in_a_year_is_taken_with_its_own_items():
    assert price_of([fixed("12000.00", "yearly"), fixed("5.00", "monthly")]) == ("yearly", "12000.00")
    assert price_of([fixed("12000.00", "yearly"), fixed("1500.00", "monthly")]) == ("monthly", "1500.00")


def test_of_intervals_that_bill_alike_the_shorter_is_taken():
    items = [fixed("1200.00", "yearly"), fixed("100.00", "monthly"), fixed("300.00", "quarterly")]
    assert price_of(items) == price_of(items[::-1]) == ("monthly", "100.00")


def test_units_times_price_stand_in_for_a_missing_total_in_full_precision():
    item = fixed(type="unit", unit_pricing_model={"price_per_unit": "0.0125", "units": 1000})
    assert price_of([item]) == ("monthly", "12.50")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "tiered"},
        {"fixed_pricing_model": {}},
        {"fixed_pricing_model": {"total": "a lot"}},
        {"fixed_pricing_model": {"price_per_unit": "5.00"}},
        {"fixed_pricing_model": ["5.00"]},
        {"fixed_pricing_model": {"total": "NaN"}},
    ],
)
def test_an_amount_that_cannot_be_read_makes_the_sum_unknown_instead_of_wrong(changes):
    assert price_of([fixed("500.00"), fixed(**changes)]) == ("monthly", None)
    assert price_of([fixed("500.00"), fixed(interval="yearly", **changes)])[1] is None


def test_counted_intervals_are_understood():
    counted = {"billing_interval": None, "billing_interval_count": 3, "billing_interval_unit": "month"}
    assert price_of([fixed("500.00", **counted)]) == ("quarterly", "500.00")
    assert price_of([fixed("500.00", billing_interval=None)]) == (None, None)


def test_discounts_are_left_out_because_they_run_out():
    assert price_of([fixed("500.00", discount={"type": "percentage", "amount": "10"})]) == (
        "monthly",
        "500.00",
    )
