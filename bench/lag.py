"""How long an edit takes to reach the console's cache: in Salesforce through the event stream, in Alguna by polls."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.measure import NotMade, Taken
from bench.practice import NAME, Practice, practice
from console.domain.records import Link
from console.store.cache import Cache
from console.sync.following.feeds import Feeds

CUSTOMERS = 300
EDITS = 200
"""In Salesforce, one after the other."""
POLLED_EDITS = 20
"""In Alguna, in the course of three polls."""
INTERVAL = 5.0
"""Seconds between two polls of Alguna while this is measured."""
PATIENCE = 60.0
"""Seconds after which a change counts as lost."""


def through_the_stream() -> Taken:
    """Seconds from asking Salesforce for an edit until the cache holds it: what 95 of 100 edits take at most."""
    with _in_step() as (console, cache):
        accounts = [link.account_id for link in _links(cache)]
        lags = []
        for number in range(EDITS):
            account = accounts[number % len(accounts)]
            street = f"{number} Edited Street"
            began = time.monotonic()
            console.control(
                "PATCH", f"/salesforce/records/Account/{account}", {"fields": {"BillingStreet": street}}
            )
            there = partial(_holds, cache, account, street)
            _until(there, "An edit in Salesforce")
            lags.append(time.monotonic() - began)
    p95 = quantile(lags, 0.95)
    return Taken(
        p95, f"p50 {quantile(lags, 0.5):.3f} s, p95 {p95:.3f} s, slowest {max(lags):.3f} s of {EDITS} edits"
    )


def within_a_poll() -> Taken:
    """The slowest edit in Alguna against the time between two polls."""
    with _in_step() as (console, cache):
        waiting: dict[str, float] = {}
        lags: list[float] = []
        customers = [link.customer_id for link in _links(cache)][:POLLED_EDITS]
        for customer_id in customers:
            waiting[customer_id] = time.monotonic()
            console.control("PATCH", f"/alguna/customers/{customer_id}", {"name": f"Edited {customer_id}"})
            until = time.monotonic() + 3 * INTERVAL / POLLED_EDITS
            while time.monotonic() < until:
                lags += _arrived(cache, waiting)
                threading.Event().wait(0.02)

        def all_there() -> bool:
            lags.extend(_arrived(cache, waiting))
            return not waiting

        _until(all_there, "An edit in Alguna")
    slowest = max(lags)
    return Taken(
        slowest / INTERVAL,
        f"p50 {quantile(lags, 0.5):.2f} s, slowest {slowest:.2f} s of {len(lags)} edits, a poll every {INTERVAL:.0f} s",
    )


def quantile(seconds: Sequence[float], share: float) -> float:
    """The time within which this share of them lies."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def _arrived(cache: Cache, waiting: dict[str, float]) -> list[float]:
    """How long those took whose new name the cache holds by now; they wait no longer."""
    now = time.monotonic()
    there = [id_ for id_, each in cache.customers.many(waiting).items() if each.name == f"Edited {id_}"]
    return [now - waiting.pop(id_) for id_ in there]


def _holds(cache: Cache, account_id: str, street: str) -> bool:
    found = cache.accounts.get(account_id)
    return found is not None and found.values.get("BillingStreet") == street


def _links(cache: Cache) -> list[Link]:
    return list(cache.links.many(cache.customers.ids(CUSTOMERS)).values())


@contextmanager
def _in_step() -> Iterator[tuple[Practice, Cache]]:
    """A console that goes on syncing, its first sync and the looks behind a new stream done; and its cache, to read."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made, practice(CUSTOMERS, Path(made)) as console:
        folder = Path(made)
        console.choose(pubsub_endpoint=console.handout["pubsub"]["endpoint"], interval_seconds=INTERVAL)
        with (folder / "watch.log").open("w") as log:
            watching = console.watch(log)
        try:
            path = folder / "home" / "connections" / NAME / "cache.db"
            org_id = console.handout["salesforce"]["org_id"]
            _until(lambda: '"run": 3' in (folder / "watch.log").read_text(), "The first sync")
            with Cache.open(path, org_id=org_id, read_only=True) as cache:
                _until(lambda: Feeds.of(cache).salesforce.how == "events", "The event stream")
                yield console, cache
        finally:
            watching.terminate()
            watching.wait()


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise NotMade(f"{what} did not arrive within {PATIENCE:.0f} s.")
        threading.Event().wait(0.005)
