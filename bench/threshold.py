"""Where a bulk job begins to pay: the same rows by collections and by a job, in calls and in seconds.

``python -m bench.threshold [--latency MS] [--pace ROWS_A_SECOND] [ROWS ...]`` prints a line for each number of rows. Both ways
write as the console does: collections in composite calls one after the other, a job with the console's own pauses between looks.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from console.guide.signing_in import Given
from console.rehearsal.server import Rehearsal
from console.salesforce import bulk
from console.salesforce.client import SalesforceClient, SubRequest
from console.sync.bulk.pauses import Pauses
from console.sync.org import HEAVY, ROWS, batches

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.threshold", description=__doc__)
    parser.add_argument("--latency", type=int, default=100, help="milliseconds that every call takes longer")
    parser.add_argument("--pace", type=int, default=1_000, help="rows a second that a job works off")
    parser.add_argument("rows", type=int, nargs="*", default=SIZES)
    args = parser.parse_args()
    print("rows | calls, s by collections | calls, looks, s by a job", flush=True)
    for rows in args.rows:
        with Rehearsal(customers=0, org="empty") as rehearsal:
            options = {
                "latency_ms": args.latency,
                "bulk_rows_per_second": args.pace,
                "daily_api_limit": 1_000_000,
            }
            _control(rehearsal.control_url, options)
            org = rehearsal.handout["salesforce"]
            with SalesforceClient(org["instance_url"], Given(org["access_token"])) as client:
                by_collections = _timed(client, _collections, rows)
                looks = _Looks()
                by_job = _timed(client, looks.job, rows)
        print(
            f"{rows:,} | {by_collections[0]}, {by_collections[1]:.1f} | {by_job[0]}, {looks.made}, {by_job[1]:.1f}",
            flush=True,
        )
    return 0


def _timed(client: SalesforceClient, write: Any, rows: int) -> tuple[int, float]:
    calls, began = client.calls, time.monotonic()
    write(client, rows)
    return client.calls - calls, time.monotonic() - began


def _bodies(rows: int, way: str) -> Iterator[dict[str, Any]]:
    for row in range(rows):
        yield {
            "Name": f"{way} {row} Industries",
            "BillingStreet": f"{row} Main Street",
            "BillingCity": "Springfield",
            "BillingPostalCode": f"{row:05}",
            "BillingCountry": "USA",
            "Website": f"https://www.industries-{row}.example",
        }


def _collections(client: SalesforceClient, rows: int) -> None:
    for call in batches(batches(_bodies(rows, "Collected"), ROWS), HEAVY):
        requests = [SubRequest.create(f"rows{place}", "Account", each) for place, each in enumerate(call)]
        for reply in client.composite(requests):
            assert all(result.success for result in reply.results())


class _Looks:
    """Writes by a job, and counts how often it was looked at."""

    def __init__(self) -> None:
        self.made = 0

    def job(self, client: SalesforceClient, rows: int) -> None:
        jobs = client.bulk
        with tempfile.TemporaryFile() as file:
            columns = list(next(_bodies(1, "Jobbed")))
            bulk.written(columns, _bodies(rows, "Jobbed"), file)
            job = jobs.create("insert", "Account")
            jobs.upload(job, file)
        jobs.close(job)
        pauses = Pauses()
        while True:
            self.made += 1
            now = jobs.state(job)
            if now.ended:
                break
            pauses.saw(job, now.processed, rows)
            time.sleep(pauses.next())
        assert (now.state, now.processed, now.failed) == ("JobComplete", rows, 0)
        with tempfile.TemporaryFile() as file:
            jobs.results(job, "successfulResults", file)
            assert sum(1 for _ in bulk.table(file)) == rows


def _control(url: str, options: dict[str, int]) -> None:
    request = urllib.request.Request(
        f"{url}/salesforce/options",
        method="POST",
        data=json.dumps(options).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


if __name__ == "__main__":
    raise SystemExit(main())
