"""When a bulk job is the cheaper way, in calls.

A composite call carries five collections of 200 rows. A job of the Bulk API 2.0 costs about ten calls however many rows it
carries: it is created, filled and closed, asked for its state as long as it takes, and its results are read in two files.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
"""

from __future__ import annotations

ROWS_A_CALL = 1_000
"""Five collections of 200 in one composite call."""
THRESHOLD = 20_000
"""Rows of one kind from which on a job writes them: half the calls, and hardly slower (measured: docs/bench.md). In the
connection's settings: ``bulk_from``."""
ROWS_A_JOB = 50_000
"""With room to spare for the 100 MB of CSV that a job takes."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two looks at a job: Salesforce promises no time."""
ASKING = 1
"""Ask what the org's allocations of today have room for, before the first of several jobs."""
STEPS = 5
"""Create, upload, close, two files of results."""
PACE = 1_000
"""Rows a second that a job works off: what the number of looks at it is reckoned from. Orgs with much automation are slower."""


BULK_READ = 40_000
"""Rows from which on a first reading goes by a job: where 2,000 rows a call cost more than a job does (docs/bench.md)."""
PAGE = 2_000
"""Rows in a page of a query."""
READING = 2
"""Create a job that reads, and ask before what the org allows."""


def job_calls(rows: int) -> int:
    """What writing so many rows by jobs costs in calls."""
    whole, rest = divmod(rows, ROWS_A_JOB)
    if not rows:
        return 0
    return ASKING + whole * (STEPS + looks(ROWS_A_JOB)) + (STEPS + looks(rest) if rest else 0)


def looks(rows: int) -> int:
    """How often a job of so many rows is asked for its state: at once, then after pauses that double (`Pauses`)."""
    count, waited, pause = 1, 0.0, FIRST_PAUSE
    while waited < rows / PACE:
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE)
        count += 1
    return count


def read_calls(accounts: int, contacts: int) -> int:
    """What reading so many accounts and contacts costs in calls: pages of both travel together, the file of a job alone."""
    paged = [rows for rows in (accounts, contacts) if rows < BULK_READ]
    by_jobs = [rows for rows in (accounts, contacts) if rows >= BULK_READ]
    pages = max(1, -(-max(paged, default=0) // PAGE))
    return pages + sum(READING + looks(rows) + -(-rows // ROWS_A_JOB) for rows in by_jobs)
