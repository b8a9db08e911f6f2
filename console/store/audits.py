"""What the audit asks of the cache: ids by ranges, and for which customers both sides were found equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.records import State
from console.store.connection import Connection, chunks
from console.store.text import id_list

# + keeps SQLite from starting with the term that holds for a million rows.
_LINKED = "customer_id IS NOT NULL AND account_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Verified:
    """How many linked customers there are, how many of them were verified equal ever, and when the oldest of those was."""

    linked: int
    verified: int
    oldest: str | None


class Audits:
    """Over accounts, contacts and entries."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def upto(self, after: str, size: int) -> str | None:
        """The id of the `size`-th account behind `after`, deleted ones not counted; None when there are no more than that."""
        row = self._db.one(
            "SELECT id FROM accounts WHERE id > ? AND NOT gone ORDER BY id LIMIT 1 OFFSET ?", (after, size)
        )
        if row is None:
            return None
        last = self._db.one(
            "SELECT max(id) FROM accounts WHERE id > ? AND id < ? AND NOT gone", (after, row[0])
        )
        return str(last[0]) if last else None

    def accounts(self, after: str, upto: str | None) -> list[str]:
        """Ids of accounts in a range (behind `after`, to `upto` or to the end) that are cached as there."""
        return self._ids("accounts", "id", after, upto)

    def contacts(self, after: str, upto: str | None) -> list[str]:
        """Ids of contacts of accounts in a range that are cached as there."""
        return self._ids("contacts", "account_id", after, upto)

    def _ids(self, table: str, by: str, after: str, upto: str | None) -> list[str]:
        rows = self._db.query(
            f"SELECT id FROM {table} WHERE {by} > ?1 AND (?2 IS NULL OR {by} <= ?2) AND NOT gone ORDER BY id",
            (after, upto),
        )
        return [row[0] for row in rows]

    def verify_range(self, after: str, upto: str | None, at: str) -> int:
        """Customers linked with accounts of a range that agree in every field were verified equal; returns how many."""
        return self._db.execute(
            "UPDATE entries SET verified_at = max(verified_at, ?1) WHERE account_id > ?2 AND (?3 IS NULL OR account_id <= ?3)"
            f" AND {_LINKED} AND +dirty = 0 AND differs = 0 AND +state = ?4",
            (at, after, upto, State.IN_SYNC),
        )

    def verify(self, customer_ids: Iterable[str], at: str, *, but_run: int) -> int:
        """Those of these customers that are linked and agree in every field were verified equal; returns how many.

        :param but_run: customers that this run wrote to don't count: what is there now was not read after that.
        """
        with self._db.transaction():
            return sum(
                self._db.execute(
                    "UPDATE entries SET verified_at = max(verified_at, ?1) WHERE customer_id IN"
                    f" (SELECT value FROM json_each(?2)) AND {_LINKED} AND +dirty = 0 AND differs = 0 AND +state = ?3"
                    " AND customer_id NOT IN (SELECT customer_id FROM history WHERE run = ?4)",
                    (at, id_list(chunk), State.IN_SYNC, but_run),
                )
                for chunk in chunks(customer_ids)
            )

    def verified_at(self, customer_id: str) -> str | None:
        """When both sides of a customer were last found equal; None for never."""
        row = self._db.one("SELECT verified_at FROM entries WHERE customer_id = ?", (customer_id,))
        return row[0] or None if row else None

    def standing(self) -> Verified:
        """Of all linked customers: a second for a million, so it is asked once for each slice."""
        linked, verified, oldest = self._db.one(
            "SELECT count(*), count(nullif(verified_at, '')), min(nullif(verified_at, '')) FROM entries"
            f" WHERE {_LINKED}"
        ) or (0, 0, None)
        return Verified(int(linked), int(verified), oldest)
