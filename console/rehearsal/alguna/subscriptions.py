"""Subscriptions and their versions: created, activated, patched, changed, canceled.

https://alguna.com/docs/api-reference/v2/2026-04-01/subscriptions/list-subscriptions and the pages beside it, and
https://alguna.com/docs/api-reference/v2/examples/updating-a-subscription for changes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna import lifecycle, pricing, reading, render
from console.rehearsal.alguna.errors import invalid, missing
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Condition
from console.rehearsal.alguna.store import Store, dump

Json = dict[str, Any]
Row = sqlite3.Row
REASONS = ("no_longer_required", "moving_provider", "pricing", "support", "features", "upgraded", "other")
PATCHABLE = (
    "name", "description", "trial_period_days", "billing", "renewal", "discount", "minimum_spend", "maximum_spend",
    "price_escalation", "metadata", "tag_ids",
)  # fmt: skip


def find(store: Store, subscription_id: str) -> Row:
    """A subscription, or 404."""
    row = lifecycle.get(store, subscription_id)
    if row is None:
        raise missing("subscription", subscription_id)
    return row


def show(store: Store, row: Row, options: Options) -> Json:
    """A subscription as the API prints it."""
    now = store.now()
    current = lifecycle.current_version(store, row["id"], now) if row["status"] in lifecycle.RUNNING else None
    pending: list[Json] = []
    if row["status"] in lifecycle.RUNNING:
        for version in store.all(
            "SELECT * FROM versions WHERE subscription_id = ? AND (status = 'draft' OR start_at > ?) ORDER BY start_at, seq",
            (row["id"], now),
        ):
            description = json.loads(version["document"]).get("description")
            change = {
                "version_id": version["id"],
                "status": version["status"],
                "effective_at": stamps.text(version["start_at"]),
            }
            pending.append(change if description is None else {**change, "description": description})
    return render.subscription(row, options, pending, None if current is None else str(current["id"]))


def conditions(query: Mapping[str, str], options: Options) -> list[Condition]:
    """The filters of a list."""
    found = []
    if "customer_id" in query:
        found.append(Condition("customer_id = ?", (query["customer_id"],)))
    statuses = reading.list_parameter(query, "status")
    if statuses is not None:
        for status in statuses:
            reading.word(status, "status", (*lifecycle.STATUSES, *options.status_words))
        found.append(Condition(f"status IN ({', '.join('?' * len(statuses))})", statuses))
    tags = reading.list_parameter(query, "tag_ids")
    if tags is not None:
        marks = ", ".join("?" * len(tags))
        sql = f"seq IN (SELECT subscription FROM subscription_tags WHERE tag IN ({marks}))"  # noqa: S608
        found.append(Condition(sql, tags))
    return found


def create(store: Store, sent: Any) -> Row:
    """A new subscription: `draft`, or active (or scheduled) at once with `auto_activate`."""
    body = reading.mapping(sent, "body")
    customer = store.one(
        "SELECT * FROM customers WHERE id = ?", (reading.text(body.get("customer_id"), "customer_id"),)
    )
    if customer is None:
        raise missing("customer", body["customer_id"])
    plan = plan_of(store, body.get("plan_id"))
    if plan is None and "currency" not in body:
        raise invalid("currency is required without plan_id")
    currency = reading.currency(body.get("currency", plan["currency"] if plan else None))
    items = _initial_items(body, plan, currency)
    now = store.now()
    contract = _read_contract(body.get("contract", {}), now)
    document: Json = {
        "currency": currency,
        "plan_id": body.get("plan_id"),
        "contract": contract,
        "renewal": _read_renewal(body.get("renewal"), contract),
        "billing": _read_billing(body.get("billing", {}), {"first_billing_date": contract["start_date"]}),
        "metadata": _read_metadata(body.get("metadata", {}), {}),
    }
    name = (
        reading.text(body["name"], "name")
        if "name" in body
        else f"{customer['name']} - {plan['name'] if plan else 'Subscription'}"
    )
    activate_now = reading.flag(body.get("auto_activate", False), "auto_activate")
    with store.transaction():
        at = store.stamp()
        subscription_id = store.new_id("sub")
        store.insert(
            "subscriptions",
            {
                "id": subscription_id, "customer_id": customer["id"], "name": name, "status": "draft", "created_at": at,
                "updated_at": at, "activated_at": -1, "due_at": None, "document": dump(document),
            },
        )  # fmt: skip
        add_version(
            store,
            subscription_id,
            items,
            stamps.parse(contract["start_date"]),
            at,
            plan_id=body.get("plan_id"),
        )
        if activate_now:
            activate(store, find(store, subscription_id))
    return find(store, subscription_id)


def add_version(
    store: Store, subscription_id: str, items: list[Json], start_at: int, at: int, *, plan_id: str | None = None,
    description: str | None = None,
) -> Row:  # fmt: skip
    """A new draft version with the full item set."""
    document = {"description": description, "plan_id": plan_id, "items": items, "entitlements": []}
    seq = store.insert(
        "versions",
        {
            "id": store.new_id("subv"), "subscription_id": subscription_id, "status": "draft", "start_at": start_at,
            "end_at": None, "created_at": at, "updated_at": at, "document": dump(document),
        },
    )  # fmt: skip
    row = store.one("SELECT * FROM versions WHERE seq = ?", (seq,))
    if row is None:
        raise RuntimeError("the version that was just written is not there")
    return row


def activate(store: Store, row: Row) -> Row:
    """Draft -> active, or scheduled while its start lies ahead. On a running one: no effect."""
    if row["status"] in (*lifecycle.RUNNING, "scheduled"):
        return row
    if row["status"] != "draft":
        raise invalid(f"a subscription that is {row['status']} cannot be activated")
    document = json.loads(row["document"])
    with store.transaction():
        at = store.stamp()
        begins = stamps.parse(document["contract"]["start_date"])
        if begins <= at:
            lifecycle.start(store, row, document, at)
        else:
            for version in store.all(
                "SELECT * FROM versions WHERE subscription_id = ? AND status = 'draft'", (row["id"],)
            ):
                lifecycle.publish(store, version, version["start_at"], at)
            lifecycle.save(store, row, document, "scheduled", at)
    return find(store, row["id"])


def patch(store: Store, row: Row, sent: Any, options: Options) -> Row:
    """Change what is neither price nor status; at once."""
    body = reading.mapping(sent, "body")
    for name in ("items", "status"):
        if name in body:
            raise invalid(f"{name} cannot be changed here")
    reading.only(body, PATCHABLE, options.unknown_fields == "422")
    document = json.loads(row["document"])
    name = reading.text(body["name"], "name") if "name" in body else row["name"]
    if "billing" in body:
        document["billing"] = _read_billing(body["billing"], document["billing"])
    if "renewal" in body:
        document["renewal"] = _read_renewal(
            {**document["renewal"], **reading.mapping(body["renewal"], "renewal")}, {}
        )
    if "metadata" in body:
        document["metadata"] = _read_metadata(body["metadata"], document["metadata"])
    if body.get("discount") is not None:
        reading.word(
            reading.mapping(body["discount"], "discount").get("type"), "discount.type", ("percentage",)
        )
        reading.amount(body["discount"].get("amount"), "discount.amount")
    for field in ("minimum_spend", "maximum_spend"):
        if body.get(field) is not None:
            reading.amount(reading.mapping(body[field], field).get("amount"), f"{field}.amount")
    if "trial_period_days" in body:
        reading.whole(body["trial_period_days"], "trial_period_days")
    for field in (
        "description",
        "discount",
        "minimum_spend",
        "maximum_spend",
        "price_escalation",
        "trial_period_days",
    ):
        if field in body:
            document[field] = body[field]
    with store.transaction():
        if "tag_ids" in body:
            set_tags(store, row, reading.texts(body["tag_ids"], "tag_ids"))
        lifecycle.save(store, row, document, row["status"], store.stamp(), name=name)
        store.announce("subscription.updated", {"id": row["id"]})
    return find(store, row["id"])


def cancel(store: Store, row: Row, sent: Any) -> Row:
    """Schedule the end. `immediate` takes effect at once; until a later date the status stays what it is."""
    body = reading.mapping(sent, "body")
    reason = reading.word(body.get("reason"), "reason", REASONS)
    if row["status"] in lifecycle.OVER:
        raise invalid(f"a subscription that is {row['status']} cannot be canceled")
    document = json.loads(row["document"])
    at_day = lifecycle.effective(store, row, document, body.get("effective", "immediate"))
    with store.transaction():
        at = store.stamp()
        document["_cancel"] = {
            "at": max(at_day, at),
            "reason": reason,
            "description": body.get("reason_description"),
        }
        if at_day <= at or row["status"] == "draft":
            lifecycle.end(store, row, document, "canceled", at)
        else:
            lifecycle.save(store, row, document, row["status"], at)
            store.announce("subscription.cancelation_scheduled", {"id": row["id"]})
    return find(store, row["id"])


def versions(store: Store, row: Row) -> list[Row]:
    """All versions, oldest first."""
    return store.all("SELECT * FROM versions WHERE subscription_id = ? ORDER BY start_at, seq", (row["id"],))


def find_version(store: Store, row: Row, version_id: str) -> Row:
    """One version of a subscription, or 404."""
    version = store.one(
        "SELECT * FROM versions WHERE id = ? AND subscription_id = ?", (version_id, row["id"])
    )
    if version is None:
        raise missing("subscription version", version_id)
    return version


def current(store: Store, row: Row) -> Row:
    """The version in force, or 404."""
    version = (
        lifecycle.current_version(store, row["id"], store.now())
        if row["status"] in lifecycle.RUNNING
        else None
    )
    if version is None:
        raise missing("current subscription version", row["id"])
    return version


def revenue(row: Row, version: Row | None) -> Json:
    """https://alguna.com/docs/api-reference/v2/2026-04-01/subscriptions/get-subscription-revenue-metrics"""
    items = [] if version is None else json.loads(version["document"])["items"]
    monthly, yearly = pricing.revenue(items)
    figures = {"mrr": pricing.money(monthly), "arr": pricing.money(yearly), "acv": pricing.money(yearly)}
    return {"subscription_id": row["id"], "currency": json.loads(row["document"])["currency"], **figures}


def set_tags(store: Store, row: Row, tags: list[str]) -> None:
    """Replace the tags of a subscription."""
    store.run("DELETE FROM subscription_tags WHERE subscription = ?", (row["seq"],))
    for tag in sorted(set(tags)):
        store.run("INSERT INTO subscription_tags VALUES (?, ?)", (tag, row["seq"]))


def plan_of(store: Store, plan_id: Any) -> Json | None:
    """A plan with its items (`_items`), or None without an id; 404 when there is no such plan."""
    if plan_id is None:
        return None
    row = store.one("SELECT * FROM plans WHERE id = ?", (reading.text(plan_id, "plan_id"),))
    if row is None:
        raise missing("plan", plan_id)
    return {"name": row["name"], **json.loads(row["document"])}


def _initial_items(body: Json, plan: Json | None, currency: str) -> list[Json]:
    if plan is None:
        return pricing.read_items(body.get("items"), currency)
    items = pricing.read_items(plan["_items"], currency)
    for item in pricing.read_items(body["items"], currency) if body.get("items") else ():
        items = [old for old in items if pricing.reference(old) != pricing.reference(item)] + [item]
    return items


def _read_contract(sent: Any, now: int) -> Json:
    contract = reading.mapping(sent, "contract")
    period = reading.word(
        contract.get("period_type", "monthly_rolling"), "contract.period_type", ("fixed", "monthly_rolling")
    )
    start_at = (
        stamps.midnight(stamps.day_of(now))
        if contract.get("start_date") is None
        else reading.day(contract["start_date"], "contract.start_date")
    )
    result: Json = {"period_type": period, "start_date": stamps.text(start_at), "end_date": None}
    if period == "fixed":
        months = reading.whole(contract.get("duration_months"), "contract.duration_months", 1)
        result["duration_months"] = months
        result["end_date"] = stamps.text(stamps.midnight(stamps.add_months(stamps.day_of(start_at), months)))
    return result


def _read_renewal(sent: Any, contract: Json) -> Json:
    renewal = reading.mapping({} if sent is None else sent, "renewal")
    period = renewal.get("period_type", contract.get("period_type", "fixed"))
    return {
        "auto_renew": reading.flag(renewal.get("auto_renew", True), "renewal.auto_renew"),
        "period_type": reading.word(period, "renewal.period_type", ("fixed", "monthly_rolling")),
        "duration_months": reading.whole(
            renewal.get("duration_months", contract.get("duration_months", 1)), "renewal.duration_months", 1
        ),
    }


def _read_billing(sent: Any, before: Json) -> Json:
    billing = {"auto_issue_invoices": True, "auto_pay_invoices": False, "payment_terms": "net_30", **before}
    billing.update(reading.mapping(sent, "billing"))
    for name in ("auto_issue_invoices", "auto_pay_invoices"):
        reading.flag(billing[name], f"billing.{name}")
    reading.text(billing["payment_terms"], "billing.payment_terms")
    if billing.get("first_billing_date") is not None:
        billing["first_billing_date"] = stamps.text(
            reading.day(billing["first_billing_date"], "billing.first_billing_date")
        )
    return billing


def _read_metadata(sent: Any, before: Json) -> Json:
    merged = {**before, **reading.mapping(sent, "metadata")}
    return {key: value for key, value in merged.items() if value is not None}
