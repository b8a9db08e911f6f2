"""What sign-in hands out, and how it says no."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass


class Refused(Exception):
    """The token endpoint's no: an OAuth `error` and its `description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Session:
    """Who a bearer token stands for. `key` names the session without revealing its token."""

    key: str
    user_id: str
    client_id: str
    scope: tuple[str, ...]
    source_ip: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """What one visit of the token endpoint hands out."""

    access_token: str
    refresh_token: str | None
    user_id: str
    scope: tuple[str, ...]
    nonce: str = ""


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a code verifier: https://www.rfc-editor.org/rfc/rfc7636#section-4.2."""
    hashed = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
