"""Counting calls: ours, and the org's own count as each reply reports it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Protocol

from console.net import Call
from console.salesforce.info import Usage

_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")


class Allowance(Protocol):
    """Who says how many calls may be made: `console.sync.budget.Budget`."""

    def admit(self) -> None: ...
    def told(self, usage: Usage) -> None: ...


class Meter:
    """What all sessions of a client count together. Safe to use from several threads.

    :param allowance: asked before each request.
    """

    def __init__(
        self, on_call: Callable[[Call], None] | None = None, allowance: Allowance | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._on_call = on_call
        self._allowance = allowance
        self.calls = 0
        self.usage: tuple[int, int] | None = None

    def admit(self) -> None:
        """A request is about to be made. :raises BudgetReached: it must not be."""
        if self._allowance is not None:
            self._allowance.admit()

    def count(self, call: Call, limit_info: str | None) -> None:
        """Note a request and the org's day (``api-usage=51/100000``) as its answer reported it."""
        found = _USAGE.search(limit_info or "")
        with self._lock:
            self.calls += 1
            if found:
                self.usage = (int(found.group(1)), int(found.group(2)))
        if found and self._allowance is not None:
            self._allowance.told(Usage(int(found.group(1)), int(found.group(2))))
        if self._on_call is not None:
            self._on_call(call)
