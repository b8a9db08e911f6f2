"""Query jobs: what they can ask, how their results are paged and written."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from console.rehearsal.salesforce.bulk.reading import double_text

if TYPE_CHECKING:
    from conftest import Org

COUNT = 2_345


@pytest.fixture(scope="module")
def filled(running: object) -> None:
    """Records enough for several pieces."""
    from console.rehearsal.server import Rehearsal

    assert isinstance(running, Rehearsal)
    org = running.org
    rows = [{"Name": f"Many {number:05}", "NumberOfEmployees": number} for number in range(COUNT)]
    assert running.run(lambda: org.load("Account", rows)) == COUNT


@pytest.mark.usefixtures("filled")
def test_a_result_comes_whole_or_in_pages_of_the_asked_size(org: Org) -> None:
    made = org.call(
        "POST",
        "jobs/query",
        json={
            "operation": "query",
            "query": "SELECT Name, NumberOfEmployees FROM Account WHERE Name LIKE 'Many %'",
        },
        headers={"Accept": "text/csv; charset=UTF-8"},
    ).json()
    assert list(made) == [
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
        "contentType", "apiVersion", "lineEnding", "columnDelimiter",
    ]  # fmt: skip
    assert (made["object"], made["state"]) == ("Account", "UploadComplete")
    done = org.ended(made["id"], "query")
    assert list(done)[10:] == [
        "jobType", "lineEnding", "columnDelimiter", "numberRecordsProcessed", "retries", "totalProcessingTime",
    ]  # fmt: skip
    assert (done["jobType"], done["numberRecordsProcessed"]) == ("V2Query", COUNT)
    path = f"jobs/query/{made['id']}/results"
    whole = org.call("GET", path)
    assert whole.headers["sforce-numberofrecords"] == str(COUNT)
    assert whole.headers["sforce-locator"] == "null"
    lines = whole.text.splitlines()
    assert lines[:2] == ['"Name","NumberOfEmployees"', '"Many 00000","0"']
    assert len(lines) == COUNT + 1
    gathered, locator, pages = [], "", 0
    while locator != "null":
        page = org.call("GET", path, params={"maxRecords": 1000, **({"locator": locator} if locator else {})})
        locator = page.headers["sforce-locator"]
        head, *rows = page.text.splitlines()
        assert head == lines[0]
        assert len(rows) == int(page.headers["sforce-numberofrecords"])
        gathered += rows
        pages += 1
    assert (gathered, pages) == (lines[1:], 3)


def test_an_empty_result_is_a_header(org: Org) -> None:
    job = org.ask("SELECT Id, Owner.Name FROM Account WHERE Name = 'nobody at all'")
    org.ended(job, "query")
    reply = org.call("GET", f"jobs/query/{job}/results")
    assert reply.text == '"Id","Owner.Name"\n'
    assert (reply.headers["sforce-numberofrecords"], reply.headers["sforce-locator"]) == ("0", "null")


def test_values_are_written_as_the_bulk_api_writes_them(org: Org) -> None:
    parent = org.create("Account", Name="Parent")
    org.create(
        "Account", Name='Values "x"\u20ac', ParentId=parent, AnnualRevenue=912260031, Description="one\ntwo"
    )
    (row,) = org.read(
        "SELECT Name, AnnualRevenue, Description, Phone, IsDeleted, CreatedDate, Parent.Name, Parent.Owner.Email"
        " FROM Account WHERE Name LIKE 'Values%'",
        columnDelimiter="COMMA",
    )
    assert row["Name"] == 'Values "x"€'
    assert row["AnnualRevenue"] == "9.12260031E8"
    assert row["Description"] == "one\ntwo"
    assert (row["Phone"], row["IsDeleted"], row["Parent.Name"]) == ("", "false", "Parent")
    assert row["CreatedDate"].endswith("Z")
    assert "@" in row["Parent.Owner.Email"]


def test_query_all_finds_deleted_rows_and_query_does_not(org: Org) -> None:
    record = org.create("Account", Name="Bulk gone")
    org.call("DELETE", f"sobjects/Account/{record}", 204)
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Bulk gone'"
    assert org.read(soql) == []
    assert org.read(soql, "queryAll") == [{"Id": record, "IsDeleted": "true"}]


def test_results_use_the_delimiter_and_line_ending_of_the_job(org: Org) -> None:
    org.create("Account", Name="Tabbed", Phone="1")
    job = org.ask(
        "SELECT Name, Phone FROM Account WHERE Name = 'Tabbed'", columnDelimiter="TAB", lineEnding="CRLF"
    )
    org.ended(job, "query")
    assert org.call("GET", f"jobs/query/{job}/results").text == '"Name"\t"Phone"\r\n"Tabbed"\t"1"\r\n'


@pytest.mark.parametrize(
    ("soql", "code", "part"),
    [
        ("SELECT COUNT() FROM Account", "FEATURENOTENABLED", "Aggregate functions not supported"),
        ("SELECT COUNT(Id) FROM Account", "FEATURENOTENABLED", "Aggregate functions not supported"),
        ("SELECT Name FROM Account GROUP BY Name", "FEATURENOTENABLED", "GROUP BY not supported"),
        ("SELECT Name FROM Account LIMIT 1 OFFSET 1", "FEATURENOTENABLED", "OFFSET not supported"),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "FEATURENOTENABLED",
            "Aggregate Relationships not supported in Bulk V2 Query with CSV content type",
        ),
        (
            "SELECT BillingAddress FROM Account",
            "API_ERROR",
            "Selecting compound data not supported in Bulk Query",
        ),
        ("SELECT Account.BillingAddress FROM Contact", "API_ERROR", "Selecting compound data"),
        ("SELECT Bacon__c FROM Account", "INVALID_FIELD", "No such column 'Bacon__c' on entity 'Account'"),
        ("SELECT Id FROM Bacon__c", "INVALID_TYPE", "sObject type 'Bacon__c' is not supported"),
        ("SELEKT", "MALFORMED_QUERY", "unexpected token: SELEKT"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
    ],
)
def test_what_bulk_cannot_ask_is_refused_when_the_job_is_created(
    org: Org, soql: str, code: str, part: str
) -> None:
    found, message = org.refused("POST", "jobs/query", json={"operation": "query", "query": soql})
    assert found == code
    assert part in message


def test_a_query_job_is_read_at_its_end_and_deleted(org: Org) -> None:
    job = org.ask("SELECT Id FROM Account LIMIT 1")
    org.ended(job, "query")
    path = f"jobs/query/{job}"
    assert (
        org.refused("PATCH", path, json={"state": "Aborted"})[1]
        == "Aborting already Completed Job not allowed"
    )
    assert org.refused("PATCH", path, json={"state": "UploadComplete"})[0] == "INVALIDJOB"
    assert org.refused("GET", f"{path}/results?locator=zzz")[0] == "INVALIDQUERYLOCATOR"
    assert org.refused("GET", f"{path}/results?maxRecords=0")[0] == "INVALIDPARAMETER"
    assert org.refused("GET", f"jobs/ingest/{job}", 404)[0] == "NOT_FOUND"
    assert org.call("HEAD", f"{path}/results").content == b""
    org.call("DELETE", path, 204)
    assert org.refused("GET", path, 404)[0] == "NOT_FOUND"


def test_an_aborted_query_has_no_result(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_stall": True})
    job = org.ask("SELECT Id FROM Account")
    assert org.refused("DELETE", f"jobs/query/{job}")[0] == "INVALIDJOBSTATE"
    aborted = org.call("PATCH", f"jobs/query/{job}", json={"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    assert org.refused("GET", f"jobs/query/{job}/results")[0] == "INVALIDJOBSTATE"


def test_names_may_be_parents_in_any_case(org: Org) -> None:
    org.create("Account", Name="Case")
    job = org.ask("select id, owner.NAME from account where name = 'Case'")
    org.ended(job, "query")
    rows = list(csv.reader(io.StringIO(org.call("GET", f"jobs/query/{job}/results").text)))
    assert rows[0] == ["Id", "Owner.Name"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (50.0, "50.0"), (-12.25, "-12.25"), (9999999.0, "9999999.0"), (1e7, "1.0E7"),
     (912260031.0, "9.12260031E8"), (123456789012.34, "1.2345678901234E11"), (0.0005, "5.0E-4")],
)  # fmt: skip
def test_numbers_look_as_java_prints_them(value: float, text: str) -> None:
    assert double_text(value) == text
