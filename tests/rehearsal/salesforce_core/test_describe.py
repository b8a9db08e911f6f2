"""Describes: all keys in their order, and what real orgs say of the fields that matter."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Desk, V, refused


def words(text: str) -> list[str]:
    return re.findall(r"\S+", text)


FIELD_KEYS = words(
    "aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula cascadeDelete "
    "caseSensitive compoundFieldName controllerName createable custom defaultValue defaultValueFormula "
    "defaultedOnCreate dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted "
    "externalId extraTypeInfo filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable "
    "highScaleNumber htmlFormatted idLookup inlineHelpText label length mask maskType name nameField "
    "namePointing nillable permissionable picklistValues polymorphicForeignKey precision queryByDistance "
    "referenceTargetField referenceTo relationshipName relationshipOrder restrictedDelete "
    "restrictedPicklist scale searchPrefilterable soapType sortable type unique updateable "
    "writeRequiresMasterRead"
)
OBJECT_KEYS = words(
    "actionOverrides activateable associateEntityType associateParentEntity childRelationships "
    "compactLayoutable createable custom customSetting deepCloneable defaultImplementation deletable "
    "deprecatedAndHidden extendedBy extendsInterfaces feedEnabled fields hasSubtypes implementedBy "
    "implementsInterfaces isInterface isSubtype keyPrefix label labelPlural layoutable listviewable "
    "lookupLayoutable mergeable mruEnabled name namedLayoutInfos networkScopeFieldName queryable "
    "recordTypeInfos replicateable retrieveable searchLayoutable searchable sobjectDescribeOption "
    "supportedScopes triggerable undeletable updateable urls"
)
SUMMARY_KEYS = words(
    "activateable associateEntityType associateParentEntity createable custom customSetting deepCloneable "
    "deletable deprecatedAndHidden feedEnabled hasSubtypes isInterface isSubtype keyPrefix label "
    "labelPlural layoutable mergeable mruEnabled name queryable replicateable retrieveable searchable "
    "triggerable undeletable updateable urls"
)
OBJECTS = ("Account", "Contact", "User", "Profile", "Organization", "PermissionSet", "FieldPermissions")


@pytest.mark.parametrize("name", OBJECTS)
def test_all_keys_are_there_in_their_order(admin: Desk, name: str) -> None:
    described = admin.org.describe(admin.caller, name.upper(), version=V)
    assert list(described) == OBJECT_KEYS
    assert described["name"] == name
    assert len(FIELD_KEYS) == 57
    for field in described["fields"]:
        assert list(field) == FIELD_KEYS


@pytest.mark.parametrize(
    ("full_name", "expected"),
    [
        (
            "Account.Id",
            {"type": "id", "soapType": "tns:ID", "length": 18, "byteLength": 18, "idLookup": True},
        ),
        (
            "Account.Name",
            {"length": 255, "byteLength": 765, "nillable": False, "nameField": True, "permissionable": False},
        ),
        (
            "Account.BillingStreet",
            {
                "type": "textarea",
                "length": 255,
                "compoundFieldName": "BillingAddress",
                "extraTypeInfo": "plaintextarea",
                "filterable": True,
                "permissionable": True,
            },
        ),
        ("Account.BillingCity", {"type": "string", "length": 40}),
        ("Account.BillingState", {"length": 80}),
        ("Account.BillingPostalCode", {"length": 20}),
        ("Account.BillingCountry", {"length": 80}),
        (
            "Account.BillingAddress",
            {
                "type": "address",
                "soapType": "urn:address",
                "createable": False,
                "updateable": False,
                "queryByDistance": True,
                "aggregatable": False,
                "sortable": False,
            },
        ),
        ("Account.BillingLatitude", {"type": "double", "precision": 18, "scale": 15, "groupable": False}),
        ("Account.Website", {"type": "url", "length": 255}),
        ("Account.Phone", {"type": "phone", "length": 40}),
        (
            "Account.Description",
            {"type": "textarea", "length": 32000, "byteLength": 96000, "filterable": False},
        ),
        (
            "Account.AnnualRevenue",
            {"type": "currency", "precision": 18, "scale": 0, "soapType": "xsd:double"},
        ),
        (
            "Account.NumberOfEmployees",
            {"type": "int", "digits": 8, "soapType": "xsd:int", "label": "Employees"},
        ),
        (
            "Account.OwnerId",
            {
                "type": "reference",
                "referenceTo": ["User"],
                "relationshipName": "Owner",
                "nillable": False,
                "defaultedOnCreate": True,
                "permissionable": False,
            },
        ),
        ("Account.ParentId", {"relationshipName": "Parent", "nillable": True, "searchPrefilterable": True}),
        ("Account.MasterRecordId", {"createable": False, "updateable": False, "nillable": True}),
        (
            "Account.IsDeleted",
            {
                "type": "boolean",
                "defaultValue": False,
                "aggregatable": False,
                "byteLength": 0,
                "createable": False,
            },
        ),
        (
            "Account.CreatedDate",
            {"type": "datetime", "groupable": False, "updateable": False, "nillable": False},
        ),
        (
            "Contact.FirstName",
            {"length": 40, "nillable": True, "extraTypeInfo": "personname", "permissionable": False},
        ),
        ("Contact.LastName", {"length": 80, "nillable": False, "compoundFieldName": "Name"}),
        ("Contact.Name", {"length": 121, "createable": False, "updateable": False, "nameField": True}),
        ("Contact.Email", {"type": "email", "length": 80, "idLookup": True}),
        ("Contact.Title", {"length": 128}),
        ("Contact.AccountId", {"referenceTo": ["Account"], "relationshipName": "Account", "nillable": True}),
        ("Contact.Birthdate", {"type": "date", "soapType": "xsd:date"}),
    ],
)
def test_fields_are_described_as_in_real_orgs(admin: Desk, full_name: str, expected: dict[str, Any]) -> None:
    sobject, _, name = full_name.partition(".")
    described = admin.describe_field(sobject, name)
    assert described is not None
    assert {key: described[key] for key in expected} == expected


def test_a_picklist_lists_its_values(admin: Desk) -> None:
    rating = admin.describe_field("Account", "Rating")
    assert rating is not None
    assert rating["restrictedPicklist"] is False
    assert rating["byteLength"] == 120
    assert rating["picklistValues"][0] == {
        "active": True,
        "defaultValue": False,
        "label": "Hot",
        "validFor": None,
        "value": "Hot",
    }


def test_child_relationships_say_what_hangs_on_an_object(admin: Desk) -> None:
    described = admin.org.describe(admin.caller, "Account", version=V)
    assert {
        "cascadeDelete": True,
        "childSObject": "Contact",
        "deprecatedAndHidden": False,
        "field": "AccountId",
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": "Contacts",
        "restrictedDelete": False,
    } in described["childRelationships"]
    assert [each["relationshipName"] for each in described["childRelationships"]] == [
        None,
        "ChildAccounts",
        "Contacts",
    ]


def test_urls_repeat_the_version_that_was_asked_for(admin: Desk) -> None:
    described = admin.org.describe(admin.caller, "Account", version="48.0")
    assert list(described["urls"]) == [
        "compactLayouts",
        "rowTemplate",
        "approvalLayouts",
        "uiDetailTemplate",
        "uiEditTemplate",
        "defaultValues",
        "listviews",
        "describe",
        "uiNewRecord",
        "quickActions",
        "layouts",
        "sobject",
    ]
    assert described["urls"]["rowTemplate"] == "/services/data/v48.0/sobjects/Account/{ID}"
    (master,) = described["recordTypeInfos"]
    assert master["recordTypeId"] == "012000000000000AAA"
    assert master["urls"]["layout"].startswith("/services/data/v48.0/sobjects/Account/describe/layouts/")


def test_old_versions_know_fewer_keys(admin: Desk) -> None:
    old = admin.org.describe(admin.caller, "Account", version="48.0")
    later = {"associateEntityType", "associateParentEntity", "sobjectDescribeOption"}
    assert list(old) == [key for key in OBJECT_KEYS if key not in later]


def test_the_global_describe_lists_what_the_caller_may_see(admin: Desk, sales: Desk) -> None:
    everything = admin.org.describe_global(admin.caller, version=V)
    assert list(everything) == ["encoding", "maxBatchSize", "sobjects"]
    assert (everything["encoding"], everything["maxBatchSize"]) == ("UTF-8", 200)
    names = [each["name"] for each in everything["sobjects"]]
    assert names == sorted(names)
    assert {*OBJECTS, "UserPermissionAccess", "EntityDefinition"} <= set(names)
    assert "CustomField" not in names
    for item in everything["sobjects"]:
        assert list(item) == SUMMARY_KEYS
        assert len(item) == 28
    seen = {each["name"] for each in sales.org.describe_global(sales.caller, version=V)["sobjects"]}
    assert "FieldPermissions" not in seen
    tooling = admin.org.describe_global(admin.caller, version=V, tooling=True)
    named = {each["name"]: each for each in tooling["sobjects"]}
    assert named["CustomField"]["urls"]["sobject"] == f"/services/data/v{V}/tooling/sobjects/CustomField"
    assert "Account" not in named


def test_one_object_in_short(admin: Desk) -> None:
    short = admin.org.describe_summary(admin.caller, "account", version=V)
    assert list(short) == ["objectDescribe", "recentItems"]
    assert short["objectDescribe"]["keyPrefix"] == "001"


def test_what_does_not_exist_is_not_described(admin: Desk) -> None:
    assert refused(admin.org.describe, admin.caller, "Dog", version=V).status == 404
    assert refused(admin.org.describe, admin.caller, "CustomField", version=V).status == 404
    assert admin.org.canonical(admin.caller, "aCCount") == "Account"
    assert refused(admin.org.canonical, admin.caller, "Dog").code == "NOT_FOUND"
    assert admin.org.type_of(admin.caller.user_id) == "User"
    assert refused(admin.org.type_of, "zzz000000000000").code == "NOT_FOUND"
