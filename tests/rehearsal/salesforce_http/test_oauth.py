from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

import httpx
import pytest

from console.rehearsal.salesforce.signing_in import tokens

if TYPE_CHECKING:
    from conftest import Served, SignIn

V = "/services/data/v62.0"


def error_of(reply: httpx.Response) -> tuple[int, str, str]:
    body = reply.json()
    assert list(body) == ["error", "error_description"]
    return reply.status_code, body["error"], body["error_description"]


def works(served: Served, token: str) -> bool:
    reply = served.http.get(f"{V}/limits", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code in (200, 401)
    return reply.status_code == 200


# -- the whole way


def test_a_person_logs_in_allows_and_the_app_gets_tokens(own: Served, sign_in: SignIn) -> None:
    came_back = sign_in.allowed()
    assert came_back["state"] == "st ate/+&=ü"
    reply = sign_in.redeem(came_back["code"])
    body = reply.json()
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert list(body) == [
        "access_token",
        "refresh_token",
        "signature",
        "scope",
        "id_token",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
        "api_instance_url",
    ]
    assert body["access_token"].startswith(own.org.org_id[:15] + "!")
    assert body["instance_url"] == own.base_url
    assert body["id"] == f"{own.base_url}/id/{own.org.org_id}/{own.org.admin_id}"
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "api refresh_token openid"
    assert body["issued_at"].isdigit()
    assert abs(int(body["issued_at"]) / 1000 - own.clock().timestamp()) < 60
    key = own.sessions.vault.secret("signature_key").encode()
    signed = hmac.new(key, (body["id"] + body["issued_at"]).encode(), hashlib.sha256).digest()
    assert base64.b64decode(body["signature"]) == signed
    assert works(own, body["access_token"])


def test_tokens_are_kept_as_hashes_only(own: Served, sign_in: SignIn) -> None:
    body = sign_in.signed_in()
    own.sessions.vault.set("poke", "so that the file is written")
    own.sessions.close()
    stored = b"".join(file.read_bytes() for file in own.org.path.parent.iterdir())
    for secret in (
        body["access_token"],
        body["refresh_token"],
        own.handout.access_token,
        own.handout.password,
    ):
        assert secret.encode() not in stored


def test_without_the_scope_there_is_no_refresh_token(sign_in: SignIn) -> None:
    sign_in.scope = "api"
    assert "refresh_token" not in sign_in.signed_in()


# -- the pages


def test_the_log_in_page_is_plain_html_with_labels_and_no_script(sign_in: SignIn) -> None:
    page = sign_in.log_in_page(login_hint='a"<b>@example.com')
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=UTF-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert '<label for="username">' in page.text
    assert '<label for="password">' in page.text
    assert 'lang="en"' in page.text
    assert "<script" not in page.text
    assert 'value="a&quot;&lt;b&gt;@example.com"' in page.text


@pytest.mark.parametrize("who", ["wrong password", "unknown user", "inactive user"])
def test_a_refused_log_in_says_so_and_asks_again(own: Served, sign_in: SignIn, who: str) -> None:
    username, password = own.handout.username, own.handout.password
    if who == "wrong password":
        password = "wrong"
    elif who == "unknown user":
        username = "nobody'<b>@example.com"
    else:
        own.on_loop(lambda org: org.update(own.system, "User", org.admin_id, {"IsActive": False}))
    page = sign_in.log_in(username, password)
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "Please check your username and password." in page.text
    assert "<b>@example" not in page.text
    assert password not in page.text


def test_a_username_counts_in_any_case(own: Served, sign_in: SignIn) -> None:
    assert "Allow Access?" in sign_in.log_in(own.handout.username.upper()).text


def test_the_consent_page_names_app_user_and_wishes(own: Served, sign_in: SignIn) -> None:
    page = sign_in.log_in()
    for text in (
        "Rehearsal practice app",
        own.handout.username,
        "Manage user data via APIs",
        "Perform requests at any time",
        "localhost:1717",
    ):
        assert text in page.text


def test_a_form_without_its_hidden_token_does_nothing(sign_in: SignIn) -> None:
    page = sign_in.log_in()
    forged = sign_in.browser.post(str(page.url), data={"decision": "allow", "csrf": "0" * 64})
    assert forged.status_code == 200
    assert 'id="login_form"' in forged.text
    sign_in.browser.cookies.delete("csrf_Client")
    assert sign_in.send(page, decision="allow").status_code == 200


def test_a_user_who_denies_sends_the_app_away(sign_in: SignIn) -> None:
    reply = sign_in.send(sign_in.log_in(), decision="deny")
    assert sign_in.came_back(reply) == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "st ate/+&=ü",
    }
    assert "end-user%20denied%20authorization" in reply.headers["location"]


def test_without_a_state_none_comes_back(sign_in: SignIn) -> None:
    assert set(sign_in.allowed(state=None)) == {"code"}


def test_an_approved_app_is_not_asked_about_again_unless_it_wants_more(sign_in: SignIn) -> None:
    sign_in.signed_in()
    assert sign_in.log_in_page().status_code == 302
    assert "Allow Access?" in sign_in.log_in_page(prompt="consent").text
    assert "Allow Access?" in sign_in.log_in_page(scope="api refresh_token openid web").text


def test_a_prompt_for_log_in_asks_for_the_password_once_more(sign_in: SignIn) -> None:
    sign_in.signed_in()
    page = sign_in.log_in_page(prompt="login")
    assert 'id="login_form"' in page.text
    assert sign_in.log_in(prompt="login").status_code == 302


# -- what an authorization request can get wrong


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_id": "3MVG9unknown"}, "OAUTH_EC_APP_NOT_FOUND"),
        ({"client_id": None}, "OAUTH_EC_APP_NOT_FOUND"),
        ({"redirect_uri": "http://localhost:1717/other"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://localhost:1717/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost:1717/callback?next=/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://user@localhost:1717/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost.example.com:1717/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost:99999/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri_missing"),
    ],
)
def test_an_untrusted_address_gets_no_redirect(
    sign_in: SignIn, wrong: dict[str, str | None], code: str
) -> None:
    page = sign_in.log_in_page(**wrong)
    assert page.status_code == 400
    assert f"<code>{code}</code>" in page.text
    assert "location" not in page.headers


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"response_type": "token"}, "unsupported_response_type", "response type not supported"),
        ({"response_type": None}, "unsupported_response_type", "response type not supported"),
        ({"code_challenge": None}, "invalid_request", "missing required code challenge"),
        ({"code_challenge_method": "plain"}, "invalid_request", "invalid code challenge"),
        ({"code_challenge": "short"}, "invalid_request", "invalid code challenge"),
        (
            {"scope": "api everything"},
            "invalid_scope",
            "the requested scope is invalid, unknown, or malformed",
        ),
    ],
)
def test_other_mistakes_go_back_to_the_app(
    sign_in: SignIn, wrong: dict[str, str | None], error: str, description: str
) -> None:
    values = sign_in.came_back(sign_in.log_in_page(**wrong))
    assert values == {"error": error, "error_description": description, "state": "st ate/+&=ü"}


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8719/callback", "http://localhost:49152/callback", "http://127.0.0.1:50000/callback"],
)
def test_the_practice_app_takes_any_port_of_this_computer(sign_in: SignIn, address: str) -> None:
    sign_in.redirect_uri = address
    assert sign_in.send(sign_in.log_in(), decision="allow").headers["location"].startswith(address + "?code=")


def test_an_ordinary_app_takes_its_registered_addresses_only(own: Served, sign_in: SignIn) -> None:
    own.sessions.apps.register("3MVG9ordinary", "Ordinary", ["http://localhost:8717/callback"])
    sign_in.extra = {"client_id": "3MVG9ordinary"}
    assert "redirect_uri_mismatch" in sign_in.log_in_page().text
    assert sign_in.log_in_page(redirect_uri="http://localhost:8717/callback").status_code == 200


# -- the token endpoint


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"code_verifier": "x" * 50}, "invalid_grant", "invalid code verifier"),
        ({"code_verifier": None}, "invalid_grant", "invalid code verifier"),
        ({"code_verifier": "ü" * 50}, "invalid_grant", "invalid code verifier"),
        ({"code": "aPrxnever"}, "invalid_grant", "invalid authorization code"),
        ({"code": None}, "invalid_request", "missing required parameter: code"),
        (
            {"redirect_uri": "http://localhost:8717/callback"},
            "redirect_uri_mismatch",
            "redirect_uri must match configuration",
        ),
        ({"client_id": "3MVG9unknown"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "guessed"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "password"}, "invalid_grant", "authentication failure"),
        ({"grant_type": None}, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_a_wrong_exchange_is_refused(
    sign_in: SignIn, wrong: dict[str, str | None], error: str, description: str
) -> None:
    code = sign_in.allowed()["code"]
    assert error_of(sign_in.redeem(code, **wrong)) == (400, error, description)


def test_a_code_works_once_and_a_second_use_ends_what_the_first_brought(own: Served, sign_in: SignIn) -> None:
    code = sign_in.allowed()["code"]
    first = sign_in.redeem(code).json()
    assert works(own, first["access_token"])
    again = sign_in.redeem(code)
    assert error_of(again) == (400, "invalid_grant", "expired authorization code")
    assert not works(own, first["access_token"])
    assert error_of(sign_in.refresh(first["refresh_token"]))[1] == "invalid_grant"


def test_a_code_is_too_old_after_a_quarter_of_an_hour(own: Served, sign_in: SignIn) -> None:
    code = sign_in.allowed()["code"]
    own.clock.forward(seconds=tokens.CODE_SECONDS + 1)
    assert error_of(sign_in.redeem(code)) == (400, "invalid_grant", "expired authorization code")


def test_another_app_cannot_use_the_code(own: Served, sign_in: SignIn) -> None:
    own.sessions.apps.register("3MVG9other", "Other", [sign_in.redirect_uri])
    code = sign_in.allowed()["code"]
    assert error_of(sign_in.redeem(code, client_id="3MVG9other"))[1] == "invalid_grant"
    assert sign_in.redeem(code).status_code == 200


def test_the_client_may_name_itself_in_the_basic_header(own: Served, sign_in: SignIn) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": sign_in.allowed()["code"],
        "redirect_uri": sign_in.redirect_uri,
        "code_verifier": sign_in.verifier,
    }
    basic = httpx.BasicAuth(own.handout.client_id, "")
    assert own.http.post("/services/oauth2/token", data=form, auth=basic).status_code == 200
    broken = own.http.post("/services/oauth2/token", data=form, headers={"Authorization": "Basic %%%"})
    assert error_of(broken) == (400, "invalid_client", "invalid client credentials")


def test_the_token_endpoint_wants_a_post(own: Served) -> None:
    assert error_of(own.http.get("/services/oauth2/token")) == (400, "invalid_request", "must use HTTP POST")


def test_a_sixth_approval_ends_the_oldest(own: Served, sign_in: SignIn) -> None:
    issued = [sign_in.signed_in() for _ in range(6)]
    assert [works(own, body["access_token"]) for body in issued] == [False] + [True] * 5
    assert [sign_in.refresh(body["refresh_token"]).status_code for body in issued] == [400] + [200] * 5


# -- refresh


def test_a_refresh_brings_a_session_and_keeps_the_token(own: Served, sign_in: SignIn) -> None:
    first = sign_in.signed_in()
    reply = sign_in.refresh(first["refresh_token"]).json()
    assert "refresh_token" not in reply
    assert reply["access_token"] != first["access_token"]
    assert works(own, reply["access_token"])
    assert works(own, first["access_token"])


def test_with_rotation_an_old_refresh_token_ends_its_family(own: Served, sign_in: SignIn) -> None:
    own.sessions.tokens.rotation = True
    first = sign_in.signed_in()
    second = sign_in.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert not works(own, first["access_token"])
    assert works(own, second["access_token"])
    expired = (400, "invalid_grant", "expired access/refresh token")
    assert error_of(sign_in.refresh(first["refresh_token"])) == expired
    assert error_of(sign_in.refresh(second["refresh_token"])) == expired
    assert not works(own, second["access_token"])


def test_an_unknown_refresh_token_or_another_apps_is_expired(own: Served, sign_in: SignIn) -> None:
    own.sessions.apps.register("3MVG9other", "Other", [sign_in.redirect_uri])
    body = sign_in.signed_in()
    expired = (400, "invalid_grant", "expired access/refresh token")
    assert error_of(sign_in.refresh("5Aep861nothing")) == expired
    other = sign_in.token(
        grant_type="refresh_token", refresh_token=body["refresh_token"], client_id="3MVG9other"
    )
    assert error_of(other) == expired


def test_a_user_who_was_frozen_gets_no_new_session(own: Served, sign_in: SignIn) -> None:
    body = sign_in.signed_in()
    own.on_loop(lambda org: org.update(own.system, "User", org.admin_id, {"IsActive": False}))
    assert error_of(sign_in.refresh(body["refresh_token"])) == (400, "invalid_grant", "inactive user")
    assert not works(own, body["access_token"])


# -- revoke


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_revoking_an_access_token_leaves_the_refresh_token(own: Served, sign_in: SignIn, method: str) -> None:
    body = sign_in.signed_in()
    values = {"token": body["access_token"]}
    where = {"data": values} if method == "POST" else {"params": values}
    reply = own.http.request(method, "/services/oauth2/revoke", **where)  # type: ignore[arg-type]
    assert (reply.status_code, reply.content) == (200, b"")
    assert not works(own, body["access_token"])
    assert sign_in.refresh(body["refresh_token"]).status_code == 200


def test_revoking_the_refresh_token_ends_its_sessions_at_once(own: Served, sign_in: SignIn) -> None:
    body = sign_in.signed_in()
    second = sign_in.refresh(body["refresh_token"]).json()
    reply = own.http.post("/services/oauth2/revoke", data={"token": body["refresh_token"]})
    assert reply.status_code == 200
    assert not works(own, body["access_token"])
    assert not works(own, second["access_token"])
    assert error_of(sign_in.refresh(body["refresh_token"]))[1] == "invalid_grant"
    again = own.http.post("/services/oauth2/revoke", data={"token": body["refresh_token"]})
    assert error_of(again) == (400, "invalid_token", "invalid token")


def test_what_is_no_token_cannot_be_revoked(own: Served) -> None:
    reply = own.http.post("/services/oauth2/revoke", data={"token": "something"})
    assert error_of(reply) == (400, "unsupported_token_type", "this token type is not supported")
    reply = own.http.post("/services/oauth2/revoke")
    assert error_of(reply) == (400, "invalid_request", "missing required parameter: token")


# -- who is it

USERINFO = [
    "sub",
    "user_id",
    "organization_id",
    "preferred_username",
    "nickname",
    "name",
    "email",
    "email_verified",
    "given_name",
    "family_name",
    "zoneinfo",
    "photos",
    "profile",
    "picture",
    "address",
    "is_salesforce_integration_user",
    "urls",
    "active",
    "user_type",
    "language",
    "locale",
    "utcOffset",
    "updated_at",
]


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/services/oauth2/userinfo/?format=json"])
def test_userinfo_says_who_is_signed_in(own: Served, path: str) -> None:
    headers = {"Authorization": f"OAuth {own.handout.access_token}"}
    body = own.http.get(path, headers=headers).json()
    assert list(body) == USERINFO
    assert body["sub"] == f"{own.base_url}/id/{own.org.org_id}/{own.org.admin_id}"
    assert (body["organization_id"], body["user_id"]) == (own.org.org_id, own.org.admin_id)
    assert body["preferred_username"] == own.handout.username
    assert isinstance(body["utcOffset"], int)
    assert body["updated_at"].endswith("Z")
    assert "{version}" in body["urls"]["rest"]


def test_the_identity_url_says_who_is_signed_in(own: Served, sign_in: SignIn) -> None:
    token = sign_in.signed_in()
    headers = {"Authorization": f"Bearer {token['access_token']}", "Accept": "application/json"}
    for suffix in ("", "?format=json", "?version=latest"):
        body = own.http.get(token["id"] + suffix, headers=headers).json()
        assert list(body)[:6] == [
            "id",
            "asserted_user",
            "user_id",
            "organization_id",
            "username",
            "nick_name",
        ]
        assert body["id"] == token["id"]
        assert body["urls"]["custom_domain"] == own.base_url
    assert own.http.get(token["id"], params={"oauth_token": token["access_token"]}).status_code == 200


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Bearer 00D!x", "Basic abc", "Bearer"])
def test_a_bad_token_gets_403_and_a_word_that_is_no_json(own: Served, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("/services/oauth2/userinfo", f"/id/{own.org.org_id}/{own.org.admin_id}"):
        reply = own.http.get(path, headers=headers)
        word = "Missing_OAuth_Token" if authorization is None else "Bad_OAuth_Token"
        assert (reply.status_code, reply.text) == (403, word)
        assert reply.headers["content-type"].startswith("text/html")


def test_a_token_shows_no_other_identity(own: Served) -> None:
    headers = {"Authorization": f"Bearer {own.handout.access_token}"}
    other_org = own.org.org_id[:6] + own.org.org_id[6:15][::-1]
    other_user = own.on_loop(lambda org: org.directory.by_username(org.directory.usernames()[-1]))
    assert other_user is not None
    refusals = {
        f"/id/{other_org}/{own.org.admin_id}": (403, "Wrong_Org"),
        f"/id/nonsense/{own.org.admin_id}": (404, "Bad_Id"),
        f"/id/{own.org.org_id}/{own.org.admin_id[:6]}zzzzzzzzz": (404, "Bad_Id"),
        f"/id/{own.org.org_id}/{other_user['Id']}": (403, "No_Access"),
    }
    for path, refusal in refusals.items():
        reply = own.http.get(path, headers=headers)
        assert (reply.status_code, reply.text) == refusal


def test_a_challenge_without_a_method_is_s256_and_a_verifier_may_be_long(sign_in: SignIn) -> None:
    # As jsforce and the Salesforce CLI send it.
    sign_in.verifier = "a" * 171
    code = sign_in.allowed(code_challenge_method=None)["code"]
    assert sign_in.redeem(code).status_code == 200
