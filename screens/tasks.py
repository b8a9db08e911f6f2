"""Blocking calls beside the event loop, in threads that never hold up quitting.

``asyncio.to_thread`` and Textual's thread workers run in a pool that the interpreter joins at exit: one call
that waits 30 s for a server keeps the terminal for 30 s. Here the threads are daemons, and awaiting is an
ordinary future: when the awaiting worker is cancelled, a late result goes nowhere instead of arriving stale.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a daemon thread of its own and return its result or raise its exception."""
    job, future = _job(function, *args, **kwargs)
    threading.Thread(target=job, name=f"call-{_name(function)}", daemon=True).start()
    return await future


class Lane:
    """One daemon thread that makes its calls in turn: for things that belong to a thread, as sqlite3 does."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._closed = False

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in the lane's thread, after what was asked before."""
        job, future = _job(function, *args, **kwargs)
        self._jobs.put(job)
        return await future

    def close(self, last: Callable[[], None] | None = None) -> None:
        """End the thread after the calls in hand, and after `last`. Does not wait; again is harmless."""
        if not self._closed:
            self._closed = True
            if last is not None:
                self._jobs.put(last)
            self._jobs.put(None)

    def join(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for the thread to end; whether it did."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _name(function: object) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _job(
    function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> tuple[Callable[[], None], asyncio.Future[T]]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():  # cancelled meanwhile
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def job() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = function(*args, **kwargs)
        except BaseException as caught:
            error = caught
        # A closed loop means that the app has ended: nobody waits for this any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    return job, future
