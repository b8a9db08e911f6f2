"""Every fault, as a client on the wire meets it."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from console.rehearsal import faultnames
from console.rehearsal.faults import Fault, Faults

V = "/services/data/v62.0"
LIST = {"limit": 1, "offset": 0, "sort": "created_at:asc"}
CUT = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.mark.parametrize(
    "name", [name for name in faultnames.SALESFORCE_NAMES if "_" in name or name == "NOT_FOUND"]
)
def test_each_salesforce_error_comes_with_its_status_code_and_shape(rig, name):
    rig.control("POST", "/salesforce/faults", {"error": name, "next": 1})
    reply = rig.salesforce.http.get(f"{V}/limits")
    if name.startswith("HTML_"):
        assert reply.status_code == int(name.removeprefix("HTML_"))
        assert reply.headers["content-type"].startswith("text/html")
    elif name in ("EMPTY_406", "STATUS_420"):
        assert (reply.status_code, reply.content) == (int(name[-3:]), b"")
    else:
        (error,) = reply.json()
        expected = faultnames.salesforce_error(name)
        assert (reply.status_code, error["errorCode"], error["message"]) == (
            expected.status,
            expected.code,
            expected.message,
        )
        assert ("fields" in error) == (expected.fields is not None)
        assert next(iter(error)) == ("errorCode" if name == "NOT_FOUND" else "message")
        assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert rig.salesforce.http.get(f"{V}/limits").status_code == 200


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "409", "422", "429", "500", "502", "503"])
def test_each_alguna_error_comes_with_the_documented_body(rig, status):
    rig.control("POST", "/alguna/faults", {"error": status, "next": 1})
    reply = rig.alguna.http.get("/customers", params=LIST)
    assert reply.status_code == int(status)
    assert reply.json()["status"] == int(status)
    assert isinstance(reply.json()["detail"], str)
    assert "retry-after" not in reply.headers
    assert rig.alguna.http.get("/customers", params=LIST).status_code == 200


def test_a_429_can_say_when_to_come_back(rig):
    rig.control("POST", "/alguna/faults", {"error": "429", "retry_after": 2})
    assert rig.alguna.http.get("/customers", params=LIST).headers["retry-after"] == "2"


def test_an_answer_can_be_no_json(rig):
    rig.control("POST", "/alguna/faults", {"error": "NOT_JSON", "next": 1})
    reply = rig.alguna.http.get("/customers", params=LIST)
    assert reply.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        reply.json()


@pytest.mark.parametrize("error", ["500", "503", "429"])
def test_a_passing_alguna_fault_releases_the_key_and_says_so(rig, error):
    rig.control("POST", "/alguna/faults", {"error": error, "next": 1})
    headers = {"Idempotency-Key": f"release-{error}"}
    body = {"name": "Released", "currency": "USD"}
    first = rig.alguna.http.post("/customers", json=body, headers=headers)
    assert (first.status_code, first.headers["transient-error"]) == (int(error), "true")
    second = rig.alguna.http.post("/customers", json=body, headers=headers)
    assert (second.status_code, second.headers["idempotent-replayed"]) == (201, "false")


def test_an_error_after_the_effect_leaves_the_effect_and_the_key_knows_it(rig):
    rig.control("POST", "/alguna/faults", {"error": "503", "next": 1, "after_effect": True})
    headers, body = (
        {"Idempotency-Key": "after"},
        {"name": "After the effect", "currency": "USD", "aliases": ["after"]},
    )
    first = rig.alguna.http.post("/customers", json=body, headers=headers)
    assert first.status_code == 503
    assert "transient-error" not in first.headers
    made = rig.alguna("GET", "/customers/after")
    second = rig.alguna.http.post("/customers", json=body, headers=headers)
    assert (second.status_code, second.headers["idempotent-replayed"], second.json()) == (201, "true", made)


@pytest.mark.parametrize("error", ["DROP", "DROP_AFTER"])
def test_a_connection_is_cut_before_or_after_the_effect(rig, error):
    rig.control("POST", "/salesforce/faults", {"error": error, "next": 1})
    with pytest.raises(CUT):
        rig.salesforce.http.post(f"{V}/sobjects/Account", json={"Name": f"Cut by {error}"})
    found = rig.query(f"SELECT Id FROM Account WHERE Name = 'Cut by {error}'")
    assert len(found) == (1 if error == "DROP_AFTER" else 0)
    assert rig.salesforce.http.get(f"{V}/limits").status_code == 200


@pytest.mark.parametrize("error", ["DROP", "DROP_AFTER"])
def test_an_alguna_connection_is_cut_before_or_after_the_effect(rig, error):
    rig.control("POST", "/alguna/faults", {"error": error, "next": 1})
    headers, body = {"Idempotency-Key": error}, {"name": "Cut", "currency": "USD", "aliases": [error]}
    with pytest.raises(CUT):
        rig.alguna.http.post("/customers", json=body, headers=headers)
    again = rig.alguna.http.post("/customers", json=body, headers=headers)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (
        201,
        "true" if error == "DROP_AFTER" else "false",
    )


def test_a_stalled_call_never_answers_and_has_no_effect(rig):
    rig.control("POST", "/salesforce/faults", {"error": "STALL", "next": 1})
    with pytest.raises(httpx.ReadTimeout):
        rig.salesforce.http.post(f"{V}/sobjects/Account", json={"Name": "Stalled"}, timeout=0.3)
    assert rig.query("SELECT Id FROM Account WHERE Name = 'Stalled'") == []


def test_a_fault_strikes_the_next_k_matching_calls_only(rig):
    rig.control(
        "POST", "/salesforce/faults", {"error": "SERVER_UNAVAILABLE", "next": 2, "match": f"GET {V}/query"}
    )
    query = {"q": "SELECT Id FROM Account LIMIT 1"}
    statuses = [rig.salesforce.http.get(f"{V}/limits").status_code]
    statuses += [rig.salesforce.http.get(f"{V}/query", params=query).status_code for _ in range(3)]
    assert statuses == [200, 503, 503, 200]
    (order,) = rig.control("GET", "/salesforce/faults")["faults"]
    assert order == {"error": "SERVER_UNAVAILABLE", "next": 0, "struck": 2, "match": f"GET {V}/query"}


def test_a_fault_can_strike_a_share_of_the_calls(rig):
    rig.control("POST", "/alguna/faults", {"error": "500", "share": 0.5})
    statuses = [rig.alguna.http.get("/customers", params=LIST).status_code for _ in range(60)]
    assert 10 < statuses.count(500) < 50
    rig.control("DELETE", "/alguna/faults")
    assert rig.alguna.http.get("/customers", params=LIST).status_code == 200


def test_single_rows_of_a_collection_can_fail(rig):
    rig.control("POST", "/salesforce/faults", {"error": "UNABLE_TO_LOCK_ROW", "rows": True, "next": 1})
    records = [{"attributes": {"type": "Account"}, "Name": f"Row {n}"} for n in range(3)]
    results = rig.salesforce("POST", f"{V}/composite/sobjects", {"allOrNone": False, "records": records})
    assert [result["success"] for result in results] == [False, True, True]
    assert results[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert len(rig.query("SELECT Id FROM Account WHERE Name LIKE 'Row %'")) == 2


@pytest.mark.parametrize(
    ("service", "wrong", "word"),
    [
        ("salesforce", {"error": "NONSENSE"}, "NONSENSE"),
        ("salesforce", {}, "no fault"),
        ("alguna", {"error": "418"}, "418"),
        ("alguna", {"error": "500", "next": -1}, "next"),
        ("alguna", {"error": "500", "next": "all"}, "next"),
        ("alguna", {"error": "500", "share": 1.5}, "share"),
        ("alguna", {"error": "500", "share": 0.5, "next": 2}, "not both"),
        ("alguna", {"error": "500", "when": "now"}, "when"),
        ("alguna", {"error": "500", "after_effect": "yes"}, "after_effect"),
        ("alguna", {"error": "500", "rows": True}, "500"),
        ("salesforce", {"error": "REQUEST_LIMIT_EXCEEDED", "rows": True}, "REQUEST_LIMIT_EXCEEDED"),
        ("salesforce", {"error": "UNABLE_TO_LOCK_ROW", "rows": True, "after_effect": True}, "after_effect"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(rig, service, wrong, word):
    assert word in rig.control("POST", f"/{service}/faults", wrong, status=400)["error"]
    assert rig.control("GET", f"/{service}/faults")["faults"] == []


@pytest.mark.parametrize("service", ["salesforce", "alguna"])
def test_latency_delays_every_answer(rig, service):
    rig.control("POST", f"/{service}/options", {"latency_ms": 120})
    begun = time.monotonic()
    path = f"{V}/limits" if service == "salesforce" else "/customers?limit=1&offset=0&sort=name:asc"
    assert getattr(rig, service).http.get(path).status_code == 200
    assert time.monotonic() - begun >= 0.12


def test_calls_are_counted_with_ids_folded(rig):
    account = rig.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    for record_id in (account, account[:15]):
        rig.salesforce("GET", f"{V}/sobjects/Account/{record_id}")
    rig.salesforce("GET", f"{V}/query/", q="SELECT Id FROM Account")
    customer = rig.customers()[0]["id"]
    rig.alguna("GET", f"/customers/{customer}")
    rig.alguna(
        "GET", f"/subscriptions/{rig.alguna('GET', '/subscriptions', **LIST)['data'][0]['id']}/billing-dates"
    )
    assert rig.control("GET", "/salesforce/calls") == {
        "total": 3,
        "by_call": {"GET /sobjects/Account/...": 2, "GET /query": 1},
    }
    assert rig.control("GET", "/alguna/calls")["by_call"] == {
        "GET /customers": 1, "GET /customers/...": 1, "GET /subscriptions": 1, "GET /subscriptions/.../billing-dates": 1,
    }  # fmt: skip
    assert rig.control("POST", "/alguna/calls/reset") == {"total": 0, "by_call": {}}


@pytest.mark.parametrize(
    ("path", "folded"),
    [
        (
            "/services/data/v62.0/sobjects/Account/Alguna_Customer_ID__c/a%2Fb",
            "/sobjects/Account/Alguna_Customer_ID__c/...",
        ),
        (
            "/services/data/v62.0/sobjects/Account/Alguna_Customer_ID__c/a/b",
            "/sobjects/Account/Alguna_Customer_ID__c/...",
        ),
        (
            "/services/data/v62.0/composite/sobjects/Account/Alguna_Customer_ID__c",
            "/composite/sobjects/Account/Alguna_Customer_ID__c",
        ),
        ("/services/data/v62.0/query/01gB000003OCxSPIA1-2000", "/query/..."),
        (
            "/services/data/v62.0/tooling/sobjects/CustomField/00NB000003OCxSPIA1",
            "/tooling/sobjects/CustomField/...",
        ),
        ("/services/data/v62.0/sobjects/PermissionSetAssignment/", "/sobjects/PermissionSetAssignment"),
        ("/services/data", "/services/data"),
        ("/services/oauth2/token", "/services/oauth2/token"),
        ("/", "/"),
    ],
)
def test_salesforce_paths_fold_to_one_kind_of_call(path, folded):
    from console.rehearsal.callcount import fold_salesforce

    assert fold_salesforce(path) == folded


def test_the_first_order_that_fits_strikes():
    faults = Faults(("A", "B"), lambda fault, request: pytest.fail("not asked"))
    faults.order({"error": "A", "match": "/x", "next": 1})
    faults.order({"error": "B", "share": 1.0})
    picked = [faults.pick(what) for what in ("GET /y", "GET /x", "GET /x")]
    assert [fault.error for fault in picked if fault] == ["B", "A", "B"]
    assert not Fault("A", next=0).hits("x", faults.rng)


async def test_a_server_whose_connections_cannot_be_cut_says_so():
    from console.rehearsal.callcount import CallCount
    from console.rehearsal.faults import Wire

    faults = Faults((), lambda fault, request: pytest.fail("not asked"))
    faults.order({"error": "DROP"})
    wire = Wire(lambda *_: asyncio.sleep(0), faults, CallCount("alguna"), lambda: 0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(wire), base_url="http://x") as http:
        with pytest.raises(RuntimeError, match="cut"):
            await http.get("/customers")
