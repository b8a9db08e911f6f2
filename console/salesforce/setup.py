"""What the org needs before the first sync: planned first, shown, then made; again is no change.

The 13 custom fields on Account, a permission set that lets a user see and edit them and work with accounts and contacts,
and its assignment to the signed-in user. A new field is invisible through the API, even to its creator, until a permission
set or profile grants it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, CustomField
from console.domain.ids import to_18
from console.errors import ConsoleError, Refused, Unreachable
from console.salesforce.client import FieldInfo, SalesforceClient
from console.salesforce.custom_fields import Shape, metadata, misfit, summary
from console.salesforce.setup_rows import (
    assignment_id,
    field_rows,
    metadata_of,
    object_rows,
    permission_set_id,
    permissions_held,
    stored_fields,
)

Action = Literal["create", "grant", "exists", "mismatch", "blocked"]
Kind = Literal["field", "permission_set", "object_permission", "field_permission", "assignment"]

OBJECTS = ("Account", "Contact")
_OBJECT_RIGHTS = ("PermissionsRead", "PermissionsCreate", "PermissionsEdit")
_FIELD_RIGHTS = ("PermissionsRead", "PermissionsEdit")
_THERE_ALREADY = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})
_NEEDED: Mapping[Kind, tuple[str, str]] = {
    "field": ("PermissionsCustomizeApplication", "Customize Application"),
    "permission_set": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "object_permission": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "field_permission": ("PermissionsManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
    "assignment": ("PermissionsAssignPermissionSets", "Assign Permission Sets"),
}


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One thing the org needs, and what is to be done about it.

    ``create``: will be made. ``grant``: a right will be given. ``exists``: nothing to do. ``mismatch``: something of that name is
    there and does not fit; it is left alone. ``blocked``: the signed-in user lacks the permission to make it.
    """

    kind: Kind
    api_name: str
    """``Account.Field__c`` for fields and field permissions, the object's or the set's name, the user name for the assignment."""
    action: Action
    detail: str
    """One sentence for the screen."""
    sf_id: str | None = None


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """Everything the org needs, in the order in which it will be made."""

    items: tuple[SetupItem, ...]
    user_id: str
    permission_set: str

    @property
    def changes(self) -> tuple[SetupItem, ...]:
        """What will be made or granted."""
        return tuple(item for item in self.items if item.action in ("create", "grant"))

    @property
    def problems(self) -> tuple[SetupItem, ...]:
        """What a person has to settle: mismatches and missing permissions."""
        return tuple(item for item in self.items if item.action in ("mismatch", "blocked"))

    @property
    def obstacle(self) -> SetupItem | None:
        """The first problem that the sync cannot do without; other mismatched fields are only left out of it."""
        return next(
            (
                item
                for item in self.problems
                if item.action == "blocked" or item.api_name == f"Account.{CUSTOMER_ID}"
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something in the org that the connection relies on; `created` when we made it, and may remove it."""

    kind: Kind
    api_name: str
    sf_id: str
    created: bool


def plan_setup(client: SalesforceClient, permission_set: str = "Alguna_Sync") -> SetupPlan:
    """Look at the org; changes nothing.

    :raises ConsoleError: the org cannot be read.
    """
    who = client.whoami()
    held = permissions_held(client, {column for column, _ in _NEEDED.values()})
    items = _field_items(client)
    set_id = permission_set_id(client, permission_set)
    fields = tuple(item.api_name for item in items if item.action != "mismatch")
    items.append(
        SetupItem(
            "permission_set",
            permission_set,
            "exists",
            f"The permission set {permission_set} is there.",
            set_id,
        )
        if set_id is not None
        else SetupItem(
            "permission_set", permission_set, "create", f"The permission set {permission_set} will be made."
        )
    )
    items += _object_items(client, set_id)
    items += _grant_items(client, set_id, fields)
    assigned = assignment_id(client, who.user_id, set_id)
    items.append(
        SetupItem("assignment", who.username, "exists", f"{who.username} has the permission set.", assigned)
        if assigned is not None
        else SetupItem("assignment", who.username, "create", f"{who.username} will get the permission set.")
    )
    return SetupPlan(tuple(_allowed(item, held) for item in items), who.user_id, permission_set)


def apply_setup(
    client: SalesforceClient, plan: SetupPlan, on_step: Callable[[SetupItem, str], None] | None = None
) -> list[Artefact]:
    """Make what the plan says, in its order. What turns out to be there already is taken as it is.

    :param on_step: told ``doing`` and ``done`` for each item that is made or granted.
    :returns: everything the connection relies on, found or made.
    :raises Refused: the plan has an obstacle (nothing was made), or the org refuses; what was made by then stays, and the
        next plan finds it.
    """
    if plan.obstacle is not None:
        raise Refused(
            plan.obstacle.detail,
            "Settle this in Salesforce, then run the set-up again.",
            code=plan.obstacle.action,
        )
    tell = on_step or (lambda item, step: None)
    maker = _Maker(client, plan)
    artefacts: list[Artefact] = []
    for item in plan.items:
        if item.action in ("create", "grant"):
            tell(item, "doing")
            artefacts.append(maker.make(item))
            tell(item, "done")
        elif item.sf_id is not None and item.action == "exists":
            artefacts.append(Artefact(item.kind, item.api_name, item.sf_id, created=False))
    return artefacts


def verify(
    client: SalesforceClient,
    permission_set: str = "Alguna_Sync",
    *,
    patience: float = 20.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[SetupItem]:
    """What is still missing after set-up; empty when all is there and the signed-in user sees it.

    Rights can take some seconds to be felt, hence `patience`, in seconds. Mismatched fields are listed too.
    """
    pause = 0.5
    while True:
        plan = plan_setup(client, permission_set)
        missing = [item for item in plan.items if item.action != "exists"]
        if not missing:
            missing = _unseen(client)
        waiting = any(item.action in ("create", "grant") for item in missing)
        if not waiting or patience <= 0:
            return missing
        sleep(min(pause, patience))
        patience -= pause
        pause *= 2


def _field_items(client: SalesforceClient) -> list[SetupItem]:
    seen = client.describe("Account")
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


def _object_items(client: SalesforceClient, set_id: str | None) -> list[SetupItem]:
    rows = object_rows(client, set_id)
    return [_right_item("object_permission", name, rows.get(name), _OBJECT_RIGHTS) for name in OBJECTS]


def _grant_items(client: SalesforceClient, set_id: str | None, fields: Sequence[str]) -> list[SetupItem]:
    rows = field_rows(client, set_id)
    return [_right_item("field_permission", name, rows.get(name), _FIELD_RIGHTS) for name in fields]


def _right_item(kind: Kind, name: str, row: Mapping[str, Any] | None, rights: Sequence[str]) -> SetupItem:
    words = ", ".join(right.removeprefix("Permissions").lower() for right in rights)
    if row is not None and all(row.get(right) is True for right in rights):
        return SetupItem(kind, name, "exists", f"The set grants {words} on {name}.", to_18(row["Id"]))
    sf_id = to_18(row["Id"]) if row is not None else None
    return SetupItem(kind, name, "grant", f"The set will grant {words} on {name}.", sf_id)


def _allowed(item: SetupItem, held: Mapping[str, Any]) -> SetupItem:
    column, words = _NEEDED[item.kind]
    if item.action not in ("create", "grant") or held.get(column) is not False:
        return item
    what = "The permission set is not assigned to" if item.kind == "assignment" else "There is no"
    detail = (
        f"{what} {item.api_name} yet, and the signed-in user lacks the permission '{words}' to change that."
    )
    return SetupItem(item.kind, item.api_name, "blocked", detail, item.sf_id)


def _unseen(client: SalesforceClient) -> list[SetupItem]:
    """Fields that are granted and still not visible to the signed-in user."""
    seen = client.describe("Account")
    return [
        SetupItem(
            "field",
            f"Account.{field.api_name}",
            "grant",
            f"{field.api_name} is not visible or not editable yet.",
        )
        for field in CUSTOM_FIELDS
        if field.api_name not in seen or not seen[field.api_name].updateable
    ]


class _Maker:
    """Makes the items of one plan; knows the permission set once it is there."""

    def __init__(self, client: SalesforceClient, plan: SetupPlan) -> None:
        self._client = client
        self._plan = plan
        self._set: str | None = None
        self._fields = {f"Account.{field.api_name}": field for field in CUSTOM_FIELDS}

    def make(self, item: SetupItem) -> Artefact:
        """Make one item, or find that it is there by now."""
        match item.kind:
            case "field":
                sf_id, created = self._create(
                    "tooling/sobjects/CustomField",
                    metadata(self._fields[item.api_name]),
                    lambda: stored_fields(self._client).get(item.api_name.removeprefix("Account.")),
                )
            case "permission_set":
                name = self._plan.permission_set
                described = {
                    "Name": name,
                    "Label": name.replace("_", " "),
                    "Description": "Lets a user see and edit the Alguna fields. Made by the Alguna console.",
                }
                sf_id, created = self._create(
                    "sobjects/PermissionSet", described, lambda: permission_set_id(self._client, name)
                )
            case "object_permission":
                sf_id, created = self._grant(
                    item,
                    "ObjectPermissions",
                    {
                        "ParentId": self._set_id(),
                        "SobjectType": item.api_name,
                        **dict.fromkeys(_OBJECT_RIGHTS, True),
                    },
                    lambda: _id_of(object_rows(self._client, self._set_id()).get(item.api_name)),
                )
            case "field_permission":
                sf_id, created = self._grant(
                    item,
                    "FieldPermissions",
                    {
                        "ParentId": self._set_id(),
                        "SobjectType": "Account",
                        "Field": item.api_name,
                        **dict.fromkeys(_FIELD_RIGHTS, True),
                    },
                    lambda: _id_of(field_rows(self._client, self._set_id()).get(item.api_name)),
                )
            case "assignment":
                sf_id, created = self._create(
                    "sobjects/PermissionSetAssignment",
                    {"AssigneeId": self._plan.user_id, "PermissionSetId": self._set_id()},
                    lambda: assignment_id(self._client, self._plan.user_id, self._set_id()),
                )
        return Artefact(item.kind, item.api_name, sf_id, created)

    def _create(self, path: str, body: Mapping[str, Any], find: Callable[[], str | None]) -> tuple[str, bool]:
        """Id, and whether we made it. After a lost answer, and when it is said to be there, the org is asked."""
        failure: ConsoleError
        try:
            return _created_id(self._client.send("POST", path, dict(body))), True
        except Refused as error:
            if error.code not in _THERE_ALREADY:
                raise
            failure = error
        except Unreachable as error:
            if not error.maybe_done:
                raise
            failure = error
        found = find()
        if found is None:
            raise failure
        return found, isinstance(failure, Unreachable)

    def _grant(
        self, item: SetupItem, sobject: str, body: Mapping[str, Any], find: Callable[[], str | None]
    ) -> tuple[str, bool]:
        """A new row of rights, or the missing rights on the row that is there."""
        if item.sf_id is None:
            return self._create(f"sobjects/{sobject}", body, find)
        rights = {name: value for name, value in body.items() if name.startswith("Permissions")}
        self._client.send("PATCH", f"sobjects/{sobject}/{item.sf_id}", rights)
        return item.sf_id, False

    def _set_id(self) -> str:
        if self._set is None:
            self._set = permission_set_id(self._client, self._plan.permission_set)
        if self._set is None:
            raise Refused(
                f"The permission set {self._plan.permission_set} is not there.", "Run the set-up again."
            )
        return self._set


def _created_id(reply: Any) -> str:
    identity = reply.get("id") if isinstance(reply, dict) else None
    if not isinstance(identity, str):
        raise Unreachable(
            "Salesforce's reply does not say what was made.", "Run the set-up again.", maybe_done=True
        )
    return to_18(identity)


def _id_of(row: Mapping[str, Any] | None) -> str | None:
    return to_18(row["Id"]) if row is not None else None
