"""The channel of change events of our own, and its two members.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_platformeventchannel.htm
and .../tooling_api_objects_platformeventchannelmember.htm. What others selected, on the standard channel or on theirs, is
never touched.
"""

from __future__ import annotations

from typing import Any

from console.domain.ids import to_18
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.model import CHANNEL, EVENTS
from console.salesforce.setup.rows import all_rows, if_allowed, permissions_held
from console.salesforce.soql import soql

_NAME = CHANNEL.removesuffix("__chn")


def member_name(event: str) -> str:
    """Full name of a member: the channel's with one underscore, then the event's."""
    return f"{CHANNEL.replace('__', '_')}_{event}"


def channel_body() -> dict[str, Any]:
    """What makes the channel."""
    return {"FullName": CHANNEL, "Metadata": {"channelType": "data", "label": _NAME.replace("_", " ")}}


def member_body(event: str) -> dict[str, Any]:
    """What selects an object's change events for the channel."""
    return {
        "FullName": member_name(event),
        "Metadata": {"eventChannel": CHANNEL, "selectedEntity": event},
    }


def channel_id(client: SalesforceClient) -> str | None:
    """Id of our channel, None when there is none.

    :raises Refused: the user may not look.
    """
    query = soql("SELECT Id FROM PlatformEventChannel WHERE DeveloperName = {}", _NAME)
    rows = all_rows(client, query, tooling=True)
    return to_18(rows[0]["Id"]) if rows else None


def member_ids(client: SalesforceClient) -> dict[str, str]:
    """Ids of our channel's members, by event.

    :raises Refused: the user may not look.
    """
    names = {member_name(event): event for event in EVENTS}
    query = soql(
        "SELECT Id, DeveloperName, EventChannel, SelectedEntity FROM PlatformEventChannelMember "
        "WHERE DeveloperName IN {}",
        list(names),
    )
    rows = all_rows(client, query, tooling=True)
    return {names[row["DeveloperName"]]: to_18(row["Id"]) for row in rows if row["DeveloperName"] in names}


def parts_there(client: SalesforceClient) -> frozenset[str] | None:
    """API names of the channel and those of its members that are there; None where the user may not look."""
    try:
        members = member_ids(client)
        # A member can't be without its channel, so the channel is asked for only when none is left.
        channel = {CHANNEL} if members or channel_id(client) else set()
    except Refused:
        return None
    return frozenset({*channel, *map(member_name, members)})


def unheard(client: SalesforceClient, user_id: str) -> tuple[str, ...]:
    """Objects whose change events would not be delivered to the user, who lacks View All there; none where the org does
    not tell. Such a subscription is accepted and stays silent:
    https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_security.htm.
    """
    query = soql(
        "SELECT SobjectType, PermissionsViewAllRecords, PermissionsModifyAllRecords FROM ObjectPermissions "
        "WHERE SobjectType IN ('Account', 'Contact') AND ParentId IN "
        "(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {})",
        user_id,
    )
    rows = if_allowed(lambda: all_rows(client, query))
    if rows is None or permissions_held(client, ["PermissionsViewAllData"]).get("PermissionsViewAllData"):
        return ()
    heard = {
        row["SobjectType"]
        for row in rows
        if row["PermissionsViewAllRecords"] or row["PermissionsModifyAllRecords"]
    }
    return tuple(name for name in ("Account", "Contact") if name not in heard)


def channel_there(client: SalesforceClient) -> bool:
    """Whether the channel is there with all members; False also where the user may not look."""
    return (parts_there(client) or frozenset()) >= {CHANNEL, *map(member_name, EVENTS)}
