"""What a query may not say, and the block that points at the place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.soql import caret
from console.rehearsal.salesforce.soql.parser import parse

from .conftest import Desk, refused

FIELD_HINT = caret.CUSTOM_FIELD_HINT
OBJECT_HINT = caret.CUSTOM_OBJECT_HINT


def test_the_first_word_is_named_without_a_place(admin: Desk) -> None:
    error = refused(admin.query, "SELEKT Id FROM Account")
    assert (error.status, error.code, error.message) == (400, "MALFORMED_QUERY", "unexpected token: SELEKT")


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_a_query_has_to_say_something(admin: Desk, nothing: str) -> None:
    assert refused(admin.query, nothing).message == "A query string has to be specified"


def test_an_unknown_object_is_pointed_at(admin: Desk) -> None:
    error = refused(admin.query, "SELECT Id FROM XYZZY")
    assert error.code == "INVALID_TYPE"
    assert error.message == (
        "\nSELECT Id FROM XYZZY\n               ^\nERROR at Row:1:Column:16\n"
        f"sObject type 'XYZZY' is not supported. {OBJECT_HINT}"
    )


def test_a_long_query_is_cut_to_what_stands_around_the_place(admin: Desk) -> None:
    fields = (
        "Id,Name,BillingStreet,BillingCity,BillingState,Bacon__c,BillingCountry,Website,Phone,Fax,Industry"
    )
    error = refused(admin.query, f"SELECT {fields} FROM Account")
    shown, pointer, place, _ = error.message.splitlines()[1:]
    assert shown == "BillingStreet,BillingCity,BillingState,Bacon__c,BillingCountry,Website"
    assert shown[pointer.index("^") :].startswith("Bacon__c")
    column = f"SELECT {fields}".index("Bacon__c") + 1
    assert place == f"ERROR at Row:1:Column:{column}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_are_counted_and_only_theirs_is_shown(admin: Desk, newline: str) -> None:
    error = refused(admin.query, newline.join(["SELECT Id", "FROM Maycur_Form__c", "LIMIT 1"]))
    assert error.message.startswith(
        "\nFROM Maycur_Form__c\n     ^\nERROR at Row:2:Column:6\nsObject type 'Maycur_Form__c' is not supported."
    )


@pytest.mark.parametrize(
    ("soql", "column", "message"),
    [
        ("SELECT Id FROM Account WHERE", 29, "unexpected token: '<EOF>'"),
        ("SELECT Id, FROM Account", 12, "unexpected token: 'FROM'"),
        ("SELECT * FROM Account", 8, "unexpected token: '*'"),
        ("SELECT Id FROM Account WHERE Name", 34, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = ", 37, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'a", 39, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name == 'a'", 36, "unexpected token: '='"),
        ("SELECT Id FROM Account WHERE Name IS NULL", 35, "unexpected token: 'IS'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Site = 'b' OR Fax = 'c'", 56, "unexpected token: 'OR'"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Site = 'b' AND Fax = 'c'",
            55,
            "unexpected token: 'AND'",
        ),
        ("SELECT Id FROM Account WHERE Name = foo", 37, "unexpected token: 'foo'"),
        ("SELECT Id FROM Account WHERE Name LIKE 5", 40, "unexpected token: '5'"),
        ("SELECT Id FROM Account WHERE Name IN ()", 39, "unexpected token: ')'"),
        ("SELECT Id FROM Account WHERE Name IN ('a'", 42, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = :name", 37, "unexpected token: ':'"),
        ("SELECT Id FROM Account LIMIT x", 30, "unexpected token: 'x'"),
        ("SELECT Id FROM Account LIMIT -1", 30, "unexpected token: '-1'"),
        ("SELECT Id FROM Account LIMIT 1 LIMIT 2", 32, "unexpected token: 'LIMIT'"),
        ("SELECT Id FROM Account OFFSET 1 LIMIT 2", 33, "unexpected token: 'LIMIT'"),
        ("SELECT Id FROM Account ORDER Name", 24, "unexpected token: 'ORDER'"),
        ("SELECT Id FROM Account ORDER BY Name NULLS", 43, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account FOR UPDATE", 24, "unexpected token: 'FOR'"),
        ("SELECT Id FROM Account USING SCOPE mine", 24, "unexpected token: 'USING'"),
        ("SELECT Id FROM Account WITH SECURITY_ENFORCED", 24, "unexpected token: 'WITH'"),
        ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Account", 21, "unexpected token: 'WHEN'"),
        ("SELECT toLabel(Type) FROM Account", 8, "unexpected token: 'toLabel'"),
        (
            "SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = 2026",
            30,
            "unexpected token: 'CALENDAR_YEAR'",
        ),
        ("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Type)", 46, "unexpected token: '('"),
        ("SELECT COUNT(), Id FROM Account", 8, "unexpected token: 'COUNT'"),
        ("SELECT Id FROM Account; DROP TABLE Account", 23, "unexpected token: ';'"),
        ("SELECT Id FROM Account -- comment", 24, "unexpected token: '-'"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", 30, "unexpected token: 'COUNT'"),
        ("SELECT Id FROM Account WHERE Name INCLUDES ('a')", 35, "unexpected token: 'INCLUDES'"),
        ("SELECT (SELECT (SELECT Id FROM Contacts) FROM Contacts) FROM Account", 16, "unexpected token: '('"),
        (
            "SELECT Id FROM Account WHERE Name = 'a\\x'",
            39,
            "Invalid string literal. Illegal character sequence '\\x' in string literal",
        ),
        ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS", 55, "unexpected token: '<EOF>'"),
    ],
)
def test_what_does_not_belong_is_pointed_at(admin: Desk, soql: str, column: int, message: str) -> None:
    error = refused(admin.query, soql)
    assert error.code == "MALFORMED_QUERY"
    lines = error.message.splitlines()
    assert lines[-1] == message
    assert lines[-2] == f"ERROR at Row:1:Column:{column}"
    shown = lines[1]
    assert shown in soql
    assert soql.index(shown) + lines[2].index("^") == column - 1


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "SELECT Bacon__c FROM Account",
            "INVALID_FIELD",
            f"No such column 'Bacon__c' on entity 'Account'. {FIELD_HINT}",
        ),
        (
            "SELECT Owner.Bacon FROM Account",
            "INVALID_FIELD",
            f"No such column 'Bacon' on entity 'User'. {FIELD_HINT}",
        ),
        (
            "SELECT Boss.Name FROM Account",
            "INVALID_FIELD",
            f"Didn't understand relationship 'Boss' in field path. {caret.CUSTOM_RELATIONSHIP_HINT}",
        ),
        (
            "SELECT Id, (SELECT Id FROM Dogs) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Dogs' in FROM part of query call. "
            f"{caret.CUSTOM_RELATIONSHIP_HINT}",
        ),
        ("SELECT Id, Name, id FROM Account", "MALFORMED_QUERY", "duplicate field selected: id"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        (
            "SELECT Id FROM Account WHERE Id = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted > true",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on boolean field: >",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue = '5'",
            "INVALID_FIELD",
            "value of filter criterion for field 'AnnualRevenue' must be of type double and should not be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 5",
            "INVALID_FIELD",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted = 'false'",
            "INVALID_FIELD",
            "value of filter criterion for field 'IsDeleted' must be of type boolean and should not be enclosed "
            "in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE Birthdate = 2026-02-30",
            "MALFORMED_QUERY",
            "Invalid date: 2026-02-30",
        ),
        (
            "SELECT Id FROM Account WHERE Name = TODAY",
            "INVALID_FIELD",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Account ORDER BY Description",
            "INVALID_FIELD",
            "field 'Description' can not be sorted in a query call",
        ),
        (
            "SELECT COUNT(Id) FROM Account GROUP BY CreatedDate",
            "INVALID_FIELD",
            "field 'CreatedDate' can not be grouped in a query call",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Account",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT COUNT(Id) FROM Account ORDER BY Name",
            "MALFORMED_QUERY",
            "Ordered field must be grouped or aggregated: Name",
        ),
        (
            "SELECT SUM(Name) FROM Account",
            "MALFORMED_QUERY",
            "field Name does not support aggregate operator SUM",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT OwnerId FROM Contact)",
            "MALFORMED_QUERY",
            "The selected field 'OwnerId' in the subquery and the left operand field in the where expression in "
            "the outer query 'Id' should point to the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "Semi join sub-selects are only allowed at the top level WHERE expressions",
        ),
        (
            "SELECT Id FROM Account LIMIT 1 OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        (
            "SELECT FIELDS(ALL) FROM Account",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 201",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT Id FROM Account WHERE Name > null",
            "MALFORMED_QUERY",
            "null can be compared with = and != only",
        ),
        (
            "SELECT ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.Name FROM Contact",
            "MALFORMED_QUERY",
            "SOQL statements cannot query relationships with more than 5 levels",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_salesforces_words(
    admin: Desk, soql: str, code: str, message: str
) -> None:
    error = refused(admin.query, soql)
    assert (error.status, error.code, error.fields) == (400, code, None)
    assert error.message.splitlines()[-1] == message


def test_a_query_has_a_greatest_length(admin: Desk) -> None:
    long = "SELECT Id FROM Account WHERE Name IN ('" + "','".join(["x" * 1000] * 100) + "')"
    assert "100000" in refused(admin.query, long).message
    literal = f"SELECT Id FROM Account WHERE Name = '{'x' * 4001}'"
    assert "4000" in refused(admin.query, literal).message


def test_brackets_may_not_go_on_for_ever(admin: Desk) -> None:
    deep = "(" * 60 + "Name = 'a'" + ")" * 60
    assert admin.query(f"SELECT Id FROM Account WHERE {deep}")["totalSize"] == 0
    deeper = "(" * 20_000 + "Name = 'a'" + ")" * 20_000
    assert refused(admin.query, f"SELECT Id FROM Account WHERE {deeper}").code == "MALFORMED_QUERY"


WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        "SELECT Id Name FROM Account WHERE AND OR NOT ( ) , . = != < > LIKE IN 'a' '' null true 5 -1.5 2026-01-01 "
        "TODAY LAST_N_DAYS : ORDER BY GROUP LIMIT OFFSET NULLS LAST COUNT FIELDS ALL ROWS Contacts Owner 'x",
    )
)


def outcome(text: str) -> tuple[int, str] | None:
    """How the parser refuses a text; None when it is a query."""
    try:
        parse(text)
    except ApiError as error:
        return error.status, error.code
    return None


@given(st.lists(WORDS, max_size=25))
def test_any_heap_of_words_is_a_query_or_malformed(words: list[str]) -> None:
    text = " ".join(words)
    assert outcome(text) in (None, (400, "MALFORMED_QUERY"))


@given(st.text(max_size=80))
def test_any_text_is_a_query_or_malformed(text: str) -> None:
    assert outcome(text) in (None, (400, "MALFORMED_QUERY"))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.integers(0, 200))
def test_the_block_points_at_the_place(text: str, position: int) -> None:
    position = min(position, len(text))
    message = caret.at(text, position, "why").message
    assert message.endswith("\nwhy")
    block = message.removesuffix("\nwhy")
    body, _, place = block.rpartition("\nERROR at Row:")
    row, column = (int(part) for part in place.split(":Column:"))
    shown, _, pointer = body[1:].rpartition("\n")
    rows = text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
    line = rows[row - 1]
    assert pointer == " " * (len(pointer) - 1) + "^"
    if column <= len(line) and "\r" not in text:
        assert shown[len(pointer) - 1] == line[column - 1]
