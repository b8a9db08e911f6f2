"""What is left today of the org's allocations for bulk jobs, asked before a job is made rather than found out by a refusal.

Of 24 hours, Salesforce counts the batches of 10,000 records that jobs write, the jobs that read, and the size of their results
(https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/,
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm). A call that asks is one of the dozen
that a job saves.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import Refused
from console.salesforce.info import Usage
from console.sync.org import Org

BATCHES = ("DailyBulkApiBatches", "DailyBulkApiRequests")
"""Today's name and the one of older versions."""
QUERY_JOBS, QUERY_MB = "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB"
ROWS_A_BATCH = 10_000
ROWS_A_MB = 1_000
"""Of results: a thousand characters for an account are plenty."""


class Room:
    """What is left. An allocation that the org does not tell is no reason not to try."""

    def __init__(self, limits: Mapping[str, Usage]) -> None:
        self._left = {name: max(0, usage.limit - usage.used) for name, usage in limits.items()}

    def writes(self, rows: int) -> bool:
        """Whether jobs may write so many more rows; if so, they count as written."""
        needed = -(-rows // ROWS_A_BATCH)
        for name in BATCHES:
            if name in self._left:
                if self._left[name] < needed:
                    return False
                self._left[name] -= needed
        return True

    def reads(self, rows: int) -> bool:
        """Whether a job may read so many rows."""
        needed = {QUERY_JOBS: 1, QUERY_MB: -(-rows // ROWS_A_MB)}
        return all(self._left.get(name, wanted) >= wanted for name, wanted in needed.items())


def room(org: Org) -> Room:
    """Ask the org, with one call. An org that does not let us ask is tried.

    :raises ConsoleError: the org can't be reached.
    """
    try:
        return Room(org.limits())
    except Refused:
        return Room({})
