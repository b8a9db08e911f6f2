"""What the four tables of records share: a record is stored once as JSON, and rewritten only when it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.store.connection import Connection, Row, chunks
from console.store.pull import Pull
from console.store.text import id_list


@dataclass(frozen=True, slots=True)
class Seen:
    """When and how a record's present content was first seen: ``poll``, ``event``, ``reply`` to our own write."""

    at: str
    how: str


class Observed:
    """A table of records with three kinds of columns beside `id`, `seen_at` and `how`.

    The *loud* ones are the record; the *quiet* ones tell when and by whom it was made or moved; the *derived* ones
    follow from the loud ones, for look-ups. A stored row is (id, *loud, *quiet, *derived). Only a loud column makes a
    record *changed*. An empty quiet column is unknown (a reply to a write tells no dates): what was known stays.
    """

    def __init__(
        self,
        db: Connection,
        table: str,
        *,
        loud: tuple[str, ...],
        quiet: tuple[str, ...] = (),
        derived: tuple[str, ...] = (),
    ) -> None:
        self._db = db
        self._table = table
        self._loud = 1 + len(loud)
        self.pull = Pull(db, table)
        self._observation = ", ".join(("id", *loud, *quiet))
        names = ("id", *loud, *quiet, *derived, "seen_at", "how")
        updates = ", ".join(
            f"{name} = coalesce(nullif(excluded.{name}, ''), {name})"
            if name in quiet
            else f"{name} = excluded.{name}"
            for name in names[1:]
        )
        self._upsert = (
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            f" ON CONFLICT (id) DO UPDATE SET {updates}"
        )
        dates = ", ".join(f"{name} = coalesce(nullif(?, ''), {name})" for name in quiet)
        self._date = f"UPDATE {table} SET {dates} WHERE id = ?"

    def known(self, ids: Iterable[str]) -> dict[str, Row]:
        """(id, *loud, *quiet) by id."""
        return {row[0]: row for row in self.rows(ids, self._observation)}

    def changed(self, rows: Mapping[str, Row], known: Mapping[str, Row]) -> list[Row]:
        """Those of (id, *loud, *quiet) that differ from the `known` ones.

        Where only a date moved, that is noted here and now.
        """
        changed, moved = [], []
        for id_, row in rows.items():
            old = known.get(id_)
            if old is None or old[: self._loud] != row[: self._loud]:
                changed.append(row)
            elif old != row:
                moved.append((*row[self._loud :], id_))
        if moved:
            self._db.executemany(self._date, moved)
        return changed

    def write(self, rows: Iterable[Row], seen_at: str, how: str) -> None:
        """Insert or replace rows of (id, *loud, *quiet, *derived)."""
        self._db.executemany(self._upsert, ((*row, seen_at, how) for row in rows))

    def rows(self, ids: Iterable[str], columns: str) -> list[Row]:
        """`columns` of the rows with these ids, in chunks."""
        sql = f"SELECT {columns} FROM {self._table} WHERE id IN (SELECT value FROM json_each(?))"
        return [row for chunk in chunks(ids) for row in self._db.query(sql, (id_list(chunk),))]

    def count(self, where: str = "1") -> int:
        """How many rows there are."""
        row = self._db.one(f"SELECT count(*) FROM {self._table} WHERE {where}")
        return int(row[0]) if row else 0

    def seen(self, id_: str) -> Seen | None:
        """When and how the present content of a record was first seen; None for an unknown record."""
        row = self._db.one(f"SELECT seen_at, how FROM {self._table} WHERE id = ?", (id_,))
        return Seen(*row) if row else None
