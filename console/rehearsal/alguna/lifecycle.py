"""What time does to a subscription: it starts, renews, ends, or is canceled on the day that was agreed.

`settle` carries out everything that fell due, with the moment at which it fell due, so that it does not matter when one looks.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import date, timedelta
from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna import customers, pricing, reading
from console.rehearsal.alguna.store import Store, dump

Json = dict[str, Any]
Row = sqlite3.Row
STATUSES = ("draft", "scheduled", "active", "paused", "canceled", "completed")
"""https://alguna.com/docs/api-reference/v2/2026-04-01/subscriptions/list-subscriptions"""
RUNNING = ("active", "paused")
OVER = ("canceled", "completed")


def get(store: Store, subscription_id: str) -> Row | None:
    """A subscription's row."""
    return store.one("SELECT * FROM subscriptions WHERE id = ?", (subscription_id,))


def current_version(store: Store, subscription_id: str, now: int) -> Row | None:
    """The version in force: published, begun, and not ended."""
    return store.one(
        "SELECT * FROM versions WHERE subscription_id = ? AND status = 'published' AND start_at <= ? "
        "AND (end_at IS NULL OR end_at > ?) ORDER BY start_at DESC, seq DESC LIMIT 1",
        (subscription_id, now, now),
    )


def due_at(status: str, document: Json, versions: list[Row] | None = None) -> int | None:
    """The next moment at which something happens by itself, or None."""
    moments = []
    contract = document["contract"]
    if status == "scheduled":
        moments.append(stamps.parse(contract["start_date"]))
    if status in RUNNING:
        if contract.get("end_date"):
            moments.append(stamps.parse(contract["end_date"]))
        if "_cancel" in document:
            moments.append(int(document["_cancel"]["at"]))
    elif status == "scheduled" and "_cancel" in document:
        moments.append(int(document["_cancel"]["at"]))
    return min(moments, default=None)


def settle(store: Store) -> int:
    """Carry out what fell due up to now; how many steps that were."""
    steps = 0
    now = store.now()
    while True:
        rows = store.all(
            "SELECT * FROM subscriptions WHERE due_at <= ? ORDER BY due_at, seq LIMIT 500", (now,)
        )
        if not rows:
            return steps
        with store.transaction():
            for row in rows:
                _step(store, row)
                steps += 1


def _step(store: Store, row: Row) -> None:
    document = json.loads(row["document"])
    at = int(row["due_at"])
    cancel = document.get("_cancel")
    if cancel is not None and int(cancel["at"]) <= at:
        end(store, row, document, "canceled", at)
    elif row["status"] == "scheduled":
        start(store, row, document, at)
    elif document["renewal"]["auto_renew"]:
        months = int(document["renewal"].get("duration_months") or 1)
        last = stamps.day_of(stamps.parse(document["contract"]["end_date"]))
        document["contract"]["end_date"] = stamps.text(stamps.midnight(stamps.add_months(last, months)))
        save(store, row, document, row["status"], at)
    else:
        end(store, row, document, "completed", at)


def start(store: Store, row: Row, document: Json, at: int) -> None:
    """Draft or scheduled -> active; every draft version is published."""
    for version in store.all(
        "SELECT * FROM versions WHERE subscription_id = ? AND status = 'draft' ORDER BY start_at, seq",
        (row["id"],),
    ):
        publish(store, version, version["start_at"], at)
    save(store, row, document, "active", at, activated_at=at)
    store.announce("subscription.activated", {"id": row["id"]})
    store.announce("subscription.started", {"id": row["id"]})


def end(store: Store, row: Row, document: Json, status: str, at: int) -> None:
    """Running or waiting -> canceled or completed; no version is in force afterwards."""
    store.run(
        "UPDATE versions SET end_at = max(start_at, ?), updated_at = ? WHERE subscription_id = ? AND status = 'published' "
        "AND (end_at IS NULL OR end_at > ?)",
        (at, at, row["id"], at),
    )
    save(store, row, document, status, at)
    if status == "canceled":
        store.announce("subscription.canceled", {"id": row["id"]})


def publish(store: Store, version: Row, start_at: int, at: int) -> None:
    """Put a version in force from `start_at` on; the one before it ends there."""
    store.run(
        "UPDATE versions SET end_at = ?, updated_at = ? WHERE subscription_id = ? AND status = 'published' AND seq <> ? "
        "AND start_at <= ? AND (end_at IS NULL OR end_at > ?)",
        (start_at, at, version["subscription_id"], version["seq"], start_at, start_at),
    )
    store.run(
        "UPDATE versions SET status = 'published', start_at = ?, updated_at = ? WHERE seq = ?",
        (start_at, at, version["seq"]),
    )


def save(
    store: Store,
    row: Row,
    document: Json,
    status: str,
    at: int,
    *,
    activated_at: int | None = None,
    name: str | None = None,
) -> None:
    """Write a subscription back, with what is due next."""
    store.update(
        "subscriptions",
        row,
        {
            "name": row["name"] if name is None else name,
            "status": status,
            "updated_at": at,
            "activated_at": row["activated_at"] if activated_at is None else activated_at,
            "due_at": due_at(status, document),
            "document": dump(document),
        },
    )
    if status != row["status"]:
        customers.mark_active(store, row["customer_id"])


def cycle(start_day: date, months: int, today: date) -> tuple[date, date]:
    """The billing cycle that `today` falls in (the first one when it has not begun): first day, and first day after."""
    passed = max(0, (today.year - start_day.year) * 12 + today.month - start_day.month)
    number = passed // months
    if number and stamps.add_months(start_day, number * months) > today:
        number -= 1
    return stamps.add_months(start_day, number * months), stamps.add_months(start_day, (number + 1) * months)


def billing_dates(store: Store, row: Row) -> Json:
    """https://alguna.com/docs/api-reference/v2/2026-04-01/subscriptions/get-valid-billing-dates-for-a-subscription"""
    document = json.loads(row["document"])
    contract = document["contract"]
    today = stamps.day_of(store.now())
    start_day = stamps.day_of(
        stamps.parse(document["billing"].get("first_billing_date") or contract["start_date"])
    )
    end_day = stamps.day_of(stamps.parse(contract["end_date"])) if contract.get("end_date") else None
    dates: Json = {
        "valid_on_cycle_dates": [],
        "contract_end_date": None if end_day is None else end_day.isoformat(),
        "current_cycle": None,
        "next_billing_date": None,
        "next_renewal_date": None,
        "valid_mid_cycle_range": None,
    }
    if row["status"] in OVER:
        return dates
    months = pricing.interval_months(_items(store, row))
    first, after = cycle(start_day, months, today)
    stop = end_day or stamps.add_months(first, 24)
    begins = [day for n in range(1, 13) if (day := stamps.add_months(first, n * months)) < stop]
    dates["valid_on_cycle_dates"] = [day.isoformat() for day in begins]
    dates["current_cycle"] = {"start_date": first.isoformat(), "end_date": after.isoformat()}
    ends = "_cancel" in document
    billed_next = first if today < start_day else after
    if not (ends and stamps.midnight(billed_next) >= int(document["_cancel"]["at"])) and (
        end_day is None or billed_next <= end_day
    ):
        dates["next_billing_date"] = billed_next.isoformat()
    if end_day is not None and document["renewal"]["auto_renew"] and not ends:
        dates["next_renewal_date"] = end_day.isoformat()
    tomorrow = max(today, start_day) + timedelta(days=1)
    if tomorrow < after:
        dates["valid_mid_cycle_range"] = {"start_date": tomorrow.isoformat(), "end_date": after.isoformat()}
    return dates


def _items(store: Store, row: Row) -> list[Json]:
    version = current_version(store, row["id"], store.now()) or store.one(
        "SELECT * FROM versions WHERE subscription_id = ? ORDER BY start_at, seq LIMIT 1", (row["id"],)
    )
    items: list[Json] = [] if version is None else json.loads(version["document"])["items"]
    return items


def effective(store: Store, row: Row, document: Json, value: Any) -> int:
    """The moment that a timing means: a keyword of the reference, or a date. 422 for anything else."""
    if value == "immediate":
        return store.now()
    if value == "end_of_term":
        end = document["contract"].get("end_date")
        return stamps.parse(end) if end else _next_cycle(store, row)
    if value in ("next_billing_period", "billing_cycle_start"):
        return _next_cycle(store, row)
    return reading.day(value, "effective")


def _next_cycle(store: Store, row: Row) -> int:
    following = billing_dates(store, row)["current_cycle"]
    return store.now() if following is None else stamps.parse(following["end_date"])
