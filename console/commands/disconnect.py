"""``disconnect``: leave the org as guided steps; with ``--rehearse`` the steps are only checked."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.cli import OpenScreens
from console.commands.credentials import asker, lent
from console.commands.output import Output, table
from console.errors import UsageError
from console.guide.desk import utc_now
from console.guide.disconnect import Leaving
from console.guide.steps import StepState
from console.secrets import Secrets
from console.settings import Connections


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Walk the steps; ends with 1 at the first that fails."""
    connections = Connections()
    settings = connections.load(args.name)
    if settings.disconnected_at:
        raise UsageError(f"{settings.name!r} was disconnected already, at {settings.disconnected_at}.")
    if not (args.yes or args.rehearse):
        raise UsageError(
            f"Nothing was done: disconnecting {settings.name!r} has to be confirmed.",
            "Look first with --rehearse, then do it with --yes.",
        )
    receipt = Path(args.receipt).absolute() if args.receipt else None
    secrets = lent(args, Secrets(connections, passphrase=asker(args)), settings.name)
    leaving = Leaving(settings, connections, secrets, utc_now, receipt=receipt)
    for reports in leaving.walk(rehearse=args.rehearse):
        for report in reports:
            if report.state is StepState.RUNNING:
                out.talk(f"{report.title} ...")
    done = all(report.state in (StepState.DONE, StepState.CHECKED) for report in reports)
    answer = {
        "steps": [report.as_json() for report in reports],
        "receipt": str(leaving.receipt_path) if done and args.yes else None,
    }
    text = table(
        [(str(report.state), report.title, f"{report.detail} {report.advice}") for report in reports]
    )
    out.data(answer, text)
    return 0 if done else 1
