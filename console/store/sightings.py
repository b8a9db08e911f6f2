"""Edits that others made to linked records, as they were seen: what `history` is for the console's own writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from console.domain.fields import ALIASES, FIELD
from console.domain.normal import same
from console.domain.records import Side
from console.store.connection import Connection, Row, chunks
from console.store.text import decode, encode, id_list

_COLUMNS = "run, at, customer_id, side, entity, record, key, before, after, how, behind"
_OWNERS: Final[Mapping[str, str]] = {
    "Account": "SELECT account_id, customer_id FROM links WHERE account_id IN (SELECT value FROM json_each(?))",
    "Contact": "SELECT contact_id, customer_id FROM links WHERE contact_id IN (SELECT value FROM json_each(?))",
    "customer": "SELECT customer_id, customer_id FROM links WHERE customer_id IN (SELECT value FROM json_each(?))",
}
# Between two runs what is seen is the next one's: that one acts on it.
_RUN = "SELECT coalesce(max(id), 0) + coalesce((SELECT outcome <> 'running' FROM runs ORDER BY id DESC LIMIT 1), 1) FROM runs"
GONE: Final = "gone"
"""In place of a field key: the record was deleted, or came back. `before` and `after` are booleans then."""


class Look(NamedTuple):
    """A record's content before and after somebody changed it, in JSON."""

    record: str
    before: str
    after: str
    was_gone: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """One field that somebody else changed. `at`: when that was seen; `run`: the run that saw it, or the next one."""

    customer_id: str
    side: Side
    entity: str
    record: str
    key: str
    before: object
    after: object
    how: str
    """``poll`` or ``event``."""
    run: int = 0
    at: str = ""
    behind: int = 0
    """The newest row of the history when it was seen: which of the two came first."""

    def as_json(self) -> dict[str, object]:
        """The shape that ``account --json`` prints."""
        return {
            "at": self.at,
            "run": self.run,
            "side": self.side,
            "object": self.entity,
            "record": self.record,
            "field": self.key,
            "before": self.before,
            "after": self.after,
            "how": self.how,
        }


class Sightings:
    """Written by the tables of records, in the transaction of what was seen."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def note(self, entity: str, looks: Sequence[Look], at: str, how: str) -> None:
        """Note what changed in records that are linked. What the console wrote itself (``reply``) is in the history."""
        if how == "reply" or not looks:
            return
        owners: dict[str, str] = {
            row[0]: row[1]
            for row in self._db.query(_OWNERS[entity], (id_list(look.record for look in looks),))
        }
        rows = [
            (customer_id, look.record, *change)
            for look in looks
            if (customer_id := owners.get(look.record)) is not None
            for change in _changes(look)
        ]
        if not rows:
            return
        side = "alguna" if entity == "customer" else "salesforce"
        (found,) = self._db.query(f"SELECT ({_RUN}), coalesce((SELECT max(id) FROM history), 0)")
        run, behind = found
        self._db.executemany(
            f"INSERT INTO sightings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (run, at, customer_id, side, entity, record, key, encode(before), encode(after), how, behind)
                for customer_id, record, key, before, after in rows
            ),
        )

    def of(self, customer_id: str, limit: int = 100) -> list[Sighting]:
        """Of one customer, the newest first."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM sightings WHERE customer_id = ? ORDER BY id DESC LIMIT ?",
            (customer_id, limit),
        )
        return [_sighting(row) for row in rows]

    def many(self, customer_ids: Iterable[str]) -> dict[str, list[Sighting]]:
        """All of these customers, the oldest first."""
        found: dict[str, list[Sighting]] = {}
        for chunk in chunks(customer_ids):
            for row in self._db.query(
                f"SELECT {_COLUMNS} FROM sightings WHERE customer_id IN (SELECT value FROM json_each(?)) ORDER BY id",
                (id_list(chunk),),
            ):
                found.setdefault(row[2], []).append(_sighting(row))
        return found


def _changes(look: Look) -> list[tuple[str, Any, Any]]:
    """(key, before, after) of what differs; what one of the two didn't show is not known to have changed."""
    if look.was_gone or look.is_gone:
        return [(GONE, look.was_gone, look.is_gone)] if look.was_gone != look.is_gone else []
    old, new = decode(look.before), decode(look.after)
    values, now = old.get("values", {}), new.get("values", {})
    found = [
        (key, values[key], value)
        for key, value in now.items()
        if key in values and key in FIELD and not same(FIELD[key].kind, values[key], value)
    ]
    if sorted(old.get(ALIASES, [])) != sorted(new.get(ALIASES, [])):
        found.append((ALIASES, old.get(ALIASES, []), new.get(ALIASES, [])))
    return found


def _sighting(row: Row) -> Sighting:
    run, at, customer_id, side, entity, record, key, before, after, how, behind = row
    return Sighting(
        customer_id, side, entity, record, key, decode(before), decode(after), how, run, at, behind
    )
