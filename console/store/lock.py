"""One writer per cache, across threads, processes and operating systems."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from console.domain.plain import plain, readable
from console.errors import StoreError

UNWRITABLE = "UNWRITABLE"
"""Code of an error: who runs the console may only read here."""


def _code(error: OSError) -> str:
    return UNWRITABLE if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else ""


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
                code=_code(error),
            ) from error
        in_order = not self._note.exists()
        note = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "holder": holder}
        try:
            self._note.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:
            if in_order:
                self._note.unlink(missing_ok=True)
            self._lock.release()
            raise StoreError(
                f"The folder of the cache {self._cache} can't be written: {error.strerror}.",
                "Check who may write it, and that there is room on the disk.",
                code=_code(error),
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
        note = _read(self._note)
        return "" if note is None else f" {_words(note)}"


def held_elsewhere(cache: Path) -> str:
    """Which other process holds the cache for writing, in words; empty when none does, or this one.

    Read from the note beside it, without touching the lock. A note that a crash left behind names a process that is gone.
    """
    note = _read(cache.with_name(cache.name + ".holder"))
    if note is None or note["pid"] == os.getpid():
        return ""
    if note["host"] == socket.gethostname() and not _alive(note["pid"]):
        return ""
    return f"another console {_words(note)}"


def is_free(cache: Path) -> bool:
    """Whether nobody holds the cache for writing now, tried with the lock itself.

    It is held for an instant: ask seldom. A lock that can't be tried counts as held.
    """
    lock = FileLock(str(cache) + ".lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return False
    lock.release()
    return True


def _words(note: dict[str, Any]) -> str:
    """Who holds it: ``(process 4711 on mercury, since 2026-01-02T03:04:05+00:00, syncing)``."""
    doing = f", {note['holder']}" if note["holder"] else ""
    return f"(process {note['pid']} on {note['host']}, since {readable(note['since'])}{doing})"


def _read(note: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(note.read_text(encoding="utf-8"))
        return {
            **{key: plain(str(read[key]), 80) for key in ("host", "since", "holder")},
            "pid": int(read["pid"]),
        }
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # a signal would end it there; the lock itself decides when it is opened
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
