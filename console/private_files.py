"""Files of somebody else that hold a secret: read only where nobody else can."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from console.domain.plain import plain
from console.errors import UsageError

LARGEST = 64 * 1024
"""Bytes; a private key has about two thousand."""


def read_private(path: Path, what: str) -> bytes:
    """What the file holds, once it is sure that it is a file and that nobody else can read it.

    :param what: how to name it in an error: ``key file``.
    :raises UsageError: it is not there, no file, too large, or others have rights to it.
    """
    shown = plain(str(path), 300)
    try:
        # Without waiting: a pipe that nobody writes to would hold the console for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UsageError(f"{shown} is no file.", f"Give the path of the {what}.")
            if sys.platform != "win32" and found.st_mode & 0o077:
                raise UsageError(
                    f"Others on this computer can read or change {shown} (mode {stat.S_IMODE(found.st_mode):04o}).",
                    f"Take their rights away: chmod 600 {shown}. If anyone may have read it, make a new one.",
                )
            if found.st_size > LARGEST:
                raise UsageError(f"{shown} is too large for a {what}.", f"Give the path of the {what}.")
            return file.read(LARGEST)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
    raise UsageError(f"The {what} {shown} cannot be read ({reason}).", "Look at its path and its rights.")
