"""Where the org keeps who may come in: its own tables in the org's SQLite file.

Tokens, codes and passwords are kept as hashes only.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS access_usage (hour INTEGER PRIMARY KEY, calls INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS access_app (
    client_id TEXT PRIMARY KEY, name TEXT NOT NULL, callbacks TEXT NOT NULL, any_port INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS access_password (
    user_id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS access_login (
    hash BLOB PRIMARY KEY, user_id TEXT NOT NULL, last_used REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS access_grant (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS access_code (
    hash BLOB PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL, scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, expires_at REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0, grant_id INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS access_refresh (
    hash BLOB PRIMARY KEY,
    grant_id INTEGER NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    live INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS access_session (
    hash BLOB PRIMARY KEY,
    grant_id INTEGER REFERENCES access_grant ON DELETE CASCADE,
    user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL, last_used REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS access_describe (
    subject TEXT PRIMARY KEY, hash BLOB NOT NULL, since INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS access_refresh_grant ON access_refresh (grant_id);
CREATE INDEX IF NOT EXISTS access_session_grant ON access_session (grant_id);
"""


def digest(secret: str) -> bytes:
    """What is kept of a token: enough to recognise it, not enough to use it."""
    return hashlib.sha256(secret.encode()).digest()


def random_text(length: int) -> str:
    """`length` random characters of the alphabet that Salesforce's tokens use."""
    return secrets.token_urlsafe(length).replace("-", ".")[:length]


class Vault:
    """One connection to the org's file, for the tables of sign-in and budget."""

    def __init__(self, path: Path | str, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        # The control address and tests may ask from another thread than the server's.
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the connection; nothing can be asked afterwards."""
        with self._lock:
            self._db.close()

    def now(self) -> float:
        """The org's clock, in seconds since 1970."""
        return self._clock().timestamp()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return row

    def setting(self, name: str, default: str) -> str:
        """A value that survives a restart."""
        row = self.one("SELECT value FROM access_setting WHERE name = ?", (name,))
        return default if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """Keep a value."""
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO access_setting (name, value) VALUES (?, ?)", (name, value))

    def secret(self, name: str) -> str:
        """A random key of this org, drawn when it is first asked for."""
        key = self.setting(name, "")
        if not key:
            key = random_text(40)
            self.set(name, key)
        return key
