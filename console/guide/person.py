"""Who sits at this computer: the name that stands beside what was decided."""

from __future__ import annotations

import getpass


def person() -> str:
    """The operating system's name for who runs this console."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # which of them depends on the Python: there is no such user
        return "a person"
