"""Things that need a person: one row for each, however often it happens."""

from __future__ import annotations

from dataclasses import dataclass

from console.store.connection import Connection
from console.store.text import column

_COLUMNS = "id, category, subject, title, advice, count, opened_at, updated_at, state"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that needs a person. `subject`: the customer it is about, or empty. `state`: ``open``, ``resolved``."""

    id: int
    category: str
    subject: str
    title: str
    advice: str
    count: int
    opened_at: str
    updated_at: str
    state: str

    def as_json(self) -> dict[str, object]:
        """The shape that ``problems --json`` prints."""
        return {
            "id": self.id,
            "category": self.category,
            "subject": self.subject,
            "title": self.title,
            "count": self.count,
            "advice": self.advice,
            "state": self.state,
        }


class Problems:
    """One row per (category, subject)."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def report(self, category: str, subject: str, title: str, advice: str, at: str) -> int:
        """It happened (again): counted, and opened anew where it was resolved. Returns the problem's number."""
        with self._db.transaction():
            rows = self._db.query(
                "INSERT INTO problems (category, subject, title, advice, count, opened_at, updated_at, state)"
                " VALUES (?, ?, ?, ?, 1, ?5, ?5, 'open') ON CONFLICT (category, subject) DO UPDATE SET"
                " title = excluded.title, advice = excluded.advice, updated_at = excluded.updated_at,"
                " count = iif(state = 'open', count + 1, 1),"
                " opened_at = iif(state = 'open', opened_at, excluded.opened_at), state = 'open'"
                " RETURNING id",
                (category, subject, column(title), column(advice), at),
            )
        return int(rows[0][0])

    def resolve(self, category: str, subject: str | None = None) -> int:
        """It is over, for one subject or (None) for all of a category. Returns how many were open."""
        return self._db.execute(
            "UPDATE problems SET state = 'resolved' WHERE state = 'open' AND category = ?1"
            " AND (?2 IS NULL OR subject = ?2)",
            (category, subject),
        )

    def open(self, limit: int = 1_000) -> list[Problem]:
        """Open problems, the newest first."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM problems WHERE state = 'open' ORDER BY updated_at DESC, id DESC LIMIT ?",
            (limit,),
        )
        return [Problem(*row) for row in rows]

    def of(self, subject: str) -> list[Problem]:
        """Open problems of one subject, the newest first."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM problems WHERE state = 'open' AND subject = ? ORDER BY updated_at DESC, id DESC",
            (subject,),
        )
        return [Problem(*row) for row in rows]

    def count(self) -> int:
        """How many are open."""
        row = self._db.one("SELECT count(*) FROM problems WHERE state = 'open'")
        return int(row[0]) if row else 0
