"""The accounts screen's view of a cache: any page of a million rows in about a millisecond.

An arrangement (sort, filter) is worked out once, as a temporary table of positions; a page is then a range of
positions. There are two connections: one shows the present arrangement while the other works out the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from console.domain.records import State
from console.errors import StoreError
from console.store import schema
from console.store.connection import Connection, Row
from console.store.text import column, fold

Sort = Literal["name", "state", "differs", "changed"]

ATTENTION = (
    State.CONFLICT,
    State.REVIEW,
    State.REFUSED,
    State.INCOMPLETE,
    State.GONE,
    State.PENDING,
    State.NEW,
    State.NOT_CREATED,
    State.NOT_IMPORTED,
    State.SALESFORCE_ONLY,
    State.IN_SYNC,
)
"""States in the order of ``sort="state"``: what needs a person first."""

STEPS = 20_000
"""Steps of SQLite's machine between two looks at whether an arrangement is still wanted: about a millisecond."""


class Superseded(StoreError):
    """A newer arrangement was asked for, or the grid was closed, while this one was worked out."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of the accounts screen. `pos` counts from 0."""

    pos: int
    customer_id: str | None
    account_id: str | None
    name: str
    state: State
    differs: int
    why: str
    subscription: str
    changed_at: str


class Grid:
    """May be used by several threads: `arrange` in a worker, `page` wherever rows are painted."""

    def __init__(self, front: Connection, back: Connection) -> None:
        self._front = front
        self._back = back
        self._rows = 0
        self._ticket = 0
        self._arranging = threading.Lock()
        self._showing = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Grid:
        """A grid over a cache that exists.

        :raises StoreError: there is no cache yet, or it is damaged, or of another version.
        """
        front = _connect(path)
        try:
            return cls(front, _connect(path))
        except BaseException:
            front.close()
            raise

    def arrange(
        self, sort: Sort = "name", *, descending: bool = False, text: str = "", state: State | None = None
    ) -> int:
        """Sort and filter; `page` and `position` then speak of this arrangement. For a worker thread.

        A newer call stops an older one that is still at work.

        :param text: part of a name, without case and accents; or the beginning of an Alguna or Salesforce id.
        :returns: how many rows there are.
        :raises Superseded: a newer arrangement was asked for; the present one stays.
        """
        self._ticket += 1
        ticket = self._ticket
        with self._arranging:
            self._back.raw.set_progress_handler(lambda: self._ticket != ticket, STEPS)
            try:
                rows = self._arrange(sort, descending, text, state)
            except StoreError as error:
                if error.code == "SQLITE_INTERRUPT":
                    raise Superseded("A newer arrangement was asked for.") from error
                raise
            finally:
                self._back.raw.set_progress_handler(None, 0)
            with self._showing:
                if self._ticket != ticket:
                    raise Superseded("A newer arrangement was asked for.")
                self._front, self._back = self._back, self._front
                self._rows = rows
        return rows

    def _arrange(self, sort: Sort, descending: bool, text: str, state: State | None) -> int:
        db = self._back
        where, parameters = _filter(text)
        direction = "DESC" if descending else "ASC"
        db.execute("DELETE FROM temp.ord")
        # One read transaction: every row is in exactly one state.
        with _snapshot(db):
            if sort == "state" or state is not None:
                states = [state] if state is not None else list(ATTENTION)
                order = _ORDERS["name" if sort == "state" else sort].format(direction if state else "ASC")
                for one in reversed(states) if descending else states:
                    db.execute(
                        f"INSERT INTO temp.ord (entry) SELECT id FROM entries WHERE state = ? AND {where} ORDER BY {order}",
                        (one, *parameters),
                    )
            else:
                db.execute(
                    f"INSERT INTO temp.ord (entry) SELECT id FROM entries WHERE {where} ORDER BY"
                    f" {_ORDERS[sort].format(direction)}",
                    parameters,
                )
            row = db.one("SELECT coalesce(max(pos), 0) FROM temp.ord")
        return int(row[0]) if row else 0

    def page(self, start: int, count: int) -> list[GridRow]:
        """Rows `start` to `start + count` as they are now. A row that is gone since `arrange` is left out."""
        with self._showing:
            rows = self._front.query(
                "SELECT o.pos - 1, e.customer_id, e.account_id, e.name, e.state, e.differs, e.why, e.subscription,"
                " e.changed_at FROM temp.ord o JOIN entries e ON e.id = o.entry WHERE o.pos BETWEEN ? AND ?"
                " ORDER BY o.pos",
                (start + 1, start + count),
            )
        return [_grid_row(row) for row in rows]

    def rows(self, size: int = 1_000) -> Iterator[GridRow]:
        """All rows of the arrangement, a page at a time."""
        for start in range(0, len(self), size):
            yield from self.page(start, size)

    def position(self, id_: str) -> int | None:
        """Where the row of a customer (or of an account) is; None when the arrangement does not show it."""
        with self._showing:
            row = self._front.one(
                "SELECT pos - 1 FROM temp.ord WHERE entry ="
                " (SELECT id FROM entries WHERE customer_id = ?1 OR account_id = ?1)",
                (id_,),
            )
        return int(row[0]) if row else None

    def __len__(self) -> int:
        """Rows of the present arrangement."""
        return self._rows

    def version(self) -> int:
        """A number that moves when the cache was written: cheap to ask, many times a second."""
        with self._showing:
            row = self._front.one("SELECT * FROM pragma_data_version")
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Stop an arrangement at work and close; again does nothing."""
        self._ticket += 1
        with self._arranging, self._showing:
            self._front.close()
            self._back.close()


_ORDERS: dict[Sort, str] = {
    "name": "fold {0}, id {0}",
    "differs": "differs {0}, fold, id",
    "changed": "changed_at {0}, fold, id",
}


def _filter(text: str) -> tuple[str, tuple[object, ...]]:
    """A condition on entries, and its parameters."""
    wanted, id_ = fold(text), column(text.strip())
    if not wanted:
        return "1", ()
    # Ids first, as a small set by index; the names are then read from an index alone.
    return (
        "(instr(fold, ?) OR id IN ("
        "SELECT id FROM entries WHERE customer_id >= ? AND customer_id < ?"
        " UNION SELECT id FROM entries WHERE account_id >= ? AND account_id < ?))",
        (wanted, *(id_, id_ + "\U0010ffff") * 2),
    )


@contextmanager
def _snapshot(db: Connection) -> Iterator[None]:
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.raw.in_transaction:
            db.raw.commit()


def _connect(path: Path) -> Connection:
    if not path.exists():
        raise StoreError(f"There is no cache {path} yet.", "Sync this connection once.")
    db = Connection(path, read_only=True)
    try:
        if schema.schema_number(db) < schema.SCHEMA:
            raise StoreError(
                f"The cache {path} was made by an older console.",
                "Sync this connection once to bring it up to date.",
            )
        db.execute("CREATE TEMP TABLE ord (pos INTEGER PRIMARY KEY, entry INTEGER NOT NULL)")
    except BaseException:
        db.close()
        raise
    return db


def _grid_row(row: Row) -> GridRow:
    pos, customer_id, account_id, name, state, differs, why, subscription, changed_at = row
    return GridRow(pos, customer_id, account_id, name, State(state), differs, why, subscription, changed_at)
