"""Records as the API prints them, under the switches for what the reference leaves open."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna.options import Options

Json = dict[str, Any]
EXTENDED = ("website", "legal_entity")
"""Customer fields that the public reference does not list."""
EXTENDED_CONTACT = ("title",)
_MONEY = frozenset({
    "price_per_unit", "total", "amount", "mrr", "arr", "acv", "fixed_fee", "monthly_recurring_revenue",
    "annual_recurring_revenue", "annual_contract_value",
})  # fmt: skip
_WHOLE_AMOUNT = re.compile(r"-?\d+\.00\Z")
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_MOMENTS = frozenset({"start_date", "end_date", "activated_at", "first_billing_date", "effective_at"})


def customer(row: sqlite3.Row, options: Options) -> Json:
    """A Customer: https://alguna.com/docs/api-reference/v2/2026-04-01/customers/get-a-customer"""
    document = json.loads(row["document"])
    record: Json = {"id": row["id"], "name": row["name"]}
    record.update((name, value) for name, value in document.items() if not name.startswith("_"))
    if not options.extended_fields:
        for name in EXTENDED:
            record.pop(name, None)
        for contact in record.get("contacts") or ():
            for name in EXTENDED_CONTACT:
                contact.pop(name, None)
    return _finish(record, row, options)


def subscription(row: sqlite3.Row, options: Options, pending: list[Json], current: str | None) -> Json:
    """A Subscription: https://alguna.com/docs/api-reference/v2/2026-04-01/subscriptions/get-a-subscription"""
    document = json.loads(row["document"])
    record: Json = {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "name": row["name"],
        "status": options.status_words.get(row["status"], row["status"]),
    }
    record.update((name, value) for name, value in document.items() if not name.startswith("_"))
    record["activated_at"] = stamps.text(row["activated_at"]) if row["activated_at"] >= 0 else None
    record["current_version_id"] = current
    record["pending_changes"] = pending
    if options.extended_fields:
        # Not in the public v2 reference; v1 told the end of a subscription as `endedAt`.
        over = row["status"] == "canceled" and "_cancel" in document
        record["canceled_at"] = stamps.text(int(document["_cancel"]["at"])) if over else None
    return _finish(record, row, options)


def version(row: sqlite3.Row, options: Options) -> Json:
    """A version: https://alguna.com/docs/api-reference/v2/2026-04-01/subscription-versions/get-a-subscription-version"""
    record: Json = {"id": row["id"], "subscription_id": row["subscription_id"], "status": row["status"]}
    record.update(json.loads(row["document"]))
    record["effective_at"] = record["start_date"] = stamps.text(row["start_at"])
    record["end_date"] = None if row["end_at"] is None else stamps.text(row["end_at"])
    return _finish(record, row, options)


def named(row: sqlite3.Row, options: Options) -> Json:
    """A plan or a product, without what is kept under names that begin with `_`."""
    record: Json = {"id": row["id"], "name": row["name"]}
    record.update(
        (name, value) for name, value in json.loads(row["document"]).items() if not name.startswith("_")
    )
    return _finish(record, row, options)


def figures(record: Json, options: Options) -> Json:
    """An answer of amounts alone."""
    return record if options.money_decimals else _walk(record, _short_money)


def _finish(record: Json, row: sqlite3.Row, options: Options) -> Json:
    record["created_at"] = stamps.text(row["created_at"], fraction=options.microseconds)
    record["updated_at"] = stamps.text(row["updated_at"], fraction=options.microseconds)
    if options.microseconds:
        record = _walk(record, _long_moment)
    if not options.money_decimals:
        record = _walk(record, _short_money)
    return record


def _walk(value: Any, change: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _walk(item, change, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, change, name) for item in value]
    return change(name, value)


def _short_money(name: str, value: Any) -> Any:
    if name in _MONEY and isinstance(value, str) and _WHOLE_AMOUNT.match(value):
        return value[:-3]
    return value


def _long_moment(name: str, value: Any) -> Any:
    if name in _MOMENTS and isinstance(value, str) and _SECONDS.match(value):
        return value[:-1] + ".000000Z"
    return value
