"""A whole rehearsal with short ways to run jobs; each test finds faults, switches and counters at rest."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from console.rehearsal.server import Rehearsal

V = "/services/data/v62.0"
AT_REST = {
    "latency_ms": 0,
    "daily_api_limit": 1_000_000,
    "bulk_rows_per_second": 0,
    "bulk_stall": False,
    "bulk_fail_after": 0,
    "bulk_daily_batches": 15_000,
    "bulk_daily_query_jobs": 10_000,
}


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What `condition` answers once it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
    return found


class Org:
    """One user's calls to the org, and the control address."""

    def __init__(self, rehearsal: Rehearsal, token: str = "") -> None:
        self.rehearsal = rehearsal
        handout = rehearsal.handout
        self.token = token or handout["salesforce"]["access_token"]
        self.http = httpx.Client(
            base_url=handout["salesforce"]["instance_url"],
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=20,
        )
        self.steering = httpx.Client(base_url=handout["control_url"], trust_env=False, timeout=20)

    def close(self) -> None:
        self.http.close()
        self.steering.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.steering.request(method, path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rest(self) -> None:
        self.control("DELETE", "/salesforce/faults")
        self.control("POST", "/salesforce/options", AT_REST)

    def call(self, method: str, path: str, status: int = 200, **options: Any) -> httpx.Response:
        url = path if path.startswith("/") else f"{V}/{path}"
        reply = self.http.request(method, url, **options)
        assert reply.status_code == status, (reply.status_code, reply.text)
        return reply

    def refused(self, method: str, path: str, status: int = 400, **options: Any) -> tuple[str, str]:
        """Code and message of a refusal."""
        (error,) = self.call(method, path, status, **options).json()
        return error["errorCode"], error["message"]

    def query(self, soql: str) -> list[dict[str, Any]]:
        return list(self.call("GET", "query", params={"q": soql}).json()["records"])

    def create(self, sobject: str, **values: Any) -> str:
        return str(self.call("POST", f"sobjects/{sobject}", 201, json=values).json()["id"])

    # -- jobs

    def open(self, operation: str, sobject: str = "Account", **more: Any) -> str:
        body = {"operation": operation, "object": sobject, **more}
        return str(self.call("POST", "jobs/ingest", json=body).json()["id"])

    def upload(self, job: str, text: str | bytes) -> None:
        content = text if isinstance(text, bytes) else text.encode()
        self.call(
            "PUT", f"jobs/ingest/{job}/batches", 201, content=content, headers={"Content-Type": "text/csv"}
        )

    def finish(self, job: str, state: str = "UploadComplete") -> dict[str, Any]:
        return dict(self.call("PATCH", f"jobs/ingest/{job}", json={"state": state}).json())

    def job(self, job: str, kind: str = "ingest") -> dict[str, Any]:
        return dict(self.call("GET", f"jobs/{kind}/{job}").json())

    def ended(self, job: str, kind: str = "ingest") -> dict[str, Any]:
        """The job at its end."""

        def look() -> dict[str, Any] | None:
            found = self.job(job, kind)
            return found if found["state"] in ("JobComplete", "Failed", "Aborted") else None

        return dict(until(look))

    def run(self, operation: str, text: str | bytes, sobject: str = "Account", **more: Any) -> dict[str, Any]:
        """A whole ingest job."""
        job = self.open(operation, sobject, **more)
        self.upload(job, text)
        self.finish(job)
        return self.ended(job)

    def results(self, job: dict[str, Any] | str, kind: str = "successfulResults") -> list[dict[str, str]]:
        number = job if isinstance(job, str) else job["id"]
        text = self.call("GET", f"jobs/ingest/{number}/{kind}").text
        return list(csv.DictReader(io.StringIO(text)))

    def errors(self, job: dict[str, Any]) -> list[str]:
        return [row["sf__Error"] for row in self.results(job, "failedResults")]

    def ask(self, soql: str, operation: str = "query", **more: Any) -> str:
        body = {"operation": operation, "query": soql, **more}
        return str(self.call("POST", "jobs/query", json=body).json()["id"])

    def read(self, soql: str, operation: str = "query", **more: Any) -> list[dict[str, str]]:
        job = self.ask(soql, operation, **more)
        assert self.ended(job, "query")["state"] == "JobComplete"
        return list(csv.DictReader(io.StringIO(self.call("GET", f"jobs/query/{job}/results").text)))


@pytest.fixture(scope="module")
def running() -> Iterator[Rehearsal]:
    with Rehearsal(customers=0) as rehearsal:
        yield rehearsal


@pytest.fixture
def org(running: Rehearsal) -> Iterator[Org]:
    org = Org(running)
    try:
        org.rest()
        yield org
        org.rest()
    finally:
        org.close()
