"""The org's SQLite file: a table for each object, a column for each field, savepoints, counters, small facts.

Columns hold what REST shows where that sorts and compares well: dates and date-times as their text, ids with
18 characters, flags as 0 and 1. Numbers with decimals are whole numbers of their smallest unit, so that sums and
comparisons are exact. The row number is the counter of the id, so that rows lie in the order of their ids.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from console.rehearsal.salesforce.schema import Field, SObject

SYNC_INDEX = ("SystemModstamp", "Id", "IsDeleted")


def quoted(name: str) -> str:
    """An SQL identifier. Names come from the schema, never from outside, but quotes cost nothing."""
    return '"' + name.replace('"', '""') + '"'


def column(field: Field) -> str:
    """The definition of a field's column."""
    parts = [quoted(field.name), field.sql_type]
    if field.collation != "BINARY":
        parts.append(f"COLLATE {field.collation}")
    if isinstance(field.default, bool) and not field.generated:
        parts.append(f"DEFAULT {int(field.default)}")
    if field.generated:
        parts.append(f"GENERATED ALWAYS AS ({field.generated}) VIRTUAL")
    return " ".join(parts)


def fold(value: str | None) -> str | None:
    """A text without regard to case, each character for itself so that lengths stay."""
    return None if value is None else "".join([_fold_one(each) for each in value])


def _fold_one(character: str) -> str:
    """One character stays one, and a letter beyond ASCII never becomes an ASCII letter (as the Kelvin sign would)."""
    lower = character.lower()
    return lower if len(lower) == 1 and lower.isascii() == character.isascii() else character


class RollBack(Exception):
    """Leaves a transaction without keeping what it did."""


class Store:
    """The connection, its transactions and its counters."""

    def __init__(self, path: Path | str, seed: int) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        self.connection.create_function("fold", 1, fold, deterministic=True)
        self._depth = 0
        self.connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
            "PRAGMA cache_size = -65536; PRAGMA case_sensitive_like = OFF;"
            "CREATE TABLE IF NOT EXISTS _state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
            "CREATE TABLE IF NOT EXISTS _counter (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;"
            "CREATE TABLE IF NOT EXISTS _switch (user_id TEXT NOT NULL, permission TEXT NOT NULL,"
            " granted INTEGER NOT NULL, PRIMARY KEY (user_id, permission)) STRICT;"
        )
        self.seed = int(self.recall("seed", seed))
        self.remember("seed", self.seed)
        self.instance = ids.instance_of(self.seed)

    def close(self) -> None:
        self.connection.close()

    # -- small facts

    def recall(self, name: str, default: Any = None) -> Any:
        """A remembered fact, or `default`."""
        row = self.connection.execute("SELECT value FROM _state WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def remember(self, name: str, value: Any) -> None:
        self.connection.execute(
            "INSERT INTO _state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    # -- ids

    def take_numbers(self, key_prefix: str, count: int = 1) -> int:
        """The first of `count` fresh numbers for ids of an object."""
        row = self.connection.execute("SELECT next FROM _counter WHERE prefix = ?", (key_prefix,)).fetchone()
        first = ids.first_number(self.seed, key_prefix) if row is None else row[0]
        self.connection.execute(
            "INSERT INTO _counter VALUES (?, ?) ON CONFLICT (prefix) DO UPDATE SET next = excluded.next",
            (key_prefix, first + count),
        )
        return int(first)

    def new_id(self, key_prefix: str) -> str:
        """A fresh 18-character id."""
        return ids.make(key_prefix, self.instance, self.take_numbers(key_prefix))

    # -- tables

    def create_table(self, sobject: SObject) -> None:
        """The table of an object with its indexes, unless it is there."""
        columns = ", ".join(column(each) for each in sobject.stored_fields())
        if sobject.soft_delete:
            columns += ", _bin INTEGER"  # which deletion took the record to the recycle bin
        self.connection.execute(
            f"CREATE TABLE IF NOT EXISTS {quoted(sobject.name)} (_n INTEGER PRIMARY KEY, {columns})"
        )
        self._complete_table(sobject)
        self.create_indexes(sobject)

    def _complete_table(self, sobject: SObject) -> None:
        """Columns for standard fields that a file from earlier days has not got."""
        present = {row[1] for row in self.connection.execute(f"PRAGMA table_xinfo({quoted(sobject.name)})")}
        for each in sobject.stored_fields():
            if each.name not in present:
                self.connection.execute(f"ALTER TABLE {quoted(sobject.name)} ADD COLUMN {column(each)}")

    def create_indexes(self, sobject: SObject) -> None:
        table = quoted(sobject.name)
        self.connection.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "{sobject.name} Id" ON {table} ("Id")')
        if sobject.soft_delete:
            wanted = ", ".join(map(quoted, SYNC_INDEX))
            self.connection.execute(
                f'CREATE INDEX IF NOT EXISTS "{sobject.name} SystemModstamp" ON {table} ({wanted})'
            )
        for each in sobject.stored_fields():
            self.create_index(sobject, each)

    def create_index(self, sobject: SObject, field: Field) -> None:
        """The index of a field that is unique, an external id, or marked as searched for."""
        if not (field.unique or field.external_id or field.indexed):
            return
        filled = f"{quoted(field.name)} IS NOT NULL" if field.nillable else ""
        live = '"IsDeleted" = 0' if sobject.soft_delete and field.unique else ""
        only = " AND ".join(each for each in (filled, live) if each)
        unique = "UNIQUE " if field.unique else ""
        name = quoted(f"{sobject.name} {field.name}")
        self.connection.execute(
            f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {quoted(sobject.name)} ({quoted(field.name)})"
            + (f" WHERE {only}" if only else "")
        )

    def drop_indexes(self, sobject: SObject) -> None:
        """All indexes but that of the id, while many rows are loaded."""
        rows = self.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND name <> ?",
            (sobject.name, f"{sobject.name} Id"),
        ).fetchall()
        for (name,) in rows:
            self.connection.execute(f"DROP INDEX {quoted(name)}")

    def add_column(self, sobject: SObject, field: Field) -> None:
        """A column for a new field, after whatever was left by an earlier field of that name."""
        self.drop_column(sobject, field.name)
        self.connection.execute(f"ALTER TABLE {quoted(sobject.name)} ADD COLUMN {column(field)}")
        self.create_index(sobject, field)

    def drop_column(self, sobject: SObject, name: str) -> None:
        """Takes a field's column and its index away, if they are there."""
        self.connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{sobject.name} {name}')}")
        present = self.connection.execute(
            "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (sobject.name, name)
        ).fetchone()
        if present:
            self.connection.execute(f"ALTER TABLE {quoted(sobject.name)} DROP COLUMN {quoted(name)}")

    def rebuild_column(self, sobject: SObject, field: Field) -> None:
        """Lays a field's column out anew, with its values and its index."""
        table, old, new = quoted(sobject.name), quoted(field.name), quoted(f"{field.name} new")
        self.connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{sobject.name} {field.name}')}")
        definition = column(field).removeprefix(old)
        self.connection.execute(f"ALTER TABLE {table} ADD COLUMN {new}{definition}")
        self.connection.execute(f"UPDATE {table} SET {new} = {old}")
        self.connection.execute(f"ALTER TABLE {table} DROP COLUMN {old}")
        self.connection.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
        self.create_index(sobject, field)

    # -- rows

    def row(self, sobject: SObject, record_id: str) -> dict[str, Any] | None:
        """All columns of a record, deleted or not."""
        cursor = self.connection.execute(f'SELECT * FROM {quoted(sobject.name)} WHERE "Id" = ?', (record_id,))
        found = cursor.fetchone()
        if found is None:
            return None
        return {each[0]: value for each, value in zip(cursor.description, found, strict=True)}

    def insert(self, sobject: SObject, values: dict[str, Any]) -> None:
        """A row from stored values, Id among them."""
        names = ", ".join(map(quoted, values))
        marks = ", ".join("?" * len(values))
        self.connection.execute(
            f"INSERT INTO {quoted(sobject.name)} (_n, {names}) VALUES (?, {marks})",
            (ids.number_of(values["Id"]), *values.values()),
        )

    def update(self, sobject: SObject, record_id: str, values: dict[str, Any]) -> None:
        places = ", ".join(f"{quoted(name)} = ?" for name in values)
        self.connection.execute(
            f'UPDATE {quoted(sobject.name)} SET {places} WHERE "Id" = ?', (*values.values(), record_id)
        )

    def remove(self, sobject: SObject, record_id: str) -> None:
        self.connection.execute(f'DELETE FROM {quoted(sobject.name)} WHERE "Id" = ?', (record_id,))

    def find(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(sql, parameters).fetchall()

    # -- transactions

    @property
    def in_transaction(self) -> bool:
        return self._depth > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another is a savepoint."""
        depth = self._depth
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE" if depth == 0 else f"SAVEPOINT s{depth}")
        self._depth = depth + 1
        try:
            yield
        except BaseException:
            if depth == 0:
                execute("ROLLBACK")
            else:
                execute(f"ROLLBACK TO s{depth}")
                execute(f"RELEASE s{depth}")
            raise
        else:
            execute("COMMIT" if depth == 0 else f"RELEASE s{depth}")
        finally:
            self._depth = depth
