"""Whatever is thrown at the org gets an honest answer: never a 500, never an empty 200, never silence."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .conftest import check_org
from .material import (
    BELOW_AN_OBJECT,
    BODIES,
    DATA,
    ELSEWHERE,
    ID,
    KINDS,
    METHODS,
    OBJECTS,
    QUERIES,
    RESOURCES,
)

if TYPE_CHECKING:
    import httpx

    from .conftest import Target

PATHS = (
    *(f"{DATA}/{path}" for path in RESOURCES),
    *(f"{DATA}/{area}sobjects/{name}/{below}" for area in ("", "tooling/") for name in OBJECTS for below in BELOW_AN_OBJECT),
    *ELSEWHERE,
)  # fmt: skip


def throw(
    target: Target, method: str, path: str, body: bytes | None, kind: str = "application/json"
) -> httpx.Response:
    reply = target.throw(target.salesforce, method, path, body, kind)
    check_org(
        reply, f"{method} {path} with {body!r:.300} as {kind} -> {reply.status_code} {reply.text[:300]!r}"
    )
    return reply


@pytest.mark.parametrize("method", METHODS)
def test_every_resource_answers_every_method(target: Target, method: str) -> None:
    for path in (*(f"{DATA}/{each}" for each in RESOURCES), *ELSEWHERE):
        throw(target, method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None)


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_answers_every_path_and_method(target: Target, name: str) -> None:
    for area in ("", "tooling/"):
        for below in BELOW_AN_OBJECT:
            for method in ("GET", "POST", "PATCH", "DELETE", "PUT"):
                path = f"{DATA}/{area}sobjects/{name}/{below}"
                throw(target, method, path, b"{}" if method in ("POST", "PATCH") else None)


@pytest.mark.parametrize("path", [
    "sobjects/Account", "sobjects/Contact", "sobjects/Nothing", "sobjects/PermissionSet", "composite", "composite/batch",
    "composite/graph", "composite/tree/Account", "composite/sobjects", "composite/sobjects/Account", "jobs/ingest",
    "jobs/query", "tooling/sobjects/CustomField", "tooling/sobjects/PlatformEventChannel",
    "tooling/sobjects/PlatformEventChannelMember", "tooling/sobjects/ValidationRule", "sobjects/PermissionSetAssignment",
    "sobjects/FieldPermissions", "sobjects/RecordType",
])  # fmt: skip
def test_every_body_is_answered(target: Target, path: str) -> None:
    for body in BODIES:
        for method in ("POST", "PATCH"):
            throw(target, method, f"{DATA}/{path}", body)


@pytest.mark.parametrize("area", ["query", "queryAll", "tooling/query"])
def test_every_query_is_answered(target: Target, area: str) -> None:
    for soql in QUERIES:
        reply = throw(target, "GET", f"{DATA}/{area}?{urlencode({'q': soql})}", None)
        if reply.status_code == 200:
            assert {"done", "records"} <= set(reply.json())


def test_every_query_is_answered_by_the_bulk_api(target: Target) -> None:
    for soql in QUERIES:
        body = json.dumps({"operation": "query", "query": soql}).encode()
        throw(target, "POST", f"{DATA}/jobs/query", body)


KNOWN = {
    "", "sobjects", "query", "queryAll", "limits", "composite", "tooling", "jobs", "search", "parameterizedSearch", "recent",
}  # fmt: skip
UNKNOWN = [each for each in RESOURCES if each.partition("/")[0] not in KNOWN]
NO_OBJECTS = ("Opportunity", "Nothing__c", "Account;DROP", "Ünïcode", "%2e%2e", "%00", "a" * 3000)


@pytest.mark.parametrize(
    "resource", [*UNKNOWN, "limits/nothing", "tooling/executeAnonymous", "composite/nothing"]
)
def test_a_resource_that_is_not_there_is_not_found(target: Target, resource: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = throw(target, method, f"{DATA}/{resource}", b"{}" if method == "POST" else None)
        assert reply.status_code == 404
        message = "The requested resource does not exist"
        assert reply.json() == [{"errorCode": "NOT_FOUND", "message": message}]


@pytest.mark.parametrize("name", NO_OBJECTS)
def test_an_object_that_is_not_there_is_not_found(target: Target, name: str) -> None:
    for path in (name, f"{name}/describe", f"{name}/{ID}"):
        reply = throw(target, "GET", f"{DATA}/sobjects/{path}", None)
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (404, "NOT_FOUND"), path


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("limits", "GET,HEAD"),
        ("query", "GET,HEAD"),
        ("sobjects", "GET,HEAD"),
        ("sobjects/Account", "GET,HEAD,POST"),
        (f"sobjects/Account/{ID}", "GET,HEAD,PATCH,DELETE"),
        ("composite/sobjects", "POST,PATCH,DELETE"),
        ("jobs/ingest", "GET,HEAD,POST"),
    ],
)
def test_a_wrong_method_is_told_which_ones_there_are(target: Target, path: str, allowed: str) -> None:
    reply = throw(target, "PUT", f"{DATA}/{path}", b"{}")
    assert reply.status_code == 405
    assert reply.headers["allow"] == allowed
    message = f"HTTP Method 'PUT' not allowed. Allowed are {allowed}"
    assert reply.json() == [{"message": message, "errorCode": "METHOD_NOT_ALLOWED"}]


KEYS = st.sampled_from((
    "Id", "id", "Name", "LastName", "AccountId", "attributes", "type", "url", "referenceId", "records", "ids", "fields",
    "allOrNone", "compositeRequest", "method", "body", "graphs", "graphId", "batchRequests", "richInput", "Metadata",
    "FullName", "object", "operation", "query", "state", "Contacts", "httpHeaders", "NumberOfEmployees", "OwnerId",
))  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from(("Account", "Contact", "POST", "GET", "PATCH", ID, f"{DATA}/sobjects/Account", "v62.0/limits", "@{a.id}")),
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)
CALM = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CALM
@given(
    document=DOCUMENTS,
    path=st.sampled_from((
        "sobjects/Account", "sobjects/Contact", "composite", "composite/batch", "composite/graph", "composite/sobjects",
        "composite/tree/Account", "jobs/ingest", "jobs/query", "tooling/sobjects/CustomField",
        "sobjects/PermissionSet",
    )),
    method=st.sampled_from(("POST", "PATCH")),
)  # fmt: skip
@example(document={"Metadata": [0.0]}, path="tooling/sobjects/CustomField", method="POST")
def test_any_document_is_answered(target: Target, document: object, path: str, method: str) -> None:
    throw(target, method, f"{DATA}/{path}", json.dumps(document).encode())


WORDS = st.sampled_from((
    "SELECT", "FROM", "WHERE", "Id", "Name", "Account", "Contacts", "COUNT()", "COUNT(Id)", "(", ")", ",", "=", "!=", "<",
    "LIKE", "IN", "NOT", "AND", "OR", "NULL", "null", "'x'", "1", "TODAY", "LAST_N_DAYS:5", "ORDER", "BY", "GROUP", "HAVING",
    "LIMIT", "OFFSET", "Owner.Name", "Account.Parent.Name", "FIELDS(ALL)", "2026-01-01", "ASC", "NULLS", "LAST", "EUR5", ":", "\\",
))  # fmt: skip


@CALM
@given(words=st.lists(WORDS, max_size=14), area=st.sampled_from(("query", "queryAll", "tooling/query")))
def test_any_sentence_of_soql_is_answered(target: Target, words: list[str], area: str) -> None:
    soql = "SELECT " + " ".join(words)
    throw(target, "GET", f"{DATA}/{area}?{urlencode({'q': soql})}", None)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(METHODS),
    body=st.sampled_from(BODIES),
    kind=st.sampled_from(KINDS),
    query=st.sampled_from(("", "?", "?q=", "?q=x&q=y", "?ids=,,", "?fields=Nothing", "?_HttpMethod=BREW", "?allOrNone=x", "?%")),
)  # fmt: skip
def test_any_mixture_is_answered(
    target: Target, path: str, method: str, body: bytes | None, kind: str, query: str
) -> None:
    throw(target, method, path if "?" in path else path + query, body, kind)


def test_without_a_token_every_path_of_the_api_says_so(target: Target) -> None:
    rng = random.Random(5)
    for path in rng.sample([each for each in PATHS if each.startswith(DATA)], 150):
        reply = target.salesforce.request("GET", path, headers={"Authorization": ""})
        assert (reply.status_code, reply.json()[0]["errorCode"]) in (
            (401, "INVALID_SESSION_ID"),
            (401, "INVALID_AUTH_HEADER"),
        ), path


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT TYPEOF Owner WHEN User THEN Id END FROM Account",
        "SELECT Id, DISTANCE(BillingAddress, GEOLOCATION(1,2), 'km') FROM Account",
        "SELECT toLabel(Rating) FROM Account",
        "SELECT FORMAT(AnnualRevenue) FROM Account",
        "SELECT Id FROM Account USING SCOPE mine",
        "SELECT Id FROM Account FOR UPDATE",
        "SELECT Id FROM Account WITH SECURITY_ENFORCED",
    ],
)
def test_soql_that_is_not_covered_is_never_answered_wrongly(target: Target, soql: str) -> None:
    reply = throw(target, "GET", f"{DATA}/query?{urlencode({'q': soql})}", None)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY"), reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/services/Soap/u/62.0",
        "/services/Soap/m/62.0",
        "/services/apexrest/x",
        "/services/oauth2/singleaccess",
        f"{DATA}/tooling/composite",
    ],
)
def test_apis_that_are_not_covered_are_not_there(target: Target, path: str) -> None:
    for method in ("GET", "POST"):
        reply = throw(target, method, path, b"{}" if method == "POST" else None)
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (404, "NOT_FOUND"), reply.text


def test_outside_of_the_services_there_are_pages(target: Target) -> None:
    for path in ("/cometd/62.0", f"/{ID}", "/lightning/r/Account/x/view", "/secur/frontdoor.jsp"):
        reply = throw(target, "GET", path, None)
        assert reply.status_code == 404
        assert "URL No Longer Exists" in reply.text
