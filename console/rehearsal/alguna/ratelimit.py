"""How often a key may call: https://alguna.com/docs/quickstarts/developers (100 requests and 1000 usage events a second)."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """A token bucket that holds one second's worth."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._spent = 0.0
        self._at = timer()

    def take(self, count: int, rate: int) -> bool:
        """Whether `count` more fit at `rate` a second (0: no limit); if so they are taken."""
        now = self._timer()
        self._spent = max(0.0, self._spent - (now - self._at) * rate)
        self._at = now
        if rate and self._spent + count > rate:
            return False
        self._spent += count
        return True
