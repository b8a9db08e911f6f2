"""Looking at the org: what changed since the last look goes into the cache, which marks what it concerns.

Salesforce is asked with one composite call: is it still the same org, which accounts and which contacts were
stamped since the cursor, deleted ones included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

from console.errors import Refused, Unreachable
from console.salesforce import records
from console.salesforce.client import SubReply, SubRequest
from console.salesforce.soql import instant, soql
from console.store.cache import Cache
from console.sync.bulk import read as bulk_read
from console.sync.bulk.size import BULK_READ
from console.sync.cursors import Cursor, text
from console.sync.following.feeds import Arrivals
from console.sync.org import ORGANIZATION, Org
from console.sync.silence import Unannounced

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
