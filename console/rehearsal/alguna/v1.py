"""The undated API's shapes, for a call without version header while the switch says so.

Only what shares a path with v2 or lists accounts: https://alguna.com/docs/api-reference/customers/list
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.rehearsal.alguna import customers, render, subscriptions
from console.rehearsal.alguna.errors import malformed, missing
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Order
from console.rehearsal.alguna.store import Store

Json = dict[str, Any]


def answer(store: Store, options: Options, segments: list[str], query: Mapping[str, str]) -> Json:
    """A GET in the undated API's shape: `page` from 1, `limit` 10 by default and 100 at most, camelCase."""
    match segments:
        case ["accounts"]:
            rows, total, limit = _page(store, "customers", query)
            data = [camel(render.customer(row, options)) for row in rows]
            return {"pageCount": -(-total // limit), "data": data}
        case ["accounts", key]:
            record: Json = camel(render.customer(customers.find(store, key), options))
            return record
        case ["subscriptions"]:
            rows, total, limit = _page(store, "subscriptions", query)
            items = [camel(subscriptions.show(store, row, options)) for row in rows]
            return {"items": items, "pageCount": -(-total // limit), "limit": limit}
        case _:
            raise missing("path", "/" + "/".join(segments))


def _page(store: Store, table: str, query: Mapping[str, str]) -> tuple[list[Any], int, int]:
    try:
        page, limit = int(query.get("page", "1")), min(int(query.get("limit", "10")), 100)
    except ValueError:
        raise malformed("page and limit must be integers") from None
    if page < 1 or limit < 1:
        raise malformed("page and limit must be positive")
    rows, total = store.page(table, [], Order("created_at"), limit, (page - 1) * limit)
    return rows, total, limit


def camel(value: Any) -> Any:
    """The same with camelCase keys, and `customer_id` under its older name `accountId`."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_camel_key(key): camel(item) for key, item in value.items()}


def _camel_key(key: str) -> str:
    first, *rest = {"customer_id": "account_id"}.get(key, key).split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
