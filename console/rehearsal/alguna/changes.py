"""New versions of a subscription: from a delta, or from a full item set.

https://alguna.com/docs/api-reference/v2/examples/updating-a-subscription and
https://alguna.com/docs/api-reference/v2/2026-04-01/subscription-changes/apply-changes-to-a-subscription
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna import lifecycle, pricing, reading, subscriptions
from console.rehearsal.alguna.errors import invalid, missing
from console.rehearsal.alguna.store import Store

Json = dict[str, Any]
Row = sqlite3.Row


def change(store: Store, row: Row, sent: Any, *, preview: bool) -> tuple[Row, Json]:
    """A new version from a delta on a source version. With `preview` nothing is kept."""
    body = reading.mapping(sent, "body")
    if row["status"] in lifecycle.OVER:
        raise invalid(f"a subscription that is {row['status']} cannot be changed")
    now = store.now()
    source = _source(store, row, body.get("source_version_id"), now)
    document = json.loads(row["document"])
    currency = document["currency"]
    items = json.loads(source["document"])["items"]
    plan = subscriptions.plan_of(store, body.get("plan_id"))
    if plan is not None:
        items = pricing.read_items(plan["_items"], currency)
    items = _apply(items, body, currency)
    start_at = max(
        lifecycle.effective(store, row, document, body.get("effective", "immediate")), source["start_at"]
    )
    description = (
        None if body.get("description") is None else reading.text(body["description"], "description")
    )
    draft = reading.flag(body.get("draft", False), "draft")
    plan_id = body.get("plan_id") or json.loads(source["document"]).get("plan_id")
    at = now if preview else store.stamp()
    shown = {
        "items": items,
        "description": description,
        "plan_id": plan_id,
        "effective_at": stamps.text(start_at),
    }
    if preview:
        return source, shown
    with store.transaction():
        version = subscriptions.add_version(
            store, row["id"], items, start_at, at, plan_id=plan_id, description=description
        )
        if not draft:
            lifecycle.publish(store, version, start_at, at)
        if plan is not None:
            document["plan_id"] = plan_id
        lifecycle.save(store, row, document, row["status"], at)
        store.announce("subscription.version.updated", {"id": row["id"]})
    return subscriptions.find_version(store, row, version["id"]), shown


def create_version(store: Store, row: Row, sent: Any) -> Row:
    """A draft version from a full item set."""
    body = reading.mapping(sent, "body")
    document = json.loads(row["document"])
    items = pricing.read_items(body.get("items"), document["currency"])
    timing = body.get("effective_at", body.get("start_date", "immediate"))
    with store.transaction():
        at = store.stamp()
        start_at = lifecycle.effective(store, row, document, timing)
        version = subscriptions.add_version(
            store, row["id"], items, start_at, at, description=body.get("description")
        )
        lifecycle.save(store, row, document, row["status"], at)
        store.announce("subscription.version.updated", {"id": row["id"]})
    return version


def publish_version(store: Store, row: Row, version: Row) -> Row:
    """Draft -> published."""
    if version["status"] != "draft":
        raise invalid("only a draft version can be published")
    with store.transaction():
        at = store.stamp()
        lifecycle.publish(store, version, version["start_at"], at)
        lifecycle.save(store, row, json.loads(row["document"]), row["status"], at)
        store.announce("subscription.version.updated", {"id": row["id"]})
    return subscriptions.find_version(store, row, version["id"])


def _source(store: Store, row: Row, version_id: Any, now: int) -> Row:
    if version_id is not None:
        return subscriptions.find_version(store, row, reading.text(version_id, "source_version_id"))
    source = lifecycle.current_version(store, row["id"], now) or next(
        iter(subscriptions.versions(store, row)), None
    )
    if source is None:
        raise missing("subscription version", row["id"])
    return source


def _apply(items: list[Json], body: Json, currency: str) -> list[Json]:
    for index, ref in enumerate(reading.items(body.get("remove", []), "remove")):
        kept = [item for item in items if not _meant(item, reading.mapping(ref, f"remove[{index}]"))]
        if len(kept) == len(items):
            raise invalid(f"remove[{index}] names no item of the source version")
        items = kept
    for index, delta in enumerate(reading.items(body.get("update", []), "update")):
        name = f"update[{index}]"
        items = _adjust(items, reading.mapping(delta, name), currency, name)
    if body.get("add"):
        items = items + pricing.read_items(body["add"], currency, "add")
    if not items:
        raise invalid("a version needs at least one item")
    return items


def _meant(item: Json, ref: Json) -> bool:
    field, value = pricing.reference(item)
    return ref.get(field) == value


def _adjust(items: list[Json], delta: Json, currency: str, name: str) -> list[Json]:
    changed, found = [], False
    for item in items:
        if not _meant(item, delta):
            changed.append(item)
            continue
        found = True
        if "bundle_id" in item:
            changed.append({**item, "items": _apply(item["items"], _bundle_delta(delta), currency)})
            continue
        adjust = reading.mapping(delta.get("adjust", delta.get("new_price", {})), f"{name}.adjust")
        price = {**item["price"], **adjust}
        for field, value in adjust.items():
            if field.endswith("_pricing_model") and isinstance(value, dict):
                price[field] = {**(item["price"].get(field) or {}), **value}
        if "billing_interval" in adjust and "billing_interval_count" not in adjust:
            price.pop("billing_interval_count", None)
        changed.append({**item, "price": pricing.read_price(price, currency, f"{name}.adjust")})
    if not found:
        raise invalid(f"{name} names no item of the source version")
    return changed


def _bundle_delta(delta: Json) -> Json:
    return {
        "add": delta.get("add_items", []), "remove": delta.get("remove_items", []), "update": delta.get("update_items", []),
    }  # fmt: skip
