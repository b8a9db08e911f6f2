"""Fields that something outside keeps rewriting, as they were noticed and settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from console.domain.loops import Loop, PinWord, Turn, Write
from console.domain.records import Side
from console.store.connection import Connection, chunks
from console.store.entries import Entries
from console.store.text import column, decode, encode, id_list

_REPEATED = """
WITH ids AS MATERIALIZED (SELECT value AS id FROM json_each(?1)), written AS MATERIALIZED (
    SELECT customer_id, side, key, id, at, run, before, after FROM history
    WHERE customer_id IN (SELECT id FROM ids) AND outcome = 'applied' AND key IS NOT NULL AND at >= ?2
), repeated AS (
    SELECT customer_id, side, key FROM written GROUP BY customer_id, side, key, after HAVING count(*) >= ?3
)
SELECT customer_id, side, key, at, run, before, after FROM written JOIN repeated USING (customer_id, side, key)
GROUP BY written.id ORDER BY written.id
"""


class Loops:
    """One for each field of a customer at most."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries

    def repeated(
        self, customer_ids: Iterable[str], since: str, times: int
    ) -> dict[tuple[str, Side, str], list[Write]]:
        """What was written since an instant, by customer, side and field, the oldest first, where one value was so many times."""
        found: dict[tuple[str, Side, str], list[Write]] = {}
        for chunk in chunks(customer_ids):
            for customer_id, side, key, at, run, before, after in self._db.query(
                _REPEATED, (id_list(chunk), since, times)
            ):
                writes = found.setdefault((customer_id, side, key), [])
                writes.append(Write(at, run, decode(before), decode(after)))
        return found

    def put(self, rows: Iterable[tuple[str, str, Loop]]) -> None:
        """Keep loops, as (customer id, field key, loop), in place of what was known. Nobody is planned again because of it."""
        self._db.executemany(
            "INSERT OR REPLACE INTO loops VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (id_, key, each.side, encode([asdict(turn) for turn in each.turns]), column(each.who), each.pin,
                 each.at, column(each.by))
                for id_, key, each in rows
            ),
        )  # fmt: skip

    def pin(self, customer_id: str, key: str, pin: PinWord | None, at: str, by: str) -> None:
        """Settle a loop; None stops it again. The customer is planned again."""
        self._db.execute(
            "UPDATE loops SET pin = ?, said_at = ?, said_by = ? WHERE customer_id = ? AND key = ?",
            (pin, at, column(by), customer_id, key),
        )
        self._entries.mark_dirty([customer_id])

    def open(self) -> dict[str, tuple[int, str, Side]]:
        """Stopped loops that nobody settled, by field key: how many, the first customer, and the side."""
        rows = self._db.query(
            "SELECT key, count(*), min(customer_id), min(side) FROM loops WHERE pin IS NULL GROUP BY key"
        )
        return {key: (count, first, side) for key, count, first, side in rows}


def loop(side: Side, told: str, who: str, pin: PinWord | None, at: str, by: str) -> Loop:
    """A row's columns as a value."""
    return Loop(side, tuple(Turn(**turn) for turn in decode(told)), who, pin, at, by)
