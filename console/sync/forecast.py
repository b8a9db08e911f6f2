"""How many calls a piece of work will cost, before it begins.

Counted as they are made: customers are taken in pieces (`console.sync.pieces`), and of each piece the rows are looked up,
accounts are written, then contacts, five collections or queries of 200 rows to a call. What goes by jobs of the Bulk API costs
what jobs cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from console.domain.records import Change
from console.sync.budget import Standing
from console.sync.bulk.size import THRESHOLD, job_calls, read_calls
from console.sync.jobs import account_of
from console.sync.org import HEAVY, ROWS
from console.sync.pieces import pieces

READS = 4
"""What changed, and once an hour the org's id and the description of both objects."""
CALL_SECONDS = 0.5
"""What a call to Salesforce takes, a collection of 200 rows that triggers and flows see included; Alguna's limit sets its pace."""
PAGE = 2_000
"""Rows in a page of a query: when a pass wrote more, it reads them back itself."""


@dataclass(slots=True)
class _Rows:
    """Rows that a piece, or all of them together, will write."""

    new_accounts: int = 0
    changed_accounts: int = 0
    new_contacts: int = 0
    changed_contacts: int = 0
    known: int = 0
    """Accounts that are there already, and that are looked at before anything of them is written."""
    beside: int = 0
    """Contacts to be created at those."""

    def calls(self) -> int:
        """Calls of one piece."""
        looked_up = (self.known, self.new_accounts, self.changed_contacts, self.beside)
        parts = (
            looked_up,
            (self.changed_accounts, self.new_accounts),
            (self.changed_contacts, self.new_contacts),
        )
        return sum(_up(sum(_up(rows, ROWS) for rows in part), HEAVY) for part in parts)

    def add(self, other: _Rows) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


_KINDS = ("new_accounts", "changed_accounts", "new_contacts", "changed_contacts")


@dataclass(slots=True)
class Forecast:
    """Adds up what plans will cost, piece by piece; a piece takes a few numbers, however many changes it has.

    :param threshold: rows of one kind from which on a bulk job writes them; 0: never.
    :param alguna_rate: calls a second that Alguna takes.
    """

    threshold: int = THRESHOLD
    alguna_rate: float = 90.0
    _pieces: list[_Rows] = field(default_factory=list)
    _customers: int = 0
    bytes: int = 0
    """Of the values that are written."""
    reading: int = 0
    """Calls to Alguna for the prices and dates that the plan needs; none where they are known."""

    def piece(self, changes: Iterable[Change]) -> None:
        """The changes of customers that are carried out together."""
        new: dict[str, set[str]] = {"Account": set(), "Contact": set()}
        changed: dict[str, set[str]] = {"Account": set(), "Contact": set()}
        known, beside, customers = set(), set(), set()
        for change in changes:
            self.bytes += weight(change)
            if change.side == "alguna":
                customers.add(change.customer_id)
            elif not change.creates:
                changed[change.entity].add(change.record)
                known.add(change.customer_id)
            else:
                new[change.entity].add(change.customer_id)
                if change.entity == "Contact" and account_of(change) is not None:
                    beside.add(change.customer_id)
        self._customers += len(customers)
        rows = _Rows(
            len(new["Account"]),
            len(changed["Account"]),
            len(new["Contact"]),
            len(changed["Contact"]),
            len(known | beside),
            len(beside),
        )
        if rows != _Rows():
            self._pieces.append(rows)

    @property
    def writing(self) -> int:
        """Salesforce calls for writing all that, looking before and reading back included."""
        total = _Rows()
        for each in self._pieces:
            total.add(each)
        by_jobs = [kind for kind in _KINDS if 0 < self.threshold <= getattr(total, kind)]
        calls = sum(1 + job_calls(getattr(total, kind)) for kind in by_jobs)
        calls += sum(replace(each, **dict.fromkeys(by_jobs, 0)).calls() for each in self._pieces)
        accounts = total.new_accounts + total.changed_accounts
        contacts = total.new_contacts + total.changed_contacts
        return calls + (read_calls(accounts, contacts) if accounts + contacts > PAGE else 0)

    def calls(self) -> dict[str, int]:
        """Calls to each system for a whole pass; Alguna's are two for each customer: read, then written and so checked."""
        return {"salesforce": self.writing + READS, "alguna": 2 * self._customers + self.reading}

    @property
    def minutes(self) -> float:
        """How long it takes, roughly."""
        calls = self.calls()
        return round((calls["salesforce"] * CALL_SECONDS + calls["alguna"] / self.alguna_rate) / 60, 3)

    def as_json(self, standing: Standing) -> dict[str, object]:
        """As ``plan --json`` prints it: what it takes, and what share that is of what the console may still use today."""
        calls, left = self.calls(), standing.left
        return {
            "calls": calls,
            "bytes": self.bytes,
            "minutes": self.minutes,
            "share": round(calls["salesforce"] / left, 4) if left else None,
            "left": left,
            "allocation": standing.allocation,
        }


def weight(change: Change) -> int:
    """Bytes of the values that a change writes, names of fields included."""
    after = change.after
    if isinstance(after, str):
        return len(after.encode("utf-8", "replace"))
    if isinstance(after, Mapping):
        return sum(len(key) + len((value or "").encode("utf-8", "replace")) for key, value in after.items())
    if isinstance(after, (list, tuple)):
        return sum(len(str(each)) for each in after)
    return 0


def forecast(changes: Iterable[Change], threshold: int = THRESHOLD) -> dict[str, int]:
    """Calls to each system for a pass that carries these changes out, customers in the order of their changes.

    :param threshold: rows from which on a bulk job writes them.
    """
    by_customer: dict[str, list[Change]] = {}
    for change in changes:
        by_customer.setdefault(change.customer_id, []).append(change)
    found, waiting = Forecast(threshold), iter(by_customer.values())
    for size in pieces(len(by_customer)):
        found.piece(change for _ in range(size) for change in next(waiting))
    return found.calls()


def forecast_due(customers: int, threshold: int = THRESHOLD, *, done: int = 0) -> int:
    """Salesforce calls for so many customers that are due, were each of them to get a new account and contact.

    :param done: so many of them are done already.
    """
    if 0 < threshold <= customers:
        return 0 if done >= customers else 2 * (1 + job_calls(customers)) + read_calls(customers, customers)
    calls = sum(_Rows(new_accounts=size, new_contacts=size).calls() for size in pieces(customers, done))
    return calls + (read_calls(customers, customers) if 2 * customers > PAGE else 0)


def _up(rows: int, size: int) -> int:
    return -(-rows // size)
