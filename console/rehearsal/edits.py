"""Edits from the control address: any field of either side, by somebody who is not the one who syncs."""

from __future__ import annotations

import json
from typing import Any

from console.rehearsal.alguna import customers, lifecycle, pricing, reading, render, subscriptions
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.store import Row, dump
from console.rehearsal.salesforce.access import Caller, in_browser
from console.rehearsal.stage import Stage
from console.rehearsal.world import sales_users

Json = dict[str, Any]
_TRUTH = Options()
"""The switches that hide nothing: how records are shown here."""


# -- Salesforce


def person(stage: Stage, username: Any) -> Caller:
    """The named user, or one of the sales people; with their own permissions. LookupError for an unknown name."""
    if username is None:
        return in_browser(sales_users(stage.org)[0])
    user = stage.org.directory.by_username(str(username))
    if user is None:
        raise LookupError(f"no user is called {username}")
    return in_browser(user["Id"])


def salesforce_edit(stage: Stage, body: Json) -> tuple[Caller, Json]:
    """Who edits, and which fields."""
    fields = body.get("fields")
    if not isinstance(fields, dict) or set(body) - {"fields", "as"}:
        raise ValueError('say {"fields": {...}}, and who with "as": username')
    return person(stage, body.get("as")), fields


def salesforce_record(stage: Stage, sobject: str, record_id: str, version: str) -> Json:
    """A record with all its fields, whoever may see them."""
    return stage.org.reading.read(
        Caller(stage.org.admin_id, system=True), sobject, record_id, None, version=version
    )


def salesforce_query(stage: Stage, soql: str, version: str) -> Json:
    """All rows of a query, whoever may see them, in one answer."""
    system = Caller(stage.org.admin_id, system=True)
    answer = stage.org.query(system, soql, version=version, session_key="control")
    page = answer
    while not page["done"]:
        locator = str(page["nextRecordsUrl"]).rpartition("/")[2]
        page = stage.org.query_more(system, locator, version=version, session_key="control")
        answer["records"].extend(page["records"])
    answer.pop("nextRecordsUrl", None)
    return {**answer, "done": True}


# -- Alguna


def customer(stage: Stage, key: str) -> Json:
    """A customer with all it holds."""
    return render.customer(customers.find(stage.alguna, key), _TRUTH)


def new_customer(stage: Stage, body: Json) -> Json:
    """A customer of any fields; `name` and `currency` are filled in when they are missing."""
    values = {"name": "New customer", "currency": "USD", **_checked(body)}
    return render.customer(customers.add(stage.alguna, values, stage.alguna_options), _TRUTH)


def edit_customer(stage: Stage, key: str, body: Json) -> Json:
    """Set any fields of a customer, those that the API cannot write included."""
    row = customers.find(stage.alguna, key)
    return render.customer(customers.change(stage.alguna, row, _checked(body), stage.alguna_options), _TRUTH)


def delete_customer(stage: Stage, key: str) -> None:
    """Take a customer away, as somebody with the dashboard could."""
    customers.delete(stage.alguna, key)


def _checked(body: Json) -> Json:
    # What cannot be stored or found again is refused; what is merely odd is what this address is for.
    for name in ("name", "currency", "id"):
        if name in body:
            reading.text(body[name], name, empty=name != "id")
    if body.get("aliases") is not None:
        reading.texts(body["aliases"], "aliases")
    for contact in reading.items(body["contacts"], "contacts") if body.get("contacts") is not None else ():
        reading.mapping(contact, "contact")
    if body.get("billing_address") is not None:
        reading.mapping(body["billing_address"], "billing_address")
    fixed = {"created_at", "updated_at"} & set(body)
    if fixed:
        raise ValueError(f"{sorted(fixed)[0]} is kept by the account itself")
    return body


def subscription(stage: Stage, key: str) -> Json:
    """A subscription with all its versions."""
    row = subscriptions.find(stage.alguna, key)
    shown = subscriptions.show(stage.alguna, row, _TRUTH)
    versions = [render.version(version, _TRUTH) for version in subscriptions.versions(stage.alguna, row)]
    return {**shown, "versions": versions}


def new_subscription(stage: Stage, body: Json) -> Json:
    """A subscription as `POST /subscriptions` makes it, then any further fields as by `edit_subscription`.

    Short form: `amount` and `interval` instead of `items`.
    """
    made = dict(body)
    further: Json = {name: made.pop(name) for name in ("status", "activated_at") if name in made}
    currency = made.setdefault("currency", "USD")
    if "items" not in made and "plan_id" not in made:
        made["items"] = [
            _simple_item(made.pop("amount", "100.00"), made.pop("interval", "monthly"), currency)
        ]
    with stage.alguna.transaction():
        row = subscriptions.create(stage.alguna, made)
        return edit_subscription(stage, row["id"], further) if further else subscription(stage, row["id"])


def edit_subscription(stage: Stage, key: str, body: Json) -> Json:
    """Set any fields of a subscription: status to any word, contract, renewal, `activated_at`, and `amount`/`interval` at once."""
    store = stage.alguna
    row = subscriptions.find(store, key)
    values = dict(body)
    with store.transaction():
        if "amount" in values or "interval" in values:
            row = _reprice(stage, row, values.pop("amount", None), values.pop("interval", None))
        document = json.loads(row["document"])
        status = reading.text(values.pop("status", row["status"]), "status")
        name = reading.text(values.pop("name", row["name"]), "name", empty=True)
        activated: Any = values.pop("activated_at", row["activated_at"])
        if not isinstance(activated, int):
            activated = -1 if activated is None else reading.day(activated, "activated_at")
        for field, value in values.items():
            if field in (
                "id",
                "customer_id",
                "created_at",
                "updated_at",
                "current_version_id",
                "pending_changes",
                "items",
            ):
                raise ValueError(f"{field} cannot be set; use amount and interval for the price")
            old = document.get(field)
            document[field] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        at = store.stamp()
        if status == "active" and row["status"] in ("draft", "scheduled"):
            _publish_drafts(stage, row, at)
            activated = at if activated < 0 else activated
        lifecycle.save(store, row, document, status, at, activated_at=activated, name=name)
        if status in lifecycle.OVER and row["status"] not in lifecycle.OVER:
            lifecycle.end(store, subscriptions.find(store, key), document, status, at)
    return subscription(stage, key)


def _publish_drafts(stage: Stage, row: Row, at: int) -> None:
    for version in subscriptions.versions(stage.alguna, row):
        if version["status"] == "draft":
            lifecycle.publish(stage.alguna, version, min(version["start_at"], at), at)


def _reprice(stage: Stage, row: Row, amount: Any, interval: Any) -> Row:
    store = stage.alguna
    now = store.now()
    current = lifecycle.current_version(store, row["id"], now) or next(
        iter(subscriptions.versions(store, row)), None
    )
    items = [] if current is None else json.loads(current["document"])["items"]
    old = next((months for months, _ in pricing.recurring(items)), 1)
    words = {months: word for word, months in pricing.INTERVALS.items()}
    currency = json.loads(row["document"])["currency"]
    total = (
        amount if amount is not None else str(next((value for _, value in pricing.recurring(items)), "0.00"))
    )
    item = _simple_item(total, interval or words[old], currency)
    at = store.stamp()
    if current is not None and current["status"] == "draft":
        document = {**json.loads(current["document"]), "items": [item]}
        store.run(
            "UPDATE versions SET document = ?, updated_at = ? WHERE seq = ?",
            (dump(document), at, current["seq"]),
        )
    else:
        version = subscriptions.add_version(store, row["id"], [item], at, at)
        lifecycle.publish(store, version, at, at)
    return subscriptions.find(store, row["id"])


def _simple_item(amount: Any, interval: Any, currency: str) -> Json:
    price = {
        "type": "fixed", "billing_interval": interval, "fee_type": "fixed", "billing_direction": "advance",
        "billing_frequency": "recurring", "fixed_pricing_model": {"price_per_unit": amount, "units": 1},
    }  # fmt: skip
    return pricing.read_items([{"product_id": "prod_control", "price": price}], currency)[0]
