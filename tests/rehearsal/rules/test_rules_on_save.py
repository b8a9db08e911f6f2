"""What an org enforces on each save: validation rules, duplicate rules, flows, a trigger, locks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.rehearsal.salesforce.org import Org
from tests.rehearsal.salesforce_core.conftest import Desk, refused, told

RULE = "Account.No_Shouting"


def metadata(**more: Any) -> dict[str, Any]:
    return {
        "active": True,
        "errorConditionFormula": "AND(LEN(Name) > 3, Name = UPPER(Name))",
        "errorMessage": "Don't shout.",
        "errorDisplayField": "Name",
        **more,
    }


def make_rule(admin: Desk, full_name: str = RULE, **more: Any) -> str:
    values = {"FullName": full_name, "Metadata": metadata(**more)}
    return admin.org.insert(admin.caller, "ValidationRule", values, tooling=True)


# -- validation rules


def test_a_validation_rule_refuses_with_the_administrators_words(admin: Desk, sales: Desk) -> None:
    make_rule(admin)
    for desk in (admin, sales):
        assert told(refused(desk.insert, "Account", Name="ACME")) == (
            400,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "Don't shout.",
            ["Name"],
        )
    account = sales.insert("Account", Name="Acme")
    assert refused(sales.update, "Account", account, Name="ACME").code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert sales.value("Account", account, "Name") == "Acme"
    sales.update("Account", account, Phone="1")


def test_all_rules_that_hold_are_told(admin: Desk) -> None:
    make_rule(admin)
    make_rule(
        admin,
        "Account.Site_Needed",
        errorConditionFormula="ISBLANK(Site)",
        errorMessage="Site!",
        errorDisplayField=None,
    )
    error = refused(admin.insert, "Account", Name="ACME")
    assert [(each["message"], each["fields"]) for each in error.body()] == [
        ("Don't shout.", ["Name"]),
        ("Site!", []),
    ]
    assert [each["message"] for each in error.items()] == ["Don't shout.", "Site!"]


def test_a_rule_is_switched_and_taken_away_through_tooling(admin: Desk) -> None:
    rule = make_rule(admin)
    admin.org.update(admin.caller, "ValidationRule", rule, {"Metadata": metadata(active=False)}, tooling=True)
    admin.insert("Account", Name="ACME")
    (found,) = admin.tooling(f"SELECT Active, Metadata FROM ValidationRule WHERE Id = '{rule}'")
    assert found["Active"] is found["Metadata"]["active"] is False
    admin.org.update(admin.caller, "ValidationRule", rule, {"Metadata": metadata()}, tooling=True)
    assert refused(admin.insert, "Account", Name="ACME").message == "Don't shout."
    admin.org.delete(admin.caller, "ValidationRule", rule, tooling=True)
    admin.insert("Account", Name="ACME")


@pytest.mark.parametrize(
    ("full_name", "more", "code", "message"),
    [
        (
            RULE,
            {"errorConditionFormula": "VLOOKUP(Name)"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Error: Unknown function VLOOKUP. Check spelling.",
        ),
        (
            RULE,
            {"errorDisplayField": "Nope"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Error: Field Nope does not exist. Check spelling.",
        ),
        (
            RULE,
            {"errorMessage": None},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [errorMessage]",
        ),
        (
            RULE,
            {"colour": "red"},
            "JSON_PARSER_ERROR",
            'Unrecognized field "colour" for type ValidationRule at [line:1, column:2]',
        ),
        (
            "Nope.X",
            {},
            "FIELD_INTEGRITY_EXCEPTION",
            "Entity Enumeration Or ID: bad value for restricted picklist field: Nope",
        ),
        (
            "Contact.Email_Or_Phone",
            {"errorDisplayField": None, "errorConditionFormula": "ISBLANK(Email)"},
            "DUPLICATE_DEVELOPER_NAME",
            "There is already a validation rule named Email_Or_Phone on Contact.",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_not_made(
    admin: Desk, full_name: str, more: dict[str, Any], code: str, message: str
) -> None:
    error = refused(make_rule, admin, full_name, **more)
    assert (error.code, error.message) == (code, message)


def test_only_who_may_customize_makes_rules(admin: Desk, integration: Desk) -> None:
    assert refused(make_rule, integration).code == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_field_that_a_rule_uses_stays(admin: Desk) -> None:
    field = admin.field("Account.Code__c", type="Text", length=20)
    rule = make_rule(admin, errorConditionFormula="ISBLANK(Code__c)", errorDisplayField=None)
    error = refused(admin.org.delete, admin.caller, "CustomField", field, tooling=True)
    assert error.code == "DELETE_FAILED"
    assert error.message.endswith("Validation Rule No_Shouting")
    admin.org.delete(admin.caller, "ValidationRule", rule, tooling=True)
    admin.org.delete(admin.caller, "CustomField", field, tooling=True)


def test_seeding_and_truth_are_beyond_the_rules(admin: Desk, system: Desk) -> None:
    make_rule(admin)
    system.insert("Account", Name="ACME")


# -- duplicate rules


@pytest.fixture
def acme(admin: Desk) -> str:
    return admin.insert(
        "Account",
        Name="Acme Widgets, Inc.",
        BillingCity="Berlin",
        BillingState="BE",
        Website="https://www.acme.example",
    )


def switch(org: Org, name: str, **values: Any) -> dict[str, Any]:
    return org.on_save.switch(name, values)


@pytest.mark.parametrize(
    "values",
    [
        {"Name": "ACME Widgets GmbH", "Website": "acme.example"},
        {"Name": "Acme Widgts", "Website": "http://acme.example/about"},
        {"Name": "acme widgets", "BillingCity": "Bérlin", "BillingState": "be"},
    ],
)
def test_an_account_that_looks_alike_is_detected(
    org: Org, admin: Desk, acme: str, values: dict[str, str]
) -> None:
    admin.insert("Account", **values)
    switch(org, "Standard_Account_Duplicate_Rule", active=True)
    (error,) = refused(admin.insert, "Account", **values).body()
    assert (error["errorCode"], error["message"]) == ("DUPLICATES_DETECTED", "Use one of these records?")
    result = error["duplicateResult"]
    assert (result["allowSave"], result["duplicateRule"], result["duplicateRuleEntityType"]) == (
        True,
        "Standard_Account_Duplicate_Rule",
        "Account",
    )
    (match,) = result["matchResults"]
    assert match["rule"] == "Standard_Account_Match_Rule_v1_0"
    assert match["size"] == len(match["matchRecords"]) == 2
    assert acme in [each["record"]["Id"] for each in match["matchRecords"]]


@pytest.mark.parametrize(
    "values",
    [
        {"Name": "Acme Widgets"},
        {"Name": "Acme Bakery", "Website": "acme.example"},
        {"Name": "Acme Widgets", "BillingCity": "Berlin"},
        {"Name": "Acme Widgets", "Website": "other.example"},
    ],
)
def test_an_account_that_only_sounds_alike_is_let_in(
    org: Org, admin: Desk, acme: str, values: dict[str, str]
) -> None:
    switch(org, "Standard_Account_Duplicate_Rule", active=True)
    admin.insert("Account", **values)


def test_saving_knowingly_works_where_the_rule_allows_it(org: Org, admin: Desk, acme: str) -> None:
    twin = {"Name": "Acme Widgets", "Website": "acme.example"}
    knowing = Desk(org, replace(admin.caller, save_duplicates=True))
    switch(org, "Standard_Account_Duplicate_Rule", active=True, action="allow")
    second = knowing.insert("Account", **twin)
    admin.update("Account", second, Website="www.acme.example")
    assert switch(org, "Standard_Account_Duplicate_Rule", action="block")["active"] is True
    error = refused(knowing.insert, "Account", **twin)
    assert error.extra["duplicateResult"]["allowSave"] is False
    assert refused(knowing.update, "Account", second, Name="Acme Widgets Ltd").code == "DUPLICATES_DETECTED"
    knowing.update("Account", second, Industry="Retail")


def test_the_old_spelling_belongs_to_old_versions(org: Org, admin: Desk, acme: str) -> None:
    switch(org, "Standard_Account_Duplicate_Rule", active=True)
    for version, key in (("51.0", "duplicateResut"), ("56.0", "duplicateResut"), ("57.0", "duplicateResult")):
        desk = Desk(org, replace(admin.caller, version=version))
        item = refused(desk.insert, "Account", Name="Acme Widgets", Website="acme.example").item()
        assert list(item) == ["statusCode", key, "message", "fields"]
        record = item[key]["matchResults"][0]["matchRecords"][0]["record"]
        assert record["attributes"]["url"] == f"/services/data/v{version}/sobjects/Account/{acme}"


def test_a_contact_is_known_by_name_and_address(org: Org, admin: Desk) -> None:
    switch(org, "Standard_Contact_Duplicate_Rule", active=True)
    ada = admin.insert("Contact", FirstName="Ada", LastName="Byron", Email="ada@x.example")
    error = refused(admin.insert, "Contact", LastName="BYRON", FirstName="Ada", Email="ADA@x.example")
    assert [
        each["record"]["Id"] for each in error.extra["duplicateResult"]["matchResults"][0]["matchRecords"]
    ] == [ada]
    admin.insert("Contact", FirstName="Ada", LastName="Byron", Email="other@x.example")
    admin.insert("Contact", FirstName="Anne", LastName="Byron", Email="ada@x.example")
    admin.delete("Contact", ada)
    admin.insert("Contact", FirstName="Ada", LastName="Byron", Email="ada@x.example")


# -- flows and the trigger


def test_a_flow_writes_websites_in_lower_case(org: Org, admin: Desk) -> None:
    switch(org, "Account_Website_Lower_Case", active=True)
    assert admin.column("SELECT ApiName FROM FlowDefinitionView WHERE IsActive = true") == [
        "Account_Website_Lower_Case"
    ]
    heard: list[frozenset[str]] = []
    account = admin.insert("Account", Name="x", Website="HTTPS://X.Example")
    assert admin.value("Account", account, "Website") == "https://x.example"
    org.listeners.append(lambda changes: heard.extend(each.fields for each in changes))
    admin.update("Account", account, Website="HTTPS://X.EXAMPLE")
    admin.update("Account", account, Website="HTTPS://Y.EXAMPLE")
    assert admin.value("Account", account, "Website") == "https://y.example"
    assert heard == [frozenset(), frozenset({"Website"})]


def test_a_broken_flow_fails_the_same_share_of_rows_each_time(org: Org, admin: Desk) -> None:
    switch(org, "Contact_Assign_Owner", active=True, share=0.5)
    names = [f"Person {number}" for number in range(60)]

    def failing() -> list[str]:
        return [name for name in names if not _saved(admin, name)]

    first = failing()
    assert 10 < len(first) < 50
    assert failing() == first
    error = refused(admin.insert, "Contact", LastName=first[0])
    assert error.code == "CANNOT_EXECUTE_FLOW_TRIGGER"
    assert error.message.startswith(
        "We can't save this record because the “Contact Assign Owner” process failed."
    )
    assert admin.query(f"SELECT Id FROM Contact WHERE LastName = '{first[0]}'")["totalSize"] == 0


def _saved(admin: Desk, name: str) -> bool:
    from console.rehearsal.salesforce.errors import ApiError

    try:
        admin.insert("Contact", LastName=name)
    except ApiError:
        return False
    return True


def test_a_trigger_breaks_where_its_author_did_not_look(org: Org, admin: Desk) -> None:
    account = admin.insert("Account", Name="x")
    switch(org, "AccountTrigger", active=True)
    error = refused(admin.update, "Account", account, Phone="1")
    assert error.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert error.message.splitlines()[0] == "AccountTrigger: execution of BeforeUpdate"
    assert refused(admin.insert, "Account", Name="y", Website="a b").message == "A website has no blanks."
    admin.insert("Account", Name="y", Website="a.example")
    switch(org, "AccountTrigger", active=False)
    admin.update("Account", account, Phone="1")


# -- locks


def test_a_locked_row_is_refused_until_the_lock_ends(org: Org, admin: Desk) -> None:
    account, other = admin.insert("Account", Name="x"), admin.insert("Account", Name="y")
    lock = org.on_save.locks.order({"ids": [account[:15]], "next": 3})
    assert told(refused(admin.update, "Account", account, Name="z")) == (
        400,
        "UNABLE_TO_LOCK_ROW",
        f"unable to obtain exclusive access to this record or 1 records: {account}",
        [],
    )
    assert refused(admin.insert, "Contact", LastName="x", AccountId=account).code == "UNABLE_TO_LOCK_ROW"
    assert refused(admin.delete, "Account", account).code == "UNABLE_TO_LOCK_ROW"
    admin.update("Account", other, Name="z")
    admin.update("Account", account, Name="z")
    assert lock.as_dict() == {"ids": [account], "next": 0, "struck": 3}


def test_a_share_of_rows_can_be_locked(org: Org, admin: Desk) -> None:
    account = admin.insert("Account", Name="x")
    org.on_save.locks.order({"share": 1, "next": 2})
    for _ in range(2):
        assert refused(admin.update, "Account", account, Name="z").code == "UNABLE_TO_LOCK_ROW"
    admin.update("Account", account, Name="z")
    org.on_save.locks.order({"share": 1})
    org.on_save.locks.release()
    admin.update("Account", account, Name="y")


def test_an_approval_locks_all_but_those_who_may_modify_all_data(org: Org, admin: Desk, sales: Desk) -> None:
    account = admin.insert("Account", Name="x")
    org.on_save.locks.order({"ids": [account], "approval": True})
    error = refused(sales.update, "Account", account, Name="y")
    assert (error.code, error.message) == (
        "ENTITY_IS_LOCKED",
        "This record is locked. If you need to edit it, contact your admin.",
    )
    admin.update("Account", account, Name="y")


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({}, "say which rows"),
        ({"ids": ["nonsense"]}, "'nonsense' is not a record id"),
        ({"share": 2}, "share must be a number from 0 to 1"),
        ({"share": 1, "next": -1}, "next must be a whole number"),
        ({"share": 1, "approval": 1}, "approval must be true or false"),
        ({"rows": 1}, "a lock has no 'rows'"),
    ],
)
def test_a_lock_that_makes_no_sense_is_refused(org: Org, order: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        org.on_save.locks.order(order)
    assert org.on_save.locks.held == []


def test_switches_say_what_is_wrong_with_them(org: Org) -> None:
    with pytest.raises(
        LookupError, match="there is no rule 'Nope'; there are Standard_Account_Duplicate_Rule, "
    ):
        switch(org, "Nope", active=True)
    with pytest.raises(ValueError, match="of AccountTrigger one can set active"):
        switch(org, "AccountTrigger", action="block")
    with pytest.raises(ValueError, match="action must be one of allow, block"):
        switch(org, "Standard_Account_Duplicate_Rule", action="warn")
    with pytest.raises(ValueError, match="share must be a number from 0 to 1"):
        switch(org, "Contact_Assign_Owner", share=7)
    assert not any(each["active"] for each in org.on_save.listed())
