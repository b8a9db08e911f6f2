"""The JWT bearer flow, with assertions that PyJWT signs: another library than the org checks them with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from conftest import Practice

    from tests.signing_in import SignIn

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Refusal = Callable[[httpx.Response], tuple[str, str]]


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def bare_key() -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def assertion(practice: Practice, key: Any = KEY, algorithm: str = "RS256", **other: Any) -> str:
    claims = {
        "iss": practice.handout.client_id,
        "sub": practice.handout.username,
        "aud": "https://login.salesforce.com",
        "exp": int(practice.clock().timestamp()) + 180,
        **other,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def ask(practice: Practice, text: str) -> httpx.Response:
    form = {"grant_type": GRANT, "assertion": text}
    return practice.http.post("/services/oauth2/token", data=form)


@pytest.fixture
def ready(practice: Practice) -> Practice:
    """The app holds the certificate, and the administrator is pre-authorized."""
    practice.app(certificate=certificate(), approved_users=[practice.handout.username])
    practice.switch(permitted_users="admin")
    return practice


@pytest.mark.parametrize("pem", [certificate, bare_key])
def test_a_pre_authorized_user_gets_a_session_and_no_refresh_token(
    ready: Practice, pem: Callable[[], str]
) -> None:
    ready.app(certificate=pem())
    reply = ask(ready, assertion(ready))
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert "refresh_token" not in body
    assert not {"refresh_token", "offline_access"} & set(body["scope"].split())
    assert body["instance_url"] == ready.base_url
    assert body["id"].startswith(f"{ready.base_url}/id/{ready.handout.org_id}/005")
    assert ready.works(body["access_token"])


@pytest.mark.parametrize(
    "audience", ["https://login.salesforce.com", "https://test.salesforce.com", "OWN", "OWN/", ["x", "OWN"]]
)
def test_the_audience_may_be_either_login_host_or_the_org_itself(ready: Practice, audience: Any) -> None:
    own = [
        each.replace("OWN", ready.base_url)
        for each in (audience if isinstance(audience, list) else [audience])
    ]
    text = assertion(ready, aud=own if isinstance(audience, list) else own[0])
    assert ask(ready, text).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://example.com"}, "invalid_grant", "Audience validation failed"),
        ({"aud": None}, "invalid_grant", "invalid assertion"),
        ({"sub": None}, "invalid_grant", "invalid assertion"),
        ({"exp": None}, "invalid_grant", "invalid assertion"),
        ({"exp": 1_700_000_000}, "invalid_grant", "expired authorization code"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "3MVG9unknown"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_wrong_claims_are_refused(
    ready: Practice, refusal: Refusal, claims: dict[str, Any], error: str, description: str
) -> None:
    assert refusal(ask(ready, assertion(ready, **claims))) == (error, description)


def test_only_the_certificates_key_and_rs256_count(ready: Practice, refusal: Refusal) -> None:
    invalid = ("invalid_grant", "invalid assertion")
    good = assertion(ready)
    head, claims, signature = good.split(".")
    curve = ec.generate_private_key(ec.SECP256R1())
    for wrong in (
        assertion(ready, key=OTHER_KEY),
        assertion(ready, key=curve, algorithm="ES256"),
        assertion(ready, key="s" * 64, algorithm="HS256"),
        jwt.encode({"iss": ready.handout.client_id, "sub": "x", "aud": "y", "exp": 1}, None, "none"),
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims[:-3]}AAA.{signature}",
        "Ünsinn.x.y",
        "e30.e30.e30",
    ):
        assert refusal(ask(ready, wrong)) == invalid
    assert refusal(ready.http.post("/services/oauth2/token", data={"grant_type": GRANT})) == (
        "invalid_request",
        "missing required parameter: assertion",
    )


def test_an_app_without_a_certificate_takes_no_assertion(practice: Practice, refusal: Refusal) -> None:
    assert refusal(ask(practice, assertion(practice))) == ("invalid_grant", "invalid assertion")


def test_an_assertion_may_be_three_minutes_late(ready: Practice, refusal: Refusal) -> None:
    now = int(ready.clock().timestamp())
    assert ask(ready, assertion(ready, exp=now - 100)).status_code == 200
    late = ask(ready, assertion(ready, exp=now - 200))
    assert refusal(late) == ("invalid_grant", "expired authorization code")


def test_who_is_not_on_the_list_is_not_admin_approved(ready: Practice, refusal: Refusal) -> None:
    ready.app(approved_users=[])
    wanted = ("invalid_app_access", "user is not admin approved to access this app")
    assert refusal(ask(ready, assertion(ready))) == wanted


def test_where_users_approve_themselves_one_must_have_done_so(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.app(certificate=certificate())
    wanted = ("invalid_grant", "user hasn't approved this consumer")
    assert refusal(ask(practice, assertion(practice))) == wanted
    client.signed_in()
    reply = ask(practice, assertion(practice))
    assert reply.status_code == 200, reply.text
    assert reply.json()["scope"] == "api openid"


def test_a_certificate_that_is_none_is_turned_away(practice: Practice) -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    other = curve.public_bytes(serialization.Encoding.PEM, kind).decode()
    for pem, sentence in (
        ("nonsense", "certificate must be a certificate or a public key in PEM form"),
        (other, "certificate must hold an RSA key"),
    ):
        reply = practice.control.post("/salesforce/apps/practice", json={"certificate": pem})
        assert (reply.status_code, reply.json()) == (400, {"error": sentence})


def test_any_app_can_be_made_and_shown_at_the_control_address(practice: Practice) -> None:
    made = practice.steer(
        "apps/3MVG9server", {"name": "Server", "certificate": bare_key(), "scopes": ["api"], "secret": "hush"}
    )
    assert made["scopes"] == ["api"]
    assert made["secret"] == "set"
    shown = practice.control.get("/salesforce/apps").json()["apps"]
    assert [app["name"] for app in shown] == ["Rehearsal practice app", "Server"]
    practice.steer("apps/3MVG9server", {"approved_users": [practice.handout.username]})
    practice.switch(permitted_users="admin")
    reply = ask(practice, assertion(practice, iss="3MVG9server"))
    assert (reply.status_code, reply.json()["scope"]) == (200, "api")
