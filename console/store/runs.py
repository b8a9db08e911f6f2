"""The passes that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.store.connection import Connection
from console.store.text import decode, encode


@dataclass(frozen=True, slots=True)
class Run:
    """One pass. `outcome` is ``running``, ``interrupted`` (the console died), or the engine's own word."""

    id: int
    kind: str
    started_at: str
    finished_at: str | None = None
    outcome: str = "running"
    summary: Mapping[str, object] = field(default_factory=dict)


class Runs:
    """Numbered from 1."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def start(self, kind: str, at: str) -> int:
        """Begin a run and return its number. A run that never finished was interrupted: only one can run at a time."""
        with self._db.transaction():
            self._db.execute("UPDATE runs SET outcome = 'interrupted' WHERE outcome = 'running'")
            rows = self._db.query(
                "INSERT INTO runs (kind, started_at, outcome, summary) VALUES (?, ?, 'running', '{}') RETURNING id",
                (kind, at),
            )
        return int(rows[0][0])

    def finish(self, run: int, at: str, outcome: str, summary: Mapping[str, object]) -> None:
        """Note how a run ended; `summary` is anything JSON can hold."""
        self._db.execute(
            "UPDATE runs SET finished_at = ?, outcome = ?, summary = ? WHERE id = ?",
            (at, outcome, encode(dict(summary)), run),
        )

    def last(self, n: int = 10) -> list[Run]:
        """The newest runs, the newest first."""
        rows = self._db.query(
            "SELECT id, kind, started_at, finished_at, outcome, summary FROM runs ORDER BY id DESC LIMIT ?",
            (n,),
        )
        return [
            Run(id_, kind, begun, ended, outcome, decode(text))
            for id_, kind, begun, ended, outcome, text in rows
        ]
