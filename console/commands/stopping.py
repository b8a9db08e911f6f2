"""Ctrl-C and SIGTERM: the work stops at its next safe point, and is not torn apart in the middle of a call."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from console.errors import Cancelled

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that the first signal sets; a second one interrupts at once.

    A `Cancelled` that follows from it leaves with the exit code by which a shell knows the signal (130, 143). Only the
    main thread hears signals; elsewhere the event is never set.
    """
    stop = threading.Event()
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        heard.append(number)
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, hear) for number in STOPPING}
    try:
        yield stop
    except Cancelled as failure:
        if heard:
            failure.exit_code = 128 + heard[0]
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
