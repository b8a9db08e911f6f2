"""Customers that somebody says have changed: brought in step together, as soon as the engine is free."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.sync.engine import Engine
    from console.sync.runner import EngineThread


class Nudges:
    """Gathers customers until the engine takes them: a hundred notices about one customer are one piece of work.

    Safe to use from several threads.
    """

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}

    def customer(self, customer_id: str | None) -> None:
        """This customer is due; None: nobody knows which, so everything is looked at. Does not block."""
        if customer_id is None:
            self._thread.sync_now()
            return
        with self._lock:
            first = not self._waiting
            self._waiting[customer_id] = None
        if first:
            self._thread.request(self._bring_in_step)

    def _bring_in_step(self, engine: Engine) -> None:
        with self._lock:
            ids, self._waiting = list(self._waiting), {}
        if ids:
            engine.sync_some(ids)
