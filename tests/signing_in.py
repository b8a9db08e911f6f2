"""A public client with PKCE and a browser without scripts: the whole way through signing in at a practice org."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

CALLBACK = "http://localhost:1717/callback"


class Keys(Protocol):
    """What a rehearsal hands out."""

    @property
    def client_id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


class Place(Protocol):
    """Where one signs in."""

    @property
    def base_url(self) -> str: ...
    @property
    def handout(self) -> Keys: ...
    @property
    def http(self) -> httpx.Client: ...


@dataclass
class SignIn:
    """The authorization request of a public client with PKCE, and a browser without scripts that follows it."""

    served: Place
    scope: str = "api refresh_token openid"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = httpx.Client(base_url=self.served.base_url, trust_env=False, timeout=20)

    def close(self) -> None:
        self.browser.close()

    @property
    def challenge(self) -> str:
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()

    def address(self, **other: str | None) -> str:
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.served.handout.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "st ate/+&=ü",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **self.extra,
            **other,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return f"/services/oauth2/authorize?{urlencode(given)}"

    def log_in_page(self, **other: str | None) -> httpx.Response:
        return self.browser.get(self.address(**other))

    def send(self, page: httpx.Response, **values: str) -> httpx.Response:
        """Fill in the form of a page and send it, with its hidden fields."""
        action = html.unescape(re.search(r'<form [^>]*action="([^"]*)"', page.text)[1])  # type: ignore[index]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text))
        return self.browser.post(action, data={**hidden, **values})

    def log_in(self, username: str = "", password: str = "", **other: str | None) -> httpx.Response:
        """Log in and return the page that comes next (the consent page, as a rule)."""
        page = self.log_in_page(**other)
        if page.status_code == 302:
            return page
        sent = self.send(
            page,
            username=username or self.served.handout.username,
            pw=password or self.served.handout.password,
        )
        if sent.status_code != 303:
            return sent
        return self.browser.get(sent.headers["location"])

    def allowed(self, **other: str | None) -> dict[str, str]:
        """Log in, allow, and return what the callback address got."""
        page = self.log_in(**other)
        reply = page if page.status_code == 302 else self.send(page, decision="allow")
        return self.came_back(reply)

    @staticmethod
    def came_back(reply: httpx.Response) -> dict[str, str]:
        """What a redirect carries to the callback address."""
        assert reply.status_code == 302, reply.text
        query = urlsplit(reply.headers["location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def token(self, **values: str | None) -> httpx.Response:
        given = {"client_id": self.served.handout.client_id, **values}
        form = {name: value for name, value in given.items() if value is not None}
        return self.served.http.post("/services/oauth2/token", data=form)

    def redeem(self, issued_code: str, **other: str | None) -> httpx.Response:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": issued_code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **other,
        }
        return self.token(**values)

    def signed_in(self) -> dict[str, Any]:
        reply = self.redeem(self.allowed()["code"])
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)
