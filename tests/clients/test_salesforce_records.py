from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from console.domain.fields import ACCOUNT_FIELDS, CONTACT_FIELDS, FIELD
from console.salesforce import records

ROW: dict[str, Any] = {
    "attributes": {"type": "Account", "url": "/services/data/v62.0/sobjects/Account/001xx000003DGb2AAG"},
    "Id": "001xx000003DGb2",
    "Name": "Acme",
    "SystemModstamp": "2026-01-02T03:04:05.000+0000",
    "CreatedDate": "2025-01-02T03:04:05.000+0000",
    "LastModifiedById": "005xx000001SwiUAAS",
    "IsDeleted": False,
    "MasterRecordId": None,
    "Website": None,
    "BillingStreet": "1 High St\r\nFloor 2",
    "Alguna_Subscription_Value__c": Decimal("1234.50"),
    "Alguna_Subscription_Started_Date__c": "2026-07-01T00:00:00.000+0000",
}


def test_a_row_becomes_an_account() -> None:
    account = records.account(ROW)
    assert (account.id, account.name) == ("001xx000003DGb2AAG", "Acme")
    assert (account.modstamp, account.created_at) == ("2026-01-02T03:04:05Z", "2025-01-02T03:04:05Z")
    assert account.modified_by == "005xx000001SwiUAAS"
    assert account.values == {
        "Name": "Acme",
        "Website": None,
        "BillingStreet": "1 High St\nFloor 2",
        "Alguna_Subscription_Value__c": "1234.50",
        "Alguna_Subscription_Started_Date__c": "2026-07-01T00:00:00Z",
    }


def test_a_column_that_was_not_asked_for_stays_unknown() -> None:
    account = records.account({"Id": ROW["Id"]})
    assert account.values == {}
    assert (account.name, account.modstamp, account.deleted, account.merged_into) == ("", "", False, None)


def test_a_deleted_and_merged_account_says_where_it_went() -> None:
    account = records.account({**ROW, "IsDeleted": True, "MasterRecordId": "001xx000003DGb3"})
    assert account.deleted
    assert account.merged_into is not None
    assert account.merged_into.startswith("001xx000003DGb3")
    assert len(account.merged_into) == 18


def test_a_row_becomes_a_contact() -> None:
    contact = records.contact(
        {
            "Id": "003xx000004TmiQ",
            "AccountId": "001xx000003DGb2",
            "SystemModstamp": "2026-01-02T03:04:05.000+0000",
            "FirstName": "Ann",
            "Email": "ann@acme.com",
        }
    )
    assert (contact.account_id, contact.values) == (
        "001xx000003DGb2AAG",
        {"Contact.FirstName": "Ann", "Contact.Email": "ann@acme.com"},
    )
    assert records.contact({"Id": "003xx000004TmiQ", "AccountId": None}).account_id == ""


def test_a_value_of_a_kind_that_the_field_cannot_hold_is_unknown() -> None:
    account = records.account({**ROW, "Alguna_Tax_Rate__c": {"a": 1}, "Alguna_Subscription_Value__c": "many"})
    assert "Alguna_Tax_Rate__c" not in account.values
    assert "Alguna_Subscription_Value__c" not in account.values


def test_columns_are_the_systems_and_those_the_user_may_see() -> None:
    columns = records.account_columns({"Name", "Alguna_Tax_Rate__c", "Contact.Email"})
    assert columns == (*records.ACCOUNT_SYSTEM, "Name", "Alguna_Tax_Rate__c")
    assert records.contact_columns({"Contact.Email", "Name"}) == (*records.CONTACT_SYSTEM, "Email")


@pytest.mark.parametrize(
    ("columns", "specs"),
    [(records.account_columns(), ACCOUNT_FIELDS), (records.contact_columns(), CONTACT_FIELDS)],
)
def test_all_columns_are_asked_for_once(columns: tuple[str, ...], specs: Any) -> None:
    assert len(columns) == len(set(columns))
    assert {spec.sf_name for spec in specs} <= set(columns)


def test_a_body_has_numbers_for_amounts_and_null_for_empty() -> None:
    body = records.body(
        {
            "Alguna_Subscription_Value__c": "99999999.99",
            "Website": None,
            "Alguna_Subscription_Renewal_Date__c": "2026-07-01T00:00:00Z",
        }
    )
    assert json.dumps(body) == (
        '{"Alguna_Subscription_Value__c": 99999999.99, "Website": null, '
        '"Alguna_Subscription_Renewal_Date__c": "2026-07-01T00:00:00Z"}'
    )


def test_a_contacts_body_has_the_names_of_contact() -> None:
    assert records.body({"Contact.Email": "a@b.de", "Contact.Title": None}) == {
        "Email": "a@b.de",
        "Title": None,
    }


def test_what_is_written_comes_back_as_the_same_value() -> None:
    values = {
        spec.key: "2026-07-01T00:00:00Z" if spec.kind == "instant" else "12.50" for spec in ACCOUNT_FIELDS
    }
    row = json.loads(json.dumps(records.body(values)), parse_float=Decimal)
    assert records.account({"Id": ROW["Id"], **row}).values == values


def test_an_unknown_key_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        records.body({"Nothing__c": "x"})
    assert "Nothing__c" not in FIELD
