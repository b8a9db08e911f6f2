"""What a bulk job's results say of its rows: each is found among the changes that the job carries, and settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import IO, cast

from console.domain.fields import CUSTOMER_ID, FIELD, NAME
from console.domain.ids import to_18
from console.domain.records import Account, Change, Contact, Link, Value
from console.salesforce import bulk
from console.salesforce.bulk import Results
from console.store.bulk import BulkRow
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.jobs import text_of, values_of
from console.sync.ledger import Ended, Ledger
from console.sync.org import batches
from console.sync.recover import created_link
from console.sync.workers import Workers

PIECE = 1_000


class Outcomes:
    """Settles rows by a job's results.

    :param readable: field keys that the user may read: a new record is known to be empty in all that was not written.
    """

    def __init__(
        self,
        cache: Cache,
        ledger: Ledger,
        workers: Workers,
        clock: Callable[[], datetime],
        readable: frozenset[str],
    ) -> None:
        self._cache = cache
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._readable = readable

    def take(self, job: BulkRow, file: IO[bytes], which: Results) -> set[str]:
        """Settle the rows of one file of results; the customers whose row was refused.

        :raises Cancelled: the engine was told to stop; what is settled stays so.
        """
        refused: set[str] = set()
        for rows in batches(bulk.table(file), PIECE):
            self._workers.check()
            named = {key: row for row in rows if (key := _named(job, row))}
            changes = self._cache.journal.carried_by_key(job.id, named)
            ended = {key: (named[key], changes[key]) for key in changes}
            if which == "successfulResults":
                self._applied(job, ended)
            else:
                refused |= self._failed(ended)
        return refused

    def _applied(self, job: BulkRow, done: dict[str, tuple[dict[str, str], list[Change]]]) -> None:
        """Rows that were written, as observations, links and agreements."""
        cache, at = self._cache, text(self._clock())
        accounts = cache.accounts.many(done) if job.operation == "update" else {}
        contacts = cache.contacts.many(done) if job.operation == "update" else {}
        ended: list[Ended] = []
        seen: list[Account | Contact] = []
        links: list[Link] = []
        pairs: list[tuple[str, str]] = []
        with cache.transaction():
            for key, (row, changes) in done.items():
                record_id = to_18(row["sf__Id"])
                if job.operation == "update":
                    old = accounts.get(key) or contacts.get(key)
                    values = {cast("str", change.key): text_of(change) for change in changes}
                    if old is not None:
                        seen.append(_renewed(old, values))
                    ended += [Ended(change, "applied") for change in changes]
                    continue
                (change,) = changes
                values = values_of(change)
                known = {**self._blank(job.sobject), **values} if row.get("sf__Created") == "true" else values
                if job.sobject == "Account":
                    seen.append(Account(record_id, values.get(NAME) or "", at, known, created_at=at))
                    links.append(created_link(change.customer_id, record_id, at))
                else:
                    seen.append(Contact(record_id, key, at, known, created_at=at))
                    pairs.append((change.customer_id, record_id))
                ended.append(Ended(change, "applied", record=record_id, agreed=values))
            cache.accounts.put([each for each in seen if isinstance(each, Account)], at, "reply")
            cache.contacts.put([each for each in seen if isinstance(each, Contact)], at, "reply")
            cache.links.put(links)
            cache.links.set_contacts(pairs)
            self._ledger.settle(ended)
            cache.entries.mark_dirty({each.change.customer_id for each in ended})
        self._ledger.tally.rows_written += len(seen)

    def _blank(self, sobject: str) -> dict[str, Value]:
        return dict.fromkeys(key for key in sorted(self._readable) if FIELD[key].entity == sobject)

    def _failed(self, refused: dict[str, tuple[dict[str, str], list[Change]]]) -> set[str]:
        """Rows that were not written: by collections, once more, it is found out what of them can be."""
        ended = [
            Ended(change, "stale", bulk.error_in(row.get("sf__Error") or ""))
            for row, changes in refused.values()
            for change in changes
        ]
        customers = {each.change.customer_id for each in ended}
        self._ledger.settle(ended)
        self._cache.entries.mark_dirty(customers)
        return customers


def _named(job: BulkRow, row: dict[str, str]) -> str:
    """The key of a row of results; empty when it has none."""
    if job.operation == "upsert":
        return row.get(FIELD[CUSTOMER_ID].sf_name) or ""
    raw = (row.get("sf__Id") or row.get("Id")) if job.operation == "update" else row.get("AccountId")
    try:
        return to_18(raw or "")
    except ValueError:
        return ""


def _renewed(old: Account | Contact, values: dict[str, Value]) -> Account | Contact:
    if isinstance(old, Account):
        return replace(old, name=values.get(NAME) or old.name, values={**old.values, **values})
    return replace(old, values={**old.values, **values})
