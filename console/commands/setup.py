"""``preflight`` and ``setup``: what can be done in a connection's org, and making or mending what the console needs there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output, table
from console.domain.plain import plain
from console.errors import StoreError, UsageError
from console.guide.desk import utc_now
from console.guide.findings import findings, met
from console.guide.org_check import OrgChecking

if TYPE_CHECKING:
    from console.guide.seam import Finding
    from console.salesforce.setup import SetupItem, SetupPlan

LIGHTS = {"green": "ok", "amber": "less", "red": "no", "note": "note"}
ACTIONS = {
    "create": "make",
    "grant": "grant",
    "exists": "there",
    "mismatch": "different",
    "blocked": "left out",
}


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Look, or do what was shown."""
    return _preflight(args, out) if args.command == "preflight" else _setup(args, out)


def _preflight(args: argparse.Namespace, out: Output) -> int:
    checking = OrgChecking(*opened(args), utc_now)
    seen = findings(checking.preflight())
    capabilities = [each for each in seen if each.light != "note"]
    answer: dict[str, Any] = {
        "connection": args.name,
        "capabilities": [_finding(each) for each in capabilities],
        "notes": [_finding(each) for each in seen if each.light == "note"],
    }
    out.data(answer, table([(LIGHTS[each.light], each.title, _words(each)) for each in seen]))
    return 3 if any(each.light == "red" for each in capabilities) else 0


def _finding(each: Finding) -> dict[str, Any]:
    return {
        "key": each.key,
        "light": each.light,
        "title": each.title,
        "sentence": each.sentence,
        "missing": [{"permission": permission, "where": where} for permission, where in each.lacking],
    }


def _words(each: Finding) -> str:
    lacking = "; ".join(f"'{permission}': {where}" for permission, where in each.lacking)
    return f"{each.sentence} Missing: {lacking}." if lacking else each.sentence


def _setup(args: argparse.Namespace, out: Output) -> int:
    if args.export:
        return _export(args, out)
    checking = OrgChecking(*opened(args), utc_now, user=args.user or "", events=not args.no_events)
    warning = met(findings(checking.preflight()))
    plan = checking.plan()
    made: list[str] = []
    if args.apply:

        def step(item: SetupItem, state: str) -> None:
            if state == "done":
                made.append(f"{item.kind} {item.api_name}")
                out.talk(f"Set up: {item.detail}")
            elif state == "refused":
                out.talk(f"Left out: {item.detail}")

        checking.apply(step)
        plan = checking.plan()
    sign_in = checking.sign_in_note(how=f"with  alguna-console sign-in {args.name}") if args.user else ""
    answer = {
        "connection": args.name,
        "items": [_item(item) for item in plan.items],
        "changes": len(plan.changes),
        "obstacle": plan.obstacle.detail if plan.obstacle else None,
        "made": made,
        "warning": warning,
        "sign_in": sign_in,
    }
    out.data(answer, _plan_words(plan, made, [warning, sign_in], applied=args.apply, name=args.name))
    return 1 if plan.obstacle else 0


def _item(item: SetupItem) -> dict[str, Any]:
    return {"kind": item.kind, "api_name": item.api_name, "action": item.action, "detail": item.detail}


def _plan_words(plan: SetupPlan, made: list[str], notes: list[str], *, applied: bool, name: str) -> str:
    rows = [
        (ACTIONS[item.action], item.kind.replace("_", " "), plain(item.api_name, 60), plain(item.detail, 160))
        for item in plan.items
        if item.action != "exists"
    ]
    there = sum(item.action == "exists" for item in plan.items)
    if applied:
        end = f"{len(made)} made or granted, and seen to be there."
    elif plan.changes:
        end = f"Nothing was changed. Do it with  alguna-console setup {name} --apply"
    else:
        end = "Nothing has to be made."
    return "\n".join(part for part in (table(rows), f"{there} parts are there.", *notes, end) if part)


def _export(args: argparse.Namespace, out: Output) -> int:
    """The permission set as a file; the org is not called."""
    from console.salesforce.setup import grants, permission_set_xml

    path = Path(args.export)
    text = permission_set_xml(grants(events=not args.no_events))
    if path.exists():
        raise UsageError(f"{path} is there already.", "Name another file, or move it away.")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"The permission set can't be written to {path} ({(error.strerror or 'unknown').lower()}).",
            "Name another file.",
        ) from None
    said = f"Written to {path}. Deploy it as permissionsets/Alguna_Sync.permissionset-meta.xml, after the fields are there."
    out.data({"connection": args.name, "file": str(path)}, said)
    return 0
