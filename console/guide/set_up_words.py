"""A set-up plan in the screens' words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.guide.seam import (
    SetupItem,
    SetupPlan,
)

if TYPE_CHECKING:
    from console.salesforce import setup

KIND_WORDS = {
    "field": "Field",
    "permission_set": "Permission set",
    "object_permission": "Permission",
    "field_permission": "Permission",
    "license": "Licence",
    "assignment": "Assignment",
    "channel": "Channel",
    "channel_member": "Channel member",
}


def shown_item(item: setup.SetupItem) -> SetupItem:
    """One item of set-up in the screens' words."""
    states = {"create": "create", "grant": "create", "exists": "exists", "blocked": "left_out"}
    state = states.get(item.action, "mismatch")
    return SetupItem(
        key=f"{item.kind}:{item.api_name}",
        kind=KIND_WORDS[item.kind],
        title=_title(item),
        api_name=item.api_name,
        state=state,  # type: ignore[arg-type]
        detail=item.detail,
    )


def _title(item: setup.SetupItem) -> str:
    """A field as people call it; a channel by its own name, a member of it by the event it adds."""
    if item.kind == "channel":
        return item.api_name
    if item.kind == "channel_member":
        return item.api_name.rpartition("_")[2]
    return item.api_name.removeprefix("Account.").removesuffix("__c").replace("_", " ")


def shown_plan(plan: setup.SetupPlan) -> SetupPlan:
    """The whole plan in the screens' words."""
    counts: dict[str, int] = {}
    for item in plan.changes:
        word = KIND_WORDS[item.kind].lower()
        counts[word] = counts.get(word, 0) + 1
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items()]
    if not parts:
        summary = "Everything is there already: nothing will be changed."
    else:
        listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
        summary = f"{listed} will be made in the org."
    blocked = plan.obstacle.detail if plan.obstacle else ""
    return SetupPlan(tuple(map(shown_item, plan.items)), summary, len(plan.changes), blocked)
