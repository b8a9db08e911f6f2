"""A first sync of many customers against the same bytes sent by a bare loop, and against one record at a time."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.measure import NotMade, Taken, telling
from bench.practice import Practice, practice
from bench.recorder import Kept, Recorder, Request
from bench.replay import Replay

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "100000"))
"""Customers of the measured first sync."""
SAMPLE = 200
"""Customers that are written one by one."""
LATENCY_MS = 100
"""What a call to an org takes at least, for the comparison with one record at a time: a quick one over the internet."""


class Floor:
    """The first sync of :data:`CUSTOMERS` customers: recorded once, then timed, and its bytes timed."""

    def __init__(self, customers: int = CUSTOMERS) -> None:
        self._customers = customers
        self._recorded: list[Request] = []
        self._resources = ExitStack()
        self._folder: Path | None = None

    def close(self) -> None:
        """Remove everything that was recorded."""
        self._resources.close()

    def against_the_wire(self) -> Taken:
        """Wall time of the pass against that of its bytes. Both begin with the org and account in the same state."""
        folder = self._record()
        with _again(folder, "timed") as console, telling("The same sync, timed"):
            done = console.sync()
            seconds = console.seconds
        with _again(folder, "bare") as console, closing(Replay(_ports(console))) as replay:
            total = len(self._recorded)
            with telling("Its bytes alone, timed", lambda: f"{replay.sent:,} of {total:,} requests"):
                bare = replay.run(self._recorded)
            if console.accounts() < 0.9 * self._customers:
                raise NotMade("The bare loop did not make the accounts.")
        alguna = sum(request.service == "alguna" for request in self._recorded)
        return Taken(
            seconds / bare,
            f"{seconds:.1f} s against {bare:.1f} s for {self._customers:,} customers: "
            f"{done.salesforce_calls:,} Salesforce and {alguna:,} Alguna calls, {done.peak >> 20} MB",
        )

    def against_each(self) -> Taken:
        """Per customer: creating its account and contact with simple-salesforce, against the whole first sync."""
        folder = self._record()
        with _again(folder, "whole") as console, telling("The same sync, from a distance"):
            console.control("POST", "/salesforce/options", {"latency_ms": LATENCY_MS})
            console.sync()
            each = console.seconds / console.accounts()
        with _again(folder, "single") as console, telling("One by one"):
            console.control("POST", "/salesforce/options", {"latency_ms": LATENCY_MS})
            theirs = _one_by_one(console.handout["salesforce"], self._recorded)
        return Taken(
            theirs / each,
            f"{theirs * 1000:.0f} ms a customer against {each * 1000:.2f} ms, {LATENCY_MS} ms a call",
        )

    def _record(self) -> Path:
        """The folder with everything as it was before the first pass, whose requests are known by now."""
        if self._folder is None:
            kept = self._resources.enter_context(closing(Kept()))
            folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            with telling(f"A world of {self._customers:,} customers"):
                _prepare(folder, self._customers)
            with _again(folder, "recorded") as console, Recorder(_ports(console), kept) as recorder:
                console.point(recorder.ports)
                with telling("A first sync, recorded", lambda: f"{len(recorder.requests):,} requests"):
                    console.sync()
                self._recorded = list(recorder.requests)
            self._folder = folder
        return self._folder


def _prepare(folder: Path, customers: int) -> None:
    """A connected console, with both systems and its own files as they are before the first pass."""
    with practice(customers, folder):
        pass
    for what in ("state", "home"):
        shutil.copytree(folder / what, folder / f"{what}-before")


@contextmanager
def _again(folder: Path, name: str) -> Iterator[Practice]:
    """Everything as it was before the first pass, in a folder of its own."""
    here = folder / name
    here.mkdir()
    for what in ("state", "home"):
        shutil.copytree(folder / f"{what}-before", here / what)
    try:
        with practice(0, here, connect=False) as console:
            console.point(_ports(console))
            yield console
    finally:
        shutil.rmtree(here)


def _ports(console: Practice) -> dict[str, int]:
    org, alguna = console.handout["salesforce"]["instance_url"], console.handout["alguna"]["base_url"]
    return {"salesforce": urlsplit(org).port or 0, "alguna": urlsplit(alguna).port or 0}


def _one_by_one(org: Mapping[str, Any], recorded: list[Request]) -> float:
    """Seconds for one customer's account and contact, created by one call each with all fields that the pass writes."""
    from simple_salesforce.api import Salesforce

    from console.salesforce.meter import Meter
    from console.salesforce.session import Session

    accounts, contacts = _records(recorded, "Account"), _records(recorded, "Contact")
    salesforce = Salesforce(
        instance_url=org["instance_url"],
        session_id=org["access_token"],
        version="62.0",
        session=Session(org["instance_url"], Meter()),
    )
    account_type: Any = salesforce.Account
    contact_type: Any = salesforce.Contact
    count = min(len(accounts), len(contacts))
    if not count:
        raise NotMade("The pass wrote no records.")
    began = time.perf_counter()
    for account, contact in zip(accounts[:count], contacts[:count], strict=True):
        made = account_type.create(account)
        contact_type.create({**contact, "AccountId": made["id"]})
    seconds = time.perf_counter() - began
    salesforce.session.close()
    return seconds / count


def _records(recorded: Iterable[Request], sobject: str, limit: int = SAMPLE) -> list[dict[str, Any]]:
    """The first records of one object as the pass sent them, whether in collections or in a job."""
    found: list[dict[str, Any]] = []
    for request in recorded:
        if request.line.startswith("PUT ") and "/batches" in request.line:
            found += _in_a_job(request.data.partition(b"\r\n\r\n")[2], sobject, limit)
        elif request.line.startswith("POST ") and request.line.endswith("/composite"):
            found += _in_collections(request.data.partition(b"\r\n\r\n")[2], sobject)
        if len(found) >= limit:
            break
    return found[:limit]


def _in_a_job(body: bytes, sobject: str, limit: int) -> Iterator[dict[str, Any]]:
    from console.salesforce.bulk import table

    for row in islice(table(io.BytesIO(body)), limit):
        if ("AccountId" in row) == (sobject == "Contact"):
            yield {name: value for name, value in row.items() if value not in ("", "#N/A")}


def _in_collections(body: bytes, sobject: str) -> Iterator[dict[str, Any]]:
    for part in json.loads(body)["compositeRequest"]:
        for record in (part.get("body") or {}).get("records", ()):
            if record["attributes"]["type"] == sobject and "Id" not in record:
                yield {
                    name: value
                    for name, value in record.items()
                    if name != "attributes" and value is not None
                }
