"""Payloads to records, and changes to bodies: pure."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alguna.models import CustomerPayload, SubscriptionPayload, read, read_page
from console.alguna.writing import idempotency_key, patch_body
from console.domain.fields import FIELD, FIELDS, Flow
from console.domain.normal import same
from console.domain.records import Value
from console.errors import Refused, Unreachable

FULL: dict[str, Any] = {
    "id": "wcqYrqfE",
    "name": "Acme Corp",
    "currency": "USD",
    "created_at": "2026-04-01T10:00:00.609688Z",
    "updated_at": "2026-04-01T12:30:00Z",
    "aliases": ["ext_1", "001xx000003DGb2AAG"],
    "billing_address": {
        "line1": "123 Main St",
        "line2": "Suite 100",
        "city": "San Francisco",
        "state": "CA",
        "postal_code": "94105",
        "country": "USA",
    },
    "contacts": [
        {"id": "cont_1", "email": "other@acme.com", "is_primary": False},
        {
            "id": "cont_2",
            "email": "ann@acme.com",
            "is_primary": True,
            "first_name": "Ann",
            "last_name": "Lee",
            "title": "CFO",
            "email_preferences": ["billing"],
        },
    ],
    "tax_rate": "0.20",
    "website": "https://acme.com",
    "legal_entity": "Acme Corp Inc.",
    "something_new": {"deep": [1]},
}


def customer(**changes: Any) -> Any:
    return CustomerPayload.model_validate({**FULL, **changes}).record()


def without(*names: str) -> Any:
    return CustomerPayload.model_validate({k: v for k, v in FULL.items() if k not in names}).record()


def test_a_full_customer_fills_every_field_that_alguna_keeps() -> None:
    record = customer()
    assert (record.id, record.name, record.created_at) == ("wcqYrqfE", "Acme Corp", "2026-04-01T10:00:00Z")
    assert record.aliases == ("ext_1", "001xx000003DGb2AAG")
    assert (record.contact_id, record.contacts) == ("cont_2", 2)
    assert record.values == {
        "Name": "Acme Corp",
        "CurrencyIsoCode": "USD",
        "Website": "https://acme.com",
        "Alguna_Legal_Entity__c": "Acme Corp Inc.",
        "Alguna_Tax_Rate__c": "0.20",
        "BillingStreet": "123 Main St\nSuite 100",
        "BillingCity": "San Francisco",
        "BillingState": "CA",
        "BillingPostalCode": "94105",
        "BillingCountry": "USA",
        "Contact.FirstName": "Ann",
        "Contact.LastName": "Lee",
        "Contact.Email": "ann@acme.com",
        "Contact.Title": "CFO",
    }


def test_what_the_answer_leaves_out_is_unknown_and_never_empty() -> None:
    record = without("website", "legal_entity", "tax_rate", "billing_address", "contacts")
    assert set(record.values) == {"Name", "CurrencyIsoCode"}


def test_what_the_answer_says_is_null_is_known_to_be_empty() -> None:
    record = customer(website=None, tax_rate="", billing_address=None, contacts=None, aliases=None)
    for key in (
        "Website",
        "Alguna_Tax_Rate__c",
        "BillingStreet",
        "BillingCountry",
        "Contact.Email",
    ):
        assert record.values[key] is None
    assert "Contact.Title" not in record.values
    assert (record.aliases, record.contact_id, record.contacts) == ((), None, 0)


def test_parts_that_a_contact_or_an_address_leaves_out_are_unknown() -> None:
    record = customer(
        contacts=[{"id": "c", "email": "a@b.de", "is_primary": True}], billing_address={"city": "Rome"}
    )
    assert {key for key in record.values if key.startswith(("Contact", "Billing"))} == {
        "Contact.Email",
        "BillingCity",
    }


def test_without_a_mark_the_first_contact_counts() -> None:
    people = [{"id": "x", "email": "x@a.de"}, {"id": "y", "email": "y@a.de"}]
    assert customer(contacts=people).contact_id == "x"


def test_numbers_where_text_is_documented_are_read_as_text() -> None:
    record = customer(tax_rate=Decimal("0.20"), id=7)
    assert record.values["Alguna_Tax_Rate__c"] == "0.20"
    assert record.id == "7"


def test_a_legal_entity_that_is_an_object_is_read_by_its_name() -> None:
    assert (
        customer(legal_entity={"id": "le_1", "name": "Acme GmbH"}).values["Alguna_Legal_Entity__c"]
        == "Acme GmbH"
    )


def test_a_subscription_knows_its_dates_in_either_form() -> None:
    raw = {
        "id": "sub_1",
        "customer_id": "wcqYrqfE",
        "name": "Plan",
        "status": "active",
        "currency": "USD",
        "updated_at": "2026-04-04T10:00:05.123Z",
        "activated_at": None,
        "contract": {"start_date": "2026-07-01", "end_date": "2027-07-01T00:00:00Z"},
        "current_version_id": "subv_1",
    }
    record = read(SubscriptionPayload, raw, "host").record()
    assert (record.starts_at, record.ends_at) == ("2026-07-01T00:00:00Z", "2027-07-01T00:00:00Z")
    assert (record.updated_at, record.activated_at, record.version_id) == (
        "2026-04-04T10:00:05Z",
        None,
        "subv_1",
    )
    assert not record.knows_canceled_at
    canceled = read(SubscriptionPayload, {**raw, "canceled_at": "2026-08-01"}, "host").record()
    assert (canceled.knows_canceled_at, canceled.canceled_at) == (True, "2026-08-01T00:00:00Z")


def test_a_date_that_is_none_counts_as_none() -> None:
    raw = {"id": "s", "customer_id": "c", "activated_at": "soon", "updated_at": "2026-13-45"}
    record = read(SubscriptionPayload, raw, "host").record()
    assert (record.activated_at, record.updated_at) == (None, "")


@pytest.mark.parametrize(
    "raw", [None, [], "x", 1, {}, {"id": None}, {"id": ["a"]}, {"id": "a", "contacts": "x"}]
)
def test_what_is_no_customer_is_told_and_not_echoed(raw: object) -> None:
    with pytest.raises(Unreachable, match="not a customer"):
        read(CustomerPayload, raw, "host")


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"data": []}, {"data": {}, "pagination": {}}, {"data": [1], "pagination": {}}]
)
def test_what_is_no_list_is_told(raw: object) -> None:
    with pytest.raises(Unreachable, match="not a list"):
        read_page(raw, "host")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_any_json_is_a_customer_or_a_typed_error(raw: object) -> None:
    try:
        read(CustomerPayload, raw, "host").record()
    except Unreachable:
        return


# --- changes to bodies


def test_plain_fields_go_alone() -> None:
    assert patch_body(FULL, {"Name": "New", "CurrencyIsoCode": "EUR"}) == {"name": "New", "currency": "EUR"}


def test_one_part_of_an_address_sends_the_whole_address() -> None:
    body = patch_body(FULL, {"BillingCity": "Oakland"})
    assert body == {"billing_address": {**FULL["billing_address"], "city": "Oakland"}}


@pytest.mark.parametrize(
    ("street", "line1", "line2"),
    [
        ("1 High St\nFloor 2", "1 High St", "Floor 2"),
        ("1 High St", "1 High St", None),
        ("a\nb\nc", "a", "b\nc"),
    ],
)
def test_a_street_of_several_lines_keeps_its_lines(street: str, line1: str, line2: str | None) -> None:
    address = patch_body(FULL, {"BillingStreet": street})["billing_address"]
    assert (address["line1"], address["line2"]) == (line1, line2)


def test_a_first_address_has_every_part_that_alguna_requires() -> None:
    address = patch_body({**FULL, "billing_address": None}, {"BillingCity": "Rome"})["billing_address"]
    assert address == {"line1": "", "city": "Rome", "state": "", "postal_code": "", "country": ""}


def test_a_contact_is_changed_in_place_and_the_others_stay_as_they_are() -> None:
    before = json.dumps(FULL)
    people = patch_body(FULL, {"Contact.FirstName": "Anna", "Contact.Title": None})["contacts"]
    assert people[0] == FULL["contacts"][0]
    assert people[1] == {**FULL["contacts"][1], "first_name": "Anna", "title": None}
    assert json.dumps(FULL) == before


def test_a_first_contact_becomes_the_primary_one() -> None:
    people = patch_body({**FULL, "contacts": None}, {"Contact.Email": "a@b.de", "Contact.LastName": "B"})[
        "contacts"
    ]
    assert people == [{"is_primary": True, "email": "a@b.de", "last_name": "B"}]


@pytest.mark.parametrize(
    ("raw", "changes", "fields"),
    [
        (FULL, {"Alguna_Tax_Rate__c": "0.3"}, ("Alguna_Tax_Rate__c",)),
        (FULL, {"Name": "x", "Alguna_Subscription_Value__c": "1"}, ("Alguna_Subscription_Value__c",)),
        ({k: v for k, v in FULL.items() if k != "website"}, {"Website": "https://x.de"}, ("Website",)),
        ({**FULL, "contacts": [{"email": "a@b.de"}]}, {"Contact.Title": "CEO"}, ("Contact.Title",)),
        (FULL, {"Name": None}, ("Name",)),
        (FULL, {"CurrencyIsoCode": ""}, ("CurrencyIsoCode",)),
        ({**FULL, "contacts": []}, {"Contact.LastName": "B"}, ("Contact.Email",)),
        ({**FULL, "contacts": []}, {"Contact.Title": "CEO"}, ("Contact.Title",)),
        (FULL, {"Contact.Email": None}, ("Contact.Email",)),
    ],
)
def test_what_alguna_cannot_take_is_refused_before_anything_is_sent(
    raw: dict[str, Any], changes: dict[str, Value], fields: tuple[str, ...]
) -> None:
    with pytest.raises(Refused) as caught:
        patch_body(raw, changes)
    assert caught.value.fields == fields


WRITABLE = [spec.key for spec in FIELDS if spec.direction is Flow.BOTH]
WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)


@given(st.dictionaries(st.sampled_from(WRITABLE), WORDS, min_size=1))
def test_a_customer_patched_with_its_body_holds_what_was_wanted_and_loses_nothing(
    changes: dict[str, Value],
) -> None:
    patched = {**FULL, **patch_body(FULL, changes)}
    record = CustomerPayload.model_validate(patched).record()
    untouched = customer()
    for key, value in record.values.items():
        expected = changes.get(key, untouched.values[key])
        assert same(FIELD[key].kind, value, expected)
    assert {person["id"] for person in patched["contacts"]} == {"cont_1", "cont_2"}


def test_the_same_change_of_the_same_state_has_the_same_key_and_any_other_another() -> None:
    body = {"name": "New"}
    key = idempotency_key("chg", FULL, body)
    assert key == idempotency_key("chg", dict(FULL), dict(body))
    assert key != idempotency_key("chg", {**FULL, "updated_at": "2026-04-01T12:30:01Z"}, body)
    assert key != idempotency_key("chg", FULL, {"name": "Newer"})
    assert key != idempotency_key("other", FULL, body)
    assert len(idempotency_key("x" * 1000, FULL, body)) <= 255
