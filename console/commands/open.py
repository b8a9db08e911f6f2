"""No command: the console opens."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.output import Output
from console.guide.desk import ConsoleDesk


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Open the terminal app on this computer's connections."""
    return open_screens(ConsoleDesk())
