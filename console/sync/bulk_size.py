"""When a bulk job is the cheaper way, in calls.

A composite call carries five collections of 200 rows. A job of the Bulk API 2.0 costs about ten calls however many rows it
carries: it is created, filled and closed, asked for its state a few times, and its results are read in two files.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
"""

from __future__ import annotations

ROWS_A_CALL = 1_000
"""Five collections of 200 in one composite call."""
THRESHOLD = 10_000
"""Rows of one kind from which on a job writes them: where both ways cost ten calls (docs/bench.md). In the connection's
settings: ``bulk_from``."""
ROWS_A_JOB = 50_000
"""With room to spare for the 100 MB of CSV that a job takes."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two looks at a job: Salesforce promises no time."""
STEPS = 5
"""Create, upload, close, two files of results."""
POLLS = 5
"""As they were counted for a job of 10,000 to 50,000 rows: the pauses double from 1 s up to 15 s."""


def job_calls(rows: int) -> int:
    """What writing so many rows by jobs costs in calls."""
    return -(-rows // ROWS_A_JOB) * (STEPS + POLLS)
