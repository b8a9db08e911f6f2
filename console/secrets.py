"""Where tokens and keys are kept: the operating system's keyring, else memory until the console closes.

One exception: a connection whose both ends are on this computer (practice credentials, worthless elsewhere)
may use a file of its own folder, readable by its owner only, so that commands in several processes share it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, get_args

from console.errors import StoreError, UsageError
from console.paths import private
from console.settings import Connections, checked_name, write_private

Kind = Literal["salesforce_access", "salesforce_refresh", "alguna_key"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SERVICE = "alguna-console"


class Keyring(Protocol):
    """What is asked of a keyring: the three calls that every backend of the `keyring` package has."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def system_keyring() -> Keyring | None:
    """The operating system's keyring, or None where there is none worth the name.

    Imported late: finding a backend takes longer than drawing the first screen. Backends that the package itself
    does not recommend (priority below 1: none at all, or a plain file) count as none.
    """
    import keyring
    import keyring.errors

    try:
        backend = keyring.get_keyring()
        recommended = float(backend.priority) >= 1
    except (keyring.errors.KeyringError, RuntimeError):
        return None
    return backend if recommended else None


class Secrets:
    """Secrets by connection and kind. Safe to use from several threads; shows nothing of what it holds."""

    def __init__(
        self, connections: Connections, *, find_keyring: Callable[[], Keyring | None] = system_keyring
    ) -> None:
        self._connections = connections
        self._find_keyring = find_keyring
        self._keyring: Keyring | None = None
        self._looked = False
        self._refusal = ""
        self._memory: dict[tuple[str, Kind], str] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return "Secrets(...)"

    def get(self, name: str, kind: Kind) -> str | None:
        """The secret, or None when nothing is kept.

        :raises UsageError: the name cannot be a connection's.
        """
        name = checked_name(name)
        with self._lock:
            held = self._memory.get((name, kind))
            if held is not None:
                return held
            ring = self._ring()
            kept = self._ask(ring, name, kind) if ring is not None else None
            if kept is None and self._may_use_file(name):
                return self._read_file(name).get(kind)
            return kept

    def set(self, name: str, kind: Kind, value: str) -> None:
        """Keep a secret in the best place there is; `where` tells which. It is durable (or known not to be) on return.

        :raises UsageError: the name cannot be a connection's, or there is nothing to keep.
        :raises StoreError: the practice file cannot be written.
        """
        name = checked_name(name)
        if not value:
            raise UsageError("There is no secret to keep.")
        with self._lock:
            ring = self._ring()
            if ring is not None and self._keep(ring, name, kind, value):
                self._memory.pop((name, kind), None)
            elif self._may_use_file(name):
                self._write_file(name, self._read_file(name) | {kind: value})
                self._memory.pop((name, kind), None)
            else:
                self._memory[name, kind] = value

    def lend(self, name: str, kind: Kind, value: str) -> None:
        """Use a secret in this process only: it goes before what is kept, and is kept nowhere.

        :raises UsageError: the name cannot be a connection's.
        """
        with self._lock:
            self._memory[checked_name(name), kind] = value

    def settle(self, name: str) -> None:
        """Move what is held in memory for a connection to the best place there is by now.

        Worth calling once its settings are saved: only then is it known to be a practice connection.
        """
        name = checked_name(name)
        with self._lock:
            for kind in KINDS:
                held = self._memory.get((name, kind))
                if held is not None:
                    self.set(name, kind, held)

    def forget(self, name: str, kind: Kind | None = None) -> None:
        """Remove one secret of a connection, or all of them, from every place; again is no error.

        :raises StoreError: the keyring or the practice file keeps it all the same.
        """
        name = checked_name(name)
        kinds = KINDS if kind is None else (kind,)
        with self._lock:
            ring = self._ring()
            for each in kinds:
                self._memory.pop((name, each), None)
                if ring is not None and self._ask(ring, name, each) is not None:
                    self._delete(ring, name, each)
            if self._file(name).exists():
                left = {each: value for each, value in self._read_file(name).items() if each not in kinds}
                self._write_file(name, left)

    def where(self, name: str) -> str:
        """Where this connection's secrets are, in words."""
        name = checked_name(name)
        with self._lock:
            if any(held == name for held, _ in self._memory):
                return "in memory, until the console closes" + self._refusal
            if self._file(name).exists():
                return "in a private file of this practice connection"
            if self._ring() is not None:
                return "in this computer's keyring"
            if self._may_use_file(name):
                return "in a private file of this practice connection"
            return "in memory, until the console closes"

    def place(self) -> str:
        """Where a new connection's secrets will be kept, in words."""
        with self._lock:
            if self._ring() is not None:
                return "in this computer's keyring"
            return "in memory, until the console closes"

    def _ring(self) -> Keyring | None:
        if not self._looked:
            self._keyring = self._find_keyring()
            self._looked = True
        return self._keyring

    def _ask(self, ring: Keyring, name: str, kind: Kind) -> str | None:
        try:
            return ring.get_password(SERVICE, f"{name}/{kind}")
        except (
            Exception
        ) as error:  # backends raise what their platform raises; a locked keyring is as good as none
            self._refusal = f" (the keyring refuses: {type(error).__name__})"
            return None

    def _keep(self, ring: Keyring, name: str, kind: Kind, value: str) -> bool:
        """True when the keyring has it: read back, because some backends accept and keep nothing."""
        try:
            ring.set_password(SERVICE, f"{name}/{kind}", value)
        except Exception as error:  # as in _ask; Windows refuses long tokens this way
            self._refusal = f" (the keyring refuses: {type(error).__name__})"
            return False
        return self._ask(ring, name, kind) == value

    def _delete(self, ring: Keyring, name: str, kind: Kind) -> None:
        refused = False
        try:
            ring.delete_password(SERVICE, f"{name}/{kind}")
        except Exception:  # as in _ask
            refused = True
        if refused or self._ask(ring, name, kind) is not None:
            raise StoreError(
                f"The keyring does not let go of {name}/{kind}.",
                f"Remove the entries of {SERVICE!r} with the keyring's own program.",
            )

    def _may_use_file(self, name: str) -> bool:
        return self._connections.exists(name) and self._connections.load(name).is_practice

    def _file(self, name: str) -> Path:
        return self._connections.folder(name) / "practice-credentials.json"

    def _read_file(self, name: str) -> dict[str, str]:
        try:
            held = json.loads(self._file(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise StoreError(
                f"The practice credentials of {name!r} cannot be read.",
                "Delete the connection's folder and connect again.",
            ) from None
        return {kind: held[kind] for kind in KINDS if isinstance(held.get(kind), str)}

    def _write_file(self, name: str, values: dict[str, str]) -> None:
        path = self._file(name)
        try:
            if values:
                private(path.parent)
                write_private(path, json.dumps(values))
            else:
                path.unlink(missing_ok=True)
        except OSError:
            raise StoreError(
                f"The practice credentials of {name!r} cannot be written.",
                f"Look at the room and the rights of {path.parent}.",
            ) from None
