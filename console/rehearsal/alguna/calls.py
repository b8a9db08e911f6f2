"""What each path answers. A handler takes a `Call` and returns the status and the JSON body."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.rehearsal.alguna import (
    changes,
    customers,
    events,
    lifecycle,
    pricing,
    reading,
    render,
    subscriptions,
)
from console.rehearsal.alguna.errors import AlgunaError, invalid, malformed, missing
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Condition, Order
from console.rehearsal.alguna.ratelimit import Bucket
from console.rehearsal.alguna.store import Store

Json = dict[str, Any]
Answer = tuple[int, Any]


@dataclass(slots=True)
class Call:
    """One request, read and admitted."""

    store: Store
    options: Options
    event_bucket: Bucket
    query: Mapping[str, str]
    body: Any
    keys: tuple[str, ...] = ()
    """The variable parts of the path, in order."""


Handler = Callable[[Call], Answer]


def _list(
    call: Call, table: str, conditions: list[Condition], show: Callable[[Any], Json], sorted_: bool = True
) -> Answer:
    limit = reading.number_parameter(call.query, "limit")
    offset = reading.number_parameter(call.query, "offset")
    if limit < 1 or offset < 0:
        raise malformed("limit must be positive and offset must not be negative")
    most = call.options.page_limit
    if most and limit > most:
        if call.options.page_limit_over == "422":
            raise invalid(f"limit must not exceed {most}")
        limit = most
    if call.options.listed < 100:
        conditions = [*conditions, Condition("seq * 37 % 100 < ?", (call.options.listed,))]
    order = _order(call, table) if sorted_ else Order("created_at")
    rows, total = call.store.page(table, conditions, order, limit, offset)
    pagination = {"per_page": limit, "total_pages": -(-total // limit)}
    return 200, {"data": [show(row) for row in rows], "pagination": pagination}


def _order(call: Call, table: str) -> Order:
    raw = call.query.get("sort")
    if not raw:
        if call.options.sort_required:
            raise invalid("sort is required")
        return Order("created_at")
    column, colon, direction = raw.partition(":")
    allowed = ["created_at", "name"]
    if call.options.sort_updated_at:
        allowed.append("updated_at")
    if table == "subscriptions":
        allowed.append("activated_at")
    if column not in allowed or not colon or direction not in ("asc", "desc"):
        raise invalid(f"sort must be one of {', '.join(allowed)} followed by :asc or :desc")
    return Order(column, direction == "desc")


# -- customers


def list_customers(call: Call) -> Answer:
    """Filtered by alias, email, tags, integrations, csm and active subscriptions."""
    return _list(
        call, "customers", customers.conditions(call.query), lambda row: render.customer(row, call.options)
    )


def get_customer(call: Call) -> Answer:
    """By id, alias or connected account."""
    return 200, render.customer(customers.find(call.store, call.keys[0]), call.options)


def create_customer(call: Call) -> Answer:
    """201 or 200 (an option)."""
    row = customers.create(call.store, call.body, call.options)
    return call.options.create_status, render.customer(row, call.options)


def patch_customer(call: Call) -> Answer:
    """Only the fields that are sent; lists as a whole."""
    row = customers.patch(call.store, call.keys[0], call.body, call.options)
    return 200, render.customer(row, call.options)


def list_connected_accounts(call: Call) -> Answer:
    """The payment provider accounts of a customer."""
    return 200, {"data": customers.connected_accounts(customers.find(call.store, call.keys[0]))}


# -- subscriptions


def _show(call: Call, row: Any) -> Json:
    return subscriptions.show(call.store, row, call.options)


def _subscription(call: Call) -> Any:
    return subscriptions.find(call.store, call.keys[0])


def list_subscriptions(call: Call) -> Answer:
    """Filtered by customer, status and tags."""
    return _list(
        call,
        "subscriptions",
        subscriptions.conditions(call.query, call.options),
        lambda row: _show(call, row),
    )


def get_subscription(call: Call) -> Answer:
    """One subscription, with the version in force and the changes that are pending."""
    return 200, _show(call, _subscription(call))


def create_subscription(call: Call) -> Answer:
    """A draft, or active at once with `auto_activate`."""
    return call.options.create_status, _show(call, subscriptions.create(call.store, call.body))


def patch_subscription(call: Call) -> Answer:
    """Name, billing, renewal, metadata and more; never items or status."""
    return 200, _show(call, subscriptions.patch(call.store, _subscription(call), call.body, call.options))


def activate_subscription(call: Call) -> Answer:
    """Draft -> active; again: the same answer."""
    return 200, _show(call, subscriptions.activate(call.store, _subscription(call)))


def cancel_subscription(call: Call) -> Answer:
    """At once, at the end of the term, or on a day."""
    return 200, _show(call, subscriptions.cancel(call.store, _subscription(call), call.body))


def change_subscription(call: Call) -> Answer:
    """A new version from a delta, published unless `draft`."""
    version, _ = changes.change(call.store, _subscription(call), call.body, preview=False)
    return call.options.create_status, render.version(version, call.options)


def preview_change(call: Call) -> Answer:
    """What `change_subscription` would make, and its revenue; nothing is written."""
    row = _subscription(call)
    source, shown = changes.change(call.store, row, call.body, preview=True)
    monthly, yearly = pricing.revenue(shown["items"])
    figures = {"mrr": pricing.money(monthly), "arr": pricing.money(yearly), "acv": pricing.money(yearly)}
    body = {"subscription_id": row["id"], "source_version_id": source["id"], **shown, **figures}
    return 200, render.figures(body, call.options)


def list_versions(call: Call) -> Answer:
    """All versions at once, without pages."""
    rows = subscriptions.versions(call.store, _subscription(call))
    return 200, {"data": [render.version(row, call.options) for row in rows]}


def create_version(call: Call) -> Answer:
    """A draft version from a full item set."""
    row = changes.create_version(call.store, _subscription(call), call.body)
    return call.options.create_status, render.version(row, call.options)


def get_current_version(call: Call) -> Answer:
    """The version in force; 404 when there is none."""
    return 200, render.version(subscriptions.current(call.store, _subscription(call)), call.options)


def _version(call: Call) -> Any:
    return subscriptions.find_version(call.store, _subscription(call), call.keys[1])


def get_version(call: Call) -> Answer:
    """One version with its items."""
    return 200, render.version(_version(call), call.options)


def publish_version(call: Call) -> Answer:
    """Draft -> published."""
    row = changes.publish_version(call.store, _subscription(call), _version(call))
    return 200, render.version(row, call.options)


def get_version_item(call: Call) -> Answer:
    """One item, named by its product or its bundle."""
    for item in render.version(_version(call), call.options)["items"]:
        if pricing.reference(item)[1] == call.keys[2]:
            return 200, item
    raise missing("subscription version item", call.keys[2])


def get_version_revenue(call: Call) -> Answer:
    """MRR, ARR and ACV of one version."""
    figures = subscriptions.revenue(_subscription(call), _version(call))
    return 200, render.figures({**figures, "version_id": call.keys[1]}, call.options)


def _revenue(call: Call) -> Json:
    row = _subscription(call)
    version = None
    if row["status"] in lifecycle.RUNNING:
        version = lifecycle.current_version(call.store, row["id"], call.store.now())
    return subscriptions.revenue(row, version)


def get_revenue(call: Call) -> Answer:
    """MRR, ARR and ACV of the version in force."""
    return 200, render.figures(_revenue(call), call.options)


def get_insight(call: Call) -> Answer:
    """https://alguna.com/docs/api-reference/v2/2026-04-01/insights/get-mrr-arr-and-acv-for-a-subscription"""
    figures = _revenue(call)
    named = {
        "currency": figures["currency"],
        "monthly_recurring_revenue": figures["mrr"],
        "annual_recurring_revenue": figures["arr"],
        "annual_contract_value": figures["acv"],
    }
    return 200, render.figures(named, call.options)


def get_billing_dates(call: Call) -> Answer:
    """The current cycle, the next bill, the next renewal: plain dates."""
    return 200, lifecycle.billing_dates(call.store, _subscription(call))


def list_entitlements(call: Call) -> Answer:
    """What the version in force entitles to."""
    row = _subscription(call)
    version = lifecycle.current_version(call.store, row["id"], call.store.now())
    return 200, {"data": [] if version is None else json.loads(version["document"])["entitlements"]}


# -- plans, products, events, integrations


def _named(call: Call, table: str, what: str) -> Answer:
    row = call.store.one(f"SELECT * FROM {table} WHERE id = ?", (call.keys[0],))  # noqa: S608
    if row is None:
        raise missing(what, call.keys[0])
    return 200, render.named(row, call.options)


def list_plans(call: Call) -> Answer:
    """All plans; `sort` is required."""
    return _list(call, "plans", [], lambda row: render.named(row, call.options))


def get_plan(call: Call) -> Answer:
    """One plan."""
    return _named(call, "plans", "plan")


def list_products(call: Call) -> Answer:
    """All products; no `sort` is taken."""
    return _list(call, "products", [], lambda row: render.named(row, call.options), sorted_=False)


def get_product(call: Call) -> Answer:
    """One product."""
    return _named(call, "products", "product")


def ingest_events(call: Call) -> Answer:
    """Usage events, at most a hundred a call, each counted once."""
    sent = events.read(call.body)
    if not call.event_bucket.take(len(sent), call.options.events_limit):
        raise too_many(call.options)
    return 200, events.ingest(call.store, sent)


def sync_config(call: Call) -> Answer:
    """The external-sync guide's call, https://alguna.com/docs/integrations/external-sync; by default it does not exist."""
    if call.options.integrations == "404":
        raise missing("path", "/integrations/salesforce/sync-config")
    if call.body is not None:
        config = reading.mapping(call.body, "body")
        reading.word(
            config.get("direction"),
            "direction",
            ("alguna_to_external", "external_to_alguna", "bidirectional"),
        )
        strategies = ("alguna_wins", "external_wins", "latest_wins", "manual")
        reading.word(config.get("conflictResolution"), "conflictResolution", strategies)
        call.store.set_meta("sync config", json.dumps(config))
    kept = call.store.meta("sync config")
    return 200, {"integrationId": "int_salesforce", **(json.loads(kept) if kept else {"enabled": False})}


def too_many(options: Options) -> AlgunaError:
    """429, with `Retry-After` when the switch says so."""
    headers = {"Retry-After": str(options.retry_after)} if options.retry_after else None
    return AlgunaError(429, "Rate limit exceeded", headers)


ROUTES: dict[str, dict[str, Handler]] = {
    "customers": {"GET": list_customers, "POST": create_customer},
    "customers/*": {"GET": get_customer, "PATCH": patch_customer},
    "customers/*/connected-accounts": {"GET": list_connected_accounts},
    "subscriptions": {"GET": list_subscriptions, "POST": create_subscription},
    "subscriptions/*": {"GET": get_subscription, "PATCH": patch_subscription},
    "subscriptions/*/activate": {"POST": activate_subscription},
    "subscriptions/*/cancel": {"POST": cancel_subscription},
    "subscriptions/*/changes": {"POST": change_subscription},
    "subscriptions/*/changes/preview": {"POST": preview_change},
    "subscriptions/*/versions": {"GET": list_versions, "POST": create_version},
    "subscriptions/*/versions/current": {"GET": get_current_version},
    "subscriptions/*/versions/*": {"GET": get_version},
    "subscriptions/*/versions/*/publish": {"POST": publish_version},
    "subscriptions/*/versions/*/items/*": {"GET": get_version_item},
    "subscriptions/*/versions/*/revenue": {"GET": get_version_revenue},
    "subscriptions/*/revenue": {"GET": get_revenue},
    "subscriptions/*/billing-dates": {"GET": get_billing_dates},
    "subscriptions/*/entitlements": {"GET": list_entitlements},
    "insights/revenue/subscription/*": {"GET": get_insight},
    "plans": {"GET": list_plans},
    "plans/*": {"GET": get_plan},
    "products": {"GET": list_products},
    "products/*": {"GET": get_product},
    "events": {"POST": ingest_events},
    "integrations/salesforce/sync-config": {"GET": sync_config, "POST": sync_config},
}


def route(segments: list[str], method: str) -> tuple[Handler, tuple[str, ...]]:
    """The handler of a path and the path's variable parts; 404 for an unknown path, 405 for another method."""
    for pattern, handlers in ROUTES.items():
        parts = pattern.split("/")
        if len(parts) == len(segments) and all(
            (part == "*" and segment) or part == segment
            for part, segment in zip(parts, segments, strict=True)
        ):
            if method not in handlers:
                raise AlgunaError(405, "Method not allowed", {"Allow": ", ".join(handlers)})
            return handlers[method], tuple(s for p, s in zip(parts, segments, strict=True) if p == "*")
    raise missing("path", "/" + "/".join(segments))
