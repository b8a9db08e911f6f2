"""Where the console's files are. Nothing is created at import; folders are private to the user (0700)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "ALGUNA_CONSOLE_HOME"


def home() -> Path:
    """The folder that holds everything the console owns; it need not exist yet.

    `ALGUNA_CONSOLE_HOME` where it is set, else the operating system's place for an application's data.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_dir("alguna-console", appauthor=False))


def private(folder: Path) -> Path:
    """Make `folder` (and what is missing above it) readable by its owner only, and return it."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    return folder


def nearest(folder: Path) -> Path:
    """`folder` itself, or the innermost one above it that is there."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def obstacle(folder: Path) -> str:
    """Why nothing can be written in `folder`, which need not exist yet, as a sentence; empty when something can."""
    there = nearest(folder)
    if not there.is_dir():
        return f"{there} is no folder."
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} can't be written."
