"""Tokens, sessions, log-ins and policies as an administrator's query finds them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.signing_in import SignIn

    from .conftest import Practice

TOKENS = "SELECT Id, AppName, User.Username, UseCount, CreatedDate, LastUsedDate, AccessToken FROM OauthToken"
SESSIONS = (
    "SELECT Id, UsersId, NumSecondsValid, CreatedDate, LastModifiedDate, SessionType, LoginType, SourceIp, IsCurrent, "
    "LoginHistoryId FROM AuthSession"
)
LOGINS = "SELECT Status, Application, LoginType, SourceIp, LoginTime, LoginUrl FROM LoginHistory ORDER BY LoginTime"


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def statuses(practice: Practice) -> list[str]:
    return [row["Status"] for row in practice.query(LOGINS)]


def test_an_approval_counts_its_uses_and_goes_when_it_is_revoked(practice: Practice, client: SignIn) -> None:
    assert practice.query(TOKENS) == []
    first = client.signed_in()
    practice.clock.forward(hours=3)
    client.refresh(first["refresh_token"])
    (row,) = practice.query(TOKENS, client.refresh(first["refresh_token"]).json()["access_token"])
    assert (row["AppName"], row["User"]["Username"]) == ("Rehearsal practice app", practice.handout.username)
    assert row["UseCount"] == 2
    assert row["AccessToken"] is None
    used = moment(row["LastUsedDate"]) - moment(row["CreatedDate"])
    assert 3 * 3600 <= used.total_seconds() < 3 * 3600 + 60
    practice.http.post("/services/oauth2/revoke", data={"token": first["refresh_token"]})
    live = client.signed_in()["access_token"]
    assert len(practice.query(TOKENS, live)) == 1


def test_five_approvals_show_and_the_sixth_takes_the_place_of_the_first(
    practice: Practice, client: SignIn
) -> None:
    for _ in range(5):
        client.signed_in()
    before = [row["Id"] for row in practice.query(f"{TOKENS} ORDER BY CreatedDate")]
    client.signed_in()
    after = [row["Id"] for row in practice.query(f"{TOKENS} ORDER BY CreatedDate")]
    assert len(before) == 5
    assert after[:4] == before[1:]
    assert len(after) == 5


def test_a_session_says_until_when_it_is_valid_and_which_one_is_asking(
    practice: Practice, client: SignIn
) -> None:
    practice.steer("options", {"session_minutes": 30})
    token = client.signed_in()["access_token"]
    (mine,) = practice.query(f"{SESSIONS} WHERE IsCurrent = true", token)
    assert (mine["NumSecondsValid"], mine["SessionType"], mine["LoginType"]) == (
        1800,
        "Oauth2",
        "Remote Access 2.0",
    )
    assert mine["SourceIp"] == "127.0.0.1"
    came_with = f"SELECT Status FROM LoginHistory WHERE Id = '{mine['LoginHistoryId']}'"
    assert [row["Status"] for row in practice.query(came_with)] == ["Success"]
    assert len(practice.query(SESSIONS, token)) == 2
    practice.clock.forward(minutes=20)
    assert len(practice.query(SESSIONS, token)) == 2
    practice.clock.forward(minutes=20)
    (left,) = practice.query(SESSIONS, token)
    idle = moment(left["LastModifiedDate"]) - moment(left["CreatedDate"])
    assert idle.total_seconds() >= 2400
    one = practice.http.get(
        f"/services/data/v62.0/sobjects/AuthSession/{left['Id']}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert one.json()["Id"] == left["Id"]


def test_the_log_in_history_tells_each_refusal_apart(practice: Practice, client: SignIn) -> None:
    client.log_in(password="wrong")
    first = client.signed_in()
    practice.user(frozen=True)
    client.refresh(first["refresh_token"])
    client.log_in()
    practice.user(frozen=False, locked=True)
    client.refresh(first["refresh_token"])
    practice.user(locked=False)
    practice.switch(login_ip_ranges=["10.0.0.0/8"])
    client.refresh(first["refresh_token"])
    practice.switch(login_ip_ranges=[], login_hours=False)
    client.refresh(first["refresh_token"])
    practice.switch(login_hours=True)
    assert statuses(practice) == [
        "Invalid Password", "Success", "Success", "User is frozen", "User is frozen", "User Locked Out",
        "Restricted IP", "Restricted Time",
    ]  # fmt: skip
    rows = practice.query(LOGINS)
    assert {row["LoginType"] for row in rows} == {"Application", "Remote Access 2.0"}
    assert {row["Application"] for row in rows} == {"Browser", "Rehearsal practice app"}
    assert all(row["SourceIp"] == "127.0.0.1" for row in rows)


def test_a_log_in_moves_the_users_last_log_in(practice: Practice, client: SignIn) -> None:
    practice.clock.forward(days=2)
    token = client.signed_in()["access_token"]
    soql = f"SELECT LastLoginDate FROM User WHERE Username = '{practice.handout.username}'"
    (user,) = practice.query(soql, token)
    away = practice.clock() - moment(user["LastLoginDate"])
    assert abs(away.total_seconds()) < 60


def test_an_apps_policies_can_be_read(practice: Practice) -> None:
    soql = (
        "SELECT Name, OptionsAllowAdminApprovedUsersOnly, OptionsRefreshTokenValidityMetric, "
        "RefreshTokenValidityPeriod FROM ConnectedApplication"
    )
    (app,) = practice.query(soql)
    assert list(app.values())[1:] == ["Rehearsal practice app", False, False, None]
    practice.switch(permitted_users="admin", refresh_token_policy="inactivity", refresh_token_days=14)
    (app,) = practice.query(soql)
    assert list(app.values())[1:] == ["Rehearsal practice app", True, True, 14]


def test_who_may_not_customize_or_manage_users_sees_their_own_only(
    practice: Practice, client: SignIn
) -> None:
    client.signed_in()
    user = practice.handout.username
    rights = {"CustomizeApplication": False, "ManageUsers": False}
    integration = practice.rehearsal.handout["salesforce"]["integration"]
    client.browser.cookies.clear()
    page = client.log_in(integration["username"], integration["password"], scope="api")
    code = client.came_back(client.send(page, decision="allow"))["code"]
    headers = {"Authorization": f"Bearer {client.redeem(code).json()['access_token']}"}

    def ask(soql: str) -> httpx.Response:
        return practice.http.get("/services/data/v62.0/query", params={"q": soql}, headers=headers)

    assert ask(TOKENS).json()["records"] == []
    assert [row["Status"] for row in ask(LOGINS).json()["records"]] == ["Success", "Success"]
    assert ask(SESSIONS).json()[0]["errorCode"] == "INVALID_TYPE"
    practice.steer(f"users/{user}/permissions", rights)
    assert len(practice.query(TOKENS)) == 1
