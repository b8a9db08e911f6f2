"""``brakes``: what a pass stopped before it wrote anything, with a sample, for a person to decide on."""

from __future__ import annotations

import argparse
from typing import Any

from console.cli import OpenScreens
from console.commands.credentials import connected
from console.commands.output import Output
from console.domain.plain import plain
from console.store.cache import Cache
from console.sync.braking import limits_of, stopped

NOTHING = "No brake stops this connection."
STOPPED = 3


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Answer from the cache; calls neither system."""
    settings, connections = connected(args)
    path = connections.cache_path(settings.name)
    found = None
    if path.exists():
        with Cache.open(path, org_id=settings.org_id, read_only=True) as cache:
            found = stopped(cache)
    limits = limits_of(settings)
    answer: dict[str, Any] = {
        "stopped": found is not None,
        "at": found["at"] if found else None,
        "stops": found["stops"] if found else [],
        "limits": {
            "share": limits.share,
            "least": limits.least,
            "creates": limits.creates,
            "drop": limits.drop,
        },
    }
    out.data(answer, words(answer))
    return STOPPED if found else 0


def words(answer: dict[str, Any]) -> str:
    """What is stopped, as a person reads it."""
    if not answer["stopped"]:
        return NOTHING
    lines = [f"Stopped at {plain(answer['at'], 40)}; nothing was written."]
    for stop in answer["stops"]:
        lines += ["", plain(stop["sentence"], 300)]
        lines += [f"  {plain(each['what'], 200)}" for each in stop["sample"]]
        more = stop["count"] - len(stop["sample"])
        if stop["sample"] and more > 0:
            lines.append(f"  ... and {more:,} more")
    return "\n".join([*lines, "", "Let it go once with: sync NAME --release"])
