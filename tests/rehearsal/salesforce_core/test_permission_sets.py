"""Permission sets and what hangs on them: names, dependencies, duplicates, deletion."""

from __future__ import annotations

import pytest

from .conftest import Desk, refused, told


@pytest.fixture
def set_id(admin: Desk) -> str:
    return admin.insert("PermissionSet", Name="Alguna_Sync", Label="Alguna Sync")


@pytest.mark.parametrize("name", ["1x", "x y", "x__y", "x_", "_x", "ü", "x-y"])
def test_a_permission_set_needs_an_api_name(admin: Desk, name: str) -> None:
    error = refused(admin.insert, "PermissionSet", Name=name, Label="x")
    assert (error.code, error.fields) == ("FIELD_INTEGRITY_EXCEPTION", ["Name"])
    assert "begin with a letter" in error.message


def test_a_permission_set_is_found_with_all_its_flags(admin: Desk, set_id: str) -> None:
    found = admin.read("PermissionSet", set_id)
    assert (found["Type"], found["IsOwnedByProfile"], found["IsCustom"], found["ProfileId"]) == (
        "Regular",
        False,
        True,
        None,
    )
    assert {value for key, value in found.items() if key.startswith("Permissions")} == {False}
    assert admin.column("SELECT Label FROM PermissionSet WHERE Name = 'alguna_sync'") == ["Alguna Sync"]


def test_a_name_is_taken_once(admin: Desk, set_id: str) -> None:
    error = refused(admin.insert, "PermissionSet", Name="ALGUNA_sync", Label="x")
    assert (error.code, error.fields) == ("DUPLICATE_DEVELOPER_NAME", ["Name"])
    assert refused(admin.insert, "PermissionSet", Name="Other").fields == ["Label"]


def test_permissions_of_a_set_reach_its_assignees(admin: Desk, sales: Desk, set_id: str) -> None:
    admin.update("PermissionSet", set_id, PermissionsViewSetup=True, PermissionsViewRoles=True)
    assert admin.org.directory.permissions(sales.caller.user_id)["ViewSetup"] is False
    admin.insert("PermissionSetAssignment", AssigneeId=sales.caller.user_id, PermissionSetId=set_id)
    assert admin.org.directory.permissions(sales.caller.user_id)["ViewSetup"] is True


def test_a_set_is_assigned_to_a_user_once(admin: Desk, set_id: str) -> None:
    user_id = admin.caller.user_id
    admin.insert("PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=set_id)
    again = refused(admin.insert, "PermissionSetAssignment", AssigneeId=user_id[:15], PermissionSetId=set_id)
    assert told(again) == (
        400,
        "DUPLICATE_VALUE",
        f"Duplicate PermissionSetAssignment.  Assignee: {user_id[:15]}; Permission Set: {set_id[:15]}",
        ["AssigneeId", "PermissionSetId"],
    )
    soql = "SELECT PermissionSet.Name, Assignee.Username, IsActive FROM PermissionSetAssignment"
    (row,) = admin.rows(f"{soql} WHERE PermissionSetId = '{set_id}'")
    assert row["PermissionSet"]["Name"] == "Alguna_Sync"
    assert row["Assignee"]["Username"] == "admin@rehearsal.example"
    assert row["IsActive"] is True


def test_an_assignment_stays_with_its_user_and_set(admin: Desk, sales: Desk, set_id: str) -> None:
    made = admin.insert("PermissionSetAssignment", AssigneeId=admin.caller.user_id, PermissionSetId=set_id)
    error = refused(admin.update, "PermissionSetAssignment", made, AssigneeId=sales.caller.user_id)
    assert (error.code, error.fields) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["AssigneeId"])


def test_assignments_have_to_make_sense(admin: Desk, sales: Desk, set_id: str) -> None:
    (owned,) = admin.column("SELECT Id FROM PermissionSet WHERE Profile.Name = 'Standard User'")
    user_id = sales.caller.user_id
    error = refused(
        admin.insert, "PermissionSetAssignment", AssigneeId=admin.caller.user_id, PermissionSetId=owned
    )
    assert error.code == "FIELD_INTEGRITY_EXCEPTION"
    nothing = "0PS000000000001"
    error = refused(admin.insert, "PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=nothing)
    assert error.code == "INVALID_CROSS_REFERENCE_KEY"
    assert refused(admin.insert, "PermissionSetAssignment", AssigneeId=user_id).fields == ["PermissionSetId"]
    admin.update("User", user_id, IsActive=False)
    error = refused(admin.insert, "PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=set_id)
    assert error.fields == ["AssigneeId"]


def test_a_set_goes_after_its_assignments_and_with_its_grants(admin: Desk) -> None:
    set_id = admin.grant("Account.Phone")
    error = refused(admin.delete, "PermissionSet", set_id)
    assert error.code == "DELETE_FAILED"
    (made,) = admin.column(f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}'")
    admin.delete("PermissionSetAssignment", made)
    admin.delete("PermissionSet", set_id)
    assert admin.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'")["totalSize"] == 0
    assert told(refused(admin.read, "PermissionSet", set_id))[:2] == (404, "NOT_FOUND")


def test_what_belongs_to_a_profile_is_not_taken_apart(admin: Desk) -> None:
    (owned,) = admin.column("SELECT Id FROM PermissionSet WHERE Profile.Name = 'System Administrator'")
    refusal = "INSUFFICIENT_ACCESS_OR_READONLY"
    assert refused(admin.delete, "PermissionSet", owned).code == refusal
    assert refused(admin.update, "PermissionSet", owned, Label="x").code == refusal
    (made,) = admin.column(
        f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{admin.caller.user_id}' "
        "AND PermissionSet.IsOwnedByProfile = true"
    )
    assert refused(admin.delete, "PermissionSetAssignment", made).code == refusal


# -- field and object permissions


def grant(admin: Desk, set_id: str, **more: object) -> str:
    values = {
        "ParentId": set_id,
        "SobjectType": "Account",
        "Field": "Account.Phone",
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    return admin.insert("FieldPermissions", **{**values, **more})


@pytest.mark.parametrize(
    ("more", "label", "value", "field"),
    [
        ({"Field": "Account.Name"}, "Field Name", "Account.Name", "Field"),
        ({"Field": "Account.Nothing__c"}, "Field Name", "Account.Nothing__c", "Field"),
        ({"Field": "Contact.Phone"}, "Field Name", "Contact.Phone", "Field"),
        ({"Field": "Phone"}, "Field Name", "Phone", "Field"),
        ({"SobjectType": "Dog"}, "Sobject Type Name", "Dog", "SobjectType"),
        ({"SobjectType": "User", "Field": "User.Phone"}, "Sobject Type Name", "User", "SobjectType"),
    ],
)
def test_only_fields_that_can_be_hidden_can_be_granted(
    admin: Desk, set_id: str, more: dict[str, str], label: str, value: str, field: str
) -> None:
    assert told(refused(grant, admin, set_id, **more)) == (
        400,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{label}: bad value for restricted picklist field: {value}",
        [field],
    )


def test_a_grant_is_given_once_with_read_before_edit(admin: Desk, set_id: str) -> None:
    error = refused(grant, admin, set_id, PermissionsRead=False)
    assert error.message == "Permission Edit Account.Phone depends on permission(s): Read Account.Phone"
    assert refused(grant, admin, set_id, PermissionsRead=False, PermissionsEdit=False).fields == [
        "PermissionsRead"
    ]
    made = grant(admin, set_id, Field="account.PHONE")
    assert admin.value("FieldPermissions", made, "Field") == "Account.Phone"
    assert told(refused(grant, admin, set_id)) == (
        400,
        "DUPLICATE_VALUE",
        "duplicate value found: <unknown> duplicates value on record with id: <unknown>",
        [],
    )
    assert refused(admin.update, "FieldPermissions", made, PermissionsRead=False).code == (
        "FIELD_INTEGRITY_EXCEPTION"
    )
    assert refused(admin.update, "FieldPermissions", made, Field="Account.Fax").fields == ["Field"]
    assert set(refused(admin.insert, "FieldPermissions", PermissionsRead=True).fields or ()) == {
        "ParentId",
        "SobjectType",
        "Field",
    }


def test_rights_on_objects_depend_on_each_other(admin: Desk, set_id: str) -> None:
    def allow(**rights: bool) -> str:
        named = {f"Permissions{name}": value for name, value in rights.items()}
        return admin.insert("ObjectPermissions", ParentId=set_id, SobjectType="account", **named)

    assert refused(allow, Create=True).message == (
        "Permission Create Account depends on permission(s): Read Account"
    )
    assert refused(allow, Read=True, Edit=True, ModifyAllRecords=True).message == (
        "Permission ModifyAllRecords Account depends on permission(s): Delete Account, ViewAllRecords Account"
    )
    made = allow(Read=True, Create=True)
    assert admin.value("ObjectPermissions", made, "SobjectType") == "Account"
    assert refused(allow, Read=True).code == "DUPLICATE_VALUE"
    admin.update("ObjectPermissions", made, PermissionsRead=False, PermissionsCreate=False)
    assert admin.query(f"SELECT Id FROM ObjectPermissions WHERE Id = '{made}'")["totalSize"] == 0
    assert refused(admin.insert, "ObjectPermissions", ParentId=set_id, SobjectType="User").fields == [
        "SobjectType"
    ]
