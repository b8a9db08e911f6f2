"""`python -m console` and the `alguna-console` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; without a command, open the console. Returns the exit code."""
    from console.cli import main as command_line

    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
