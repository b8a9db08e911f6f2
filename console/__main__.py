"""`python -m console` and the `alguna-console` command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.guide.seam import Desk


def open_screens(desk: Desk) -> int:
    """Open the terminal app. Imported only here and only now: no command needs Textual."""
    from screens.app import run

    return run(desk)


def main() -> int:
    """Run the command line; without a command, open the console. Returns the exit code."""
    from console.cli import main as command_line

    return command_line(sys.argv[1:], open_screens)


if __name__ == "__main__":
    sys.exit(main())
