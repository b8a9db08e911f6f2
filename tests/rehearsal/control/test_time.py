"""Stamps other than the moment of the commit, and a sandbox that is refreshed, as the control address has them."""

import httpx
import pytest

from console.rehearsal.server import Rehearsal

AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def rehearsal():
    with Rehearsal(customers=12) as running:
        yield running


def ask(rehearsal, method, path, body=None):
    return httpx.request(method, f"{rehearsal.control_url}/{path}", json=body, trust_env=False)


def rows(rehearsal, soql):
    answer = httpx.get(f"{rehearsal.control_url}/salesforce/query", params={"q": soql}, trust_env=False)
    return answer.json()["records"]


def test_a_record_is_stamped_as_of_another_moment_with_its_values_as_they_are(rehearsal):
    before = rows(rehearsal, "SELECT Id, Name, SystemModstamp FROM Account LIMIT 1")[0]
    answer = ask(rehearsal, "POST", f"salesforce/records/Account/{before['Id']}/stamp", {"at": AT})
    assert answer.status_code == 200
    after = rows(
        rehearsal, f"SELECT Name, SystemModstamp, LastModifiedDate FROM Account WHERE Id = '{before['Id']}'"
    )[0]
    assert after["Name"] == before["Name"]
    assert after["SystemModstamp"] == after["LastModifiedDate"] == "2026-01-02T03:04:05.000+0000"


def test_the_next_edit_stamps_it_rightly_again(rehearsal):
    id_ = rows(rehearsal, "SELECT Id FROM Account LIMIT 1")[0]["Id"]
    ask(rehearsal, "POST", f"salesforce/records/Account/{id_}/stamp", {"at": AT})
    ask(rehearsal, "PATCH", f"salesforce/records/Account/{id_}", {"fields": {"BillingCity": "Now"}})
    assert (
        rows(rehearsal, f"SELECT SystemModstamp FROM Account WHERE Id = '{id_}'")[0]["SystemModstamp"]
        > "2026-02"
    )


def test_customers_and_subscriptions_are_stamped_as_well(rehearsal):
    customer = ask(rehearsal, "POST", "alguna/customers", {"name": "Stamped"}).json()["id"]
    subscription = ask(rehearsal, "POST", "alguna/subscriptions", {"customer_id": customer}).json()["id"]
    for what, id_ in (("customers", customer), ("subscriptions", subscription)):
        answer = ask(rehearsal, "POST", f"alguna/{what}/{id_}/stamp", {"at": AT})
        assert answer.status_code == 200, answer.text
        assert (
            ask(rehearsal, "GET", f"alguna/{what}/{id_}")
            .json()["updated_at"]
            .startswith("2026-01-02T03:04:05")
        )


@pytest.mark.parametrize("body", [{}, {"at": 5}, {"at": "yesterday"}, {"at": AT, "more": 1}])
def test_what_is_no_instant_is_refused_in_a_sentence(rehearsal, body):
    id_ = rows(rehearsal, "SELECT Id FROM Account LIMIT 1")[0]["Id"]
    answer = ask(rehearsal, "POST", f"salesforce/records/Account/{id_}/stamp", body)
    assert answer.status_code == 400
    assert "2026-01-02T03:04:05Z" in answer.json()["error"]


def test_a_record_that_is_not_there_can_not_be_stamped(rehearsal):
    assert (
        ask(rehearsal, "POST", "salesforce/records/Account/001000000000000AAA/stamp", {"at": AT}).status_code
        == 404
    )
    assert ask(rehearsal, "POST", "alguna/customers/nobody/stamp", {"at": AT}).status_code == 404


def test_a_refresh_masks_the_users_and_where_asked_the_contacts_and_keeps_the_records_ids(rehearsal):
    accounts = {row["Id"] for row in rows(rehearsal, "SELECT Id FROM Account")}
    people = {row["Id"]: row["Email"] for row in rows(rehearsal, "SELECT Id, Email FROM Contact")}
    old = rehearsal.handout["salesforce"]["org_id"]
    assert ask(rehearsal, "POST", "salesforce/org", {"new_id": True}).json()["org_id"] != old
    assert all(
        row["Email"].endswith(".invalid")
        for row in rows(rehearsal, "SELECT Email FROM User WHERE Email != null")
    )
    assert {row["Id"]: row["Email"] for row in rows(rehearsal, "SELECT Id, Email FROM Contact")} == people
    for _ in range(2):  # a second mask adds nothing
        ask(rehearsal, "POST", "salesforce/org", {"new_id": True, "mask_contacts": True})
    masked = {row["Id"]: row["Email"] for row in rows(rehearsal, "SELECT Id, Email FROM Contact")}
    assert masked == {id_: email and f"{email}.invalid" for id_, email in people.items()}
    assert {row["Id"] for row in rows(rehearsal, "SELECT Id FROM Account")} == accounts


def test_a_sandbox_without_data_has_no_accounts_and_contacts_and_its_users(rehearsal):
    ask(rehearsal, "POST", "salesforce/org", {"new_id": True, "records": "none"})
    assert rows(rehearsal, "SELECT Id FROM Account") == rows(rehearsal, "SELECT Id FROM Contact") == []
    assert rows(rehearsal, "SELECT Id FROM User")


@pytest.mark.parametrize(
    "body", [{}, {"new_id": False}, {"new_id": True, "records": "some"}, {"new_id": True, "x": 1}]
)
def test_another_wish_about_the_org_is_refused(rehearsal, body):
    assert ask(rehearsal, "POST", "salesforce/org", body).status_code == 400
