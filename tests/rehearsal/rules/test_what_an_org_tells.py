"""What an org tells about itself in queries: definitions, rules, automations, licences, and who may do what."""

from __future__ import annotations

import pytest

from tests.rehearsal.salesforce_core.conftest import Desk, refused, told

NOT_YET = (
    "The requested operation is not yet supported by this SObject storage type, contact salesforce.com "
    "support for more information."
)


def test_duplicate_and_matching_rules_are_listed_and_off(admin: Desk) -> None:
    soql = (
        "SELECT DeveloperName, MasterLabel, SobjectType, IsActive FROM DuplicateRule ORDER BY DeveloperName"
    )
    assert admin.rows(soql) == [
        {
            "DeveloperName": f"Standard_{sobject}_Duplicate_Rule",
            "MasterLabel": f"Standard {sobject} Duplicate Rule",
            "SobjectType": sobject,
            "IsActive": False,
        }
        for sobject in ("Account", "Contact")
    ]
    assert admin.column(
        "SELECT DeveloperName FROM MatchingRule WHERE RuleStatus = 'Active' ORDER BY DeveloperName"
    ) == [
        "Standard_Account_Match_Rule_v1_0",
        "Standard_Contact_Match_Rule_v1_1",
    ]


def test_validation_rules_are_asked_for_through_tooling(admin: Desk) -> None:
    soql = (
        "SELECT Id, EntityDefinition.QualifiedApiName, ValidationName, Active, ErrorMessage, ErrorDisplayField "
        "FROM ValidationRule WHERE EntityDefinition.QualifiedApiName IN ('Account', 'Contact')"
    )
    found = admin.tooling(soql)
    assert [
        (each["EntityDefinition"]["QualifiedApiName"], each["ValidationName"], each["Active"])
        for each in found
    ] == [
        ("Account", "Customer_Needs_Country", False),
        ("Contact", "Email_Or_Phone", False),
    ]
    assert refused(admin.query, soql).code == "INVALID_TYPE"


def test_metadata_is_given_one_row_at_a_time(admin: Desk) -> None:
    message = refused(admin.tooling, "SELECT Id, Metadata FROM ValidationRule").message
    assert message.endswith("must specify no more than one row for retrieval. Result size: 2")
    (found,) = admin.tooling(
        "SELECT FullName, Metadata FROM ValidationRule WHERE EntityDefinitionId = 'Contact'"
    )
    assert found["FullName"] == "Contact.Email_Or_Phone"
    assert found["Metadata"]["errorConditionFormula"] == "AND(ISBLANK(Email), ISBLANK(Phone))"


def test_flows_are_found_by_the_object_that_starts_them(admin: Desk) -> None:
    soql = (
        "SELECT ApiName, Label, IsActive, ProcessType, TriggerType, TriggerObjectOrEventLabel, "
        "TriggerObjectOrEvent.QualifiedApiName FROM FlowDefinitionView "
        "WHERE TriggerObjectOrEvent.QualifiedApiName = 'Account'"
    )
    flows = admin.rows(soql)
    assert {flow.pop("TriggerObjectOrEvent")["QualifiedApiName"] for flow in flows} == {"Account"}
    assert {flow["ApiName"]: flow for flow in flows}["Account_Website_Lower_Case"] == {
        "ApiName": "Account_Website_Lower_Case",
        "Label": "Account Website Lower Case",
        "IsActive": False,
        "ProcessType": "AutoLaunchedFlow",
        "TriggerType": "RecordBeforeSave",
        "TriggerObjectOrEventLabel": "Account",
    }


@pytest.mark.parametrize("tooling", [False, True])
def test_triggers_say_what_they_are_on(admin: Desk, tooling: bool) -> None:
    soql = "SELECT Name, TableEnumOrId, Status, UsageBeforeInsert, UsageAfterInsert FROM ApexTrigger"
    (found,) = admin.query(soql, tooling=tooling)["records"]
    del found["attributes"]
    assert found == {
        "Name": "AccountTrigger",
        "TableEnumOrId": "Account",
        "Status": "Inactive",
        "UsageBeforeInsert": True,
        "UsageAfterInsert": False,
    }


def test_what_cannot_be_written_is_refused(admin: Desk) -> None:
    for sobject in ("DuplicateRule", "MatchingRule", "FlowDefinitionView", "ApexTrigger", "UserLicense"):
        error = refused(admin.insert, sobject)
        assert (error.code, error.message) == (
            "INVALID_TYPE_FOR_OPERATION",
            f"entity type {sobject} does not support create",
        )


def test_rules_and_automations_are_part_of_set_up(
    sales: Desk, integration: Desk, bare_integration: Desk
) -> None:
    for sobject in ("DuplicateRule", "MatchingRule", "FlowDefinitionView", "ApexTrigger", "UserLicense"):
        assert refused(sales.query, f"SELECT Id FROM {sobject}").code == "INVALID_TYPE"
        assert integration.query(f"SELECT Id FROM {sobject}")["totalSize"] > 0
    assert refused(sales.query, "SELECT Id FROM ValidationRule", tooling=True).code == "INVALID_TYPE"
    assert sales.query("SELECT Id FROM RecordType")["totalSize"] == 0


# -- the catalogue


def test_the_catalogue_takes_a_part_of_soql(admin: Desk) -> None:
    fields = "SELECT QualifiedApiName FROM FieldDefinition"
    particles = "SELECT QualifiedApiName FROM EntityParticle"
    entities = "SELECT QualifiedApiName FROM EntityDefinition"
    assert told(refused(admin.query, fields)) == (
        400,
        "MALFORMED_QUERY",
        "FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]",
        None,
    )
    assert refused(admin.query, f"{particles} WHERE DataType = 'string'").message == (
        "EntityParticle: a filter on a reified column is required [EntityDefinitionId,FieldDefinitionId,DurableId]"
    )
    for soql, message in (
        (f"{entities} WHERE QualifiedApiName != 'Account'", "Only equals comparisons permitted"),
        (f"{entities} WHERE NOT QualifiedApiName = 'Account'", "Only equals comparisons permitted"),
        (f"{entities} WHERE IsQueryable = true OR IsLayoutable = true", "Disjunctions not supported"),
        ("SELECT COUNT() FROM EntityDefinition", NOT_YET),
        ("SELECT COUNT(Id), Label FROM EntityDefinition GROUP BY Label", NOT_YET),
    ):
        assert refused(admin.query, soql).message == message
    assert admin.query(f"{entities} LIMIT 1")["totalSize"] == admin.query(entities)["totalSize"] > 1


@pytest.mark.parametrize(
    "narrowed",
    [
        "EntityDefinitionId = 'Account'",
        "EntityDefinition.QualifiedApiName = 'Account'",
        "EntityDefinition.QualifiedApiName IN ('Account')",
        "FieldDefinition.EntityDefinitionId = 'Account'",
        "DurableId = 'Account.Website'",
    ],
)
def test_fields_are_found_by_their_object_or_durable_id(admin: Desk, narrowed: str) -> None:
    soql = (
        f"SELECT DataType, IsNillable FROM FieldDefinition WHERE {narrowed} AND QualifiedApiName = 'Website'"
    )
    assert admin.rows(soql) == [{"DataType": "URL(255)", "IsNillable": True}]


def test_a_custom_field_has_the_durable_id_of_its_definition(admin: Desk) -> None:
    field_id = admin.create_field("Account.Code__c", type="Text", length=20)
    soql = "SELECT DurableId FROM FieldDefinition WHERE EntityDefinitionId = 'Account' AND QualifiedApiName = 'Code__c'"
    assert admin.column(soql) == [f"Account.{field_id[:15]}"]


def test_a_particle_says_what_a_describe_says(admin: Desk) -> None:
    soql = (
        "SELECT Name, DataType, IsCreatable, IsUpdatable, IsEncrypted, IsIdLookup, FieldDefinition.DataType "
        "FROM EntityParticle WHERE EntityDefinition.QualifiedApiName = 'Contact'"
    )
    described = {
        each["name"]: each for each in admin.org.describe(admin.caller, "Contact", version="62.0")["fields"]
    }
    particles = admin.rows(soql)
    assert len(particles) == len(described)
    for each in particles:
        field = described[each["Name"]]
        assert (each["DataType"], each["IsIdLookup"]) == (field["type"], field["idLookup"])
        assert each["IsCreatable"] == field["createable"]
    (email,) = (each for each in particles if each["Name"] == "Email")
    assert email["FieldDefinition"]["DataType"] == "Email"


# -- licences and the integration user


def test_the_integration_user_can_use_the_api_and_nothing_else(admin: Desk, bare_integration: Desk) -> None:
    (user,) = admin.rows(
        "SELECT Email, Profile.Name, Profile.UserLicense.Name FROM User WHERE Username = 'integration@rehearsal.example'"
    )
    assert user["Email"] == "crm-integrations@rehearsal.example"
    assert user["Profile"]["Name"] == "Minimum Access - API Only Integrations"
    assert user["Profile"]["UserLicense"]["Name"] == "Salesforce Integration"
    assert (
        admin.column(
            "SELECT PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign "
            "WHERE Assignee.Username = 'integration@rehearsal.example'"
        )[0]["DeveloperName"]
        == "SalesforceAPIIntegrationPsl"
    )
    granted = bare_integration.rows("SELECT FIELDS(ALL) FROM UserPermissionAccess LIMIT 1")[0]
    assert {name for name, value in granted.items() if value is True} == {
        "PermissionsApiEnabled",
        "PermissionsApiUserOnly",
    }
    for sobject in ("Account", "Contact", "PermissionSet"):
        assert refused(bare_integration.query, f"SELECT Id FROM {sobject}").code == "INVALID_TYPE"
    assert refused(bare_integration.insert, "Account", Name="x").status == 404


def test_licences_count_their_users(admin: Desk) -> None:
    assert admin.rows("SELECT Name, UsedLicenses, TotalLicenses FROM UserLicense") == [
        {"Name": "Salesforce", "UsedLicenses": 4, "TotalLicenses": 10},
        {"Name": "Salesforce Integration", "UsedLicenses": 1, "TotalLicenses": 5},
    ]
