"""The life of a subscription, its versions and what it is worth."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal import stamps
from console.rehearsal.alguna import lifecycle, pricing

METERED = {
    "type": "graduated_tiered",
    "billing_interval": "monthly",
    "fee_type": "metered",
    "billing_direction": "arrears",
    "metric_ids": ["mtr_1"],
    "graduated_tiered_pricing_model": {
        "tiers": [{"min_units": 0, "max_units": None, "price_per_unit": "0.02"}]
    },
}


def fixed(product, each, units=1, interval="monthly", frequency="recurring"):
    price = {
        "type": "fixed",
        "billing_interval": interval,
        "fee_type": "fixed",
        "billing_direction": "advance",
        "billing_frequency": frequency,
        "fixed_pricing_model": {"price_per_unit": each, "units": units},
    }
    return {"product_id": product, "price": price}


@pytest.fixture
def active(account):
    return account.subscription(account.customer()["id"], auto_activate=True)


def test_a_new_subscription_is_a_draft_without_a_version_in_force(account):
    made = account.subscription(account.customer()["id"])
    assert made["status"] == "draft"
    assert (made["activated_at"], made["current_version_id"], made["plan_id"]) == (None, None, None)
    assert made["contract"]["start_date"] == "2026-10-01T00:00:00Z"
    assert made["contract"]["end_date"] == "2027-10-01T00:00:00Z"
    assert account.http.get(f"/subscriptions/{made['id']}/versions/current").status_code == 404
    versions = account.get(f"/subscriptions/{made['id']}/versions")["data"]
    assert [version["status"] for version in versions] == ["draft"]


def test_activating_publishes_and_doing_it_again_changes_nothing(account):
    made = account.subscription(account.customer()["id"])
    first = account.post(f"/subscriptions/{made['id']}/activate")
    assert (first["status"], first["activated_at"]) == ("active", "2026-10-15T09:00:00Z")
    account.clock.forward(days=1)
    assert account.post(f"/subscriptions/{made['id']}/activate") == first
    current = account.get(f"/subscriptions/{made['id']}/versions/current")
    assert current["id"] == first["current_version_id"]
    assert current["status"] == "published"
    assert current == account.get(f"/subscriptions/{made['id']}/versions/{current['id']}")


def test_one_that_starts_later_is_scheduled_and_starts_by_itself(account):
    contract = {"period_type": "fixed", "duration_months": 12, "start_date": "2026-12-01"}
    made = account.subscription(account.customer()["id"], contract=contract, auto_activate=True)
    assert made["status"] == "scheduled"
    assert account.http.get(f"/subscriptions/{made['id']}/versions/current").status_code == 404
    account.clock.forward(days=60)
    shown = account.get(f"/subscriptions/{made['id']}")
    assert (shown["status"], shown["activated_at"], shown["updated_at"]) == (
        "active",
        *["2026-12-01T00:00:00Z"] * 2,
    )
    assert (
        account.get(f"/subscriptions/{made['id']}/versions/current")["start_date"] == "2026-12-01T00:00:00Z"
    )


def test_a_contract_renews_by_itself_or_is_completed(account):
    customer = account.customer()["id"]
    renewing = account.subscription(customer, auto_activate=True)
    ending = account.subscription(customer, auto_activate=True, renewal={"auto_renew": False})
    assert account.get(f"/subscriptions/{renewing['id']}/billing-dates")["next_renewal_date"] == "2027-10-01"
    assert account.get(f"/subscriptions/{ending['id']}/billing-dates")["next_renewal_date"] is None
    account.clock.forward(days=366 * 2)
    assert account.get(f"/subscriptions/{renewing['id']}")["contract"]["end_date"] == "2029-10-01T00:00:00Z"
    assert account.get(f"/subscriptions/{renewing['id']}/billing-dates")["next_renewal_date"] == "2029-10-01"
    assert account.get(f"/subscriptions/{ending['id']}")["status"] == "completed"
    assert account.http.get(f"/subscriptions/{ending['id']}/versions/current").status_code == 404


def test_canceling_at_once_ends_it_and_no_version_is_in_force(account, active):
    canceled = account.post(
        f"/subscriptions/{active['id']}/cancel", {"reason": "pricing", "effective": "immediate"}
    )
    assert (canceled["status"], canceled["current_version_id"]) == ("canceled", None)
    assert account.http.get(f"/subscriptions/{active['id']}/versions/current").status_code == 404
    assert (
        account.get(f"/subscriptions/{active['id']}/versions")["data"][0]["end_date"]
        == "2026-10-15T09:00:00Z"
    )
    assert account.get(f"/subscriptions/{active['id']}/revenue")["mrr"] == "0.00"
    assert account.http.post(f"/subscriptions/{active['id']}/activate").status_code == 422


@pytest.mark.parametrize(("effective", "day"), [("end_of_term", "2027-10-01"), ("2026-11-20", "2026-11-20")])
def test_canceling_for_later_leaves_the_status_until_that_day(account, active, effective, day):
    answer = account.post(
        f"/subscriptions/{active['id']}/cancel", {"reason": "other", "effective": effective}
    )
    assert answer["status"] == "active"
    assert "_cancel" not in answer
    assert answer["canceled_at"] is None
    assert account.get(f"/subscriptions/{active['id']}/billing-dates")["next_renewal_date"] is None
    account.clock.now = stamps.moment(stamps.parse(day) - 1)
    assert account.get(f"/subscriptions/{active['id']}")["status"] == "active"
    account.clock.forward(seconds=1)
    shown = account.get(f"/subscriptions/{active['id']}")
    assert (shown["status"], shown["updated_at"]) == ("canceled", f"{day}T00:00:00Z")
    assert shown["canceled_at"] == f"{day}T00:00:00Z"
    account.options.update({"extended_fields": False})
    assert "canceled_at" not in account.get(f"/subscriptions/{active['id']}")


@pytest.mark.parametrize("body", [{}, {"reason": "bored"}, {"reason": "other", "effective": "some day"}])
def test_a_cancelation_needs_a_known_reason_and_a_time(account, active, body):
    assert account.http.post(f"/subscriptions/{active['id']}/cancel", json=body).status_code == 422
    assert account.get(f"/subscriptions/{active['id']}")["status"] == "active"


def test_a_patch_changes_name_and_billing_but_never_items_or_status(account, active):
    account.clock.forward(seconds=5)
    path = f"/subscriptions/{active['id']}"
    changed = account.patch(
        path, {"name": "New", "billing": {"payment_terms": "net_60"}, "metadata": {"a": "1", "b": "2"}}
    )
    assert changed["name"] == "New"
    assert changed["billing"] == {**active["billing"], "payment_terms": "net_60"}
    assert account.patch(path, {"metadata": {"a": None}})["metadata"] == {"b": "2"}
    assert account.patch(path, {"tag_ids": ["t1"]})
    assert [row["id"] for row in account.listed("/subscriptions", tag_ids="t1")] == [active["id"]]
    for wrong in ({"status": "canceled"}, {"items": []}, {"discount": {"type": "fixed", "amount": "5"}}):
        assert account.http.patch(path, json=wrong).status_code == 422


def test_a_change_makes_a_new_version_at_once_or_later(account, active):
    path = f"/subscriptions/{active['id']}"
    account.clock.forward(days=1)
    update = {"product_id": "prod_a", "adjust": {"fixed_pricing_model": {"units": 3}}}
    now = account.post(f"{path}/changes", {"update": [update], "description": "more seats"})
    assert now["items"][0]["price"]["fixed_pricing_model"] == {
        "price_per_unit": "500.00",
        "units": 3,
        "total": "1500.00",
    }
    assert account.get(f"{path}/versions/current")["id"] == now["id"]
    later = account.post(f"{path}/changes", {"add": [fixed("prod_b", "10.00")], "effective": "end_of_term"})
    assert later["effective_at"] == "2027-10-01T00:00:00Z"
    pending = account.get(path)["pending_changes"]
    assert [(change["version_id"], change["status"]) for change in pending] == [(later["id"], "published")]
    assert account.get(f"{path}/versions/current")["id"] == now["id"]
    account.clock.forward(days=400)
    assert account.get(f"{path}/versions/current")["id"] == later["id"]
    assert account.get(path)["pending_changes"] == []
    assert len(account.get(f"{path}/versions")["data"]) == 3


def test_a_draft_change_waits_until_it_is_published(account, active):
    path = f"/subscriptions/{active['id']}"
    draft = account.post(
        f"{path}/changes",
        {"remove": [{"product_id": "prod_a"}], "add": [fixed("prod_c", "7.00")], "draft": True},
    )
    assert draft["status"] == "draft"
    assert account.get(f"{path}/versions/current")["id"] != draft["id"]
    assert account.post(f"{path}/versions/{draft['id']}/publish")["status"] == "published"
    assert account.get(f"{path}/versions/current")["id"] == draft["id"]
    assert account.http.post(f"{path}/versions/{draft['id']}/publish").status_code == 422


def test_a_preview_computes_the_same_and_writes_nothing(account, active):
    path = f"/subscriptions/{active['id']}"
    shown = account.post(f"{path}/changes/preview", {"add": [fixed("prod_b", "100.00", interval="yearly")]})
    assert (shown["mrr"], shown["arr"]) == ("508.33", "6100.00")
    assert account.get(path) == active
    assert len(account.get(f"{path}/versions")["data"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"remove": [{"product_id": "prod_zzz"}]},
        {"update": [{"product_id": "prod_zzz", "adjust": {}}]},
        {"remove": [{"product_id": "prod_a"}]},
        {"add": [fixed("prod_b", "-1.00")]},
        {"add": "prod_b"},
    ],
)
def test_a_change_that_fits_no_item_is_refused(account, active, wrong):
    assert account.http.post(f"/subscriptions/{active['id']}/changes", json=wrong).status_code == 422
    assert len(account.get(f"/subscriptions/{active['id']}/versions")["data"]) == 1


def test_a_bundle_is_changed_inside(account):
    bundle = {"bundle_id": "bun_1", "items": [fixed("prod_a", "10.00"), fixed("prod_b", "20.00")]}
    made = account.subscription(account.customer()["id"], items=[bundle], auto_activate=True)
    path = f"/subscriptions/{made['id']}"
    update = {
        "bundle_id": "bun_1",
        "add_items": [fixed("prod_c", "5.00")],
        "remove_items": [{"product_id": "prod_a"}],
    }
    version = account.post(f"{path}/changes", {"update": [update]})
    assert [child["product_id"] for child in version["items"][0]["items"]] == ["prod_b", "prod_c"]
    assert account.get(f"{path}/revenue")["mrr"] == "25.00"
    assert account.get(f"{path}/versions/{version['id']}/items/bun_1") == version["items"][0]
    assert account.http.get(f"{path}/versions/{version['id']}/items/prod_x").status_code == 404


def test_revenue_counts_recurring_fixed_prices_only(account):
    items = [
        fixed("prod_a", "100.00", 2),
        fixed("prod_b", "600.00", interval="yearly"),
        fixed("prod_c", "999.00", frequency="one-off"),
        {"product_id": "prod_d", "price": METERED},
    ]
    made = account.subscription(account.customer()["id"], items=items, auto_activate=True)
    path = f"/subscriptions/{made['id']}"
    figures = {"mrr": "250.00", "arr": "3000.00", "acv": "3000.00"}
    assert account.get(f"{path}/revenue") == {"subscription_id": made["id"], "currency": "USD", **figures}
    version = account.get(f"{path}/versions/{made['current_version_id']}/revenue")
    assert {name: version[name] for name in figures} == figures
    assert account.get(f"/insights/revenue/subscription/{made['id']}") == {
        "currency": "USD",
        "monthly_recurring_revenue": "250.00",
        "annual_recurring_revenue": "3000.00",
        "annual_contract_value": "3000.00",
    }
    account.options.update({"money_decimals": False})
    assert account.get(f"{path}/revenue")["mrr"] == "250"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "free"), ("billing_interval", "weekly"), ("fee_type", "metered"), ("billing_direction", "up"),
        ("billing_frequency", None), ("fixed_pricing_model", None), ("fixed_pricing_model", {"price_per_unit": 5}),
        ("fixed_pricing_model", {"price_per_unit": "NaN"}),
    ],
)  # fmt: skip
def test_a_price_that_makes_no_sense_is_refused(account, field, value):
    wrong = fixed("prod_a", "5.00")
    wrong["price"][field] = value
    body = {"customer_id": account.customer()["id"], "currency": "USD", "items": [wrong]}
    assert account.http.post("/subscriptions", json=body).status_code == 422
    assert account.listed("/subscriptions") == []


@pytest.mark.parametrize("missing", ["customer_id", "currency", "items"])
def test_a_subscription_needs_customer_currency_and_items(account, missing):
    body = {"customer_id": account.customer()["id"], "currency": "USD", "items": [fixed("prod_a", "5.00")]}
    del body[missing]
    assert account.http.post("/subscriptions", json=body).status_code == 422


def test_an_unknown_customer_plan_or_subscription_is_404(account):
    body = {"customer_id": "nobody", "currency": "USD", "items": [fixed("prod_a", "5.00")]}
    assert account.http.post("/subscriptions", json=body).status_code == 404
    body = {"customer_id": account.customer()["id"], "plan_id": "pln_none"}
    assert account.http.post("/subscriptions", json=body).status_code == 404
    for path in ("", "/revenue", "/billing-dates", "/versions", "/versions/current"):
        assert account.http.get(f"/subscriptions/none{path}").status_code == 404


def test_unknown_status_words_can_be_printed(account, active):
    account.options.update({"status_words": {"active": "live"}})
    assert account.get(f"/subscriptions/{active['id']}")["status"] == "live"


def test_billing_dates_are_plain_dates_around_today(account, active):
    assert account.get(f"/subscriptions/{active['id']}/billing-dates") == {
        "valid_on_cycle_dates": [f"2026-{n}-01" for n in (11, 12)] + [f"2027-0{n}-01" for n in range(1, 10)],
        "contract_end_date": "2027-10-01",
        "current_cycle": {"start_date": "2026-10-01", "end_date": "2026-11-01"},
        "next_billing_date": "2026-11-01",
        "next_renewal_date": "2027-10-01",
        "valid_mid_cycle_range": {"start_date": "2026-10-16", "end_date": "2026-11-01"},
    }


@given(
    st.dates(stamps.day_of(0), stamps.day_of(4_000_000_000_000_000)),
    st.sampled_from([1, 3, 6, 12]),
    st.integers(0, 4000),
)
def test_today_lies_in_its_billing_cycle(start, months, later):
    from datetime import timedelta

    today = start + timedelta(days=later)
    first, after = lifecycle.cycle(start, months, today)
    assert first <= today < after
    assert (first.year * 12 + first.month - start.year * 12 - start.month) % months == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(pricing.INTERVALS)), st.decimals(0, 10**8, places=2)), max_size=5
    )
)
def test_a_year_of_bills_is_the_annual_revenue(prices):
    items = [fixed("p", str(each), interval=interval) for interval, each in prices]
    _, yearly = pricing.revenue(pricing.read_items(items, "USD")) if items else (0, Decimal(0))
    assert yearly == sum(Decimal(each) * (12 // pricing.INTERVALS[interval]) for interval, each in prices)


def test_the_account_survives_a_restart(account, tmp_path):
    from console.rehearsal.alguna.store import Store

    customer = account.customer(aliases=["x"])
    made = account.subscription(customer["id"], auto_activate=True)
    account.store.close()
    again = Store(tmp_path / "alguna.db", clock=account.clock)
    try:
        assert again.api_key == account.store.api_key
        assert again.one("SELECT id FROM customers")["id"] == customer["id"]
        assert again.one("SELECT id, status FROM subscriptions")["status"] == made["status"]
        assert again.total("customers") == 1
        assert again.new_id("cust", plain=True) != customer["id"]
    finally:
        again.close()
