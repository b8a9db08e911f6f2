"""What the console made or found in the org, so that it can be taken away again."""

from __future__ import annotations

from dataclasses import dataclass

from console.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Artefact:
    """A field, channel, channel member, permission set, right or assignment.

    `created`: made by us, not found; only such are ours to remove."""

    kind: str
    api_name: str
    sf_id: str
    created: bool
    at: str


class Artefacts:
    """One row per (kind, API name)."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def record(self, kind: str, api_name: str, sf_id: str, created: bool, at: str) -> None:
        """Note an artefact. What we once made stays ours when it is found again under the same id."""
        self._db.execute(
            "INSERT INTO artefacts VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, api_name) DO UPDATE SET"
            " created = iif(sf_id = excluded.sf_id, max(created, excluded.created), excluded.created),"
            " at = iif(sf_id = excluded.sf_id, at, excluded.at), sf_id = excluded.sf_id",
            (kind, api_name, sf_id, int(created), at),
        )

    def forget(self, kind: str, api_name: str) -> None:
        """It was removed from the org."""
        self._db.execute("DELETE FROM artefacts WHERE kind = ? AND api_name = ?", (kind, api_name))

    def all(self) -> list[Artefact]:
        """Every artefact, by kind and name."""
        rows = self._db.query(
            "SELECT kind, api_name, sf_id, created, at FROM artefacts ORDER BY kind, api_name"
        )
        return [Artefact(kind, name, sf_id, bool(created), at) for kind, name, sf_id, created, at in rows]
