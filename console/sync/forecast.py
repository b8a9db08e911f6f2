"""How many calls a piece of work will cost, before it begins."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.records import Change
from console.sync.bulk_size import ROWS_A_CALL, THRESHOLD, job_calls

READS = 4
"""What changed, and once an hour the org's id and the description of both objects."""
PAGE = 2_000
"""Rows in a page of a query: what a large pass wrote is read back by it."""


def forecast(changes: Iterable[Change], threshold: int = THRESHOLD) -> dict[str, int]:
    """Calls to each system for carrying these changes out, reading before and after included; at most so many.

    Salesforce: rows about to be written are looked up and written, 1,000 to a call or all of them in bulk jobs, accounts before
    contacts. Alguna: a customer is read, written and so checked: two calls each.

    :param threshold: rows from which on a bulk job writes them.
    """
    creates: dict[str, set[str]] = {"Account": set(), "Contact": set()}
    updates: dict[str, set[str]] = {"Account": set(), "Contact": set()}
    customers = set()
    for change in changes:
        if change.side == "alguna":
            customers.add(change.customer_id)
        elif change.field is None:
            creates[change.entity].add(change.customer_id)
        else:
            updates[change.entity].add(change.record)
    calls = 0
    for entity in ("Account", "Contact"):
        new, changed = len(creates[entity]), len(updates[entity])
        looked_up = changed + (new if entity == "Account" else 0)
        calls += _calls(looked_up) + _writes(new, threshold) + _writes(changed, threshold)
    rows = sum(map(len, (*creates.values(), *updates.values())))
    calls += _pages(rows) if rows > PAGE else 0
    return {"salesforce": calls + READS if calls or customers else 1, "alguna": 2 * len(customers)}


def forecast_due(customers: int, threshold: int = THRESHOLD) -> int:
    """Salesforce calls for so many customers that are due, when each of them gets a new account and contact: the most."""
    if not customers:
        return 0
    writes = _writes(customers, threshold)
    return _calls(customers) + 2 * writes + (_pages(2 * customers) if 2 * customers > PAGE else 0)


def _writes(rows: int, threshold: int) -> int:
    return job_calls(rows) if threshold and rows >= threshold else _calls(rows)


def _calls(rows: int) -> int:
    return -(-rows // ROWS_A_CALL)


def _pages(rows: int) -> int:
    return -(-rows // PAGE)
