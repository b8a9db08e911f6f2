"""Removing a connection that was disconnected: its settings, its cache and its secrets. Receipts are set aside."""

from __future__ import annotations

import shutil
from pathlib import Path

from console.errors import Conflict, StoreError, UsageError
from console.paths import private
from console.secrets import Secrets
from console.settings import Connections
from console.store.lock import held_elsewhere


def receipts(connections: Connections, name: str) -> tuple[Path, ...]:
    """The receipts that lie in a connection's folder, newest first."""
    return tuple(sorted(connections.folder(name).glob("receipt-*.md"), reverse=True))


def remove(connections: Connections, secrets: Secrets, name: str, confirmed: str) -> tuple[Path, ...]:
    """Remove a disconnected connection for good; returns where its receipts are now.

    :param confirmed: the name once more, as a person typed it.
    :raises UsageError: it is still connected, or the two names differ.
    :raises Conflict: another console has it open.
    :raises StoreError: something can't be deleted.
    """
    settings = connections.load(name)
    if not settings.disconnected_at:
        raise UsageError(
            f"{settings.name!r} is still connected.", "Disconnect it first: that ends its session in the org."
        )
    if confirmed.strip() != settings.name:
        raise UsageError(
            f"Nothing was removed: the name that was given to confirm is not {settings.name!r}.",
            "Give the connection's name once more, exactly.",
        )
    holder = held_elsewhere(connections.cache_path(settings.name))
    if holder:
        raise Conflict(f"{settings.name!r} is open in {holder}.", "Close it there first.")
    secrets.forget(settings.name)
    kept = _set_aside(connections, settings.name)
    connections.remove(settings.name)
    return kept


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
