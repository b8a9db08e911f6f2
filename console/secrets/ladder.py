"""Where tokens and keys are kept: an encrypted file where one was asked for, else the operating system's keyring, else
memory until the console closes.

One exception: a connection whose both ends are on this computer (practice credentials, worthless elsewhere)
may use a file of its own folder, readable by its owner only, so that commands in several processes share it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from console.errors import UsageError
from console.secrets.keyring import Keyring, KeyringRung, system_keyring
from console.secrets.kinds import KINDS, Kind
from console.secrets.practice import PracticeFile
from console.secrets.sealed import SealedFile
from console.settings import Connections, checked_name

IN_KEYRING = "in this computer's keyring"
IN_MEMORY = "in memory, until the console closes"
IN_PRACTICE_FILE = "in a private file"
IN_SEALED_FILE = "in an encrypted file"


class Secrets:
    """Secrets by connection and kind. Safe to use from several threads; shows nothing of what it holds.

    :param passphrase: asked (with the connection's name) when an encrypted file has to be opened; None: nobody to ask.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        find_keyring: Callable[[], Keyring | None] = system_keyring,
        passphrase: Callable[[str], str] | None = None,
    ) -> None:
        self._connections = connections
        self._find_keyring = find_keyring
        self._passphrase = passphrase
        self._keyring: KeyringRung | None = None
        self._looked = False
        self._memory: dict[tuple[str, Kind], str] = {}
        self._sealed: dict[str, SealedFile] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return "Secrets(...)"

    def get(self, name: str, kind: Kind) -> str | None:
        """The secret, or None when nothing is kept.

        :raises UsageError: the name cannot be a connection's.
        :raises SignInNeeded: the encrypted file is locked and nobody can be asked for its passphrase.
        """
        name = checked_name(name)
        with self._lock:
            held = self._memory.get((name, kind))
            if held is not None:
                return held
            if self._file(name).exists():
                return self._open(name).read().get(kind)
            ring = self._ring()
            kept = ring.get(name, kind) if ring is not None else None
            if kept is None and self._may_use_practice_file(name):
                return self._practice(name).read().get(kind)
            return kept

    def set(self, name: str, kind: Kind, value: str) -> None:
        """Keep a secret in the best place there is; `where` tells which. It is durable (or known not to be) on return.

        :raises UsageError: the name cannot be a connection's, or there is nothing to keep.
        :raises SignInNeeded: the encrypted file is locked and nobody can be asked for its passphrase.
        :raises StoreError: a file cannot be written.
        """
        name = checked_name(name)
        if not value:
            raise UsageError("There is no secret to keep.")
        with self._lock:
            ring = None if self._file(name).exists() else self._ring()
            if self._file(name).exists():
                self._open(name).change(kind, value)
            elif ring is not None and ring.set(name, kind, value):
                pass
            elif self._may_use_practice_file(name):
                self._practice(name).write(self._practice(name).read() | {kind: value})
            else:
                self._memory[name, kind] = value
                return
            self._memory.pop((name, kind), None)

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

    def seal(self, name: str, passphrase: str) -> None:
        """Keep the secrets of a connection in an encrypted file from now on; what is kept elsewhere moves there.

        A file that is there already is replaced, with a locked one's secrets lost: for a sign-in that begins anew.

        :raises UsageError: the passphrase is too short.
        :raises StoreError: the file cannot be written, or the keyring keeps its copy.
        """
        name = checked_name(name)
        with self._lock:
            file = self._file(name)
            if file.locked:
                file.remove()
            found = {kind: self.get(name, kind) for kind in KINDS}
            held: dict[Kind, str] = {kind: value for kind, value in found.items() if value}
            file.make(passphrase, held)
            self._leave_other_places(name, KINDS)

    def locked(self, name: str) -> bool:
        """Whether a passphrase is needed before the secrets of a connection can be read."""
        with self._lock:
            return self._file(checked_name(name)).locked

    def unlock(self, name: str, passphrase: str) -> None:
        """Open the encrypted file of a connection for this process. Takes some tenths of a second.

        :raises UsageError: the passphrase is another one.
        :raises StoreError: the file is damaged.
        """
        with self._lock:
            self._file(checked_name(name)).open(passphrase)

    def forget(self, name: str, kind: Kind | None = None) -> None:
        """Remove one secret of a connection, or all of them, from every place; again is no error.

        :raises StoreError: the keyring or a file keeps it all the same.
        """
        name = checked_name(name)
        with self._lock:
            file = self._file(name)
            if kind is None:
                file.remove()
            elif file.exists():
                self._open(name).change(kind, None)
            self._leave_other_places(name, KINDS if kind is None else (kind,))

    def where(self, name: str) -> str:
        """Where this connection's secrets are, in words."""
        name = checked_name(name)
        with self._lock:
            if self._file(name).exists():
                return IN_SEALED_FILE + (" (locked)" if self._file(name).locked else "")
            if any(held == name for held, _ in self._memory):
                refusal = self._keyring.refusal if self._keyring is not None else ""
                return IN_MEMORY + (f" (the keyring refuses: {refusal})" if refusal else "")
            if self._practice(name).path.exists():
                return IN_PRACTICE_FILE
            if self._ring() is not None:
                return IN_KEYRING
            return IN_PRACTICE_FILE if self._may_use_practice_file(name) else IN_MEMORY

    def place(self, *, practice: bool = False) -> str:
        """Where a new connection's secrets will be kept unless an encrypted file is asked for, in words.

        :param practice: for a connection whose both ends are on this computer.
        """
        with self._lock:
            return IN_KEYRING if self._ring() is not None else IN_PRACTICE_FILE if practice else IN_MEMORY

    def _ring(self) -> KeyringRung | None:
        if not self._looked:
            found = self._find_keyring()
            self._keyring = KeyringRung(found, self._connections.root) if found is not None else None
            self._looked = True
        return self._keyring

    def _leave_other_places(self, name: str, kinds: tuple[Kind, ...]) -> None:
        """Everywhere but in the encrypted file."""
        ring = self._ring()
        for kind in kinds:
            self._memory.pop((name, kind), None)
            if ring is not None:
                ring.forget(name, kind)
        practice = self._practice(name)
        if practice.path.exists():
            left = practice.read() if kinds != KINDS else {}
            practice.write({kind: value for kind, value in left.items() if kind not in kinds})

    def _file(self, name: str) -> SealedFile:
        if name not in self._sealed:
            self._sealed[name] = SealedFile(self._connections.folder(name), name)
        return self._sealed[name]

    def _open(self, name: str) -> SealedFile:
        """The encrypted file, opened where somebody can be asked how."""
        file = self._file(name)
        if file.locked and self._passphrase is not None:
            file.open(self._passphrase(name))
        return file

    def _may_use_practice_file(self, name: str) -> bool:
        return self._connections.exists(name) and self._connections.load(name).is_practice

    def _practice(self, name: str) -> PracticeFile:
        return PracticeFile(self._connections.folder(name))
