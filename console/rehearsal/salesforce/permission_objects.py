"""What users may do: permission sets and what hangs on them.

See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
(PermissionSet, FieldPermissions, ObjectPermissions, PermissionSetAssignment, UserPermissionAccess).
"""

from __future__ import annotations

from console.rehearsal.salesforce.fields import (
    audit,
    flag,
    named,
    picklist,
    read_only,
    record_id,
    reference,
    text,
)
from console.rehearsal.salesforce.schema import Field, SObject

USER_PERMISSIONS = {
    "ApiEnabled": "API Enabled",
    "ApiUserOnly": "API Only User",
    "AssignPermissionSets": "Assign Permission Sets",
    "AuthorApex": "Author Apex",
    "BulkApiHardDelete": "Bulk API Hard Delete",
    "CustomizeApplication": "Customize Application",
    "EditReadonlyFields": "Edit Read Only Fields",
    "ExportReport": "Export Reports",
    "LightningExperienceUser": "Lightning Experience User",
    "ManageCustomPermissions": "Manage Custom Permissions",
    "ManageInternalUsers": "Manage Internal Users",
    "ManageProfilesPermissionsets": "Manage Profiles and Permission Sets",
    "ManageFlow": "Manage Flow",
    "ManageRemoteAccess": "Manage Connected Apps",
    "ManageSessionPermissionSets": "Manage Session Permission Set Activations",
    "ManageUsers": "Manage Users",
    "ModifyAllData": "Modify All Data",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "PasswordNeverExpires": "Password Never Expires",
    "RunReports": "Run Reports",
    "UseAnyApiClient": "Use Any API Client",
    "ViewAllData": "View All Data",
    "ViewAllUsers": "View All Users",
    "ViewDataAssessment": "View Field Completeness",
    "ViewRoles": "View Roles and Role Hierarchy",
    "ViewSetup": "View Setup and Configuration",
}

OBJECT_RIGHTS = {
    "Create": "Create Records",
    "Read": "Read Records",
    "Edit": "Edit Records",
    "Delete": "Delete Records",
    "ViewAllRecords": "Read All Records",
    "ModifyAllRecords": "Edit All Records",
}


def user_permissions(*, writable: bool) -> list[Field]:
    """A flag for each user permission."""
    return [
        flag(
            f"Permissions{name}",
            label,
            createable=writable,
            updateable=writable,
            permission=False,
        )
        for name, label in USER_PERMISSIONS.items()
    ]


def permission_set() -> SObject:
    fields = [
        record_id("PermissionSet ID"),
        text("Name", "Permission Set Name", 80, nillable=False, name_field=True, unique=True),
        text("Label", "Permission Set Label", 80, nillable=False, permission=False),
        text("LicenseId", "License ID", 18, updateable=False, permission=False),
        reference("ProfileId", "Profile ID", "Profile", "Profile", createable=False, updateable=False),
        read_only("boolean", "IsOwnedByProfile", "Is Owned By Profile", nillable=False, default=False),
        read_only("boolean", "IsCustom", "Custom", nillable=False, default=True),
        *user_permissions(writable=True),
        text("Description", "Description", 255, permission=False),
        *audit(),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        flag("HasActivationRequired", "Has Activation Required", permission=False),
        read_only("string", "PermissionSetGroupId", "Permission Set Group ID", length=18),
        read_only(
            "picklist",
            "Type",
            "Permission Set Type",
            length=40,
            picklist=("Regular", "Standard", "Session", "Profile", "Group"),
            default="Regular",
        ),
    ]
    return SObject(
        "PermissionSet",
        "Permission Set",
        "Permission Sets",
        "0PS",
        named(fields),
        tooling=True,
        setup=True,
    )


def field_permissions() -> SObject:
    fields = [
        record_id("Field Permissions ID"),
        reference(
            "ParentId",
            "Parent ID",
            "PermissionSet",
            "Parent",
            nillable=False,
            updateable=False,
            child_relationship="FieldPerms",
            cascade_delete=True,
            indexed=True,
            permission=False,
        ),
        picklist("SobjectType", "Sobject Type Name", (), nillable=False, updateable=False, permission=False),
        picklist("Field", "Field Name", (), 255, nillable=False, updateable=False, permission=False),
        flag("PermissionsEdit", "Edit Field", permission=False),
        flag("PermissionsRead", "Read Field", permission=False),
        *audit(modified=False),
    ]
    return SObject(
        "FieldPermissions",
        "Field Permissions",
        "Field Permissions",
        "01k",
        named(fields),
        tooling=True,
        setup=True,
    )


def object_permissions() -> SObject:
    fields = [
        record_id("Object Permissions ID"),
        reference(
            "ParentId",
            "Parent ID",
            "PermissionSet",
            "Parent",
            nillable=False,
            updateable=False,
            child_relationship="ObjectPerms",
            cascade_delete=True,
            indexed=True,
            permission=False,
        ),
        picklist("SobjectType", "Sobject Type Name", (), nillable=False, updateable=False, permission=False),
        *[flag(f"Permissions{name}", label, permission=False) for name, label in OBJECT_RIGHTS.items()],
        *audit(),
    ]
    return SObject(
        "ObjectPermissions",
        "Object Permissions",
        "Object Permissions",
        "110",
        named(fields),
        tooling=True,
        setup=True,
    )


def permission_set_assignment() -> SObject:
    fields = [
        record_id("PermissionSetAssignment ID"),
        reference(
            "PermissionSetId",
            "PermissionSet ID",
            "PermissionSet",
            "PermissionSet",
            nillable=False,
            updateable=False,
            child_relationship="Assignments",
            indexed=True,
            permission=False,
        ),
        text("PermissionSetGroupId", "Permission Set Group ID", 18, updateable=False, permission=False),
        reference(
            "AssigneeId",
            "Assignee ID",
            "User",
            "Assignee",
            nillable=False,
            updateable=False,
            child_relationship="PermissionSetAssignments",
            indexed=True,
            permission=False,
        ),
        *audit(modified=False),
        Field("ExpirationDate", "Expiration Date", "datetime", permission=False),
        read_only("boolean", "IsActive", "Is Active", nillable=False, default=True),
    ]
    return SObject(
        "PermissionSetAssignment",
        "Permission Set Assignment",
        "Permission Set Assignments",
        "0Pa",
        named(fields),
        tooling=True,
        setup=True,
    )


def user_permission_access() -> SObject:
    fields = [
        record_id("User Permission Access ID"),
        read_only("datetime", "LastCacheUpdate", "Last Cache Update"),
        *user_permissions(writable=False),
    ]
    return SObject(
        "UserPermissionAccess",
        "User Permission Access",
        "User Permission Access",
        None,
        named(fields),
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
        virtual=True,
    )
