"""``import``: existing customers into scope, counted first."""

from __future__ import annotations

import argparse
from dataclasses import replace

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.stopping import stoppable
from console.commands.sync import exit_code, waits_for_a_person
from console.guide.importing import preview
from console.sync.policy import policy_for
from console.sync.session import open_session


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
        counted = preview(session.cache, policy_for(settings, session.cache), args.only)
        lines = [{"label": line.label, "count": line.count} for line in counted.lines]
        answer: dict[str, object] = {"lines": lines, "total": counted.total, "dry_run": args.dry_run}
        if not args.dry_run:
            session.engine.request_import(args.only)
            connections.save(replace(settings, import_choice=args.only))
            summary = session.engine.run()
            waiting = waits_for_a_person(session.cache)
            answer["sync"] = summary.as_json()
        text = table([(str(line.count).rjust(7), line.label, line.hint) for line in counted.lines])
        out.data(answer, f"{counted.title}\n{text}\n{counted.note}")
    return 0 if args.dry_run else exit_code(summary, waiting)
