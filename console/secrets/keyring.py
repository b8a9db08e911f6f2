"""The operating system's keyring."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from console.errors import StoreError
from console.secrets.kinds import Kind

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


class KeyringRung:
    """Entries of one home folder in a keyring. A refusal is remembered and told, never raised, except while deleting.

    :param home: the folder of all connections; entries of another one have other names, although connections may not.
    """

    def __init__(self, ring: Keyring, home: Path) -> None:
        self._ring = ring
        self._home = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        self.refusal = ""
        """What the keyring said when it refused last."""

    def get(self, name: str, kind: Kind) -> str | None:
        """The secret; None when there is none or the keyring refuses."""
        try:
            return self._ring.get_password(SERVICE, self._entry(name, kind))
        except Exception as error:
            # Backends raise what their platform raises; a locked keyring is as good as none.
            self.refusal = type(error).__name__
            return None

    def set(self, name: str, kind: Kind, value: str) -> bool:
        """True when the keyring has it: read back, because some backends accept and keep nothing."""
        try:
            self._ring.set_password(SERVICE, self._entry(name, kind), value)
        except Exception as error:  # as in `get`; Windows refuses long tokens this way
            self.refusal = type(error).__name__
            return False
        return self.get(name, kind) == value

    def forget(self, name: str, kind: Kind) -> None:
        """Delete the entry where there is one.

        :raises StoreError: it is still there.
        """
        if self.get(name, kind) is None:
            return
        refused = False
        try:
            self._ring.delete_password(SERVICE, self._entry(name, kind))
        except Exception:  # as in `get`
            refused = True
        if refused or self.get(name, kind) is not None:
            raise StoreError(
                f"The keyring does not let go of {name}/{kind}.",
                f"Remove the entries of {SERVICE!r} with the keyring's own program.",
            )

    def _entry(self, name: str, kind: Kind) -> str:
        return f"{name}/{kind}/{self._home}"
