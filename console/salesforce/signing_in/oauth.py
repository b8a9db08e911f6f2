"""Signing in to Salesforce: authorization code with PKCE, refresh, revocation, identity.

For a public client, an External Client App that requires PKCE and no secret:
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm, RFC 7636 and RFC 8252.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from console.domain.ids import to_18
from console.errors import SignInNeeded, Unreachable, UsageError
from console.net import is_loopback, origin, without
from console.salesforce.signing_in.oauth_errors import oauth_error
from console.web import json_of, no_answer, web_client

SCOPES = "api refresh_token openid"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""https://datatracker.ietf.org/doc/html/rfc7523"""
_IDENTITY = re.compile(r"/id/(00D[0-9A-Za-z]{12,15})/(005[0-9A-Za-z]{12,15})/?")
# What revocation answers for a token that it does not know (any more).
_UNKNOWN_TOKEN = frozenset({"invalid_token", "unsupported_token_type"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives. Never shows the tokens."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    instance_url: str
    """Where this org's API answers now, ``https://host``; it can change with every sign-in and refresh."""
    identity_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in, and where. Ids have 18 characters."""

    user_id: str
    org_id: str
    username: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A PKCE pair (S256): the verifier stays here, its challenge goes to the browser."""

    verifier: str = field(repr=False)
    challenge: str


def new_proof() -> Proof:
    """A fresh PKCE pair of 256 random bits."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return Proof(verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"))


def new_state() -> str:
    """A fresh, unguessable `state`."""
    return secrets.token_urlsafe(32)


class OAuth:
    """The OAuth endpoints of one login host for one app. No secret is ever sent. Safe to use from several threads.

    :param login_url: My Domain, ``https://login.salesforce.com`` or ``https://test.salesforce.com``.
    :param client_id: the app's consumer key; None for a session that came without an app, which can only be ended.
    :raises UsageError: the address or the consumer key cannot be one.
    """

    def __init__(
        self,
        login_url: str,
        client_id: str | None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.login_url = origin(login_url, "the Salesforce login address")
        self.client_id = (client_id or "").strip()
        if client_id is not None and (
            not self.client_id or not self.client_id.isascii() or not self.client_id.isprintable()
        ):
            raise UsageError(
                "The app's consumer key is missing or damaged.",
                "Copy it from Setup, External Client App Manager, the app's OAuth settings.",
            )
        self._timeout = timeout
        self._transport = transport

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str, login_hint: str = "") -> str:
        """The address to open in the browser."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if login_hint:
            asked["login_hint"] = login_hint
        return f"{self.login_url}/services/oauth2/authorize?{urlencode(asked, quote_via=quote)}"

    def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Tokens:
        """Turn the code into tokens. A code works once and not for long.

        :raises ConsoleError: SignInNeeded or Refused with what Salesforce said, in words; Unreachable.
        """
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return self._tokens(asked, None)

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens. Where the org rotates refresh tokens the answer holds a new one and the old one is dead; else the old one.

        :raises ConsoleError: SignInNeeded when the session was revoked or has ended; Unreachable.
        """
        asked = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        return self._tokens(asked, refresh_token)

    def bearer(self, assertion: str) -> Tokens:
        """A session for a signed claim (JWT bearer); it comes without a refresh token.

        :raises ConsoleError: SignInNeeded where Salesforce refuses the claim; Unreachable.
        """
        return self._tokens({"grant_type": JWT_BEARER, "assertion": assertion}, None)

    def revoke(self, token: str) -> bool:
        """End a token; ending a refresh token ends its access tokens too.

        :returns: False when the org did not know the token (any more).
        :raises ConsoleError: Unreachable, or whatever else Salesforce refuses with.
        """
        status, data = self._post("/services/oauth2/revoke", {"token": token}, self.login_url)
        if status == 200:
            return True
        error, description = _error(without(data, token))
        if error in _UNKNOWN_TOKEN:
            return False
        raise oauth_error(error, description)

    def identity(self, tokens: Tokens) -> Identity:
        """Who these tokens belong to. Asked at the org itself, wherever the identity address points.

        :raises SignInNeeded: the token is not accepted.
        :raises Unreachable: no answer, or one that is not Salesforce's.
        """
        found = _IDENTITY.fullmatch(urlsplit(tokens.identity_url).path)
        if found is None:
            raise self._strange(tokens.instance_url)
        path = f"/id/{found.group(1)}/{found.group(2)}"
        status, data = self._send(
            "GET", tokens.instance_url, path, headers={"Authorization": f"Bearer {tokens.access_token}"}
        )
        if status in (401, 403):
            raise SignInNeeded("Salesforce does not accept the access token.", "Sign in to Salesforce again.")
        if status != 200 or not isinstance(data, dict):
            raise self._strange(tokens.instance_url)
        try:
            return Identity(
                user_id=to_18(data["user_id"]),
                org_id=to_18(data["organization_id"]),
                username=str(data["username"]),
                display_name=str(data.get("display_name") or ""),
            )
        except (KeyError, ValueError, AttributeError):
            raise self._strange(tokens.instance_url) from None

    def _tokens(self, asked: Mapping[str, str], old_refresh: str | None) -> Tokens:
        status, data = self._post("/services/oauth2/token", asked, self.login_url)
        if status != 200:
            secrets_sent = (
                asked.get(name) or "" for name in ("code", "code_verifier", "refresh_token", "assertion")
            )
            error, description = _error(without(data, *secrets_sent))
            if error:
                raise oauth_error(error, description)
            raise self._strange(self.login_url)
        if not isinstance(data, dict):
            raise self._strange(self.login_url)
        access, instance = data.get("access_token"), data.get("instance_url")
        if not isinstance(access, str) or not access or not isinstance(instance, str):
            raise self._strange(self.login_url)
        if is_loopback(instance) and not is_loopback(self.login_url):
            raise self._strange(self.login_url)
        refresh = data.get("refresh_token")
        return Tokens(
            access_token=access,
            refresh_token=refresh if isinstance(refresh, str) and refresh else old_refresh,
            instance_url=origin(instance, "the org's address"),
            identity_url=str(data.get("id") or ""),
            scope=str(data.get("scope") or ""),
        )

    def _post(self, path: str, form: Mapping[str, str], host: str) -> tuple[int, Any]:
        return self._send("POST", host, path, form=form)

    def _send(
        self,
        method: str,
        host: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and JSON (an empty object when there is none to be had from an error or an empty answer)."""
        failure: Unreachable | None = None
        response: httpx.Response | None = None
        with web_client(host, timeout=self._timeout, transport=self._transport) as http:
            try:
                response = http.request(method, path, data=form, headers=headers)
            except httpx.RequestError as error:
                failure = no_answer(error, "Salesforce", host, writing=method != "GET")
        if response is None or failure is not None:
            raise failure or self._strange(host)
        is_json, data = json_of(response.headers, response.content)
        status = response.status_code
        if status >= 500:
            raise Unreachable(
                f"Salesforce at {urlsplit(host).netloc} has a fault ({status}).",
                "Try again in a few minutes.",
                code=str(status),
                maybe_done=method != "GET",
            )
        if is_json:
            return status, data
        if status in (401, 403) or (status == 200 and not response.content.strip()):
            return status, {}
        raise self._strange(host)

    def _strange(self, host: str) -> Unreachable:
        return Unreachable(
            f"{urlsplit(host).netloc} does not answer as Salesforce's sign-in does.",
            "Check the login address: login.salesforce.com, test.salesforce.com, or the org's own My Domain.",
        )


def _error(data: Any) -> tuple[str, str]:
    if not isinstance(data, dict):
        return "", ""
    return str(data.get("error") or ""), str(data.get("error_description") or "")
