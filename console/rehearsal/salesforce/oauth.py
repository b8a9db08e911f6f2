"""Signing in with OAuth 2: the web-server flow with PKCE, refresh, revocation, and who the user is.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm and
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from console.rehearsal.salesforce import pages, wire
from console.rehearsal.salesforce.apps import SCOPES, App
from console.rehearsal.salesforce.composite import parse_query
from console.rehearsal.salesforce.identity import identity, identity_url, userinfo
from console.rehearsal.salesforce.ids import normalise
from console.rehearsal.salesforce.tokens import Issued, Refused
from console.rehearsal.salesforce.vault import random_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.sessions import Sessions

AUTHORIZE = "/services/oauth2/authorize"
_LOGIN_COOKIE = "sid_Client"
_CSRF_COOKIE = "csrf_Client"
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_HTML = "text/html; charset=UTF-8"
_PAGE_HEADERS = {
    "content-type": _HTML,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@dataclass(slots=True)
class Visit:
    """One request to the sign-in part of the org."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """What was posted as a form, or stands in the query where that is allowed."""
        return parse_query(self.body.decode("utf-8", "replace"))


@dataclass(slots=True)
class Answer:
    """Status, headers and bytes; `cookies` are set beside them."""

    status: int
    headers: dict[str, str]
    body: bytes


class _ShownHere(Exception):
    """An error for the browser, because the address to send it to is not to be trusted."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


class OAuth:
    """The endpoints of sign-in, on the login host and on the instance alike."""

    def __init__(self, org: Org, sessions: Sessions, base_url: str) -> None:
        self._org = org
        self._sessions = sessions
        self._base_url = base_url.rstrip("/")

    def answer(self, visit: Visit) -> Answer | None:
        """The answer to a request, or None when its path belongs to nothing here."""
        path = visit.path.rstrip("/").lower()
        if path == AUTHORIZE:
            return self._authorize(visit)
        if path == "/services/oauth2/token":
            return self._token(visit)
        if path == "/services/oauth2/revoke":
            return self._revoke(visit)
        if path == "/services/oauth2/userinfo":
            return self._userinfo(visit)
        parts = visit.path.strip("/").split("/")
        if len(parts) == 3 and parts[0] == "id":
            return self._identity(visit, parts[1], parts[2])
        return None

    # -- authorize

    def _authorize(self, visit: Visit) -> Answer:
        asked = parse_query(visit.query)
        if visit.method not in ("GET", "HEAD", "POST"):
            return _oauth_error("invalid_request", "must use HTTP GET")
        try:
            app, redirect_uri = self._app(asked)
        except _ShownHere as error:
            return _page(400, pages.oauth_problem(error.code, error.description))
        try:
            scopes = _checked(asked)
        except Refused as error:
            return _send_back(
                redirect_uri, asked, {"error": error.error, "error_description": error.description}
            )
        cookies = wire.cookies_of(visit.headers)
        form = visit.form() if visit.method == "POST" else {}
        if visit.method == "POST" and not self._csrf_holds(cookies, form):
            problem = "Your session has expired or cookies are blocked. Please log in again."
            return self._log_in_page(visit, cookies, asked, problem)
        if "username" in form or "pw" in form:
            return self._log_in(visit, cookies, asked, form)
        user_id = self._sessions.logins.user_of(cookies.get(_LOGIN_COOKIE, ""))
        if user_id is None or not self._sessions.is_active(user_id):
            return self._log_in_page(visit, cookies, asked, "")
        prompts = asked.get("prompt", "").split()
        if "login" in prompts and visit.method != "POST" and "seen" not in asked:
            return self._log_in_page(visit, cookies, asked, "")
        decision = form.get("decision", "")
        if decision == "deny":
            denial = {"error": "access_denied", "error_description": "end-user denied authorization"}
            return _send_back(redirect_uri, asked, denial)
        known = self._sessions.tokens.approved(user_id, app.client_id, scopes) and "consent" not in prompts
        if decision == "allow" or known:
            code = self._sessions.tokens.issue_code(
                app.client_id, user_id, scopes, redirect_uri, asked["code_challenge"]
            )
            return _send_back(redirect_uri, asked, {"code": code})
        return self._consent_page(visit, cookies, app, scopes, user_id, redirect_uri)

    def _app(self, asked: Mapping[str, str]) -> tuple[App, str]:
        app = self._sessions.apps.find(asked.get("client_id", ""))
        if app is None:
            raise _ShownHere("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org")
        redirect_uri = asked.get("redirect_uri", "")
        if not redirect_uri:
            raise _ShownHere("redirect_uri_missing", "redirect_uri not provided")
        if not app.accepts(redirect_uri):
            raise _ShownHere("redirect_uri_mismatch", "redirect_uri must match configuration")
        return app, redirect_uri

    def _log_in(
        self, visit: Visit, cookies: Mapping[str, str], asked: Mapping[str, str], form: Mapping[str, str]
    ) -> Answer:
        cookie = self._sessions.log_in(form.get("username", "").strip(), form.get("pw", ""))
        if cookie is None:
            return self._log_in_page(visit, cookies, asked, pages.REFUSED_LOG_IN, form.get("username", ""))
        # Back to the same request, now as somebody; a prompt for log-in is answered by this one.
        again = {**asked, "seen": "1"} if "login" in asked.get("prompt", "") else dict(asked)
        headers = {
            "location": f"{AUTHORIZE}?{urlencode(again)}",
            "set-cookie": f"{_LOGIN_COOKIE}={cookie}; path=/; HttpOnly; SameSite=Lax",
        }
        return Answer(303, headers, b"")

    def _log_in_page(
        self,
        visit: Visit,
        cookies: Mapping[str, str],
        asked: Mapping[str, str],
        problem: str,
        username: str = "",
    ) -> Answer:
        action = f"{AUTHORIZE}?{visit.query}"
        csrf, headers = self._csrf(cookies)
        name = username or asked.get("login_hint", "")
        return _page(200, pages.log_in(action=action, csrf=csrf, username=name, problem=problem), headers)

    def _consent_page(
        self,
        visit: Visit,
        cookies: Mapping[str, str],
        app: App,
        scopes: tuple[str, ...],
        user_id: str,
        redirect_uri: str,
    ) -> Answer:
        user = self._org.user(user_id)
        csrf, headers = self._csrf(cookies)
        text = pages.consent(
            action=f"{AUTHORIZE}?{visit.query}",
            csrf=csrf,
            app=app.name,
            scopes=scopes,
            username="" if user is None else user["Username"],
            callback=urlsplit(redirect_uri).netloc,
        )
        return _page(200, text, headers)

    def _csrf(self, cookies: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The hidden field of a form, and the header that sets the cookie it belongs to when there is none."""
        cookie = cookies.get(_CSRF_COOKIE, "")
        if cookie:
            return self._csrf_of(cookie), {}
        cookie = random_text(32)
        return self._csrf_of(cookie), {
            "set-cookie": f"{_CSRF_COOKIE}={cookie}; path=/; HttpOnly; SameSite=Lax"
        }

    def _csrf_of(self, cookie: str) -> str:
        key = self._sessions.vault.secret("csrf_key")
        return hmac.new(key.encode(), cookie.encode(), hashlib.sha256).hexdigest()

    def _csrf_holds(self, cookies: Mapping[str, str], form: Mapping[str, str]) -> bool:
        cookie = cookies.get(_CSRF_COOKIE, "")
        given = form.get("csrf", "").encode()
        return bool(cookie) and hmac.compare_digest(self._csrf_of(cookie).encode(), given)

    # -- token, revoke

    def _token(self, visit: Visit) -> Answer:
        if visit.method != "POST":
            return _oauth_error("invalid_request", "must use HTTP POST")
        form = {**parse_query(visit.query), **visit.form()}
        try:
            return self._tokens(form, *_client(visit.headers, form))
        except Refused as error:
            return _oauth_error(error.error, error.description)

    def _tokens(self, form: Mapping[str, str], client_id: str, secret: str) -> Answer:
        grant_type = form.get("grant_type", "")
        if grant_type not in ("authorization_code", "refresh_token"):
            raise Refused("unsupported_grant_type", "grant type not supported")
        if self._sessions.apps.find(client_id) is None:
            raise Refused("invalid_client_id", "client identifier invalid")
        if secret:
            raise Refused("invalid_client", "invalid client credentials")
        tokens = self._sessions.tokens
        if grant_type == "refresh_token":
            issued = tokens.refresh(_needed(form, "refresh_token"), client_id)
        else:
            code, redirect_uri = _needed(form, "code"), _needed(form, "redirect_uri")
            issued = tokens.redeem_code(code, client_id, redirect_uri, form.get("code_verifier", ""))
        if not self._sessions.is_active(issued.user_id):
            tokens.revoke(issued.access_token)
            raise Refused("invalid_grant", "inactive user")
        return _json(200, self._token_reply(issued))

    def _token_reply(self, issued: Issued) -> dict[str, str]:
        who = identity_url(self._base_url, self._org.org_id, issued.user_id)
        issued_at = str(int(self._sessions.vault.now() * 1000))
        key = self._sessions.vault.secret("signature_key").encode()
        signature = hmac.new(key, (who + issued_at).encode(), hashlib.sha256).digest()
        reply = {"access_token": issued.access_token}
        if issued.refresh_token is not None:
            reply["refresh_token"] = issued.refresh_token
        return {
            **reply,
            "signature": base64.b64encode(signature).decode(),
            "scope": " ".join(issued.scope),
            "instance_url": self._base_url,
            "id": who,
            "token_type": "Bearer",
            "issued_at": issued_at,
            "api_instance_url": self._base_url,
        }

    def _revoke(self, visit: Visit) -> Answer:
        if visit.method not in ("GET", "POST"):
            return _oauth_error("invalid_request", "must use HTTP POST")
        form = {**parse_query(visit.query), **visit.form()}
        try:
            self._sessions.tokens.revoke(_needed(form, "token"))
        except Refused as error:
            return _oauth_error(error.error, error.description)
        return Answer(200, {}, b"")

    # -- who is it

    def _userinfo(self, visit: Visit) -> Answer:
        user_id = self._bearer(visit)
        user = None if user_id is None else self._org.user(user_id)
        if user is None:
            return _bad_token()
        return _json(200, userinfo(self._base_url, self._org.org_id, user))

    def _identity(self, visit: Visit, org_id: str, wanted: str) -> Answer:
        user_id = self._bearer(visit)
        user = None if user_id is None else self._org.user(user_id)
        if user is None or normalise(org_id) != self._org.org_id or normalise(wanted) != user_id:
            return _bad_token()
        return _json(200, identity(self._base_url, self._org.org_id, user))

    def _bearer(self, visit: Visit) -> str | None:
        """The user of the token, which may also come as a parameter; None when it is bad."""
        authorization = visit.headers.get("authorization")
        if authorization is None:
            form = {**parse_query(visit.query), **visit.form()}
            for name in ("access_token", "oauth_token"):
                if form.get(name):
                    authorization = f"Bearer {form[name]}"
        session = self._sessions.find_session(authorization)
        if session is None or not self._sessions.may_see_identity(session):
            return None
        return session.user_id


def _checked(asked: Mapping[str, str]) -> tuple[str, ...]:
    """The scopes of an authorization request; raises Refused with what goes back to the app."""
    if asked.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response type not supported")
    scopes = tuple(dict.fromkeys(asked.get("scope", "").split())) or ("api", "refresh_token", "openid", "id")
    if not set(scopes) <= set(SCOPES):
        raise Refused("invalid_scope", "the requested scope is invalid, unknown, or malformed")
    challenge = asked.get("code_challenge", "")
    if not challenge:
        raise Refused("invalid_request", "missing required code challenge")
    if asked.get("code_challenge_method", "plain") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Refused("invalid_request", "invalid code challenge")
    return scopes


def _client(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from the form or from HTTP Basic."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("invalid_client", "invalid client credentials") from None
        client_id, _, secret = pair.partition(":")
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _needed(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise Refused("invalid_request", f"missing required parameter: {name}")
    return form[name]


def _send_back(redirect_uri: str, asked: Mapping[str, str], reply: dict[str, str]) -> Answer:
    if "state" in asked:
        reply = {**reply, "state": asked["state"]}
    joint = "&" if "?" in redirect_uri else "?"
    return Answer(302, {"location": redirect_uri + joint + urlencode(reply, quote_via=quote)}, b"")


def _page(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {**_PAGE_HEADERS, **(headers or {})}, text.encode())


def _json(status: int, body: object) -> Answer:
    return Answer(status, {"content-type": wire.JSON_TYPE}, wire.json_bytes(body))


def _oauth_error(error: str, description: str) -> Answer:
    return _json(400, {"error": error, "error_description": description})


def _bad_token() -> Answer:
    return Answer(403, {"content-type": "text/html;charset=UTF-8"}, b"Bad_OAuth_Token")
