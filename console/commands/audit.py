"""``audit``: compare the org, and with ``--whole`` Alguna too, record by record with the cache. Neither side is written to."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.stopping import stoppable
from console.domain.auditing import Finding
from console.domain.plain import plain
from console.sync.audit import Report
from console.sync.audit_standing import standing
from console.sync.session import open_session

MISSED = 3
"""Exit code where something was missed: a problem tells of it."""
SHOWN = 50


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """The next slice, or everything; what was missed is in the cache then, and due with the next pass."""
    settings, connections, secrets = opened(args)
    with (
        stoppable() as stop,
        open_session(settings, connections, secrets, cancelled=stop, holder="auditing") as session,
    ):
        report = session.engine.audit(whole=args.whole)
        stands = standing(session.cache)
        due = session.cache.entries.dirty_count()
    out.data({**report.as_json(), "due": due, **stands}, _words(report, stands["verified"], due))
    return MISSED if report.missed else 0


def _words(report: Report, verified: dict[str, object], due: int) -> str:
    compared = ", ".join(
        f"{count:,} {what}"
        for what, count in (
            ("accounts", report.accounts),
            ("contacts", report.contacts),
            ("customers", report.customers),
            ("subscriptions", report.subscriptions),
        )
        if count
    )
    lines = [f"Compared: {compared or 'nothing yet'}."]
    if report.missed:
        lines.append(f"Observing had missed {len(report.missed):,}; they are in the cache now:")
        lines.append(table([_line(each) for each in report.missed[:SHOWN]]))
    else:
        lines.append("Observing had missed nothing.")
    if due:
        lines.append(f"{due:,} customers are due; the next pass brings them in step.")
    since = f", the oldest at {verified['oldest']}" if verified["oldest"] else ""
    lines.append(f"Verified equal: {verified['customers']} of {verified['of']} linked customers{since}.")
    return "\n".join(lines)


def _line(finding: Finding) -> tuple[str, ...]:
    return (finding.id, finding.kind, plain(", ".join(finding.fields), 60), finding.stamp or "out of sight")
