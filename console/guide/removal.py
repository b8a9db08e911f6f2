"""Removing a connection, disconnected or damaged: its settings, its cache and its secrets. Receipts are set aside."""

from __future__ import annotations

import shutil
from pathlib import Path

from console.errors import Conflict, StoreError, UsageError
from console.paths import private
from console.secrets import Secrets
from console.settings import Connections, checked_name
from console.store.lock import held_elsewhere

STAYS = "Its session in the org could not be ended: revoke it in Setup, Connected Apps OAuth Usage, if nobody did."
"""What a person has to do about a connection that was removed without its settings."""


def receipts(connections: Connections, name: str) -> tuple[Path, ...]:
    """The receipts that lie in a connection's folder, newest first."""
    return tuple(sorted(connections.folder(name).glob("receipt-*.md"), reverse=True))


def remove(connections: Connections, secrets: Secrets, name: str, confirmed: str) -> tuple[Path, ...]:
    """Remove a disconnected connection for good; returns where its receipts are now.

    One whose settings are damaged can't be disconnected any more: it is removed all the same, and its session in the org
    lives on until somebody revokes it there.

    :param confirmed: the name once more, as a person typed it.
    :raises UsageError: it is still connected, or the two names differ.
    :raises Conflict: another console has it open.
    :raises StoreError: something can't be deleted.
    """
    known = checked_name(name)
    if not damaged(connections, known):
        settings = connections.load(known)
        known = settings.name
        if not settings.disconnected_at:
            raise UsageError(
                f"{known!r} is still connected.", "Disconnect it first: that ends its session in the org."
            )
    if confirmed.strip() != known:
        raise UsageError(
            f"Nothing was removed: the name that was given to confirm is not {known!r}.",
            "Give the connection's name once more, exactly.",
        )
    holder = held_elsewhere(connections.cache_path(known))
    if holder:
        raise Conflict(f"{known!r} is open in {holder}.", "Close it there first.")
    secrets.forget(known)
    kept = _set_aside(connections, known)
    connections.remove(known)
    return kept


def damaged(connections: Connections, name: str) -> str:
    """What is wrong with a connection's settings; empty where they can be read.

    :raises UsageError: there is no such connection.
    """
    try:
        connections.load(name)
    except StoreError as damage:
        return damage.message
    return ""


def _set_aside(connections: Connections, name: str) -> tuple[Path, ...]:
    """A receipt is the proof that access ended: it outlives the connection."""
    found = receipts(connections, name)
    if not found:
        return ()
    folder = connections.root.parent / "receipts"
    kept = []
    try:
        private(folder)
        for path in found:
            there = folder / f"{name}-{path.name}"
            shutil.move(path, there)
            kept.append(there)
    except OSError as error:
        raise StoreError(
            f"The receipts of {name!r} can't be moved to {folder} ({(error.strerror or 'unknown').lower()}).",
            "Look at the room and the rights there; the connection was not removed.",
        ) from None
    return tuple(kept)
