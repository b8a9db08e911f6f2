"""ID tokens, and the keys and addresses with which anybody can check them.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm and
https://openid.net/specs/openid-connect-core-1_0.html#IDToken.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.signing_in.apps import SCOPES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from console.rehearsal.salesforce.signing_in.vault import Vault

ID_TOKEN_SECONDS = 120
_KEY_BITS = 2048


class Signer:
    """The org's signing key, drawn when it is first needed and kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._loaded: RSAPrivateKey | None = None

    @property
    def _key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        if self._loaded is None:
            kept = self._vault.setting("id_token_key", "")
            if kept:
                key = serialization.load_pem_private_key(kept.encode(), None)
                if not isinstance(key, rsa.RSAPrivateKey):
                    raise TypeError("the org's signing key is no RSA key")
                self._loaded = key
            else:
                self._loaded = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
                pem = self._loaded.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                self._vault.set("id_token_key", pem.decode())
        return self._loaded

    def id_token(
        self, *, issuer: str, subject: str, audience: str, access_token: str, nonce: str = ""
    ) -> str:
        """Who signed in, signed with RS256; it says so for two minutes."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        now = int(self._vault.now())
        claims = {
            "at_hash": _text(hashlib.sha256(access_token.encode()).digest()[:16]),
            "sub": subject,
            "aud": audience,
            "iss": issuer,
            "exp": now + ID_TOKEN_SECONDS,
            "iat": now,
        }
        if nonce:
            claims["nonce"] = nonce
        header = {"alg": "RS256", "kid": self._kid(), "typ": "JWT"}
        signed = f"{_text(json.dumps(header).encode())}.{_text(json.dumps(claims).encode())}"
        return f"{signed}.{_text(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"

    def keys(self) -> dict[str, Any]:
        """The reply of `/id/keys`: https://www.rfc-editor.org/rfc/rfc7517."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
            "alg": "RS256",
            "use": "sig",
            "kid": self._kid(),
        }
        return {"keys": [key]}

    def _kid(self) -> str:
        number = self._key.public_key().public_numbers().n
        return str(100 + int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:2], "big") % 200)


def discovery(base_url: str) -> dict[str, Any]:
    """The reply of `/.well-known/openid-configuration`."""
    oauth = f"{base_url}/services/oauth2"
    return {
        "issuer": base_url,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{base_url}/id/keys",
        "introspection_endpoint": f"{oauth}/introspect",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["at_hash", "aud", "exp", "iat", "iss", "nonce", "sub"],
    }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
