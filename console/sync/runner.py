"""The engine's own thread: passes one after the other, until it is told to stop.

The thread owns the connection's cache and is its only writer. Everything else reaches it through a few flags
under one lock: what is asked for, whether it is paused, whether to stop.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from console.errors import BudgetReached, Cancelled, Conflict, ConsoleError, SignInNeeded, Unreachable
from console.sync.events import Event, RunFailed, Waiting
from console.sync.stream import Stream

if TYPE_CHECKING:
    from console.sync.engine import Engine

ImportChoice = Literal["none", "matching", "all"]
Publish = Callable[[Event], None]

LONGEST_BACKOFF = 15 * 60.0
"""Seconds between attempts while a side can't be reached or the computer's disk is full."""
PATIENCE = 10 * 60.0
"""Seconds between attempts where only a person, or the next day, can help."""
STALLED = 60.0
"""Seconds without a sign of life after which a listener may wonder; the thread itself never waits longer."""


class Session(Protocol):
    """What the thread runs: `console.sync.session.Session`."""

    @property
    def engine(self) -> Engine: ...
    def close(self) -> None: ...


class Gate(Protocol):
    """Called by the engine wherever it may be held: between calls, and (`boundary`) between pieces of work."""

    def __call__(self, boundary: bool = False) -> None: ...


Opener = Callable[[Publish, threading.Event, Gate], Session]


class EngineThread:
    """Runs passes in a thread.

    :param opener: opens the session in the thread, as `console.sync.session.opener` makes them.
    :param listener: called with every event, in the engine's thread. It must be quick and must not raise.
    :param interval: seconds between two passes.
    :param paused: begin without a pass; wait for :meth:`resume`.
    """

    def __init__(
        self, opener: Opener, listener: Publish, *, interval: float = 60.0, paused: bool = False
    ) -> None:
        self._opener = opener
        self._stream = Stream(listener)
        self._interval = interval
        self._cancelled = threading.Event()
        self._changed = threading.Condition()
        self._paused = paused
        self._wanted = not paused
        """A pass was asked for: it runs now, also while paused."""
        self._passing = False
        """A pass that was asked for while paused is under way: it is not held."""
        self._requests: deque[Callable[[Engine], object]] = deque()
        self._failures = 0
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._opened = threading.Event()
        self._refusal: BaseException | None = None

    @property
    def paused(self) -> bool:
        """Whether it waits for :meth:`resume`."""
        return self._paused

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Open the session and begin. Blocks until the cache is open (milliseconds).

        :raises ConsoleError: the session can't be opened: cache locked, damaged, of another org ...
        """
        self._thread.start()
        self._opened.wait()
        if self._refusal is not None:
            raise self._refusal

    def stop(self, timeout: float = 2.0) -> bool:
        """Stop at the next safe point. Blocks until the thread has ended, at most `timeout` seconds.

        :returns: False when it still runs; calls in flight are then unknown and looked up by the next pass.
        """
        self._cancelled.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def pause(self) -> None:
        """Finish the calls in flight, then wait. Does not block."""
        with self._changed:
            self._paused = True
            self._passing = False
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on: with the pass that was held, else with a new one at once. Does not block."""
        with self._changed:
            self._paused = False
            self._wanted = True
            self._changed.notify_all()

    def sync_now(self) -> None:
        """One pass at once, also while paused; a pass that is held goes on to its end. Does not block."""
        with self._changed:
            self._wanted = True
            self._passing = self._paused
            self._changed.notify_all()

    def sync_one(self, customer_id: str) -> None:
        """Bring one customer in step now, also in the middle of a pass or while paused. Does not block."""
        self._request(lambda engine: engine.sync_one(customer_id))

    def request_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope, then begin a pass. Does not block."""

        def ask(engine: Engine) -> None:
            engine.request_import(choice)
            with self._changed:
                self._wanted = True

        self._request(ask)

    def _request(self, request: Callable[[Engine], object]) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- in the thread ---------------------------------------------------------------------------------------

    def _main(self) -> None:
        session: Session | None = None
        try:
            session = self._open()
            while session is not None and not self._cancelled.is_set():
                session = self._turn(session)
        finally:
            if session is not None:
                session.close()
            self._stream.flush()

    def _open(self) -> Session | None:
        try:
            session = self._opener(self._stream, self._cancelled, self._gate)
        except BaseException as error:
            self._refusal = error
            return None
        finally:
            self._opened.set()
        self._session = session
        return session

    def _turn(self, session: Session) -> Session | None:
        """Wait for something to do, and do it. Returns the session to go on with."""
        delay: float | None = self._interval
        while True:
            request = self._wait(delay)
            if self._cancelled.is_set():
                return session
            delay = self._attempt(session.engine, request)

    def _attempt(self, engine: Engine, request: Callable[[Engine], object] | None) -> float | None:
        """Do what is due; returns the seconds to wait, None for until a person acts."""
        try:
            if request is not None:
                request(engine)
            else:
                engine.run()
                self._failures = 0
        except Cancelled:
            return 0.0
        except ConsoleError as error:
            self._failures += request is None
            return self._patience(error)
        except Exception as error:
            self._failures += request is None
            failure = unexpected(error)
            self._stream(RunFailed(None, failure))
            return self._patience(failure)
        finally:
            if request is None:
                with self._changed:
                    self._passing = False
        return self._interval

    def _patience(self, error: ConsoleError) -> float | None:
        if isinstance(error, Conflict):
            return None
        if isinstance(error, SignInNeeded | BudgetReached):
            return max(PATIENCE, self._interval)
        backoff = min(self._interval * 2.0 ** min(self._failures, 10), LONGEST_BACKOFF)
        if isinstance(error, Unreachable) and error.retry_after is not None:
            return max(error.retry_after, min(self._interval, backoff))
        return max(backoff, self._interval)

    def _wait(self, delay: float | None) -> Callable[[Engine], object] | None:
        """Wait until a request (returned) or a pass (None) is due, or the thread is to stop."""
        due = None if delay is None else time.monotonic() + delay
        told: tuple[bool, bool] | None = None
        while True:
            with self._changed:
                if self._cancelled.is_set():
                    return None
                if self._requests:
                    return self._requests.popleft()
                left = None if due is None or self._paused else due - time.monotonic()
                if self._wanted or (left is not None and left <= 0):
                    self._wanted = False
                    return None
                waiting = (self._paused, due is None)
                if told == waiting:
                    self._changed.wait(left)
                    continue
                told = waiting
            self._stream(Waiting(left, _why(*waiting)))

    def _gate(self, boundary: bool = False) -> None:
        """Hold the engine while paused; at a boundary, do what was asked for in between.

        :raises Cancelled: when the thread is to stop.
        """
        told = False
        while True:
            request = None
            with self._changed:
                if self._cancelled.is_set():
                    raise Cancelled("The engine was told to stop.")
                if boundary and self._requests:
                    request = self._requests.popleft()
                elif not self._paused or self._passing:
                    return
                elif told:
                    self._changed.wait()
                    continue
            if request is not None:
                self._between(request)
            else:
                told = True
                self._stream(Waiting(None, "Paused; the pass goes on where it stands."))

    def _between(self, request: Callable[[Engine], object]) -> None:
        """A request in the middle of a pass: its failure is told by its own events and does not end the pass."""
        with self._changed:
            held, self._passing = self._passing, True
        try:
            request(self._session.engine)
        except ConsoleError:
            pass  # The engine published RunFailed for it.
        finally:
            with self._changed:
                self._passing = held


def unexpected(error: Exception) -> ConsoleError:
    """An error that nobody foresaw, told without its text: that may hold customer data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 1)[-1]}, line {frames[-1].lineno})" if frames else ""
    return ConsoleError(
        f"The console met an error that it does not know: {type(error).__name__}{place}.",
        "What was written is in the history; the next pass goes on. Please report this.",
    )


def _why(paused: bool, stuck: bool) -> str:
    if paused:
        return "Paused."
    return "Waiting for a person." if stuck else ""
