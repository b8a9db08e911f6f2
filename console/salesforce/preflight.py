"""Looking at an org before anything is written: what the signed-in user may do there, what the org is like, and what
the sync's writes will meet. Everything here only reads, with about six calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.domain.fields import CUSTOM_FIELDS, FIELDS
from console.errors import ConsoleError, Refused
from console.salesforce.client import ObjectInfo, SalesforceClient, SubReply, SubRequest
from console.salesforce.custom_fields import without_misfits
from console.salesforce.features import Feature, features
from console.salesforce.obstacles import FLOWS, Obstacle, flows, obstacles
from console.salesforce.rights import OBJECTS, PERMISSIONS, Capability, Held, ObjectRights, capabilities
from console.salesforce.setup.channel import channel_there
from console.salesforce.setup.rows import stored_fields
from console.salesforce.soql import names, soql

SHARED = frozenset({"Read", "Edit", "ControlledByParent", "ReadEditTransfer", "All", "ReadEdit"})
"""Words of the org's sharing defaults that show every record to everybody."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was seen."""

    held: Held
    capabilities: tuple[Capability, ...]
    features: tuple[Feature, ...]
    obstacles: tuple[Obstacle, ...]
    """Rules and automation that writes to accounts and contacts will meet."""
    unseen: tuple[str, ...]
    """What could not be looked at, one sentence each."""


def preflight(client: SalesforceClient) -> Preflight:
    """Look at everything.

    :raises ConsoleError: the org can't be asked at all.
    """
    identity = client.whoami()
    replies = _ask(client, identity.user_id)
    seen = {name: _described(replies[name]) for name in OBJECTS}
    account = seen["Account"]
    held = _held(client, replies, seen)
    found, unseen = obstacles(client, flows(replies["Flows"]))
    return Preflight(
        held,
        capabilities(held),
        features(seen) if account else (),
        found,
        unseen,
    )


def _ask(client: SalesforceClient, user_id: str) -> dict[str, SubReply]:
    """Both describes and all that plain queries tell, in one call. What the user may not ask is refused by itself."""
    sets = soql(
        "SELECT SobjectType, PermissionsViewAllRecords, PermissionsModifyAllRecords FROM ObjectPermissions "
        "WHERE SobjectType IN {} AND ParentId IN "
        "(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {})",
        OBJECTS,
        user_id,
    )
    requests = [
        *(SubRequest.describe(name, name) for name in OBJECTS),
        SubRequest.query(
            "Permissions",
            soql(
                "SELECT {} FROM UserPermissionAccess", names([f"Permissions{name}" for name in PERMISSIONS])
            ),
        ),
        SubRequest.query("Objects", sets),
        SubRequest.query("Sharing", "SELECT DefaultAccountAccess, DefaultContactAccess FROM Organization"),
        SubRequest.query("Flows", FLOWS),
    ]
    return {reply.reference: reply for reply in client.composite(requests)}


def _described(reply: SubReply) -> ObjectInfo | None:
    """None where the object does not exist for the user."""
    try:
        return reply.described()
    except Refused:
        return None


def _rows(reply: SubReply) -> list[dict[str, Any]]:
    """None where the user may not ask."""
    try:
        return reply.rows()
    except Refused:
        return []


def _held(
    client: SalesforceClient, replies: Mapping[str, SubReply], seen: Mapping[str, ObjectInfo | None]
) -> Held:
    permissions = next(iter(_rows(replies["Permissions"])), {})
    sharing = next(iter(_rows(replies["Sharing"])), {})
    view_all = _view_all(replies["Objects"])
    usable = {name: info.fields if info else {} for name, info in seen.items()}
    usable["Account"] = without_misfits(usable["Account"])
    readable = {spec.key for spec in FIELDS if spec.sf_name in usable[spec.entity]}
    writable = {key for key in readable if _writable(seen, usable, key)}
    hidden = [field.api_name for field in CUSTOM_FIELDS if field.api_name not in usable["Account"]]
    absent = set(hidden) - stored_fields(client).keys() if hidden else set()
    return Held(
        permissions={
            name: bool(permissions[f"Permissions{name}"])
            for name in PERMISSIONS
            if f"Permissions{name}" in permissions
        },
        objects={
            name: ObjectRights(info.queryable, info.createable, info.updateable, view_all(name))
            for name, info in seen.items()
            if info is not None
        },
        readable=frozenset(readable),
        writable=frozenset(writable),
        absent=frozenset(absent),
        shared=all(str(value) in SHARED for key, value in sharing.items() if key.startswith("Default")),
        channel=channel_there(client),
        bulk=_bulk(client),
    )


def _writable(
    seen: Mapping[str, ObjectInfo | None], usable: Mapping[str, Mapping[str, Any]], key: str
) -> bool:
    spec = next(spec for spec in FIELDS if spec.key == key)
    info, found = seen[spec.entity], usable[spec.entity][spec.sf_name]
    return info is not None and (
        (info.updateable and found.updateable) or (info.createable and found.createable)
    )


def _view_all(reply: SubReply) -> Any:
    """By object: whether a set of the user shows all records; None where the user may not ask."""
    try:
        rows = reply.rows()
    except Refused:
        return lambda name: None
    held = {
        row["SobjectType"]
        for row in rows
        if row.get("PermissionsViewAllRecords") or row.get("PermissionsModifyAllRecords")
    }
    return lambda name: name in held


def _bulk(client: SalesforceClient) -> int | None:
    try:
        limits = client.limits()
    except ConsoleError:
        return None
    found = limits.get("DailyBulkApiBatches") or limits.get("DailyBulkApiRequests")
    return found.limit if found else None
