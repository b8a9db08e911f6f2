"""What the org itself knows of a session: the user's profile, how long it may idle, how many approvals are open.

Objects: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_authsession.htm
and .../sforce_api_objects_oauthtoken.htm. Whoever may not read one of them is told the rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from console.domain.plain import plain
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.soql import soql

MOST_APPROVALS = 5
"""Open approvals of one user for one app; the next one ends the oldest."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """None where the org does not say, or does not let this user see it."""

    profile: str | None = None
    idle_seconds: int | None = None
    """How long the session may stand idle before it ends."""
    approvals: int | None = None
    """Open approvals of the app that this user has most of."""
    approved_app: str | None = None


def session_state(client: SalesforceClient, user_id: str) -> SessionState:
    """Ask the org; three calls.

    :raises ConsoleError: the session is not accepted, or nobody answers.
    """
    users = _rows(client, soql("SELECT Profile.Name FROM User WHERE Id = {}", user_id))
    sessions = _rows(
        client,
        soql(
            "SELECT NumSecondsValid, SessionType, LastModifiedDate FROM AuthSession WHERE UsersId = {}",
            user_id,
        ),
    )
    tokens = _rows(client, soql("SELECT AppName FROM OauthToken WHERE UserId = {}", user_id))
    profile = ((users or [{}])[0].get("Profile") or {}).get("Name")
    newest = max(sessions or [], key=lambda row: str(row.get("LastModifiedDate") or ""), default={})
    idle = newest.get("NumSecondsValid")
    apps = Counter(str(row.get("AppName") or "") for row in tokens or [])
    app, count = apps.most_common(1)[0] if apps else (None, None)
    return SessionState(
        profile=plain(str(profile), 80) if profile else None,
        idle_seconds=int(idle) if isinstance(idle, int) else None,
        approvals=count if tokens is not None else None,
        approved_app=plain(app, 80) if app else None,
    )


def _rows(client: SalesforceClient, question: str) -> list[dict[str, Any]] | None:
    """The rows, None where the org refuses the question."""
    try:
        return [dict(row) for page in client.query(question) for row in page]
    except Refused:
        return None
