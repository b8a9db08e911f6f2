"""The engine's own thread: passes one after the other, until it is told to stop.

The thread owns the connection's cache and is its only writer. Everything else reaches it through a few flags
under one lock: what is asked for, whether it is paused, whether to stop.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from console.errors import (
    BudgetReached,
    Cancelled,
    Conflict,
    ConsoleError,
    SignInNeeded,
    StoreError,
    Unreachable,
    UsageError,
)
from console.sync.budget import LOOK_AGAIN
from console.sync.cursors import moment
from console.sync.events import Event, Noted, RunFailed, Waiting
from console.sync.following.pace import SIDES, Pace, Side
from console.sync.following.watching import Watching
from console.sync.gate import Gate, Note, Request
from console.sync.stream import Stream

if TYPE_CHECKING:
    from console.domain.verdicts import Verdict
    from console.sync.engine import Engine
    from console.sync.following.subscription import Subscription

ImportChoice = Literal["none", "matching", "all"]
Publish = Callable[[Event], None]

LONGEST_BACKOFF = 15 * 60.0
"""Seconds between attempts while a side can't be reached or the computer's disk is full."""
PATIENCE = 10 * 60.0
"""Seconds between attempts where only a person, or the next day, can help."""


class Session(Protocol):
    """What the thread runs: `console.sync.session.Session`."""

    @property
    def engine(self) -> Engine: ...
    def subscribe(self, wake: Callable[[], None]) -> Subscription | str: ...
    def close(self) -> None: ...


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
        self._watching = Watching(Pace(interval), self._wake)
        self._due: float | None = 0.0
        """When the next pass is due, by the monotonic clock; None: when a person has acted."""
        self._cancelled = threading.Event()
        self._gate = Gate(self._cancelled, self._stream, self._engine, self._arrived)
        self._gate.paused = paused
        self._changed = self._gate.changed
        self._wanted = not paused
        """A pass over both sides is asked for: it runs now, also while paused."""
        self._look_anew = False
        """The pass at hand was asked for, so it looks anew whether a limit that was used up was raised."""
        self._sides: frozenset[Side] = SIDES
        self._running = False
        self._session: Session | None = None
        self._refused = False
        self._failures = 0
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._opened = threading.Event()
        self._refusal: BaseException | None = None

    @property
    def paused(self) -> bool:
        """Whether it waits for :meth:`resume`."""
        return self._gate.paused

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
        self._watching.stop()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def pause(self) -> None:
        """Finish the calls in flight, then wait. Does not block."""
        with self._changed:
            self._gate.paused = True
            self._gate.passing = False
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on: with the pass that was held, else with a new one at once. Does not block."""
        with self._changed:
            self._gate.paused = False
            self._wanted = not self._running
            self._changed.notify_all()

    def sync_now(self) -> None:
        """One pass at once, also while paused; one that is under way, or held, goes on to its end before. Does not block."""
        with self._changed:
            # Also after a pass under way: what that one looked at is older than this wish.
            self._wanted = True
            self._gate.passing = self.paused
            self._changed.notify_all()

    def sync_one(self, customer_id: str) -> None:
        """Bring one customer in step, also while paused; within a pass, after the piece of work at hand. A pass that is held in
        the middle of a piece ends there; resumed, the next one goes on with what is left. Does not block."""
        self._request(lambda engine: engine.sync_one(customer_id))

    def request(self, request: Request) -> None:
        """Have something done in the engine's thread, as `sync_one`. Does not block."""
        self._request(request)

    def request_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope, then begin a pass. Does not block."""

        def ask(engine: Engine) -> None:
            engine.request_import(choice)
            with self._changed:
                self._wanted = True

        self._request(ask)

    def decide(self, customer_id: str, verdict: Verdict, by: str) -> None:
        """Keep what a person decided, also while paused and when told to stop right after. While changes of this customer are on
        their way it waits until it is known how they ended. Does not block."""
        self._request(Note(lambda engine: engine.decide(customer_id, verdict, by), customer_id))

    def undo(self, run: int, *, delete_created: bool = False) -> None:
        """Take a run back, also while paused. Does not block."""

        def ask(engine: Engine) -> None:
            from console.sync.undoing import Undo

            try:
                engine.undo(Undo(run, delete_created))
            except UsageError as error:
                self._stream(Noted(error=error))

        self._request(ask)

    def retry(self, customer_ids: Sequence[str] | None = None) -> None:
        """Try refused changes again, of these customers or of all, with the next pass: at once unless paused. Does not block."""

        def ask(engine: Engine) -> None:
            engine.retry(customer_ids)
            with self._changed:
                self._wanted = self._wanted or not self.paused

        self._request(Note(ask))

    def _request(self, request: Request) -> None:
        with self._changed:
            if self._due is None:
                self._due = time.monotonic() + self._interval  # a person has acted
            self._gate.ask(request)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- in the thread ---------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            self._session = self._opener(self._stream, self._cancelled, self._gate)
        except BaseException as error:
            self._refusal = error
            return
        finally:
            self._opened.set()
        self._due = time.monotonic() + self._interval
        try:
            while True:
                request = self._wait()
                if self._cancelled.is_set():
                    return
                self._attempt(request)
        finally:
            self._keep_notes()
            self._close()
            self._stream.flush()

    def _attempt(self, request: Request | None) -> None:
        """Do what is due, and note when the next pass is."""
        with self._changed:
            self._running = request is None
        if self._refused and request not in (self._watching.tell, self._listen):
            # Another process may have brought a new key, or the org's new address.
            self._refused = False
            self._close()
        try:
            engine = self._engine()
            if request is not None:
                self._gate.serve(request, engine)
            else:
                self._pass(engine)
        except Cancelled:
            self._due = time.monotonic()
        except ConsoleError as error:
            self._failures += request is None
            if isinstance(error, StoreError):
                self._close()
            self._refused = isinstance(error, SignInNeeded)
            self._put_off(error)
        except Exception as error:
            self._failures += request is None
            failure = unexpected(error)
            self._stream(RunFailed(None, failure))
            self._put_off(failure)
        finally:
            with self._changed:
                self._running = False
                if request is None:
                    self._gate.passing = self._gate.passing and self._wanted

    def _pass(self, engine: Engine) -> None:
        """Look at the sides that are due, and at both when asked for; then at what events brought meanwhile."""
        if self._session is not None:
            self._watching.begin(self._session)
        self._watching.pace.starting(self._sides)
        if self._look_anew:
            engine.look_now()
        summary = engine.run(sides=self._sides, announced_since=self._watching.announced_since)
        self._failures = 0
        self._watching.looked(engine, self._sides, busy=summary.planned > 0)
        self._due = self._watching.pace.at(time.monotonic())

    def _put_off(self, error: ConsoleError) -> None:
        patience = self._patience(error)
        self._due = None if patience is None else time.monotonic() + patience

    def _listen(self, engine: Engine) -> None:
        """Take what events brought into the cache and bring in step whom it concerns; a look where that is not enough."""
        try:
            if self._watching.hear(engine) and self._due is not None:
                self._due = time.monotonic()
        except Cancelled:
            raise
        except ConsoleError as error:
            self._watching.put_off(self._patience(error) or LONGEST_BACKOFF)
            self._stream(RunFailed(None, error))
            if isinstance(error, StoreError):
                raise

    def _take_in(self, engine: Engine) -> None:
        """Events that came in the middle of a pass, into the cache; those that can't be taken in now wait."""
        try:
            self._watching.take_in(engine)
        except ConsoleError as error:
            self._watching.put_off(self._patience(error) or LONGEST_BACKOFF)
            raise

    def _keep_notes(self) -> None:
        """What a person decided and what could not be kept before the thread was told to stop."""
        waiting = self._gate.notes()
        with suppress(StoreError):
            for note in waiting if self._session is not None else ():
                self._gate.serve(note, self._engine())

    def _engine(self) -> Engine:
        """The session's engine. After trouble with the cache it is opened again: the disk may have room by now."""
        if self._session is None:
            try:
                self._session = self._opener(self._stream, self._cancelled, self._gate)
            except ConsoleError as error:
                self._stream(RunFailed(None, error))
                raise
        return self._session.engine

    def _close(self) -> None:
        self._watching.close()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _patience(self, error: ConsoleError) -> float | None:
        if isinstance(error, Conflict):
            return None
        if isinstance(error, BudgetReached) and error.goes_on_at:
            # A limit that was raised is noticed long before the calls of a whole day have aged.
            return max(min(_until(error.goes_on_at), LOOK_AGAIN.total_seconds()), self._interval)
        if isinstance(error, SignInNeeded | BudgetReached):
            return max(PATIENCE, self._interval)
        backoff = min(self._interval * 2.0 ** min(self._failures, 10), LONGEST_BACKOFF)
        if isinstance(error, Unreachable) and error.retry_after is not None:
            return max(error.retry_after, min(self._interval, backoff))
        return max(backoff, self._interval)

    def _wait(self) -> Request | None:
        """Wait until a request (returned) or a pass (None) is due, or the thread is to stop."""
        told: tuple[bool, bool] | None = None
        while True:
            self._watching.tend()
            with self._changed:
                if self._cancelled.is_set():
                    return None
                if (request := self._gate.next()) is not None:
                    return request
                now = time.monotonic()
                left = None if self._due is None or self.paused else self._due - now
                if self._wanted or (left is not None and left <= 0):
                    self._look_anew = self._wanted
                    self._sides = SIDES if self._wanted else self._watching.pace.due(now) or SIDES
                    self._wanted = False
                    return None
                if self._session is not None and self._watching.moved:
                    return self._watching.tell
                if self._session is not None and not self.paused and self._watching.has_events:
                    return self._listen
                waiting = (self.paused, self._due is None)
                if told == waiting:
                    self._changed.wait(self._watching.patience(left))
                    continue
                told = waiting
            self._stream(Waiting(left, _why(*waiting)))

    def _arrived(self) -> Request | None:
        return self._take_in if self._watching.has_arrived else None


def unexpected(error: Exception) -> ConsoleError:
    """An error that nobody foresaw, told without its text: that may hold customer data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 1)[-1]}, line {frames[-1].lineno})" if frames else ""
    return ConsoleError(
        f"The console met an error that it does not know: {type(error).__name__}{place}.",
        "What was written is in the history; the next pass goes on. Please report this.",
    )


def _until(instant: str) -> float:
    """Seconds from now until an instant, by this computer's clock."""
    return (moment(instant) - datetime.now(UTC)).total_seconds()


def _why(paused: bool, stuck: bool) -> str:
    if paused:
        return "Paused."
    return "Waiting for a person." if stuck else ""
