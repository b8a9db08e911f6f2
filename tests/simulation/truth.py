"""Who put which value where: what tells whether a write lost somebody's edit.

A value that a person typed is *fresh* until both sides hold it and the sync has noted that they agree. A write of the sync may
replace

- what was agreed, or what the sync wrote itself;
- a fresh value, where the other side's value is fresh too (a conflict, decided by the field's rule) or the field is Alguna's
  alone; the value that lost must then be found in the history.

It may never replace a fresh value by one that nobody touched since both sides agreed: that is a lost edit. The one exception is
a value typed after the sync's last look at the record and before its first write since then arrived: no call of Salesforce's
collections, and none of Alguna's, writes only if nothing changed. Those are counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from console.domain.fields import FIELD, FIELDS, Flow
from console.domain.normal import same
from console.domain.records import Rule

from .machine import Disk

PLACES = {
    spec.key: spec.alguna_name.replace("contacts.", "contact.")
    for spec in FIELDS
    if spec.direction is Flow.BOTH or spec.key == "Alguna_Tax_Rate__c"
}
KEY_OF_PLACE = {place: key for key, place in PLACES.items()}
KEY_OF_FIELD = {(spec.entity, spec.sf_name): spec.key for spec in FIELDS}


class Violation(AssertionError):
    """Something happened that is promised never to happen. `kind` says what, whatever records and values it met."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


@dataclass
class Cell:
    """One value on one side."""

    value: object
    by_person: bool
    at: int
    agreed_with: str = ""
    """The record on the other side that held the same when the sync noted the agreement; empty: the value is fresh."""


@dataclass(frozen=True)
class Lost:
    """A fresh value that a write replaced: the history has to hold it."""

    customer_id: str
    key: str
    value: str


@dataclass(frozen=True)
class Pair:
    """A link of the cache, with what it says that both sides agree on."""

    customer_id: str
    account_id: str
    contact_id: str | None
    base: dict


def links(disk: Disk) -> Iterator[Pair]:
    """The links of a cache, as they are committed."""
    rows = disk._raw.execute("SELECT customer_id, account_id, contact_id, base FROM links").fetchall()
    for customer_id, account_id, contact_id, base in rows:
        yield Pair(customer_id, account_id, contact_id, json.loads(base))


class Truth:
    """The record of all edits and writes.

    :param pairs: the links as they are committed.
    :param heir: the account that a merged one went into, or the same id.
    """

    def __init__(
        self, pairs: Callable[[], Iterable[Pair]], heir: Callable[[str], str], rules: dict[str, Rule]
    ) -> None:
        self._pairs = pairs
        self._heir = heir
        self._rules = rules
        self.now = 0
        self.cells: dict[tuple[str, str], Cell] = {}
        self.seen: dict[str, int] = {}
        """When the sync last looked at a record."""
        self.tried: dict[str, int] = {}
        """When the sync last sent a record, whatever became of it."""
        self.decided: dict[tuple[str, str], int] = {}
        """When a person decided whose value of a field stays."""
        self.lost: list[Lost] = []
        self.edits = self.raced = 0

    def looked(self, ids: Iterable[str]) -> None:
        """The sync read these records."""
        self.now += 1
        for id_ in ids:
            self.seen[id_] = self.now

    def sent(self, id_: str) -> None:
        """The sync sent a record; whether it was taken doesn't matter."""
        self.now += 1
        self.tried[id_] = self.now

    def unseen(self, record: str, key: str) -> bool:
        """Whether a value came after the sync's last look at its record."""
        cell = self.cells.get((record, key))
        return cell is not None and cell.at > self.seen.get(record, -1)

    def put(self, record: str, key: str, before: object, after: object, by_person: bool) -> None:
        """A value moved."""
        self.agree()  # what the sync noted since the last move
        if not by_person:
            self._judge(record, key, before, after)
        else:
            self.edits += 1
        self.now += 1
        self.cells[record, key] = Cell(after, by_person, self.now)
        self.agree()

    def agree(self, in_sync: frozenset[str] = frozenset()) -> None:
        """Note which values both sides agree on: equal ones that the sync has noted so, or has seen and calls in sync.

        :param in_sync: customers that it calls in sync after a pass.
        """
        for pair in self._pairs():
            if self._heir(pair.account_id) != pair.account_id:
                continue  # merged away: what the survivor holds is what counts
            for key in PLACES:
                ours, other = self.cells.get((pair.customer_id, key)), self._other(pair, key)
                if ours is None or other is None:
                    continue
                record, theirs = other
                kind, value = FIELD[key].kind, _text(ours.value)
                noted = key in pair.base and same(kind, value, pair.base[key])
                seen = self._known(pair.customer_id, ours) and self._known(record, theirs)
                if same(kind, value, _text(theirs.value)) and (
                    noted or (pair.customer_id in in_sync and seen)
                ):
                    ours.agreed_with, theirs.agreed_with = record, pair.customer_id

    def _known(self, record: str, cell: Cell) -> bool:
        return not cell.by_person or cell.at <= self.seen.get(record, -1)

    def merged(self, winner: str, blank: Iterable[str]) -> None:
        """An account took in another one, and these fields are blank: nobody's edit, so nothing is agreed there."""
        for (_, key), cell in self.cells.items():
            if cell.agreed_with and key in blank and self._heir(cell.agreed_with) == winner:
                cell.agreed_with = ""

    def forget(self, customer_id: str) -> None:
        """A person takes a link apart: what was agreed in it is agreed no more."""
        for pair in self._pairs():
            if pair.customer_id == customer_id:
                for (record, _), cell in self.cells.items():
                    if record in (pair.customer_id, pair.account_id, pair.contact_id):
                        cell.agreed_with = ""

    def _other(self, pair: Pair, key: str) -> tuple[str, Cell] | None:
        record = pair.account_id if FIELD[key].entity == "Account" else pair.contact_id
        cell = self.cells.get((record or "", key))
        return (record or "", cell) if cell is not None else None

    def _judge(self, record: str, key: str, before: object, after: object) -> None:
        old = self.cells.get((record, key))
        if old is None or not old.by_person or old.agreed_with or before is None:
            return
        customer_id, there = self._counterpart(record, key)
        if customer_id is None:
            return  # a first link: both have a claim, and nothing was agreed
        if self.unseen(record, key):
            if self.tried.get(record, -1) >= self.seen.get(record, -1):
                raise Violation(
                    "lost edit, sent twice", f"{record} {key}: {before!r} was replaced by {after!r}"
                )
            self.raced += 1
            return
        both = FIELD[key].direction is Flow.BOTH
        asked = self.decided.get((customer_id, key), -1) >= old.at
        if (
            both
            and not asked
            and there is not None
            and self._heir(there.agreed_with) in (record, customer_id)
        ):
            raise Violation(
                "lost edit",
                f"{record} {key}: {before!r}, typed by a person, was replaced by {after!r}, which both had agreed on",
            )
        if both and not asked and self._rules.get(key) in (Rule.MANUAL, Rule.FILL_BLANKS, Rule.OFF):
            raise Violation(
                "lost edit against the rule", f"{record} {key}: {before!r} was replaced by {after!r}"
            )
        if both and after is None and not asked:
            raise Violation("emptied unasked", f"{record} {key}: {before!r}")
        self.lost.append(Lost(customer_id, key, str(before)))

    def _counterpart(self, record: str, key: str) -> tuple[str | None, Cell | None]:
        for pair in self._pairs():
            if record == pair.customer_id:
                other = self._other(pair, key)
                return pair.customer_id, other[1] if other else None
            if record in (pair.account_id, pair.contact_id):
                return pair.customer_id, self.cells.get((pair.customer_id, key))
        return None, None


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip() or None
