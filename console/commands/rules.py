"""``rules``: whose value wins in each field, which way it goes, and what another choice would do to existing records."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from console.cli import OpenScreens
from console.commands.credentials import connected
from console.commands.output import Output, table
from console.commands.planning import save
from console.domain.plain import plain
from console.domain.whatif import Ruling
from console.errors import UsageError
from console.guide.account import shown
from console.guide.rules import asked_for, lines
from console.store.cache import Cache
from console.sync.cursors import text, utc_now
from console.sync.policy import policy_for
from console.sync.ruling import WhatIf, change_rules, freeze, what_if, with_ruling


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Show the rules, what others would do, or keep others. Neither system is called; the next sync acts on it."""
    settings, connections = connected(args)
    path = connections.cache_path(args.name)
    if not path.exists():
        raise UsageError(
            "Nothing is known of this connection yet.", f"Run alguna-console sync {args.name} first."
        )
    changing = bool(args.set or args.source_of_truth or args.existing) and not args.what_if
    with Cache.open(path, org_id=settings.org_id, read_only=not changing, holder="changing rules") as cache:
        now = policy_for(settings, cache)
        ruling = asked_for(Ruling.of(now), args.set)
        if args.source_of_truth:
            ruling = replace(ruling, create_accounts=args.source_of_truth == "alguna")
        if changing:
            wanted = with_ruling(settings, ruling)
            found = change_rules(cache, connections, settings, wanted, text(utc_now()), chosen=args.existing)
        else:
            found = what_if(cache, now, ruling.within(now))
        spared = cache.decisions.spared()
        if args.out:
            then = ruling.within(now)
            save(freeze(cache, then if changing else now, then, text(utc_now())), Path(args.out))
            out.talk(f"The plan was written to {args.out}.")
    answer = {
        "rules": [_rule(line) for line in lines(ruling, found.differs, spared)],
        "source_of_truth": "alguna" if ruling.create_accounts else "salesforce",
        "changed": changing,
        "spared": sum(spared.values()),
        "what_if": as_json(found),
    }
    out.data(answer, _words(args, ruling, found, spared, changing))
    return 0


def as_json(found: WhatIf) -> dict[str, Any]:
    """What the rules would do to existing records."""
    return {
        "hash": found.hash,
        "accounts": found.accounts,
        "values": found.values,
        "by_field": dict(found.writes),
        "by_side": dict(found.sides),
        "dropped": found.dropped,
        "asks": found.asks,
        "sample": [{"name": name, **change.as_json()} for name, change in found.sample],
    }


def _rule(line: Any) -> dict[str, Any]:
    return {
        "field": line.key,
        "label": line.label,
        "rule": str(line.rule),
        "default": str(line.default),
        "direction": str(line.flow),
        "rules": [str(rule) for rule in line.rules],
        "directions": [str(flow) for flow in line.flows],
        "means": line.means,
        "differs": line.differs,
        "spared": line.spared,
    }


def _words(
    args: argparse.Namespace, ruling: Ruling, found: WhatIf, spared: dict[str, int], changed: bool
) -> str:
    rows = [
        (line.label, str(line.rule), str(line.flow), str(line.differs or ""), str(line.spared or ""))
        for line in lines(ruling, found.differs, spared)
    ]
    source = "Alguna" if ruling.create_accounts else "nobody: accounts are made in Salesforce"
    parts = [
        table(rows, ("Field", "Rule", "Goes", "Differ", "Spared")),
        f"Source of new accounts: {source}.",
        told(found),
    ]
    if changed and args.existing:
        parts.append("The rules are kept. The next sync does this to existing records.")
    elif changed:
        parts.append("The rules are kept. Existing records stay as they are until their values move.")
    if not changed and found.values:
        parts.append(
            "With --set and no more, existing records stay as they are until their values move; "
            f"with --existing {found.hash} the next sync does this to them."
        )
    return "\n\n".join(parts)


def told(found: WhatIf) -> str:
    """What the rules would do to existing records, in words."""
    if not found.values and not found.dropped and not found.asks:
        return "Nothing would be written to records as they are."
    heads = [f"{found.values} values of {found.accounts} accounts would be written"]
    heads += [f"{found.dropped} planned ones no longer"] if found.dropped else []
    heads += [f"{found.asks} would wait for a person"] if found.asks else []
    rows = [
        (
            plain(name, 40),
            change.side,
            change.field or f"new {change.entity}",
            plain(shown(change.before), 40),
            "->",
            plain(shown(change.after), 40),
        )
        for name, change in found.sample
    ]
    more = f"\n... and {found.values - len(rows)} more" if found.values > len(rows) else ""
    return f"{', '.join(heads)} ({found.hash}).\n{table(rows)}{more}"
