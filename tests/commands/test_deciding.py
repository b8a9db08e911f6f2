"""``decide`` and ``retry`` as a script uses them: what is decided is done by the next sync."""

from __future__ import annotations

import pytest

COMPLETE = {
    "name": "Twin Peaks",
    "currency": "USD",
    "website": "twin-peaks.example",
    "billing_address": {
        "line1": "1 Way",
        "city": "Ulm",
        "state": "",
        "postal_code": "89073",
        "country": "DE",
    },
    "contacts": [
        {"email": "ada@twin-peaks.example", "first_name": "Ada", "last_name": "Peak", "is_primary": True}
    ],
}


@pytest.fixture
def asked(run, connected):
    """A customer in review, by id, after a first sync."""
    for number in range(2):
        fields = {"Name": f"Twin Peaks {number}", "Website": "https://twin-peaks.example"}
        connected.control("POST", "salesforce/records/Account", {"fields": fields})
    customer_id = connected.control("POST", "alguna/customers", COMPLETE)["id"]
    assert run("sync", "demo").code == 3
    return customer_id


def carrying(world, customer_id):
    return [
        row["Id"]
        for row in world.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{customer_id}'")
    ]


def test_a_review_is_answered_by_a_script_from_the_candidates_it_is_given(run, connected, asked):
    shown = run("account", "demo", asked, "--json").json
    assert shown["state"] == "review"
    best = shown["candidates"][0]
    assert set(best) == {"account_id", "name", "evidence"}
    decided = run("decide", "demo", asked, "--link", best["account_id"], "--json")
    assert decided.code == 0
    assert set(decided.json) >= {"customer", "account", "link", "fields", "why", "history", "decided"}
    assert "next pass" in decided.json["decided"][0]
    assert decided.json == run("account", "demo", asked, "--json").json
    assert carrying(connected, asked) == [], "decide writes to no system"
    run("sync", "demo")
    assert carrying(connected, asked) == [best["account_id"]]
    link = run("account", "demo", asked, "--json").json["link"]
    assert link["how"] == "person"
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0


def test_left_alone_and_asked_again(run, asked):
    left = run("decide", "demo", asked, "--leave", "--json").json
    assert left["state"] == "not_imported"
    assert run("decide", "demo", asked, "--ask-again", "--json").json["state"] == "review"
    nothing = run("decide", "demo", asked, "--ask-again", "--json")
    assert nothing.code == 2
    assert nothing.json["error"]["category"] == "usage"


def test_a_new_account_and_unlinking_it(run, connected, asked):
    run("decide", "demo", "Twin Peaks", "--create")
    run("sync", "demo")
    (made,) = carrying(connected, asked)
    gone = run("decide", "demo", made, "--unlink", "--json").json
    assert gone["link"] is None
    assert gone["state"] == "review"
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0


def test_several_fields_are_kept_at_once_or_none(run, connected):
    run("sync", "demo")
    row = next(row for row in run("accounts", "demo", "--json").lines if row["state"] == "in_sync")
    body = {"fields": {"BillingCity": None, "BillingStreet": None}}
    connected.control("PATCH", f"salesforce/records/Account/{row['account_id']}", body)
    assert run("sync", "demo").code in (0, 3)
    shown = run("account", "demo", row["customer_id"], "--json").json
    assert shown["state"] == "conflict"
    assert {f["field"] for f in shown["fields"] if f["keep"]} == {"BillingCity", "BillingStreet"}
    wrong = run(
        "decide",
        "demo",
        row["customer_id"],
        "--keep",
        "BillingCity=alguna",
        "--keep",
        "Name=alguna",
        "--json",
    )
    assert wrong.code == 2
    assert run("account", "demo", row["customer_id"], "--json").json["decided"] == []
    both = ("--keep", "BillingCity=alguna", "--keep", "BillingStreet=salesforce")
    kept = run("decide", "demo", row["customer_id"], *both, "--json").json
    assert len(kept["decided"]) == 2
    run("sync", "demo")
    customer = connected.control("GET", f"alguna/customers/{row['customer_id']}")["billing_address"]
    (account,) = connected.query(
        f"SELECT BillingCity, BillingStreet FROM Account WHERE Id = '{row['account_id']}'"
    )
    assert account["BillingCity"] == customer["city"] != ""
    assert account["BillingStreet"] is None
    assert not customer["line1"]
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0


def test_a_subscription_is_pinned_and_unpinned(run, connected):
    run("sync", "demo")
    row = next(
        row for row in run("accounts", "demo", "--json").lines
        if row["state"] == "in_sync" and row["subscription"]
    )  # fmt: skip
    contract = {"start_date": "2020-01-01", "period_type": "monthly_rolling"}
    made = connected.control(
        "POST",
        "alguna/subscriptions",
        {"customer_id": row["customer_id"], "name": "Old", "contract": contract, "status": "draft"},
    )["id"]
    run("sync", "demo")
    before = run("account", "demo", row["customer_id"], "--json").json["subscription"]
    assert not before["pinned"]
    pinned = run("decide", "demo", row["customer_id"], "--pin", made, "--json").json["subscription"]
    assert pinned["pinned"]
    assert [line["id"] for line in pinned["all"] if line["shown"]] == [made]
    run("sync", "demo")
    (account,) = connected.query(
        f"SELECT Alguna_Subscription_ID__c FROM Account WHERE Id = '{row['account_id']}'"
    )
    assert account["Alguna_Subscription_ID__c"] == made
    assert run("decide", "demo", row["customer_id"], "--unpin", "--json").json["subscription"] == before


def test_what_was_refused_is_tried_again(run, connected):
    run("sync", "demo")
    row = next(row for row in run("accounts", "demo", "--json").lines if row["state"] == "in_sync")
    fault = {"error": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "rows": True, "next": 1}
    connected.control("POST", "salesforce/faults", fault)
    connected.control("PATCH", f"alguna/customers/{row['customer_id']}", {"name": "Refused at First"})
    assert run("sync", "demo", "--json").json["changes"]["refused"] == 1
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0
    assert run("retry", "demo", row["customer_id"], "--json").json == {"retried": 1}
    run("sync", "demo")
    (account,) = connected.query(f"SELECT Name FROM Account WHERE Id = '{row['account_id']}'")
    assert account["Name"] == "Refused at First"
    assert run("retry", "demo", "--json").code == 0


UNDECIDABLE = [
    (["--keep", "BillingCity"], "FIELD=alguna"),
    (["--keep", "BillingCity=mine"], "FIELD=alguna"),
    (["--link", "nonsense"], "no account"),
    (["--unlink"], "isn't linked"),
    (["--pin", "sub_1"], "isn't linked"),
    (["--create", "--leave"], "not allowed"),
    ([], "required"),
]


def test_what_cannot_be_decided_is_a_usage_error(run, asked):
    for words, said in UNDECIDABLE:
        answer = run("decide", "demo", asked, *words, "--json")
        assert answer.code == 2
        assert said in " ".join(answer.json["error"].values())


def test_an_account_without_a_customer_and_an_unknown_one_cannot_be_decided_about(run, connected, asked):
    alone = next(r for r in run("accounts", "demo", "--json").lines if r["state"] == "salesforce_only")
    assert run("decide", "demo", alone["account_id"], "--leave").code == 2
    assert run("decide", "demo", "nobody at all", "--leave").code == 2
    assert run("retry", "demo", "nobody at all").code == 2


def test_before_the_first_sync_there_is_nothing_to_decide(run, connected):
    answer = run("decide", "demo", "cus_1", "--leave", "--json")
    assert answer.code == 2
    assert "next pass" in answer.json["error"]["advice"]


def test_a_contact_that_a_duplicate_rule_stopped_is_linked_or_created_by_a_script(run, connected):
    twin = {"FirstName": "Ada", "LastName": "Peak", "Email": "ada.peak@gmail.com"}
    other = connected.control("POST", "salesforce/records/Account", {"fields": {"Name": "Elsewhere"}})["Id"]
    fields = {**twin, "AccountId": other}
    contact = connected.control("POST", "salesforce/records/Contact", {"fields": fields})["Id"]
    rule = "salesforce/rules/Standard_Contact_Duplicate_Rule"
    connected.control("POST", rule, {"active": True, "action": "allow"})
    person = {"email": twin["Email"], "first_name": "Ada", "last_name": "Peak", "is_primary": True}
    body = {**COMPLETE, "contacts": [person]}
    customer_id = connected.control("POST", "alguna/customers", body)["id"]
    assert run("sync", "demo").code == 3
    shown = run("account", "demo", customer_id, "--json").json
    (found,) = shown["contact_candidates"]
    assert (found["contact_id"], found["may_link"]) == (contact, False)
    assert shown["contact_may_be_created"] is True
    assert any("duplicate rule" in each["title"] for each in run("problems", "demo", "--json").json)
    refused = run("decide", "demo", customer_id, "--link-contact", contact)
    assert refused.code == 2
    assert f"belongs to another account, {other}" in refused.err
    assert run("decide", "demo", customer_id, "--create-contact").code == 0
    run("sync", "demo")
    (account,) = carrying(connected, customer_id)
    (made,) = connected.query(f"SELECT Id, Email FROM Contact WHERE AccountId = '{account}'")
    assert made["Email"] == twin["Email"]
    assert made["Id"] != contact
    assert run("account", "demo", customer_id, "--json").json["contact_candidates"] == []
