"""Looking at Alguna: what changed since the last look goes into the cache, which marks what it concerns.

Its API has no filter for that: pages are read newest first until one is older than the cursor; where Alguna doesn't take that
order, and once a day to find out what is gone, everything is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from console.alguna.client import AlgunaClient
from console.domain.auditing import Finding, compare
from console.domain.records import Customer, Subscription
from console.errors import Refused
from console.store.cache import Cache
from console.sync.cursors import Cursor, moment, text
from console.sync.following.feeds import Arrivals
from console.sync.observe import Clock, Guard, Told, unguarded
from console.sync.workers import Workers

COMPLETE = timedelta(hours=24)
"""How often everything is read from Alguna, to find out what is gone from its lists."""

Record = TypeVar("Record", Customer, Subscription)


class _Store(Protocol[Record]):
    def many(self, ids: list[str], /) -> Mapping[str, Record]: ...
    def put(self, rows: list[Record], seen_at: str, how: str) -> list[str]: ...
    def begin_full_pull(self) -> None: ...
    def missing(self) -> tuple[int, int]: ...
    def end_full_pull(self, seen_at: str) -> int: ...


def newest_stamp(cache: Cache, what: str) -> str:
    """The newest stamp seen among ``customers`` or ``subscriptions``; empty before they were read."""
    return Cursor.load((cache.get(_key(what)) or {}).get("cursor")).newest


def _is_old(complete_at: str, now: datetime) -> bool:
    """Whether everything is to be read again: a day after the last time, or when the clock was put back to before it."""
    return not timedelta(0) <= now - moment(complete_at) < COMPLETE


ALGUNA_LISTS = ("customers", "subscriptions")


def complete_at(cache: Cache, what: str) -> str:
    """When the last complete reading of ``customers`` or ``subscriptions`` began; empty before the first."""
    return str((cache.get(_key(what)) or {}).get("complete_at") or "")


def _key(what: str) -> str:
    return f"alguna.{what}"


class AlgunaObserver:
    """Reads customers and subscriptions into the cache."""

    def __init__(
        self,
        client: AlgunaClient,
        cache: Cache,
        workers: Workers,
        gate: Callable[[], None],
        clock: Clock,
        arrivals: Arrivals | None = None,
        guard: Guard = unguarded,
    ) -> None:
        self._guard = guard
        self._client = client
        self._cache = cache
        self._workers = workers
        self._gate = gate
        self._clock = clock
        self._arrivals = arrivals
        self._whole = False
        self.pulling = 0.0
        """Seconds that went into reading everything because a list can't be had newest first."""
        self.audited: dict[str, list[Finding]] = {}
        """Lists that were read whole although a cursor tells what changed, each with what the cursor had missed."""
        self.read: dict[str, int] = {}
        """Records read, by list."""

    def observe(self, told: Told, *, whole: bool = False) -> int:
        """Read what changed; returns how many records were read.

        :param whole: read everything, whenever that was done last.
        """
        self._whole = whole
        return self._observe(
            "customers", self._client.customers, self._cache.customers, told
        ) + self._observe("subscriptions", self._client.subscriptions, self._cache.subscriptions, told)

    def _observe(
        self,
        what: str,
        ask: Callable[[bool], Iterator[list[Record]]],
        store: _Store[Record],
        told: Told,
    ) -> int:
        key = _key(what)
        kept: dict[str, Any] = self._cache.get(key, None) or {}
        cursor = Cursor.load(kept.get("cursor"))
        began = self._clock()
        newest = ""
        count = 0
        sorts = kept.get("sorts", True)
        complete = self._whole or not sorts or not cursor.mark or _is_old(kept["complete_at"], began)
        start = cursor.start(began)
        if sorts:
            # Even before reading everything the newest page is asked for: its stamp is where to go on next time.
            try:
                for page in self._pages(ask(True)):
                    changed = store.put(page, text(self._clock()), "poll")
                    count += len(page)
                    stamps = [record.updated_at for record in page]
                    if self._arrivals is not None and not complete:
                        of = {record.id: record.updated_at for record in page}
                        self._arrivals.note(of[id_] for id_ in changed)
                    newest = max(newest, *stamps)
                    told(what, count)
                    if complete or stamps[-1] < start:
                        break
            except Refused as error:
                if error.code not in ("400", "422"):
                    raise
                sorts, complete = False, True
        if complete:
            before = time.monotonic()
            count = self._read_all(what, ask, store, told, cursor.swept if sorts else "")
            if not sorts:
                self.pulling += time.monotonic() - before
        self.read[what] = count
        cursor = cursor.finished(newest, began, self._clock())
        self._cache.set(
            key,
            {
                "cursor": cursor.stored(),
                "sorts": sorts,
                "complete_at": text(began) if complete else kept["complete_at"],
            },
        )
        return count

    def _read_all(
        self,
        what: str,
        ask: Callable[[bool], Iterator[list[Record]]],
        store: _Store[Record],
        told: Told,
        swept: str,
    ) -> int:
        """Everything, page by page. Where a cursor should have told what changed until `swept`, what it missed is noted."""
        count = 0
        if swept:
            self.audited[what] = []
        store.begin_full_pull()
        for page in self._pages(ask(False), ahead=True):
            if swept:
                there = {record.id: record for record in page}
                found = compare(there, store.many(list(there)), swept)
                self.audited[what] += [each for each in found if each.missed]
            store.put(page, text(self._clock()), "poll")
            count += len(page)
            told(what, count)
        self._guard(f"{what} in Alguna", *store.missing())
        store.end_full_pull(text(self._clock()))
        return count

    def _pages(self, pages: Iterator[list[Record]], *, ahead: bool = False) -> Iterator[list[Record]]:
        """Pages; `ahead`: each is asked for while the one before it goes into the cache, as all of them are wanted."""
        coming = self._next(pages)
        while (page := coming()) is not None:
            if ahead:
                coming = self._next(pages)
            if page:
                yield page
            if not ahead:
                coming = self._next(pages)

    def _next(self, pages: Iterator[list[Record]]) -> Callable[[], list[Record] | None]:
        self._gate()
        return self._workers.begin(next, pages, None)
