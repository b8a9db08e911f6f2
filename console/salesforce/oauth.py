"""Signing in to Salesforce: authorization code with PKCE, refresh, revocation, identity."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives. Never shows the tokens."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    instance_url: str
    identity_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in, and where."""

    user_id: str
    org_id: str
    username: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A PKCE pair: the verifier stays here, its challenge goes to the browser."""

    verifier: str = field(repr=False)
    challenge: str


def new_proof() -> Proof:
    """A fresh PKCE pair (S256)."""
    raise NotImplementedError


def new_state() -> str:
    """A fresh, unguessable `state`."""
    raise NotImplementedError


class OAuth:
    """The OAuth endpoints of one login host for one app (a public client: no secret is ever sent)."""

    def __init__(
        self,
        login_url: str,
        client_id: str,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        raise NotImplementedError

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str, login_hint: str = "") -> str:
        """The address to open in the browser."""
        raise NotImplementedError

    def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Tokens:
        """Turn the code into tokens. A code works once."""
        raise NotImplementedError

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; `refresh_token` of the answer is the new one where the org rotates them, else the old one."""
        raise NotImplementedError

    def revoke(self, token: str) -> bool:
        """End a token. False when the org did not know it (any more)."""
        raise NotImplementedError

    def identity(self, tokens: Tokens) -> Identity:
        """Who these tokens belong to."""
        raise NotImplementedError
