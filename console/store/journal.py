"""What is about to be written, is being written, and how it ended: what a crash is recovered from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

from console.domain.records import Change
from console.store.connection import Connection, chunks
from console.store.entries import Entries
from console.store.text import column, decode, encode, id_list

Outcome = Literal["applied", "refused", "stale"]


# Earlier refusals that an applied change (?) overtakes: same customer, side and field.
_VOID = """
DELETE FROM journal WHERE seq IN (
    SELECT old.seq FROM journal new JOIN journal old ON old.customer_id = new.customer_id AND old.status = 'refused'
    AND old.seq < new.seq
    WHERE new.id = ? AND old.change ->> 'side' = new.change ->> 'side'
    AND old.change ->> 'entity' = new.change ->> 'entity' AND old.change ->> 'key' IS new.change ->> 'key'
)
"""


class Ending(NamedTuple):
    """How a change ended. `category` and `sentence` say why, for a refused one."""

    change_id: str
    status: Outcome
    category: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that the other system refused, and why."""

    change: Change
    category: str
    sentence: str


class Journal:
    """Each change once: ``planned``, then ``sent``, then ``applied``, ``refused`` or ``stale``."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries

    def plan(self, run: int, changes: Iterable[Change]) -> None:
        """Write changes down before any of them is sent. What was known of the same change before is replaced."""
        with self._db.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO journal (id, run, customer_id, change, status) VALUES (?, ?, ?, ?, 'planned')",
                ((change.id, run, change.customer_id, _text(change)) for change in changes),
            )

    def sent(self, ids: Iterable[str]) -> None:
        """These are sent now: call it before the request leaves."""
        with self._db.transaction():
            for chunk in chunks(ids):
                self._db.execute(
                    "UPDATE journal SET status = 'sent' WHERE id IN (SELECT value FROM json_each(?))",
                    (id_list(chunk),),
                )

    def waiting(self, ids: Iterable[str]) -> None:
        """These were sent and did nothing, or were about to be sent: they are to be sent once more."""
        with self._db.transaction():
            for chunk in chunks(ids):
                self._db.execute(
                    "UPDATE journal SET status = 'planned' WHERE status = 'sent'"
                    " AND id IN (SELECT value FROM json_each(?))",
                    (id_list(chunk),),
                )

    def in_flight(self, customer_id: str) -> bool:
        """Whether changes of this customer were sent whose end isn't known yet."""
        row = self._db.one(
            "SELECT 1 FROM journal WHERE status = 'sent' AND customer_id = ? LIMIT 1", (customer_id,)
        )
        return row is not None

    def take_back(self, customer_id: str) -> None:
        """What is planned for this customer and was not sent will not be: it was decided otherwise."""
        self._db.execute("DELETE FROM journal WHERE status = 'planned' AND customer_id = ?", (customer_id,))

    # --- what bulk jobs carry --------------------------------------------------------------------------------

    def carry(self, bulk: int, keys: Iterable[tuple[str, str]]) -> None:
        """These planned changes, as (change id, key in the job's results), go with a bulk job."""
        with self._db.transaction():
            self._db.executemany(
                "UPDATE journal SET bulk = ?, bulk_key = ? WHERE id = ?",
                ((bulk, key, id_) for id_, key in keys),
            )

    def carried(self, bulk: int, after: int = 0, limit: int = 1_000) -> list[tuple[int, str, Change]]:
        """What a job carries and isn't settled, as (place, key, change), in pieces: behind a place, in order."""
        rows = self._db.query(
            "SELECT seq, bulk_key, change FROM journal WHERE bulk = ? AND seq > ? AND status IN ('planned', 'sent')"
            " ORDER BY seq LIMIT ?",
            (bulk, after, limit),
        )
        return [(seq, key, _change(change)) for seq, key, change in rows]

    def carried_by_key(self, bulk: int, keys: Iterable[str]) -> dict[str, list[Change]]:
        """Of a job's unsettled changes those with these keys."""
        found: dict[str, list[Change]] = {}
        for key, change in self._db.query(
            "SELECT bulk_key, change FROM journal WHERE bulk = ? AND status = 'sent'"
            " AND bulk_key IN (SELECT value FROM json_each(?)) ORDER BY +seq",  # by the keys, not along the whole job
            (bulk, id_list(keys)),
        ):
            found.setdefault(key, []).append(_change(change))
        return found

    def carries(self, bulk: int) -> int:
        """How many records a job still carries unsettled."""
        row = self._db.one(
            "SELECT count(DISTINCT bulk_key) FROM journal WHERE bulk = ? AND status IN ('planned', 'sent')",
            (bulk,),
        )
        return int(row[0]) if row else 0

    def sent_with(self, bulk: int) -> None:
        """All that the job carries is sent now."""
        self._db.execute("UPDATE journal SET status = 'sent' WHERE bulk = ? AND status = 'planned'", (bulk,))

    def let_go(self, bulk: int) -> None:
        """The job will not be: what it carried and was not sent is forgotten, its customers are planned anew."""
        self._db.execute("DELETE FROM journal WHERE bulk = ? AND status = 'planned'", (bulk,))

    def settle(self, rows: Iterable[Ending]) -> None:
        """Note how changes ended. An applied change makes earlier refusals of the same field void."""
        with self._db.transaction():
            for chunk in chunks(rows):
                self._db.executemany(
                    "UPDATE journal SET status = ?, category = ?, sentence = ? WHERE id = ?",
                    ((row.status, row.category, column(row.sentence), row.change_id) for row in chunk),
                )
                if self._db.one("SELECT 1 FROM journal WHERE status = 'refused' LIMIT 1") is not None:
                    self._db.executemany(
                        _VOID, ((row.change_id,) for row in chunk if row.status == "applied")
                    )

    def unsettled(self) -> list[Change]:
        """Sent and not settled: a crash came between. Whether they took effect has to be read; in sending order.

        Not what a bulk job carries: its results tell.
        """
        rows = self._db.query(
            "SELECT change FROM journal WHERE status = 'sent' AND bulk IS NULL ORDER BY seq"
        )
        return [_change(row[0]) for row in rows]

    def drop_unsent(self) -> int:
        """After a crash: changes that were planned and never sent are forgotten, their customers planned anew.

        :returns: how many changes were forgotten.
        """
        with self._db.transaction():
            self._db.execute(
                "UPDATE entries SET dirty = 1 WHERE dirty = 0 AND customer_id IN"
                " (SELECT customer_id FROM journal WHERE status = 'planned')"
            )
            return self._db.execute("DELETE FROM journal WHERE status = 'planned'")

    def stale(self, run: int) -> list[tuple[Change, str]]:
        """The changes of the newest run whose ground moved, each with a sentence that says how (empty where nobody knows)."""
        rows = self._db.query(
            "SELECT change, sentence FROM journal WHERE run = ? AND status = 'stale' ORDER BY seq", (run,)
        )
        return [(_change(change), sentence) for change, sentence in rows]

    def last_refusals(self, customer_id: str) -> list[Refusal]:
        """Refused changes of a customer, the newest first."""
        rows = self._db.query(
            "SELECT change, category, sentence FROM journal WHERE status = 'refused' AND customer_id = ?"
            " ORDER BY seq DESC LIMIT 100",
            (customer_id,),
        )
        return [Refusal(_change(change), category, sentence) for change, category, sentence in rows]

    def clear_refusals(self, customer_ids: Iterable[str]) -> None:
        """Forget refusals of these customers: they are in step now, or a person wants another try."""
        with self._db.transaction():
            for chunk in chunks(customer_ids):
                self._db.execute(
                    "DELETE FROM journal WHERE status = 'refused'"
                    " AND customer_id IN (SELECT value FROM json_each(?))",
                    (id_list(chunk),),
                )

    def clear_all_refusals(self) -> int:
        """Forget all refusals: a person wants everything tried again. Returns how many there were."""
        return self._db.execute("DELETE FROM journal WHERE status = 'refused'")

    def refused_categories(self) -> set[str]:
        """The categories of all refusals that stand."""
        return {
            row[0] for row in self._db.query("SELECT DISTINCT category FROM journal WHERE status = 'refused'")
        }

    def forget(self, before_run: int) -> int:
        """Delete applied and stale changes of earlier runs (the history keeps them). Returns how many."""
        return self._db.execute(
            "DELETE FROM journal WHERE status IN ('applied', 'stale') AND run < ?", (before_run,)
        )


_FIELDS = tuple(field.name for field in fields(Change))


def _text(change: Change) -> str:
    # Not `asdict`, which copies every value deeply first and takes ten times as long.
    return encode({name: getattr(change, name) for name in _FIELDS})


def _change(text: str) -> Change:
    return Change(**decode(text))
