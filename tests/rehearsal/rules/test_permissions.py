"""Each step of a set-up needs its permission: refused without, done with a permission set that grants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.rehearsal.salesforce.org import Org
from tests.rehearsal.salesforce_core.conftest import Desk, refused

CUSTOMIZE = ("CustomizeApplication", "ManageCustomPermissions", "ViewSetup", "ViewRoles")
VIEW = ("ViewSetup", "ViewRoles")


def grant(admin: Desk, to: Desk, *permissions: str) -> str:
    """A permission set of user permissions, assigned; its id."""
    values = {f"Permissions{each}": True for each in permissions}
    set_id = admin.insert("PermissionSet", Name="Granted", Label="Granted", **values)
    admin.insert("PermissionSetAssignment", AssigneeId=to.caller.user_id, PermissionSetId=set_id)
    return set_id


def _field(desk: Desk) -> Any:
    return desk.create_field("Account.Step__c", type="Text", length=10)


def _rule(desk: Desk) -> Any:
    metadata = {"active": False, "errorConditionFormula": "FALSE", "errorMessage": "x"}
    values = {"FullName": "Account.Step", "Metadata": metadata}
    return desk.org.insert(desk.caller, "ValidationRule", values, tooling=True)


def _permission_set(desk: Desk) -> Any:
    set_id = desk.insert("PermissionSet", Name="Step", Label="Step", PermissionsApiEnabled=True)
    desk.insert("ObjectPermissions", ParentId=set_id, SobjectType="Account", PermissionsRead=True)
    desk.insert(
        "FieldPermissions",
        ParentId=set_id,
        SobjectType="Account",
        Field="Account.Website",
        PermissionsRead=True,
    )
    desk.update("PermissionSet", set_id, PermissionsViewSetup=True, PermissionsViewRoles=True)


def _assignment(desk: Desk) -> Any:
    (set_id,) = desk.column("SELECT Id FROM PermissionSet WHERE Name = 'Other'")
    return desk.insert("PermissionSetAssignment", AssigneeId=desk.caller.user_id, PermissionSetId=set_id)


@pytest.mark.parametrize(
    ("step", "permissions"),
    [
        (_field, CUSTOMIZE),
        (_rule, CUSTOMIZE),
        (_permission_set, ("ManageProfilesPermissionsets",)),
        (_assignment, ("AssignPermissionSets",)),
    ],
)
def test_a_step_needs_its_permission(
    admin: Desk, bare_integration: Desk, step: Callable[[Desk], Any], permissions: tuple[str, ...]
) -> None:
    admin.insert("PermissionSet", Name="Other", Label="Other")
    assert refused(step, bare_integration).code in {"NOT_FOUND", "INVALID_TYPE"}
    grant(admin, bare_integration, *permissions)
    step(bare_integration)


@pytest.mark.parametrize(
    ("soql", "enough"),
    [
        (
            "SELECT Id FROM PermissionSet",
            (
                VIEW,
                ("AssignPermissionSets",),
                ("ManageProfilesPermissionsets",),
                ("ManageSessionPermissionSets",),
            ),
        ),
        ("SELECT Id FROM FieldPermissions", (VIEW,)),
        ("SELECT Id FROM PermissionSetAssignment", (VIEW, ("AssignPermissionSets",), ("ManageUsers",))),
        ("SELECT Id FROM DuplicateRule", (VIEW,)),
        ("SELECT Id FROM FlowDefinitionView", (VIEW, ("ManageFlow",))),
        ("SELECT Id FROM ApexTrigger", (VIEW, ("AuthorApex",))),
    ],
)
def test_set_up_is_read_with_any_of_its_permissions(
    admin: Desk, bare_integration: Desk, soql: str, enough: tuple[tuple[str, ...], ...]
) -> None:
    assert refused(bare_integration.query, soql).code == "INVALID_TYPE"
    for permissions in enough:
        set_id = grant(admin, bare_integration, *permissions)
        assert bare_integration.query(soql)["totalSize"] > 0
        (assigned,) = admin.column(
            f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}'"
        )
        admin.delete("PermissionSetAssignment", assigned)
        admin.delete("PermissionSet", set_id)


@pytest.mark.parametrize(
    ("permission", "missing"),
    [
        ("ViewSetup", "ViewRoles"),
        ("CustomizeApplication", "ManageCustomPermissions, ViewSetup, ViewRoles"),
        ("ModifyAllData", "ViewAllData"),
    ],
)
def test_permissions_rest_on_others(admin: Desk, permission: str, missing: str) -> None:
    message = f"Permission {permission} depends on permission(s): {missing}"
    error = refused(admin.insert, "PermissionSet", Name="X", Label="X", **{f"Permissions{permission}": True})
    assert (error.code, error.message) == ("FIELD_INTEGRITY_EXCEPTION", message)
    set_id = admin.insert("PermissionSet", Name="X", Label="X")
    assert (
        refused(admin.update, "PermissionSet", set_id, **{f"Permissions{permission}": True}).message
        == message
    )


def test_a_sync_needs_no_more_than_object_and_field_rights(admin: Desk, bare_integration: Desk) -> None:
    set_id = grant(admin, bare_integration)
    rights = dict.fromkeys(("PermissionsRead", "PermissionsCreate", "PermissionsEdit"), True)
    row = admin.insert("ObjectPermissions", ParentId=set_id, SobjectType="Account", **rights)
    account = bare_integration.insert("Account", Name="x")
    error = refused(bare_integration.update, "Account", account, Website="x.example")
    assert error.message == "No such column 'Website' on sobject of type Account"
    admin.insert(
        "FieldPermissions",
        ParentId=set_id,
        SobjectType="Account",
        Field="Account.Website",
        PermissionsRead=True,
    )
    assert refused(bare_integration.update, "Account", account, Website="x.example").code == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    (field,) = admin.column(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'")
    admin.update("FieldPermissions", field, PermissionsEdit=True)
    bare_integration.update("Account", account, Website="x.example")
    assert refused(bare_integration.delete, "Account", account).status == 403
    admin.update("ObjectPermissions", row, PermissionsViewAllRecords=True)
    assert (
        refused(admin.update, "ObjectPermissions", row, PermissionsRead=False).code
        == "FIELD_INTEGRITY_EXCEPTION"
    )


def test_without_the_api_nothing_works(org: Org, bare_integration: Desk) -> None:
    org.directory.switch_permissions("integration@rehearsal.example", {"ApiEnabled": False})
    assert refused(bare_integration.query, "SELECT Id FROM Organization").code == "API_CURRENTLY_DISABLED"
