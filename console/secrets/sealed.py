"""Secrets in a file that a passphrase opens, for computers without a keyring; made only where somebody asks for it.

The key comes from the passphrase by scrypt (RFC 7914) with the cost that OWASP recommends
(https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt), and seals with AES-256-GCM.
The connection's name is part of what is sealed: a file that was moved to another connection does not open.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock

from console.errors import SignInNeeded, StoreError, UsageError
from console.paths import private
from console.secrets.kinds import Kind, known
from console.settings import write_private

FILE = "secrets.sealed"
SHORTEST = 8
"""Characters of a passphrase, at least."""
_COST = {"n": 2**17, "r": 8, "p": 1}
"""128 MB of memory and some tenths of a second for each guess."""
_MOST = {"n": 2**20, "r": 16, "p": 4}
"""More than that is not spent on a file, whatever it asks for."""
LOCKED = "secrets_locked"
"""The `code` of the error that a passphrase mends."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A key with what it was made of, to be used again as long as the file says the same."""

    salt: bytes
    cost: tuple[int, int, int]
    secret: bytes = field(repr=False)


class SealedFile:
    """The sealed file of one connection. Opened once, it stays open in this process.

    :param folder: the connection's own folder.
    :param name: the connection.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / FILE
        self._name = name
        self._key: _Key | None = None

    def exists(self) -> bool:
        """Whether somebody asked for it."""
        return self.path.exists()

    @property
    def locked(self) -> bool:
        """Whether it is there and was not opened yet."""
        return self._key is None and self.exists()

    def make(self, passphrase: str, values: dict[Kind, str]) -> None:
        """Seal `values` under a new passphrase.

        :raises UsageError: the passphrase is too short.
        :raises StoreError: the file cannot be written.
        """
        text = checked(passphrase)
        salt = secrets.token_bytes(16)
        cost = (_COST["n"], _COST["r"], _COST["p"])
        self._key = _Key(salt, cost, _derived(text, salt, cost))
        with self._alone():
            self._write(values)

    def open(self, passphrase: str) -> None:
        """Open it for this process.

        :raises UsageError: the passphrase is another one.
        :raises StoreError: the file is damaged.
        """
        head, salt, cost = self._head()
        key = _Key(salt, cost, _derived(_folded(passphrase), salt, cost))
        self._opened(head, key)
        self._key = key

    def read(self) -> dict[Kind, str]:
        """What it holds.

        :raises SignInNeeded: it was not opened (`code` is `LOCKED`), or was sealed anew since.
        :raises StoreError: the file is damaged.
        """
        if not self.exists():
            return {}
        head, salt, cost = self._head()
        if self._key is None or (self._key.salt, self._key.cost) != (salt, cost):
            self._key = None
            raise SignInNeeded(
                f"The secrets of {self._name!r} are in an encrypted file, and it is locked.",
                "Give its passphrase: the console asks for it, commands take --passphrase-stdin or "
                "ALGUNA_CONSOLE_PASSPHRASE_FILE.",
                code=LOCKED,
            )
        return self._opened(head, self._key)

    def change(self, kind: Kind, value: str | None) -> None:
        """Set or (None) remove one secret, after whatever other processes wrote.

        :raises ConsoleError: as `read`; StoreError when it can't be written.
        """
        with self._alone():
            held = self.read()
            if value is None:
                held.pop(kind, None)
            else:
                held[kind] = value
            self._write(held)

    def remove(self) -> None:
        """Delete the file, locked or not.

        :raises StoreError: it cannot be deleted.
        """
        self._key = None
        try:
            self.path.unlink(missing_ok=True)
            self._lock_path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"The encrypted file cannot be deleted ({(error.strerror or 'unknown').lower()}).",
                f"Delete {self.path}.",
            ) from None

    # --- the file

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name("secrets.lock")

    def _alone(self) -> filelock.BaseFileLock:
        private(self.path.parent)
        return filelock.FileLock(self._lock_path, timeout=60, mode=0o600)

    def _write(self, values: dict[Kind, str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        assert self._key is not None
        nonce = secrets.token_bytes(12)
        n, r, p = self._key.cost
        sealed = AESGCM(self._key.secret).encrypt(nonce, json.dumps(values).encode(), self._name.encode())
        head = {"version": 1, "kdf": "scrypt", "n": n, "r": r, "p": p, "cipher": "AES-256-GCM"}
        texts = {"salt": self._key.salt, "nonce": nonce, "sealed": sealed}
        whole = {**head, **{name: base64.b64encode(value).decode() for name, value in texts.items()}}
        try:
            write_private(self.path, json.dumps(whole, indent=1) + "\n")
        except OSError as error:
            raise StoreError(
                f"The encrypted file cannot be written ({(error.strerror or 'unknown').lower()}).",
                f"Look at the room and the rights of {self.path.parent}.",
            ) from None

    def _head(self) -> tuple[dict[str, Any], bytes, tuple[int, int, int]]:
        try:
            head = json.loads(self.path.read_text(encoding="utf-8"))
            numbers = [head[name] for name in ("n", "r", "p")]
            if head["version"] != 1 or not all(isinstance(number, int) for number in numbers):
                raise ValueError("another file")
            n, r, p = numbers
            fits = n > 1 and n & (n - 1) == 0 and r > 0 and p > 0
            if not fits or n > _MOST["n"] or r > _MOST["r"] or p > _MOST["p"]:
                raise ValueError("a cost that is none")
            return head, base64.b64decode(head["salt"], validate=True), (n, r, p)
        except (OSError, ValueError, KeyError, TypeError, binascii.Error):
            raise self._damaged() from None

    def _opened(self, head: dict[str, Any], key: _Key) -> dict[Kind, str]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        wrong = False
        try:
            nonce, sealed = (base64.b64decode(head[name], validate=True) for name in ("nonce", "sealed"))
            held = json.loads(AESGCM(key.secret).decrypt(nonce, sealed, self._name.encode()))
        except InvalidTag:
            wrong = True
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise self._damaged() from None
        if wrong:
            raise UsageError(
                f"The passphrase does not open the encrypted file of {self._name!r}.",
                "Try again. If it is lost, sign in with a new file: alguna-console sign-in NAME --secrets-file --alguna-key-stdin.",
                code="passphrase",
            )
        return known(held)

    def _damaged(self) -> StoreError:
        return StoreError(
            f"The encrypted file of {self._name!r} is damaged or can't be read.",
            f"Put {self.path} back from a copy; or delete it and sign in again.",
        )


def checked(passphrase: str) -> str:
    """A passphrase that may seal a new file.

    :raises UsageError: it is too short.
    """
    text = _folded(passphrase)
    if len(text) < SHORTEST:
        raise UsageError(
            f"The passphrase is shorter than {SHORTEST} characters.",
            "Take several words, or a password manager's.",
        )
    return text


def _folded(passphrase: str) -> str:
    """Keyboards differ in how they compose letters; the passphrase does not."""
    return unicodedata.normalize("NFC", passphrase)


def _derived(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    n, r, p = cost
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode())
