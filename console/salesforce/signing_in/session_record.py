"""What is known of a connection's Salesforce session without any secret: its age, its scopes, and a refresh under way.

The record is written before a refresh token is sent and again after the new tokens were saved. One that still says
"under way" was left by a process that died in between: then nobody knows whether the token that is kept is still the
living one, and where an org rotates refresh tokens, sending a dead one ends the whole session
(https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_rotate_refresh_tokens.htm).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.errors import StoreError
from console.paths import private
from console.settings import write_private

FILE = "session.json"


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Instants are like ``2026-01-02T03:04:05Z``, empty where something did not happen yet."""

    signed_in_at: str = ""
    refreshed_at: str = ""
    """When the access token that is kept came, by sign-in or by refresh."""
    refreshes: int = 0
    """How often the session was renewed since the sign-in."""
    renewable: bool = True
    """Whether a refresh token came with the sign-in."""
    scope: str = ""
    """As Salesforce granted it, separated by blanks; empty where it was not said."""
    rotates: bool | None = None
    """Whether the last refresh brought a new refresh token; None before the first."""
    salt: str = ""
    sending: str = ""
    """The mark of a refresh token that was sent and whose answer was not saved yet."""
    beside: str = ""
    """The mark of the access token that was kept when it was sent."""
    refused: str = ""
    """The mark of a refresh token that Salesforce does not take any more: it is never sent again."""

    def mark(self, token: str | None) -> str:
        """What a token is recognised by and can't be told from."""
        return hashlib.sha256(f"{self.salt}/{token}".encode()).hexdigest()[:24] if token else ""

    def unfinished(self, refresh: str, access: str | None) -> bool:
        """True when this refresh token was sent and what came back was lost.

        It was not lost where another token is kept by now. Nor where the org leaves refresh tokens as they are: there
        the same one goes on being good.
        """
        if not self.sending or self.rotates is False:
            return False
        return self.sending == self.mark(refresh) and self.beside == self.mark(access)


class RecordFile:
    """The record of one connection. Callers hold the connection's token lock while they change it.

    :param path: None keeps it in memory, for secrets that no other process can share.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._held = SessionRecord()

    def read(self) -> SessionRecord:
        """The record; an empty one where there is none.

        :raises StoreError: the file is there and not readable as what we wrote.
        """
        if self._path is None:
            return self._held
        try:
            return _parsed(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return SessionRecord()
        except (OSError, ValueError):
            raise StoreError(
                f"The record of the Salesforce session, {self._path}, cannot be read.",
                "Look at its rights; or delete it and sign in to Salesforce again.",
            ) from None

    def write(self, record: SessionRecord) -> None:
        """Replace the record; it is durable on return.

        :raises StoreError: the file cannot be written.
        """
        if self._path is None:
            self._held = record
            return
        try:
            private(self._path.parent)
            write_private(self._path, json.dumps(asdict(record), indent=1) + "\n")
        except OSError as error:
            raise StoreError(
                f"The record of the Salesforce session cannot be written ({(error.strerror or 'unknown').lower()}).",
                f"Look at the room and the rights of {self._path.parent}.",
            ) from None

    # --- what happens to a session

    def signed_in(self, scope: str, *, renewable: bool) -> None:
        """A new sign-in was saved: what was known of the session before is over."""
        now, rotates = _now(), self._rotated()
        self.write(
            SessionRecord(
                signed_in_at=now, refreshed_at=now, renewable=renewable, scope=scope, rotates=rotates
            )
        )

    def sending(self, refresh: str, access: str | None) -> None:
        """The refresh token is about to be sent."""
        record = replace(self.read(), salt=secrets.token_hex(8), refused="")
        self.write(replace(record, sending=record.mark(refresh), beside=record.mark(access)))

    def renewed(self, *, rotated: bool | None, scope: str) -> None:
        """What came back was saved; `rotated` is None where no refresh token was sent."""
        record = self.read()
        self.write(
            replace(
                record,
                refreshed_at=_now(),
                refreshes=record.refreshes + 1,
                scope=scope or record.scope,
                rotates=record.rotates if rotated is None else rotated,
                sending="",
                beside="",
            )
        )

    def not_sent(self) -> None:
        """It never reached Salesforce, or Salesforce said that nothing was done: the token is as good as before."""
        self.write(replace(self.read(), sending="", beside=""))

    def refused(self, refresh: str) -> None:
        """Salesforce does not take this refresh token any more."""
        record = self.read()
        self.write(replace(record, refused=record.mark(refresh), sending="", beside=""))

    def remove(self) -> None:
        """Forget the session."""
        self._held = SessionRecord()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _rotated(self) -> bool | None:
        """A policy of the org outlives its sessions; a record that can't be read must not keep anyone from signing in."""
        try:
            return self.read().rotates
        except StoreError:
            return None


def _parsed(text: str) -> SessionRecord:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("no record")
    plain = SessionRecord()
    found: dict[str, Any] = {}
    for each in fields(SessionRecord):
        value = data.get(each.name, getattr(plain, each.name))
        kinds = (bool, type(None)) if each.name == "rotates" else type(getattr(plain, each.name))
        if not isinstance(value, kinds):
            raise ValueError(each.name)
        found[each.name] = value
    return SessionRecord(**found)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
