"""Looking at an org and saying what set-up would do there; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, CustomField
from console.domain.ids import to_18
from console.errors import Refused
from console.salesforce.client import FieldInfo, SalesforceClient
from console.salesforce.custom_fields import Shape, misfit, summary
from console.salesforce.setup.channel import channel_id, member_ids, member_name
from console.salesforce.setup.license import LICENSE_LABEL, license_item
from console.salesforce.setup.model import CHANNEL, EVENTS, SET, Assignee, Kind, SetupItem, SetupPlan
from console.salesforce.setup.permission_set import FIELD_RIGHTS, Grants, grants
from console.salesforce.setup.rows import (
    assignment_id,
    field_rows,
    if_allowed,
    metadata_of,
    object_rows,
    permission_set_row,
    permissions_held,
    stored_fields,
)

OBJECTS = ("Account", "Contact")
_NEEDED: Mapping[Kind, tuple[str, str]] = {
    "field": ("PermissionsCustomizeApplication", "Customize Application"),
    "channel": ("PermissionsCustomizeApplication", "Customize Application"),
    "channel_member": ("PermissionsCustomizeApplication", "Customize Application"),
    "permission_set": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "object_permission": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "field_permission": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "license": ("PermissionsManageUsers", "Manage Users"),
    "assignment": ("PermissionsAssignPermissionSets", "Assign Permission Sets"),
}


def plan_setup(
    client: SalesforceClient,
    permission_set: str = SET,
    *,
    users: Sequence[Assignee] | None = None,
    events: bool = True,
) -> SetupPlan:
    """Look at the org; changes nothing.

    :param users: who gets the permission set; by default the signed-in user.
    :param events: with a channel of change events. Without, changes are polled for.
    :raises ConsoleError: the org cannot be read.
    """
    who = client.whoami()
    users = users or (Assignee(who.user_id, who.username),)
    held = permissions_held(client, {column for column, _ in _NEEDED.values()})
    seen = {name: _described(client, name) for name in OBJECTS}
    items = [_allowed(item, held) for item in _field_items(client, seen["Account"])]
    if events:
        items += [_allowed(item, held) for item in _channel_items(client)]
    streams = SetupPlan(tuple(items)).streams
    own = [item.api_name for item in items if item.kind == "field" and item.action in ("create", "exists")]
    mine = any(user.user_id == who.user_id for user in users)
    rights = _Rights(client, permission_set, grants(own, events=streams), seen if mine else {})
    items += [_allowed(item, held) for item in rights.items(users)]
    return SetupPlan(tuple(items), permission_set, felt=mine and _editable(seen["Account"], CUSTOMER_ID))


def _described(client: SalesforceClient, name: str) -> Mapping[str, FieldInfo]:
    """The fields of an object, none where it does not exist for the user."""
    try:
        return client.describe(name)
    except Refused as refusal:
        if refusal.code not in ("NOT_FOUND", "INVALID_TYPE"):
            raise
        return {}


# --- fields ----------------------------------------------------------------------------------------------------


def _field_items(client: SalesforceClient, seen: Mapping[str, FieldInfo]) -> list[SetupItem]:
    stored = stored_fields(client)
    return [
        _field_item(client, field, seen.get(field.api_name), stored.get(field.api_name))
        for field in CUSTOM_FIELDS
    ]


def _field_item(
    client: SalesforceClient, field: CustomField, seen: FieldInfo | None, sf_id: str | None
) -> SetupItem:
    name = f"Account.{field.api_name}"
    if seen is not None:
        problem = misfit(field, Shape.described(seen))
    elif sf_id is not None:
        problem = misfit(field, Shape.stored(metadata_of(client, sf_id)))
    else:
        return SetupItem("field", name, "create", f"{field.label}, {summary(field)}, will be made.")
    if problem is not None:
        return SetupItem("field", name, "mismatch", problem, sf_id)
    return SetupItem("field", name, "exists", f"{field.label}, {summary(field)}, is there.", sf_id)


# --- change events ---------------------------------------------------------------------------------------------


def _channel_items(client: SalesforceClient) -> list[SetupItem]:
    try:
        channel, members = channel_id(client), member_ids(client)
    except Refused as refusal:
        why = (
            "this user can't look at its channels ('View Setup and Configuration')"
            if refusal.code == "INVALID_TYPE"
            else refusal.message.rstrip(".")
        )
        detail = f"Change events can't be set up, because {why}: changes are polled for."
        return [SetupItem("channel", CHANNEL, "blocked", detail)]
    items = [
        SetupItem("channel", CHANNEL, "exists", "The channel of change events is there.", channel)
        if channel
        else SetupItem("channel", CHANNEL, "create", "A channel of change events will be made.")
    ]
    for event in EVENTS:
        name, sf_id = member_name(event), members.get(event)
        words = event.removesuffix("ChangeEvent").lower()
        items.append(
            SetupItem("channel_member", name, "exists", f"Changes of {words}s are in the channel.", sf_id)
            if sf_id
            else SetupItem("channel_member", name, "create", f"Changes of {words}s will be in the channel.")
        )
    return items


# --- permission set --------------------------------------------------------------------------------------------


class _Rights:
    """What the permission set holds and lacks.

    :param seen: describes of the signed-in user, where that user is to hold the set.
    """

    def __init__(
        self,
        client: SalesforceClient,
        name: str,
        given: Grants,
        seen: Mapping[str, Mapping[str, FieldInfo]],
    ) -> None:
        self._client = client
        self._name = name
        self._given = given
        self._seen = seen
        self._row = if_allowed(lambda: permission_set_row(client, name))

    @property
    def _hidden(self) -> bool:
        return self._row is None

    @property
    def _id(self) -> str | None:
        return to_18(self._row["Id"]) if self._row else None

    def items(self, users: Sequence[Assignee]) -> list[SetupItem]:
        """Set, rights on objects and fields, assignments."""
        objects = if_allowed(lambda: object_rows(self._client, self._id)) or {}
        fields = if_allowed(lambda: field_rows(self._client, self._id)) or {}
        rights = [f"Permissions{right}" for right in self._given.objects]
        field_rights = [f"Permissions{right}" for right in FIELD_RIGHTS]
        return [
            self._set_item(),
            *(self._right("object_permission", name, objects.get(name), rights) for name in OBJECTS),
            *(
                self._right("field_permission", name, fields.get(name), field_rights)
                for name in self._given.fields
            ),
            *(
                item
                for user in users
                for item in (license_item(self._client, user), self._assignment(user))
                if item
            ),
        ]

    def _set_item(self) -> SetupItem:
        name = self._name
        if self._row is None:
            return self._unseen("permission_set", name, f"The permission set {name} can't be looked at.")
        if not self._row:
            detail = f"The permission set {name} will be made."
            return SetupItem("permission_set", name, "create", detail)
        lacking = [right for right in self._given.user if not self._row.get(f"Permissions{right}")]
        if lacking:
            words = ", ".join(lacking)
            return SetupItem("permission_set", name, "grant", f"The set will grant {words}.", self._id)
        return SetupItem("permission_set", name, "exists", f"The permission set {name} is there.", self._id)

    def _right(
        self, kind: Kind, name: str, row: Mapping[str, Any] | None, rights: Sequence[str]
    ) -> SetupItem:
        words = ", ".join(_WORDS[right] for right in rights)
        if self._hidden:
            entity, _, field = name.partition(".")
            if field and _editable(self._seen.get(entity, {}), field):
                return SetupItem(kind, name, "exists", f"{name} can be read and edited.")
            return self._unseen(kind, name, f"What is granted on {name} can't be looked at.")
        if row is not None and all(row.get(right) is True for right in rights):
            return SetupItem(kind, name, "exists", f"The set grants {words} on {name}.", to_18(row["Id"]))
        sf_id = to_18(row["Id"]) if row is not None else None
        return SetupItem(kind, name, "grant", f"The set will grant {words} on {name}.", sf_id)

    def _assignment(self, user: Assignee) -> SetupItem:
        name = user.username
        if self._hidden:
            return self._unseen("assignment", name, f"Whether {name} has the set can't be looked at.", user)
        found = if_allowed(lambda: assignment_id(self._client, user.user_id, self._id))
        if found is not None:
            detail = f"{name} has the permission set."
            return SetupItem("assignment", name, "exists", detail, found, user.user_id)
        detail = f"{name} will get the permission set."
        return SetupItem("assignment", name, "create", detail, None, user.user_id)

    def _unseen(self, kind: Kind, name: str, detail: str, user: Assignee | None = None) -> SetupItem:
        said = f"{detail[:-1]} without 'View Setup and Configuration'."
        return SetupItem(kind, name, "blocked", said, None, user.user_id if user else None)


_WORDS = {
    "PermissionsRead": "read",
    "PermissionsCreate": "create",
    "PermissionsEdit": "edit",
    "PermissionsViewAllRecords": "view all",
}


def _editable(seen: Mapping[str, FieldInfo], field: str) -> bool:
    """Whether describe shows the field as editable; of an address, its first line tells."""
    name = field.replace("Address", "Street") if field.endswith("Address") else field
    return name in seen and seen[name].updateable


_LACKING = {
    "assignment": "The permission set is not assigned to {}",
    "license": f"The permission set licence '{LICENSE_LABEL}' is not given to {{}}",
}


def _allowed(item: SetupItem, held: Mapping[str, Any]) -> SetupItem:
    column, words = _NEEDED[item.kind]
    if item.action not in ("create", "grant") or held.get(column) is not False:
        return item
    what = _LACKING.get(item.kind, "There is no {}").format(item.api_name)
    detail = f"{what} yet, and the signed-in user lacks the permission '{words}' to change that."
    if item.kind == "channel":
        detail += " Changes are polled for."
    return SetupItem(item.kind, item.api_name, "blocked", detail, item.sf_id, item.target)
