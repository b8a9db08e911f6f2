"""Many rows on their way into Salesforce: jobs of the Bulk API 2.0, carried by the journal.

A piece of work only sets its rows aside: they stand in the journal, marked with the job that will carry them, so that a hundred
thousand of them take no memory. The job's id is written down before anything is uploaded, and what a job did is always found
out in one way, by reading its results, whether it was sent a moment ago or before a crash:

    filling ──create──▶ created ──▶ uploading ──▶ uploaded ──close──▶ closed ──poll, results──▶ settled

A job that was never closed did nothing: it is aborted, and its rows are planned anew. Results name rows by the customer's id, by
the record's id, or, for a new contact, by its account: one customer has one account and one primary contact, so an account
is at most once in a job. Rows that a job refused go through collections once more, which tell what exactly is wrong.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from console.domain.fields import CONTACT_EMAIL, CUSTOMER_ID, FIELD
from console.domain.picklists import COUNTRY, STATE
from console.domain.records import Account, Change, Contact, Value
from console.errors import Refused
from console.salesforce import bulk, records
from console.salesforce.bulk import JobState, Results
from console.store.bulk import BulkRow
from console.store.cache import Cache
from console.sync.bulk.outcomes import Outcomes
from console.sync.bulk.pauses import Pauses
from console.sync.bulk.room import room
from console.sync.bulk.size import ROWS_A_JOB
from console.sync.cursors import text
from console.sync.jobs import Job, account_of, text_of, values_of
from console.sync.ledger import Ended, Ledger
from console.sync.meter import ORG, Meter
from console.sync.org import Org
from console.sync.recover import Recovery, standing
from console.sync.rows import Row
from console.sync.workers import Workers

PIECE = 1_000
NO_JOB = ("NOT_FOUND", "INVALIDJOB", "INVALID_ID_FIELD")
_OPERATIONS = {"upsert": "upsert", "create": "insert", "update": "update"}


class BulkWriter:
    """Sets rows aside, sends them in jobs and settles them.

    :param readable: field keys that the user may read, as for `RowWriter`.
    :param threshold: rows of one kind from which on a job carries them; 0: never.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        org: Org,
        workers: Workers,
        ledger: Ledger,
        recovery: Recovery,
        clock: Callable[[], datetime],
        readable: frozenset[str],
        meter: Meter,
        threshold: int,
    ) -> None:
        self._cache = cache
        self._org = org
        self._jobs = org.jobs
        self._workers = workers
        self._ledger = ledger
        self._recovery = recovery
        self._clock = clock
        self._outcomes = Outcomes(cache, ledger, workers, clock, readable)
        self._meter = meter
        self._threshold = threshold
        self._filling: dict[tuple[str, str], tuple[int, int]] = {}
        """By operation and object: the job's number, and how many rows it has."""
        self._off: set[tuple[str, str]] = set()
        """Kinds that don't go by jobs in this pass: too few, or the org doesn't let us."""
        self._by_hand: set[str] = set()
        """Customers one of whose rows a job refused."""

    def worth_it(self, customers: int) -> bool:
        """Whether so many due customers may fill a job."""
        return 0 < self._threshold <= customers

    # --- setting aside ---------------------------------------------------------------------------------------

    def take(self, jobs: Sequence[Job]) -> list[Job]:
        """Set aside what jobs of the Bulk API carry; returns what has to be written now.

        A new account comes alone: its contact and alias are planned once it is there.
        """
        carried: dict[int, list[tuple[str, str]]] = {}
        planned: list[Change] = []
        with self._cache.transaction():
            for job in jobs:
                for row in self._set_aside(job):
                    carried.setdefault(self._room(row), []).extend(
                        (each.id, _key(row)) for each in row.changes
                    )
                    planned += row.changes
            self._ledger.plan(planned)
            for number, keys in carried.items():
                self._cache.journal.carry(number, keys)
        return [job for job in jobs if job.changes]

    def _set_aside(self, job: Job) -> list[Row]:
        """The rows of a customer that go by jobs now; the job is left with what does not, or not yet."""
        account, contact = Row.account(job), Row.contact(job)
        new = account is not None and account.verb == "upsert"
        wanted = (account, None if new else contact)
        rows = [row for row in wanted if row is not None and self._fits(row)]
        for row in rows:
            job.settled(row.changes)
        if new and rows:
            job.changes = []
        return rows

    def _fits(self, row: Row) -> bool:
        kind = (_OPERATIONS[row.verb], row.sobject)
        return (
            kind not in self._off
            and row.job.customer_id not in self._by_hand
            and not row.forced
            and bulk.fits(row.body(self._org.lists))
        )

    def _room(self, row: Row) -> int:
        """The number of the job that has room for the row."""
        kind = (_OPERATIONS[row.verb], row.sobject)
        number, count = self._filling.get(kind, (0, 0))
        if not number or count >= ROWS_A_JOB:
            number, count = self._cache.bulk.begin(*kind, text(self._clock())), 0
        self._filling[kind] = (number, count + 1)
        return number

    # --- sending ---------------------------------------------------------------------------------------------

    def send(self, look: Callable[[], object]) -> None:
        """Send what was set aside and settle it. Kinds with too few rows are planned again, for collections.

        :param look: reads what changed in the org: plans whose ground moved since are stale.
        :raises ConsoleError: the org can't be used any further; jobs that were closed are taken up by the next pass.
        :raises Cancelled: the engine was told to stop; as above.
        """
        self._filling = {}
        counts: dict[tuple[str, str], int] = {}
        waiting = [each for each in self._cache.bulk.under_way() if each.state == "filling"]
        for each in waiting:
            kind = (each.operation, each.sobject)
            counts[kind] = counts.get(kind, 0) + self._cache.journal.carries(each.id)
        few = {kind for kind, count in counts.items() if count < self._threshold}
        self._off |= few
        chosen = [each for each in waiting if (each.operation, each.sobject) not in few]
        for each in waiting:
            if each not in chosen:
                self._let_go(each)
        if chosen:
            look()
            chosen = self._with_room(chosen)
        for each in chosen:
            self._submit(each)
        self.resume()

    def _with_room(self, jobs: Sequence[BulkRow]) -> list[BulkRow]:
        """The jobs that the org has batches left for today; collections take the rows of the others."""
        left, kept = room(self._org), []
        for each in jobs:
            if left.writes(self._cache.journal.carries(each.id)):
                kept.append(each)
            else:
                self._off.add((each.operation, each.sobject))
                self._let_go(each)
        return kept

    def _submit(self, job: BulkRow) -> None:
        self._drop_stale(job)
        journal, table = self._cache.journal, self._cache.bulk
        if not journal.carries(job.id):
            self._let_go(job)
            return
        try:
            job_id = self._call(self._jobs.create, job.operation, job.sobject, _external_id(job))
        except Refused:
            # No right to bulk jobs, or none left today: collections do it.
            self._off.add((job.operation, job.sobject))
            self._let_go(job)
            return
        table.created(job.id, job_id)
        if not journal.carries(job.id):
            return  # all of it was decided otherwise meanwhile: what is created and no more, `resume` aborts
        with tempfile.TemporaryFile(prefix="alguna-console-") as file:
            # From here on a decision waits for the results: what is written down as sent is what the file holds.
            bulk.written(self._columns(job), self._bodies(job), file)
            with self._cache.transaction():
                table.moved(job.id, "uploading")
                journal.sent_with(job.id)
            self._call(self._jobs.upload, job_id, file)
        table.moved(job.id, "uploaded")
        self._call(self._jobs.close, job_id)
        table.moved(job.id, "closed")

    def _drop_stale(self, job: BulkRow) -> None:
        """Plans whose ground moved since they were made are stale: what they were to write is planned anew."""
        cache = self._cache
        for piece in self._pieces(job):
            accounts = cache.accounts.many(
                c.record for c in piece if c.key is not None and c.entity == "Account"
            )
            contacts = cache.contacts.many(
                c.record for c in piece if c.key is not None and c.entity == "Contact"
            )
            made = [
                change
                for change in piece
                if not self._stands(change, accounts.get(change.record) or contacts.get(change.record))
            ]
            stale = {change.customer_id for change in made}
            self._ledger.settle([Ended(c, "stale") for c in piece if c.customer_id in stale])

    def _stands(self, change: Change, record: Account | Contact | None) -> bool:
        if change.key is not None:
            before = change.before if isinstance(change.before, str) else None
            return (
                record is not None
                and not record.deleted
                and bool(standing({change.key: before}, record.values))
            )
        if change.entity == "Account":
            return not self._cache.accounts.by_customer_id(change.customer_id)
        parent, email = account_of(change), values_of(change).get(CONTACT_EMAIL)
        return parent is not None and self._cache.contacts.bests([(parent, email, None)]) == [None]

    def _columns(self, job: BulkRow) -> list[str]:
        found: dict[str, None] = {}
        for body in self._bodies(job):
            found.update(dict.fromkeys(body))
        return list(found)

    def _bodies(self, job: BulkRow) -> Iterator[dict[str, Any]]:
        countries: dict[str, Value] = {}
        changes = (change for piece in self._pieces(job) for change in self._with_countries(piece, countries))
        for _, group in groupby(changes, key=lambda change: (change.customer_id, change.record)):
            yield self._body(list(group), countries)

    def _with_countries(self, piece: list[Change], countries: dict[str, Value]) -> list[Change]:
        """The same; `countries` gets what accounts hold whose state may change alone."""
        held = self._cache.accounts.many(change.record for change in piece if change.key == STATE)
        countries.update((id_, account.values.get(COUNTRY)) for id_, account in held.items())
        return piece

    def _body(self, changes: list[Change], countries: Mapping[str, Value]) -> dict[str, Any]:
        """One record as a job carries it."""
        first, lists = changes[0], self._org.lists
        if first.key is None:
            body = records.body(values_of(first), lists)
            return {"AccountId": account_of(first), **body} if first.entity == "Contact" else body
        values = {cast("str", change.key): text_of(change) for change in changes}
        return {"Id": first.record, **records.body(values, lists, countries.get(first.record))}

    def _pieces(self, job: BulkRow) -> Iterator[list[Change]]:
        after = 0
        while rows := self._cache.journal.carried(job.id, after, PIECE):
            self._workers.check()
            after = rows[-1][0]
            yield [change for _, _, change in rows]

    # --- finding out -----------------------------------------------------------------------------------------

    def resume(self) -> None:
        """See every job through that was sent, also before a crash; those that never began are aborted.

        :raises ConsoleError: as `send`.
        """
        for job in self._cache.bulk.under_way():
            if job.job_id is None or job.state == "created":
                if job.job_id is not None:
                    self._abort(job.job_id)
                self._let_go(job)
        waiting = self._cache.bulk.under_way()
        pauses = Pauses()
        total = len(waiting)
        while waiting:
            waiting = [job for job in waiting if not self._advance(job, pauses)]
            self._meter.part("Salesforce works on bulk jobs", ORG, total - len(waiting), total)
            if waiting:
                self._workers.sleep(pauses.next())

    def _advance(self, job: BulkRow, pauses: Pauses) -> bool:
        """Look at a job once; whether nothing of it is open any more."""
        job_id = cast("str", job.job_id)
        try:
            now = self._call(self._jobs.state, job_id)
        except Refused as error:
            if error.code not in NO_JOB:
                raise
            pauses.ended(job_id)
            self._by_reading(job)
            return True
        if now.state == "Open":
            if job.state == "uploading":
                # Whether all of it arrived is not known; a job that isn't closed does nothing.
                self._abort(job_id)
                self._stale(job)
                return True
            self._call(self._jobs.close, job_id)
            self._cache.bulk.moved(job.id, "closed")
            return False
        if not now.ended:
            pauses.saw(job_id, now.processed, self._cache.journal.carries(job.id))
            return False
        pauses.ended(job_id)
        self._settle(job, job_id, now)
        return True

    def _settle(self, job: BulkRow, job_id: str, now: JobState) -> None:
        if now.processed > now.failed or now.state != "JobComplete":
            self._read(job, job_id, "successfulResults")
        if now.failed or now.state != "JobComplete":
            self._read(job, job_id, "failedResults")
        if now.state == "JobComplete":
            self._by_reading(job)
            return
        # Failed or aborted as such: what it didn't get to goes by collections, which find the row that is at fault.
        self._off.add((job.operation, job.sobject))
        self._stale(job)

    def _read(self, job: BulkRow, job_id: str, which: Results) -> None:
        with tempfile.TemporaryFile(prefix="alguna-console-") as file:
            self._call(self._jobs.results, job_id, which, file)
            self._by_hand |= self._outcomes.take(job, file, which)

    # --- ends ------------------------------------------------------------------------------------------------

    def _stale(self, job: BulkRow) -> None:
        """Whatever of the job is open did not happen."""
        while rows := self._cache.journal.carried(job.id, 0, PIECE):
            changes = [change for _, _, change in rows]
            self._ledger.settle([Ended(change, "stale") for change in changes])
            self._cache.entries.mark_dirty({change.customer_id for change in changes})
        self._cache.bulk.done(job.id)

    def _by_reading(self, job: BulkRow) -> None:
        """What no result named is looked up in the org itself."""
        while rows := self._cache.journal.carried(job.id, 0, PIECE):
            changes = [change for _, _, change in rows]
            self._recovery.resolve(changes, self._ledger)
            self._cache.entries.mark_dirty({change.customer_id for change in changes})
        self._cache.bulk.done(job.id)

    def _let_go(self, job: BulkRow) -> None:
        with self._cache.transaction():
            self._cache.journal.let_go(job.id)
            self._cache.bulk.done(job.id)

    def _abort(self, job_id: str) -> None:
        try:
            self._call(self._jobs.abort, job_id)
        except Refused:
            return  # it is gone, or was aborted before: either way it does nothing

    def _call(self, call: Callable[..., Any], *args: Any) -> Any:
        return self._org.call(call, *args)


def _key(row: Row) -> str:
    """By what the results of a job name a row."""
    if row.verb == "upsert":
        return row.job.customer_id
    if row.verb == "create":
        return account_of(row.changes[0]) or ""
    return row.changes[0].record


def _external_id(job: BulkRow) -> str:
    return FIELD[CUSTOMER_ID].sf_name if job.operation == "upsert" else ""
