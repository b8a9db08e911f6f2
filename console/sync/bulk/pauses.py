"""How long to wait between two looks at bulk jobs: each look is one of the org's calls of the day."""

from __future__ import annotations

import time
from collections.abc import Callable

from console.sync.bulk.size import FIRST_PAUSE, LONGEST_PAUSE


class Pauses:
    """Doubled each time; but no longer than the next job to end will take, at the pace that it had since it was first looked at.

    :param clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pause = FIRST_PAUSE
        self._first: dict[str, tuple[float, int]] = {}
        self._left: dict[str, float] = {}

    def saw(self, job_id: str, processed: int, rows: int) -> None:
        """A job that goes on has worked off so many of its rows."""
        now = self._clock()
        began, before = self._first.setdefault(job_id, (now, processed))
        if processed > before and now > began:
            self._left[job_id] = (rows - processed) * (now - began) / (processed - before)

    def ended(self, job_id: str) -> None:
        """A job needs no more looks."""
        self._left.pop(job_id, None)

    def next(self) -> float:
        """Seconds until the next look."""
        expected = min(self._left.values(), default=LONGEST_PAUSE)
        pause = min(self._pause, max(FIRST_PAUSE, expected))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return pause
