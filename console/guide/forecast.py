"""How many calls a plan will cost, before it runs."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.records import Change

ROWS_A_CALL = 1_000
"""Five collections of 200 in one composite call."""
READS = 3
"""The org's id and what changed, and twice the description of the objects once an hour."""


def forecast(changes: Iterable[Change]) -> dict[str, int]:
    """Calls to each system for carrying these changes out, reading before included.

    Salesforce: rows about to be changed are read again and written, 1,000 to a call, accounts before contacts. Alguna: a
    customer is read, written and so checked: two calls each.
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
        calls += _calls(len(creates[entity]) + len(updates[entity])) + _calls(len(updates[entity]))
    return {"salesforce": calls + READS if calls or customers else 1, "alguna": 2 * len(customers)}


def _calls(rows: int) -> int:
    return -(-rows // ROWS_A_CALL)
