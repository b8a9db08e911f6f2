"""ID tokens that another library checks, introspection, refreshes that meet, and what Setup's Revoke ends."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import jwt

if TYPE_CHECKING:
    from tests.signing_in import SignIn

    from .conftest import Practice

Refusal = Callable[[httpx.Response], tuple[str, str]]
EXPIRED = ("invalid_grant", "expired access/refresh token")


def test_an_id_token_can_be_checked_with_the_published_key(practice: Practice, client: SignIn) -> None:
    told = practice.http.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == practice.base_url
    assert told["token_endpoint"] == f"{practice.base_url}/services/oauth2/token"
    client.extra = {"nonce": "n-0S6_WzA2Mj"}
    reply = client.signed_in()
    (key,) = httpx.get(told["jwks_uri"], trust_env=False).json()["keys"]
    assert jwt.get_unverified_header(reply["id_token"])["kid"] == key["kid"]
    claims = jwt.decode(
        reply["id_token"],
        jwt.PyJWK(key),
        algorithms=["RS256"],
        audience=practice.handout.client_id,
        issuer=told["issuer"],
    )
    assert claims["sub"] == reply["id"]
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["exp"] - claims["iat"] == 120
    half = hashlib.sha256(reply["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_without_the_openid_scope_there_is_neither_id_token_nor_userinfo(
    practice: Practice, client: SignIn
) -> None:
    client.scope = "api"
    reply = client.signed_in()
    assert "id_token" not in reply
    headers = {"Authorization": f"Bearer {reply['access_token']}"}
    userinfo = practice.http.get("/services/oauth2/userinfo", headers=headers)
    assert (userinfo.status_code, userinfo.text) == (403, "Bad_OAuth_Token")
    assert practice.http.get(reply["id"], headers=headers).status_code == 200


def test_a_session_without_the_api_scope_opens_no_api(practice: Practice, client: SignIn) -> None:
    client.scope = "openid id"
    headers = {"Authorization": f"Bearer {client.signed_in()['access_token']}"}
    reply = practice.http.get("/services/data/v62.0/limits", headers=headers)
    assert reply.status_code in (401, 403)
    assert reply.json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert practice.http.get("/services/oauth2/userinfo", headers=headers).status_code == 200


def test_the_identity_can_name_a_version_in_its_addresses(practice: Practice, client: SignIn) -> None:
    reply = client.signed_in()
    headers = {"Authorization": f"Bearer {reply['access_token']}"}
    urls = practice.http.get(reply["id"], params={"version": "62.0"}, headers=headers).json()["urls"]
    assert urls["query"] == f"{practice.base_url}/services/data/v62.0/query/"
    latest = practice.http.get(reply["id"], params={"version": "latest"}, headers=headers).json()["urls"]
    assert "{" not in "".join(latest.values())


def test_an_app_with_a_secret_can_ask_about_its_tokens(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    reply = client.signed_in()
    form = {"token": reply["access_token"], "client_id": practice.handout.client_id}

    def ask(**more: str) -> httpx.Response:
        return practice.http.post("/services/oauth2/introspect", data={**form, **more})

    assert refusal(ask()) == ("invalid_client", "invalid client credentials")
    practice.app(secret="shibboleth")
    told = ask(client_secret="shibboleth").json()
    assert told["active"] is True
    assert told["username"] == practice.handout.username
    assert told["sub"] == reply["id"]
    assert told["scope"] == reply["scope"]
    assert told["exp"] - told["iat"] >= 120 * 60
    refresh = ask(client_secret="shibboleth", token=reply["refresh_token"]).json()
    assert (refresh["active"], refresh["token_type"]) == (True, "refresh_token")
    practice.clock.forward(hours=3)
    assert ask(client_secret="shibboleth").json() == {"active": False}
    other = ask(client_secret="shibboleth", token=practice.handout.access_token + "x")
    assert other.json() == {"active": False}


def test_of_two_refreshes_at_once_one_is_told_to_wait(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.switch(refresh_takes_ms=400)
    token = client.signed_in()["refresh_token"]
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(client.refresh, [token] * 3))
    refused = [refusal(reply) for reply in replies if reply.status_code != 200]
    assert refused == [("invalid_grant", "token request is already being processed")] * 2
    practice.switch(refresh_takes_ms=0)
    assert client.refresh(token).status_code == 200


def test_with_rotation_a_token_that_comes_again_ends_its_family_only(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.steer("options", {"refresh_token_rotation": True})
    other = client.signed_in()
    first = client.signed_in()
    second = client.refresh(first["refresh_token"]).json()
    third = client.refresh(second["refresh_token"]).json()
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert refusal(client.refresh(first["refresh_token"])) == EXPIRED
    assert not practice.works(third["access_token"])
    assert refusal(client.refresh(third["refresh_token"])) == EXPIRED
    assert client.refresh(other["refresh_token"]).status_code == 200


def test_setups_revoke_ends_one_users_access_for_one_app(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    first = client.signed_in()
    steer = practice.steer
    integration = practice.rehearsal.handout["salesforce"]["integration"]["username"]
    assert steer("sessions/revoke", {"user": integration, "app": "practice"}) == {"revoked": 0}
    assert practice.works(first["access_token"])
    ended = steer("sessions/revoke", {"user": practice.handout.username, "app": "practice"})
    assert ended == {"revoked": 3}, "an approval, its session, and the one that was handed out"
    assert not practice.works(first["access_token"])
    assert refusal(client.refresh(first["refresh_token"])) == EXPIRED
    again = client.signed_in()
    assert steer("sessions/revoke", {"app": "practice"}) == {"revoked": 2}
    assert refusal(client.refresh(again["refresh_token"])) == EXPIRED


def test_revoke_says_what_it_does_not_know(practice: Practice) -> None:
    for body, sentence in (
        ({"app": "3MVG9unknown"}, "no app has the client id 3MVG9unknown"),
        ({"user": "nobody@example.com"}, "no user is called nobody@example.com"),
        ({"usr": "x"}, 'say {"user": username}'),
    ):
        reply = practice.control.post("/salesforce/sessions/revoke", json=body)
        assert reply.status_code == 400
        assert reply.json()["error"].startswith(sentence)


def test_after_a_sandbox_refresh_nothing_from_before_opens_the_org(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    first = client.signed_in()
    answer = practice.steer("org", {"new_id": True})
    assert answer["org_id"] != practice.handout.org_id
    assert not practice.works(first["access_token"])
    assert refusal(client.refresh(first["refresh_token"])) == EXPIRED
    assert practice.works(answer["access_token"])
    assert client.signed_in()["id"].split("/")[-2] == answer["org_id"]


def test_forms_come_in_every_spelling(practice: Practice, client: SignIn) -> None:
    token = client.signed_in()["refresh_token"]
    pairs = {"refresh_token": token, "client_id": practice.handout.client_id, "grant_type": "refresh_token"}
    text = httpx.QueryParams(pairs)
    kind = {"Content-Type": "Application/X-WWW-Form-URLencoded; Charset=utf-8"}
    path = "/services/oauth2/token"
    post = practice.http.post

    def pieces() -> list[bytes]:
        raw = str(text).encode()
        return [raw[:7], raw[7:50], raw[50:]]

    assert post(path, content=iter(pieces()), headers=kind).status_code == 200
    assert post(f"{path}/", content=str(text), headers=kind).status_code == 200
    assert post(path, params=pairs).status_code == 200
    assert (
        post(path, content=f"format=json&{text}&extra=%FF&grant_type=refresh_token", headers=kind).status_code
        == 200
    )
    got = practice.http.get(path, params=pairs)
    assert got.json() == {"error": "invalid_request", "error_description": "must use HTTP POST"}
    assert post(path, json=pairs).json()["error"] == "unsupported_grant_type"
