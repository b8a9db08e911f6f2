"""A terminal that goes away, because its window is closed or an SSH session ends: the console stops its engine and leaves.

Textual reads on from a terminal that is gone, as fast as it can, and nobody is left to stop it. Nothing can be drawn any more
either, so the process ends without taking the screen down.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable

LOOK = 1.0
"""Seconds between two looks."""
HUNG_UP = 128 + 1
"""As a shell tells the end by SIGHUP: https://tldp.org/LDP/abs/html/exitcodes.html."""


def watch(stop: Callable[[], object]) -> None:
    """From now on, end the process when its terminal goes away; `stop` is called before, in another thread.

    Does nothing where standard input is no terminal, and on systems that can't ask whether one is still there.
    """
    if not hasattr(select, "poll") or not sys.stdin.isatty():
        return
    told = threading.Event()
    signal.signal(signal.SIGHUP, lambda number, frame: told.set())
    threading.Thread(target=_wait, args=(sys.stdin.fileno(), told, stop), name="hangup", daemon=True).start()


def _wait(terminal: int, told: threading.Event, stop: Callable[[], object]) -> None:
    line = select.poll()
    line.register(terminal, 0)  # hang-ups are told without asking for them
    while not told.wait(LOOK):
        if any(event & (select.POLLHUP | select.POLLNVAL) for _, event in line.poll(0)):
            break
    try:
        stop()
    finally:
        os._exit(HUNG_UP)
