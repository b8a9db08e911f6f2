"""What works on jobs while the org answers other calls: a task of the loop that takes one small step at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.bulk import csvtext, reading, writing
from console.rehearsal.salesforce.bulk.columns import Column, columns
from console.rehearsal.salesforce.bulk.errors import JobFailure, row_error
from console.rehearsal.salesforce.bulk.jobs import INGEST, Job, age_ms
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.values import stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.bulk.jobs import Jobs
    from console.rehearsal.salesforce.org import Org

INGEST_BATCH = 10_000
"""Records of a file that Salesforce counts as one batch of the day's allowance."""
BATCHES, QUERY_JOBS, QUERY_MB = (
    "DailyBulkApiBatches",
    "DailyBulkV2QueryJobs",
    "DailyBulkV2QueryFileStorageMB",
)
_RESULTS_MB = 976_562
_UNSEEN_MS = 500
_REST = 0.02
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pace:
    """How slowly the org works on jobs, and where it breaks off: switches of the control address."""

    rows_per_second: int = 0
    """0: as fast as it can."""
    stall: bool = False
    """Jobs stay where they are."""
    fail_after: int = 0
    """Ingest jobs fail as a whole once so many records are done; 0: they don't."""
    daily_batches: int = 15_000
    """How many batches of ten thousand records 24 hours allow."""
    daily_query_jobs: int = 10_000
    """How many query jobs 24 hours allow."""

    @property
    def daily(self) -> dict[str, int]:
        """What 24 hours allow, by the names that `/limits` shows."""
        return {BATCHES: self.daily_batches, QUERY_JOBS: self.daily_query_jobs, QUERY_MB: _RESULTS_MB}


class Worker:
    """Carries out the jobs that are waiting, one step of each in turn."""

    def __init__(self, org: Org, jobs: Jobs, clock: Callable[[], datetime]) -> None:
        self.pace = Pace()
        self._org = org
        self._jobs = jobs
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._columns: dict[int, list[Column]] = {}
        self._readings: dict[int, reading.Reading] = {}
        self._seen: set[int] = set()

    # -- life

    def wake(self) -> None:
        """Goes to work when there is something to do. Called on the loop."""
        if (self._task is None or self._task.done()) and self._jobs.waiting():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Ends between two steps; what is not done stays waiting."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def seen(self, job: Job) -> None:
        """Somebody looked at a job that is not at its end."""
        self._seen.add(job.number)

    async def _work(self) -> None:
        while waiting := self._jobs.waiting():
            pause = 0.0
            for each in waiting:
                # It may have been aborted or deleted since the list was read.
                job = self._jobs.get(each.id, each.kind)
                if job is not None and job.waiting:
                    pause += self._step(job)
                await asyncio.sleep(0)
            await asyncio.sleep(pause / len(waiting))

    # -- steps

    def _step(self, job: Job) -> float:
        """One step of a job; the seconds to rest afterwards."""
        if self.pace.stall:
            return _REST
        started = time.perf_counter()
        state, before = job.state, job.processed
        try:
            with self._org.transaction():
                if state == "UploadComplete":
                    self._change(job, state="InProgress")
                elif job.kind == INGEST:
                    self._ingest(job)
                else:
                    self._query(job)
                if job.state != state or job.processed != before:
                    busy = job.busy_ms + round((time.perf_counter() - started) * 1000)
                    self._change(job, busy_ms=busy)
        except JobFailure as failure:
            self._fail(job, str(failure))
        except ApiError as error:
            self._fail(job, f"InvalidBatch : Failed to process query: {row_error(error)}")
        except Exception:
            _log.exception("the job %s broke off", job.id)
            self._fail(job, "InternalServerError : An unexpected error occurred")
        done = job.processed - before
        if self.pace.rows_per_second and done:
            return done / self.pace.rows_per_second
        return _REST if not done and job.state == state else 0.0

    def _change(self, job: Job, **values: object) -> None:
        self._jobs.change(job, stamp_text(self._clock()), **values)

    def _fail(self, job: Job, message: str) -> None:
        with self._org.transaction():
            self._change(job, state="Failed", error=message)
        self.forget(job)

    def forget(self, job: Job) -> None:
        """Lets go of what is kept at hand of a job."""
        self._columns.pop(job.number, None)
        self._readings.pop(job.number, None)
        self._seen.discard(job.number)

    def _complete(self, job: Job) -> None:
        """Ends a job; not before it was seen at work, or had the time to be."""
        if job.number not in self._seen and age_ms(job, self._clock()) < _UNSEEN_MS:
            return
        self._change(job, state="JobComplete")
        self.forget(job)

    def _size(self, most: int) -> int:
        rate = self.pace.rows_per_second
        return min(most, max(1, rate // 4)) if rate else most

    def _ingest(self, job: Job) -> None:
        size = self._jobs.upload_size(job)
        delimiter = csvtext.DELIMITERS[job.delimiter]
        reader = csvtext.Reader(
            lambda start, count: self._jobs.read_upload(job, start, count), size or 0, delimiter
        )
        found = self._columns.get(job.number)
        if found is None:
            head = next(reader.lines(0), None)
            if head is None or head.fault:
                raise JobFailure(f"InvalidBatch : {head.fault if head else 'The file has no header row'}")
            if head.terminator and head.terminator != csvtext.LINE_ENDINGS[job.line_ending]:
                raise JobFailure(
                    "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
                    + job.line_ending
                )
            found = self._columns[job.number] = columns(self._org, job, head.cells)
            if job.header is None:
                names = delimiter.join(csvtext.bare(name.strip(), delimiter) for name in head.cells)
                self._change(job, header=names, position=head.end)
        if self.pace.fail_after and job.processed >= self.pace.fail_after:
            raise JobFailure("InternalServerError : The batch could not be processed. It will not be retried")
        wanted = self._size(writing.BATCH)
        if self.pace.fail_after:
            wanted = min(wanted, self.pace.fail_after - job.processed)
        lines = list(islice(reader.lines(job.position), wanted))
        if not lines:
            self._complete(job)
            return
        if self._batches(job.processed + len(lines)) > self._batches(job.processed) and not self.left(
            BATCHES
        ):
            raise JobFailure("ExceededQuota : ApiBatchItems Limit exceeded.")
        results = writing.write(self._org, job, found, lines)
        self._keep(job, lines, results, delimiter)

    def _keep(
        self, job: Job, lines: list[csvtext.Line], results: list[writing.Result], delimiter: str
    ) -> None:
        good: list[tuple[int, str]] = []
        bad: list[tuple[int, str]] = []
        # The order of results is not that of the file: Salesforce promises none.
        last = job.processed + len(lines) - 1
        for place, (line, (ok, record_id, created, error)) in enumerate(zip(lines, results, strict=True)):
            told = ("true" if created else "false") if ok else error
            (good if ok else bad).append(
                (last - place, csvtext.joined((record_id, told, *line.cells), delimiter))
            )
        self._jobs.keep_rows(job, True, good)
        self._jobs.keep_rows(job, False, bad)
        after = job.processed + len(lines)
        if self._batches(after) > self._batches(job.processed):
            self._jobs.count(BATCHES, 1, self.hour())
        self._change(job, position=lines[-1].end, processed=after, failed=job.failed + len(bad))

    def _query(self, job: Job) -> None:
        read = self._readings.get(job.number)
        if read is None:
            # What was read before a restart is read anew: the result is that of one moment.
            read = self._readings[job.number] = reading.Reading(self._org, job)
            self._jobs.clear_rows(job)
            self._change(job, header=read.header, processed=0)
        rows = read.piece(job.processed, self._size(reading.PIECE))
        if not rows:
            self._complete(job)
            return
        self._jobs.keep_rows(job, True, rows)
        self._jobs.count(QUERY_MB, sum(len(line.encode()) + 1 for _, line in rows), self.hour())
        self._change(job, processed=job.processed + len(rows))

    @staticmethod
    def _batches(records: int) -> int:
        return -(-records // INGEST_BATCH)

    def left(self, allowance: str) -> int:
        """What is left of a daily allowance, in the unit that its name says."""
        used = self._jobs.used(allowance, self.hour())
        if allowance == QUERY_MB:
            used = -(-used // 1_000_000)
        return max(0, self.pace.daily[allowance] - used)

    def hour(self) -> int:
        """The present hour, counted from 1970."""
        return int(self._clock().timestamp() // 3600)
