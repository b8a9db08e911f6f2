"""How the access of a connection stands: its age, its limits, where its secrets are, and what will end it soon."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError, StoreError
from console.guide.seam.health import SessionHealth
from console.paths import private
from console.salesforce.session_record import FILE, RecordFile, SessionRecord
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings, write_private

if TYPE_CHECKING:
    from console.salesforce.session_state import SessionState

LOOKED = "health.json"
"""What the org said last, without secrets, in the connection's folder."""
IDLE_LIMIT = timedelta(days=30)
"""Sessions of partner apps end when they idle that long, and any org can choose the same
(https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_rotate_refresh_tokens.htm)."""
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
    said = _said(folder / LOOKED)
    found = SessionHealth(
        user=settings.username,
        org_id=settings.org_id,
        org_name=settings.org_name,
        sandbox=not settings.is_production,
        how=WAYS[settings.sign_in],
        secrets=secrets.where(settings.name),
        scopes=tuple(record.scope.split()),
        signed_in_at=record.signed_in_at or None,
        refreshed_at=record.refreshed_at or None,
        token_age=_seconds(record.refreshed_at, now),
        rotates=record.rotates,
        **said,
    )
    return replace(found, warnings=tuple(warnings(settings, record, found, now)))


def look(settings: ConnectionSettings, connections: Connections, secrets: Secrets, now: str) -> SessionHealth:
    """Ask the org as well, and remember what it said. Blocks (seconds).

    :raises ConsoleError: the session is not accepted, or nobody answers.
    """
    from console.salesforce.client import SalesforceClient
    from console.salesforce.renewing import token_source
    from console.salesforce.session_state import session_state

    tokens = token_source(settings, connections, secrets)
    with SalesforceClient(settings.instance_url, tokens, api_version=settings.api_version) as client:
        state = session_state(client, settings.user_id)
    _keep(connections.folder(settings.name) / LOOKED, state, now)
    return health(settings, connections, secrets, now)


def warnings(
    settings: ConnectionSettings, record: SessionRecord, found: SessionHealth, now: str
) -> list[str]:
    """What will end the access or has ended it, most serious first; sentences."""
    said = []
    if record.refused:
        said.append("The Salesforce session has ended: sign in again.")
    elif record.sending and record.rotates is not False:
        said.append("A renewal of the session was interrupted: it may ask for a new sign-in.")
    if settings.sign_in == "token" or (
        settings.sign_in == "browser" and record.signed_in_at and not record.renewable
    ):
        limit = f" It ends after {_words(found.idle_seconds)} without use." if found.idle_seconds else ""
        said.append(
            f"This Salesforce session can't be renewed.{limit} Sign in with the browser to have one that can."
        )
    idle = _idle(record.refreshed_at, now)
    if settings.sign_in == "browser" and idle is not None and idle > IDLE_LIMIT - EARLY:
        said.append(
            f"The session was not renewed for {idle.days} days; an org may end one that idles for {IDLE_LIMIT.days}."
        )
    if settings.sign_in == "key":
        said += _key_problem(Path(settings.jwt_file))
    if found.approvals is not None and found.approvals >= 5:
        said.append(
            f"All 5 approvals of {found.approved_app} by {settings.username} are in use: one more sign-in ends the oldest. "
            "Setup, Connected Apps OAuth Usage, revokes those that nobody needs."
        )
    return said


def warning_of(settings: ConnectionSettings, connections: Connections, now: str) -> str:
    """The most serious warning from the connection's files alone, empty where all is well; no secret is read."""
    folder = connections.folder(settings.name)
    try:
        record = RecordFile(folder / FILE).read()
    except StoreError as damage:
        return damage.message
    if settings.disconnected_at:
        return ""
    return next(iter(warnings(settings, record, SessionHealth(**_said(folder / LOOKED)), now)), "")


def _key_problem(path: Path) -> list[str]:
    from console.salesforce.jwt_bearer import read_key

    try:
        read_key(path)
    except ConsoleError as problem:
        return [f"{problem.message} {problem.advice}"]
    return []


def _said(path: Path) -> dict[str, Any]:
    """What the org said last; nothing where it was never asked, or the file is not ours."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        kinds = {"profile": str, "idle_seconds": int, "approvals": int, "approved_app": str, "looked_at": str}
        return {name: data[name] for name, kind in kinds.items() if isinstance(data.get(name), kind)}
    except (OSError, ValueError, AttributeError):
        return {}


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


def _seconds(since: str, now: str) -> float | None:
    idle = _idle(since, now)
    return idle.total_seconds() if idle is not None else None


def _words(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h" if hours and not minutes else f"{hours * 60 + minutes} minutes"
