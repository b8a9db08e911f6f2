"""Where the engine may be held, and what people ask of its thread: requests wait here until they can be served.

The engine calls the gate before each of its calls, and between two pieces of work. Between pieces anything may be done. Before
a call only notes are kept, which write into the cache alone: whatever of the plan at hand they overtake is not sent any more.
A note about a customer whose changes are on their way waits until it is known how they ended. For anything else a pass that is
held before a call is ended there: what it has not done is due with the next one, and nobody waits for a pass that stands still.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.errors import Cancelled, ConsoleError
from console.sync.events import Event, Waiting

if TYPE_CHECKING:
    from console.sync.engine import Engine

Request = Callable[["Engine"], object]


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """A request that only writes into the cache, so quick that stopping waits for it."""

    request: Request
    customer_id: str | None = None
    """Whom it is about, where it matters what is under way."""

    def __call__(self, engine: Engine) -> object:
        """Keep it."""
        return self.request(engine)


class Gate:
    """One lock, the requests, and whether to hold.

    :param cancelled: set when the thread is to stop.
    :param publish: is told when the engine is held.
    :param engine: the engine that serves requests; called in its thread only.
    :param arrived: what came by itself and is to be taken in between two pieces of work; None where nothing did.
    """

    def __init__(
        self,
        cancelled: threading.Event,
        publish: Callable[[Event], None],
        engine: Callable[[], Engine],
        arrived: Callable[[], Request | None],
    ) -> None:
        self.changed = threading.Condition()
        self.paused = False
        self.passing = False
        """A pass that was asked for while paused is not held."""
        self._serving = False
        """Nor is what somebody asked for."""
        self._requests: list[Request] = []
        self._asked = 0
        """How often anything was asked for: nothing that comes while the engine looks is overlooked."""
        self._cancelled = cancelled
        self._publish = publish
        self._engine = engine
        self._arrived = arrived

    def ask(self, request: Request) -> None:
        """Have it done as soon as it can be. Does not block."""
        with self.changed:
            self._requests.append(request)
            self._asked += 1
            self.changed.notify_all()

    def next(self) -> Request | None:
        """What was asked for first; None when nothing is."""
        with self.changed:
            return self._requests.pop(0) if self._requests else None

    def notes(self) -> list[Request]:
        """The notes that wait; nothing waits any more."""
        with self.changed:
            waiting, self._requests = self._requests, []
        return [request for request in waiting if isinstance(request, Note)]

    def serve(self, request: Request, engine: Engine) -> None:
        """Do it; it isn't held meanwhile."""
        with self.changed:
            before, self._serving = self._serving, True
        try:
            request(engine)
        finally:
            with self.changed:
                self._serving = before

    # --- in the engine's thread ------------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Whether the next call would be held."""
        return self.paused and not self.passing and not self._serving

    def __call__(self, boundary: bool = False, *, hold: bool = True) -> None:
        """Hold the engine while paused, and do what was asked for: before a call notes only, at a boundary anything.

        :param hold: False while changes are on their way: whoever sent them has to see how they end.
        :raises Cancelled: when the thread is to stop, or the pass that is held gives way to what was asked for.
        """
        told = False
        while True:
            asked = self._asked
            request = self._servable(boundary)
            with self.changed:
                if self._cancelled.is_set():
                    raise Cancelled("The engine was told to stop.")
                if request is not None:
                    if request in self._requests:
                        self._requests.remove(request)
                elif not (hold and self.holding):
                    return
                elif any(not isinstance(each, Note) for each in self._requests):
                    raise Cancelled("The pass was held, and ended for what was asked for meanwhile.")
                elif told:
                    if asked == self._asked:
                        self.changed.wait()
                    continue
            if request is not None:
                self._between(request)
            else:
                told = True
                self._publish(Waiting(None, "Paused; the pass goes on where it stands."))

    def _servable(self, boundary: bool) -> Request | None:
        """What can be done here, first come, first served."""
        with self.changed:
            waiting = list(self._requests)
        if boundary:
            return waiting[0] if waiting else None if self.paused else self._arrived()
        notes = [request for request in waiting if isinstance(request, Note)]
        return next((note for note in notes if self._engine().may_note(note.customer_id)), None)

    def _between(self, request: Request) -> None:
        """A request in the middle of a pass: its failure is told by its own events and does not end the pass."""
        try:
            self.serve(request, self._engine())
        except Cancelled:
            raise
        except ConsoleError:
            pass  # the engine published RunFailed for it; events are tried again later
