"""``rehearse``: the console on the rehearsal, or the rehearsal's servers alone."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from console.cli import OpenScreens
from console.commands.output import Output


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Serve until stopped with ``--serve``; otherwise start a rehearsal and open the console on it."""
    if args.serve:
        return serve(args)
    from console.guide.desk import ConsoleDesk
    from console.paths import home
    from console.practice import Practice

    state = Path(args.state) if args.state else home() / "rehearsal"
    out.talk("Starting the rehearsal ...")
    practice = Practice.start(state, port=args.port, customers=args.customers, seed=args.seed, org=args.org)
    try:
        return open_screens(ConsoleDesk(practice=practice))
    finally:
        practice.stop()


def serve(args: argparse.Namespace) -> int:
    """Become the rehearsal: the same process, so that a signal sent to it reaches the servers."""
    from console.rehearsal.__main__ import main

    options = ["--serve"]
    for name in ("port", "customers", "seed", "state", "org"):
        if getattr(args, name) is not None:
            options += [
                f"--{name}",
                os.fspath(getattr(args, name)) if name == "state" else str(getattr(args, name)),
            ]
    return main(options)
