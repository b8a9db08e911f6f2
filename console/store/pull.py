"""Finding out what is gone: a complete pull names every record that still exists; the rest is gone."""

from __future__ import annotations

from collections.abc import Iterable

from console.store.connection import Connection


class Pull:
    """The ids named by a complete pull under way. Kept in a temporary table: a crash means pulling again.

    Nothing is written to records that are still there, so a complete pull of unchanged data costs no disk.
    """

    def __init__(self, db: Connection, table: str) -> None:
        self._db = db
        self._table = table
        self._seen = f"temp.{table}_seen"
        self.running = False

    def begin(self) -> None:
        """Start (again): nothing has been named yet."""
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {self._seen} (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute(f"DELETE FROM {self._seen}")
        self.running = True

    def note(self, ids: Iterable[str]) -> None:
        """These still exist; does nothing while no complete pull is under way."""
        if self.running:
            self._db.executemany(
                f"INSERT OR IGNORE INTO {self._seen} VALUES (?)",
                ((id_,) for id_ in ids),
            )

    def unseen(self, limit: int, after: str) -> list[str]:
        """Up to `limit` ids of records, in order behind `after`, that the pull did not name.

        :raises RuntimeError: no complete pull is under way.
        """
        if not self.running:
            raise RuntimeError(f"no complete pull of {self._table} was begun")
        rows = self._db.query(
            f"SELECT id FROM {self._table} t WHERE id > ?"
            f" AND NOT EXISTS (SELECT 1 FROM {self._seen} s WHERE s.id = t.id) ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [row[0] for row in rows]

    def missing(self, known: str = "1") -> tuple[int, int]:
        """How many records there are (that meet the condition `known`), and how many of them the pull did not name."""
        row = self._db.one(
            f"SELECT count(*), total(NOT EXISTS (SELECT 1 FROM {self._seen} s WHERE s.id = t.id))"
            f" FROM {self._table} t WHERE {known}"
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def end(self) -> None:
        """Forget the ids."""
        self.running = False
        self._db.execute(f"DELETE FROM {self._seen}")
