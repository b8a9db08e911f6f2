"""A first reading of many rows, by a query job of the Bulk API 2.0: files instead of pages, never more than a piece in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from console.errors import Unreachable
from console.salesforce import bulk
from console.sync.bulk.room import room
from console.sync.bulk.size import FIRST_PAUSE, LONGEST_PAUSE
from console.sync.org import Org, batches

PIECE = 2_000


def begin(org: Org, soql: str, expected: int, *, deleted: bool = False) -> str | None:
    """Let a job read a query without an order; its id, or None where the org's allocations of today have no room for it.

    :param expected: how many rows there are, roughly. :param deleted: deleted and merged rows too.
    :raises Refused: the org takes no such job (today).
    """
    if not room(org).reads(expected):
        return None
    return org.call(org.jobs.query_all if deleted else org.jobs.query, soql)


def rows(org: Org, job_id: str) -> Iterator[list[dict[str, Any]]]:
    """The rows that a job reads, in pieces, as the REST API would have answered them.

    :raises Unreachable: the job broke off.
    """
    jobs = org.jobs
    pause = FIRST_PAUSE
    while not (now := org.call(jobs.state, job_id, "query")).ended:
        org.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    if now.state != "JobComplete":
        raise Unreachable("Salesforce broke off reading many records.", "The next pass reads them anew.")
    locator: str | None = ""
    while locator is not None:
        with tempfile.TemporaryFile(prefix="alguna-console-") as file:
            locator = org.call(jobs.rows, job_id, file, locator) or None
            yield from _pieces(org.check_stop, file)


def _pieces(check: Callable[[], None], file: Any) -> Iterator[list[dict[str, Any]]]:
    for rows in batches(bulk.table(file), PIECE):
        check()
        yield [bulk.as_json(row) for row in rows]
