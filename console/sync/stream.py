"""Events at the pace of an eye: at most 20 a second, the newest of each kind."""

from __future__ import annotations

import time
from collections.abc import Callable

from console.sync.events import Audited, Event, Noted, RunFailed, RunFinished, Waiting

PACE = 0.25
"""Seconds between two bursts; a burst is one event of each of five kinds, so at most 20 a second."""


class Stream:
    """Passes events on to a listener; those that come too fast replace the one of their kind that waits.

    The end of a run, what a person asked for, and what comes between runs, is never held back, and nothing waits behind it.
    Used by the engine's thread only.
    """

    def __init__(
        self, listener: Callable[[Event], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._held: dict[type[Event], Event] = {}
        self._next = 0.0

    def __call__(self, event: Event) -> None:
        """Tell the listener now or a little later."""
        if isinstance(event, RunFinished | RunFailed | Waiting | Noted | Audited):
            self.flush()
            self._listener(event)
            return
        self._held.pop(type(event), None)
        self._held[type(event)] = event
        if self._clock() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Pass on what is held back."""
        held, self._held = self._held, {}
        for event in held.values():
            self._listener(event)
        self._next = self._clock() + PACE
