"""What each type of field makes of the values that a request brings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Desk, refused, told


@pytest.fixture
def account(admin: Desk) -> str:
    return admin.insert("Account", Name="Acme")


@pytest.fixture
def typed(admin: Desk, account: str) -> str:
    """An account with a custom field of every type that the tests write."""
    admin.field("Account.Money__c", type="Currency", precision=10, scale=2)
    admin.field("Account.Share__c", type="Percent", precision=5, scale=2)
    admin.field("Account.Count__c", type="Number", precision=4, scale=0)
    admin.field("Account.Day__c", type="Date")
    admin.field("Account.Moment__c", type="DateTime")
    admin.field("Account.Flag__c", type="Checkbox", defaultValue=False)
    admin.field("Account.Mail__c", type="Email")
    admin.field("Account.Short__c", type="Text", length=5)
    values = [{"fullName": name, "label": name} for name in ("Hot", "Cold")]
    admin.field(
        "Account.Heat__c",
        type="Picklist",
        label="Heat",
        valueSet={"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}},
    )
    return account


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("Name", "  Acme\t", "Acme"),
        ("Site", "", None),
        ("Site", " \n ", None),
        ("Site", "North\nGate", "North Gate"),
        ("Site", "a\x00b\x07c", "abc"),
        ("Site", "\u00a0x", "\u00a0x"),
        ("BillingStreet", "1 Main St\r\nFloor 2 ", "1 Main St\r\nFloor 2"),
        ("Site", 12, "12"),
        ("Site", Decimal("1.50"), "1.50"),
        ("Site", True, "true"),
        ("Industry", "Something of our own", "Something of our own"),
        ("NumberOfEmployees", "12", 12),
        ("NumberOfEmployees", Decimal("12.0"), 12),
        ("NumberOfEmployees", "", None),
        ("AnnualRevenue", Decimal("12345.5"), 12346),
        ("AnnualRevenue", 7, 7),
        ("Money__c", Decimal("12.345"), Decimal("12.35")),
        ("Money__c", "99999999.99", Decimal("99999999.99")),
        ("Money__c", Decimal("-0.005"), Decimal("-0.01")),
        ("Money__c", 5, Decimal("5.00")),
        ("Share__c", Decimal("99.999"), Decimal("100.00")),
        ("Count__c", "1e3", 1000),
        ("Day__c", "2026-02-28", "2026-02-28"),
        ("Day__c", "", None),
        ("Moment__c", "2026-02-28T10:11:12Z", "2026-02-28T10:11:12.000+0000"),
        ("Moment__c", "2026-02-28T10:11:12.987+02:00", "2026-02-28T08:11:12.000+0000"),
        ("Moment__c", "2026-02-28T00:00:00-0130", "2026-02-28T01:30:00.000+0000"),
        ("Flag__c", "TRUE", True),
        ("Flag__c", None, False),
        ("Mail__c", " Ada@Example.ORG ", "ada@example.org"),
        ("Mail__c", "o'brien+x@sub.example.co", "o'brien+x@sub.example.co"),
        ("Heat__c", "Hot", "Hot"),
        ("Heat__c", None, None),
        ("Short__c", "12345   ", "12345"),
    ],
)
def test_a_value_is_kept_as_its_type_keeps_it(
    admin: Desk, typed: str, field: str, given: object, kept: object
) -> None:
    admin.update("Account", typed, **{field: given})
    found = admin.value("Account", typed, field)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("field", "given", "code", "message", "fields"),
    [
        (
            "Short__c",
            "123456",
            "STRING_TOO_LONG",
            "Short: data value too large: 123456 (max length=5)",
            ["Short__c"],
        ),
        (
            "Short__c",
            "abc😀",
            None,
            None,
            None,
        ),
        (
            "Short__c",
            "abcd😀",
            "STRING_TOO_LONG",
            "Short: data value too large: abcd😀 (max length=5)",
            ["Short__c"],
        ),
        (
            "Mail__c",
            "not an address",
            "INVALID_EMAIL_ADDRESS",
            "Mail: invalid email address: not an address",
            ["Mail__c"],
        ),
        ("Mail__c", "a@b", "INVALID_EMAIL_ADDRESS", "Mail: invalid email address: a@b", ["Mail__c"]),
        (
            "Mail__c",
            "a@-b.example",
            "INVALID_EMAIL_ADDRESS",
            "Mail: invalid email address: a@-b.example",
            ["Mail__c"],
        ),
        (
            "Money__c",
            100_000_000,
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Money: value outside of valid range on numeric field: 100000000",
            ["Money__c"],
        ),
        (
            "Money__c",
            Decimal("99999999.996"),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Money: value outside of valid range on numeric field: 99999999.996",
            ["Money__c"],
        ),
        (
            "NumberOfEmployees",
            1_431_655_766,
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Employees: value outside of valid range on numeric field: 1431655766",
            ["NumberOfEmployees"],
        ),
        (
            "Heat__c",
            "Terrible",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Heat: bad value for restricted picklist field: Terrible",
            ["Heat__c"],
        ),
        (
            "Day__c",
            "2026-02-30",
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date from VALUE_STRING value 2026-02-30 or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        (
            "Moment__c",
            "2026-02-28",
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of datetime from VALUE_STRING value 2026-02-28 or request may be "
            "missing a required field at [line:1, column:2]",
            None,
        ),
        (
            "Moment__c",
            "2026-02-28T25:00:00Z",
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of datetime from VALUE_STRING value 2026-02-28T25:00:00Z or request "
            "may be missing a required field at [line:1, column:2]",
            None,
        ),
        (
            "Flag__c",
            "yes",
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of boolean from VALUE_STRING value yes or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        (
            "Money__c",
            "a lot",
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of double from VALUE_STRING value a lot or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        (
            "Site",
            {"x": 1},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of string from START_OBJECT value { or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        (
            "Site",
            ["x"],
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of string from START_ARRAY value [ or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        (
            "NumberOfEmployees",
            Decimal("1.5"),
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5 or request may be missing a "
            "required field at [line:1, column:2]",
            None,
        ),
        ("Name", None, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        ("Name", "  ", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_salesforces_words(
    admin: Desk,
    typed: str,
    field: str,
    given: object,
    code: str | None,
    message: str | None,
    fields: list[str] | None,
) -> None:
    before = admin.read("Account", typed)
    if code is None:
        admin.update("Account", typed, **{field: given})
        assert admin.value("Account", typed, field) == given
        return
    assert told(refused(admin.update, "Account", typed, **{field: given})) == (400, code, message, fields)
    assert admin.read("Account", typed) == before


@pytest.mark.parametrize("number", [Decimal("NaN"), "Infinity", "1e999999999", "--5", True])
def test_numbers_that_are_none_are_refused(admin: Desk, typed: str, number: object) -> None:
    error = refused(admin.update, "Account", typed, Money__c=number)
    assert error.code in {"JSON_PARSER_ERROR", "NUMBER_OUTSIDE_VALID_RANGE"}
    assert len(error.message) < 2000


def test_the_parts_of_an_address_make_the_whole(admin: Desk, account: str) -> None:
    assert admin.value("Account", account, "BillingAddress") is None
    admin.update("Account", account, BillingCity="Turin", BillingLatitude=Decimal("45.0703393"))
    address = admin.value("Account", account, "BillingAddress")
    assert list(address) == [
        "city",
        "country",
        "geocodeAccuracy",
        "latitude",
        "longitude",
        "postalCode",
        "state",
        "street",
    ]
    assert address["city"] == "Turin"
    assert str(address["latitude"]) == "45.0703393"
    assert address["street"] is None


def test_an_address_as_a_whole_cannot_be_written(admin: Desk, account: str) -> None:
    error = refused(admin.update, "Account", account, BillingAddress={"city": "Turin"})
    assert told(error) == (
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: BillingAddress. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set.",
        ["BillingAddress"],
    )


@given(
    text=st.text(max_size=60),
    number=st.decimals(min_value=-99_999_999, max_value=99_999_999, places=4),
)
def test_whatever_is_kept_is_kept_again_unchanged(shared: Desk, text: str, number: Decimal) -> None:
    record_id = shared.insert("Account", Name="x", Site=text, Money__c=number)
    kept = shared.read("Account", record_id, "Site", "Money__c")
    shared.update("Account", record_id, Site=kept["Site"], Money__c=kept["Money__c"])
    assert shared.read("Account", record_id, "Site", "Money__c") == kept
    assert abs(kept["Money__c"] - number) <= Decimal("0.005")


@pytest.fixture(scope="module")
def shared() -> Any:
    from console.rehearsal.salesforce.org import Caller, Org

    org = Org(":memory:")
    desk = Desk(org, Caller(org.admin_id))
    desk.field("Account.Money__c", type="Currency", precision=10, scale=2)
    yield desk
    org.close()
