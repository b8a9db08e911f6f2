"""Editing as somebody else, and steering both services."""

from __future__ import annotations

import pytest

V = "/services/data/v62.0"
LIST = {"limit": 1, "offset": 0, "sort": "created_at:asc"}


def test_the_overview_shows_what_is_on_and_where_to_go(rig):
    rig.control("POST", "/alguna/faults", {"error": "500", "share": 0.0})
    shown = rig.control("GET", "/")
    assert shown["addresses"]["alguna"] == rig.alguna.url
    assert shown["alguna"]["faults"][0]["error"] == "500"
    assert shown["alguna"]["options"]["extended_fields"] is True
    assert shown["salesforce"]["org_id"] == rig.rehearsal.handout["salesforce"]["org_id"]
    assert "POST /salesforce/records/*" in shown["links"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/activity", 405), ("GET", "/alguna/customers/zzz", 404)],
)
def test_what_is_not_there_is_refused_in_words(rig, method, path, status):
    assert rig.control(method, path, status=status)["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"5"])
def test_a_body_that_is_no_object_is_refused(rig, body):
    reply = rig.control.http.post("/alguna/options", content=body)
    assert reply.status_code == 400
    assert "JSON" in reply.json()["error"]


def test_a_record_is_edited_by_a_sales_user_and_not_by_the_administrator(rig):
    admin = rig.salesforce(
        "GET", f"{V}/query", q="SELECT Id FROM User WHERE Username = 'admin@rehearsal.example'"
    )["records"][0]["Id"]
    made = rig.control(
        "POST", "/salesforce/records/Account", {"fields": {"Name": "Typed in", "Website": "typed.example"}}
    )
    assert made["CreatedById"] != admin
    changed = rig.control(
        "PATCH",
        f"/salesforce/records/Account/{made['Id']}",
        {"fields": {"Phone": "555"}, "as": "priya.raman@rehearsal.example"},
    )
    assert changed["Phone"] == "555"
    assert changed["SystemModstamp"] >= made["SystemModstamp"]
    by = rig.query(f"SELECT LastModifiedBy.Username FROM Account WHERE Id = '{made['Id']}'")
    assert by[0]["LastModifiedBy"]["Username"] == "priya.raman@rehearsal.example"
    assert rig.salesforce("GET", f"{V}/sobjects/Account/{made['Id']}")["Phone"] == "555"
    assert rig.control("GET", f"/salesforce/records/Account/{made['Id']}")["Name"] == "Typed in"
    rig.control("DELETE", f"/salesforce/records/Account/{made['Id']}")
    assert rig.salesforce.http.get(f"{V}/sobjects/Account/{made['Id']}").status_code == 404


def test_an_edit_that_the_org_refuses_is_told_with_its_code(rig):
    refused = rig.control(
        "POST", "/salesforce/records/Account", {"fields": {"Nope__c": 1, "Name": "x"}}, status=400
    )
    assert refused["code"] == "INVALID_FIELD"
    assert (
        "no user"
        in rig.control(
            "POST", "/salesforce/records/Account", {"fields": {"Name": "x"}, "as": "nobody"}, status=400
        )["error"]
    )
    assert "fields" in rig.control("POST", "/salesforce/records/Account", {"Name": "x"}, status=400)["error"]
    assert "MALFORMED_QUERY" in rig.control("GET", "/salesforce/query", q="SELEKT", status=400)["error"]
    assert "query" in rig.control("GET", "/salesforce/query", status=400)["error"]


def test_a_query_here_returns_all_rows_at_once(rig):
    for start in range(0, 2100, 200):
        records = [{"attributes": {"type": "Account"}, "Name": f"Many {start + n}"} for n in range(200)]
        rig.salesforce("POST", f"{V}/composite/sobjects", {"allOrNone": True, "records": records})
    answer = rig.control("GET", "/salesforce/query", q="SELECT Id FROM Account WHERE Name LIKE 'Many %'")
    assert (len(answer["records"]), answer["done"]) == (2200, True)
    assert "nextRecordsUrl" not in answer


def test_tokens_can_be_expired_and_revoked(rig):
    for path in ("/salesforce/sessions/expire", "/salesforce/sessions/revoke"):
        assert rig.salesforce.http.get(f"{V}/limits").status_code == 200
        rig.control("POST", path)
        reply = rig.salesforce.http.get(f"{V}/limits")
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
        token = rig.rehearsal.run(lambda: rig.rehearsal.stage.access.handout().access_token)
        rig.rehearsal.handout["salesforce"]["access_token"] = token
        rig.salesforce.http.headers["Authorization"] = f"Bearer {token}"


def test_the_budget_of_calls_can_be_set_and_spent(rig):
    options = rig.control("POST", "/salesforce/options", {"daily_api_limit": 50, "api_used": 49})
    assert (options["daily_api_limit"], options["api_used"]) == (50, 49)
    assert rig.salesforce.http.get(f"{V}/limits").headers["sforce-limit-info"] == "api-usage=50/50"
    refused = rig.salesforce.http.get(f"{V}/limits")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    rig.control("POST", "/salesforce/options", {"daily_api_limit": 100_000, "api_used": 0})
    assert rig.salesforce.http.get(f"{V}/limits").status_code == 200


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ("salesforce", {"latency_ms": -1}),
        ("salesforce", {"nope": 1}),
        ("salesforce", {"session_minutes": 0}),
        ("alguna", {"page_limit": "x"}),
    ],
)
def test_options_refuse_what_they_cannot_be(rig, service, wrong):
    assert next(iter(wrong)) in rig.control("POST", f"/{service}/options", wrong, status=400)["error"]


def test_single_permissions_of_a_user_can_be_taken_and_given_back(rig):
    path = "/salesforce/users/admin@rehearsal.example/permissions"
    assert rig.control("POST", path, {"CustomizeApplication": False})["CustomizeApplication"] is False
    body = {"FullName": "Account.Refused__c", "Metadata": {"type": "Text", "label": "Refused", "length": 20}}
    assert rig.salesforce.http.post(f"{V}/tooling/sobjects/CustomField", json=body).status_code in (400, 403)
    rig.control("POST", path, {"CustomizeApplication": True})
    assert rig.salesforce.http.post(f"{V}/tooling/sobjects/CustomField", json=body).status_code == 201
    assert rig.control("POST", path, {"FlyToTheMoon": True}, status=400)["error"]
    assert rig.control("POST", path, {"CustomizeApplication": "no"}, status=400)["error"]


def test_a_customer_is_edited_in_every_field(rig):
    made = rig.control(
        "POST",
        "/alguna/customers",
        {"name": "By hand", "aliases": ["hand"], "tax_rate": "0.19", "website": "https://h.example"},
    )
    shown = rig.alguna("GET", f"/customers/{made['id']}")
    assert (shown["tax_rate"], shown["website"]) == ("0.19", "https://h.example")
    rig.control(
        "PATCH",
        "/alguna/customers/hand",
        {"tax_rate": "0.07", "contacts": [{"email": "x@h.example", "title": "CEO"}]},
    )
    shown = rig.alguna("GET", "/customers/hand")
    assert (shown["tax_rate"], shown["contacts"][0]["title"]) == ("0.07", "CEO")
    assert shown["updated_at"] >= made["updated_at"]
    assert rig.control("GET", f"/alguna/customers/{made['id']}") == shown
    assert rig.control("PATCH", "/alguna/customers/hand", {"name": 5}, status=422)["error"]
    assert rig.control("PATCH", "/alguna/customers/hand", {"updated_at": "now"}, status=400)["error"]


def test_a_customer_can_be_taken_away_with_its_subscriptions(rig):
    made = rig.control("POST", "/alguna/customers", {"name": "Leaves", "aliases": ["leaves"]})
    rig.control("POST", "/alguna/subscriptions", {"customer_id": made["id"]})
    before = rig.control("GET", "/")["alguna"]
    rig.control("DELETE", "/alguna/customers/leaves")
    after = rig.control("GET", "/")["alguna"]
    assert (after["customers"], after["subscriptions"]) == (
        before["customers"] - 1,
        before["subscriptions"] - 1,
    )
    assert rig.alguna.http.get("/customers/leaves").status_code == 404
    assert rig.alguna("GET", "/subscriptions", **LIST, customer_id=made["id"])["data"] == []


def test_a_subscription_is_set_to_any_status_price_and_date(rig):
    customer = rig.control("POST", "/alguna/customers", {"name": "Subscribes"})
    made = rig.control(
        "POST",
        "/alguna/subscriptions",
        {"customer_id": customer["id"], "amount": "9.99", "interval": "yearly", "status": "active"},
    )
    path = f"/subscriptions/{made['id']}"
    current = rig.alguna("GET", f"{path}/versions/current")["items"][0]["price"]
    assert (current["billing_interval"], current["fixed_pricing_model"]["total"]) == ("yearly", "9.99")
    rig.control("PATCH", f"/alguna{path}", {"amount": "20.00", "name": "Renamed"})
    assert rig.alguna("GET", f"{path}/revenue")["arr"] == "20.00"
    assert rig.control("PATCH", f"/alguna{path}", {"interval": "monthly"})["name"] == "Renamed"
    assert rig.alguna("GET", f"{path}/revenue")["mrr"] == "20.00"
    dated = rig.control(
        "PATCH",
        f"/alguna{path}",
        {"activated_at": "2024-02-29", "contract": {"end_date": "2030-01-01T00:00:00Z"}},
    )
    assert dated["activated_at"] == "2024-02-29T00:00:00Z"
    assert rig.alguna("GET", f"{path}/billing-dates")["contract_end_date"] == "2030-01-01"
    rig.control("PATCH", f"/alguna{path}", {"status": "in_dispute"})
    assert rig.alguna("GET", path)["status"] == "in_dispute"
    assert [
        row["id"] for row in rig.alguna("GET", "/customers", **LIST, has_active_subscriptions="true")["data"]
    ] != [customer["id"]]
    rig.control("PATCH", f"/alguna{path}", {"status": "active"})
    rig.control("PATCH", f"/alguna{path}", {"status": "canceled"})
    assert rig.alguna.http.get(f"{path}/versions/current").status_code == 404
    assert rig.control("PATCH", f"/alguna{path}", {"customer_id": "x"}, status=400)["error"]


def test_rows_can_change_between_two_pages(rig):
    first = rig.alguna("GET", "/customers", limit=2, offset=0, sort="updated_at:desc")["data"]
    last = rig.alguna("GET", "/customers", limit=1, offset=0, sort="updated_at:asc")["data"][0]
    rig.control("PATCH", f"/alguna/customers/{last['id']}", {"currency": "USD"})
    second = rig.alguna("GET", "/customers", limit=2, offset=2, sort="updated_at:desc")["data"]
    assert second[0]["id"] == first[1]["id"]


def test_activity_changes_records_on_both_sides_until_it_is_stopped(rig):
    before = rig.control("GET", "/activity")
    assert before["on"] is False
    rig.control("POST", "/activity", {"on": True, "per_minute": 6000})
    while rig.control("GET", "/activity")["changes"] < before["changes"] + 60:
        pass
    stopped = rig.control("POST", "/activity", {"on": False})
    assert stopped["on"] is False
    assert stopped["last"]
    assert rig.control("GET", "/activity")["changes"] == stopped["changes"]
    assert rig.query("SELECT COUNT(Id) n FROM Account WHERE LastModifiedDate = TODAY")[0]["n"] > 0
    newest = rig.alguna("GET", "/customers", limit=1, offset=0, sort="updated_at:desc")["data"][0]
    assert newest["updated_at"] > "2026-10-01"


@pytest.mark.parametrize(
    "body", [{}, {"on": "yes"}, {"on": True, "per_minute": 0}, {"on": True, "per_minute": "fast"}]
)
def test_activity_refuses_what_it_cannot_do(rig, body):
    assert rig.control("POST", "/activity", body, status=400)["error"]


def test_every_kind_of_activity_does_something(rig):
    activity = rig.rehearsal.stage.activity
    for _weight, change in activity._kinds:
        done = None
        for _ in range(60):
            done = done or rig.rehearsal.run(lambda change=change: _try(change))
        assert done, change.__name__


def _try(change):
    from console.rehearsal.alguna.errors import AlgunaError
    from console.rehearsal.salesforce.errors import ApiError

    try:
        return change()
    except (AlgunaError, ApiError):
        return None
