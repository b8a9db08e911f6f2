"""What set-up objects demand beyond the types of their fields.

Permission sets: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_permissionset.htm
(naming, dependencies, assignments), and the pages of FieldPermissions, ObjectPermissions and
PermissionSetAssignment beside it.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, field_integrity, insufficient_access
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.values import zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.access import Caller
    from console.rehearsal.salesforce.channels import Channels
    from console.rehearsal.salesforce.metadata import CustomFields
    from console.rehearsal.salesforce.rules.on_save import SaveRules
    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.store import Store

INTEGRATION_KEY = "SFDC_INTEGRATION"
"""The licence of integration users, by its key."""
_DEVELOPER_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_DEPENDS = {
    "Create": ("Read",),
    "Edit": ("Read",),
    "Delete": ("Read", "Edit"),
    "ViewAllRecords": ("Read",),
    "ModifyAllRecords": ("Read", "Edit", "Delete", "ViewAllRecords"),
}
_RESTS_ON = {
    "ViewSetup": ("ViewRoles",),
    "CustomizeApplication": ("ManageCustomPermissions", "ViewSetup", "ViewRoles"),
    "ModifyAllData": ("ViewAllData",),
}
"""User permissions that pull in others, as far as this is publicly known."""
_UNKNOWN_DUPLICATE = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"


class Rules:
    """Called around every write; most objects have no rules of their own."""

    def __init__(
        self,
        store: Store,
        schema: Schema,
        custom_fields: CustomFields,
        channels: Channels,
        on_save: SaveRules,
    ) -> None:
        self._store = store
        self._schema = schema
        self._custom_fields = custom_fields
        self._channels = channels
        self._validation = on_save.validation
        self._features = on_save.features

    # -- around writes

    def before_insert(
        self, caller: Caller, sobject: SObject, row: dict[str, Any], values: Mapping[str, Any]
    ) -> None:
        """Checks and completes a new row of stored values."""
        match sobject.name:
            case "PermissionSet":
                self._permission_set_name(row["Name"])
                _user_permissions(row)
            case "FieldPermissions":
                self._field_permission(row)
            case "ObjectPermissions":
                self._object_permission(row, None)
            case "PermissionSetAssignment":
                self._assignment(row)
            case "User":
                self._user(row)
            case "CustomField":
                self._custom_fields.before_insert(row, values)
            case "PlatformEventChannel":
                self._channels.before_channel(row, values)
            case "PlatformEventChannelMember":
                self._channels.before_member(row, values)
            case "ValidationRule":
                self._validation.before_insert(row, values)
            case "RecordType":
                self._record_type(row)

    def after_insert(self, caller: Caller, sobject: SObject, row: dict[str, Any]) -> None:
        match sobject.name:
            case "RecordType":
                self._features.apply()
                self._custom_fields.load()
            case "User":
                self.assign_profile(row["Id"], row["ProfileId"], row["SystemModstamp"])
            case "CustomField":
                self._custom_fields.after_insert(row)
            case "PlatformEventChannelMember":
                self._channels.forget()

    def before_update(
        self,
        caller: Caller,
        sobject: SObject,
        old: Mapping[str, Any],
        given: dict[str, Any],
        values: Mapping[str, Any],
    ) -> str:
        """Checks and completes a change; "delete" when the row must go instead."""
        new = {**old, **given}
        match sobject.name:
            case "PermissionSet":
                if old["IsOwnedByProfile"] and not caller.system:
                    raise insufficient_access()
                self._permission_set_name(new["Name"])
                if any(name.startswith("Permissions") for name in given):
                    _user_permissions(new)
            case "FieldPermissions":
                if not new["PermissionsRead"] and not new["PermissionsEdit"]:
                    return "delete"
                self._field_access(new)
            case "ObjectPermissions":
                if not any(new[f"Permissions{name}"] for name in ("Read", *_DEPENDS)):
                    return "delete"
                self._object_permission(new, old["Id"])
            case "User":
                self._user(new)
            case "CustomField":
                self._custom_fields.before_update(old, given, values)
            case "PlatformEventChannel":
                self._channels.before_channel(new, values, old)
                given.update(_differences(old, new))
            case "PlatformEventChannelMember":
                self._channels.before_member(new, values, old)
                given.update(_differences(old, new))
            case "ValidationRule":
                self._validation.before_update(old, given, values)
        return ""

    def after_update(
        self, caller: Caller, sobject: SObject, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        match sobject.name:
            case "User" if new["ProfileId"] != old["ProfileId"]:
                self.assign_profile(new["Id"], new["ProfileId"], old["SystemModstamp"])
            case "CustomField":
                self._custom_fields.after_update(old, new)
            case "PlatformEventChannelMember":
                self._channels.forget()

    def before_delete(self, caller: Caller, sobject: SObject, old: Mapping[str, Any]) -> None:
        match sobject.name:
            case "PermissionSet":
                if old["IsOwnedByProfile"]:
                    raise insufficient_access()
                if self._exists("PermissionSetAssignment", PermissionSetId=old["Id"]):
                    message = (
                        "Your attempt to delete this permission set failed because it is assigned to users."
                    )
                    raise ApiError(400, "DELETE_FAILED", message, [])
            case "PermissionSetAssignment":
                if self._value("PermissionSet", old["PermissionSetId"], "IsOwnedByProfile"):
                    raise insufficient_access()
            case "PlatformEventChannel":
                self._channels.before_channel_delete(old)
            case "CustomField":
                owner, _, name = old["FullName"].partition(".")
                rule = self._validation.mentions(owner, name)
                if rule is not None:
                    message = (
                        "Cannot complete this operation. This custom field is referenced elsewhere in Salesforce: "
                        f"Validation Rule {rule}"
                    )
                    raise ApiError(400, "DELETE_FAILED", message, [])

    def after_delete(self, caller: Caller, sobject: SObject, old: Mapping[str, Any]) -> None:
        match sobject.name:
            case "CustomField":
                self._custom_fields.after_delete(old)
            case "PlatformEventChannelMember":
                self._channels.forget()

    def duplicate(self, sobject: SObject, field: Field, value: Any) -> ApiError | None:
        """The object's own words for a value of a unique field that is taken, if it has some."""
        match (sobject.name, field.name):
            case ("PermissionSet", "Name"):
                message = f"The API Name you entered is already in use. Enter a unique name. {value}"
                return ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["Name"])
            case ("User", "Username"):
                message = (
                    "Duplicate Username.<br>The username already exists in this or another Salesforce "
                    "organization. Usernames must be unique across all Salesforce organizations. To resolve, "
                    "use a different username (it doesn't need to match the user's email address)."
                )
                return ApiError(400, "DUPLICATE_USERNAME", message, ["Username"])
        return None

    # -- the rules

    def _permission_set_name(self, name: str | None) -> None:
        if name is not None and not _DEVELOPER_NAME.fullmatch(name):
            message = (
                "The Permission Set API Name can only contain underscores and alphanumeric characters. It must "
                "be unique, begin with a letter, not include spaces, not end with an underscore, and not "
                "contain two consecutive underscores."
            )
            raise field_integrity(message, ["Name"])

    def _field_permission(self, row: dict[str, Any]) -> None:
        named, kind = row["Field"], row["SobjectType"]
        if named is None or kind is None or row["ParentId"] is None:
            return  # the check of required fields names them
        sobject = self._schema.get(kind)
        if sobject is None or sobject.setup:
            raise _bad_picklist("Sobject Type Name", kind, "SobjectType")
        owner, _, api_name = named.partition(".")
        field = sobject.get(api_name)
        if owner.lower() != sobject.name.lower() or field is None or not field.permissionable:
            raise _bad_picklist("Field Name", named, "Field")
        row["SobjectType"], row["Field"] = sobject.name, f"{sobject.name}.{field.name}"
        if not row["PermissionsRead"] and not row["PermissionsEdit"]:
            message = "A field permission must grant read or edit access"
            raise field_integrity(message, ["PermissionsRead"])
        self._field_access(row)
        if self._exists("FieldPermissions", ParentId=row["ParentId"], Field=row["Field"]):
            raise ApiError(400, "DUPLICATE_VALUE", _UNKNOWN_DUPLICATE, [])

    @staticmethod
    def _field_access(row: Mapping[str, Any]) -> None:
        if row["PermissionsEdit"] and not row["PermissionsRead"]:
            message = f"Permission Edit {row['Field']} depends on permission(s): Read {row['Field']}"
            raise field_integrity(message, ["PermissionsEdit"])

    def _object_permission(self, row: dict[str, Any], own_id: str | None) -> None:
        kind = row["SobjectType"]
        if kind is None or row["ParentId"] is None:
            return
        sobject = self._schema.get(kind)
        if sobject is None or sobject.setup:
            raise _bad_picklist("Sobject Type Name", kind, "SobjectType")
        row["SobjectType"] = sobject.name
        for right, needed in _DEPENDS.items():
            missing = [f"{each} {sobject.name}" for each in needed if not row[f"Permissions{each}"]]
            if row[f"Permissions{right}"] and missing:
                message = f"Permission {right} {sobject.name} depends on permission(s): {', '.join(missing)}"
                raise field_integrity(message)
        if own_id is None and self._exists(
            "ObjectPermissions", ParentId=row["ParentId"], SobjectType=sobject.name
        ):
            raise ApiError(400, "DUPLICATE_VALUE", _UNKNOWN_DUPLICATE, [])

    def _record_type(self, row: dict[str, Any]) -> None:
        kind, name = row["SobjectType"], row["DeveloperName"]
        if kind is None or name is None:
            return
        sobject = self._schema.get(kind)
        if sobject is None or sobject.setup or not sobject.layoutable:
            raise _bad_picklist("SObject Type Name", kind, "SobjectType")
        row["SobjectType"] = sobject.name
        if not _DEVELOPER_NAME.fullmatch(name):
            message = (
                "The Record Type Name field can only contain underscores and alphanumeric characters. It must be "
                "unique, begin with a letter, not include spaces, not end with an underscore, and not contain two "
                "consecutive underscores."
            )
            raise field_integrity(message, ["DeveloperName"])
        if self._exists("RecordType", SobjectType=sobject.name, DeveloperName=name):
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", f"Duplicate record type name: {name}", [])

    def _assignment(self, row: dict[str, Any]) -> None:
        user_id, set_id = row["AssigneeId"], row["PermissionSetId"]
        if user_id is None or set_id is None:
            return
        if self._exists("PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=set_id):
            message = (
                f"Duplicate PermissionSetAssignment.  Assignee: {user_id[:15]}; Permission Set: {set_id[:15]}"
            )
            raise ApiError(400, "DUPLICATE_VALUE", message, ["AssigneeId", "PermissionSetId"])
        if self._value("PermissionSet", set_id, "IsOwnedByProfile"):
            message = "You can't assign a permission set that is owned by a profile"
            raise field_integrity(message, ["PermissionSetId"])
        if self._value("User", user_id, "IsActive") == 0:
            message = "You can't assign a permission set to an inactive user"
            raise field_integrity(message, ["AssigneeId"])
        self._licensed(user_id, set_id)

    def _licensed(self, user_id: str, set_id: str) -> None:
        """Records are beyond the integration licence without the permission set licence that goes with it."""
        found = self._store.find(
            'SELECT p."UserLicenseId" FROM "User" u JOIN "Profile" p ON p."Id" = u."ProfileId" WHERE u."Id" = ?',
            (user_id,),
        )
        user_license = found[0][0] if found else None
        key = self._value("UserLicense", user_license, "LicenseDefinitionKey") if user_license else None
        if key != INTEGRATION_KEY or self._exists("PermissionSetLicenseAssign", AssigneeId=user_id):
            return
        rights = self._store.find(
            'SELECT "SobjectType" FROM "ObjectPermissions" WHERE "ParentId" = ?', (set_id,)
        )
        if rights:
            label, name = self._value("PermissionSet", set_id, "Label"), self._value("User", user_id, "Name")
            message = (
                f"Can't assign permission set {label} to user {name}. The user license doesn't allow the permission: "
                f"Read {rights[0][0]}"
            )
            raise field_integrity(message, [])

    @staticmethod
    def _user(row: Mapping[str, Any]) -> None:
        name = row["Username"]
        if name is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", name):
            message = "Username must be in the form of an email address (for example, john@acme.com)"
            raise ApiError(400, "INVALID_EMAIL_ADDRESS", message, ["Username"])
        zone = row["TimeZoneSidKey"]
        if zone is not None and zone != "GMT" and zone_of(zone) is None:
            raise _bad_picklist("Time Zone", zone, "TimeZoneSidKey")

    def assign_profile(self, user_id: str, profile_id: str, stamp: str) -> None:
        """The permission set of a profile is assigned to whoever has the profile, and to nobody else."""
        self._store.connection.execute(
            'DELETE FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "PermissionSetId" IN'
            ' (SELECT "Id" FROM "PermissionSet" WHERE "IsOwnedByProfile" = 1)',
            (user_id,),
        )
        owned = self._store.find('SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = ?', (profile_id,))
        for (set_id,) in owned:
            assignment = {
                "Id": self._store.new_id("0Pa"),
                "PermissionSetId": set_id,
                "AssigneeId": user_id,
                "SystemModstamp": stamp,
                "IsActive": 1,
            }
            self._store.insert(self._schema.objects["PermissionSetAssignment"], assignment)

    # -- look-ups

    def _exists(self, name: str, **wanted: Any) -> bool:
        where = " AND ".join(f"{quoted(each)} = ?" for each in wanted)
        return bool(
            self._store.find(f"SELECT 1 FROM {quoted(name)} WHERE {where} LIMIT 1", (*wanted.values(),))
        )

    def _value(self, name: str, record_id: str, field: str) -> Any:
        rows = self._store.find(f'SELECT {quoted(field)} FROM {quoted(name)} WHERE "Id" = ?', (record_id,))
        return rows[0][0] if rows else None


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if value != old[name]}


def _user_permissions(row: Mapping[str, Any]) -> None:
    """A permission set that grants a permission grants those that it rests on."""
    for name, needed in _RESTS_ON.items():
        missing = [each for each in needed if not row[f"Permissions{each}"]]
        if row[f"Permissions{name}"] and missing:
            message = f"Permission {name} depends on permission(s): {', '.join(missing)}"
            raise field_integrity(message, [])


def _bad_picklist(label: str, value: str, field: str) -> ApiError:
    message = f"{label}: bad value for restricted picklist field: {value}"
    return ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field])
