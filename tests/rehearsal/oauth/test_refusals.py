"""Each switch of the control address, and what it does to somebody who signs in or is signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from conftest import Practice

    from tests.signing_in import SignIn

Refusal = Callable[[httpx.Response], tuple[str, str]]
NOT_INSTALLED = ("invalid_client", "app must be installed into org")
NOT_APPROVED = ("invalid_app_access", "user is not admin approved to access this app")
EXPIRED = ("invalid_grant", "expired access/refresh token")


def test_every_switch_says_what_it_does_and_can_be_put_back(practice: Practice) -> None:
    shown = practice.control.get("/salesforce/sign-in").json()
    assert all(len(each["what"]) > 20 for each in shown.values())
    practice.switch(app_live=False, refresh_token_days=3, login_ip_ranges=["10.0.0.0/8"])
    assert practice.control.get("/salesforce/sign-in").json()["refresh_token_days"]["value"] == 3
    put_back = practice.control.request("DELETE", "/salesforce/sign-in").json()
    assert put_back == {name: each["value"] for name, each in shown.items()}


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"app_lives": False}, "there is no switch 'app_lives'; there are app_installed, "),
        ({"app_live": 1}, "app_live must be true or false"),
        ({"refresh_token_days": -1}, "refresh_token_days must be a whole number of at least 0"),
        ({"permitted_users": "all"}, "permitted_users must be one of self, admin"),
        (
            {"login_ip_ranges": ["10.0.0.0/99"]},
            "login_ip_ranges holds '10.0.0.0/99', which is no address range",
        ),
        ({"app_live": False, "login_ip_ranges": "x"}, "login_ip_ranges must be a list of address ranges"),
    ],
)
def test_a_wrong_order_changes_nothing(practice: Practice, order: dict[str, Any], sentence: str) -> None:
    before = practice.control.get("/salesforce/sign-in").json()
    reply = practice.control.post("/salesforce/sign-in", json=order)
    assert reply.status_code == 400
    assert reply.json()["error"].startswith(sentence)
    assert practice.control.get("/salesforce/sign-in").json() == before


# -- the app


def shown_on_the_error_page(client: SignIn, reply: httpx.Response) -> tuple[str, str]:
    """What Salesforce's error page says in its address, after looking at the page itself."""
    assert reply.status_code == 302
    address = urlsplit(reply.headers["location"])
    assert address.path == "/setup/secur/RemoteAccessErrorPage.apexp"
    page = client.browser.get(reply.headers["location"])
    assert page.status_code == 200
    assert "OAUTH_APPROVAL_ERROR_GENERIC" in page.text
    values = {name: value[0] for name, value in parse_qs(address.query).items()}
    return values["error"], values["error_description"]


@pytest.mark.parametrize(
    ("switch", "said"),
    [({"app_installed": False}, NOT_INSTALLED), ({"permitted_users": "admin"}, NOT_APPROVED)],
)
def test_an_app_that_is_not_let_in_is_told_on_a_page_or_at_its_callback(
    practice: Practice, client: SignIn, switch: dict[str, Any], said: tuple[str, str]
) -> None:
    practice.switch(**switch)
    assert shown_on_the_error_page(client, client.log_in()) == said
    practice.switch(refusals_shown="callback")
    back = client.came_back(client.log_in_page())
    assert (back["error"], back["error_description"]) == said
    assert back["state"] == "st ate/+&=ü"


def test_who_approved_an_app_before_may_go_on_without_its_installation(
    practice: Practice, client: SignIn
) -> None:
    first = client.signed_in()
    practice.switch(app_installed=False)
    assert client.refresh(first["refresh_token"]).status_code == 200
    assert "code" in client.came_back(client.log_in_page())


def test_a_user_whom_the_administrator_takes_off_the_list_is_out_at_the_next_refresh(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.app(approved_users=[practice.handout.username])
    practice.switch(permitted_users="admin")
    page = client.log_in()
    first = client.redeem(client.came_back(page)["code"]).json()
    practice.app(approved_users=[])
    assert refusal(client.refresh(first["refresh_token"])) == NOT_APPROVED


def test_an_app_that_is_not_live_yet_is_known_to_nobody(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    first = client.signed_in()
    practice.switch(app_live=False)
    page = client.log_in_page()
    assert page.status_code == 400
    assert "OAUTH_EC_APP_NOT_FOUND" in page.text
    invalid = ("invalid_client_id", "client identifier invalid")
    assert refusal(client.refresh(first["refresh_token"])) == invalid


def test_an_app_with_a_secret_must_send_it(practice: Practice, client: SignIn, refusal: Refusal) -> None:
    practice.app(secret="shibboleth")
    practice.switch(secret_required=True)
    code = client.allowed()["code"]
    invalid = ("invalid_client", "invalid client credentials")
    assert refusal(client.redeem(code)) == invalid
    assert refusal(client.redeem(code, client_secret="sibboleth")) == invalid
    first = client.redeem(code, client_secret="shibboleth").json()
    assert refusal(client.refresh(first["refresh_token"])) == invalid
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    basic = httpx.BasicAuth(practice.handout.client_id, "shibboleth")
    assert practice.http.post("/services/oauth2/token", data=form, auth=basic).status_code == 200


def test_without_the_policy_a_challenge_may_be_missing_but_a_given_one_binds(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.switch(pkce_required=False)
    without = {"code_challenge": None, "code_challenge_method": None}
    code = client.allowed(**without)["code"]
    assert refusal(client.redeem(code)) == ("invalid_grant", "invalid code verifier")
    assert client.redeem(code, code_verifier=None).status_code == 200
    bound = client.allowed()["code"]
    assert refusal(client.redeem(bound, code_verifier=None)) == ("invalid_grant", "invalid code verifier")


def test_an_app_gets_no_scope_that_it_is_not_registered_for(practice: Practice, client: SignIn) -> None:
    practice.app(scopes=["api", "openid"])
    back = client.came_back(client.log_in_page())
    assert back["error"] == "invalid_scope"
    client.extra = {"scope": ""}
    first = client.signed_in()
    assert first["scope"] == "api openid"
    assert "refresh_token" not in first


def test_client_credentials_work_only_where_the_app_runs_as_somebody(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.app(secret="shibboleth")
    asked = {"grant_type": "client_credentials", "client_secret": "shibboleth"}
    assert refusal(client.token(**asked)) == ("unsupported_grant_type", "grant type not supported")
    assert refusal(client.token(grant_type="client_credentials"))[0] == "invalid_client"
    practice.app(run_as=practice.handout.username)
    assert practice.works(client.token(**asked).json()["access_token"])


@pytest.mark.parametrize("form", [
    {"response_type": "device_code", "scope": "api"},
    {"grant_type": "device", "code": "x"},
    {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
    {"grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer", "assertion": "x"},
])  # fmt: skip
def test_flows_that_are_off_say_so(client: SignIn, refusal: Refusal, form: dict[str, str]) -> None:
    assert refusal(client.token(**form)) == ("unsupported_grant_type", "grant type not supported")


def test_the_username_password_flow_is_blocked_even_with_the_right_password(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    keys = practice.handout
    reply = client.token(grant_type="password", username=keys.username, password=keys.password)
    assert refusal(reply) == ("invalid_grant", "authentication failure")


# -- refresh tokens


def test_a_refresh_token_that_expires_at_once_never_works(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.switch(refresh_token_policy="zero")
    first = client.signed_in()
    assert practice.works(first["access_token"])
    assert refusal(client.refresh(first["refresh_token"])) == EXPIRED


def test_a_refresh_token_dies_when_it_stands_idle_for_too_many_days(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.switch(refresh_token_policy="inactivity", refresh_token_days=7)
    token = client.signed_in()["refresh_token"]
    for _ in range(3):
        practice.clock.forward(days=6)
        assert client.refresh(token).status_code == 200
    practice.clock.forward(days=7, seconds=1)
    assert refusal(client.refresh(token)) == EXPIRED


def test_a_refresh_token_with_a_lifetime_dies_however_often_it_is_used(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    practice.switch(refresh_token_policy="lifetime", refresh_token_days=7)
    token = client.signed_in()["refresh_token"]
    practice.clock.forward(days=6)
    assert client.refresh(token).status_code == 200
    practice.clock.forward(days=1, seconds=1)
    assert refusal(client.refresh(token)) == EXPIRED


# -- the organization and its people


def test_from_outside_the_ip_ranges_nobody_logs_in_or_refreshes(
    practice: Practice, client: SignIn, refusal: Refusal
) -> None:
    first = client.signed_in()
    practice.switch(login_ip_ranges=["10.0.0.0/8", "2001:db8::/32"])
    assert refusal(client.refresh(first["refresh_token"])) == ("invalid_grant", "ip restricted")
    assert practice.works(first["access_token"])
    practice.switch(ip_ranges_on_every_request=True)
    assert not practice.works(first["access_token"])
    client.browser.cookies.clear()
    assert "your location or login time may be restricted" in client.log_in().text
    practice.switch(login_ip_ranges=["10.0.0.0/8", "127.0.0.0/8"])
    assert client.refresh(first["refresh_token"]).status_code == 200


def test_a_session_that_is_locked_to_its_address_works_from_there_only(
    practice: Practice, client: SignIn
) -> None:
    practice.switch(lock_sessions_to_ip=True)
    headers = {"Authorization": f"Bearer {client.signed_in()['access_token']}"}
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=practice.base_url, transport=elsewhere) as other:
        assert other.get("/services/data/v62.0/limits", headers=headers).status_code == 401
        assert practice.http.get("/services/data/v62.0/limits", headers=headers).status_code == 200
        practice.switch(lock_sessions_to_ip=False)
        assert other.get("/services/data/v62.0/limits", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("switch", "error", "description"),
    [
        ({"login_hours": False}, "invalid_grant", "invalid login hours"),
        ({"org_active": False}, "inactive_org", "organization is locked, closed, or suspended"),
    ],
)
def test_a_closed_org_lets_nobody_in_and_ends_what_goes_on(
    practice: Practice, client: SignIn, refusal: Refusal, switch: dict[str, Any], error: str, description: str
) -> None:
    first = client.signed_in()
    practice.switch(**switch)
    assert refusal(client.refresh(first["refresh_token"])) == (error, description)
    assert not practice.works(first["access_token"])
    assert 'id="login_form"' in client.log_in_page().text
    practice.switch(**dict.fromkeys(switch, True))
    assert client.refresh(first["refresh_token"]).status_code == 200


@pytest.mark.parametrize("state", ["frozen", "locked"])
def test_a_frozen_or_locked_user_is_out_at_once(
    practice: Practice, client: SignIn, refusal: Refusal, state: str
) -> None:
    first = client.signed_in()
    assert practice.user(**{state: True})[state] is True
    assert not practice.works(first["access_token"])
    assert refusal(client.refresh(first["refresh_token"])) == ("invalid_grant", "authentication failure")
    assert "Please check your username and password." in client.log_in().text
    practice.user(**{state: False})
    assert client.refresh(first["refresh_token"]).status_code == 200


def test_an_inactive_user_cannot_refresh(practice: Practice, client: SignIn, refusal: Refusal) -> None:
    first = client.signed_in()
    user_id = first["id"].rpartition("/")[2]
    reply = practice.control.patch(
        f"/salesforce/records/User/{user_id}",
        json={"fields": {"IsActive": False}, "as": practice.handout.username},
    )
    assert reply.status_code == 200, reply.text
    assert refusal(client.refresh(first["refresh_token"])) == ("invalid_grant", "inactive user")


def test_an_expired_password_must_be_changed_before_the_app_hears_anything(
    practice: Practice, client: SignIn
) -> None:
    practice.user(password_expired=True)
    page = client.log_in()
    assert "Change Your Password" in page.text
    assert "don't match" in client.send(page, newpassword="new-secret", confirmpassword="other").text.replace(
        "&#x27;", "'"
    )
    short = client.send(page, newpassword="short", confirmpassword="short").text
    assert "at least 8 characters" in short
    old = practice.handout.password
    assert "reuse" in client.send(page, newpassword=old, confirmpassword=old).text
    changed = client.send(page, newpassword="new-secret", confirmpassword="new-secret")
    assert changed.status_code == 303
    assert "Allow Access?" in client.browser.get(changed.headers["location"]).text
    client.browser.cookies.clear()
    assert "Allow Access?" in client.log_in(password="new-secret").text


def test_where_my_domain_is_required_the_general_log_in_host_refuses(
    practice: Practice, client: SignIn
) -> None:
    general = {"Host": f"localhost:{urlsplit(practice.base_url).port}"}
    assert client.browser.get(client.address(), headers=general).status_code == 200
    practice.switch(my_domain_only=True)
    page = client.browser.get(client.address(), headers=general)
    assert page.status_code == 403
    assert "My Domain" in page.text
    assert client.log_in_page().status_code == 200


@pytest.mark.parametrize("body", [{"frosted": True}, {"frozen": 1}])
def test_an_unknown_state_of_a_user_is_turned_away(practice: Practice, body: dict[str, Any]) -> None:
    path = f"/salesforce/users/{practice.handout.username}/login"
    reply = practice.control.post(path, json=body)
    assert reply.status_code == 400
    assert "frozen, locked, password_expired" in reply.json()["error"]
    unknown = practice.control.post("/salesforce/users/nobody@example.com/login", json={"frozen": True})
    assert unknown.json() == {"error": "no user is called nobody@example.com"}
