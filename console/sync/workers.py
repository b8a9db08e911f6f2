"""Calls to both systems, off the engine's thread, so that it can be stopped at any moment.

A thread that waits for a socket can't be interrupted. The engine therefore never waits for one itself: its calls
run in daemon threads, and the engine waits for their results in short turns. Told to stop, it gives calls in
flight a short grace, then leaves them behind: what they may have done is in the journal as sent and not settled,
and the next pass finds out by reading.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from console.errors import Cancelled

T = TypeVar("T")
Item = TypeVar("Item")

TURN = 0.05
"""Seconds between two looks at whether to stop."""

AHEAD = 3
"""Calls handed out for each thread by `each`: one that it makes and two that wait, so that it need not wait for the engine."""

_END = object()


class Outcome(Generic[T]):
    """How a call ended. Not a `concurrent.futures.Future`, whose locks cost a small call a good part of its time."""

    __slots__ = ("_error", "_value", "left_out")

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...], *, left_out: bool = False) -> None:
        self.left_out = left_out
        """It did not even begin: the engine had been told to stop."""
        self._error: BaseException | None = _stopped() if left_out else None
        if left_out:
            return
        try:
            self._value = function(*args)
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        """What the call returned. Whatever it raised is raised here."""
        if self._error is not None:
            raise self._error
        return self._value


class Workers:
    """A small pool of daemon threads.

    :param size: threads at most; they start when there is work for them.
    :param cancelled: set by whoever wants the engine to stop.
    :param grace: seconds that calls in flight get to finish once `cancelled` is set.
    """

    def __init__(self, size: int, cancelled: threading.Event, *, grace: float = 1.0) -> None:
        self._size = size
        self._cancelled = cancelled
        self._grace = grace
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def check(self) -> None:
        """:raises Cancelled: when the engine was told to stop."""
        if self._cancelled.is_set():
            raise _stopped()

    def sleep(self, seconds: float) -> None:
        """Wait, unless told to stop. :raises Cancelled: when the engine was told to stop."""
        if self._cancelled.wait(seconds):
            raise _stopped()

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Run one call in a worker and wait for it.

        :raises Cancelled: when the engine was told to stop and the call did not end within the grace.
        """
        return self.begin(function, *args)()

    def begin(self, function: Callable[..., T], *args: Any) -> Callable[[], T]:
        """Begin one call in a worker; calling what is returned waits for it, as `call`.

        :raises Cancelled: when the engine was told to stop.
        """
        self.check()
        done: queue.Queue[tuple[None, Outcome[T]]] = queue.Queue()
        self._submit(function, args, None, done)
        return lambda: self._next(done)[1].result()

    def each(self, function: Callable[[Item], T], items: Iterable[Item]) -> Iterator[tuple[Item, Outcome[T]]]:
        """Run `function` for every item, a few at a time; yields in the order in which they end.

        Items are taken when a thread will soon be free for them. Told to stop, it starts no more, yields those that end within
        the grace, and raises.

        :raises Cancelled: when the engine was told to stop; after what ended was yielded.
        """
        self.check()
        done: queue.Queue[tuple[Item, Outcome[T]]] = queue.Queue()
        waiting = iter(items)
        running = 0
        while True:
            while running < self._size * AHEAD and not self._cancelled.is_set():
                item = next(waiting, _END)
                if item is _END:
                    break
                self._submit(function, (item,), item, done)
                running += 1
            if not running:
                self.check()
                return
            ended = self._next(done)
            running -= 1
            if not ended[1].left_out:
                yield ended

    def close(self) -> None:
        """Let the threads end once they are idle; those in a call end after it. Does not block."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _next(self, done: queue.Queue[tuple[Item, Outcome[T]]]) -> tuple[Item, Outcome[T]]:
        # Not a SimpleQueue: where its time-out passes while a signal is handled, CPython 3.11 waits on without one, and nobody
        # hears that the engine was told to stop.
        deadline: float | None = None
        while True:
            try:
                return done.get(timeout=TURN)
            except queue.Empty:
                if not self._cancelled.is_set():
                    continue
                now = time.monotonic()
                deadline = deadline or now + self._grace
                if now >= deadline:
                    raise _stopped() from None

    def _submit(
        self,
        function: Callable[..., T],
        args: tuple[Any, ...],
        item: Any,
        done: queue.Queue[tuple[Any, Outcome[T]]],
    ) -> None:
        def job() -> None:
            done.put((item, Outcome(function, args, left_out=self._cancelled.is_set())))

        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._size:
            thread = threading.Thread(target=self._work, name=f"sync-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                self._idle.release()
                job = self._jobs.get()
            if job is None:
                return
            job()


def _stopped() -> Cancelled:
    return Cancelled("The engine was told to stop.", "What was under way is looked up by the next pass.")


def gated(items: Iterable[Item], gate: Callable[[], None]) -> Iterator[Item]:
    """The same items, each once the gate lets it pass. `Workers.each` takes them in the engine's thread."""
    for item in items:
        gate()
        yield item
