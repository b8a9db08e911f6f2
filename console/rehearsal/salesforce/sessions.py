"""Who may call the org's API: sign-in, sessions and the call budget behind one door."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.apps import PRACTICE_CALLBACKS, Apps
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.logins import Logins
from console.rehearsal.salesforce.tokens import Session, Tokens
from console.rehearsal.salesforce.usage import Usage
from console.rehearsal.salesforce.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from console.rehearsal.salesforce.org import Org

PRACTICE_APP = "Rehearsal practice app"
_API_SCOPES = {"api", "full", "web"}
_IDENTITY_SCOPES = _API_SCOPES | {"openid", "id", "profile", "email"}


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
        self.tokens = Tokens(self.vault, lambda: org.org_id)
        self.tokens.on_session_end = org.close_session
        self.usage = Usage(self.vault)

    def close(self) -> None:
        """Close the connection to the org's file."""
        self.vault.close()

    # -- the door

    def session(self, authorization: str | None) -> Session:
        """The session of an `Authorization` header; raises the 401 or 403 that Salesforce answers."""
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
        if session is None or not self.is_active(session.user_id):
            raise _expired()
        return session

    def find_session(self, authorization: str | None) -> Session | None:
        """Like `session`, with None for every refusal."""
        try:
            return self.session(authorization)
        except ApiError:
            return None

    def caller(self, session: Session, *, client: str = "", api: str = "rest") -> Caller:
        """The caller behind a session; raises when the session or its user may not use the API."""
        if not _API_SCOPES & set(session.scope):
            message = "This session is not valid for use with the REST API"
            raise ApiError(401, "INVALID_SESSION_ID", message)
        if not self._org.permissions(session.user_id).get("ApiEnabled", False):
            raise ApiError(
                403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization or User"
            )
        return Caller(session.user_id, client=client, api=api)

    def may_see_identity(self, session: Session) -> bool:
        """Whether the session's scopes cover who its user is."""
        return bool(_IDENTITY_SCOPES & set(session.scope))

    def is_active(self, user_id: str) -> bool:
        """Whether the user exists and is not frozen out."""
        user = self._org.user(user_id)
        return user is not None and bool(user["IsActive"])

    def log_in(self, username: str, password: str) -> str | None:
        """The cookie of a newly logged-in browser, or None when name or password is wrong."""
        user = self._org.user_by_username(username)
        if user is None or not user["IsActive"] or not self.logins.check(user["Id"], password):
            return None
        return self.logins.open(user["Id"])

    # -- the control address

    def set_password(self, username: str, password: str) -> None:
        """Give a user a password; raises LookupError for an unknown name."""
        user = self._org.user_by_username(username)
        if user is None:
            raise LookupError(f"no user is called {username}")
        self.logins.set_password(user["Id"], password)

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
        user = self._org.user(self._org.admin_id)
        if user is None:
            raise RuntimeError("the org has no administrator")
        client_id = "3MVG9" + _derived(self._org.admin_id, "client", 80)
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
