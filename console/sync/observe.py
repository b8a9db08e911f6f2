"""Looking at both sides: what changed since the last look goes into the cache, which marks what it concerns.

Salesforce is asked with one composite call: is it still the same org, which accounts and which contacts were
stamped since the cursor, deleted ones included. Alguna has no such filter in its API: its pages are read newest
first until one is older than the cursor; where it doesn't take that order, and once a day to find out what is
gone, everything is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from console.alguna.client import AlgunaClient
from console.domain.auditing import Finding, compare
from console.domain.records import Customer, Subscription
from console.errors import Refused, Unreachable
from console.salesforce import records
from console.salesforce.client import SubReply, SubRequest
from console.salesforce.soql import instant, soql
from console.store.cache import Cache
from console.sync.bulk import read as bulk_read
from console.sync.bulk.size import BULK_READ
from console.sync.cursors import Cursor, moment, text
from console.sync.following.feeds import Arrivals
from console.sync.org import ORGANIZATION, Org
from console.sync.silence import Unannounced
from console.sync.workers import Workers

Clock = Callable[[], datetime]
Told = Callable[[str, int], None]
"""Called with what is being read and how many records were read so far."""

Guard = Callable[[str, int, int], None]
"""Told what a complete reading is about, how many were known, and how many of them it did not find. May raise."""


def unguarded(what: str, known: int, missing: int) -> None:
    """Let anything be missing: nothing was known before."""


SALESFORCE = "salesforce.cursor"
LOST_PLACE = "INVALID_QUERY_LOCATOR"
TRIES = 3
COMPLETE = timedelta(hours=24)
"""How often everything is read from Alguna, to find out what is gone from its lists."""


# --- Salesforce --------------------------------------------------------------------------------------------


class _Rows:
    """One object's changed rows, page by page into the cache."""

    def __init__(
        self,
        sobject: str,
        org: Org,
        cache: Cache,
        cursor: Cursor,
        began: datetime,
        arrivals: Arrivals | None,
        unannounced: Unannounced | None,
        guard: Guard,
    ) -> None:
        self._guard = guard
        self.sobject = sobject
        self._arrivals = arrivals
        self._unannounced = unannounced
        self.cursor = cursor
        self.next_url: str | None = None
        self.many = False
        """There are so many rows that a job reads them with fewer calls."""
        self._refused = False
        self._total = 0
        self.count = 0
        self._cache = cache
        self._began = began
        self._newest = ""
        self._start = cursor.start(began)
        self._select = org.select(sobject)
        self._lists = org.lists

    def request(self) -> SubRequest:
        """The first page, or the next one."""
        if self.next_url is not None:
            return SubRequest(self.sobject, "GET", "query/" + self.next_url.rpartition("/")[2])
        if not self._start:
            if self.sobject == "Account":
                self._cache.accounts.begin_full_pull()
            else:
                self._cache.contacts.begin_full_pull()
        order = " ORDER BY SystemModstamp, Id"
        return SubRequest.query(self.sobject, self._query + order, deleted=bool(self._start))

    @property
    def _query(self) -> str:
        if not self._start:
            return self._select
        return soql(self._select + " WHERE SystemModstamp >= {}", instant(self._start))

    def take(self, reply: SubReply, seen_at: str) -> None:
        """Put one page into the cache."""
        rows = reply.rows()
        self._total = reply.total
        self.many = reply.total >= BULK_READ and not self._refused
        self._put(rows, seen_at)
        self.next_url = reply.next_url

    def read_in_bulk(self, org: Org, clock: Clock) -> Iterator[int]:
        """All rows by a job instead of page by page, without an order; yields after each piece how many there were so far.

        :raises Unreachable: the job broke off; the pages still do.
        """
        try:
            job_id = bulk_read.begin(org, self._query, self._total, deleted=bool(self._start))
        except Refused:
            job_id = None
        if job_id is None:
            self._refused = True  # the day's jobs are used up, say: it goes on by pages
            return
        for rows in bulk_read.rows(org, job_id):
            with self._cache.transaction():
                self._put(rows, text(clock()))
            yield self.count
        self.next_url = None

    def _put(self, rows: list[dict[str, Any]], seen_at: str) -> None:
        if self.sobject == "Account":
            accounts = [records.account(row, self._lists) for row in rows]
            changed = self._cache.accounts.put(accounts, seen_at, "poll")
            stamps = {account.id: account.modstamp for account in accounts}
            there = {account.id for account in accounts if not account.deleted}
        else:
            contacts = [records.contact(row) for row in rows]
            changed = self._cache.contacts.put(contacts, seen_at, "poll")
            stamps = {contact.id: contact.modstamp for contact in contacts}
            there = {contact.id for contact in contacts if not contact.deleted}
        self.count += len(rows)
        if self._arrivals is not None and self._start:
            self._arrivals.note(stamps[id_] for id_ in changed)
        if self._unannounced is not None and self._start:
            self._unannounced.note(self.sobject, (stamps[id_] for id_ in changed if id_ in there))
        self._newest = max([self._newest, *stamps.values()])

    def reached(self) -> Cursor:
        """Where to go on if nothing more came."""
        return self.cursor.reached(self._newest, self._began) if self._newest else self.cursor

    def finish(self, ended: datetime) -> Cursor:
        """All pages are in the cache."""
        if not self._start:
            if self.sobject == "Account":
                self._guard("accounts in Salesforce", *self._cache.accounts.missing())
                self._cache.accounts.end_full_pull(text(ended))
            else:
                self._guard("contacts in Salesforce", *self._cache.contacts.missing())
                self._cache.contacts.end_full_pull(text(ended))
        return self.cursor.finished(self._newest, self._began, ended)


def was_read(cache: Cache) -> bool:
    """Whether all accounts and contacts that the user may see were read once."""
    kept = cache.get(SALESFORCE) or {}
    return all(
        Cursor.load(kept.get(sobject)).mark for sobject in kept.get("columns") or ("Account", "Contact")
    )


def compare_all(cache: Cache, objects: Collection[str]) -> None:
    """Have the next look read all records of these objects: whatever is missing then is gone."""
    kept: dict[str, Any] | None = cache.get(SALESFORCE)
    if kept is not None:
        left = {key: value for key, value in kept.items() if key not in objects}
        cache.set(SALESFORCE, {**left, "refill": True})


def observe_salesforce(
    org: Org,
    cache: Cache,
    clock: Clock,
    told: Told,
    arrivals: Arrivals | None = None,
    unannounced: Unannounced | None = None,
    guard: Guard = unguarded,
) -> int:
    """Read what changed in the org into the cache; returns how many rows were read.

    :param arrivals: measures how long changes took to get here.
    :param unannounced: notes what the event stream should have told.
    :param guard: told how many records a complete reading did not find any more, before they count as deleted; may raise.
    :raises Conflict: it is another org; nothing was stored.
    """
    for left in reversed(range(TRIES)):
        try:
            return _observe_salesforce(org, cache, clock, told, arrivals, unannounced, guard)
        except Unreachable as error:
            # The place in the result is lost after some idle minutes, or when too many results are open.
            if error.code != LOST_PLACE or not left:
                raise
    raise AssertionError("unreachable")


def _observe_salesforce(
    org: Org,
    cache: Cache,
    clock: Clock,
    told: Told,
    arrivals: Arrivals | None,
    unannounced: Unannounced | None,
    guard: Guard,
) -> int:
    columns = {sobject: list(names) for sobject, names in org.columns.items()}
    kept: dict[str, Any] = cache.get(SALESFORCE, None) or {"refill": False}
    if kept.get("columns") != columns:
        # Other fields are visible than before: what is cached lacks them, so everything is read once more.
        kept = {"columns": columns, "refill": "columns" in kept}
    began = clock()
    streams = [
        _Rows(sobject, org, cache, Cursor.load(kept.get(sobject)), began, arrivals, unannounced, guard)
        for sobject in columns
    ]
    asked = [stream.request() for stream in streams]
    told("accounts and contacts", 0)  # before the call: it may take long, or never be answered
    first, *replies = org.send([SubRequest.query("Organization", ORGANIZATION), *asked])
    org.same(first)
    waiting = streams
    while waiting:
        with cache.transaction():
            for stream, reply in zip(waiting, replies, strict=True):
                stream.take(reply, text(clock()))
                if not kept["refill"]:
                    kept[stream.sobject] = stream.reached().stored()
            cache.set(SALESFORCE, kept)
        told("accounts and contacts", sum(stream.count for stream in streams))
        for stream in streams:
            if stream.next_url is not None and stream.many:
                for _ in stream.read_in_bulk(org, clock):
                    told("accounts and contacts", sum(stream.count for stream in streams))
        waiting = [stream for stream in streams if stream.next_url is not None]
        if waiting:
            replies = org.send([stream.request() for stream in waiting])
    with cache.transaction():
        ended = clock()
        cursors = {stream.sobject: stream.finish(ended).stored() for stream in streams}
        cache.set(SALESFORCE, {"columns": columns, "refill": False, **cursors})
    if kept["refill"]:
        _tell_merged(org, cache, clock)
    return sum(stream.count for stream in streams)


def _tell_merged(org: Org, cache: Cache, clock: Clock) -> None:
    """Comparing all records tells which ones are missing; that some of them were merged, only reading them does."""
    missing = cache.links.astray()
    if missing:
        found = org.look({"Id": missing})
        with cache.transaction():
            cache.accounts.put(found.accounts, text(clock()), "poll")


# --- Alguna ------------------------------------------------------------------------------------------------

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
