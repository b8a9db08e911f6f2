"""``import``: existing customers into scope, counted first."""

from __future__ import annotations

import argparse
from dataclasses import replace

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.stopping import stoppable
from console.commands.sync import exit_code, waits_for_a_person
from console.guide.importing import customers_of, preview
from console.settings import ConnectionSettings
from console.sync.policy import policy_for
from console.sync.session import Session, open_session


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Count what importing would do; without ``--dry-run`` take them in and run a pass."""
    settings, connections, secrets = opened(args)
    with (
        stoppable() as stop,
        open_session(settings, connections, secrets, cancelled=stop, holder="importing") as session,
    ):
        if session.cache.customers.count() == 0:
            out.talk("Nothing was read yet: reading both systems first ...")
            session.engine.run()
        answer, text = (_chosen if args.where else _everything)(args, session, settings)
        if not args.dry_run:
            if not args.where:
                connections.save(replace(settings, import_choice=args.only))
            summary = session.engine.run()
            waiting = waits_for_a_person(session.cache)
            answer["sync"] = summary.as_json()
        out.data(answer, text)
    return 0 if args.dry_run else exit_code(summary, waiting)


def _everything(
    args: argparse.Namespace, session: Session, settings: ConnectionSettings
) -> tuple[dict[str, object], str]:
    """All existing customers, or all that match an account."""
    counted = preview(session.cache, policy_for(settings, session.cache), args.only)
    if not args.dry_run:
        session.engine.request_import(args.only)
    lines = [{"label": line.label, "count": line.count} for line in counted.lines]
    text = table([(str(line.count).rjust(7), line.label, line.hint) for line in counted.lines])
    answer: dict[str, object] = {"lines": lines, "total": counted.total, "dry_run": args.dry_run}
    return answer, f"{counted.title}\n{text}\n{counted.note}"


def _chosen(
    args: argparse.Namespace, session: Session, settings: ConnectionSettings
) -> tuple[dict[str, object], str]:
    """Only customers whose matching account meets the condition."""
    found = customers_of(session.cache, session.salesforce, args.where)
    if not args.dry_run:
        session.cache.entries.request_import(found)
    label = "Linked with an account that exists"
    answer: dict[str, object] = {
        "lines": [{"label": label, "count": len(found)}],
        "total": len(found),
        "dry_run": args.dry_run,
    }
    return answer, f"{len(found)} customers match an account that meets the condition."
