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

from console.rehearsal.salesforce import ids

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
CREATE TABLE IF NOT EXISTS access_user (
    user_id TEXT PRIMARY KEY, frozen INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0,
    password_expired INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS access_history (
    record_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, at REAL NOT NULL, login_type TEXT NOT NULL,
    source_ip TEXT NOT NULL, status TEXT NOT NULL, application TEXT NOT NULL, url TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS access_refresh_grant ON access_refresh (grant_id);
CREATE INDEX IF NOT EXISTS access_session_grant ON access_session (grant_id);
"""

_ADDED = {
    "access_app": {
        "more": "TEXT NOT NULL DEFAULT '{}'",
        "record_id": "TEXT NOT NULL DEFAULT ''",
        "created_at": "REAL NOT NULL DEFAULT 0",
    },
    "access_grant": {
        "record_id": "TEXT NOT NULL DEFAULT ''",
        "created_at": "REAL NOT NULL DEFAULT 0",
        "last_used": "REAL NOT NULL DEFAULT 0",
        "uses": "INTEGER NOT NULL DEFAULT 0",
    },
    "access_code": {"nonce": "TEXT NOT NULL DEFAULT ''"},
    "access_session": {
        "record_id": "TEXT NOT NULL DEFAULT ''",
        "created_at": "REAL NOT NULL DEFAULT 0",
        "source_ip": "TEXT NOT NULL DEFAULT ''",
    },
}
"""Columns that files of earlier versions lack."""


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
        self._catch_up()

    def _catch_up(self) -> None:
        """Give a file of an earlier version the columns, ids and moments that it lacks."""
        for table, columns in _ADDED.items():
            known = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
            for name, kind in columns.items():
                if name not in known:
                    self._db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        for table, key_prefix in (("access_app", "0H4"), ("access_grant", "0CQ"), ("access_session", "0Ak")):
            for (row,) in self.rows(f"SELECT rowid FROM {table} WHERE record_id = ''"):  # noqa: S608
                with self.writing() as db:
                    db.execute(
                        f"UPDATE {table} SET record_id = ?, created_at = ? WHERE rowid = ?",  # noqa: S608
                        (self.new_id(key_prefix), self.now(), row),
                    )
        self._db.execute("UPDATE access_grant SET last_used = created_at WHERE last_used = 0")

    def close(self) -> None:
        """Close the connection; nothing can be asked afterwards."""
        with self._lock:
            self._db.close()

    def now(self) -> float:
        """The org's clock, in seconds since 1970."""
        return self._clock().timestamp()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing. One inside another belongs to the outer one."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
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

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def new_id(self, key_prefix: str) -> str:
        """The next 18-character id of an object of sign-in."""
        with self.writing() as db:
            (number,) = db.execute(
                "INSERT INTO access_setting (name, value) VALUES (?, '1') "
                "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value",
                (f"last id {key_prefix}",),
            ).fetchone()
        return ids.make(key_prefix, "5e0", ids.first_number(0, key_prefix) + int(number))

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
