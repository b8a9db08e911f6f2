"""What customers have subscribed to: every status, every interval, cents and tens of millions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from console.rehearsal import codes, stamps
from console.rehearsal.profiles import BASE, Profile, random_for

Json = dict[str, Any]
_TODAY = stamps.day_of(BASE)
_INTERVALS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "yearly": 12}
_STATUSES = ("active", "canceled", "draft", "scheduled", "paused", "completed")
_STATUS_WEIGHTS = (60, 12, 8, 7, 6, 7)
_EXTREMES = {
    4: "9.99",
    9: "99999999.99",
    14: "100000000.00",
    26: "0.00",
    60: "123456789.01",
    91: "99999999.98",
}
"""Amounts at the edges of what eight digits and two decimals can hold, by company number."""
PLANS = ("Starter", "Growth", "Scale", "Enterprise")
PRODUCTS = (
    ("Platform", "fixed", "recurring"), ("Seats", "fixed", "recurring"), ("Premium Support", "fixed", "recurring"),
    ("Onboarding", "fixed", "one-off"), ("API Calls", "metered", "recurring"), ("Storage", "metered", "recurring"),
)  # fmt: skip
_PLATFORM, _SEATS, _SUPPORT, _ONBOARDING, _CALLS, _STORAGE = range(6)


@dataclass(frozen=True, slots=True)
class Contract:
    """One subscription: the columns that are sorted by, its document, its versions."""

    name: str
    status: str
    created_at: int
    updated_at: int
    activated_at: int
    due_at: int | None
    document: Json
    versions: list[Version]


@dataclass(frozen=True, slots=True)
class Version:
    """One set of prices and when it is in force."""

    status: str
    start_at: int
    end_at: int | None
    created_at: int
    document: Json


@cache
def plan_id(number: int, seed: int) -> str:
    """The id of a plan of `PLANS`."""
    return "pln_" + codes.code(number, seed=seed, length=14)


@cache
def product_id(number: int, seed: int) -> str:
    """The id of a product of `PRODUCTS`."""
    return "prod_" + codes.code(number, seed=seed, length=14)


def contracts(profile: Profile, seed: int) -> Iterator[Contract]:
    """The subscriptions of a customer: none to four."""
    index = profile.company.index
    rng = random_for(seed, index, 2)
    count = rng.choices((0, 1, 2, 3, 4), (10, 62, 18, 6, 4))[0]
    if index == 0 or index in _EXTREMES:
        count = 1
    for number in range(count):
        status = "active" if index == 0 or index in _EXTREMES else rng.choices(_STATUSES, _STATUS_WEIGHTS)[0]
        yield _contract(rng, profile, seed, status, number)


def _contract(rng: Random, profile: Profile, seed: int, status: str, number: int) -> Contract:
    index = profile.company.index
    plan = rng.randrange(len(PLANS))
    interval = rng.choices(tuple(_INTERVALS), (45, 14, 6, 35))[0]
    amount = _EXTREMES[index] if index in _EXTREMES else _amount(rng)
    months = rng.choice((12, 12, 12, 24, 36))
    rolling = status != "completed" and rng.random() < 0.25
    start, end = _term(rng, status, months, rolling=rolling)
    created = min(stamps.midnight(start), BASE) - rng.randint(stamps.SECOND, 20 * stamps.DAY)
    started = stamps.midnight(start) + rng.randint(0, 10 * 3600 * stamps.SECOND)
    activated = started if status in ("active", "paused", "canceled", "completed") else -1
    document: Json = {
        "currency": profile.currency,
        "plan_id": plan_id(plan, seed) if rng.random() < 0.7 else None,
        "contract": {"period_type": "monthly_rolling" if rolling else "fixed", "start_date": _text(start), "end_date": None},
        "renewal": {
            "auto_renew": status != "completed" and (rolling or rng.random() < 0.85),
            "period_type": "monthly_rolling" if rolling else "fixed",
            "duration_months": 1 if rolling else months,
        },
        "billing": {
            "auto_issue_invoices": rng.random() < 0.9,
            "auto_pay_invoices": rng.random() < 0.4,
            "first_billing_date": _text(start),
            "payment_terms": rng.choice(("net_30", "net_30", "net_15", "net_60", "due_on_receipt")),
        },
        "metadata": {"sales_order": f"SO-{rng.randint(10_000, 99_999)}"} if rng.random() < 0.2 else {},
    }  # fmt: skip
    if end is not None:
        document["contract"]["end_date"] = _text(end)
        document["contract"]["duration_months"] = months
    last = max(created, activated)
    ended: int | None = None
    if status in ("canceled", "completed"):
        ended = (
            min(BASE - stamps.DAY, started + rng.randint(30, 500) * stamps.DAY)
            if end is None or status == "canceled"
            else stamps.midnight(end)
        )
        ended = max(ended, activated + stamps.SECOND)
        last = ended
        if status == "canceled":
            document["_cancel"] = {
                "at": ended,
                "reason": rng.choice(("pricing", "no_longer_required", "features", "other")),
                "description": None,
            }
    due = stamps.midnight(end) if end is not None and status in ("active", "paused") else None
    if status == "active" and end is not None and index and rng.random() < 0.04:
        document["_cancel"] = {"at": stamps.midnight(end), "reason": "moving_provider", "description": None}
    if status == "scheduled":
        due = stamps.midnight(start)
    items = _items(rng, seed, profile, amount, interval)
    versions = _versions(rng, document, items, status, stamps.midnight(start), ended, created)
    if len(versions) > 1:
        last = max(last, versions[-1].created_at)
    label = (
        PLANS[plan]
        if number == 0
        else rng.choice((f"{PLANS[plan]} add-on", f"{PLANS[plan]} ({number + 1})", f"Pilot {number + 1}"))
    )
    updated = min(BASE, rng.randint(last, max(last, min(BASE, last + 90 * stamps.DAY))))
    return Contract(
        f"{profile.company.short} - {label}", status, created, updated, activated, due, document, versions
    )


def _term(rng: Random, status: str, months: int, *, rolling: bool) -> tuple[date, date | None]:
    """First day and the day after the last one (None: open) that suit a status at the world's moment."""
    if status == "scheduled":
        start = stamps.day_of(BASE + rng.randint(60, 300) * stamps.DAY)
    elif status == "draft":
        start = stamps.day_of(BASE + rng.randint(-20, 60) * stamps.DAY)
    elif status == "completed":
        start = stamps.add_months(stamps.day_of(BASE - rng.randint(5, 700) * stamps.DAY), -months)
    else:
        start = stamps.day_of(BASE - rng.randint(40, 1400) * stamps.DAY)
    if rolling:
        return start, None
    end = stamps.add_months(start, months)
    while end <= _TODAY and status in ("active", "paused"):
        end = stamps.add_months(end, months)
    return start, end


def _amount(rng: Random) -> str:
    """From 9.99 to a few hundred thousand, each order of magnitude as likely as the next; rarely tens of millions."""
    top = 7.5 if rng.random() < 0.01 else 5.3
    value = Decimal(10 ** rng.uniform(1.0, top)).quantize(Decimal("0.01"))
    return str(max(value - value % 1 - Decimal("0.01") if rng.random() < 0.3 else value, Decimal("9.99")))


def _items(rng: Random, seed: int, profile: Profile, amount: str, interval: str) -> list[Json]:
    index = profile.company.index
    units = 1 if index in _EXTREMES or rng.random() < 0.7 else rng.randint(2, 40)
    # Prices are per unit, in whole cents; the total is what is billed.
    each = (Decimal(amount) / units).quantize(Decimal("0.01"))
    items = [_fixed(seed, _PLATFORM, each, units, interval, profile.currency)]
    if index in _EXTREMES:
        return items
    if rng.random() < 0.3:
        items.append(
            _fixed(seed, _SEATS, Decimal(rng.randint(5, 90)), rng.randint(1, 250), interval, profile.currency)
        )
    if rng.random() < 0.06:
        # Two intervals in one subscription: a client has to say which of them it shows.
        items.append(_fixed(seed, _SUPPORT, Decimal(rng.randint(1, 50) * 100), 1, "yearly", profile.currency))
    if rng.random() < 0.2:
        items.append(
            _fixed(
                seed, _ONBOARDING, Decimal(rng.randint(1, 20) * 500), 1, interval, profile.currency, once=True
            )
        )
    if rng.random() < 0.25:
        items.append(
            _metered(seed, _CALLS, "unit", {"price_per_unit": f"0.{rng.randint(1, 99):04}"}, profile.currency)
        )
    if rng.random() < 0.12:
        tiers = [
            {"min_units": 0, "max_units": 1000, "price_per_unit": "0.00", "fixed_fee": "0.00"},
            {"min_units": 1001, "max_units": 100000, "price_per_unit": "0.02", "fixed_fee": "10.00"},
            {"min_units": 100001, "max_units": None, "price_per_unit": "0.01", "fixed_fee": "0.00"},
        ]
        items.append(
            _metered(seed, _STORAGE, "graduated_tiered", {"tiers": tiers, "units": 0}, profile.currency)
        )
    if len(items) > 2 and rng.random() < 0.2:
        return [items[0], {"bundle_id": "bun_" + codes.code(0, seed=seed, length=14), "items": items[1:]}]
    return items


def _fixed(
    seed: int, product: int, each: Decimal, units: int, interval: str, currency: str, *, once: bool = False
) -> Json:
    price = {
        "type": "fixed",
        "billing_interval": interval,
        "billing_interval_count": _INTERVALS[interval],
        "billing_interval_unit": "month",
        "fee_type": "fixed",
        "billing_direction": "advance",
        "billing_frequency": "one-off" if once else "recurring",
        "charge_on_contract_start": once,
        "currency": currency,
        "display_order": product,
        "fixed_pricing_model": {
            "price_per_unit": f"{each:.2f}",
            "units": units,
            "total": f"{each * units:.2f}",
        },
    }
    return {"product_id": product_id(product, seed), "price": price}


def _metered(seed: int, product: int, kind: str, model: Json, currency: str) -> Json:
    price = {
        "type": kind,
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "billing_interval_unit": "month",
        "fee_type": "metered",
        "billing_direction": "arrears",
        "billing_frequency": "recurring",
        "charge_on_contract_start": False,
        "currency": currency,
        "display_order": product,
        "metric_ids": ["mtr_" + codes.code(product, seed=seed, length=14)],
        f"{kind}_pricing_model": model,
    }
    return {"product_id": product_id(product, seed), "price": price}


def _versions(
    rng: Random,
    document: Json,
    items: list[Json],
    status: str,
    start_at: int,
    ended: int | None,
    created: int,
) -> list[Version]:
    content = {"description": None, "plan_id": document["plan_id"], "items": items, "entitlements": []}
    if status == "draft":
        return [Version("draft", start_at, None, created, content)]
    first = Version("published", start_at, ended, created, content)
    if status != "active" or rng.random() < 0.8:
        return [first]
    raised = {
        **content,
        "description": "Yearly price adjustment",
        "items": [_raise_price(items[0]), *items[1:]],
    }
    kind = rng.random()
    if kind < 0.6 and BASE - start_at > 60 * stamps.DAY:
        change_at = stamps.midnight(stamps.day_of(start_at + (BASE - start_at) // 2))
        return [
            Version("published", start_at, change_at, created, content),
            Version("published", change_at, None, change_at, raised),
        ]
    if kind < 0.8:
        # Agreed for later: it shows as a pending change.
        later = stamps.midnight(stamps.day_of(BASE + rng.randint(90, 200) * stamps.DAY))
        return [
            Version("published", start_at, later, created, content),
            Version("published", later, None, BASE - stamps.DAY, raised),
        ]
    later = stamps.midnight(stamps.day_of(BASE + 45 * stamps.DAY))
    return [first, Version("draft", later, None, BASE - stamps.DAY, raised)]


def _raise_price(item: Json) -> Json:
    raised: Json = json.loads(json.dumps(item))
    model = raised["price"]["fixed_pricing_model"]
    each = (Decimal(model["price_per_unit"]) * Decimal("1.05")).quantize(Decimal("0.01"))
    model.update(price_per_unit=str(each), total=f"{each * model['units']:.2f}")
    return raised


def _text(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def plan_items(number: int, seed: int) -> list[Json]:
    """What a plan of `PLANS` consists of."""
    price = Decimal((49, 249, 990, 4900)[number])
    items = [_fixed(seed, _PLATFORM, price, 1, "monthly" if number < 2 else "yearly", "USD")]
    if number:
        items.append(_metered(seed, _CALLS, "unit", {"price_per_unit": "0.002"}, "USD"))
    return items
