"""How the access of a connection stands: its age, its limits, where its secrets are, and what will end it soon."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from console.errors import ConsoleError, StoreError
from console.guide.seam.health import SessionHealth
from console.paths import private
from console.salesforce.signing_in.session_record import FILE, RecordFile, SessionRecord
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings, write_private
from console.sync.asides import Asides

if TYPE_CHECKING:
    from console.salesforce.session_state import SessionState

LOOKED = "health.json"
"""What the org said last, without secrets, in the connection's folder."""
UNIT = " (hours or months, where the app's page in Setup counts in those)"
ASSUMED_DAYS = 30
"""How long refresh tokens may idle where the org does not say: apps are advised to end them then
(https://help.salesforce.com/s/articleView?id=xcloud.connected_app_limit_idle_ttl.htm)."""
EARLY = timedelta(days=7)
"""How long before it a warning comes."""
WAYS = {
    "browser": "signed in with the browser",
    "cli": "lent by the Salesforce CLI",
    "key": "a server's key (JWT bearer)",
    "token": "an access token, good once",
}


def health(
    settings: ConnectionSettings, connections: Connections, secrets: Secrets, now: str
) -> SessionHealth:
    """What is known without calling anybody. `now` is an instant. Blocks (milliseconds)."""
    folder = connections.folder(settings.name)
    try:
        record = RecordFile(folder / FILE).read()
    except StoreError:
        record = SessionRecord()
    state, looked_at = _said(folder / LOOKED)
    return SessionHealth(
        user=settings.username,
        org_id=settings.org_id,
        org_name=settings.org_name,
        kind=_kind(settings),
        how=WAYS[settings.sign_in],
        secrets=secrets.where(settings.name),
        scopes=tuple(record.scope.split()),
        signed_in_at=record.signed_in_at or None,
        refreshed_at=record.refreshed_at or None,
        rotates=record.rotates,
        profile=state.profile,
        idle_seconds=state.idle_seconds,
        app=state.app,
        approvals=state.approvals,
        ends=_ends(settings, record, state),
        looked_at=looked_at,
        warnings=tuple(warnings(settings, record, state, now)),
    )


def look(settings: ConnectionSettings, connections: Connections, secrets: Secrets, now: str) -> SessionHealth:
    """Ask the org as well, and remember what it said. Blocks (seconds).

    :raises ConsoleError: the session is not accepted, or nobody answers.
    """
    from console.salesforce.client import SalesforceClient
    from console.salesforce.session_state import session_state
    from console.salesforce.signing_in.renewing import token_source

    tokens = token_source(settings, connections, secrets)
    asides = Asides(connections.folder(settings.name))
    with SalesforceClient(
        settings.instance_url, tokens, api_version=settings.api_version, allowance=asides
    ) as client:
        state = session_state(client, settings.user_id)
    _keep(connections.folder(settings.name) / LOOKED, state, now)
    return health(settings, connections, secrets, now)


def warnings(settings: ConnectionSettings, record: SessionRecord, state: SessionState, now: str) -> list[str]:
    """What will end the access or has ended it, most serious first; sentences."""
    said = []
    if record.refused:
        said.append("The Salesforce session has ended: sign in again.")
    elif record.sending and record.rotates is not False:
        said.append("A renewal of the session was interrupted: it may ask for a new sign-in.")
    if settings.sign_in == "token" or (
        settings.sign_in == "browser" and record.signed_in_at and not record.renewable
    ):
        limit = f" It ends after {_words(state.idle_seconds)} without use." if state.idle_seconds else ""
        said.append(
            f"This Salesforce session can't be renewed.{limit} Sign in with the browser to have one that can."
        )
    elif settings.sign_in == "browser":
        said += _ending(record, state, now)
    if settings.sign_in == "key":
        said += _key_problem(Path(settings.jwt_file))
    if settings.sign_in == "browser" and state.approvals is not None and state.approvals >= 5:
        said.append(
            f"All 5 approvals of {state.app} by {settings.username} are in use: one more sign-in ends the oldest. "
            "Setup, Connected Apps OAuth Usage, revokes those that nobody needs."
        )
    return said


def _ending(record: SessionRecord, state: SessionState, now: str) -> list[str]:
    """Of a session that is renewed, by the policy of its app."""
    if state.ends_by == "at_once":
        return [
            "The session will not be renewed: the app's refresh tokens end at once. In Setup, External Client App Manager, the "
            "app, Policies, Refresh Token Policy: choose another, then sign in again."
        ]
    if state.ends_by == "revoked":
        return []
    by_age = state.ends_by == "age"
    days = state.end_days or ASSUMED_DAYS
    passed = _idle(record.signed_in_at if by_age else record.refreshed_at, now)
    if passed is None or passed <= timedelta(days=days) - min(EARLY, timedelta(days=days) / 4):
        return []
    if by_age:
        left = max(0, (timedelta(days=days) - passed).days)
        return [
            f"The session ends {_in_days(left)}: the app lets it live {days} days after the sign-in. Sign in again before."
        ]
    limit = f"the app ends it after {days}" if state.ends_by else f"{days} is assumed to be the limit"
    return [f"The session was not renewed for {passed.days} days; {limit}. A sync renews it."]


def _in_days(count: int) -> str:
    return "within a day" if count == 0 else f"in {count} {'day' if count == 1 else 'days'}"


def _ends(settings: ConnectionSettings, record: SessionRecord, state: SessionState) -> str:
    """When the session ends that is renewed, in words."""
    if record.refused:
        return "it has ended"
    if settings.sign_in in ("cli", "key"):
        return "another session is asked for whenever one is needed"
    if settings.sign_in == "token" or (record.signed_in_at and not record.renewable):
        return "with its access token: there is none to renew it with"
    return {
        "": f"after {ASSUMED_DAYS} days without use (assumed: the org was not asked or does not say)",
        "revoked": "when somebody revokes it",
        "idle": f"after {state.end_days} days without use{UNIT}",
        "age": f"{state.end_days} days after the sign-in{UNIT}",
        "at_once": "at once: the app's policy lets nothing be renewed",
    }[state.ends_by]


def _kind(settings: ConnectionSettings) -> str:
    if settings.environment == "rehearsal":
        return "rehearsal on this computer"
    return "production" if settings.is_production else "sandbox or developer org"


def warning_of(settings: ConnectionSettings, connections: Connections, now: str) -> str:
    """The most serious warning from the connection's files alone, empty where all is well; no secret is read."""
    folder = connections.folder(settings.name)
    try:
        record = RecordFile(folder / FILE).read()
    except StoreError as damage:
        return damage.message
    if settings.disconnected_at:
        return ""
    return next(iter(warnings(settings, record, _said(folder / LOOKED)[0], now)), "")


def _key_problem(path: Path) -> list[str]:
    from console.salesforce.signing_in.jwt_bearer import read_key

    try:
        read_key(path)
    except ConsoleError as problem:
        return [f"{problem.message} {problem.advice}"]
    return []


def _said(path: Path) -> tuple[SessionState, str | None]:
    """What the org said last, and when; nothing where it was never asked, or the file is not ours."""
    from console.salesforce.session_state import EndsBy, SessionState

    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        kinds = {"idle_seconds": int, "approvals": int, "end_days": int}
        names = [each.name for each in fields(SessionState)]
        said = {name: data[name] for name in names if isinstance(data.get(name), kinds.get(name, str))}
        looked_at = data.get("looked_at")
    except (OSError, ValueError, AttributeError):
        return SessionState(), None
    if said.get("ends_by", "") not in get_args(EndsBy):
        return SessionState(), None
    return SessionState(**said), looked_at if isinstance(looked_at, str) else None


def _keep(path: Path, state: SessionState, now: str) -> None:
    try:
        private(path.parent)
        write_private(path, json.dumps({**asdict(state), "looked_at": now}) + "\n")
    except OSError as error:
        raise StoreError(
            f"What the org said can't be kept ({(error.strerror or 'unknown').lower()}).",
            f"Look at the room and the rights of {path.parent}.",
        ) from None


def _idle(since: str, now: str) -> timedelta | None:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since) if since else None


def _words(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h" if hours and not minutes else f"{hours * 60 + minutes} minutes"
