"""What was written, field by field: shown with each account, and what an undo starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from console.domain.records import Change, Side, Value
from console.store.connection import Connection, Row, chunks
from console.store.text import column, decode, encode, id_list

_COLUMNS = "run, at, customer_id, side, entity, record, key, field, before, after, lost, reason, outcome, rule, undoes"

KEPT = "kept"
"""Outcome of what an undo left as it is; beside ``applied``, ``refused``."""
_THESE = "customer_id IN (SELECT value FROM json_each(?))"
Place = tuple[Side, str, str, str | None]
"""Side, object, record, field key (None: the record itself)."""


_OVERHEAD = 80
"""Bytes of a row beside its texts, its places in the indexes included."""


class Size(NamedTuple):
    """How much history is kept: rows, about how many bytes, and since when (empty: there is none)."""

    rows: int = 0
    bytes: int = 0
    since: str = ""


_WRITTEN_LAST = """
WITH ids AS MATERIALIZED (SELECT value AS id FROM json_each(?1)), concerned AS (
    SELECT customer_id FROM ids JOIN links ON account_id = id
    UNION SELECT customer_id FROM ids JOIN links ON contact_id = id
)
SELECT record, key FROM concerned JOIN history h USING (customer_id)
WHERE h.run = (SELECT max(run) FROM history last WHERE last.customer_id = h.customer_id)
AND side = 'salesforce' AND key IS NOT NULL AND outcome = 'applied' AND record IN (SELECT id FROM ids)
"""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change as it went. `at` (an instant) and `run` are filled in by `History.add`."""

    customer_id: str
    side: Side
    entity: str
    record: str
    key: str | None
    field: str | None
    before: object
    after: object
    reason: str
    lost: Value = None
    """The value that lost a conflict, if one did."""
    outcome: str = "applied"
    rule: str = ""
    """What decided (`Change.rule`)."""
    undoes: int | None = None
    """The run that this took back."""
    run: int = 0
    at: str = ""

    @classmethod
    def of(
        cls, change: Change, *, outcome: str = "applied", lost: Value = None, record: str = ""
    ) -> HistoryRow:
        """A change as history. `record`: the id of what was created, where the change could not know it."""
        return cls(
            customer_id=change.customer_id,
            side=change.side,
            entity=change.entity,
            record=record or change.record,
            key=change.key,
            field=change.field,
            before=change.before,
            after=change.after,
            reason=change.reason,
            lost=lost,
            outcome=outcome,
            rule=change.rule,
            undoes=change.undoes,
        )

    def as_json(self) -> dict[str, object]:
        """The shape that ``account --json`` prints."""
        return {
            "at": self.at,
            "run": self.run,
            "side": self.side,
            "object": self.entity,
            "record": self.record,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "lost": self.lost,
            "reason": self.reason,
            "rule": self.rule,
            "outcome": self.outcome,
            "undoes": self.undoes,
        }


class History:
    """Only ever added to."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def add(self, run: int, at: str, rows: Iterable[HistoryRow]) -> None:
        """Write rows down in their order; all or nothing."""
        with self._db.transaction():
            self._db.executemany(
                f"INSERT INTO history ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        run,
                        at,
                        row.customer_id,
                        row.side,
                        row.entity,
                        row.record,
                        row.key,
                        row.field,
                        encode(row.before),
                        encode(row.after),
                        encode(row.lost),
                        column(row.reason),
                        row.outcome,
                        row.rule,
                        row.undoes,
                    )
                    for row in rows
                ),
            )

    def of(self, customer_id: str, limit: int = 100) -> list[HistoryRow]:
        """A customer's history, the newest first."""
        return self._rows("WHERE customer_id = ? ORDER BY id DESC LIMIT ?", (customer_id, limit))

    def recent(self, limit: int = 100) -> list[HistoryRow]:
        """The newest changes of all."""
        return self._rows("ORDER BY id DESC LIMIT ?", (limit,))

    @property
    def cleared_through(self) -> int:
        """The newest run of which something that it wrote was cleared; 0: nothing ever was."""
        return self._number("history_cleared")

    @property
    def told_from(self) -> int:
        """The first run as of which the past is still told whole."""
        return self._number("past_cleared")

    def _number(self, key: str) -> int:
        row = self._db.one("SELECT value FROM meta WHERE key = ?", (key,))
        return int(row[0]) if row else 0

    def touched_since(self, since: str, kinds: Iterable[str]) -> tuple[int, int]:
        """By runs of these kinds that began since then: customers of whom a field was written, and accounts created.

        Only the newest runs are looked at: as many as fit into minutes.
        """
        rows = self._db.query(
            "SELECT count(DISTINCT iif(h.key IS NOT NULL AND h.key <> 'aliases', h.customer_id, NULL)),"
            " total(h.key IS NULL AND h.entity = 'Account')"
            " FROM (SELECT id, kind, started_at FROM runs ORDER BY id DESC LIMIT 500) r JOIN history h ON h.run = r.id"
            " WHERE r.started_at >= ? AND r.kind IN (SELECT value FROM json_each(?)) AND h.outcome = 'applied'",
            (since, id_list(kinds)),
        )
        return int(rows[0][0]), int(rows[0][1])

    # --- by run ----------------------------------------------------------------------------------------------

    def customers_of(self, run: int, limit: int, after: str = "") -> list[str]:
        """Customers to whom a run applied something, in order, behind `after`."""
        rows = self._db.query(
            "SELECT DISTINCT customer_id FROM history WHERE run = ? AND customer_id > ? AND outcome = 'applied'"
            " ORDER BY customer_id LIMIT ?",
            (run, after, limit),
        )
        return [row[0] for row in rows]

    def written(self, run: int, customer_ids: Iterable[str]) -> dict[str, list[HistoryRow]]:
        """What a run applied to these customers, the oldest first."""
        found: dict[str, list[HistoryRow]] = {}
        for chunk in chunks(customer_ids):
            for row in self._rows(
                f"WHERE run = ? AND outcome = 'applied' AND {_THESE} ORDER BY id", (run, id_list(chunk))
            ):
                found.setdefault(row.customer_id, []).append(row)
        return found

    def written_since(self, run: int, customer_ids: Iterable[str]) -> dict[str, dict[Place, int]]:
        """By customer: where later runs applied something, with the latest of them."""
        found: dict[str, dict[Place, int]] = {}
        for chunk in chunks(customer_ids):
            for customer_id, side, entity, record, key, latest in self._db.query(
                "SELECT customer_id, side, entity, record, key, max(run) FROM history"
                f" WHERE {_THESE} AND run > ? AND outcome = 'applied' GROUP BY 1, 2, 3, 4, 5",
                (id_list(chunk), run),
            ):
                found.setdefault(customer_id, {})[side, entity, record, key] = latest
        return found

    def applied_to(self, customer_ids: Iterable[str]) -> dict[str, list[tuple[int, HistoryRow]]]:
        """All that was applied to these customers, each with its place in the history, the oldest first."""
        found: dict[str, list[tuple[int, HistoryRow]]] = {}
        for chunk in chunks(customer_ids):
            for place, *row in self._db.query(
                f"SELECT id, {_COLUMNS} FROM history WHERE {_THESE} AND outcome = 'applied' ORDER BY id",
                (id_list(chunk),),
            ):
                found.setdefault(row[2], []).append((place, _history(tuple(row))))
        return found

    def customers_between(self, earlier: int, later: int, limit: int, after: str = "") -> list[str]:
        """Customers of whom something moved after the one run and until the other, in order, behind `after`."""
        rows = self._db.query(
            "SELECT customer_id FROM history WHERE run > ?1 AND run <= ?2 AND customer_id > ?3 AND outcome = 'applied'"
            " UNION SELECT customer_id FROM sightings WHERE run > ?1 AND run <= ?2 AND customer_id > ?3"
            " ORDER BY 1 LIMIT ?4",
            (earlier, later, after, limit),
        )
        return [row[0] for row in rows]

    def of_run(self, run: int, start: int, limit: int) -> list[HistoryRow]:
        """A page of what a run did, by customer."""
        return self._rows("WHERE run = ? ORDER BY customer_id, id LIMIT ? OFFSET ?", (run, limit, start))

    def outcomes(self, run: int) -> dict[str, int]:
        """How many rows of a run ended how."""
        return dict(self._db.query("SELECT outcome, count(*) FROM history WHERE run = ? GROUP BY 1", (run,)))

    # --- how much, and less of it ----------------------------------------------------------------------------

    def size(self) -> Size:
        """How much is kept. The bytes are reckoned from the newest rows."""
        (found,) = self._db.query(
            "SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM sightings), coalesce((SELECT avg("
            "length(before) + length(after) + length(lost) + length(reason) + length(record) + length(customer_id))"
            " FROM (SELECT * FROM history ORDER BY id DESC LIMIT 1000)), 0),"
            " coalesce((SELECT avg(length(before) + length(after) + length(record) + length(customer_id))"
            " FROM (SELECT * FROM sightings ORDER BY id DESC LIMIT 1000)), 0),"
            " (SELECT at FROM history ORDER BY id LIMIT 1)"
        )
        rows, sightings, row, sighting, oldest = found
        return Size(
            rows + sightings, int(rows * (row + _OVERHEAD) + sightings * (sighting + _OVERHEAD)), oldest or ""
        )

    def last_write(self) -> int | None:
        """The newest run that applied anything."""
        row = self._db.one("SELECT run FROM history WHERE outcome = 'applied' ORDER BY id DESC LIMIT 1")
        return row[0] if row else None

    def older(self, before: str) -> tuple[int, int, int]:
        """How much is older than an instant: rows, the newest run among what was written, and among all of it (0: none)."""
        (found,) = self._db.query(
            "SELECT count(*), coalesce(max(run) FILTER (WHERE ours), 0), coalesce(max(run), 0) FROM ("
            " SELECT run, 1 AS ours FROM history WHERE at < ?1 UNION ALL SELECT run, 0 FROM sightings WHERE at < ?1)",
            (before,),
        )
        return found

    def clear(self, before: str) -> int:
        """Delete what is older than an instant, for good; returns how many rows that were."""
        with self._db.transaction():
            rows, written, any_ = self.older(before)
            if rows:
                self._db.execute("DELETE FROM history WHERE at < ?", (before,))
                self._db.execute("DELETE FROM sightings WHERE at < ?", (before,))
                for key, run in (("history_cleared", written), ("past_cleared", any_)):
                    self._db.execute(
                        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        (key, str(max(run, self._number(key)))),
                    )
        return rows

    def written_last(self, record_ids: Iterable[str]) -> dict[str, set[str]]:
        """By linked account or contact: the fields (keys) that the last run that wrote to its customer applied to it."""
        found: dict[str, set[str]] = {}
        for chunk in chunks(record_ids):
            for record, key in self._db.query(_WRITTEN_LAST, (id_list(chunk),)):
                found.setdefault(record, set()).add(key)
        return found

    def count(self) -> int:
        """How many rows there are."""
        row = self._db.one("SELECT count(*) FROM history")
        return int(row[0]) if row else 0

    def _rows(self, where: str, parameters: tuple[object, ...]) -> list[HistoryRow]:
        rows = self._db.query(f"SELECT {_COLUMNS} FROM history {where}", parameters)
        return [_history(row) for row in rows]


def _history(row: Row) -> HistoryRow:
    (
        run,
        at,
        customer_id,
        side,
        entity,
        record,
        key,
        field,
        before,
        after,
        lost,
        reason,
        outcome,
        rule,
        undoes,
    ) = row
    return HistoryRow(
        customer_id=customer_id,
        side=side,
        entity=entity,
        record=record,
        key=key,
        field=field,
        before=decode(before),
        after=decode(after),
        reason=reason,
        lost=decode(lost),
        outcome=outcome,
        rule=rule,
        undoes=undoes,
        run=run,
        at=at,
    )
