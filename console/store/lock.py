"""One writer per cache, across threads, processes and operating systems."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from console.errors import StoreError


class WriterLock:
    """The right to write one cache. Beside it lies a note of who holds it; a note without a holder means a crash."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._note = cache.with_name(cache.name + ".holder")
        # Not per thread: the thread that opens a cache need not be the one that closes it.
        self._lock = FileLock(str(cache) + ".lock", thread_local=False)

    def acquire(self, holder: str, since: str) -> bool:
        """Take the lock without waiting.

        :returns: whether the last holder left it in order (True too when there was none).
        :raises StoreError: somebody else holds it; the sentence says who.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(
                f"The cache {self._cache} is in use by another console{self._who()}.",
                "Close that console, or look at this connection without syncing.",
                code="LOCKED",
            ) from None
        except OSError as error:
            raise StoreError(
                f"The cache {self._cache} can't be locked: {error.strerror}.",
                "Check that its folder exists and is yours.",
            ) from error
        in_order = not self._note.exists()
        note = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "holder": holder}
        try:
            self._note.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:
            self._lock.release()
            raise StoreError(
                f"The folder of the cache {self._cache} can't be written: {error.strerror}.",
                "Check who may write it, and that there is room on the disk.",
            ) from error
        return in_order

    def release(self) -> None:
        """Give it back, in order; again does nothing."""
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()

    def abandon(self) -> None:
        """Give it back and leave the note: the next one to open the cache checks it."""
        self._lock.release()

    def _who(self) -> str:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            who = f" (process {int(note['pid'])} on {note['host']}, since {note['since']}"
            return f"{who}, {note['holder']})" if note["holder"] else f"{who})"
        except (OSError, ValueError, TypeError, KeyError):
            return ""
