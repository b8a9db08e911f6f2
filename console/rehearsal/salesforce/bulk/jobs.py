"""Jobs, what was uploaded to them and what came of it: tables of their own in the org's file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.values import parse_moment, stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.store import Store

KEPT = timedelta(days=7)
LIST_PAGE = 1000
INGEST, QUERY = "V2Ingest", "V2Query"
WAITING = ("UploadComplete", "InProgress")
ENDED = ("JobComplete", "Failed", "Aborted")
_PAGE = 2000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS bulk_job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL,
    user_id TEXT NOT NULL, client TEXT NOT NULL, version TEXT NOT NULL, operation TEXT NOT NULL, object TEXT NOT NULL,
    external_id TEXT, soql TEXT, delimiter TEXT NOT NULL, line_ending TEXT NOT NULL,
    created TEXT NOT NULL, modified TEXT NOT NULL, header TEXT, position INTEGER NOT NULL DEFAULT 0,
    processed INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, error TEXT,
    busy_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS bulk_upload (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bulk_row (
    number INTEGER NOT NULL, place INTEGER NOT NULL, ok INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (number, ok, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bulk_usage (
    hour INTEGER NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (hour, name)
) STRICT;
"""


@dataclass(slots=True)
class Job:
    """One job, as its row says it."""

    number: int
    id: str
    kind: str
    """V2Ingest or V2Query."""
    state: str
    user_id: str
    client: str
    """What `Sforce-Call-Options: client=` said when the job was created."""
    version: str
    operation: str
    object: str
    external_id: str | None
    soql: str | None
    delimiter: str
    """The name: COMMA, TAB, ..."""
    line_ending: str
    """LF or CRLF."""
    created: str
    modified: str
    header: str | None
    """The columns of the file or of the result as a CSV record, once they are known."""
    position: int
    """How many bytes of the upload are done with."""
    processed: int
    failed: int
    error: str | None
    busy_ms: int

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def waiting(self) -> bool:
        """Whether it is to be worked on."""
        return self.state in WAITING

    @property
    def caller(self) -> Caller:
        """Who its records are written and read as; part of the origin of the changes."""
        return Caller(self.user_id, client=self.client, api="bulkapi", version=self.version)


_COLUMNS = ", ".join(field.name for field in fields(Job))


class Jobs:
    """The jobs of an org."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.connection.executescript(_SCHEMA)

    # -- jobs

    def add(self, now: str, **values: Any) -> Job:
        """A new job with an id of its own."""
        values = {"id": self._store.new_id("750"), "created": now, "modified": now, **values}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO bulk_job ({names}) VALUES ({marks})"  # noqa: S608 - names of our own
        self._store.connection.execute(sql, tuple(values.values()))
        return self._only(self._select("WHERE id = ?", (values["id"],)))

    def get(self, job_id: str, kind: str) -> Job | None:
        """A job by its id with 15 or 18 characters."""
        found = self._select("WHERE id = ? AND kind = ?", (ids.normalise(job_id), kind))
        return found[0] if found else None

    def change(self, job: Job, now: str, **values: Any) -> None:
        """Writes new values of a job into its row and into `job`."""
        values = {"modified": now, **values}
        places = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE bulk_job SET {places} WHERE number = ?"  # noqa: S608 - names of our own
        self._store.connection.execute(sql, (*values.values(), job.number))
        for name, value in values.items():
            setattr(job, name, value)

    def waiting(self) -> list[Job]:
        """Jobs that are to be worked on, oldest first."""
        return self._select("WHERE state IN ('UploadComplete', 'InProgress') ORDER BY number", ())

    def page(self, kinds: Sequence[str], after: int, user_id: str | None) -> tuple[list[Job], int | None]:
        """Up to a thousand jobs with numbers above `after`, and the number to go on from when there are more."""
        marks = ", ".join("?" * len(kinds))
        own, who = ("", ()) if user_id is None else (" AND user_id = ?", (user_id,))
        where = f"WHERE kind IN ({marks}) AND number > ?{own} ORDER BY number LIMIT ?"
        found = self._select(where, (*kinds, after, *who, LIST_PAGE + 1))
        return found[:LIST_PAGE], found[LIST_PAGE - 1].number if len(found) > LIST_PAGE else None

    def remove(self, job: Job) -> None:
        """Forgets a job with all that belongs to it."""
        with self._store.transaction():
            for table in ("bulk_row", "bulk_upload", "bulk_job"):
                sql = f"DELETE FROM {table} WHERE number = ?"  # noqa: S608 - names of our own
                self._store.connection.execute(sql, (job.number,))

    def expire(self, now: datetime) -> None:
        """Forgets jobs that were created more than seven days ago, ended or not."""
        for job in self._select("WHERE created < ?", (stamp_text(now - KEPT),)):
            self.remove(job)

    def _select(self, where: str, values: Sequence[Any]) -> list[Job]:
        found = self._store.find(f"SELECT {_COLUMNS} FROM bulk_job {where}", values)  # noqa: S608 - our own names
        return [Job(*row) for row in found]

    @staticmethod
    def _only(found: list[Job]) -> Job:
        (job,) = found
        return job

    # -- uploads

    def keep_upload(self, job: Job, body: bytes) -> None:
        self._store.connection.execute("INSERT INTO bulk_upload VALUES (?, ?)", (job.number, body))

    def upload_size(self, job: Job) -> int | None:
        """Bytes that were uploaded; None when nothing was."""
        found = self._store.find("SELECT length(body) FROM bulk_upload WHERE number = ?", (job.number,))
        return int(found[0][0]) if found else None

    def read_upload(self, job: Job, start: int, size: int) -> bytes:
        """A part of the upload."""
        with self._store.connection.blobopen("bulk_upload", "body", job.number, readonly=True) as blob:
            blob.seek(min(start, len(blob)))
            return blob.read(size)

    # -- results

    def keep_rows(self, job: Job, ok: bool, rows: Sequence[tuple[int, str]]) -> None:
        """CSV records of a result, with their places in it."""
        self._store.connection.executemany(
            "INSERT INTO bulk_row VALUES (?, ?, ?, ?)",
            [(job.number, place, int(ok), line) for place, line in rows],
        )

    def clear_rows(self, job: Job) -> None:
        self._store.connection.execute("DELETE FROM bulk_row WHERE number = ?", (job.number,))

    def rows(self, job: Job, ok: bool, start: int = 0, end: int | None = None) -> Iterator[str]:
        """The CSV records whose places lie from `start` to before `end`, read a page at a time."""
        after = start - 1
        while True:
            found = self._store.find(
                "SELECT place, line FROM bulk_row WHERE number = ? AND ok = ? AND place > ? AND place < ?"
                " ORDER BY place LIMIT ?",
                (job.number, int(ok), after, 2**62 if end is None else end, _PAGE),
            )
            yield from (line for _, line in found)
            if len(found) < _PAGE:
                return
            after = found[-1][0]

    # -- what the last 24 hours took

    def count(self, name: str, amount: int, hour: int) -> None:
        """Adds to what an allowance of the org was used for."""
        self._store.connection.execute(
            "INSERT INTO bulk_usage VALUES (?, ?, ?)"
            " ON CONFLICT (hour, name) DO UPDATE SET amount = amount + excluded.amount",
            (hour, name, amount),
        )

    def used(self, name: str, hour: int) -> int:
        """What was used of an allowance in the 24 hours up to `hour` (hours since 1970)."""
        sql = "SELECT coalesce(sum(amount), 0) FROM bulk_usage WHERE name = ? AND hour > ?"
        return int(self._store.find(sql, (name, hour - 24))[0][0])


# -- jobs as replies show them


def shown(job: Job, *, version: str, new: bool = False, whole: bool = False) -> dict[str, Any]:
    """A job as a reply's body; a `new` one says how to fill it, a `whole` one also how far it is."""
    ingest = job.kind == INGEST
    body: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user_id,
        "createdDate": job.created,
        "systemModstamp": job.modified,
        "state": job.state,
    }
    if job.external_id is not None:
        body["externalIdFieldName"] = job.external_id
    body |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": Decimal(job.version)}
    if whole:
        body["jobType"] = job.kind
    if ingest and job.state == "Open" and (new or whole):
        body["contentUrl"] = f"services/data/v{version}/jobs/ingest/{job.id}/batches"
    if new or whole:
        body |= {"lineEnding": job.line_ending, "columnDelimiter": job.delimiter}
    if not whole:
        return body
    body["numberRecordsProcessed"] = job.processed
    if ingest:
        body["numberRecordsFailed"] = job.failed
    body["retries"] = 0
    body["totalProcessingTime"] = job.busy_ms
    if ingest:
        body |= {"apiActiveProcessingTime": job.busy_ms, "apexProcessingTime": 0}
    if job.error is not None:
        body["errorMessage"] = job.error
    return body


def listed(job: Job) -> dict[str, Any]:
    """A job in the list of jobs."""
    body = shown(job, version=job.version)
    return {**body, "jobType": job.kind, "lineEnding": job.line_ending, "columnDelimiter": job.delimiter}


def locator(place: int) -> str:
    """An opaque text that stands for a place in a list."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def place_of(text: str) -> int | None:
    """The place that a locator stands for, or None when it was never given out."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return int(plain) if re.fullmatch("[0-9]{1,15}", plain) else None


def age_ms(job: Job, now: datetime) -> float:
    """Milliseconds since the job last changed."""
    changed = parse_moment(job.modified)
    return 0.0 if changed is None else (now - changed).total_seconds() * 1000
