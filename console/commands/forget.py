"""``forget``: a disconnected connection goes from this computer, with its cache; its receipt stays."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.output import Output
from console.errors import UsageError
from console.guide.removal import receipts, remove
from console.secrets import Secrets
from console.settings import Connections


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Remove it once its name was given twice."""
    connections = Connections()
    settings = connections.load(args.name)
    if args.confirm is None:
        found = receipts(connections, settings.name)
        receipt = f" Its receipt {found[0]} will be kept." if found else ""
        raise UsageError(
            f"Nothing was removed: links and history of {settings.name!r} would be gone for good.{receipt}",
            f"Confirm with --confirm {settings.name!r}.",
        )
    kept = [str(path) for path in remove(connections, Secrets(connections), settings.name, args.confirm)]
    told = f"\nReceipts: {', '.join(kept)}" if kept else ""
    out.data(
        {"forgotten": settings.name, "receipts": kept}, f"Removed {settings.name} from this computer.{told}"
    )
    return 0
