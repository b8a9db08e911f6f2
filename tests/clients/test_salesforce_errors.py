from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import BudgetReached, Conflict, ConsoleError, Refused, SignInNeeded, Unreachable
from console.salesforce.errors import (
    TABLE,
    DuplicateFound,
    error_of,
    error_of_body,
    error_of_item,
    policy_of,
)


@pytest.mark.parametrize(
    ("status", "code", "message", "fields", "kind", "policy", "words"),
    [
        (
            401,
            "INVALID_SESSION_ID",
            "Session expired or invalid",
            (),
            SignInNeeded,
            "person",
            "session has ended",
        ),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "TotalRequests Limit exceeded.",
            (),
            BudgetReached,
            "person",
            "24 hours",
        ),
        (503, "SERVER_UNAVAILABLE", "Server too busy", (), Unreachable, "retry_now", "too busy"),
        (
            400,
            "QUERY_TIMEOUT",
            "Your query request was running for too long.",
            (),
            Unreachable,
            "retry_now",
            "too long",
        ),
        (
            200,
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access to this record",
            (),
            Unreachable,
            "retry_now",
            "same record",
        ),
        (
            200,
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Website__c]",
            ("Website__c",),
            Refused,
            "person",
            "requires Website__c",
        ),
        (
            200,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "Ask finance first",
            (),
            Refused,
            "person",
            "refuses the record: Ask finance first",
        ),
        (
            400,
            "INVALID_FIELD",
            "No such column 'Bacon__c' on entity 'Account'.",
            (),
            Refused,
            "person",
            "Bacon__c",
        ),
        (404, "ENTITY_IS_DELETED", "entity is deleted", (), Refused, "skip", "deleted"),
        (404, "NOT_FOUND", "The requested resource does not exist", (), Refused, "skip", "does not have"),
        (400, "INVALID_QUERY_LOCATOR", "invalid query locator", (), Unreachable, "retry_later", "forgotten"),
        (403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "x", (), Refused, "person", "may not do this"),
        (200, "ALL_OR_NONE_OPERATION_ROLLED_BACK", "x", (), Conflict, "retry_later", "took nothing"),
        (400, "SOMETHING_NEW", "x", ("A__c",), Refused, "person", "SOMETHING_NEW on A__c"),
    ],
)
def test_each_code_has_its_kind_policy_and_words(
    status: int, code: str, message: str, fields: tuple[str, ...], kind: type, policy: str, words: str
) -> None:
    error = error_of(status, code, message, fields)
    assert type(error) is kind
    assert policy_of(code) == policy
    assert words in error.message
    assert error.advice
    assert error.code == code


def test_too_many_open_requests_are_not_the_end_of_the_day() -> None:
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    assert isinstance(error_of(403, "REQUEST_LIMIT_EXCEEDED", message), Unreachable)
    assert isinstance(
        error_of(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), Unreachable
    )


def test_a_too_long_value_is_told_by_field_and_length_without_the_value() -> None:
    error = error_of(
        200, "STRING_TOO_LONG", "City: data value too large: Llanfair (max length=40)", ("BillingCity",)
    )
    assert isinstance(error, Refused)
    assert error.message == "The value of BillingCity is too long for Salesforce (at most 40 characters)."
    assert error.fields == ("BillingCity",)


def test_a_picklist_refusal_does_not_repeat_the_value() -> None:
    message = "Rating: bad value for restricted picklist field: Terrible"
    error = error_of(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ("Rating__c",))
    assert "Terrible" not in error.message


def test_a_duplicate_names_the_other_record() -> None:
    message = "duplicate value found: F__c duplicates value on record with id: 00Q58000003tW4u"
    assert "(00Q58000003tW4u)" in error_of(200, "DUPLICATE_VALUE", message).message


def test_an_unknown_column_is_named_among_the_fields() -> None:
    error = error_of(
        400, "INVALID_FIELD", "\nSELECT X\n^\nNo such column 'X__c' on entity 'Account'. If you are"
    )
    assert isinstance(error, Refused)
    assert error.fields == ("X__c",)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 420, 406])
def test_a_fault_leaves_a_write_open_and_a_read_not(status: int) -> None:
    for writing in (True, False):
        error = error_of_body(status, "<html>", writing=writing)
        assert isinstance(error, Unreachable)
        assert error.maybe_done is writing
        assert policy_of(error.code) == "retry_now"


@pytest.mark.parametrize("body", ["", None, [], {}, [[]], [{"errorCode": 5}], "x"])
def test_a_401_of_any_shape_needs_a_sign_in(body: object) -> None:
    assert isinstance(error_of_body(401, body), SignInNeeded)


def test_several_records_of_one_external_id_are_told() -> None:
    assert error_of_body(300, ["/services/data/v62.0/sobjects/X/1", "/x/2"]).code == "DUPLICATE_EXTERNAL_ID"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda c: (
        st.lists(c) | st.dictionaries(st.sampled_from(["errorCode", "message", "fields"]) | st.text(), c)
    ),
)


@given(st.integers(100, 599), JSON, st.booleans())
def test_any_body_becomes_a_typed_error_in_plain_text(status: int, body: object, writing: bool) -> None:
    error = error_of_body(status, body, writing=writing)
    assert isinstance(error, ConsoleError)
    assert error.message.isprintable()
    assert len(error.message) < 900


@given(st.sampled_from(sorted(TABLE)), st.text(), st.lists(st.text(), max_size=3))
def test_every_listed_code_survives_any_message_and_fields(
    code: str, message: str, fields: list[str]
) -> None:
    error = error_of(400, code, message, fields)
    assert error.message.isprintable()
    assert "{" not in error.message or "{" in message or any("{" in field for field in fields)


def test_messages_of_the_platform_are_quoted_only_where_an_administrator_wrote_them() -> None:
    for code, entry in TABLE.items():
        shown = error_of(400, code, "customer data hunter2", ()).message
        assert ("hunter2" in shown) is entry.quote, code


DOCUMENTED = """
    INVALID_SESSION_ID sign_in person, INVALID_AUTH_HEADER sign_in person, REQUEST_LIMIT_EXCEEDED budget person,
    API_DISABLED_FOR_ORG refused person, API_CURRENTLY_DISABLED unreachable retry_later, INSUFFICIENT_ACCESS refused person,
    INSUFFICIENT_ACCESS_OR_READONLY refused person, INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY refused person,
    NOT_FOUND refused skip, ENTITY_IS_DELETED refused skip, INVALID_CROSS_REFERENCE_KEY refused skip,
    INVALID_FIELD refused person, INVALID_TYPE refused person, MALFORMED_QUERY refused person,
    INVALID_QUERY_LOCATOR unreachable retry_later, QUERY_TIMEOUT unreachable retry_now, REQUIRED_FIELD_MISSING refused person,
    MISSING_ARGUMENT refused skip, MALFORMED_ID refused person, INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST refused person,
    STRING_TOO_LONG refused person, INVALID_FIELD_FOR_INSERT_UPDATE refused person, DUPLICATE_VALUE refused person,
    DUPLICATES_DETECTED refused person, DUPLICATE_DEVELOPER_NAME refused person, DUPLICATE_EXTERNAL_ID refused person,
    FIELD_INTEGRITY_EXCEPTION refused person, UNABLE_TO_LOCK_ROW unreachable retry_now, JSON_PARSER_ERROR refused person,
    INVALID_REPLICATION_DATE refused person, EXCEEDED_ID_LIMIT refused person, FIELD_CUSTOM_VALIDATION_EXCEPTION refused person,
    CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY refused person, CANNOT_EXECUTE_FLOW_TRIGGER refused person,
    ALL_OR_NONE_OPERATION_ROLLED_BACK conflict retry_later, PROCESSING_HALTED conflict retry_later,
    METHOD_NOT_ALLOWED refused person, INVALID_ARGUMENT refused person, UNSUPPORTED_API_VERSION refused person,
    SERVER_UNAVAILABLE unreachable retry_now, 503 unreachable retry_now, 420 unreachable retry_now, 406 unreachable retry_now
"""
"""Every code of Salesforce's REST API that the console may meet: its category and what is done about it."""


@pytest.mark.parametrize("line", [line.split() for line in DOCUMENTED.split(",")], ids=lambda line: line[0])
def test_every_documented_code_has_a_category_a_sentence_and_a_policy(line: list[str]) -> None:
    code, category, policy = line
    error = error_of_body(int(code), "") if code.isdigit() else error_of(400, code, "text", ("Name",))
    assert (error.category, policy_of(code)) == (category, policy)
    assert error.message.endswith((".", "text."))
    assert error.advice.endswith((".", "retry."))
    if not code.isdigit():
        assert code in TABLE or code.startswith("INSUFFICIENT_ACCESS_ON")


MATCH = {"record": {"attributes": {"type": "Account"}, "Id": "001D000000IRFma"}}


@pytest.mark.parametrize("key", ["duplicateResult", "duplicateResut"])
def test_what_a_duplicate_rule_matched_comes_with_the_refusal(key: str) -> None:
    found = {"allowSave": True, "duplicateRule": "Same", "matchResults": [{"matchRecords": [MATCH, MATCH]}]}
    item = {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", key: found}
    error = error_of_item(200, item)
    assert isinstance(error, DuplicateFound)
    assert (error.rule, error.may_save, error.records) == ("Same", True, ("001D000000IRFmaIAH",))


@given(st.dictionaries(st.sampled_from(["allowSave", "duplicateRule", "matchResults"]), JSON))
def test_a_duplicate_result_of_any_shape_is_survived(found: dict[str, object]) -> None:
    error = error_of_item(400, {"errorCode": "DUPLICATES_DETECTED", "message": "x", "duplicateResut": found})
    assert error.code == "DUPLICATES_DETECTED"
