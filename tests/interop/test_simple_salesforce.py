"""simple-salesforce's surface for accounts and contacts, unmodified, against a whole rehearsal.

The one adaptation: the library writes https into every address, and the rehearsal speaks http on this computer.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_external_id, format_soql
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceOperationError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from console.rehearsal.server import Rehearsal

WAIT = 0.01
"""Seconds between two polls of a job, instead of five."""


class PlainLoopback(HTTPAdapter):
    """Takes the https off again, for the rehearsal's own address alone."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        assert request.url is not None
        assert urlsplit(request.url).hostname == "127.0.0.1"
        request.url = "http" + request.url.removeprefix("https")
        return super().send(request, *args, **options)


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(customers=0) as rehearsal:
        yield rehearsal


@pytest.fixture(scope="module")
def sf(rehearsal: Rehearsal) -> Iterator[Salesforce]:
    handout = rehearsal.handout["salesforce"]
    with requests.Session() as session:
        session.trust_env = False
        session.mount(handout["instance_url"].replace("http:", "https:") + "/", PlainLoopback())
        client = Salesforce(
            instance_url=handout["instance_url"],
            session_id=handout["access_token"],
            version="62.0",
            session=session,
        )
        _external_id(client, handout["username"])
        yield client


def _external_id(sf: Salesforce, username: str) -> None:
    """`Interop__c`, a unique external id on Account, through the library's way to the Tooling API."""
    metadata = {
        "type": "Text", "label": "Interop", "length": 255, "externalId": True, "unique": True, "caseSensitive": True,
    }  # fmt: skip
    body = {"FullName": "Account.Interop__c", "Metadata": metadata}
    assert sf.toolingexecute("sobjects/CustomField/", method="POST", data=body)["success"] is True
    made = sf.PermissionSet.create({"Name": "Interop", "Label": "Interop"})
    access = {
        "ParentId": made["id"], "SobjectType": "Account", "Field": "Account.Interop__c",
        "PermissionsRead": True, "PermissionsEdit": True,
    }  # fmt: skip
    sf.FieldPermissions.create(access)
    user = sf.query(format_soql("SELECT Id FROM User WHERE Username = {}", username))["records"][0]["Id"]
    sf.PermissionSetAssignment.create({"PermissionSetId": made["id"], "AssigneeId": user})


def names(sf: Salesforce, like: str) -> list[str]:
    soql = format_soql("SELECT Name FROM Account WHERE Name LIKE '{:like}%' ORDER BY Name", like)
    return [row["Name"] for row in sf.query_all_iter(soql)]


def test_records_are_created_read_changed_and_deleted(sf: Salesforce) -> None:
    made = sf.Account.create({"Name": "Crud", "BillingCity": "Oslo"})
    assert (made["success"], made["errors"]) == (True, [])
    record = sf.Account.get(made["id"])
    assert record["attributes"]["type"] == "Account"
    assert record["BillingAddress"]["city"] == "Oslo"
    assert sf.Account.update(made["id"], {"Name": "Crud 2"}) == 204
    contact = sf.Contact.create({"LastName": "Of Crud", "AccountId": made["id"], "Email": "A@B.example"})[
        "id"
    ]
    assert sf.Contact.get(contact)["Email"] == "a@b.example"
    assert sf.Contact.delete(contact, raw_response=True).status_code == 204
    assert sf.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        sf.Account.get(made["id"])
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_external_ids_lead_to_records(sf: Salesforce) -> None:
    assert sf.Account.upsert(format_external_id("Interop__c", "a/b ü"), {"Name": "Upserted"}) == 201
    assert sf.Account.upsert(format_external_id("Interop__c", "a/b ü"), {"Name": "Upserted 2"}) == 200
    sf.Account.upsert("Interop__c/plain", {"Name": "Plain"})
    assert sf.Account.get_by_custom_id("Interop__c", "plain")["Name"] == "Plain"
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get_by_custom_id("Interop__c", "none such")
    for _ in range(2):
        sf.Contact.create({"LastName": "Same", "Email": "same@x.example"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Contact.get_by_custom_id("Email", "same@x.example")


def test_queries_page_in_every_way_of_the_library(sf: Salesforce) -> None:
    for start in range(0, 450, 150):
        records = [{"attributes": {"type": "Account"}, "Name": f"Page {start + n:03}"} for n in range(150)]
        results = sf.restful("composite/sobjects", method="POST", json={"records": records})
        assert all(result["success"] for result in results)
    soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'Page %' ORDER BY Name"
    headers = {"Sforce-Query-Options": "batchSize=200"}
    first = sf.query(soql, headers=headers)
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    third = sf.query_more(second["nextRecordsUrl"].rpartition("/")[2])
    assert [len(page["records"]) for page in (second, third)] == [200, 50]
    assert third["done"] is True
    wanted = [f"Page {n:03}" for n in range(450)]
    assert [row["Name"] for row in sf.query_all(soql, headers=headers)["records"]] == wanted
    assert [row["Name"] for row in sf.query_all_iter(soql, headers=headers)] == wanted
    victim = third["records"][0]["Id"]
    sf.Account.delete(victim)
    found = sf.query(f"SELECT Id FROM Account WHERE Id = '{victim}'", include_deleted=True)
    assert found["totalSize"] == 1
    assert list(sf.query_all_iter(f"SELECT Id FROM Account WHERE Id = '{victim}'")) == []


def test_collections_composite_graph_batch_and_tree_go_through_restful(sf: Salesforce) -> None:
    item = {"attributes": {"type": "Account"}, "Interop__c": "col", "Name": "Collected"}
    made = sf.restful("composite/sobjects/Account/Interop__c", method="PATCH", json={"records": [item]})
    assert made[0]["created"] is True
    read = sf.restful("composite/sobjects/Account", params={"ids": made[0]["id"], "fields": "Name"})
    assert read[0]["Name"] == "Collected"
    base = "/services/data/v62.0"
    steps = [
        {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "Composed"}},
        {
            "method": "POST", "url": f"{base}/sobjects/Contact", "referenceId": "c",
            "body": {"LastName": "Composed", "AccountId": "@{a.id}"},
        },
    ]  # fmt: skip
    answer = sf.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": steps})
    assert [each["httpStatusCode"] for each in answer["compositeResponse"]] == [201, 201]
    graphs = {"graphs": [{"graphId": "1", "compositeRequest": steps}]}
    assert sf.restful("composite/graph", method="POST", json=graphs)["graphs"][0]["isSuccessful"] is True
    batch = {"batchRequests": [{"method": "GET", "url": "v62.0/limits"}]}
    assert sf.restful("composite/batch", method="POST", json=batch)["hasErrors"] is False
    contact = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Leaf"}
    root = {
        "attributes": {"type": "Account", "referenceId": "a1"},
        "Name": "Tree",
        "Contacts": {"records": [contact]},
    }
    planted = sf.restful("composite/tree/Account", method="POST", json={"records": [root]})
    assert (planted["hasErrors"], len(planted["results"])) == (False, 2)


def test_the_org_describes_itself(sf: Salesforce) -> None:
    listed = sf.describe()
    assert {"Account", "Contact"} <= {entry["name"] for entry in listed["sobjects"]}
    fields = {field["name"]: field for field in sf.Account.describe()["fields"]}
    assert fields["Interop__c"]["externalId"] is True
    assert sf.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.describe_layout("012000000000000AAA")
    assert sf.is_sandbox() in (True, False)
    limits = sf.limits()
    for name in ("DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs"):
        assert 0 < limits[name]["Remaining"] <= limits[name]["Max"]
    assert sf.api_usage["api-usage"].used > 0
    assert sf.oauth2("userinfo")["organization_id"]


def test_changes_of_a_window_are_listed(sf: Salesforce) -> None:
    kept, gone = (sf.Account.create({"Name": name})["id"] for name in ("Kept", "Gone"))
    sf.Account.delete(gone)
    now = datetime.now(UTC)
    window = (now - timedelta(hours=1), now + timedelta(minutes=2))
    updated = sf.Account.updated(*window)
    assert kept in updated["ids"]
    deleted = sf.Account.deleted(*window)
    assert gone in [each["id"] for each in deleted["deletedRecords"]]


def test_words_are_found(sf: Salesforce) -> None:
    made = sf.Account.create({"Name": "Zebra Findable & Sons", "Phone": "+49 777 123"})["id"]
    other = sf.Account.create({"Name": "Zebrafish"})["id"]
    sf.Contact.create({"LastName": "Zebra", "Email": "zebra@find.example"})
    found = sf.search(
        "FIND {zebra} IN ALL FIELDS RETURNING Account(Id, Name WHERE Phone != null ORDER BY Name LIMIT 5)"
    )
    assert [row["Id"] for row in found["searchRecords"]] == [made]
    assert {row["attributes"]["type"] for row in sf.quick_search("Zebra")["searchRecords"]} == {
        "Account",
        "Contact",
    }
    wild = sf.search("find {ZEBRA*} in name fields returning Account")["searchRecords"]
    assert {row["Id"] for row in wild} == {made, other}
    phrase = sf.search('FIND {"findable \\\\& sons" zebra} RETURNING Account'.replace("\\\\", "\\"))
    assert len(phrase["searchRecords"]) == 1
    assert sf.search("FIND {zebra@find.example} IN EMAIL FIELDS RETURNING Contact(LastName)")["searchRecords"]
    body = {"q": "zebra", "in": "NAME", "fields": ["Id", "Name"], "sobjects": [{"name": "Account"}]}
    assert len(sf.restful("parameterizedSearch", method="POST", json=body)["searchRecords"]) == 1
    for wrong in ("zebra", "FIND {z}", "FIND {}", "FIND {zebra OR lion}", "FIND {zebra} RETURNING (Id)"):
        with pytest.raises(SalesforceMalformedRequest) as refused:
            sf.search(wrong)
        assert refused.value.content[0]["errorCode"] == "MALFORMED_SEARCH"


def test_recent_items_are_those_that_a_call_marks(sf: Salesforce) -> None:
    marked = {"Sforce-Mru": "updateMru=true"}
    first = sf.Account.create({"Name": "Seen first"}, headers=marked)["id"]
    second = sf.Contact.create({"LastName": "Seen last"}, headers=marked)["id"]
    sf.Account.create({"Name": "Not seen"})
    listed = sf.restful("recent")
    assert [each["Id"] for each in listed][:2] == [second, first]
    assert listed[1]["Name"] == "Seen first"
    sf.Account.get(first, headers=marked)
    assert [each["Id"] for each in sf.restful("recent", params={"limit": 1})] == [first]
    assert sf.Account.metadata()["recentItems"][0]["Id"] == first
    sf.Account.delete(first)
    assert first not in [each["Id"] for each in sf.restful("recent")]
    with pytest.raises(SalesforceMalformedRequest):
        sf.restful("recent", params={"limit": 0})


def test_bulk2_writes_with_every_operation(sf: Salesforce, rehearsal: Rehearsal, tmp_path: Path) -> None:
    rows = [{"Name": f"Bulk {n:03}", "Interop__c": f"b{n}"} for n in range(250)]
    (job,) = sf.bulk2.Account.insert(records=rows, wait=WAIT)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"], job["numberRecordsTotal"]) == (
        250,
        0,
        250,
    )
    made = list(csv.DictReader(io.StringIO(sf.bulk2.Account.get_successful_records(job["job_id"]))))
    ids = {row["Name"]: row["sf__Id"] for row in made}
    assert len(ids) == 250

    changes = [{"Id": ids["Bulk 000"], "Name": "Bulk x"}, {"Id": "001", "Name": "Bulk y"}]
    (job,) = sf.bulk2.Account.update(records=changes, wait=WAIT)
    assert job["numberRecordsFailed"] == 1
    results = sf.bulk2.Account.get_all_ingest_records(job["job_id"])
    assert results["failedRecords"][0]["sf__Error"] == "MALFORMED_ID:malformed id 001:--"
    assert results["successfulRecords"][0]["sf__Created"] == "false"
    assert results["unprocessedRecords"] == []
    assert "sf__Error" in sf.bulk2.Account.get_failed_records(job["job_id"])

    file = tmp_path / "upsert.csv"
    file.write_text('Interop__c,Name\nb1,"Bulk, again"\nnew,Bulk new\n')
    jobs = sf.bulk2.Account.upsert(
        csv_file=str(file), external_id_field="Interop__c", batch_size=1, wait=WAIT
    )
    assert [each["numberRecordsProcessed"] for each in jobs] == [1, 1]
    assert {"Bulk, again", "Bulk new", "Bulk x"} <= set(names(sf, "Bulk"))

    sf.bulk2.Account.delete(records=[{"Id": ids["Bulk 002"]}], wait=WAIT)
    username = rehearsal.handout["salesforce"]["username"]
    rehearsal.run(lambda: rehearsal.org.directory.switch_permissions(username, {"BulkApiHardDelete": True}))
    sf.bulk2.Account.hard_delete(records=[{"Id": ids["Bulk 003"]}], wait=WAIT)
    soql = f"SELECT Id FROM Account WHERE Id IN ('{ids['Bulk 002']}', '{ids['Bulk 003']}')"
    assert [row["Id"] for row in sf.query(soql, include_deleted=True)["records"]] == [ids["Bulk 002"]]

    with pytest.raises(SalesforceOperationError) as failed:
        sf.bulk2.Account.insert(records=[{"Bacon__c": "x"}], wait=WAIT)
    assert "Field name not found : Bacon__c" in str(failed.value)


def test_bulk2_reads_into_memory_and_into_a_file(sf: Salesforce, tmp_path: Path) -> None:
    sf.bulk2.Contact.insert(records=[{"LastName": f"Read {n:02}"} for n in range(25)], wait=WAIT)
    soql = "SELECT LastName FROM Contact WHERE LastName LIKE 'Read %'"
    pages = list(sf.bulk2.Contact.query(soql, max_records=10, wait=WAIT))
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert (len(pages), len({row["LastName"] for row in rows})) == (3, 25)
    assert sum(page.count("Read ") for page in sf.bulk2.Contact.query_all(soql, wait=WAIT)) == 25
    files = sf.bulk2.Contact.download(soql, path=str(tmp_path), max_records=20, wait=WAIT)
    assert [each["number_of_records"] for each in files] == [20, 5]
    assert all(Path(each["file"]).exists() for each in files)


def test_the_older_bulk_api_is_switched_off_and_says_so(sf: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.bulk.Account.insert([{"Name": "Old"}])
    assert "Async API not enabled" in str(refused.value.content)


def test_refusals_become_the_librarys_exceptions(sf: Salesforce, rehearsal: Rehearsal) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        sf.query("SELECT Bacon__c FROM Account")
    assert malformed.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceMalformedRequest):
        sf.Account.updated(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001 - it sends a broken zone
    with pytest.raises(SalesforceResourceNotFound):
        sf.restful("sobjects/Nothing__c")
    with pytest.raises(SalesforceGeneralError) as wrong_method:
        sf.restful("limits", method="DELETE")
    assert wrong_method.value.status == 405
    with requests.Session() as session:
        session.trust_env = False
        session.mount(sf.base_url.partition("/services")[0] + "/", PlainLoopback())
        stranger = Salesforce(instance=sf.sf_instance, session_id="00Dx!y", session=session, version="62.0")
        with pytest.raises(SalesforceExpiredSession):
            stranger.query("SELECT Id FROM Account")
    usage = rehearsal.stage.access.usage
    limit = rehearsal.run(lambda: usage.limit)
    rehearsal.run(lambda: setattr(usage, "limit", 0))
    try:
        with pytest.raises(SalesforceRefusedRequest) as refused:
            sf.query("SELECT Id FROM Account")
        assert refused.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    finally:
        rehearsal.run(lambda: setattr(usage, "limit", limit))
