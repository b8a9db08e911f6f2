"""Calls that are made outside a pass: looking at the org, setting up, health, disconnecting. They count in the allocation too.

They may be made while another console holds the cache, so that they stand beside it: in the connection's folder, a file for
each hour whose bytes are its calls. A byte is appended in one step, whoever else appends (POSIX ``O_APPEND``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from console.salesforce.info import Usage

FOLDER = "calls"


class Counted:
    """Counts the calls that are made before there is a folder to keep the number in."""

    def __init__(self) -> None:
        self.calls = 0

    def admit(self) -> None:
        """A call is about to be made."""
        self.calls += 1

    def told(self, usage: Usage) -> None:
        """The org's own count is read by passes."""


class Asides:
    """Counts calls; refuses none, because a person waits for each of them.

    :param folder: of the connection.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder / FOLDER
        self._clock = clock

    def admit(self, calls: int = 1) -> None:
        """Calls are about to be made. Where there is no room to count them, they are made all the same."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            where = self._folder / self._clock().strftime("%Y-%m-%dT%H")
            place = os.open(where, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(place, b"." * calls)
            finally:
                os.close(place)

    def told(self, usage: Usage) -> None:
        """The org's own count is read by passes."""

    def hours(self, since: str) -> dict[str, int]:
        """Calls by the hour (``2026-06-01T12``); hours before `since` are forgotten."""
        found: dict[str, int] = {}
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                if entry.name < since:
                    os.unlink(entry.path)
                else:
                    found[entry.name] = entry.stat().st_size
        return found
