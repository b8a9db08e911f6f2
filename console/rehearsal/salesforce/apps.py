"""External client apps: the programs that may ask a user of the org for access.

Registered the way an administrator registers one: with exact callback addresses. The practice app, whose id is
handed out with the rehearsal, also takes any port of this computer, because people and tests try it with
listeners of their own. See https://help.salesforce.com/s/articleView?id=xcloud.create_a_local_external_client_app.htm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.rehearsal.salesforce.vault import Vault

PRACTICE_CALLBACKS = tuple(f"http://localhost:{port}/callback" for port in (1717, 8717, 8718, 8719))
SCOPES = ("api", "refresh_token", "offline_access", "openid", "id", "profile", "email", "web", "full")
_LOOPBACK = {"localhost", "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class App:
    """A public client: PKCE always, no secret."""

    client_id: str
    name: str
    callbacks: tuple[str, ...]
    any_port: bool = False
    """Also takes `http://localhost:PORT/callback` and `http://127.0.0.1:PORT/callback` for every port."""

    def accepts(self, redirect_uri: str) -> bool:
        """Whether the user may be sent to this address: exactly as registered."""
        if redirect_uri in self.callbacks:
            return True
        if not self.any_port:
            return False
        try:
            address = urlsplit(redirect_uri)
            port = address.port
        except ValueError:
            return False
        plain = f"http://{address.hostname}:{port}/callback"
        return address.hostname in _LOOPBACK and port is not None and redirect_uri == plain


class Apps:
    """The apps that the org knows."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def register(self, client_id: str, name: str, callbacks: Sequence[str], *, any_port: bool = False) -> App:
        """Add an app, or replace the one with this id."""
        with self._vault.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO access_app (client_id, name, callbacks, any_port) VALUES (?, ?, ?, ?)",
                (client_id, name, json.dumps(list(callbacks)), int(any_port)),
            )
        return App(client_id, name, tuple(callbacks), any_port)

    def find(self, client_id: str) -> App | None:
        """The app with this consumer key."""
        row = self._vault.one(
            "SELECT client_id, name, callbacks, any_port FROM access_app WHERE client_id = ?", (client_id,)
        )
        if row is None:
            return None
        return App(row[0], row[1], tuple(json.loads(row[2])), bool(row[3]))
