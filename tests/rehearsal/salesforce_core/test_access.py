"""What users may see and do: fields that nobody granted do not exist, objects and set-up follow permissions."""

from __future__ import annotations

import pytest

from console.rehearsal.salesforce.org import Org

from .conftest import Clock, Desk, V, refused, told, undone

HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


@pytest.fixture
def hidden(admin: Desk) -> str:
    """A new text field that nobody was granted; the id of the field."""
    return admin.create_field("Account.Secret__c", type="Text", length=20, externalId=True)


def test_a_new_field_does_not_exist_even_for_its_creator(admin: Desk, hidden: str) -> None:
    assert admin.describe_field("Account", "Secret__c") is None
    assert told(refused(admin.query, "SELECT Secret__c FROM Account")) == (
        400,
        "INVALID_FIELD",
        "\nSELECT Secret__c FROM Account\n       ^\nERROR at Row:1:Column:8\n"
        f"No such column 'Secret__c' on entity 'Account'. {HINT}",
        None,
    )
    account = admin.insert("Account", Name="x")
    unknown = "No such column 'Secret__c' on sobject of type Account"
    assert refused(admin.update, "Account", account, Secret__c="x").message == unknown
    assert refused(admin.read, "Account", account, "Secret__c").message == unknown
    assert refused(admin.upsert, "Account", "Secret__c", "x", Name="y").status == 404
    assert "Secret__c" not in admin.read("Account", account)
    assert "Secret__c" not in admin.rows("SELECT FIELDS(ALL) FROM Account LIMIT 1")[0]
    for clause in ("WHERE Secret__c = 'x'", "ORDER BY Secret__c"):
        assert refused(admin.query, f"SELECT Id FROM Account {clause}").code == "INVALID_FIELD"
    contact_query = "SELECT Account.Secret__c FROM Contact"
    assert refused(admin.query, contact_query).code == "INVALID_FIELD"


def test_a_grant_brings_the_field_to_life_for_its_assignees_only(
    admin: Desk, sales: Desk, hidden: str
) -> None:
    set_id = admin.grant("Account.Secret__c")
    account = admin.insert("Account", Name="x", Secret__c="s")
    assert admin.value("Account", account, "Secret__c") == "s"
    described = admin.describe_field("Account", "Secret__c")
    assert described is not None
    assert (described["createable"], described["updateable"], described["permissionable"]) == (
        True,
        True,
        True,
    )
    assert sales.describe_field("Account", "Secret__c") is None
    assert refused(sales.query, "SELECT Secret__c FROM Account").code == "INVALID_FIELD"
    admin.insert("PermissionSetAssignment", AssigneeId=sales.caller.user_id, PermissionSetId=set_id)
    assert sales.value("Account", account, "Secret__c") == "s"


def test_a_field_that_may_be_read_may_not_be_written(admin: Desk, hidden: str) -> None:
    admin.grant("Account.Secret__c", edit=False)
    account = admin.insert("Account", Name="x")
    described = admin.describe_field("Account", "Secret__c")
    assert described is not None
    assert (described["createable"], described["updateable"]) == (False, False)
    assert told(refused(admin.update, "Account", account, Secret__c="s")) == (
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: Secret__c. Please check the security settings of this field and verify "
        "that it is read/write for your profile or permission set.",
        ["Secret__c"],
    )


def test_access_ends_when_the_grant_the_set_or_the_assignment_goes(admin: Desk, hidden: str) -> None:
    set_id = admin.grant("Account.Secret__c")
    (grant,) = admin.column(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'")
    admin.update("FieldPermissions", grant, PermissionsRead=False, PermissionsEdit=False)
    assert admin.describe_field("Account", "Secret__c") is None
    assert admin.query(f"SELECT Id FROM FieldPermissions WHERE Id = '{grant}'")["totalSize"] == 0

    set_id = admin.grant("Account.Secret__c")
    assert admin.describe_field("Account", "Secret__c") is not None
    (assignment,) = admin.column(f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}'")
    admin.delete("PermissionSetAssignment", assignment)
    assert admin.describe_field("Account", "Secret__c") is None


def test_an_assignment_ends_by_itself_when_it_expires(admin: Desk, hidden: str, clock: Clock) -> None:
    set_id = admin.grant("Account.Secret__c")
    (assignment,) = admin.column(f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set_id}'")
    admin.update("PermissionSetAssignment", assignment, ExpirationDate="2026-03-04T06:00:00Z")
    assert admin.describe_field("Account", "Secret__c") is not None
    clock.forward(hours=1)
    assert admin.describe_field("Account", "Secret__c") is None


def test_a_rolled_back_grant_grants_nothing(admin: Desk, hidden: str) -> None:
    def work() -> None:
        admin.grant("Account.Secret__c")
        assert admin.describe_field("Account", "Secret__c") is not None

    undone(admin, work)
    assert admin.describe_field("Account", "Secret__c") is None


def test_a_required_field_is_everybodys(admin: Desk, sales: Desk) -> None:
    admin.create_field("Account.Must__c", type="Text", length=20, required=True)
    described = sales.describe_field("Account", "Must__c")
    assert described is not None
    assert (described["nillable"], described["permissionable"]) == (False, False)
    assert refused(sales.insert, "Account", Name="x").fields == ["Must__c"]


def test_standard_fields_can_be_hidden_too(admin: Desk, sales: Desk) -> None:
    soql = "SELECT Id FROM FieldPermissions WHERE Field = 'Account.Phone' AND Parent.Profile.Name = 'Standard User'"
    (grant,) = admin.column(soql)
    admin.delete("FieldPermissions", grant)
    assert refused(sales.query, "SELECT Phone FROM Account").code == "INVALID_FIELD"
    assert admin.query("SELECT Phone FROM Account")["totalSize"] == 0


def test_the_parts_of_an_address_follow_the_whole(admin: Desk, sales: Desk) -> None:
    soql = (
        "SELECT Id FROM FieldPermissions WHERE Field = 'Account.BillingAddress' "
        "AND Parent.Profile.Name = 'Standard User'"
    )
    (grant,) = admin.column(soql)
    admin.update("FieldPermissions", grant, PermissionsEdit=False)
    account = sales.insert("Account", Name="x")
    assert (
        refused(sales.update, "Account", account, BillingCity="y").code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    admin.delete("FieldPermissions", grant)
    assert sales.describe_field("Account", "BillingCity") is None
    assert sales.describe_field("Account", "BillingAddress") is None
    assert sales.describe_field("Account", "ShippingCity") is not None


# -- objects


def rights(admin: Desk, profile: str, sobject: str) -> str:
    soql = f"SELECT Id FROM ObjectPermissions WHERE SobjectType = '{sobject}' AND Parent.Profile.Name = '{profile}'"
    (found,) = admin.column(soql)
    return str(found)


def test_an_object_without_the_right_to_read_does_not_exist(admin: Desk, sales: Desk) -> None:
    admin.delete("ObjectPermissions", rights(admin, "Standard User", "Contact"))
    assert refused(sales.insert, "Contact", LastName="x").status == 404
    assert refused(sales.org.describe, sales.caller, "Contact", version=V).status == 404
    names = [each["name"] for each in sales.org.describe_global(sales.caller, version=V)["sobjects"]]
    assert "Account" in names
    assert "Contact" not in names
    error = refused(sales.query, "SELECT Id FROM Contact")
    assert (error.code, error.message.splitlines()[-1][:44]) == (
        "INVALID_TYPE",
        "sObject type 'Contact' is not supported. If ",
    )
    error = refused(sales.query, "SELECT (SELECT Id FROM Contacts) FROM Account")
    assert "Didn't understand relationship 'Contacts' in FROM part of query call." in error.message


def test_rights_on_an_object_are_checked_one_by_one(admin: Desk, integration: Desk) -> None:
    account = integration.insert("Account", Name="x")
    assert told(refused(integration.delete, "Account", account)) == (
        403,
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "insufficient access rights on object id",
        [],
    )
    (permission,) = admin.column(
        "SELECT Id FROM ObjectPermissions WHERE SobjectType = 'Account' AND Parent.Name = 'Sync'"
    )
    admin.update("ObjectPermissions", permission, PermissionsCreate=False, PermissionsEdit=False)
    assert told(refused(integration.insert, "Account", Name="x")) == (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Account",
        [],
    )
    assert refused(integration.update, "Account", account, Name="y").message == (
        "entity type cannot be updated: Account"
    )
    described = integration.org.describe(integration.caller, "Account", version=V)
    assert [described[each] for each in ("queryable", "createable", "updateable", "deletable")] == [
        True,
        False,
        False,
        False,
    ]


# -- user permissions


def test_what_a_user_may_do_can_be_asked(admin: Desk, integration: Desk) -> None:
    soql = (
        "SELECT PermissionsApiEnabled, PermissionsCustomizeApplication, PermissionsModifyMetadata, "
        "PermissionsViewSetup, PermissionsManageProfilesPermissionsets, PermissionsAssignPermissionSets, "
        "PermissionsViewAllData, PermissionsModifyAllData FROM UserPermissionAccess"
    )
    assert set(admin.rows(soql)[0].values()) == {True}
    assert list(integration.rows(soql)[0].values()) == [True, False, False, True, False, False, False, False]
    both = (
        "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.PermissionsCustomizeApplication = true "
        f"AND AssigneeId = '{admin.caller.user_id}' AND PermissionSet.IsOwnedByProfile = true"
    )
    assert admin.query(both)["totalSize"] == 1


def test_single_permissions_can_be_switched(org: Org, admin: Desk) -> None:
    answer = org.directory.switch_permissions("admin@rehearsal.example", {"CustomizeApplication": False})
    assert answer["CustomizeApplication"] is False
    assert answer["ViewSetup"] is True
    assert told(refused(admin.create_field, "Account.X__c", type="Url")) == (
        403,
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "insufficient access rights on object id",
        [],
    )
    found = admin.column("SELECT PermissionsCustomizeApplication FROM UserPermissionAccess")
    assert found == [False]
    org.directory.switch_permissions("admin@rehearsal.example", {"CustomizeApplication": True})
    admin.create_field("Account.X__c", type="Url")
    with pytest.raises(ValueError, match="no such permission: Fly"):
        org.directory.switch_permissions("admin@rehearsal.example", {"Fly": True})
    with pytest.raises(ValueError, match="no such user"):
        org.directory.switch_permissions("nobody@rehearsal.example", {})


def test_without_api_enabled_nothing_is_answered(org: Org, sales: Desk) -> None:
    org.directory.switch_permissions("ines.marchetti@rehearsal.example", {"ApiEnabled": False})
    assert told(refused(sales.query, "SELECT Id FROM Account")) == (
        403,
        "API_CURRENTLY_DISABLED",
        "API is currently disabled for this User",
        None,
    )


def test_setup_objects_need_their_own_permissions(admin: Desk, sales: Desk, integration: Desk) -> None:
    assert refused(sales.query, "SELECT Id FROM PermissionSet").code == "INVALID_TYPE"
    assert refused(sales.query, "SELECT Id FROM CustomField", tooling=True).code == "INVALID_TYPE"
    assert integration.query("SELECT Id FROM PermissionSet")["totalSize"] == 4
    assert refused(integration.insert, "PermissionSet", Name="X", Label="x").code == (
        "INSUFFICIENT_ACCESS_OR_READONLY"
    )
    assert refused(sales.update, "User", admin.caller.user_id, Title="x").status == 403
    assert sales.query("SELECT Id, Profile.Name FROM User")["totalSize"] == 5
    assert sales.query("SELECT Id, Name, IsSandbox FROM Organization")["totalSize"] == 1


def test_view_all_data_shows_objects_and_modify_all_data_opens_them(
    org: Org, admin: Desk, sales: Desk
) -> None:
    admin.delete("ObjectPermissions", rights(admin, "Standard User", "Contact"))
    org.directory.switch_permissions("ines.marchetti@rehearsal.example", {"ViewAllData": True})
    assert sales.query("SELECT COUNT() FROM Contact")["totalSize"] == 0
    assert refused(sales.insert, "Contact", LastName="x").code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    org.directory.switch_permissions("ines.marchetti@rehearsal.example", {"ModifyAllData": True})
    sales.insert("Contact", LastName="x")


def test_the_system_sees_everything(system: Desk, hidden: str) -> None:
    account = system.insert("Account", Name="x", Secret__c="s")
    assert system.value("Account", account, "Secret__c") == "s"


# -- people


def test_people_are_found_by_name_and_id(org: Org, admin: Desk) -> None:
    user = org.directory.by_username("ADMIN@rehearsal.example")
    assert user is not None
    assert (user["Id"], user["Name"], user["IsActive"], user["ProfileName"]) == (
        org.admin_id,
        "Robin Adler",
        True,
        "System Administrator",
    )
    assert org.directory.user(org.admin_id[:15]) == user
    assert org.directory.by_username("nobody@rehearsal.example") is None
    assert org.directory.user("nonsense") is None
    assert org.directory.usernames()[:2] == ["admin@rehearsal.example", "integration@rehearsal.example"]


def test_a_new_user_gets_what_the_profile_gives(org: Org, admin: Desk) -> None:
    (profile,) = admin.column("SELECT Id FROM Profile WHERE Name = 'Standard User'")
    (other,) = admin.column("SELECT Id FROM Profile WHERE Name = 'System Administrator'")
    values = {
        "Username": "new@rehearsal.example",
        "LastName": "New",
        "Email": "new@rehearsal.example",
        "Alias": "new",
        "CommunityNickname": "new",
        "TimeZoneSidKey": "Europe/Berlin",
        "LocaleSidKey": "de_DE",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "de",
        "ProfileId": profile,
    }
    user_id = admin.insert("User", **values)
    assert org.directory.permissions(user_id)["ApiEnabled"] is True
    assert org.directory.permissions(user_id)["CustomizeApplication"] is False
    admin.update("User", user_id, ProfileId=other)
    assert org.directory.permissions(user_id)["CustomizeApplication"] is True
    assert (
        admin.query(f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}'")["totalSize"]
        == 1
    )
    assert refused(admin.insert, "User", **{**values, "CommunityNickname": "n2"}).code == "DUPLICATE_USERNAME"
    assert refused(admin.update, "User", user_id, Username="new").code == "INVALID_EMAIL_ADDRESS"
    assert refused(admin.update, "User", user_id, TimeZoneSidKey="Mars").code == (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
