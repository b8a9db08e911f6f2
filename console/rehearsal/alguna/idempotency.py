"""Idempotency keys: https://alguna.com/docs/api-reference/v2/idempotency

An answer is kept with its effect, in the same transaction, for 24 hours. A passing fault (429, 5xx) is not kept: the key is free
again and the answer says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from console.rehearsal import stamps
from console.rehearsal.alguna.errors import AlgunaError, invalid
from console.rehearsal.alguna.store import Store

LONGEST = 255
KEPT = 24 * 3600 * stamps.SECOND


@dataclass(slots=True)
class Keys:
    """The keys of one account: those in use at this moment, and the stored answers."""

    store: Store
    running: set[str] = field(default_factory=set)

    def claim(self, key: str, fingerprint: str) -> tuple[int, str] | None:
        """Take the key for a new run (None), or return the stored answer. 409 while it runs, 422 for other parameters."""
        if len(key) > LONGEST:
            raise invalid(f"Idempotency-Key must not be longer than {LONGEST} characters")
        if key in self.running:
            raise AlgunaError(409, "A request with this idempotency key is currently being processed")
        oldest = self.store.now() - KEPT
        self.store.run("DELETE FROM idempotency WHERE stored_at <= ?", (oldest,))
        row = self.store.one("SELECT * FROM idempotency WHERE key = ?", (key,))
        if row is None:
            self.running.add(key)
            return None
        if row["fingerprint"] != fingerprint:
            raise AlgunaError(422, "This idempotency key was already used with different parameters")
        return int(row["status"]), str(row["body"])

    def keep(self, key: str, fingerprint: str, status: int, body: str) -> None:
        """Store the answer; call it inside the transaction of the effect."""
        self.store.run(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?)",
            (key, fingerprint, status, body, self.store.now()),
        )

    def release(self, key: str) -> None:
        """The run is over."""
        self.running.discard(key)


def fingerprint(method: str, path: str, query: str, body: str) -> str:
    """What makes two requests the same: method, path, query and the JSON body in one spelling."""
    return hashlib.sha256("\n".join((method, path, query, body)).encode()).hexdigest()


def headers(key: str, *, replayed: bool, status: int) -> dict[str, str]:
    """The headers of every answer to a request with a key."""
    named = {"Idempotency-Key": key, "Idempotent-Replayed": "true" if replayed else "false"}
    if status == 429 or status >= 500:
        named["Transient-Error"] = "true"
    return named
