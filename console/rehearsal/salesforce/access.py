"""Who calls, and what they may see and do.

User permissions come from all permission sets assigned to a user, the one that belongs to their profile among
them. Objects and fields are seen through ObjectPermissions and FieldPermissions of those sets: a field that no
set grants does not exist for the user, whoever made it.
See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_fieldpermissions.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.errors import ApiError, insufficient_access, not_found
from console.rehearsal.salesforce.permission_objects import OBJECT_RIGHTS, USER_PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.store import Store

ALL_RIGHTS = frozenset(OBJECT_RIGHTS)
NO_RIGHTS: frozenset[str] = frozenset()

SETUP_READ: Mapping[str, tuple[str, ...]] = {
    "PermissionSet": (
        "ViewSetup",
        "AssignPermissionSets",
        "ManageProfilesPermissionsets",
        "ManageSessionPermissionSets",
    ),
    "FieldPermissions": ("ViewSetup",),
    "ObjectPermissions": ("ViewSetup",),
    "PermissionSetAssignment": ("ViewSetup", "AssignPermissionSets", "ManageUsers"),
    "CustomField": ("ViewSetup", "CustomizeApplication"),
    "DuplicateRule": ("ViewSetup", "CustomizeApplication"),
    "MatchingRule": ("ViewSetup", "CustomizeApplication"),
    "ValidationRule": ("ViewSetup", "CustomizeApplication"),
    "FlowDefinitionView": ("ViewSetup", "ManageFlow"),
    "ApexTrigger": ("ViewSetup", "AuthorApex"),
    "AuthSession": ("ManageUsers",),
    "UserLicense": ("ViewSetup",),
    "PermissionSetLicense": ("ViewSetup", "ManageUsers", "ManageInternalUsers"),
    "PermissionSetLicenseAssign": ("ViewSetup", "ManageUsers", "ManageInternalUsers"),
    "PlatformEventChannel": ("ViewSetup",),
    "PlatformEventChannelMember": ("ViewSetup",),
}
"""Which user permissions (any of them) let a caller read a set-up object; others are open to all."""

SETUP_WRITE: Mapping[str, tuple[str, ...]] = {
    "User": ("ManageUsers", "ManageInternalUsers"),
    "Organization": ("CustomizeApplication",),
    "PermissionSet": ("ManageProfilesPermissionsets",),
    "FieldPermissions": ("ManageProfilesPermissionsets",),
    "ObjectPermissions": ("ManageProfilesPermissionsets",),
    "PermissionSetAssignment": ("AssignPermissionSets", "ManageUsers"),
    "PermissionSetLicenseAssign": ("ManageUsers", "ManageInternalUsers"),
    "CustomField": ("CustomizeApplication",),
    "ValidationRule": ("CustomizeApplication",),
    "RecordType": ("CustomizeApplication",),
    "PlatformEventChannel": ("CustomizeApplication",),
    "PlatformEventChannelMember": ("CustomizeApplication",),
}
"""Which user permissions (any of them) let a caller create, change and delete a set-up object."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, through which program and which API."""

    user_id: str
    """18 characters."""
    client: str = ""
    """What `Sforce-Call-Options: client=` said."""
    api: str = "rest"
    """rest, toolingrest, bulkapi or soap: part of a change's origin."""
    version: str = ""
    """The API version of the call; empty for what no API client did."""
    save_duplicates: bool = False
    """What `Sforce-Duplicate-Rule-Header: allowSave=` said."""
    system: bool = False
    """No permission and no field-level security is looked at: for seeding and for truth in tests."""


def in_browser(user_id: str) -> Caller:
    """Somebody who works in Lightning Experience, whose changes carry the name of Salesforce's own client."""
    return Caller(user_id, client="SfdcInternalAPI/", api="soap", version="62.0")


@dataclass(frozen=True, slots=True)
class View:
    """An object as one caller sees it: only the fields that exist for them."""

    sobject: SObject
    rights: frozenset[str]
    fields: Mapping[str, Field]
    """By name in lower case, in describe order."""
    writable: frozenset[str]
    """API names of fields that the caller may edit, if the operation allows the field at all."""
    relationships: Mapping[str, Field]
    """Reference fields by the lower-case name of their relationship (`owner`, `account`, `parent`)."""

    def get(self, name: str) -> Field | None:
        return self.fields.get(name.lower())


class Access:
    """What one user may see and do, as of now."""

    def __init__(
        self,
        schema: Schema,
        permissions: Mapping[str, bool],
        objects: Mapping[str, frozenset[str]],
        readable: frozenset[str],
        editable: frozenset[str],
        *,
        system: bool = False,
        until: str | None = None,
    ) -> None:
        self.permissions = permissions
        self.system = system
        self.until = until
        """The moment at which the first of the assignments ends."""
        self._schema = schema
        self._objects = objects
        self._readable = readable
        self._editable = editable
        self._views: dict[str, View] = {}

    def rights(self, sobject: SObject) -> frozenset[str]:
        """Create, Read, Edit, Delete, ViewAllRecords, ModifyAllRecords, as far as granted."""
        if self.system:
            return ALL_RIGHTS
        if sobject.setup:
            return self._setup_rights(sobject.name)
        if self.permissions["ModifyAllData"]:
            return ALL_RIGHTS
        granted = self._objects.get(sobject.name, NO_RIGHTS)
        if self.permissions["ViewAllData"]:
            return granted | {"Read", "ViewAllRecords"}
        return granted

    def _setup_rights(self, name: str) -> frozenset[str]:
        def any_of(wanted: tuple[str, ...]) -> bool:
            return any(self.permissions[each] for each in wanted)

        granted: set[str] = set()
        if name not in SETUP_READ or any_of(SETUP_READ[name]):
            granted |= {"Read", "ViewAllRecords"}
        if any_of(SETUP_WRITE.get(name, ())):
            granted |= {"Read", "Create", "Edit", "Delete"}
        return frozenset(granted)

    def view(self, name: str, *, tooling: bool = False) -> View | None:
        """An object by its name in any case, or None when it does not exist for the caller."""
        sobject = self._schema.get(name)
        if sobject is None or not (sobject.tooling if tooling else sobject.rest):
            return None
        view = self._views.get(sobject.name)
        if view is None:
            view = self._views[sobject.name] = self._make_view(sobject)
        return view if "Read" in view.rights else None

    def need(self, name: str, *, tooling: bool = False) -> View:
        """The object of a path; NOT_FOUND when it does not exist for the caller."""
        view = self.view(name, tooling=tooling)
        if view is None:
            raise not_found()
        return view

    def children_of(self, parent: str) -> Iterator[tuple[SObject, Field]]:
        """The reference fields that point at an object type, seen or not."""
        return self._schema.children_of(parent)

    def _make_view(self, sobject: SObject) -> View:
        free = self.system or sobject.setup
        fields: dict[str, Field] = {}
        writable: set[str] = set()
        relationships: dict[str, Field] = {}
        for field in sobject.fields.values():
            keys = {f"{sobject.name}.{field.name}", f"{sobject.name}.{field.access_key}"}
            if not (free or not field.permissionable or keys & self._readable):
                continue
            fields[field.name.lower()] = field
            if free or not field.permissionable or keys & self._editable:
                writable.add(field.name)
            if field.relationship_name:
                relationships[field.relationship_name.lower()] = field
        return View(sobject, self.rights(sobject), fields, frozenset(writable), relationships)


def may(view: View, right: str) -> bool:
    """Whether the object takes such an operation at all, and from this caller."""
    able = {
        "Create": view.sobject.createable,
        "Edit": view.sobject.updateable,
        "Delete": view.sobject.deletable,
    }
    return able.get(right, True) and right in view.rights


def require(view: View, right: str) -> None:
    """Refuses a Create, Edit or Delete that the object or the caller's rights don't allow."""
    sobject = view.sobject
    words = {
        "Create": ("create", "inserted", sobject.createable),
        "Edit": ("update", "updated", sobject.updateable),
        "Delete": ("delete", "deleted", sobject.deletable),
    }
    verb, participle, able = words[right]
    if not able:
        message = f"entity type {sobject.name} does not support {verb}"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)
    if right in view.rights:
        return
    if sobject.setup or right == "Delete":
        raise insufficient_access()
    message = f"entity type cannot be {participle}: {sobject.label}"
    raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])


class AccessBook:
    """Works out each user's access once, until something that it rests on is written."""

    def __init__(self, store: Store, schema: Schema, now: Callable[[], str]) -> None:
        self._store = store
        self._schema = schema
        self._now = now
        self._known: dict[str, Access] = {}
        self._system = self._make_system()

    def forget(self) -> None:
        """To be called when users, permission sets, assignments or the schema change."""
        self._known.clear()
        self._system = self._make_system()

    def _make_system(self) -> Access:
        everything = dict.fromkeys(USER_PERMISSIONS, True)
        return Access(self._schema, everything, {}, frozenset(), frozenset(), system=True)

    def of(self, caller: Caller) -> Access:
        """The caller's access; API_CURRENTLY_DISABLED when they may not use the API at all."""
        if caller.system:
            return self._system
        access = self._known.get(caller.user_id)
        if access is None or (access.until is not None and access.until <= self._now()):
            access = self._known[caller.user_id] = self._work_out(caller.user_id)
        if not access.permissions["ApiEnabled"]:
            raise ApiError(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this User")
        return access

    def permissions(self, user_id: str) -> dict[str, bool]:
        """All user permissions of a user, single switches included."""
        columns = ", ".join(f'max(s."Permissions{name}")' for name in USER_PERMISSIONS)
        sql = f'SELECT {columns} FROM "PermissionSet" s WHERE s."Id" IN ({self._sets()})'
        row = self._store.find(sql, (user_id, self._now()))[0]
        granted = {name: bool(value) for name, value in zip(USER_PERMISSIONS, row, strict=True)}
        switches = self._store.find("SELECT permission, granted FROM _switch WHERE user_id = ?", (user_id,))
        return {**granted, **{name: bool(value) for name, value in switches}}

    def switch(self, user_id: str, switches: Mapping[str, bool]) -> None:
        """Lays single permissions of a user over what their permission sets say."""
        unknown = sorted(set(switches) - set(USER_PERMISSIONS))
        if unknown:
            raise ValueError(f"no such permission: {', '.join(unknown)}")
        for name, granted in switches.items():
            self._store.connection.execute(
                "INSERT INTO _switch VALUES (?, ?, ?)"
                " ON CONFLICT (user_id, permission) DO UPDATE SET granted = excluded.granted",
                (user_id, name, int(granted)),
            )
        self.forget()

    @staticmethod
    def _sets() -> str:
        return (
            'SELECT a."PermissionSetId" FROM "PermissionSetAssignment" a WHERE a."AssigneeId" = ?'
            ' AND (a."ExpirationDate" IS NULL OR a."ExpirationDate" > ?)'
        )

    def _work_out(self, user_id: str) -> Access:
        key = (user_id, self._now())
        columns = ", ".join(f'max(o."Permissions{name}")' for name in OBJECT_RIGHTS)
        objects = {
            row[0]: frozenset(name for name, value in zip(OBJECT_RIGHTS, row[1:], strict=True) if value)
            for row in self._store.find(
                f'SELECT o."SobjectType", {columns} FROM "ObjectPermissions" o'
                f' WHERE o."ParentId" IN ({self._sets()}) GROUP BY o."SobjectType"',
                key,
            )
        }
        fields = self._store.find(
            'SELECT f."Field", max(f."PermissionsRead"), max(f."PermissionsEdit") FROM "FieldPermissions" f'
            f' WHERE f."ParentId" IN ({self._sets()}) GROUP BY f."Field"',
            key,
        )
        return Access(
            self._schema,
            self.permissions(user_id),
            objects,
            frozenset(name for name, read, _ in fields if read),
            frozenset(name for name, _, edit in fields if edit),
            until=self._store.find(
                'SELECT min("ExpirationDate") FROM "PermissionSetAssignment"'
                ' WHERE "AssigneeId" = ? AND "ExpirationDate" > ?',
                key,
            )[0][0],
        )
