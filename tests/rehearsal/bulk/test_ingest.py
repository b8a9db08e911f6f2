"""Ingest jobs from their creation to their results, by a plain HTTP client."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Org

CSV_TYPE = {"Content-Type": "text/csv"}


def names(org: Org, like: str) -> list[str]:
    return [
        row["Name"] for row in org.query(f"SELECT Name FROM Account WHERE Name LIKE '{like}%' ORDER BY Name")
    ]


def test_a_job_shows_the_documented_keys_in_their_order_at_each_step(org: Org) -> None:
    body = {"operation": "insert", "object": "account", "contentType": "CSV"}
    made = org.call("POST", "jobs/ingest/", json=body, headers={"X-PrettyPrint": "1"}).json()
    assert list(made) == [
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
        "contentType", "apiVersion", "contentUrl", "lineEnding", "columnDelimiter",
    ]  # fmt: skip
    assert made["object"] == "Account"
    assert made["id"].startswith("750")
    assert made["apiVersion"] == 62.0
    assert made["contentUrl"] == f"services/data/v62.0/jobs/ingest/{made['id']}/batches"
    assert made["createdDate"].endswith("+0000")
    put = org.call("PUT", "/" + made["contentUrl"], 201, content=b"Name\nStep\n", headers=CSV_TYPE)
    assert put.content == b""
    closed = org.finish(made["id"])
    assert list(closed) == [key for key in made if key not in ("contentUrl", "lineEnding", "columnDelimiter")]
    assert closed["state"] == "UploadComplete"
    seen = org.job(made["id"][:15])
    assert seen["state"] in ("UploadComplete", "InProgress")
    done = org.ended(made["id"])
    assert list(done)[-8:] == [
        "lineEnding", "columnDelimiter", "numberRecordsProcessed", "numberRecordsFailed", "retries",
        "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime",
    ]  # fmt: skip
    assert done["jobType"] == "V2Ingest"
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete",
        1,
        0,
    )


def test_every_operation_does_what_it_says(org: Org) -> None:
    made = org.results(org.run("insert", "Name,Phone\nOp A,1\nOp B,2\nOp C,3\n"))
    assert {row["sf__Created"] for row in made} == {"true"}
    ids = {row["Name"]: row["sf__Id"] for row in made}
    assert sorted(ids) == names(org, "Op ") == ["Op A", "Op B", "Op C"]
    assert [row["Name"] for row in made] != sorted(ids), "results keep no order"

    changed = org.run("update", f"Id,Phone,Website\n{ids['Op A']},,www.a.example\n{ids['Op B'][:15]},#N/A,\n")
    assert changed["numberRecordsFailed"] == 0
    assert {row["sf__Created"] for row in org.results(changed)} == {"false"}
    rows = org.query("SELECT Name, Phone, Website FROM Account WHERE Name LIKE 'Op %' ORDER BY Name")
    assert [(row["Phone"], row["Website"]) for row in rows] == [
        ("1", "www.a.example"),
        (None, None),
        ("3", None),
    ]

    put = org.run("upsert", f"Id,Name\n{ids['Op C']},Op C2\n,Op D\n", externalIdFieldName="Id")
    assert put["externalIdFieldName"] == "Id"
    assert sorted(row["sf__Created"] for row in org.results(put)) == ["false", "true"]
    assert names(org, "Op ") == ["Op A", "Op B", "Op C2", "Op D"]

    org.run("delete", f"Id\n{ids['Op A']}\n")
    assert names(org, "Op ") == ["Op B", "Op C2", "Op D"]
    deleted = org.call("GET", "queryAll", params={"q": f"SELECT Id FROM Account WHERE Id = '{ids['Op A']}'"})
    assert deleted.json()["totalSize"] == 1


def test_hard_delete_needs_its_permission_and_leaves_nothing_in_the_bin(org: Org) -> None:
    account = org.create("Account", Name="Hard")
    contact = org.create("Contact", LastName="Hard", AccountId=account)
    username = org.rehearsal.handout["salesforce"]["username"]
    org.control("POST", f"/salesforce/users/{username}/permissions", {"BulkApiHardDelete": False})
    code, message = org.refused("POST", "jobs/ingest", json={"operation": "hardDelete", "object": "Account"})
    assert code == "FEATURENOTENABLED"
    assert message.startswith("hardDelete operation requires special user profile permission")
    org.control("POST", f"/salesforce/users/{username}/permissions", {"BulkApiHardDelete": True})
    assert org.run("hardDelete", f"Id\n{account}\n")["numberRecordsFailed"] == 0
    for sobject, record in (("Account", account), ("Contact", contact)):
        found = org.call("GET", "queryAll", params={"q": f"SELECT Id FROM {sobject} WHERE Id = '{record}'"})
        assert found.json()["totalSize"] == 0


def test_rows_fail_one_by_one_and_the_job_completes(org: Org) -> None:
    text = (
        "Name,NumberOfEmployees,Website\n"
        "Row good,5,a.example\n"
        ",5,b.example\n"
        "Row number,five,c.example\n"
        f"Row long,1,{'x' * 256}\n"
    )
    done = org.run("insert", text)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete",
        4,
        3,
    )
    failed = org.results(done, "failedResults")
    assert {row["sf__Id"] for row in failed} == {""}
    errors = {row["Website"][0]: row["sf__Error"] for row in failed}
    assert errors["b"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert errors["c"] == (
        "INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'five' is not a valid value for the type "
        "xsd:int:NumberOfEmployees --"
    )
    assert errors["x"].startswith("STRING_TOO_LONG:Website: data value too large:")
    assert org.results(done, "unprocessedRecords") == []
    assert [row["Name"] for row in org.results(done)] == ["Row good"]


def test_results_quote_every_value_and_leave_own_column_names_bare(org: Org) -> None:
    done = org.run("insert", 'Name,Phone\n"Quote ""x"", y",\n,7\n')
    good = org.call("GET", f"jobs/ingest/{done['id']}/successfulResults")
    assert good.headers["content-type"] == "text/csv; charset=UTF-8"
    header, row, end = good.text.split("\n")
    assert header == '"sf__Id","sf__Created",Name,Phone'
    assert row.endswith(',"true","Quote ""x"", y",""')
    assert end == ""
    bad = org.call("GET", f"jobs/ingest/{done['id']}/failedResults").text.split("\n")
    assert bad[0] == '"sf__Id","sf__Error",Name,Phone'


@pytest.mark.parametrize(
    ("delimiter", "sign"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t"), ("COMMA", ",")],
)
def test_every_delimiter_and_both_line_endings_are_read_and_written(
    org: Org, delimiter: str, sign: str
) -> None:
    text = f"Name{sign}Phone\r\nEnd {delimiter}{sign}1\r\n"
    done = org.run("insert", text, columnDelimiter=delimiter, lineEnding="CRLF")
    assert (done["columnDelimiter"], done["lineEnding"]) == (delimiter, "CRLF")
    assert done["numberRecordsFailed"] == 0, org.errors(done)
    lines = org.call("GET", f"jobs/ingest/{done['id']}/successfulResults").text.split("\r\n")
    assert lines[1].split(sign)[2:] == [f'"End {delimiter}"', '"1"']


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("Name,Bacon__c\nx,y\n", {}, "InvalidBatch : Field name not found : Bacon__c"),
        ("Name,Owner.Bacon\nx,y\n", {}, "InvalidBatch : Field name not found : Owner.Bacon"),
        ("Name,name\nx,y\n", {}, "InvalidBatch : Duplicate field name : name"),
        (
            "Name\r\nx\r\n",
            {},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "Name\nx\n",
            {"lineEnding": "CRLF"},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF",
        ),
        ("Name;Phone\nx;y\n", {}, "InvalidBatch : Field name not found : Name;Phone"),
        ("", {}, "InvalidBatch : The file has no header row"),
        ("Id,Name\n001,x\n", {"operation": "delete"}, "InvalidBatch : Delete batch must contain only ids"),
        (
            "Phone\nx\n",
            {"operation": "upsert", "externalIdFieldName": "Id"},
            "InvalidBatch : Field name not found : Id",
        ),
    ],
)
def test_a_wrong_header_fails_the_job_and_touches_nothing(
    org: Org, text: str, more: dict[str, Any], message: str
) -> None:
    more = dict(more)
    done = org.run(more.pop("operation", "insert"), text, **more)
    assert (done["state"], done["errorMessage"]) == ("Failed", message)
    assert done["numberRecordsProcessed"] == 0
    unread = org.call("GET", f"jobs/ingest/{done['id']}/unprocessedRecords").text
    assert unread.replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_badly_quoted_rows_fail_alone(org: Org) -> None:
    text = 'Name,Phone\nFine,1\n"Blank" ,2\nMid"dle,3\nShort\n"Two\nlines",4\n"Never closed,5\nand on\n'
    done = org.run("insert", text)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (6, 4)
    assert sorted(row["Name"] for row in org.results(done)) == ["Fine", "Two\nlines"]
    assert sorted(error.split(":")[1] for error in org.errors(done)) == [
        "EOF reached before closing an opened quote",
        "Found unescaped quote. A value with a quote should be within a quote",
        "Not expecting more text after the closing quote",
        "The record has 1 fields where the header has 2",
    ]


def test_a_parent_is_named_by_its_external_id_or_a_unique_field(org: Org) -> None:
    username = org.rehearsal.handout["salesforce"]["username"]
    done = org.run("insert", f"Name,Owner.Username\nOwned,{username}\nNobody's,who@nowhere.example\n")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
    assert org.errors(done)[0].startswith(
        "INVALID_FIELD:Foreign key external ID: who@nowhere.example not found"
    )
    done = org.run("insert", f"Name,User:Owner.Username\nTyped,{username}\n")
    assert done["numberRecordsFailed"] == 0


def test_flags_take_the_words_of_the_guide(org: Org) -> None:
    text = "Name,Label,PermissionsRunReports\nWords_a,a,yes\nWords_b,b,0\nWords_c,c,maybe\n"
    done = org.run("insert", text, "PermissionSet")
    soql = "SELECT PermissionsRunReports FROM PermissionSet WHERE Name LIKE 'Words%' ORDER BY Name"
    assert [row["PermissionsRunReports"] for row in org.query(soql)] == [True, False]
    assert "xsd:boolean:PermissionsRunReports --" in org.errors(done)[0]


def test_a_record_without_an_id_or_twice_in_a_batch_is_refused(org: Org) -> None:
    record = org.create("Account", Name="Twice")
    done = org.run("update", "Id,Phone\n,1\n001,2\n")
    assert sorted(error.split(":")[0] for error in org.errors(done)) == ["MALFORMED_ID", "MISSING_ARGUMENT"]
    done = org.run("upsert", f"Id,Phone\n{record},1\n{record},2\n", externalIdFieldName="Id")
    assert org.errors(done) == [f"DUPLICATE_VALUE:Duplicate external id specified: {record}:Id --"]
    (failed,) = org.results(done, "failedResults")
    assert failed["sf__Id"] == record


def test_data_is_uploaded_once_and_before_the_job_is_closed(org: Org) -> None:
    job = org.open("insert")
    assert (
        org.refused("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})[0] == "INVALIDJOBSTATE"
    )
    assert org.refused("PUT", f"jobs/ingest/{job}/batches", 415, json={})[0] == "UNSUPPORTED_MEDIA_TYPE"
    org.upload(job, "Name\nOnce\n")
    path = f"jobs/ingest/{job}/batches"
    code, message = org.refused("PUT", path, content=b"Name\nTwice\n", headers=CSV_TYPE)
    assert code == "CLIENTINPUTERROR"
    assert message.startswith(f"Found multiple contents for job: <{job}>")
    org.finish(job)
    org.ended(job)
    assert org.refused("PUT", path, content=b"x", headers=CSV_TYPE)[0] == "INVALIDJOBSTATE"
    assert names(org, "Once") == ["Once"]
    assert names(org, "Twice") in ([], ["Twice"])


def test_compressed_and_chunked_uploads_are_the_same_data(org: Org) -> None:
    job = org.open("insert")
    content = gzip.compress(b"\xef\xbb\xbfName\nZipped \xc3\xbc\n")
    headers = {"Content-Type": "Text/CSV; charset=utf-8", "Content-Encoding": "gzip"}
    pieces = iter([content[:10], content[10:]])
    org.call("PUT", f"jobs/ingest/{job}/batches/", 201, content=pieces, headers=headers)
    org.finish(job)
    assert org.ended(job)["numberRecordsFailed"] == 0
    assert names(org, "Zipped") == ["Zipped ü"]
    asked = {"Accept-Encoding": "gzip"}
    good = org.call("GET", f"jobs/ingest/{job}/successfulResults", headers=asked)
    assert good.headers["content-encoding"] == "gzip"
    assert "Zipped ü" in good.text


def test_a_job_with_its_data_comes_in_one_request(org: Org) -> None:
    body = (
        '--BOUNDARY\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="job"\r\n\r\n'
        '{"object": "Account", "contentType": "CSV", "operation": "insert", "lineEnding": "LF"}\r\n\r\n'
        '--BOUNDARY\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name="content"; filename="content"\r\n'
        "\r\nName\nMulti\n\r\n--BOUNDARY--"
    )
    for text in (body, body.replace("\r\n", "\n")):
        headers = {"Content-Type": 'multipart/form-data; boundary="BOUNDARY"'}
        made = org.call("POST", "jobs/ingest", content=text.encode(), headers=headers).json()
        assert made["state"] == "UploadComplete"
        assert "contentUrl" not in made
        assert org.ended(made["id"])["numberRecordsProcessed"] == 1
    assert names(org, "Multi") == ["Multi", "Multi"]
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert org.refused("POST", "jobs/ingest", content=b"--x--", headers=broken)[0] == "CLIENTINPUTERROR"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "merge", "object": "Account"}, "INVALIDOPERATION"),
        ({"operation": "insert", "object": "Nothing__c"}, "INVALIDENTITY"),
        ({"operation": "insert"}, "INVALIDENTITY"),
        ({"operation": "upsert", "object": "Account"}, "INVALIDJOB"),
        ({"operation": "upsert", "object": "Account", "externalIdFieldName": "Phone"}, "INVALIDJOB"),
        ({"operation": "insert", "object": "Account", "contentType": "XML"}, "INVALIDJOB"),
        ({"operation": "insert", "object": "Account", "columnDelimiter": "DOT"}, "INVALIDJOB"),
        ({"operation": "insert", "object": "Account", "lineEnding": "CR"}, "INVALIDJOB"),
    ],
)
def test_a_job_that_cannot_be_is_refused_with_the_code_first(
    org: Org, body: dict[str, Any], code: str
) -> None:
    reply = org.call("POST", "jobs/ingest", 400, json=body)
    assert list(reply.json()[0]) == ["errorCode", "message"]
    assert reply.json()[0]["errorCode"] == code
