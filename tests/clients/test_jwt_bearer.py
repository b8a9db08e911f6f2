"""Signing in with a server's key: the key's rights, the claim, and what Salesforce answers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from console.errors import SignInNeeded, UsageError
from console.salesforce.signing_in.jwt_bearer import audience, jwt_session, read_key
from console.salesforce.signing_in.oauth import JWT_BEARER, OAuth
from tests.clients.site import Answer, Handler, Site, everything_told

Serve = Callable[[Handler], Site]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOKEN = "00Dxx0000001gPL!granted"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    path.write_bytes(pem(KEY))
    path.chmod(0o600)
    return path


def test_the_claim_names_app_user_host_and_minutes(serve: Serve, key_file: Path) -> None:
    site = serve(
        lambda _: Answer(body={"access_token": TOKEN, "instance_url": "https://acme.my.salesforce.com"})
    )
    oauth = OAuth(site.url, "3MVG9client")
    tokens = jwt_session(oauth, " sync@acme.com\n", key_file)
    assert (tokens.access_token, tokens.refresh_token) == (TOKEN, None)
    form = site.requests[0].form
    assert form["grant_type"] == JWT_BEARER
    assert set(form) == {"grant_type", "assertion"}
    claims = jwt.decode(form["assertion"], KEY.public_key(), algorithms=["RS256"], audience=site.url)
    assert (claims["iss"], claims["sub"]) == ("3MVG9client", "sync@acme.com")
    assert 60 < claims["exp"] - time.time() <= 180


@pytest.mark.parametrize(
    ("login_url", "wanted"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_the_audience_is_salesforces_log_in_host(login_url: str, wanted: str) -> None:
    assert audience(login_url) == wanted


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_key_that_others_may_read_or_change_is_not_used(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(UsageError, match=f"mode {mode:04o}") as caught:
        read_key(key_file)
    assert "chmod 600" in caught.value.advice


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no private key"),
        (b"hunter2", "no private key"),
        (KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
         "no private key"),
        (pem(KEY, b"hunter2"), "locked with a passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key of 2048 bits"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "no RSA key of 2048 bits"),
        (b"x" * 70_000, "too large"),
    ],
    ids=["empty", "no key", "a public key", "locked", "elliptic", "too short", "too large"],
)  # fmt: skip
def test_what_is_no_such_key_is_told_without_what_it_holds(key_file: Path, content: bytes, said: str) -> None:
    key_file.write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        read_key(key_file)
    told = everything_told(caught.value)
    assert "hunter2" not in told.replace(said, "")
    assert "BEGIN" not in told


def test_a_missing_key_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_key(tmp_path / "none")
    with pytest.raises(UsageError, match=r"is a directory|no file"):
        read_key(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(UsageError, match="no file"):
        read_key(pipe)


def test_a_refused_claim_is_explained_and_never_shown(serve: Serve, key_file: Path) -> None:
    def refuse(request: object) -> Answer:
        claim = request.form["assertion"]  # type: ignore[attr-defined]
        return Answer(
            400,
            {"error": "invalid_grant", "error_description": f"user hasn't approved this consumer {claim}"},
        )

    site = serve(refuse)
    with pytest.raises(SignInNeeded, match="not approved") as caught:
        jwt_session(OAuth(site.url, "3MVG9client"), "sync@acme.com", key_file)
    assert site.requests[0].form["assertion"] not in everything_told(caught.value)


def test_without_a_user_nothing_is_sent(serve: Serve, key_file: Path) -> None:
    site = serve(lambda _: Answer(500))
    with pytest.raises(UsageError, match="the user"):
        jwt_session(OAuth(site.url, "3MVG9client"), " ", key_file)
    assert site.requests == []
