"""What the org itself knows of a session: the user's profile, how long it may idle, the app's approvals and policy.

Objects: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_authsession.htm,
.../sforce_api_objects_loginhistory.htm (which app the session began with), .../sforce_api_objects_oauthtoken.htm and
.../sforce_api_objects_connectedapplication.htm. Whoever may not read one of them is told the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from console.domain.plain import plain
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.soql import soql

MOST_APPROVALS = 5
"""Open approvals of one user for one app; the next one ends the oldest."""
EndsBy = Literal["", "revoked", "idle", "age", "at_once"]
"""When an app's refresh tokens end: when revoked, after some days without use, some days after the sign-in, or as soon as
they are given; empty where the org does not say."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """None where the org does not say, or does not let this user see it."""

    profile: str | None = None
    idle_seconds: int | None = None
    """How long the access token may stand idle before it ends."""
    app: str | None = None
    """The app that the session began with, as the org calls it."""
    approvals: int | None = None
    """Open approvals of this app by this user."""
    ends_by: EndsBy = ""
    end_days: int = 0
    """The days of `ends_by`, where it counts some. The org doesn't tell the unit; an app may have set hours, days or months:
    https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-connectedapplication.html
    """


def session_state(client: SalesforceClient, user_id: str) -> SessionState:
    """Ask the org; at most five calls.

    :raises ConsoleError: the session is not accepted, or nobody answers.
    """
    user = _rows(client, soql("SELECT Profile.Name FROM User WHERE Id = {}", user_id))
    profile = ((user or [{}])[0].get("Profile") or {}).get("Name")
    sessions = _rows(
        client,
        soql(
            "SELECT NumSecondsValid, IsCurrent, LoginHistoryId FROM AuthSession WHERE UsersId = {}", user_id
        ),
    )
    current = next((row for row in sessions or [] if row.get("IsCurrent") is True), {})
    idle = current.get("NumSecondsValid")
    app = _app(client, current.get("LoginHistoryId"))
    approvals = policy = None
    if app:
        approvals = _rows(
            client, soql("SELECT Id FROM OauthToken WHERE UserId = {} AND AppName = {}", user_id, app)
        )
        policy = _rows(
            client,
            soql(
                "SELECT RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric FROM ConnectedApplication "
                "WHERE Name = {}",
                app,
            ),
        )
    kind, days = _policy(policy[0]) if policy is not None and len(policy) == 1 else ("", 0)
    return SessionState(
        profile=plain(str(profile), 80) if profile else None,
        idle_seconds=idle if isinstance(idle, int) else None,
        app=plain(app, 80) if app else None,
        approvals=len(approvals) if approvals is not None else None,
        ends_by=kind,
        end_days=days,
    )


def _app(client: SalesforceClient, login_id: object) -> str | None:
    if not isinstance(login_id, str):
        return None
    logins = _rows(client, soql("SELECT Application FROM LoginHistory WHERE Id = {}", login_id))
    found = logins[0].get("Application") if logins else None
    return found if isinstance(found, str) and found else None


def _policy(row: dict[str, Any]) -> tuple[EndsBy, int]:
    days = row.get("RefreshTokenValidityPeriod")
    if days is None:
        return "revoked", 0
    if not isinstance(days, int) or days < 0:
        return "", 0
    if days == 0:
        return "at_once", 0
    return ("idle" if row.get("OptionsRefreshTokenValidityMetric") is True else "age"), days


def _rows(client: SalesforceClient, question: str) -> list[dict[str, Any]] | None:
    """The rows, None where the org refuses the question."""
    try:
        return [dict(row) for page in client.query(question) for row in page]
    except Refused:
        return None
