"""Each refusal with its status, its key order and its text, as the public list has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Served

PLAIN = ["message", "errorCode"]
WITH_FIELDS = ["message", "errorCode", "fields"]
CODE_FIRST = ["errorCode", "message"]


def refused(
    served: Served, method: str, path: str, status: int, keys: list[str], code: str, **options: Any
) -> dict[str, Any]:
    reply = served.call(method, path, **options)
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert len(body) == 1
    assert list(body[0]) == keys
    assert body[0]["errorCode"] == code
    return dict(body[0])


def test_unknown_object(served: Served) -> None:
    for method, path in (("GET", "sobjects/Xyzzy__c/describe"), ("POST", "sobjects/Xyzzy__c")):
        error = refused(served, method, path, 404, CODE_FIRST, "NOT_FOUND", json={})
        assert error["message"] == "The requested resource does not exist"


def test_unknown_record(served: Served) -> None:
    for path in ("sobjects/Account/001000000000000AAA", "sobjects/Account/001000000000000"):
        reply = served.call("GET", path)
        assert reply.status_code == 404
        assert reply.json()[0]["errorCode"] == "NOT_FOUND"


def test_wrong_check_suffix(served: Served) -> None:
    record = served.create("Account", Name="Suffix")
    wrong = record[:17] + ("A" if record[17] != "A" else "B")
    reply = served.call("PATCH", f"sobjects/Account/{wrong}", json={"Name": "x"})
    assert reply.json()[0]["errorCode"] in ("MALFORMED_ID", "NOT_FOUND")
    assert reply.status_code in (400, 404)


def test_unknown_field_of_a_write(served: Served) -> None:
    error = refused(
        served,
        "POST",
        "sobjects/Account",
        400,
        PLAIN,
        "INVALID_FIELD",
        json={"Name": "x", "FavoritePet__c": 1},
    )
    assert error["message"] == "No such column 'FavoritePet__c' on sobject of type Account"


def test_missing_required_field(served: Served) -> None:
    error = refused(
        served, "POST", "sobjects/Account", 400, WITH_FIELDS, "REQUIRED_FIELD_MISSING", json={"Phone": "1"}
    )
    assert error["message"] == "Required fields are missing: [Name]"
    assert error["fields"] == ["Name"]


def test_text_that_is_too_long(served: Served) -> None:
    value = "x" * 256
    error = refused(
        served, "POST", "sobjects/Account", 400, WITH_FIELDS, "STRING_TOO_LONG", json={"Name": value}
    )
    assert error["message"] == f"Account Name: data value too large: {value} (max length=255)"
    assert error["fields"] == ["Name"]


def test_value_that_another_record_has(served: Served) -> None:
    first = served.create("Account", Name="One", Ext__c="taken")
    error = refused(
        served,
        "POST",
        "sobjects/Account",
        400,
        WITH_FIELDS,
        "DUPLICATE_VALUE",
        json={"Name": "Two", "Ext__c": "taken"},
    )
    assert error["message"] == (
        f"duplicate value found: Ext__c duplicates value on record with id: {first[:15]}"
    )
    assert error["fields"] == []


def test_reference_to_nothing(served: Served) -> None:
    reply = served.call("POST", "sobjects/Account", json={"Name": "x", "ParentId": "001000000000000AAA"})
    assert reply.status_code == 400
    assert list(reply.json()[0]) == WITH_FIELDS


def test_read_only_field(served: Served) -> None:
    error = refused(
        served,
        "POST",
        "sobjects/Account",
        400,
        WITH_FIELDS,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        json={"Name": "x", "CreatedDate": "2026-01-01T00:00:00Z"},
    )
    assert error["fields"] == ["CreatedDate"]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Bacon__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM XYZZY", "INVALID_TYPE"),
        ("SELEKT Id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ],
)
def test_a_wrong_query(served: Served, soql: str, code: str) -> None:
    refused(served, "GET", "query", 400, PLAIN, code, params={"q": soql})
    refused(
        served, "GET", "tooling/query", 400, PLAIN, code, params={"q": soql.replace("Account", "CustomField")}
    )


def test_unknown_locator(served: Served) -> None:
    error = refused(served, "GET", "query/01g000000000000AAA-2000", 400, PLAIN, "INVALID_QUERY_LOCATOR")
    assert error["message"] == "invalid query locator"


@pytest.mark.parametrize("content", [b'{"Name": oops}', b"", b'{"Name":"x"'])
def test_what_is_no_json(served: Served, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    for method, path in (
        ("POST", "sobjects/Account"),
        ("PATCH", "sobjects/Account/Ext__c/x"),
        ("POST", "composite"),
        ("POST", "composite/sobjects"),
        ("POST", "tooling/sobjects/CustomField"),
    ):
        refused(served, method, path, 400, PLAIN, "JSON_PARSER_ERROR", content=content, headers=headers)


def test_a_list_where_an_object_is_due(served: Served) -> None:
    refused(served, "POST", "sobjects/Account", 400, PLAIN, "JSON_PARSER_ERROR", json=[{"Name": "x"}])


def test_spent_budget(own: Served) -> None:
    own.sessions.usage.limit = own.sessions.usage.used + 1
    assert own.call("GET", "limits").json()["DailyApiRequests"]["Remaining"] == 0
    reply = own.call("GET", "limits")
    assert reply.status_code == 403
    assert reply.text == '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
    assert "retry-after" not in reply.headers
    used, limit = reply.headers["sforce-limit-info"].removeprefix("api-usage=").split("/")
    assert used == limit
    assert own.http.get("/services/data").status_code == 200, "the version list costs nothing"
    own.clock.forward(hours=25)
    assert own.call("GET", "limits").status_code == 401, "the session idled out meanwhile"
    own.on_loop(lambda _: own.sessions.handout())
    assert own.sessions.usage.used == 0


def test_a_fault_of_our_own_is_a_500_in_salesforces_shape(
    own: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(own.org, "describe_global", broken)
    reply = own.call("GET", "sobjects")
    assert reply.status_code == 500
    assert list(reply.json()[0]) == PLAIN
    assert reply.json()[0]["errorCode"] == "UNKNOWN_EXCEPTION"
    assert "boom" not in reply.text
    assert "boom" in caplog.text
