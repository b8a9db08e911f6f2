"""Prices of subscription items: https://alguna.com/docs/api-reference/v2/subscriptions/pricing-models

Only `fixed` prices are of fee type `fixed`; the other nine kinds charge for usage (`metered`) and have no amount until used.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from console.rehearsal.alguna import reading
from console.rehearsal.alguna.errors import invalid

Json = dict[str, Any]
INTERVALS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "yearly": 12}
"""Months between two bills, by `billing_interval`."""
METERED = (
    "unit", "tiered", "graduated_tiered", "tiered_percentage", "graduated_percentage", "volume_percentage",
    "prepaid_tiered", "prepaid_fixed_tiered", "expression",
)  # fmt: skip
_CENT = Decimal("0.01")


def money(value: Decimal) -> str:
    """An amount in major units with its two decimals."""
    return str(value.quantize(_CENT))


def read_price(value: Any, currency: str, name: str) -> Json:
    """A price of a request, checked and completed (a fixed price gets its `total`)."""
    price = dict(reading.mapping(value, name))
    kind = reading.word(price.get("type"), f"{name}.type", ("fixed", *METERED))
    reading.word(price.get("billing_interval"), f"{name}.billing_interval", INTERVALS)
    fee = reading.word(price.get("fee_type"), f"{name}.fee_type", ("fixed", "metered"))
    reading.word(price.get("billing_direction"), f"{name}.billing_direction", ("advance", "arrears"))
    if (fee == "fixed") != (kind == "fixed"):
        raise invalid(f"{name}.fee_type of a {kind} price cannot be {fee}")
    if fee == "fixed":
        reading.word(price.get("billing_frequency"), f"{name}.billing_frequency", ("recurring", "one-off"))
    elif not reading.texts(price.get("metric_ids"), f"{name}.metric_ids"):
        raise invalid(f"{name}.metric_ids is required for a metered price")
    model_name = f"{kind}_pricing_model"
    price[model_name] = _read_model(kind, price.get(model_name), f"{name}.{model_name}")
    price["currency"] = reading.currency(price.get("currency", currency), f"{name}.currency")
    price.setdefault("charge_on_contract_start", False)
    price.setdefault("billing_interval_count", INTERVALS[price["billing_interval"]])
    price.setdefault("billing_interval_unit", "month")
    return price


def _read_model(kind: str, value: Any, name: str) -> Json:
    model = dict(reading.mapping(value, name))
    if kind == "fixed":
        each = reading.amount(model.get("price_per_unit"), f"{name}.price_per_unit")
        units = reading.whole(model.get("units", 1), f"{name}.units")
        if each < 0:
            raise invalid(f"{name}.price_per_unit must not be negative")
        return {"price_per_unit": model["price_per_unit"], "units": units, "total": money(each * units)}
    if kind == "unit":
        reading.amount(model.get("price_per_unit"), f"{name}.price_per_unit")
    elif kind != "expression":
        for index, tier in enumerate(reading.items(model.get("tiers"), f"{name}.tiers")):
            row = reading.mapping(tier, f"{name}.tiers[{index}]")
            reading.whole(row.get("min_units", 0), f"{name}.tiers[{index}].min_units")
    return model


def read_items(value: Any, currency: str, name: str = "items") -> list[Json]:
    """The items of a request: `{product_id, price}` or `{bundle_id, items: [...]}`, at least one."""
    rows = [
        _read_item(item, currency, f"{name}[{index}]")
        for index, item in enumerate(reading.items(value, name))
    ]
    if not rows:
        raise invalid(f"{name} must not be empty")
    return rows


def _read_item(value: Any, currency: str, name: str) -> Json:
    item = reading.mapping(value, name)
    if item.get("bundle_id") is not None:
        children = read_items(item.get("items"), currency, f"{name}.items")
        return {"bundle_id": reading.text(item["bundle_id"], f"{name}.bundle_id"), "items": children}
    # A price that is created along with its item is called `new_price` in changes and `price` when an item is read.
    price = item.get("price", item.get("new_price"))
    return {
        "product_id": reading.text(item.get("product_id"), f"{name}.product_id"),
        "price": read_price(price, currency, f"{name}.price"),
    }


def reference(item: Json) -> tuple[str, str]:
    """What a change names an item by: its bundle or its product."""
    return ("bundle_id", item["bundle_id"]) if "bundle_id" in item else ("product_id", item["product_id"])


def prices(items: list[Json]) -> Iterator[Json]:
    """Every price, those inside bundles included."""
    for item in items:
        if "bundle_id" in item:
            yield from prices(item["items"])
        else:
            yield item["price"]


def recurring(items: list[Json]) -> Iterator[tuple[int, Decimal]]:
    """For each recurring fixed price: months between bills, and the amount of one bill."""
    for price in prices(items):
        if price["fee_type"] == "fixed" and price.get("billing_frequency", "recurring") == "recurring":
            yield INTERVALS[price["billing_interval"]], Decimal(price["fixed_pricing_model"]["total"])


def interval_months(items: list[Json]) -> int:
    """The length of a billing cycle: the shortest interval of any price, a month when there is none."""
    found = [
        INTERVALS[price["billing_interval"]]
        for price in prices(items)
        if price.get("billing_frequency") != "one-off"
    ]
    return min(found, default=1)


def revenue(items: list[Json]) -> tuple[Decimal, Decimal]:
    """Monthly and annual recurring revenue of the fixed prices; usage and one-off charges do not recur."""
    yearly = sum((amount * 12 / months for months, amount in recurring(items)), Decimal(0))
    return yearly / 12, yearly
