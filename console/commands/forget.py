"""``forget``: a connection that was disconnected goes from this computer, with its cache; so does one that is damaged."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.output import Output
from console.errors import UsageError
from console.guide.removal import STAYS, damaged, receipts, remove
from console.secrets import Secrets
from console.settings import Connections, checked_name


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Remove it once its name was given twice."""
    connections = Connections()
    problem = damaged(connections, args.name)
    name = checked_name(args.name) if problem else connections.load(args.name).name
    if args.confirm is None:
        found = receipts(connections, name)
        receipt = f" Its receipt {found[0]} will be kept." if found else ""
        raise UsageError(
            f"Nothing was removed: links and history of {name!r} would be gone for good.{receipt}",
            f"Confirm with --confirm {name!r}.",
        )
    kept = [str(path) for path in remove(connections, Secrets(connections), name, args.confirm)]
    if problem:
        out.talk(f"{problem} {STAYS}")
    told = f"\nReceipts: {', '.join(kept)}" if kept else ""
    out.data({"forgotten": name, "receipts": kept}, f"Removed {name} from this computer.{told}")
    return 0
