"""Whatever is sent, the org answers in Salesforce's shape and never falls over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Served

V = "/services/data/v62.0"
calm = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["001000000000001", "001000000000001AAA", "Account", "2026-01-01T00:00:00Z", "@{a.id}", "@{a", "\x00"]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
field_names = st.sampled_from(
    [
        "Name",
        "name",
        "Id",
        "Website",
        "AnnualRevenue",
        "NumberOfEmployees",
        "ParentId",
        "OwnerId",
        "BillingAddress",
        "BillingStreet",
        "Ext__c",
        "IsDeleted",
        "attributes",
        "Parent",
        "Owner",
        "Description",
        "Nothing__c",
        "",
    ]
)
records = st.dictionaries(field_names, anything, max_size=5)


def answered(reply: httpx.Response) -> None:
    """A success, or errors as a list of objects with code and message."""
    assert reply.status_code < 500, reply.text
    if reply.status_code >= 400:
        errors = reply.json()
        if isinstance(errors, list):
            assert all({"errorCode", "message"} <= set(error) for error in errors), reply.text


def post(served: Served, method: str, path: str, body: Any) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return served.call(method, path, content=json.dumps(body).encode(), headers=headers)


@calm
@given(records)
def test_any_record_is_taken_or_refused(served: Served, record: dict[str, Any]) -> None:
    answered(post(served, "POST", "sobjects/Account", record))
    answered(post(served, "PATCH", "sobjects/Account/Ext__c/hostile", record))


@calm
@given(st.lists(st.dictionaries(field_names, anything, max_size=4), max_size=4), st.booleans())
def test_any_collection_has_a_result_for_each_row(
    served: Served, rows: list[dict[str, Any]], whole: bool
) -> None:
    typed = [{**row, "attributes": {"type": "Account"}} for row in rows]
    for method, path in (("POST", ""), ("PATCH", ""), ("PATCH", "/Account/Ext__c"), ("PATCH", "/Account/Id")):
        reply = post(served, method, f"composite/sobjects{path}", {"allOrNone": whole, "records": typed})
        answered(reply)
        if reply.status_code == 200:
            results = reply.json()
            assert len(results) == len(rows)
            assert not whole or len({result["success"] for result in results}) == 1


@calm
@given(anything)
def test_any_body_is_answered_everywhere(served: Served, body: Any) -> None:
    for method, path in (
        ("POST", "sobjects/Account"),
        ("POST", "sobjects/FieldPermissions"),
        ("POST", "sobjects/PermissionSetAssignment"),
        ("POST", "composite"),
        ("POST", "composite/graph"),
        ("POST", "composite/batch"),
        ("POST", "composite/tree/Account"),
        ("POST", "composite/sobjects"),
        ("POST", "composite/sobjects/Account"),
        ("POST", "tooling/sobjects/CustomField"),
    ):
        answered(post(served, method, path, body))


@calm
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "get", ""]) | scalars,
                "url": st.sampled_from(
                    [
                        f"{V}/sobjects/Account",
                        f"{V}/sobjects/Account/@{{a.id}}",
                        f"{V}/query?q=SELECT Id FROM Account",
                        f"{V}/composite/sobjects",
                        "",
                        "/",
                        "//",
                        "?",
                        f"{V}",
                        f"{V}/sobjects/Account/Ext__c/@{{a.x[9].y}}",
                    ]
                )
                | scalars,
                "referenceId": st.sampled_from(["a", "b", "c"]) | scalars,
            },
            optional={"body": records | anything, "httpHeaders": anything},
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_any_composite_is_answered(served: Served, requests: list[Any], whole: bool) -> None:
    reply = post(served, "POST", "composite", {"allOrNone": whole, "compositeRequest": requests})
    answered(reply)
    if reply.status_code == 200:
        assert len(reply.json()["compositeResponse"]) == len(requests)
    graphs = {"graphs": [{"graphId": "1", "compositeRequest": requests}]}
    answered(post(served, "POST", "composite/graph", graphs))


segments = st.sampled_from(
    [
        "sobjects",
        "Account",
        "describe",
        "composite",
        "tooling",
        "query",
        "limits",
        "updated",
        "..",
        ".",
        "",
        "%2F",
        "%00",
        "%ff",
        "001000000000001AAA",
        "Ext__c",
        "CustomField",
        "services",
        "data",
        "@{x}",
        "%",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map(lambda text: quote(text, safe=""))


@calm
@given(st.lists(segments, max_size=6), st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"]))
def test_any_path_is_answered(served: Served, parts: list[str], method: str) -> None:
    path = "/".join(parts)
    headers = {"Authorization": f"Bearer {served.handout.access_token}", "Content-Type": "application/json"}
    for base in (V, "/services/data", ""):
        url = httpx.URL(served.base_url).copy_with(raw_path=f"{base}/{path}".encode())
        reply = served.http.request(method, url, headers=headers, content=b"{}" if method != "GET" else None)
        assert reply.status_code < 500


@calm
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.text(max_size=10))
def test_any_query_text_is_answered(served: Served, soql: str, other: str) -> None:
    for text in (soql, f"SELECT {soql} FROM Account", f"SELECT Id FROM Account WHERE Name = '{soql}'"):
        answered(served.call("GET", "query", params={"q": text}))
    answered(served.call("GET", f"query/{quote(other, safe='')}"))


@calm
@given(
    st.dictionaries(
        st.sampled_from(["grant_type", "code", "client_id", "redirect_uri", "token", "code_verifier"]),
        st.text(max_size=10),
    )
)
def test_any_form_is_answered_at_the_sign_in(served: Served, form: dict[str, str]) -> None:
    for path in ("token", "revoke"):
        reply = served.http.post(f"/services/oauth2/{path}", data=form)
        assert reply.status_code == 400
        assert list(reply.json()) == ["error", "error_description"]
    reply = served.http.get("/services/oauth2/authorize", params=form)
    assert reply.status_code == 400
    assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "[bold]x[/bold]", "x'; DROP TABLE Account; --"]
)
def test_hostile_names_are_kept_as_they_are(served: Served, name: str) -> None:
    record = served.create("Account", Name=name)
    assert served.call("GET", f"sobjects/Account/{record}").json()["Name"] == name
