"""Caches of any size, made through the store as the engine makes them, without either system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from console.domain.ids import to_18
from console.domain.records import Account, Customer, Link, MatchedBy, State
from console.store.cache import Cache
from console.store.entries import Settled

ORG_ID = "00D5g000004HkPZEA0"
AT = "2026-01-02T03:04:05Z"
STEP = 7_919
"""Names count in steps of this prime: their order is not the order in which rows were stored."""
FIRST = ("Acme", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour")
LAST = ("Analytics", "Bikes", "Capital", "Devices", "Energy", "Foods", "Games", "Hotels", "Insurance")
STATES = (State.IN_SYNC, State.IN_SYNC, State.PENDING, State.CONFLICT, State.INCOMPLETE, State.REVIEW)
WHY = "Alguna moved from Berlin to Hamburg; Salesforce still has Berlin."


def fill(path: Path, rows: int, *, linked: bool) -> None:
    """Make a cache with so many customers, and as many accounts linked with them where `linked`.

    A quarter of a minute for 100,000 linked customers, half a minute for 1,000,000 that are not.
    """
    with Cache.open(path, org_id=ORG_ID, holder="measuring") as cache:
        cache.customers.put(_customers(rows), AT, "poll")
        if linked:
            cache.accounts.put(_accounts(rows), AT, "poll")
            cache.links.put(_links(rows))
        cache.entries.settle(_settled(rows))
        cache.runs.finish(cache.runs.start("sync", AT), AT, "done", {})


def in_sync(rows: int) -> int:
    """How many rows of a filled cache are in sync."""
    return sum(STATES[row % len(STATES)] is State.IN_SYNC for row in range(rows))


def _name(row: int, rows: int) -> str:
    number = row * STEP % rows
    return f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]} {number}"


def _customers(rows: int) -> Iterator[Customer]:
    for row in range(rows):
        name = _name(row, rows)
        values = {"Name": name, "Website": f"https://company-{row}.example", "BillingCity": "Hamburg"}
        yield Customer(_customer_id(row), name, AT, AT, values)


def _accounts(rows: int) -> Iterator[Account]:
    for row in range(rows):
        name = _name(row, rows)
        yield Account(_account_id(row), name, AT, {"Name": name, "BillingCity": "Berlin"})


def _links(rows: int) -> Iterator[Link]:
    for row in range(rows):
        yield Link(_customer_id(row), _account_id(row), MatchedBy.ALIAS, "The id is an alias.", AT, "console")


def _settled(rows: int) -> Iterator[Settled]:
    for row in range(rows):
        state = STATES[row % len(STATES)]
        differs = 0 if state is State.IN_SYNC else 1
        yield Settled(_customer_id(row), state, differs, WHY if differs else "", "Active 1 of 2")


def _customer_id(row: int) -> str:
    return f"cus_{row:012}"


def _account_id(row: int) -> str:
    return to_18(f"001{row:012}")
