"""Everything about signing in behind one door: browser, token endpoint, revocation, and who the user is.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_endpoints.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.ids import normalise
from console.rehearsal.salesforce.signing_in import grants, signing
from console.rehearsal.salesforce.signing_in.authorize import ERROR_PAGE, Authorize, error_page
from console.rehearsal.salesforce.signing_in.identity import identity, identity_url, userinfo
from console.rehearsal.salesforce.signing_in.issued import Refused, Session
from console.rehearsal.salesforce.signing_in.visits import Answer, Visit, as_json, needed, oauth_error, plain

if TYPE_CHECKING:
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.signing_in.sessions import Sessions

__all__ = ["OAuth", "Visit"]
_IDENTITY_SCOPES = {"api", "full", "web", "id", "openid", "profile", "email"}
_USERINFO_SCOPES = {"openid", "full"}


class OAuth:
    """The endpoints of sign-in, on the login host and on the instance alike."""

    def __init__(self, org: Org, sessions: Sessions, base_url: str) -> None:
        self._org = org
        self._sessions = sessions
        self._base_url = base_url.rstrip("/")
        self._authorize = Authorize(org, sessions, self._base_url)
        self._grants = grants.Grants(org, sessions, self._base_url)

    async def answer(self, visit: Visit) -> Answer | None:
        """The answer to a request, or None when its path belongs to nothing here."""
        path = visit.path.rstrip("/").lower()
        match path:
            case "/services/oauth2/authorize":
                return self._authorize.answer(visit)
            case "/services/oauth2/token":
                return await self._grants.answer(visit)
            case "/services/oauth2/revoke":
                return self._revoke(visit)
            case "/services/oauth2/introspect":
                return self._introspect(visit)
            case "/services/oauth2/userinfo":
                return self._userinfo(visit)
            case "/id/keys":
                return as_json(200, self._sessions.signer.keys())
            case "/.well-known/openid-configuration":
                return as_json(200, signing.discovery(self._base_url))
        if path == ERROR_PAGE.lower():
            return error_page(visit)
        parts = visit.path.strip("/").split("/")
        if len(parts) == 3 and parts[0] == "id":
            return self._identity(visit, parts[1], parts[2])
        return None

    # -- tokens, looked at and taken back

    def _revoke(self, visit: Visit) -> Answer:
        if visit.method not in ("GET", "POST"):
            return oauth_error("invalid_request", "must use HTTP POST")
        try:
            self._sessions.tokens.revoke(needed(visit.values(), "token"))
        except Refused as error:
            return oauth_error(error.error, error.description)
        return Answer(200, {}, b"")

    def _introspect(self, visit: Visit) -> Answer:
        """RFC 7662, for apps that can prove who they are: a public client has no secret to do so."""
        if visit.method != "POST":
            return oauth_error("invalid_request", "must use HTTP POST")
        values = visit.values()
        try:
            client_id, secret = grants.credentials(visit.headers, values)
            app = self._sessions.apps.find(client_id)
            if app is None:
                raise Refused("invalid_client_id", "client identifier invalid")
            if not grants.is_secret_of(app, secret):
                raise Refused("invalid_client", "invalid client credentials")
            found = self._sessions.tokens.introspect(needed(values, "token"), client_id)
        except Refused as error:
            return oauth_error(error.error, error.description)
        user = None if found is None else self._org.directory.user(str(found["user_id"]))
        if found is None or user is None:
            return as_json(200, {"active": False})
        times = {name: found[name] for name in ("exp", "iat", "nbf") if name in found}
        reply: dict[str, object] = {
            "active": True,
            "scope": found["scope"],
            "client_id": client_id,
            "username": user["Username"],
            "sub": identity_url(self._base_url, self._org.org_id, user["Id"]),
            "token_type": found["token_type"],
        }
        return as_json(200, reply | times)

    # -- who is it

    def _userinfo(self, visit: Visit) -> Answer:
        session = self._bearer(visit)
        if isinstance(session, Answer):
            return session
        user = self._org.directory.user(session.user_id)
        if user is None or not _USERINFO_SCOPES & set(session.scope):
            return plain(403, "Bad_OAuth_Token")
        return as_json(200, userinfo(self._base_url, self._org.org_id, user))

    def _identity(self, visit: Visit, org_id: str, wanted: str) -> Answer:
        """https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm lists the refusals."""
        session = self._bearer(visit)
        if isinstance(session, Answer):
            return session
        asked_org, asked_user = normalise(org_id), normalise(wanted)
        if asked_org is None or asked_user is None:
            return plain(404, "Bad_Id")
        if asked_org != self._org.org_id:
            return plain(403, "Wrong_Org")
        user = self._org.directory.user(asked_user)
        if user is None:
            return plain(404, "Bad_Id")
        if asked_user != session.user_id or not _IDENTITY_SCOPES & set(session.scope):
            return plain(403, "No_Access")
        return as_json(
            200, identity(self._base_url, self._org.org_id, user, visit.values().get("version", ""))
        )

    def _bearer(self, visit: Visit) -> Session | Answer:
        """The session of the token, which may also come as a parameter; a refusal when there is none."""
        authorization = visit.headers.get("authorization")
        if authorization is None:
            values = visit.values()
            for name in ("access_token", "oauth_token"):
                if values.get(name):
                    authorization = f"Bearer {values[name]}"
        if authorization is None:
            return plain(403, "Missing_OAuth_Token")
        session = self._sessions.find_session(authorization, visit.address)
        return plain(403, "Bad_OAuth_Token") if session is None else session
