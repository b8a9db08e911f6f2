"""Taking back what set-up made in an org, as far as the signed-in user may: the fields stay with their data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import Conflict, SignInNeeded
from console.guide.draft import made_in_words
from console.store.cache import Cache

if TYPE_CHECKING:
    from console.salesforce.client import SalesforceClient
    from console.salesforce.setup.removal import Noted

NOTHING = "Set-up made nothing that could be removed."


def removable_in(cache: Cache) -> list[Noted]:
    """What set-up made and can be removed, as the cache notes it."""
    from console.salesforce.setup.removal import removable

    return removable(cache.artefacts.all())


def would_be_removed(noted: list[Noted]) -> str:
    """What `unmake` is about to do, in a sentence."""
    words = made_in_words([each.kind for each in noted])
    return f"{words} would be removed." if words else NOTHING


def unmake(noted: list[Noted], path: Path, org_id: str, salesforce: Callable[[], SalesforceClient]) -> str:
    """Remove it, look for it once more, and say what went and what stays. The cache forgets each thing as it goes.

    :param path: the connection's cache.
    :raises Conflict: the org still shows what it said it removed.
    :raises ConsoleError: the org can't be asked.
    """
    from console.salesforce.setup.removal import left, remove

    if not noted:
        return NOTHING
    gone: list[Noted] = []
    with Cache.open(path, org_id=org_id, holder="disconnecting") as cache:

        def note(each: Noted) -> None:
            gone.append(each)
            cache.artefacts.forget(each.kind, each.api_name)

        try:
            with salesforce() as client:
                stayed = remove(client, noted, note)
                seen = left(client, gone)
        except SignInNeeded as refusal:
            rest = ", ".join(each.api_name for each in noted if each not in gone)
            return f"Not possible with this session ({refusal.message}) An administrator may remove {rest}."
    if seen:
        raise Conflict(
            f"{seen[0].api_name} was removed, and the org still shows it.",
            "Look at it in Setup, then begin again.",
        )
    how = "the org accepted it; this user may no longer look" if seen is None else "looked for, and not found"
    said = [f"Removed ({how}): {', '.join(each.api_name for each in gone)}."] if gone else []
    said += [f"{each.api_name} stays: {each.why} An administrator may remove it in Setup." for each in stayed]
    return " ".join(said)
