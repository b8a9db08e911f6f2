"""One SQLite connection: settings, transactions, and SQLite's errors as sentences for a person.

Result codes: https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from console.errors import StoreError

T = TypeVar("T")
Row = tuple[Any, ...]

BUSY_MS = 5_000
CHUNK = 1_000
"""Records handled at once: what bounds memory in every loop over an unbounded number of them."""

_MEND = "Move the file away; the next sync builds a new one from Salesforce and Alguna."
_SENTENCES: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: ("There is no room left for the cache {path}.", "Free some disk space and go on."),
    sqlite3.SQLITE_BUSY: (
        "The cache {path} is locked by another program.",
        "Close that program and try again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "The cache {path} is locked by another program.",
        "Close that program and try again.",
    ),
    sqlite3.SQLITE_CORRUPT: ("The cache {path} is damaged.", _MEND),
    sqlite3.SQLITE_NOTADB: ("The file {path} is damaged or is no cache.", _MEND),
    sqlite3.SQLITE_CANTOPEN: (
        "The cache {path} can't be opened.",
        "Check that the folder exists and is yours.",
    ),
    sqlite3.SQLITE_READONLY: ("The cache {path} is open for reading only.", "Check who may write the file."),
    sqlite3.SQLITE_PERM: ("The cache {path} may not be opened.", "Check who may read and write the file."),
    sqlite3.SQLITE_IOERR: (
        "The disk refused to read or write the cache {path}.",
        "Check the disk and its free space.",
    ),
    sqlite3.SQLITE_INTERRUPT: ("Reading the cache {path} was interrupted.", "Ask again."),
}


def store_error(error: Exception, path: Path) -> StoreError:
    """An SQLite (or encoding) error as a `StoreError`; `code` is SQLite's own name of it, ``SQLITE_FULL``."""
    number = getattr(error, "sqlite_errorcode", None)
    message, advice = _SENTENCES.get(
        number & 0xFF if number is not None else -1, (f"The cache {{path}} can't do this: {error}.", "")
    )
    return StoreError(message.format(path=path), advice, code=getattr(error, "sqlite_errorname", "") or "")


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _stands_still(path: Path) -> bool:
    """Whether nobody writes this file: it is whole without a log, and its folder can't take one.

    Even readers need the log's index beside the file, so that SQLite has to be told: https://www.sqlite.org/wal.html#read_only_databases
    """
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


class Connection:
    """A connection for one thread at a time.

    Writers begin with ``BEGIN IMMEDIATE``; a transaction inside another one is a savepoint, so that a caller who
    catches an error keeps nothing of the part that failed.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open `path`.

        :raises StoreError: the file can't be opened or is no database.
        """
        self.path = path
        self.read_only = read_only
        mode = "ro" if read_only else "rwc"
        if read_only and _stands_still(path):
            mode = "ro&immutable=1"
        try:
            self.raw = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        self._depth = 0
        self.damaged = False
        """Whether SQLite met damage in the file."""
        try:
            self.execute(f"PRAGMA cache_size = {-8_192 if read_only else -32_768}")  # KiB
        except StoreError:
            self.raw.close()
            raise

    def prepare_writing(self) -> None:
        """Let readers read while this connection writes: https://www.sqlite.org/wal.html"""
        self.execute("PRAGMA journal_mode = WAL")
        # In WAL mode NORMAL survives any crash of the program; a power cut may cost the last commits, never the
        # file. What was lost is seen again at the next poll.
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        # Pages of the log until they are moved into the file, which waits for the disk: 32 MB instead of 4.
        self.execute("PRAGMA wal_autocheckpoint = 8000")

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a statement. Callers bound their number.

        :raises StoreError: whatever SQLite says, as a sentence.
        """
        self._mind_transaction()
        try:
            return self.raw.execute(sql, parameters).fetchall()
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise self._failed(error) from error

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row, or None."""
        rows = self.query(sql, parameters)
        return rows[0] if rows else None

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement; returns how many rows it changed (-1 where that has no meaning)."""
        self._mind_transaction()
        try:
            return self.raw.execute(sql, parameters).rowcount
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise self._failed(error) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one statement for many rows; returns how many rows changed."""
        self._mind_transaction()
        try:
            return self.raw.executemany(sql, rows).rowcount
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise self._failed(error) from error

    def bulk(self, sql: str, rows: Sequence[Sequence[object]]) -> int:
        """Run one statement over all `rows` (at most `CHUNK`, of equal length), put where it says ``{rows}``.

        Where a table has triggers this is more than twice as fast as `executemany`: SQLite prepares to undo each
        statement on its own. The rows go in pieces of 512, 256, 128, ..., because a statement stays prepared together with the
        values that it was given last: for each number of rows another one, a third of a megabyte each.
        """
        changed = start = 0
        while start < len(rows):
            piece = rows[start : start + (1 << ((len(rows) - start).bit_length() - 1))]
            row = f"({', '.join('?' * len(piece[0]))})"
            values = f"VALUES {', '.join([row] * len(piece))}"
            changed += self.execute(sql.format(rows=values), list(chain(*piece)))
            start += len(piece)
        return changed

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. May be nested.

        When the disk is full SQLite gives the whole transaction up at once; whoever carries on inside it then meets a
        `StoreError`, so that nothing is committed by itself.
        """
        savepoint = f"s{self._depth}"
        self.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {savepoint}")
        self._depth += 1
        try:
            yield
            self.execute("COMMIT" if self._depth == 1 else f"RELEASE {savepoint}")
        except BaseException:
            if self.raw.in_transaction:
                if self._depth == 1:
                    self.raw.rollback()
                else:
                    self.execute(f"ROLLBACK TO {savepoint}")
                    self.execute(f"RELEASE {savepoint}")
            raise
        finally:
            self._depth -= 1

    def _mind_transaction(self) -> None:
        if self._depth and not self.raw.in_transaction:
            raise StoreError(
                f"The cache {self.path} gave up a transaction.", "Try again.", code="SQLITE_ABORT"
            )

    def _failed(self, error: Exception) -> StoreError:
        failure = store_error(error, self.path)
        self.damaged |= failure.code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
        return failure

    def close(self) -> None:
        """Close it; again does nothing."""
        try:
            self.raw.close()
        except sqlite3.Error as error:
            raise self._failed(error) from error
