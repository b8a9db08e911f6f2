"""Our own rate limit, kept below Alguna's, shared by all threads of a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from console.errors import Cancelled

CEILING = 100
"""Alguna's documented limit in requests a second (https://alguna.com/docs/quickstarts/developers)."""


class RateLimiter:
    """Hands out starting times so that no second ever holds more than `rate` + burst requests, at most 100.

    The generic cell rate algorithm: one number, the time at which the next request would be on schedule.

    :param rate: requests a second, 0 < rate <= `ceiling`.
    :param ceiling: what the server allows; infinite for one on this computer.
    :param clock: seconds, monotonic.
    :param cancelled: set to end all waiting at once.
    """

    def __init__(
        self,
        rate: float,
        *,
        ceiling: float = CEILING,
        clock: Callable[[], float] = time.monotonic,
        cancelled: threading.Event | None = None,
    ) -> None:
        if not 0 < rate <= ceiling:
            raise ValueError(f"rate must be above 0 and at most {ceiling}")
        self._interval = 1 / rate
        self._slack = (max(1, int(min(10, ceiling - rate))) - 1) * self._interval
        self._clock = clock
        self._cancelled = cancelled or threading.Event()
        self._lock = threading.Lock()
        self._on_schedule = clock()
        self._not_before = self._on_schedule

    def acquire(self) -> None:
        """Wait until this request may start.

        :raises Cancelled: the wait was ended.
        """
        with self._lock:
            now = self._clock()
            self._on_schedule = max(self._on_schedule, now)
            start = self._on_schedule - self._slack
            self._on_schedule += self._interval
        while True:
            with self._lock:
                delay = max(start, self._not_before) - self._clock()
            if delay <= 0:
                return
            self.sleep(delay)

    def hold(self, seconds: float) -> None:
        """Nobody starts for this long: the server asked for it."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait, unless cancelled.

        :raises Cancelled: the wait was ended.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled("Stopped while waiting for Alguna.")
