"""Pages by offset that cost the same at row 1,000,000 as at row 1.

`OFFSET n` makes a database step over n rows. `Ranks` remembers the first row of every block of an order, keeps those places
exact when rows come, go or move, and so reaches any offset by stepping over at most one block.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BLOCK = 1000
Place = tuple[Any, int]
"""The sort value of a row and its row number: unique, and ordered as the list is."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort column and its direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One SQL condition with its parameters."""

    sql: str
    values: Sequence[Any] = ()


class Ranks:
    """The blocks of one table in the order of one column."""

    def __init__(self, db: sqlite3.Connection, table: str, column: str) -> None:
        self._db = db
        self._table = table
        self._column = column
        self._places: list[Place] = []
        self._ranks: list[int] = []

    def rows(self, start: int, count: int) -> list[sqlite3.Row]:
        """`count` rows from rank `start` on, ascending."""
        self._reach(start)
        block = bisect_right(self._ranks, start) - 1
        if block < 0:
            return self._read("", (), count, start)
        where = f"WHERE ({self._column}, seq) >= (?, ?)"
        return self._read(where, self._places[block], count, start - self._ranks[block])

    def moved(self, old: Place | None, new: Place | None) -> None:
        """A row left `old` (None: it is new) and stands at `new` (None: it is gone)."""
        if old is not None:
            index = bisect_left(self._places, old)
            if index < len(self._places) and self._places[index] == old:
                del self._places[index], self._ranks[index]
            self._shift(index, -1)
        if new is not None:
            self._shift(bisect_left(self._places, new), 1)

    def forget(self) -> None:
        """Start anew, after a bulk load or a rollback."""
        self._places.clear()
        self._ranks.clear()

    def _shift(self, index: int, by: int) -> None:
        for i in range(index, len(self._ranks)):
            self._ranks[i] += by

    def _reach(self, rank: int) -> None:
        while True:
            known = self._ranks[-1] if self._ranks else 0
            if rank < known + 2 * BLOCK:
                return
            where, values = (
                (f"WHERE ({self._column}, seq) >= (?, ?)", self._places[-1]) if self._ranks else ("", ())
            )
            found = self._db.execute(
                f"SELECT {self._column}, seq FROM {self._table} {where} ORDER BY {self._column}, seq LIMIT 1 OFFSET {BLOCK}",  # noqa: S608
                values,
            ).fetchone()
            if found is None:
                return
            self._places.append((found[0], found[1]))
            self._ranks.append(known + BLOCK)

    def _read(self, where: str, values: Sequence[Any], limit: int, skip: int) -> list[sqlite3.Row]:
        return self._db.execute(
            # The inner select walks the index alone; only the rows of the page are read from the table.
            f"SELECT * FROM {self._table} WHERE seq IN (SELECT seq FROM {self._table} {where} "  # noqa: S608
            f"ORDER BY {self._column}, seq LIMIT ? OFFSET ?) ORDER BY {self._column}, seq",
            (*values, limit, skip),
        ).fetchall()


def filtered(
    db: sqlite3.Connection, table: str, conditions: Sequence[Condition], order: Order, limit: int, offset: int
) -> tuple[list[sqlite3.Row], int]:
    """One page of the rows that meet every condition, and how many rows meet them."""
    where = " AND ".join(f"({condition.sql})" for condition in conditions)
    values = [value for condition in conditions for value in condition.values]
    total = int(db.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchone()[0])  # noqa: S608
    if offset >= total:
        return [], total
    direction = "DESC" if order.descending else "ASC"
    by = f"{order.column} {direction}, seq {direction}"
    rows = db.execute(
        f"SELECT * FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?) "  # noqa: S608
        f"ORDER BY {by}",
        [*values, limit, offset],
    ).fetchall()
    return rows, total


def whole(ranks: Ranks, total: int, order: Order, limit: int, offset: int) -> list[sqlite3.Row]:
    """One page of all rows of a table that has `total` of them."""
    if offset >= total:
        return []
    count = min(limit, total - offset)
    if not order.descending:
        return ranks.rows(offset, count)
    return ranks.rows(total - offset - count, count)[::-1]
