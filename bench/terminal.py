"""Programs in a pseudo-terminal: how long until a text stands on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure import NotMade

COLUMNS, LINES = 120, 36
PATIENCE = 60.0
"""Seconds until the text has to be there."""
# Control sequences and the strings that programs tell terminals: ECMA-48, 5.4 and 5.6.
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def seconds_until(text: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> float:
    """Start a program in a terminal of 120 x 36 and wait until it has painted `text`; then end it.

    :param environment: variables besides this process's own.
    :param folder: the working folder.
    :returns: seconds from starting the process to reading the last byte of the text.
    :raises NotMade: the program ended, or `PATIENCE` did, before the text was there.
    """
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, cwd=folder,
        env={**os.environ, **TERMINAL, **environment},
    )  # fmt: skip
    os.close(terminal)
    try:
        _read_until(screen, text.encode(), began + PATIENCE)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def _read_until(screen: int, text: bytes, deadline: float) -> None:
    painted = b""
    while text not in words(painted):
        if not select.select([screen], [], [], max(0.0, deadline - time.perf_counter()))[0]:
            raise NotMade(f"{text.decode()!r} was not painted within {PATIENCE:.0f} s.")
        try:
            more = os.read(screen, 1 << 16)
        except OSError:  # how Linux tells that nobody holds the other end any more
            more = b""
        if not more:
            raise NotMade(f"The program ended: {words(painted)[-300:].decode(errors='replace')}")
        painted += more


def words(painted: bytes) -> bytes:
    """What a terminal was told to show, without what it was told to do."""
    return _CONTROL.sub(b"", painted)
