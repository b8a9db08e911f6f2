"""Counting calls: ours, and the org's own count as each reply reports it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from console.net import Call

_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")


class Meter:
    """What all sessions of a client count together. Safe to use from several threads."""

    def __init__(self, on_call: Callable[[Call], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._on_call = on_call
        self.calls = 0
        self.usage: tuple[int, int] | None = None

    def count(self, call: Call, limit_info: str | None) -> None:
        """Note a request and the org's day (``api-usage=51/100000``) as its answer reported it."""
        found = _USAGE.search(limit_info or "")
        with self._lock:
            self.calls += 1
            if found:
                self.usage = (int(found.group(1)), int(found.group(2)))
        if self._on_call is not None:
            self._on_call(call)
