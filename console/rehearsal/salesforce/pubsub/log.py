"""The event bus of an org: events in the org's file for 72 hours, each with a replay id.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-message-durability.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from console.rehearsal.salesforce.pubsub.schemas import Shape
    from console.rehearsal.salesforce.store import Store

RETENTION = timedelta(hours=72)
MAX_BYTES = 1_000_000
"""The largest event; a larger one becomes a gap event."""
_MARK = ""
_FIRST_REPLAY = 1_000_000
_FIRST_COMMIT = 10_708_862_594_000


@dataclass(frozen=True, slots=True)
class Event:
    """One stored event."""

    replay: int
    at: int
    """When it was committed, in milliseconds since 1970."""
    entity: str
    schema_id: str
    document: dict[str, Any]
    """`header` without bitmaps; `channels`: the fields that each channel enriches; and unless it is a gap `values`,
    `changed` and `nulled` (paths), and `enriched` (values). A mark has none of these."""


class EventLog:
    """Tables of the org's file. Replay ids grow, with holes."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.max_bytes = MAX_BYTES
        store.connection.executescript(
            "CREATE TABLE IF NOT EXISTS _event (replay INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
            " entity TEXT NOT NULL, schema_id TEXT NOT NULL, document TEXT NOT NULL) STRICT;"
            "CREATE INDEX IF NOT EXISTS _event_at ON _event (at);"
            "CREATE TABLE IF NOT EXISTS _event_schema (id TEXT PRIMARY KEY, entity TEXT NOT NULL,"
            " schema TEXT NOT NULL) STRICT;"
        )

    def now(self) -> int:
        """The present moment in milliseconds since 1970."""
        return round(self._clock().timestamp() * 1000)

    # -- writing

    def append(self, at: int, schema_id: str, document: Mapping[str, Any]) -> None:
        """Adds an event to the running transaction; one that is too large becomes a gap event."""
        text = _text(document)
        if len(text) > self.max_bytes and "values" in document:
            header = {**document["header"], "changeType": f"GAP_{document['header']['changeType']}"}
            text = _text({"header": header, "channels": dict.fromkeys(document["channels"], ())})
        self._put(self._next_replay(at), at, document["header"]["entityName"], schema_id, text)

    def _next_replay(self, at: int) -> int:
        return _FIRST_REPLAY + 1 + self._store.take_numbers("replay", 2 + at % 3) % 2**40

    def _put(self, replay: int, at: int, entity: str, schema_id: str, document: str) -> None:
        self._store.connection.execute(
            "INSERT INTO _event VALUES (?, ?, ?, ?, ?)", (replay, at, entity, schema_id, document)
        )

    def take_commit_number(self) -> int:
        """The number of a transaction: larger than all before it."""
        return _FIRST_COMMIT + self._store.take_numbers("commit") % 2**40

    def keep_schema(self, shape: Shape, entity: str) -> None:
        """Keeps a schema for as long as the org lives."""
        self._store.connection.execute(
            "INSERT OR IGNORE INTO _event_schema VALUES (?, ?, ?)", (shape.id, entity, shape.json)
        )

    # -- reading

    def schema(self, schema_id: str) -> str | None:
        """A schema that events were written with, as JSON text."""
        found = self._store.find("SELECT schema FROM _event_schema WHERE id = ?", (schema_id,))
        return str(found[0][0]) if found else None

    def after(self, replay: int, until: int, limit: int) -> list[Event]:
        """The next events behind a position that were committed not after `until` (milliseconds), marks included."""
        rows = self._store.find(
            "SELECT replay, at, entity, schema_id, document FROM _event WHERE replay > ? AND at <= ?"
            " AND at >= ? ORDER BY replay LIMIT ?",
            (replay, until, self._oldest(), limit),
        )
        return [
            Event(number, at, entity, schema_id, json.loads(text) if text else {})
            for number, at, entity, schema_id, text in rows
        ]

    def holds(self, replay: int) -> bool:
        """Whether a replay id is one that the org gave out and that is still retained."""
        found = self._store.find(
            "SELECT 1 FROM _event WHERE replay = ? AND at >= ?", (replay, self._oldest())
        )
        return bool(found)

    def position(self, until: int) -> int:
        """The newest position committed not after `until`: where a subscription without a past begins.

        On a bus that holds nothing a mark is made, so that the position can be returned to later.
        """
        visible = "SELECT max(replay) FROM _event WHERE at <= ? AND at >= ?"
        ((newest,),) = self._store.find(visible, (until, self._oldest()))
        if newest is not None:
            return int(newest)
        with self._store.transaction():
            self.purge()
            ((first,),) = self._store.find("SELECT min(replay) FROM _event")
            mark = int(first) - 1 if first is not None else self._next_replay(until)
            self._put(mark, until, _MARK, "", "")
        return mark

    def count(self) -> int:
        """How many events are retained."""
        rows = self._store.find(
            "SELECT count(*) FROM _event WHERE entity <> '' AND at >= ?", (self._oldest(),)
        )
        return int(rows[0][0])

    def newest(self) -> int | None:
        """The replay id of the newest event that is retained, as a number."""
        rows = self._store.find(
            "SELECT max(replay) FROM _event WHERE entity <> '' AND at >= ?", (self._oldest(),)
        )
        return None if rows[0][0] is None else int(rows[0][0])

    # -- forgetting

    def _oldest(self) -> int:
        return self.now() - int(RETENTION.total_seconds() * 1000)

    def purge(self) -> None:
        """Drops what is older than 72 hours; to be called inside a transaction, now and then."""
        self._store.connection.execute("DELETE FROM _event WHERE at < ?", (self._oldest(),))

    def expire(self) -> int:
        """Lets the retention pass for everything on the bus; the number of events that went."""
        gone = self.count()
        with self._store.transaction():
            self._store.connection.execute("DELETE FROM _event")
        return gone


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


# -- replay ids: opaque to everybody else


def replay_id(number: int) -> bytes:
    """Ten bytes: a counter and two zeros."""
    return number.to_bytes(8, "big") + b"\0\0"


def number_of(replay: bytes) -> int | None:
    """The counter in a replay id, or None when it is none."""
    if len(replay) != 10 or replay[8:] != b"\0\0" or replay[0] > 0x7F:
        return None
    return int.from_bytes(replay[:8], "big")
