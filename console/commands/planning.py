"""``plan``, ``apply`` and ``show``: what a pass would do, kept in a file, read, compared, and done exactly as it stands there."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.commands.stopping import stoppable
from console.domain.frozen import Differences, FrozenPlan, compare, read_plan
from console.domain.plain import plain
from console.domain.records import Change
from console.errors import StoreError, UsageError
from console.guide.account import shown
from console.guide.cost import forecast_words
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings, write_private
from console.sync.session import open_session

WAITING = 3
LISTED = 200
"""Changes that are listed for a person; all of them stand in the JSON."""
MOVED = "It moved just before it was written."


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """One of the three commands."""
    if args.command == "show":
        plan = load(Path(args.file))
        out.data(plan.as_json(), words(plan))
        return 0
    settings, connections, secrets = opened(args)
    if args.command == "apply":
        return _apply(args, out, settings, connections, secrets)
    return show_next(args, out, settings, connections, secrets)


def show_next(
    args: argparse.Namespace,
    out: Output,
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
) -> int:
    """What the next pass would do; or how that differs from a plan that was kept."""
    kept = load(Path(args.against)) if getattr(args, "against", None) else None
    with (
        stoppable() as stop,
        open_session(settings, connections, secrets, cancelled=stop, holder="planning") as session,
    ):
        plan = session.engine.freeze()
    target = getattr(args, "out", None)
    if target:
        save(plan, Path(target))
        out.talk(f"The plan was written to {target}.")
    if kept is None:
        out.data(plan.as_json(), words(plan))
    else:
        found = compare(kept.changes, plan.changes)
        out.data(_differences(kept, plan, found), _difference_words(found))
    return 0


def _apply(
    args: argparse.Namespace,
    out: Output,
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
) -> int:
    from console.commands.sync import talk
    from console.commands.sync import words as told

    plan = load(Path(args.file))
    with (
        stoppable() as stop,
        open_session(
            settings, connections, secrets, publish=talk(out), cancelled=stop, holder="applying a plan"
        ) as session,
    ):
        summary = session.engine.apply(plan)
        left = session.engine.left(summary.run)
    stale = [{**change.as_json(), "moved": why or MOVED} for change, why in left]
    lines = [(*_place(change), why or MOVED) for change, why in left[:LISTED]]
    parts = [told(summary, {})]
    if summary.already:
        parts.append(f"{summary.already} of the plan's changes stood there already.")
    if left:
        parts += [
            "",
            f"Left, because it moved since the plan was made ({len(left)}):",
            table(lines) + _more(left),
        ]
    out.data({**summary.as_json(), "stale": stale}, "\n".join(parts))
    return WAITING if summary.refused or left else 0


def load(path: Path) -> FrozenPlan:
    """The plan in a file.

    :raises UsageError: there is no such file, or it holds no plan.
    :raises Conflict: the plan was changed since it was made.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The plan {plain(str(path), 200)} can't be read ({(error.strerror or 'unknown').lower()}).",
            "Name a file that plan --out wrote.",
        ) from None
    except UnicodeDecodeError:
        raise UsageError(
            f"{plain(str(path), 200)} is no plan of the console: it is no text.",
            "Name a file that plan --out wrote.",
        ) from None
    return read_plan(text)


def save(plan: FrozenPlan, path: Path) -> None:
    """Write a plan for its owner's eyes only.

    :raises StoreError: the file can't be written.
    """
    try:
        write_private(path.absolute(), plan.lines())
    except OSError as error:
        raise StoreError(
            f"The plan can't be written to {path} ({(error.strerror or 'unknown').lower()}).",
            "Name another file.",
        ) from None


# --- in words ------------------------------------------------------------------------------------------------


def words(plan: FrozenPlan) -> str:
    """A plan as a person reads it."""
    made = f" made at {plain(plan.made_at, 40)}" if plan.made_at else ""
    head = f"Plan {plan.hash[:12]}{made}, for the org {plain(plan.basis.org_id, 18)}."
    return f"{head}\n{_plan_words(plan.changes)}\n\n{forecast_words(plan.forecast)}{_brake_words(plan)}"


def _brake_words(plan: FrozenPlan) -> str:
    if not plan.stops:
        return ""
    said = " ".join(plain(stop["sentence"], 300) for stop in plan.stops)
    return (
        f"\n\nA pass would stop before it writes any of this: {said}\n"
        "apply NAME FILE does exactly this plan; sync NAME --release lets a pass go once that was stopped."
    )


def _plan_words(changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing to do: nothing would be written."
    kinds = Counter((change.side, change.entity, change.field or "new") for change in changes)
    head = table([(side, entity, field, str(count)) for (side, entity, field), count in kinds.most_common()])
    lines = [
        (*_place(change), shown(change.before), "->", shown(change.after), plain(change.reason, 120))
        for change in changes[:LISTED]
    ]
    return f"{len(changes)} changes\n\n{head}\n\n{table(lines)}{_more(changes)}"


def _place(change: Change) -> tuple[str, str, str]:
    return change.side, plain(change.record, 60), change.field or f"new {change.entity}"


def _more(changes: Sequence[object]) -> str:
    return f"\n... and {len(changes) - LISTED} more: see --json or --out" if len(changes) > LISTED else ""


def _differences(then: FrozenPlan, now: FrozenPlan, found: Differences) -> dict[str, object]:
    return {
        "then": then.hash,
        "now": now.hash,
        "new": [change.as_json() for change in found.new],
        "gone": [change.as_json() for change in found.gone],
        "different": [{"then": one.as_json(), "now": other.as_json()} for one, other in found.different],
    }


def _difference_words(found: Differences) -> str:
    if not found:
        return "The same would be done now as in the plan that was kept."
    parts = [f"{len(found.new)} new, {len(found.gone)} gone, {len(found.different)} different"]
    rows = [("+", *_place(change), shown(change.before), "->", shown(change.after)) for change in found.new]
    rows += [("-", *_place(change), shown(change.before), "->", shown(change.after)) for change in found.gone]
    for one, other in found.different:
        rows.append(("~", *_place(one), shown(one.before), "->", shown(one.after)))
        rows.append(("", "", "", "now", shown(other.before), "->", shown(other.after)))
    return "\n".join([*parts, "", table(rows[:LISTED]) + _more(rows)])
