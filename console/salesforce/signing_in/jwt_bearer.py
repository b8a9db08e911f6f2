"""Signing in without a person: a server's private key speaks for a user who was approved for the app beforehand.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm. The key is read where it is, each time
a session is needed, and never copied. A session that came this way cannot be renewed; another one is asked for.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.domain.plain import plain
from console.errors import UsageError
from console.net import is_loopback
from console.private_files import read_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from console.salesforce.signing_in.oauth import OAuth, Tokens

VALID = 180
"""Seconds that an assertion is good for: Salesforce allows five minutes, and clocks differ."""
SMALLEST_KEY = 2048
"""Bits: what Salesforce asks of an RSA certificate at least."""


def jwt_session(oauth: OAuth, username: str, key_file: Path) -> Tokens:
    """A session for the user. Two files' worth of reading and one call.

    :raises UsageError: the key cannot be used.
    :raises ConsoleError: Salesforce refuses, or does not answer.
    """
    return oauth.bearer(assertion(oauth, username, read_key(key_file)))


def assertion(oauth: OAuth, username: str, key: RSAPrivateKey) -> str:
    """The signed claim (RS256) that this app may act for this user, good for three minutes.

    :raises UsageError: there is no user name.
    """
    import jwt

    if not username.strip():
        raise UsageError("A server's key needs the user that it speaks for.", "Give --username.")
    claims = {
        "iss": oauth.client_id,
        "sub": username.strip(),
        "aud": audience(oauth.login_url),
        "exp": int(time.time()) + VALID,
    }
    return jwt.encode(claims, key, algorithm="RS256")


def audience(login_url: str) -> str:
    """Whom the claim is made for: Salesforce's own log-in host, also where people log in at their My Domain."""
    if is_loopback(login_url):
        return login_url
    host = urlsplit(login_url).hostname or ""
    sandbox = host == "test.salesforce.com" or ".sandbox." in host
    return "https://test.salesforce.com" if sandbox else "https://login.salesforce.com"


def read_key(path: Path) -> RSAPrivateKey:
    """The private key.

    :raises UsageError: it is not there, others may read it, it is locked, or it is no RSA key of 2048 bits or more.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = read_private(path, "key file")
    key = None
    problem = "is no private key in PEM form"
    try:
        key = load_pem_private_key(text, None)
    except TypeError:
        problem = "is locked with a passphrase, which nobody types on a server"
    except (ValueError, UnsupportedAlgorithm):
        pass
    if key is not None and not (isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST_KEY):
        problem, key = f"is no RSA key of {SMALLEST_KEY} bits or more", None
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(
            f"{_shown(path)} {problem}.",
            "Give the private key that belongs to the certificate in the app's settings (JWT Bearer Flow).",
        )
    return key


def _shown(path: Path) -> str:
    return plain(str(path), 300)
