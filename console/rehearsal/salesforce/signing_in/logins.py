"""Passwords, and the browser sessions that a log-in opens."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.signing_in.vault import digest, random_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.signing_in.vault import Vault

STATES = ("frozen", "locked", "password_expired")
_BROWSER_SECONDS = 2 * 3600
# Cheap on purpose: this guards practice data on this computer, and every test logs in.
_SCRYPT = {"n": 2**12, "r": 8, "p": 1}


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"])


class Logins:
    """Who can log in with which password, and which browsers are logged in."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def set_password(self, user_id: str, password: str) -> None:
        """Give a user (18-character id) a password."""
        salt = os.urandom(16)
        with self._vault.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO access_password (user_id, salt, hash) VALUES (?, ?, ?)",
                (user_id, salt, _scrypt(password, salt)),
            )

    def check(self, user_id: str, password: str) -> bool:
        """Whether this is the user's password. A user without one cannot log in."""
        row = self._vault.one("SELECT salt, hash FROM access_password WHERE user_id = ?", (user_id,))
        return row is not None and hmac.compare_digest(_scrypt(password, row[0]), row[1])

    def state(self, user_id: str) -> dict[str, bool]:
        """Whether a user is `frozen`, `locked` (too many wrong passwords), or `password_expired`."""
        row = self._vault.one(
            "SELECT frozen, locked, password_expired FROM access_user WHERE user_id = ?", (user_id,)
        )
        return dict(zip(STATES, map(bool, row or (0, 0, 0)), strict=True))

    def set_state(self, user_id: str, changes: Mapping[str, bool]) -> None:
        """Change some of what `state` shows."""
        after = {**self.state(user_id), **changes}
        with self._vault.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO access_user (user_id, frozen, locked, password_expired) VALUES (?, ?, ?, ?)",
                (user_id, *(int(after[name]) for name in STATES)),
            )

    def open(self, user_id: str) -> str:
        """Log a browser in; returns the value of its cookie."""
        cookie = random_text(40)
        with self._vault.writing() as db:
            db.execute(
                "INSERT INTO access_login (hash, user_id, last_used) VALUES (?, ?, ?)",
                (digest(cookie), user_id, self._vault.now()),
            )
        return cookie

    def user_of(self, cookie: str) -> str | None:
        """The id of the user whose browser sent this cookie, or None when it is unknown or idled out."""
        key, now = digest(cookie), self._vault.now()
        row = self._vault.one(
            "SELECT user_id FROM access_login WHERE hash = ? AND last_used > ?", (key, now - _BROWSER_SECONDS)
        )
        if row is None:
            return None
        with self._vault.writing() as db:
            db.execute("UPDATE access_login SET last_used = ? WHERE hash = ?", (now, key))
        return str(row[0])

    def close_all(self) -> None:
        """Log every browser out."""
        with self._vault.writing() as db:
            db.execute("DELETE FROM access_login")
