"""What the control address may do with sessions, and what survives a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from conftest import Served, SignIn

    OpenOrg = Callable[[], AbstractContextManager[Served]]

V = "/services/data/v62.0"


def status(served: Served, token: str) -> int:
    return served.http.get(f"{V}/limits", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_session_dies_of_idleness_and_lives_by_use(own: Served) -> None:
    own.sessions.tokens.session_minutes = 15
    for _ in range(4):
        own.clock.forward(minutes=14)
        assert status(own, own.handout.access_token) == 200
    own.clock.forward(minutes=15)
    assert status(own, own.handout.access_token) == 401
    own.clock.forward(minutes=-15)
    assert status(own, own.handout.access_token) == 401, "what died stays dead"


def test_expiring_sessions_leaves_refresh_tokens(own: Served, sign_in: SignIn) -> None:
    body = sign_in.signed_in()
    own.sessions.expire_sessions()
    assert status(own, body["access_token"]) == 401
    assert status(own, own.handout.access_token) == 401
    renewed = sign_in.refresh(body["refresh_token"])
    assert renewed.status_code == 200
    assert status(own, renewed.json()["access_token"]) == 200


def test_revoking_everything_leaves_nothing(own: Served, sign_in: SignIn) -> None:
    body, code = sign_in.signed_in(), sign_in.allowed()["code"]
    own.sessions.revoke_everything()
    assert status(own, body["access_token"]) == 401
    assert sign_in.refresh(body["refresh_token"]).status_code == 400
    assert sign_in.redeem(code).status_code == 400
    assert 'id="login_form"' in sign_in.log_in_page().text, "the browser was logged out too"


def test_a_refreshed_sandbox_is_another_org_at_the_same_address(own: Served, sign_in: SignIn) -> None:
    before, token = own.org.org_id, sign_in.signed_in()["access_token"]
    after = own.on_loop(lambda _: own.sessions.renew_org())
    assert after == own.org.org_id != before
    assert status(own, token) == 401
    handout = own.on_loop(lambda _: own.sessions.handout())
    assert handout.org_id == after
    assert handout.access_token.startswith(after[:15] + "!")
    assert (handout.username, handout.password) == (own.handout.username, own.handout.password)
    assert status(own, handout.access_token) == 200
    headers = {"Authorization": f"Bearer {handout.access_token}"}
    assert own.http.get("/services/oauth2/userinfo", headers=headers).json()["organization_id"] == after


def test_everything_that_was_handed_out_survives_a_restart(
    open_org: OpenOrg, sign_in_at: Callable[[Served], SignIn]
) -> None:
    with open_org() as first:
        first.sessions.usage.limit = 4_321
        first.sessions.tokens.session_minutes = 60
        sign_in = sign_in_at(first)
        body = sign_in.signed_in()
        assert first.call("GET", "limits").status_code == 200
        used, handout = first.sessions.usage.used, first.handout
    with open_org() as second:
        assert second.handout == handout
        assert second.sessions.usage.used == used
        assert second.sessions.usage.limit == 4_321
        assert second.sessions.tokens.session_minutes == 60
        assert status(second, handout.access_token) == 200
        assert status(second, body["access_token"]) == 200
        form = {
            "grant_type": "refresh_token",
            "refresh_token": body["refresh_token"],
            "client_id": handout.client_id,
        }
        assert second.http.post("/services/oauth2/token", data=form).status_code == 200


def test_a_night_switched_off_does_not_end_the_handed_out_session(open_org: OpenOrg) -> None:
    with open_org() as first:
        clock, token = first.clock, first.handout.access_token
    clock.forward(hours=12)
    with open_org() as second:
        assert second.handout.access_token == token
        assert status(second, token) == 200


def test_a_handed_out_session_that_was_ended_is_replaced_once(open_org: OpenOrg) -> None:
    with open_org() as first:
        dead = first.handout.access_token
        assert first.http.post("/services/oauth2/revoke", data={"token": dead}).status_code == 200
    with open_org() as second:
        replaced = second.handout.access_token
        assert replaced != dead
        assert (status(second, dead), status(second, replaced)) == (401, 200)
    with open_org() as third:
        assert third.handout.access_token == replaced


def test_another_user_can_be_given_a_password(own: Served, sign_in: SignIn) -> None:
    others = own.query(f"SELECT Id, Username FROM User WHERE IsActive = true AND Id != '{own.org.admin_id}'")
    assert others
    name = others[0]["Username"]
    assert "Please check your username" in sign_in.log_in(name, "secret-1").text
    own.on_loop(lambda _: own.sessions.set_password(name, "secret-1"))
    page = sign_in.log_in(name, "secret-1")
    assert name in page.text
    with pytest.raises(LookupError):
        own.on_loop(lambda _: own.sessions.set_password("nobody@example.com", "x"))


def test_a_session_without_the_api_scope_is_for_something_else(own: Served, sign_in: SignIn) -> None:
    sign_in.scope = "openid refresh_token"
    token = sign_in.signed_in()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = own.http.get(f"{V}/limits", headers=headers)
    assert reply.status_code == 401
    assert reply.json() == [
        {
            "message": "This session is not valid for use with the REST API",
            "errorCode": "INVALID_SESSION_ID",
        }
    ]
    assert own.http.get("/services/oauth2/userinfo", headers=headers).status_code == 200


def test_a_frozen_user_is_shut_out_at_once(own: Served) -> None:
    assert status(own, own.handout.access_token) == 200
    own.on_loop(lambda org: org.update(own.system, "User", org.admin_id, {"IsActive": False}))
    assert status(own, own.handout.access_token) == 401


@pytest.mark.parametrize("bad", [-1])
def test_policies_refuse_what_makes_no_sense(own: Served, bad: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        own.sessions.usage.limit = bad
    with pytest.raises(ValueError, match="not negative"):
        own.sessions.usage.used = bad
    with pytest.raises(ValueError, match="a minute at least"):
        own.sessions.tokens.session_minutes = bad


def test_a_write_says_through_which_program_it_came(own: Served) -> None:
    seen: list[tuple[str, str, str]] = []
    own.on_loop(
        lambda org: org.listeners.append(
            lambda changes: seen.extend(
                (change.kind, change.caller.api, change.caller.client) for change in changes
            )
        )
    )
    headers = {"Sforce-Call-Options": "client=alguna-console, defaultNamespace=x"}
    own.call("POST", "sobjects/Account", json={"Name": "Origin"}, headers=headers)
    own.call("POST", "sobjects/Account", json={"Name": "Origin"})
    assert seen == [("CREATE", "rest", "alguna-console"), ("CREATE", "rest", "")]
