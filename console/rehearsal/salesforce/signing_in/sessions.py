"""Who may call the org's API: sign-in, sessions and the call budget behind one door."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.signing_in.apps import PRACTICE_CALLBACKS, App, Apps
from console.rehearsal.salesforce.signing_in.gate import WRONG_PASSWORD, Barrier, Gate
from console.rehearsal.salesforce.signing_in.history import BROWSER, SUCCESS, History
from console.rehearsal.salesforce.signing_in.issued import Session
from console.rehearsal.salesforce.signing_in.logins import STATES, Logins
from console.rehearsal.salesforce.signing_in.policies import Policies
from console.rehearsal.salesforce.signing_in.session_objects import SessionRows
from console.rehearsal.salesforce.signing_in.signing import Signer
from console.rehearsal.salesforce.signing_in.tokens import Tokens
from console.rehearsal.salesforce.signing_in.vault import Vault
from console.rehearsal.salesforce.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from console.rehearsal.salesforce.org import Org

PRACTICE_APP = "Rehearsal practice app"
_API_SCOPES = {"api", "full", "web"}


@dataclass(frozen=True, slots=True)
class Handout:
    """What someone needs to begin: the practice app, the administrator, and a session that is already open."""

    username: str
    password: str
    client_id: str
    access_token: str
    org_id: str


class Sessions:
    """Sign-in, sessions and budget of one org, kept in the org's file. Asked on the loop that owns the org."""

    def __init__(self, org: Org, *, clock: Callable[[], datetime]) -> None:
        self._org = org
        self.vault = Vault(org.path, clock)
        self.apps = Apps(self.vault)
        self.logins = Logins(self.vault)
        self.policies = Policies(self.vault)
        self.tokens = Tokens(self.vault, self.policies, lambda: org.org_id)
        self.tokens.on_session_end = org.close_session
        self.gate = Gate(org, self.policies, self.logins, self.tokens)
        self.history = History(self.vault, org.directory.logged_in)
        self.signer = Signer(self.vault)
        org.queries.session_rows = SessionRows(self.vault, self.policies, self.tokens)
        self.usage = Usage(self.vault)

    def close(self) -> None:
        """Close the connection to the org's file."""
        self.vault.close()

    # -- the door

    def session(self, authorization: str | None, address: str = "") -> Session:
        """The session of an `Authorization` header; raises the 401 or 403 that Salesforce answers.

        `address` is the caller's IP address; without it the policies about addresses are not looked at.
        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        token = token.strip()
        if authorization is None or not token:
            raise _expired()
        if scheme.lower() not in ("bearer", "oauth"):
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        # A token with two dots and no exclamation mark is taken for the signed kind, which this org never issues.
        if "!" not in token and token.count(".") == 2:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT")
        session = self.tokens.session(token)
        if session is None or not self.gate.stays(session.user_id, address, session.source_ip):
            raise _expired()
        return session

    def find_session(self, authorization: str | None, address: str = "") -> Session | None:
        """Like `session`, with None for every refusal."""
        try:
            return self.session(authorization, address)
        except ApiError:
            return None

    def caller(self, session: Session, *, client: str = "", api: str = "rest", version: str = "") -> Caller:
        """The caller behind a session; raises when the session or its user may not use the API."""
        if not _API_SCOPES & set(session.scope):
            message = "This session is not valid for use with the REST API"
            raise ApiError(401, "INVALID_SESSION_ID", message)
        if not self._org.directory.permissions(session.user_id).get("ApiEnabled", False):
            raise ApiError(
                403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization or User"
            )
        return Caller(session.user_id, client=client, api=api, version=version)

    def log_in(self, username: str, password: str, address: str = "", host: str = "") -> str | Barrier:
        """The cookie of a newly logged-in browser, or what keeps this person out; both go into the history."""
        user = self._org.directory.by_username(username)
        if user is None:
            return WRONG_PASSWORD
        right = self.logins.check(user["Id"], password)
        barrier = self.gate.log_in(user["Id"], address) if right else WRONG_PASSWORD
        status = SUCCESS if barrier is None else barrier.status
        self.history.note(user["Id"], BROWSER, status, source_ip=address, application="Browser", url=host)
        return self.logins.open(user["Id"]) if barrier is None else barrier

    def change_password(self, user_id: str, password: str) -> None:
        """A person's new password in place of an expired one."""
        self.logins.set_password(user_id, password)
        self.logins.set_state(user_id, {"password_expired": False})

    # -- the control address

    def set_password(self, username: str, password: str) -> None:
        """Give a user a password; raises LookupError for an unknown name."""
        self.logins.set_password(self._id_of(username), password)

    def user_state(self, username: str, changes: Mapping[str, object]) -> dict[str, bool]:
        """Freeze, lock or thaw a user, or let their password expire; returns all of it.

        Raises LookupError for an unknown name and ValueError for an unknown state, and then changes nothing.
        """
        user_id = self._id_of(username)
        for name, value in changes.items():
            if name not in STATES or not isinstance(value, bool):
                raise ValueError(f"say true or false for {', '.join(STATES)}, and nothing else")
        self.logins.set_state(user_id, {name: bool(value) for name, value in changes.items()})
        return self.logins.state(user_id)

    def app(self, client_id: str) -> App:
        """The app of a client id, or of "practice"; raises LookupError."""
        found = self.apps.find(self._practice_app if client_id == "practice" else client_id)
        if found is None:
            raise LookupError(f"no app has the client id {client_id}")
        return found

    def app_as_dict(self, app: App) -> dict[str, Any]:
        """An app as the control address shows it: its users by their names."""
        shown = app.as_dict()
        shown["approved_users"] = [self._name_of(each) for each in app.approved_users]
        shown["run_as"] = self._name_of(app.run_as) if app.run_as else None
        return shown

    def set_up_app(self, client_id: str, values: Mapping[str, object]) -> App:
        """Change an app, or make the one that is not there yet; raises ValueError with one clear sentence."""
        if client_id != "practice" and self.apps.find(client_id) is None:
            if not isinstance(values.get("name"), str) or not values["name"]:
                raise ValueError("a new app needs a name")
            self.apps.register(client_id, str(values["name"]), [])
        known = self.app(client_id)
        changed = self.apps.change(known.client_id, values, self._find_id)
        return known if changed is None else changed

    def revoke_for(self, username: str | None, client_id: str | None) -> int:
        """Setup's Revoke for a user, an app, or one user of one app; returns how much ended. Raises LookupError."""
        user_id = None if username is None else self._id_of(username)
        return self.tokens.revoke_for(user_id, None if client_id is None else self.app(client_id).client_id)

    def _find_id(self, username: str) -> str | None:
        user = self._org.directory.by_username(username)
        return None if user is None else str(user["Id"])

    def _name_of(self, user_id: str) -> str:
        user = self._org.directory.user(user_id)
        return user_id if user is None else str(user["Username"])

    def _id_of(self, username: str) -> str:
        found = self._find_id(username)
        if found is None:
            raise LookupError(f"no user is called {username}")
        return found

    def expire_sessions(self) -> None:
        """End every access token; refresh tokens live on."""
        self.tokens.expire_sessions()

    def revoke_everything(self) -> None:
        """End every access token, refresh token, code and browser log-in."""
        self.tokens.revoke_all()
        self.logins.close_all()

    def renew_org(self) -> str:
        """The sandbox is refreshed: another organisation id, and nothing that was handed out still opens it."""
        self.revoke_everything()
        return self._org.renew()

    def handout(self) -> Handout:
        """The practice app, the administrator's password and a live session: the same after a restart.

        A session that was ended meanwhile is replaced by another one. App id and password follow from the seed.
        """
        key = self.vault.secret("handout_key")
        user = self._org.directory.user(self._org.admin_id)
        if user is None:
            raise RuntimeError("the org has no administrator")
        client_id = self._practice_app
        if self.apps.find(client_id) is None:
            self.apps.register(client_id, PRACTICE_APP, PRACTICE_CALLBACKS, any_port=True)
        password = self.practice_password(self._org.admin_id)
        return Handout(
            user["Username"], password, client_id, self._handout_token(key, client_id), self._org.org_id
        )

    def practice_password(self, user_id: str) -> str:
        """The password with which somebody may practise being this user (18-character id): it follows from the id."""
        password = "practice-" + hashlib.sha256(user_id.encode()).hexdigest()[:6]
        if not self.logins.check(user_id, password):
            self.logins.set_password(user_id, password)
        return password

    @property
    def _practice_app(self) -> str:
        return "3MVG9" + _derived(self._org.admin_id, "client", 80)

    def _handout_token(self, key: str, client_id: str) -> str:
        edition = int(self.vault.setting("handout_edition", "1"))
        started = self.vault.setting("handout_started", "")
        mark = f"{self._org.org_id}/{edition}"
        token = self._token_text(key, edition)
        if started == mark:
            if self.tokens.revive(token):
                return token
            edition += 1
            token = self._token_text(key, edition)
            self.vault.set("handout_edition", str(edition))
            mark = f"{self._org.org_id}/{edition}"
        self.tokens.open_session(token, self._org.admin_id, client_id, "full")
        self.vault.set("handout_started", mark)
        return token

    def _token_text(self, key: str, edition: int) -> str:
        secret = _derived(key, f"token {self._org.org_id} {edition}", 94)
        return f"{self._org.org_id[:15]}!AQ{secret}"


def _expired() -> ApiError:
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _derived(key: str, purpose: str, length: int) -> str:
    """Text that only the holder of `key` can make, the same each time."""
    text = ""
    while len(text) < length:
        text += hmac.new(key.encode(), f"{purpose} {len(text)}".encode(), hashlib.sha256).hexdigest()
    return text[:length]
