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
