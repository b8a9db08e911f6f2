"""Custom fields through Tooling: what may be made, how it is found, changed and taken away again."""

from __future__ import annotations

from typing import Any

import pytest

from console.rehearsal.salesforce.org import Caller, Org

from .conftest import Clock, Desk, V, refused, told, undone


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            {"type": "Text", "length": 255, "externalId": True, "unique": True, "caseSensitive": True},
            {
                "type": "string",
                "length": 255,
                "byteLength": 765,
                "externalId": True,
                "idLookup": True,
                "unique": True,
                "caseSensitive": True,
                "soapType": "xsd:string",
            },
        ),
        ({"type": "Url"}, {"type": "url", "length": 255}),
        (
            {"type": "DateTime"},
            {"type": "datetime", "length": 0, "soapType": "xsd:dateTime", "groupable": False},
        ),
        ({"type": "Date"}, {"type": "date", "soapType": "xsd:date", "groupable": True}),
        (
            {"type": "Currency", "precision": 10, "scale": 2},
            {"type": "currency", "precision": 10, "scale": 2, "soapType": "xsd:double"},
        ),
        ({"type": "Number", "precision": 18, "scale": 0, "unique": True}, {"type": "double", "unique": True}),
        ({"type": "Percent", "precision": 5, "scale": 2}, {"type": "percent"}),
        (
            {"type": "Checkbox", "defaultValue": True},
            {"type": "boolean", "nillable": False, "defaultValue": True, "defaultedOnCreate": True},
        ),
        ({"type": "Email", "externalId": True}, {"type": "email", "length": 80, "externalId": True}),
        ({"type": "Phone"}, {"type": "phone", "length": 40}),
        ({"type": "TextArea"}, {"type": "textarea", "length": 255, "filterable": True}),
        (
            {"type": "LongTextArea", "length": 32768, "visibleLines": 3},
            {"type": "textarea", "length": 32768, "filterable": False, "sortable": False},
        ),
        (
            {
                "type": "Picklist",
                "valueSet": {
                    "restricted": True,
                    "valueSetDefinition": {"value": [{"valueName": "A"}, {"fullName": "B", "default": True}]},
                },
            },
            {"type": "picklist", "restrictedPicklist": True, "defaultValue": "B"},
        ),
        (
            {"type": "Text", "length": 10, "required": False, "externalId": False, "unique": False},
            {"nillable": True},
        ),
        (
            {"type": "Url", "inlineHelpText": "Why"},
            {"inlineHelpText": "Why", "custom": True, "label": "A label"},
        ),
    ],
)
def test_each_type_is_described_as_it_was_made(
    admin: Desk, metadata: dict[str, Any], expected: dict[str, Any]
) -> None:
    field_id = admin.field("Account.Made__c", label="A label", **metadata)
    assert field_id.startswith("00N")
    described = admin.describe_field("Account", "Made__c")
    assert described is not None
    assert {key: described[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("full_name", "metadata", "code", "message"),
    [
        (
            "Account.X__c",
            {"type": "Text"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Must specify 'length' for a CustomField of type Text",
        ),
        (
            "Account.X__c",
            {"type": "Text", "length": 256},
            "FIELD_INTEGRITY_EXCEPTION",
            "Length: value outside of valid range 1 to 255 for a CustomField of type Text",
        ),
        (
            "Account.X__c",
            {"type": "Currency", "precision": 10},
            "FIELD_INTEGRITY_EXCEPTION",
            "Must specify 'scale' for a CustomField of type Currency",
        ),
        (
            "Account.X__c",
            {"type": "Number", "precision": 19, "scale": 0},
            "FIELD_INTEGRITY_EXCEPTION",
            "Precision must be between 1 and 18",
        ),
        (
            "Account.X__c",
            {"type": "Number", "precision": 2, "scale": 3},
            "FIELD_INTEGRITY_EXCEPTION",
            "Scale must be between 0 and the precision, at most 17",
        ),
        (
            "Account.X__c",
            {"type": "Checkbox", "required": False, "defaultValue": False},
            "FIELD_INTEGRITY_EXCEPTION",
            "Can not specify 'required' for a CustomField of type Checkbox",
        ),
        (
            "Account.X__c",
            {"type": "Checkbox"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Must specify 'defaultValue' for a CustomField of type Checkbox",
        ),
        (
            "Account.X__c",
            {"type": "Url", "length": 255},
            "FIELD_INTEGRITY_EXCEPTION",
            "Can not specify 'length' for a CustomField of type Url",
        ),
        (
            "Account.X__c",
            {"type": "DateTime", "externalId": True},
            "FIELD_INTEGRITY_EXCEPTION",
            "Can not specify 'externalId' for a CustomField of type DateTime",
        ),
        (
            "Account.X__c",
            {"type": "Hologram"},
            "FIELD_INTEGRITY_EXCEPTION",
            "This org does not offer custom fields of type Hologram",
        ),
        ("Account.X__c", {}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Type]"),
        (
            "Account.X__c",
            {"type": "Url", "label": " "},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Label]",
        ),
        (
            "Account.X__c",
            {"type": "Url", "label": "x" * 41},
            "STRING_TOO_LONG",
            f"Field Label: data value too large: {'x' * 41} (max length=40)",
        ),
        (
            "Account.X__c",
            {"type": "Picklist"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Must specify 'valueSet' for a CustomField of type Picklist",
        ),
        (
            "Account.X__c",
            {"type": "Url", "colour": "red"},
            "JSON_PARSER_ERROR",
            'Unrecognized field "colour" for type CustomField at [line:1, column:2]',
        ),
        (
            "Dog.X__c",
            {"type": "Url"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Entity Enumeration Or ID: bad value for restricted picklist field: Dog",
        ),
    ],
)
def test_metadata_that_contradicts_itself_is_refused(
    admin: Desk, full_name: str, metadata: dict[str, Any], code: str, message: str
) -> None:
    error = refused(admin.create_field, full_name, **metadata)
    assert (error.status, error.code, error.message) == (400, code, message)
    assert admin.tooling("SELECT Id FROM CustomField") == []


@pytest.mark.parametrize("name", ["X", "X__c__c", "1x__c", "x y__c", "a__b__c", "x___c", "_x__c", "__c", ""])
def test_names_follow_the_rules_of_api_names(admin: Desk, name: str) -> None:
    error = refused(admin.create_field, f"Account.{name}", type="Url", label="x")
    assert error.code == "FIELD_INTEGRITY_EXCEPTION"
    assert error.message.startswith("Field Name: The Field Name field can only contain underscores")


def test_a_name_may_have_forty_characters(admin: Desk) -> None:
    admin.create_field(f"Account.{'x' * 40}__c", type="Url", label="x")
    assert (
        refused(admin.create_field, f"Account.{'x' * 41}__c", type="Url", label="x").code == "STRING_TOO_LONG"
    )


def test_a_field_that_exists_is_said_to_exist(admin: Desk) -> None:
    admin.create_field("Account.Twice__c", type="Url")
    assert told(refused(admin.create_field, "account.TWICE__c", type="Url")) == (
        400,
        "DUPLICATE_DEVELOPER_NAME",
        "There is already a field named TWICE on Account.",
        [],
    )


def test_fields_are_found_through_tooling(admin: Desk) -> None:
    first = admin.create_field("Account.One__c", type="Text", length=30, description="why")
    admin.create_field("Contact.Two__c", type="Url")
    soql = "SELECT Id, DeveloperName, TableEnumOrId FROM CustomField WHERE TableEnumOrId = 'Account'"
    assert admin.query(soql, tooling=True) == {
        "size": 1,
        "totalSize": 1,
        "done": True,
        "queryLocator": None,
        "entityTypeName": "CustomField",
        "records": [
            {
                "attributes": {
                    "type": "CustomField",
                    "url": f"/services/data/v{V}/tooling/sobjects/CustomField/{first}",
                },
                "Id": first,
                "DeveloperName": "One",
                "TableEnumOrId": "Account",
            }
        ],
    }
    (found,) = admin.tooling(f"SELECT FullName, Metadata FROM CustomField WHERE Id = '{first}'")
    assert found["FullName"] == "Account.One__c"
    assert {key: value for key, value in found["Metadata"].items() if value is not None} == {
        "type": "Text",
        "label": "One",
        "length": 30,
        "description": "why",
        "externalId": False,
    }
    read = admin.org.reading.read(admin.caller, "CustomField", first, None, version=V, tooling=True)
    assert (read["Length"], read["Metadata"]["length"], read["ManageableState"]) == (30, 30, "unmanaged")
    assert refused(admin.query, "SELECT Id FROM CustomField").code == "INVALID_TYPE"


def test_metadata_is_given_for_one_row_at_a_time(admin: Desk) -> None:
    for name in ("A", "B"):
        admin.create_field(f"Account.{name}__c", type="Url", label=name)
    assert told(refused(admin.query, "SELECT Id, Metadata FROM CustomField", tooling=True)) == (
        400,
        "MALFORMED_QUERY",
        "When retrieving results with Metadata or FullName fields, the query qualifications must specify no "
        "more than one row for retrieval. Result size: 2",
        None,
    )


def patch(admin: Desk, field_id: str, **metadata: Any) -> None:
    admin.org.update(admin.caller, "CustomField", field_id, {"Metadata": metadata}, tooling=True)


def test_a_field_can_be_relabelled_and_lengthened(admin: Desk) -> None:
    field_id = admin.field("Account.X__c", type="Text", length=5, label="Old")
    account = admin.insert("Account", Name="a", X__c="12345")
    patch(admin, field_id, type="Text", length=9, label="New")
    described = admin.describe_field("Account", "X__c")
    assert described is not None
    assert (described["label"], described["length"]) == ("New", 9)
    admin.update("Account", account, X__c="123456789")
    assert (
        refused(patch, admin, field_id, type="Text", length=8, label="New").code
        == "FIELD_INTEGRITY_EXCEPTION"
    )
    assert refused(patch, admin, field_id, type="Url", label="New").message == (
        "Cannot change the type of the custom field Account.X__c"
    )


def test_a_field_becomes_unique_when_its_values_are(admin: Desk) -> None:
    field_id = admin.field("Account.X__c", type="Text", length=5)
    one = admin.insert("Account", Name="a", X__c="a")
    two = admin.insert("Account", Name="b", X__c="A")
    unique = {"type": "Text", "length": 5, "label": "X", "unique": True}
    assert "duplicate values" in refused(patch, admin, field_id, **unique).message
    patch(admin, field_id, **unique, caseSensitive=True, externalId=True)
    assert admin.upsert("Account", "X__c", "A", Name="c") == (two, False)
    assert refused(admin.update, "Account", two, X__c="a").code == "DUPLICATE_VALUE"
    assert admin.value("Account", one, "X__c") == "a"


def test_a_deleted_field_takes_values_and_grants_along(admin: Desk) -> None:
    field_id = admin.field("Account.X__c", type="Text", length=5, unique=True)
    admin.insert("Account", Name="a", X__c="a")
    admin.org.delete(admin.caller, "CustomField", field_id, tooling=True)
    assert admin.describe_field("Account", "X__c") is None
    assert admin.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.X__c'")["totalSize"] == 0
    assert refused(admin.query, "SELECT X__c FROM Account").code == "INVALID_FIELD"
    admin.field("Account.X__c", type="Date")
    assert admin.column("SELECT X__c FROM Account") == [None]


def test_a_new_checkbox_is_set_to_its_default_everywhere(admin: Desk) -> None:
    old = admin.insert("Account", Name="a")
    admin.field("Account.On__c", type="Checkbox", defaultValue="true")
    new = admin.insert("Account", Name="b")
    assert [admin.value("Account", each, "On__c") for each in (old, new)] == [True, True]
    assert admin.query("SELECT COUNT() FROM Account WHERE On__c = true")["totalSize"] == 2


def test_a_rolled_back_field_was_never_there(admin: Desk) -> None:
    def work() -> None:
        admin.field("Account.X__c", type="Text", length=5)
        admin.insert("Account", Name="a", X__c="a")

    undone(admin, work)
    assert refused(admin.query, "SELECT X__c FROM Account").code == "INVALID_FIELD"
    admin.field("Account.X__c", type="Url")
    admin.insert("Account", Name="a", X__c="https://a.example")


def test_custom_fields_survive_a_restart(tmp_path: Any, clock: Clock) -> None:
    path = tmp_path / "org.db"
    first = Org(path, clock=clock)
    admin = Desk(first, Caller(first.admin_id))
    admin.field("Account.Money__c", type="Currency", precision=10, scale=2)
    account = admin.insert("Account", Name="a", Money__c="1.5")
    described = admin.describe_field("Account", "Money__c")
    first.close()
    second = Org(path, clock=clock)
    again = Desk(second, admin.caller)
    assert again.describe_field("Account", "Money__c") == described
    assert str(again.value("Account", account, "Money__c")) == "1.50"
    second.close()


def test_definitions_list_the_schema(admin: Desk) -> None:
    admin.create_field(
        "Account.Code__c", type="Text", length=255, externalId=True, unique=True, caseSensitive=True
    )
    soql = (
        "SELECT QualifiedApiName, DataType, EntityDefinition.Label FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName LIKE 'Code%'"
    )
    (found,) = admin.tooling(soql)
    assert found["DataType"] == "Text(255) (External ID) (Unique Case Sensitive)"
    assert found["EntityDefinition"]["Label"] == "Account"
    assert admin.column("SELECT KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Contact'") == [
        "003"
    ]


def test_the_schema_has_a_stamp_for_clients_that_keep_describes(admin: Desk, clock: Clock) -> None:
    before = admin.org.schema_stamp()
    admin.create_field("Account.X__c", type="Url")
    assert admin.org.schema_stamp() == clock() > before
