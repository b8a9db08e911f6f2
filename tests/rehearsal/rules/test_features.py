"""Currencies, state and country picklists, person accounts, encryption, record types: off, on, and off again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.rehearsal.salesforce.org import Caller, Org
from tests.rehearsal.salesforce_core.conftest import Clock, Desk, refused, told, undone


def on(org: Org, **features: Any) -> dict[str, Any]:
    return org.switch_features(features)


def names(desk: Desk, sobject: str) -> set[str]:
    return {each["name"] for each in desk.org.describe(desk.caller, sobject, version="62.0")["fields"]}


# -- several currencies


def test_records_have_a_currency_where_the_org_has_several(org: Org, admin: Desk) -> None:
    old = admin.insert("Account", Name="x")
    assert "CurrencyIsoCode" not in names(admin, "Account")
    assert refused(admin.query, "SELECT IsoCode FROM CurrencyType").code == "INVALID_TYPE"
    on(org, multi_currency=True)
    assert admin.rows(
        "SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType WHERE IsCorporate = true"
    ) == [{"IsoCode": "USD", "ConversionRate": 1, "IsCorporate": True}]
    assert admin.value("Account", old, "CurrencyIsoCode") == "USD"
    assert (
        admin.value("Account", admin.insert("Account", Name="y", CurrencyIsoCode="EUR"), "CurrencyIsoCode")
        == "EUR"
    )
    assert told(refused(admin.insert, "Account", Name="z", CurrencyIsoCode="JPY")) == (
        400,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Currency ISO Code: bad value for restricted picklist field: JPY",
        ["CurrencyIsoCode"],
    )
    field = admin.describe_field("Contact", "CurrencyIsoCode")
    assert field is not None
    assert (field["type"], field["nillable"], field["defaultedOnCreate"], field["length"]) == (
        "picklist",
        False,
        True,
        3,
    )
    on(org, multi_currency=False)
    assert "CurrencyIsoCode" not in names(admin, "Account")
    assert refused(admin.query, "SELECT IsoCode FROM CurrencyType").code == "INVALID_TYPE"
    admin.insert("Account", Name="x")


# -- states and countries

COUNTRY = (
    "There's a problem with this country, even though it may appear correct. Please select a country/territory from the "
    "list of valid countries.: Billing Country"
)
STATE = (
    "There's a problem with this state, even though it may appear correct. Please select a state from the list of valid "
    "states.: Billing State/Province"
)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"BillingCountry": "United States"}, ("United States", "US", None, None)),
        ({"BillingCountry": "us", "BillingState": "california"}, ("United States", "US", "California", "CA")),
        ({"BillingCountryCode": "US", "BillingStateCode": "NY"}, ("United States", "US", "New York", "NY")),
        ({"BillingCountryCode": "DE", "BillingCountry": "germany"}, ("Germany", "DE", None, None)),
        ({"BillingCity": "Berlin"}, (None, None, None, None)),
    ],
)
def test_text_and_code_follow_from_each_other(
    org: Org, admin: Desk, given: dict[str, str], kept: tuple[str | None, ...]
) -> None:
    on(org, state_country_picklists=True)
    account = admin.insert("Account", Name="x", **given)
    parts = ("BillingCountry", "BillingCountryCode", "BillingState", "BillingStateCode")
    assert tuple(admin.read("Account", account, *parts)[each] for each in parts) == kept


@pytest.mark.parametrize(
    ("given", "message", "field"),
    [
        ({"BillingCountry": "USA"}, COUNTRY, "BillingCountry"),
        ({"BillingCountry": "Germany", "BillingCountryCode": "US"}, COUNTRY, "BillingCountry"),
        ({"BillingCountry": "US", "BillingState": "Bavaria"}, STATE, "BillingState"),
        ({"BillingCountry": "Germany", "BillingState": "Bavaria"}, STATE, "BillingState"),
        ({"BillingCountryCode": "US", "BillingStateCode": "NSW"}, STATE, "BillingState"),
        (
            {"BillingState": "California"},
            "A country/territory must be specified before specifying a state value for field: Billing State/Province",
            "BillingState",
        ),
    ],
)
def test_what_is_not_in_the_list_is_refused(
    org: Org, admin: Desk, given: dict[str, str], message: str, field: str
) -> None:
    admin.insert(
        "Account", Name="x", **{name: value for name, value in given.items() if not name.endswith("Code")}
    )
    on(org, state_country_picklists=True)
    assert told(refused(admin.insert, "Account", Name="x", **given)) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
        message,
        [field],
    )


def test_a_code_that_does_not_exist_is_no_value_of_the_picklist(org: Org, admin: Desk) -> None:
    on(org, state_country_picklists=True)
    error = refused(admin.insert, "Contact", LastName="x", MailingCountryCode="XX")
    assert error.message == "Mailing Country Code: bad value for restricted picklist field: XX"


def test_moving_to_another_country_needs_another_state(org: Org, admin: Desk) -> None:
    on(org, state_country_picklists=True)
    account = admin.insert("Account", Name="x", BillingCountry="US", BillingState="CA")
    assert refused(admin.update, "Account", account, BillingCountry="Canada").message == STATE
    admin.update("Account", account, BillingCountry="Canada", BillingState="Quebec")
    assert admin.value("Account", account, "BillingStateCode") == "QC"
    admin.update("Account", account, BillingCountry=None, BillingState=None)
    assert admin.read("Account", account, "BillingAddress")["BillingAddress"] is None


def test_records_of_before_keep_texts_that_fit_nothing(org: Org, admin: Desk) -> None:
    odd = admin.insert("Account", Name="x", BillingCountry="USA", BillingState="CA")
    good = admin.insert("Account", Name="y", BillingCountry="united states", BillingState="CA")
    on(org, state_country_picklists=True)
    assert admin.value("Account", odd, "BillingCountryCode") is None
    admin.update("Account", odd, Phone="1")
    whole = admin.value("Account", good, "BillingAddress")
    assert (whole["countryCode"], whole["stateCode"]) == ("US", "CA")
    on(org, state_country_picklists=False)
    assert "countryCode" not in admin.value("Account", good, "BillingAddress")


def test_codes_are_described_with_their_names(org: Org, admin: Desk) -> None:
    on(org, state_country_picklists=True)
    country = admin.describe_field("Account", "BillingCountryCode")
    state = admin.describe_field("Account", "BillingStateCode")
    assert country is not None
    assert state is not None
    assert {
        "active": True,
        "defaultValue": False,
        "label": "Germany",
        "validFor": None,
        "value": "DE",
    } in country["picklistValues"]
    assert (state["dependentPicklist"], state["controllerName"]) == (True, "BillingCountryCode")
    assert state["picklistValues"][0]["validFor"]
    assert len(country["picklistValues"]) > 230


# -- person accounts


def test_a_person_account_has_a_name_of_parts(org: Org, admin: Desk) -> None:
    assert "IsPersonAccount" not in names(admin, "Account")
    company = admin.insert("Account", Name="x")
    on(org, person_accounts=True)
    field = admin.describe_field("Account", "Name")
    assert field is not None
    assert (field["extraTypeInfo"], field["compoundFieldName"]) == ("switchablepersonname", "Name")
    assert admin.value("Account", company, "IsPersonAccount") is False
    person = admin.insert("Account", FirstName="Ada", LastName="Byron")
    assert admin.read("Account", person, "Name", "IsPersonAccount")["Name"] == "Ada Byron"
    admin.update("Account", person, LastName="Lovelace")
    assert admin.column("SELECT Name FROM Account WHERE IsPersonAccount = true") == ["Ada Lovelace"]
    for desk_call in (
        lambda: admin.update("Account", person, Name="x"),
        lambda: admin.insert("Account", Name="x", LastName="y"),
    ):
        error = refused(desk_call)
        assert (error.code, error.message) == (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Account: bad field names on insert/update call: Name",
        )
    assert refused(admin.update, "Account", company, LastName="y").fields == ["LastName"]
    assert "IsPersonAccount" in names(admin, "Contact")


# -- encryption


def test_an_encrypted_field_is_shown_but_not_filtered_by(org: Org, admin: Desk) -> None:
    admin.insert("Account", Name="x", Website="x.example")
    on(org, encrypted=["Account.Website"])
    field = admin.describe_field("Account", "Website")
    assert field is not None
    assert (field["encrypted"], field["filterable"], field["sortable"], field["groupable"]) == (
        True,
        False,
        False,
        False,
    )
    assert admin.column("SELECT Website FROM Account") == ["x.example"]
    error = refused(admin.query, "SELECT Id FROM Account WHERE Website = 'x.example'")
    assert error.message.endswith("field 'Website' can not be filtered in a query call")
    particle = (
        "SELECT IsEncrypted FROM EntityParticle WHERE EntityDefinitionId = 'Account' AND Name = 'Website'"
    )
    assert admin.column(particle) == [True]
    on(org, encrypted=[])
    assert admin.column("SELECT Name FROM Account WHERE Website = 'x.example'") == ["x"]


# -- record types


def test_record_types_bring_their_field(org: Org, admin: Desk) -> None:
    plain = admin.insert("Account", Name="x")
    assert "RecordTypeId" not in names(admin, "Account")
    business = admin.insert("RecordType", SobjectType="account", DeveloperName="Business", Name="Business")
    partner = admin.insert("RecordType", SobjectType="Account", DeveloperName="Partner", Name="Partner")
    assert admin.value("Account", plain, "RecordTypeId") is None
    account = admin.insert("Account", Name="y")
    assert (
        admin.rows(f"SELECT RecordType.DeveloperName FROM Account WHERE Id = '{account}'")[0]["RecordType"][
            "DeveloperName"
        ]
        == "Business"
    )
    admin.update("Account", account, RecordTypeId=partner)
    infos = org.describe(admin.caller, "Account", version="62.0")["recordTypeInfos"]
    assert [(each["developerName"], each["defaultRecordTypeMapping"], each["master"]) for each in infos] == [
        ("Business", True, False),
        ("Partner", False, False),
        ("Master", False, True),
    ]
    admin.update("RecordType", business, IsActive=False)
    assert admin.value("Account", admin.insert("Account", Name="z"), "RecordTypeId") == partner
    assert told(refused(admin.insert, "Account", Name="z", RecordTypeId=business)) == (
        400,
        "INVALID_CROSS_REFERENCE_KEY",
        f"Record Type ID: this ID value isn't valid for the user: {business}",
        ["RecordTypeId"],
    )
    assert "RecordTypeId" not in names(admin, "Contact")


def test_a_record_type_that_was_taken_back_leaves_no_field(admin: Desk) -> None:
    undone(admin, lambda: admin.insert("RecordType", SobjectType="Account", DeveloperName="X", Name="X"))
    assert "RecordTypeId" not in names(admin, "Account")
    admin.insert("Account", Name="x")


def test_record_types_need_good_names(admin: Desk, integration: Desk) -> None:
    good = {"SobjectType": "Account", "DeveloperName": "X", "Name": "X"}
    assert refused(admin.insert, "RecordType", **{**good, "DeveloperName": "a__b"}).fields == [
        "DeveloperName"
    ]
    assert refused(admin.insert, "RecordType", **{**good, "SobjectType": "User"}).fields == ["SobjectType"]
    admin.insert("RecordType", **good)
    assert refused(admin.insert, "RecordType", **good).code == "DUPLICATE_DEVELOPER_NAME"
    assert refused(integration.insert, "RecordType", **good).code == "INSUFFICIENT_ACCESS_OR_READONLY"


# -- switches


def test_features_are_kept_with_the_org(tmp_path: Path, clock: Clock) -> None:
    org = Org(tmp_path / "org.db", clock=clock)
    on(org, multi_currency=True, state_country_picklists=True, encrypted=["Contact.Phone"])
    admin = Desk(org, Caller(org.admin_id))
    account = admin.insert("Account", Name="x", BillingCountry="DE", CurrencyIsoCode="GBP")
    org.close()
    org = Org(tmp_path / "org.db", clock=clock)
    admin = Desk(org, Caller(org.admin_id))
    assert admin.read("Account", account, "BillingCountryCode", "CurrencyIsoCode")["CurrencyIsoCode"] == "GBP"
    assert org.on_save.features.as_dict() == {
        "multi_currency": True,
        "state_country_picklists": True,
        "person_accounts": False,
        "encrypted": ["Contact.Phone"],
        "integration_values": {},
    }
    org.close()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"lightning": True},
            "there is no feature 'lightning'; there are multi_currency, state_country_picklists",
        ),
        ({"multi_currency": 1}, "multi_currency must be true or false"),
        ({"encrypted": "Account.Website"}, "encrypted must be a list of fields"),
        ({"encrypted": ["Account.Nope"]}, "'Account.Nope' is not a field that can be encrypted"),
        ({"multi_currency": True, "encrypted": ["Account.OwnerId"]}, "'Account.OwnerId' is not a field"),
    ],
)
def test_a_feature_that_makes_no_sense_changes_nothing(
    org: Org, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        org.switch_features(values)
    assert org.on_save.features.as_dict()["multi_currency"] is False


# -- the licence of integration users


def test_records_are_beyond_the_integration_licence_alone(admin: Desk, bare_integration: Desk) -> None:
    set_id = admin.insert("PermissionSet", Name="Sync", Label="Sync")
    admin.insert("ObjectPermissions", ParentId=set_id, SobjectType="Account", PermissionsRead=True)
    (licence,) = admin.column("SELECT Id FROM PermissionSetLicenseAssign")
    admin.delete("PermissionSetLicenseAssign", licence)
    user_id = bare_integration.caller.user_id
    error = refused(admin.insert, "PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=set_id)
    assert (error.code, error.message) == (
        "FIELD_INTEGRITY_EXCEPTION",
        "Can't assign permission set Sync to user Alguna Sync. The user license doesn't allow the permission: Read Account",
    )
    (key,) = admin.column(
        "SELECT Id FROM PermissionSetLicense WHERE DeveloperName = 'SalesforceAPIIntegrationPsl'"
    )
    admin.insert("PermissionSetLicenseAssign", AssigneeId=user_id, PermissionSetLicenseId=key)
    admin.insert("PermissionSetAssignment", AssigneeId=user_id, PermissionSetId=set_id)
    assert bare_integration.query("SELECT Id FROM Account")["totalSize"] == 0
