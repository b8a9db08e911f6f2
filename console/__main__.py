"""`python -m console` and the `alguna-console` command."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.guide.seam import Desk


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage among them, and leave them out of every later look.

    They hold none, and looking takes a fifth of the time to the first screen.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def open_screens(desk: Desk) -> int:
    """Open the terminal app. Imported only here and only now: no command needs Textual."""
    with loading():
        from screens.app import run

    return run(desk)


def main() -> int:
    """Run the command line; without a command, open the console. Returns the exit code."""
    with loading():
        from console.cli import main as command_line

    return command_line(sys.argv[1:], open_screens)


if __name__ == "__main__":
    sys.exit(main())
