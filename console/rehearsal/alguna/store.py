"""The Alguna account in one SQLite file: records by id, by key and by page; transactions; a clock that never stands still."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from console.rehearsal import codes, stamps
from console.rehearsal.alguna import schema
from console.rehearsal.alguna.paging import Condition, Order, Ranks, filtered, whole

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Json = dict[str, Any]
Row = sqlite3.Row
_SORTS = {
    "customers": ("created_at", "updated_at", "name"),
    "subscriptions": ("created_at", "updated_at", "name", "activated_at"),
    "plans": ("created_at", "updated_at", "name"),
    "products": ("created_at", "updated_at", "name"),
}
_LENGTHS = {"cust": 8, "cont": 10, "sub": 14, "subv": 14, "pln": 14, "prod": 14, "ent": 14}
FIRST_NUMBER = 10**12
"""Ids that are made here count from this number on; a seeded world counts below it."""


class Store:
    """One account. Not thread-safe beyond its lock: one event loop owns it, tests may look in between."""

    def __init__(
        self, path: Path | str, *, clock: Callable[[], datetime] = stamps.utc_now, seed: int = 1
    ) -> None:
        """Open the file, or create it. `seed` decides the API key and all ids that are made here."""
        self.clock = clock
        self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._depth = 0
        self._waiting: list[tuple[str, Json]] = []
        self.listeners: list[Callable[[Sequence[tuple[str, Json]]], None]] = []
        """Called after each commit with its events, `(type, record)`, in order."""
        self._ranks = {
            table: {column: Ranks(self._db, table, column) for column in columns}
            for table, columns in _SORTS.items()
        }
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            # One transaction: thirty would mean thirty waits for the disk.
            self._db.executescript(f"BEGIN; {schema.TABLES} {schema.INDEXES} COMMIT;")
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?)", (str(seed),))
            self.seed = int(self.meta("seed") or seed)
            self._totals = {table: self._count(table) for table in _SORTS}
            self._counters: dict[str, int] = {}
            self._last = max(self._newest("customers"), self._newest("subscriptions"))
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @cached_property
    def api_key(self) -> str:
        """The one key of the account; the same for the same seed."""
        return "sk_rehearsal_" + codes.code(0, seed=self.seed + 40_000, length=24)

    # -- time and ids

    def stamp(self) -> int:
        """Now, in microseconds: later than every stamp given out before, whatever the clock does."""
        self._last = max(stamps.micros(self.clock()), self._last + 1)
        return self._last

    def now(self) -> int:
        """Now, without moving on."""
        return max(stamps.micros(self.clock()), self._last)

    def new_id(self, kind: str, *, plain: bool = False) -> str:
        """A new id such as `sub_...`; without its prefix when `plain`."""
        if kind not in self._counters:
            self._counters[kind] = int(self.meta(f"next {kind}") or FIRST_NUMBER)
        number = self._counters[kind]
        self._counters[kind] = number + 1
        self.set_meta(f"next {kind}", str(number + 1))
        code = make_code(kind, number, self.seed)
        return code if plain else f"{kind}_{code}"

    def meta(self, name: str) -> str | None:
        """A remembered value."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Remember a value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # -- transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Nests: an inner one takes back its own part alone; the outermost one commits."""
        with self._lock:
            mark, waiting = f"level_{self._depth}", len(self._waiting)
            self._db.execute(f"SAVEPOINT {mark}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._db.execute(f"ROLLBACK TO {mark}" if self._depth else "ROLLBACK")
                if self._depth:
                    self._db.execute(f"RELEASE {mark}")
                del self._waiting[waiting:]
                self._refresh()
                raise
            self._depth -= 1
            self._db.execute(f"RELEASE {mark}" if self._depth else "COMMIT")
            if self._depth:
                return
            events, self._waiting = self._waiting, []
        if events:
            for listener in self.listeners:
                listener(events)

    def announce(self, kind: str, record: Json) -> None:
        """Tell the listeners of an event when the transaction has been committed."""
        self._waiting.append((kind, record))

    # -- rows

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """A statement that changes rows of a table without pages; how many rows it changed."""
        return self._db.execute(sql, values).rowcount

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """A new row; its row number."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        cursor = self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608
        seq = int(cursor.lastrowid or 0)
        if table in _SORTS:
            self._totals[table] += 1
            for column, ranks in self._ranks[table].items():
                ranks.moved(None, (values[column], seq))
        return seq

    def update(self, table: str, old: Row, values: Mapping[str, Any]) -> None:
        """Change a row that was read before."""
        sets = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f"UPDATE {table} SET {sets} WHERE seq = ?", [*values.values(), old["seq"]])  # noqa: S608
        for column, ranks in self._ranks.get(table, {}).items():
            if column in values and values[column] != old[column]:
                ranks.moved((old[column], old["seq"]), (values[column], old["seq"]))

    def remove(self, table: str, old: Row) -> None:
        """Delete a row that was read before."""
        self._db.execute(f"DELETE FROM {table} WHERE seq = ?", (old["seq"],))  # noqa: S608
        if table in _SORTS:
            self._totals[table] -= 1
            for column, ranks in self._ranks[table].items():
                ranks.moved((old[column], old["seq"]), None)

    def page(
        self, table: str, conditions: Sequence[Condition], order: Order, limit: int, offset: int
    ) -> tuple[list[Row], int]:
        """One page of a list and the number of all rows that meet the conditions."""
        if conditions:
            return filtered(self._db, table, conditions, order, limit, offset)
        total = self._totals[table]
        return whole(self._ranks[table][order.column], total, order, limit, offset), total

    def total(self, table: str) -> int:
        """How many rows a table with pages has."""
        return self._totals[table]

    # -- loading

    def load(self, batches: Iterable[Mapping[str, Sequence[Sequence[Any]]]]) -> None:
        """Fill an empty account: each batch holds, by table, rows with all columns in order. Streamed; one transaction."""
        with self._lock:
            self._db.execute("PRAGMA cache_size = -262144")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for name in schema.index_names():
                    self._db.execute(f"DROP INDEX IF EXISTS {name}")
                for batch in batches:
                    for table, rows in batch.items():
                        if rows:
                            marks = ", ".join("?" * len(rows[0]))
                            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
                for statement in schema.INDEXES.strip().split(";"):
                    if statement.strip():
                        self._db.execute(statement)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA cache_size = -16384")
            self._db.execute("ANALYZE")
            self._refresh()
            self._last = max(self._last, self._newest("customers"), self._newest("subscriptions"))

    def _refresh(self) -> None:
        self._counters.clear()
        self._totals = {table: self._count(table) for table in _SORTS}
        for orders in self._ranks.values():
            for ranks in orders.values():
                ranks.forget()

    def _count(self, table: str) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def _newest(self, table: str) -> int:
        return int(self._db.execute(f"SELECT coalesce(max(updated_at), 0) FROM {table}").fetchone()[0])  # noqa: S608


def make_code(kind: str, number: int, seed: int) -> str:
    """The random-looking part of the `number`-th id of a kind."""
    return codes.code(number, seed=seed, length=_LENGTHS.get(kind, 14))


def dump(value: Any) -> str:
    """Compact JSON, as it is stored."""
    return _encode(value)
