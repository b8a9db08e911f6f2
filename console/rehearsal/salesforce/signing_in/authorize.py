"""The part of the web-server flow that happens in the browser: log-in, consent, and the way back with a code.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from console.rehearsal.salesforce import wire
from console.rehearsal.salesforce.composite import parse_query
from console.rehearsal.salesforce.signing_in import history, pages
from console.rehearsal.salesforce.signing_in.issued import Refused
from console.rehearsal.salesforce.signing_in.vault import random_text
from console.rehearsal.salesforce.signing_in.visits import Answer, Visit, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.signing_in.apps import App
    from console.rehearsal.salesforce.signing_in.sessions import Sessions

AUTHORIZE = "/services/oauth2/authorize"
ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"
_LOGIN_COOKIE = "sid_Client"
_CSRF_COOKIE = "csrf_Client"
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_USUAL_SCOPES = ("api", "refresh_token", "openid", "id")
_LEAST_PASSWORD = 8


class _ShownHere(Exception):
    """An error for the browser, because the address to send it to is not to be trusted."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


class Authorize:
    """The authorization endpoint and its pages."""

    def __init__(self, org: Org, sessions: Sessions, base_url: str) -> None:
        self._org = org
        self._sessions = sessions
        self._base_url = base_url

    def answer(self, visit: Visit) -> Answer:
        """The next page, or the way back to the app."""
        asked = parse_query(visit.query)
        if visit.method not in ("GET", "HEAD", "POST"):
            return page(400, pages.oauth_problem("invalid_request", "must use HTTP GET"))
        try:
            app, redirect_uri = self._app(asked)
        except _ShownHere as error:
            return page(400, pages.oauth_problem(error.code, error.description))
        try:
            scopes = self._checked(asked, app)
        except Refused as error:
            return _send_error(redirect_uri, asked, error)
        barrier = self._sessions.gate.host(visit.headers.get("host", ""), self._base_url)
        if barrier is not None:
            return page(403, pages.oauth_problem("login_with_my_domain", pages.MY_DOMAIN_ONLY))
        cookies = wire.cookies_of(visit.headers)
        form = visit.form() if visit.method == "POST" else {}
        if visit.method == "POST" and not self._csrf_holds(cookies, form):
            problem = "Your session has expired or cookies are blocked. Please log in again."
            return self._log_in_page(visit, cookies, asked, problem)
        if "username" in form or "pw" in form:
            return self._log_in(visit, cookies, asked, form)
        user_id = self._sessions.logins.user_of(cookies.get(_LOGIN_COOKIE, ""))
        if user_id is None or self._sessions.gate.log_in(user_id, visit.address) is not None:
            return self._log_in_page(visit, cookies, asked, "")
        prompts = asked.get("prompt", "").split()
        if "login" in prompts and visit.method != "POST" and "seen" not in asked:
            return self._log_in_page(visit, cookies, asked, "")
        if self._sessions.logins.state(user_id)["password_expired"]:
            return self._change_password(visit, cookies, form, user_id)
        refused = self._sessions.gate.app(app, user_id)
        if refused is not None:
            return self._refuse_app(visit, app, user_id, redirect_uri, asked, refused)
        return self._decide(
            visit, cookies, app, scopes, user_id, redirect_uri, asked, form.get("decision", "")
        )

    def _decide(
        self,
        visit: Visit,
        cookies: Mapping[str, str],
        app: App,
        scopes: tuple[str, ...],
        user_id: str,
        redirect_uri: str,
        asked: Mapping[str, str],
        decision: str,
    ) -> Answer:
        if decision == "deny":
            return _send_error(redirect_uri, asked, Refused("access_denied", "end-user denied authorization"))
        known = self._sessions.tokens.approved(user_id, app.client_id, scopes)
        pre_authorized = self._sessions.policies["permitted_users"] == "admin"
        if decision == "allow" or (
            (known or pre_authorized) and "consent" not in asked.get("prompt", "").split()
        ):
            code = self._sessions.tokens.issue_code(
                app.client_id,
                user_id,
                scopes,
                redirect_uri,
                asked.get("code_challenge", ""),
                asked.get("nonce", ""),
            )
            return _send_back(redirect_uri, asked, {"code": code})
        return self._consent_page(visit, cookies, app, scopes, user_id, redirect_uri)

    # -- what the app asks for

    def _app(self, asked: Mapping[str, str]) -> tuple[App, str]:
        app = self._sessions.apps.find(asked.get("client_id", ""))
        if app is None or not self._sessions.policies["app_live"]:
            raise _ShownHere("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org")
        redirect_uri = asked.get("redirect_uri", "")
        if not redirect_uri:
            raise _ShownHere("redirect_uri_missing", "redirect_uri not provided")
        if not app.accepts(redirect_uri):
            raise _ShownHere("redirect_uri_mismatch", "redirect_uri must match configuration")
        return app, redirect_uri

    def _checked(self, asked: Mapping[str, str], app: App) -> tuple[str, ...]:
        """The scopes of an authorization request; raises Refused with what goes back to the app."""
        if asked.get("response_type") != "code":
            raise Refused("unsupported_response_type", "response type not supported")
        scopes = tuple(dict.fromkeys(asked.get("scope", "").split()))
        if not scopes:
            scopes = tuple(each for each in _USUAL_SCOPES if each in app.scopes)
        if not set(scopes) <= set(app.scopes):
            raise Refused("invalid_scope", "the requested scope is invalid, unknown, or malformed")
        challenge = asked.get("code_challenge", "")
        if not challenge:
            if self._sessions.policies["pkce_required"]:
                raise Refused("invalid_request", "missing required code challenge")
            return scopes
        # Salesforce knows S256 alone, and takes it where no method is named.
        if asked.get("code_challenge_method", "S256") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise Refused("invalid_request", "invalid code challenge")
        return scopes

    def _refuse_app(
        self,
        visit: Visit,
        app: App,
        user_id: str,
        redirect_uri: str,
        asked: Mapping[str, str],
        refused: Refused,
    ) -> Answer:
        """An org that does not let the app in says so on a page of its own, as a rule: the app hears nothing."""
        self._sessions.history.note(
            user_id,
            history.OAUTH,
            f"Failed: {refused.description}",
            source_ip=visit.address,
            application=app.name,
            url=visit.headers.get("host", ""),
        )
        if self._sessions.policies["refusals_shown"] == "callback":
            return _send_error(redirect_uri, asked, refused)
        values = {"error": refused.error, "error_description": refused.description}
        if "state" in asked:
            values["state"] = asked["state"]
        return Answer(302, {"location": f"{ERROR_PAGE}?{urlencode(values)}"}, b"")

    # -- the person

    def _log_in(
        self, visit: Visit, cookies: Mapping[str, str], asked: Mapping[str, str], form: Mapping[str, str]
    ) -> Answer:
        username = form.get("username", "")
        cookie = self._sessions.log_in(
            username.strip(), form.get("pw", ""), visit.address, visit.headers.get("host", "")
        )
        if not isinstance(cookie, str):
            return self._log_in_page(visit, cookies, asked, cookie.sentence, username)
        # Back to the same request, now as somebody; a prompt for log-in is answered by this one.
        again = {**asked, "seen": "1"} if "login" in asked.get("prompt", "") else dict(asked)
        headers = {
            "location": f"{AUTHORIZE}?{urlencode(again)}",
            "set-cookie": f"{_LOGIN_COOKIE}={cookie}; path=/; HttpOnly; SameSite=Lax",
        }
        return Answer(303, headers, b"")

    def _change_password(
        self, visit: Visit, cookies: Mapping[str, str], form: Mapping[str, str], user_id: str
    ) -> Answer:
        """The page that stands between an expired password and everything else."""
        csrf, headers = self._csrf(cookies)
        problem, password = "", form.get("newpassword", "")
        if "newpassword" in form:
            if password != form.get("confirmpassword", ""):
                problem = "The passwords you entered don't match."
            elif len(password) < _LEAST_PASSWORD:
                problem = f"Your password must be at least {_LEAST_PASSWORD} characters long."
            elif self._sessions.logins.check(user_id, password):
                problem = "You can't reuse an old password."
            else:
                self._sessions.change_password(user_id, password)
                return Answer(303, {"location": f"{AUTHORIZE}?{visit.query}"}, b"")
        action = f"{AUTHORIZE}?{visit.query}"
        return page(200, pages.change_password(action=action, csrf=csrf, problem=problem), headers)

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
        return page(200, pages.log_in(action=action, csrf=csrf, username=name, problem=problem), headers)

    def _consent_page(
        self,
        visit: Visit,
        cookies: Mapping[str, str],
        app: App,
        scopes: tuple[str, ...],
        user_id: str,
        redirect_uri: str,
    ) -> Answer:
        user = self._org.directory.user(user_id)
        csrf, headers = self._csrf(cookies)
        text = pages.consent(
            action=f"{AUTHORIZE}?{visit.query}",
            csrf=csrf,
            app=app.name,
            scopes=scopes,
            username="" if user is None else user["Username"],
            callback=urlsplit(redirect_uri).netloc,
        )
        return page(200, text, headers)

    # -- the forms' hidden field

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


def error_page(visit: Visit) -> Answer:
    """Salesforce's own page for an app that was refused, with what the address says."""
    values = parse_query(visit.query)
    return page(
        200,
        pages.oauth_problem(
            "OAUTH_APPROVAL_ERROR_GENERIC",
            "An unexpected error has occurred during authentication. Please try again.",
            f"{values.get('error', '')}: {values.get('error_description', '')}",
        ),
    )


def _send_error(redirect_uri: str, asked: Mapping[str, str], refused: Refused) -> Answer:
    return _send_back(redirect_uri, asked, {"error": refused.error, "error_description": refused.description})


def _send_back(redirect_uri: str, asked: Mapping[str, str], reply: dict[str, str]) -> Answer:
    if "state" in asked:
        reply = {**reply, "state": asked["state"]}
    joint = "&" if "?" in redirect_uri else "?"
    return Answer(302, {"location": redirect_uri + joint + urlencode(reply, quote_via=quote)}, b"")
