"""The cache of one connection: everything the console knows, in one SQLite file on this computer."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from console.domain.ids import to_18
from console.domain.records import Subject
from console.errors import Conflict, StoreError
from console.store import schema, subjects
from console.store.accounts import Accounts
from console.store.artefacts import Artefacts
from console.store.asked import Asked
from console.store.audits import Audits
from console.store.bulk import Bulk
from console.store.connection import Connection, Row
from console.store.contacts import Contacts
from console.store.customers import Customers
from console.store.decisions import Decisions
from console.store.entries import Entries
from console.store.history import History
from console.store.journal import Journal
from console.store.links import Links
from console.store.lock import WriterLock
from console.store.loops import Loops
from console.store.problems import Problems
from console.store.runs import Runs
from console.store.sightings import Sightings
from console.store.subscriptions import Subscriptions
from console.store.text import decode, encode

SMALL = 64 << 20
"""Bytes up to which a cache is checked whenever it is opened for writing: well below half a second."""

_MEND = "Move the file away; the next sync builds a new one from Salesforce and Alguna."


class Cache:
    """Open it with `Cache.open`. For one thread at a time; any number of readers beside one writer.

    A thread that only reads opens its own with ``read_only=True``.
    """

    def __init__(self, db: Connection, lock: WriterLock | None) -> None:
        self._db = db
        self._lock = lock
        self._version: Row | None = None
        self.entries = Entries(db)
        self.customers = Customers(db, self.entries)
        self.subscriptions = Subscriptions(db, self.entries)
        self.accounts = Accounts(db, self.entries)
        self.contacts = Contacts(db, self.entries)
        self.links = Links(db, self.entries)
        self.decisions = Decisions(db, self.entries)
        self.asked = Asked(db)
        self.loops = Loops(db, self.entries)
        self.journal = Journal(db, self.entries)
        self.bulk = Bulk(db)
        self.history = History(db)
        self.sightings = Sightings(db)
        self.runs = Runs(db)
        self.problems = Problems(db)
        self.artefacts = Artefacts(db)
        self.audits = Audits(db)

    @classmethod
    def open(cls, path: Path, *, org_id: str, read_only: bool = False, holder: str = "") -> Cache:
        """Open the cache of the org `org_id` (15 or 18 characters), making it where there is none.

        :param read_only: for screens and reports: takes no lock, changes nothing, sees what the writer committed.
        :param holder: what this console is doing, for the one who finds the cache locked.
        :raises StoreError: locked by another console, damaged, made by a newer console, no room, no permission.
        :raises Conflict: the cache belongs to another org; nothing was read or written.
        """
        if read_only:
            return cls._open(path, org_id, None)
        lock = WriterLock(path)
        in_order = lock.acquire(holder, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        try:
            return cls._open(path, org_id, lock, in_order=in_order)
        except BaseException:
            if in_order:
                lock.release()
            else:
                lock.abandon()
            raise

    @classmethod
    def _open(cls, path: Path, org_id: str, lock: WriterLock | None, *, in_order: bool = True) -> Cache:
        if lock is not None:
            _create(path)
        elif not path.exists():
            raise StoreError(f"There is no cache {path} yet.", "Sync this connection once.")
        size = _size(path)
        db = Connection(path, read_only=lock is None)
        try:
            number = schema.schema_number(db)
            if lock is not None:
                if not in_order or size < SMALL or _is_cut(db, size):
                    check(db)
                db.prepare_writing()
                schema.migrate(db)
            elif number < schema.SCHEMA:
                raise StoreError(
                    f"The cache {path} was made by an older console.",
                    "Sync this connection once to bring it up to date.",
                )
            cache = cls(db, lock)
            cache._belongs_to(org_id)
        except BaseException:
            db.close()
            raise
        return cache

    def _belongs_to(self, org_id: str) -> None:
        wanted = _org(org_id)
        owner = self.get("org_id")
        if owner is None and self._lock is not None:
            self.set("org_id", wanted)
        elif owner != wanted:
            raise Conflict(
                f"The cache {self._db.path} belongs to the org {owner}, but this is the org {wanted}.",
                "A refreshed sandbox is another org: make a new connection for it, under a new name.",
            )

    def close(self) -> None:
        """Give the file and the right to write it back; again does nothing."""
        try:
            self._db.close()
        finally:
            if self._lock is not None and self._db.damaged:
                self._lock.abandon()
            elif self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, for several calls; may be nested."""
        return self._db.transaction()

    @property
    def in_transaction(self) -> bool:
        """Whether what is written now is kept only with what comes after it."""
        return self._db.raw.in_transaction

    def moved(self) -> bool:
        """Whether another connection committed something since this was last asked; True the first time.

        https://www.sqlite.org/pragma.html#pragma_data_version
        """
        version = self._db.one("PRAGMA data_version")
        moved, self._version = version != self._version, version
        return moved

    def check(self) -> None:
        """Read the whole file and check it; seconds for a large one.

        :raises StoreError: it is damaged.
        """
        check(self._db)

    def get(self, key: str, default: Any = None) -> Any:
        """A small JSON value of the engine: a cursor, what a probe found."""
        row = self._db.one("SELECT value FROM meta WHERE key = ?", (key,))
        return decode(row[0]) if row else default

    def set(self, key: str, value: Any) -> None:
        """Keep a small JSON value."""
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, encode(value)),
        )

    def abandon_pulls(self) -> None:
        """Complete pulls under way are given up: what they named is forgotten, and nothing counts as gone."""
        for records in (self.customers, self.subscriptions, self.accounts, self.contacts):
            records.abandon_full_pull()

    def subjects(self, customer_ids: Iterable[str]) -> list[Subject]:
        """Everything known about these customers, in their order; unknown ones are left out."""
        return subjects.subjects(self, customer_ids)


def check(db: Connection) -> None:
    """:raises StoreError: the file is damaged (https://www.sqlite.org/pragma.html#pragma_quick_check)."""
    rows = db.query("PRAGMA quick_check(1)")
    if [row[0] for row in rows] != ["ok"]:
        raise StoreError(f"The cache {db.path} is damaged.", _MEND, code="SQLITE_CORRUPT")


def _is_cut(db: Connection, size: int) -> bool:
    """Whether the file is shorter than it says: a copy or a restore that stopped half-way."""
    row = db.one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    return row is not None and size < row[0]


def _create(path: Path) -> None:
    """An empty file that only its owner may read: customers' data goes in."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"The cache {path} can't be opened: {error.strerror}.",
            "Check that its folder exists and is yours.",
        ) from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise StoreError(
            f"The cache {path} can't be read: {error.strerror}.", "Check who may read it."
        ) from error


def _org(org_id: str) -> str:
    try:
        return to_18(org_id)
    except ValueError:
        return org_id
