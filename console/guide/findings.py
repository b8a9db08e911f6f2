"""What a preflight saw, in the words of screens and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.guide.seam import Finding

if TYPE_CHECKING:
    from console.salesforce.preflight import Preflight

SORTS = {
    "duplicate_rule": "Duplicate rule",
    "validation_rule": "Validation rule",
    "flow": "Flow",
    "trigger": "Trigger",
}


def findings(seen: Preflight) -> tuple[Finding, ...]:
    """What a preflight saw, in the words of screens and commands."""
    return (
        *(
            Finding(
                each.key,
                each.light.value,
                each.title,
                each.sentence,
                tuple((missing.permission, missing.where) for missing in each.missing),
            )
            for each in seen.capabilities
        ),
        *(
            Finding(each.key, "amber" if each.attention else "note", each.title, each.sentence)
            for each in seen.features
        ),
        *(
            Finding(
                f"{each.sort}:{each.object}.{each.name}",
                "note",
                f"{SORTS[each.sort]} on {each.object}",
                f"{each.name}. {each.sentence}",
            )
            for each in seen.obstacles
        ),
        *(Finding("unseen", "note", "Not seen", sentence) for sentence in seen.unseen),
    )


def met(seen: Sequence[Finding]) -> str:
    """What the sync's first writes will meet, in one sentence; empty where it is nothing."""
    counts: dict[str, int] = {}
    for each in seen:
        sort, colon, _ = each.key.partition(":")
        if colon and sort in SORTS:
            word = SORTS[sort].lower()
            counts[word] = counts.get(word, 0) + 1
    if not counts:
        return ""
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items()]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"Writes to accounts and contacts will meet {listed}."
