"""JWT bearer assertions: a program signs who it wants to be with the key whose certificate its app holds.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm and
https://www.rfc-editor.org/rfc/rfc7523.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.signing_in.issued import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
"""Audiences that every org takes, besides its own addresses."""
CLOCK_SKEW = 3 * 60
"""Seconds by which the clocks may differ."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says before its signature was looked at."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires_at: float
    signed: bytes
    signature: bytes

    def check(self, certificate: str, audiences: Collection[str], now: float) -> None:
        """Raises Refused unless the certificate's key signed it, for one of these audiences, and it is not too old."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        if not certificate:
            raise _invalid()
        try:
            public_key(certificate).verify(self.signature, self.signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise _invalid() from None
        if not {each.rstrip("/") for each in self.audiences} & set(audiences):
            raise Refused("invalid_grant", "Audience validation failed")
        if self.expires_at + CLOCK_SKEW <= now:
            raise Refused("invalid_grant", "expired authorization code")


def read(text: str) -> Assertion:
    """The parts of an assertion; raises Refused when it is none that Salesforce takes (RS256, iss, sub, aud, exp)."""
    parts = text.split(".")
    if len(parts) != 3:
        raise _invalid()
    header, claims = _json(parts[0]), _json(parts[1])
    audience = claims.get("aud")
    audiences: list[Any] = audience if isinstance(audience, list) else [audience]
    texts = [claims.get("iss"), claims.get("sub"), *audiences]
    expires_at = claims.get("exp")
    if isinstance(expires_at, str) and expires_at.isdigit():
        expires_at = int(expires_at)
    if header.get("alg") != "RS256" or not all(isinstance(each, str) and each for each in texts):
        raise _invalid()
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        raise _invalid()
    signed = f"{parts[0]}.{parts[1]}".encode("ascii", "replace")
    return Assertion(claims["iss"], claims["sub"], tuple(audiences), expires_at, signed, _bytes(parts[2]))


def public_key(pem: str) -> RSAPublicKey:
    """The RSA key of a PEM certificate or public key; raises ValueError with one clear sentence."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    text = pem.strip().encode("ascii", "replace")
    try:
        if b"BEGIN CERTIFICATE" in text:
            key: object = x509.load_pem_x509_certificate(text).public_key()
        else:
            key = load_pem_public_key(text)
    except ValueError:
        raise ValueError("certificate must be a certificate or a public key in PEM form") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("certificate must hold an RSA key")
    return key


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except ValueError:
        raise _invalid() from None
    if not isinstance(value, dict):
        raise _invalid()
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None


def _invalid() -> Refused:
    return Refused("invalid_grant", "invalid assertion")
