"""External client apps: the programs that may ask a user of the org for access.

Registered the way an administrator registers one: with exact callback addresses. The practice app, whose id is
handed out with the rehearsal, also takes any port of this computer, because people and tests try it with
listeners of their own. See https://help.salesforce.com/s/articleView?id=xcloud.create_a_local_external_client_app.htm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.rehearsal.salesforce.signing_in import bearer
from console.rehearsal.salesforce.signing_in.vault import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from console.rehearsal.salesforce.signing_in.vault import Vault

PRACTICE_CALLBACKS = tuple(f"http://localhost:{port}/callback" for port in (1717, 8717, 8718, 8719))
SCOPES = ("api", "refresh_token", "offline_access", "openid", "id", "profile", "email", "web", "full")
_LOOPBACK = {"localhost", "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class App:
    """One app: a public client with PKCE, as a rule; what it needs for other flows is empty until it is set."""

    client_id: str
    name: str
    callbacks: tuple[str, ...]
    any_port: bool = False
    """Also takes `http://localhost:PORT/callback` and `http://127.0.0.1:PORT/callback` for every port."""
    scopes: tuple[str, ...] = SCOPES
    """What it may ask for."""
    certificate: str = ""
    """PEM of the certificate (or bare public key) that signs its JWT assertions."""
    secret: str = ""
    """SHA-256 of its consumer secret, in hex."""
    approved_users: tuple[str, ...] = ()
    """Ids of the users that an administrator pre-authorized."""
    run_as: str = ""
    """Id of the user of the client credentials flow; empty: that flow is off."""
    record_id: str = ""

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

    def as_dict(self) -> dict[str, Any]:
        """As the control address shows it."""
        return {
            "client_id": self.client_id,
            "name": self.name,
            "callbacks": list(self.callbacks),
            "scopes": list(self.scopes),
            "certificate": self.certificate or None,
            "secret": "set" if self.secret else None,
            "approved_users": list(self.approved_users),
            "run_as": self.run_as or None,
        }


class Apps:
    """The apps that the org knows."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def register(self, client_id: str, name: str, callbacks: Sequence[str], *, any_port: bool = False) -> App:
        """Add an app, or replace the one with this id."""
        with self._vault.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO access_app (client_id, name, callbacks, any_port, record_id, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    client_id,
                    name,
                    json.dumps(list(callbacks)),
                    int(any_port),
                    self._vault.new_id("0H4"),
                    self._vault.now(),
                ),
            )
        app = self.find(client_id)
        if app is None:
            raise LookupError(f"the app {client_id} was not kept")
        return app

    def find(self, client_id: str) -> App | None:
        """The app with this consumer key."""
        row = self._vault.one(
            "SELECT client_id, name, callbacks, any_port, more, record_id FROM access_app WHERE client_id = ?",
            (client_id,),
        )
        if row is None:
            return None
        more: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in json.loads(row[4]).items()
        }
        return App(row[0], row[1], tuple(json.loads(row[2])), bool(row[3]), **more, record_id=row[5])

    def all(self) -> list[App]:
        """Every app, in the order in which they were made."""
        keys = self._vault.rows("SELECT client_id FROM access_app ORDER BY rowid")
        return [app for app in (self.find(key) for (key,) in keys) if app is not None]

    def change(
        self, client_id: str, values: Mapping[str, Any], user_of: Callable[[str], str | None]
    ) -> App | None:
        """Set an app up as Setup does; None when there is no such app. `user_of` finds an id for a username.

        Knows `name`, `callbacks`, `scopes`, `certificate` (PEM, also a public key; null takes it away), `secret`,
        `approved_users` and `run_as` (usernames). Raises ValueError, and changes nothing, for anything else.
        """
        app = self.find(client_id)
        if app is None:
            return None
        known = {
            "name": app.name,
            "callbacks": app.callbacks,
            "scopes": app.scopes,
            "certificate": app.certificate,
            "secret": app.secret,
            "approved_users": app.approved_users,
            "run_as": app.run_as,
        }
        for name, value in values.items():
            known[name] = _setting(name, value, user_of)
        more = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in known.items()
            if name not in ("name", "callbacks")
        }
        with self._vault.writing() as db:
            db.execute(
                "UPDATE access_app SET name = ?, callbacks = ?, more = ? WHERE client_id = ?",
                (known["name"], json.dumps(list(known["callbacks"])), json.dumps(more), client_id),
            )
        return self.find(client_id)


def _setting(name: str, value: Any, user_of: Callable[[str], str | None]) -> str | tuple[str, ...]:
    """The value of an app's setting as it is kept; raises ValueError with one clear sentence."""
    if name in ("callbacks", "scopes", "approved_users"):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{name} must be a list of texts")
        if name == "approved_users":
            return tuple(_user(each, user_of) for each in value)
        unknown = set(value) - set(SCOPES) if name == "scopes" else set()
        if unknown:
            raise ValueError(f"there is no scope {min(unknown)!r}; there are {', '.join(SCOPES)}")
        return tuple(value)
    if name not in ("name", "certificate", "secret", "run_as"):
        raise ValueError(
            f"an app has no {name!r}; it has name, callbacks, scopes, certificate, secret, approved_users and run_as"
        )
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} must be a text or null")
    if not value:
        if name == "name":
            raise ValueError("an app needs a name")
        return ""
    if name == "certificate":
        bearer.public_key(value)
        return value
    if name == "secret":
        return digest(value).hex()
    return _user(value, user_of) if name == "run_as" else value


def _user(username: str, user_of: Callable[[str], str | None]) -> str:
    found = user_of(username)
    if found is None:
        raise ValueError(f"no such user: {username}")
    return found
