"""``undo``: take back what a run wrote, where it still stands; or only show what that would do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.planning import LISTED, WAITING, save, words
from console.commands.stopping import stoppable
from console.commands.sync import talk
from console.commands.sync import words as told
from console.domain.plain import plain
from console.domain.undo import Kept
from console.errors import UsageError
from console.sync.session import open_session
from console.sync.undoing import Undo


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Plan the undo of a run, and unless it is dry carry it out."""
    wanted = f"run {args.run}"
    if args.delete_created is not None and args.delete_created.strip().lower() != wanted:
        raise UsageError(
            f"--delete-created {plain(args.delete_created, 60)!r} does not name the run. Nothing was changed.",
            f'Deleting what a run created is asked for by its name: --delete-created "{wanted}".',
        )
    if args.out and not args.dry_run:
        raise UsageError("--out keeps a plan that is not carried out.", "Add --dry-run.")
    settings, connections, secrets = opened(args)
    asked = Undo(args.run, delete_created=args.delete_created is not None)
    holder = f"undoing {wanted}"
    with (
        stoppable() as stop,
        open_session(
            settings, connections, secrets, publish=talk(out), cancelled=stop, holder=holder
        ) as session,
    ):
        summary = None
        if args.dry_run:
            session.engine.freeze_undo(asked)
        else:
            summary = session.engine.undo(asked)
    assert asked.plan is not None
    rest = {"undoes": asked.run, "already": asked.already, "kept": [each.as_json() for each in asked.kept]}
    if summary is None:
        if args.out:
            save(asked.plan, Path(args.out))
            out.talk(f"The plan was written to {args.out}.")
        out.data({**asked.plan.as_json(), **rest}, f"{words(asked.plan)}\n{_left(asked)}")
        return 0
    outcome = summary.as_json()
    answer = {**asked.plan.as_json(), **outcome, "changes": asked.plan.as_json()["changes"], **rest}
    out.data({**answer, "outcome": outcome["changes"]}, f"{told(summary, {})}\n{_left(asked)}")
    return WAITING if summary.refused or summary.stale or asked.kept else 0


def _left(asked: Undo) -> str:
    """What was left as it is, for a person."""
    lines = []
    if asked.already:
        lines.append(f"{asked.already} hold what they held before run {asked.run} already.")
    unasked = [each for each in asked.kept if each.unasked]
    if unasked:
        lines.append(
            f"{len(unasked)} records that the run created stay;"
            f' those that nobody touched are deleted with: --delete-created "run {asked.run}"'
        )
    kept = [each for each in asked.kept if not each.unasked]
    if kept:
        lines += [f"Left as it is ({len(kept)}):", _table(kept)]
    return "\n".join(lines)


def _table(kept: Sequence[Kept]) -> str:
    rows = [
        (
            each.side,
            plain(each.record, 60),
            each.field or f"the {each.entity.lower()}",
            plain(each.reason, 120),
        )
        for each in kept[:LISTED]
    ]
    more = f"\n... and {len(kept) - LISTED} more: see --json" if len(kept) > LISTED else ""
    return table(rows) + more
