"""The passes that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.store.connection import Connection, Row
from console.store.text import decode, encode

_COLUMNS = "id, kind, started_at, finished_at, outcome, summary, undoes"


@dataclass(frozen=True, slots=True)
class Run:
    """One pass. `outcome` is ``running``, ``interrupted`` (the console died), or the engine's own word."""

    id: int
    kind: str
    started_at: str
    finished_at: str | None = None
    outcome: str = "running"
    summary: Mapping[str, object] = field(default_factory=dict)
    undoes: int | None = None
    """The run that this one took back."""

    @property
    def is_sync(self) -> bool:
        """Whether it brought the sides in step, and came to its end."""
        return self.outcome == "done" and self.kind != "audit"


class Runs:
    """Numbered from 1."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def start(self, kind: str, at: str, undoes: int | None = None) -> int:
        """Begin a run and return its number. A run that never finished was interrupted: only one can run at a time."""
        with self._db.transaction():
            self._db.execute("UPDATE runs SET outcome = 'interrupted' WHERE outcome = 'running'")
            rows = self._db.query(
                "INSERT INTO runs (kind, started_at, outcome, summary, undoes) VALUES (?, ?, 'running', '{}', ?)"
                " RETURNING id",
                (kind, at, undoes),
            )
        return int(rows[0][0])

    def finish(self, run: int, at: str, outcome: str, summary: Mapping[str, object]) -> None:
        """Note how a run ended; `summary` is anything JSON can hold."""
        self._db.execute(
            "UPDATE runs SET finished_at = ?, outcome = ?, summary = ? WHERE id = ?",
            (at, outcome, encode(dict(summary)), run),
        )

    def older(self, before: str) -> int:
        """How many runs ended before an instant."""
        row = self._db.one("SELECT count(*) FROM runs WHERE finished_at < ?", (before,))
        return int(row[0]) if row else 0

    def clear(self, before: str) -> int:
        """Forget runs that ended before an instant; the newest stays, because numbers go on from it."""
        return self._db.execute(
            "DELETE FROM runs WHERE finished_at < ? AND id < (SELECT max(id) FROM runs)", (before,)
        )

    def get(self, run: int) -> Run | None:
        """One run, or None."""
        row = self._db.one(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run,))
        return _run(row) if row else None

    def ever_done(self, kind: str) -> bool:
        """Whether a run of this kind came to its end before."""
        return (
            self._db.one("SELECT 1 FROM runs WHERE kind = ? AND outcome = 'done' LIMIT 1", (kind,))
            is not None
        )

    def last(self, n: int = 10, before: int | None = None) -> list[Run]:
        """The newest runs, the newest first; those before `before`, where given."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM runs WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2", (before, n)
        )
        return [_run(row) for row in rows]


def _run(row: Row) -> Run:
    id_, kind, begun, ended, outcome, text, undoes = row
    return Run(id_, kind, begun, ended, outcome, decode(text), undoes)
