"""Bulk jobs that are under way: what a crash is recovered from."""

from __future__ import annotations

from typing import Literal, NamedTuple

from console.store.connection import Connection

State = Literal["filling", "created", "uploading", "uploaded", "closed"]
"""``filling``: changes are gathered; ``created``: Salesforce gave an id; ``uploading``: the rows leave; ``uploaded``: it has
them; ``closed``: it was told to begin."""


class BulkRow(NamedTuple):
    """One job."""

    id: int
    job_id: str | None
    operation: str
    sobject: str
    state: State


class Bulk:
    """The table of jobs; a row is removed when everything that the job carried is settled."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def begin(self, operation: str, sobject: str, at: str) -> int:
        """A job that begins to be filled; returns its number here."""
        self._db.execute(
            "INSERT INTO bulk_jobs (operation, sobject, state, created_at) VALUES (?, ?, 'filling', ?)",
            (operation, sobject, at),
        )
        row = self._db.one("SELECT max(id) FROM bulk_jobs")
        return int(row[0]) if row else 0

    def created(self, number: int, job_id: str) -> None:
        """Salesforce gave it an id."""
        self._db.execute("UPDATE bulk_jobs SET job_id = ?, state = 'created' WHERE id = ?", (job_id, number))

    def moved(self, number: int, state: State) -> None:
        """It came this far."""
        self._db.execute("UPDATE bulk_jobs SET state = ? WHERE id = ?", (state, number))

    def under_way(self) -> list[BulkRow]:
        """All jobs, the oldest first."""
        return [
            BulkRow(*row)
            for row in self._db.query(
                "SELECT id, job_id, operation, sobject, state FROM bulk_jobs ORDER BY id"
            )
        ]

    def done(self, number: int) -> None:
        """Nothing of it is open any more."""
        with self._db.transaction():
            self._db.execute("UPDATE journal SET bulk = NULL, bulk_key = NULL WHERE bulk = ?", (number,))
            self._db.execute("DELETE FROM bulk_jobs WHERE id = ?", (number,))
