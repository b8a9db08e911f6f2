"""Jobs while they run: states, pauses, aborting, restarts, faults, other users, allowances."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.server import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Org


def text_of(count: int, word: str) -> str:
    return "Name\n" + "".join(f"{word} {number:05}\n" for number in range(count))


def count_of(org: Org, word: str) -> int:
    found = org.call("GET", "query", params={"q": f"SELECT COUNT() FROM Account WHERE Name LIKE '{word} %'"})
    return int(found.json()["totalSize"])


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_a_poller_sees_a_job_at_work_before_its_end_and_other_calls_are_answered(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_rows_per_second": 400})
    job = org.open("insert")
    org.upload(job, text_of(600, "Slow"))
    org.finish(job)
    seen: list[tuple[str, int]] = []
    while not seen or seen[-1][0] != "JobComplete":
        found = org.job(job)
        seen.append((found["state"], found["numberRecordsProcessed"]))
        org.call("GET", "limits")
    states = list(dict.fromkeys(state for state, _ in seen))
    assert states[-2:] == ["InProgress", "JobComplete"]
    partly = {done for state, done in seen if state == "InProgress" and 0 < done < 600}
    assert len(partly) >= 3
    assert seen[-1][1] == 600
    assert count_of(org, "Slow") == 600


def test_a_stalled_job_stays_until_it_may_go_on(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_stall": True})
    job = org.open("insert")
    org.upload(job, text_of(3, "Stall"))
    org.finish(job)
    query = org.ask("SELECT Id FROM Account WHERE Name LIKE 'Stall %'")
    for _ in range(20):
        assert org.job(job)["state"] == "UploadComplete"
        assert org.job(query, "query")["state"] == "UploadComplete"
    code, _ = org.refused("GET", f"jobs/ingest/{job}/successfulResults")
    assert code == "INVALIDJOBSTATE"
    assert org.refused("GET", f"jobs/query/{query}/results")[0] == "INVALIDJOBSTATE"
    org.control("POST", "/salesforce/options", {"bulk_stall": False})
    assert org.ended(job)["state"] == "JobComplete"
    assert org.ended(query, "query")["state"] == "JobComplete"


def test_an_aborted_job_keeps_what_is_done_and_gives_the_rest_back(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_rows_per_second": 80})
    job = org.open("insert")
    org.upload(job, text_of(500, "Abort"))
    org.finish(job)
    until(lambda: org.job(job)["numberRecordsProcessed"] >= 20)
    assert org.finish(job, "Aborted")["state"] == "Aborted"
    done = org.job(job)
    good, left = org.results(job), org.results(job, "unprocessedRecords")
    assert len(good) == done["numberRecordsProcessed"] == count_of(org, "Abort") > 0
    names = {row["Name"] for row in good} | {row["Name"] for row in left}
    assert len(good) + len(left) == len(names) == 500
    assert list(left[0]) == ["Name"]
    code, message = org.refused("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"})
    assert (code, message) == ("INVALIDJOBSTATE", "Aborting already Aborted Job not allowed")


def test_a_completed_job_is_neither_aborted_nor_closed_again(org: Org) -> None:
    done = org.run("insert", text_of(1, "Twice"))
    path = f"jobs/ingest/{done['id']}"
    assert org.refused("PATCH", path, json={"state": "Aborted"}) == (
        "INVALIDJOBSTATE",
        "Aborting already Completed Job not allowed",
    )
    assert org.refused("PATCH", path, json={"state": "UploadComplete"})[0] == "INVALIDJOBSTATE"
    assert org.refused("PATCH", path, json={"state": "JobComplete"})[0] == "INVALIDJOB"


def test_a_job_can_fail_halfway(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_fail_after": 250})
    done = org.run("insert", text_of(600, "Half"))
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 250)
    assert done["errorMessage"].startswith("InternalServerError : ")
    assert len(org.results(done)) == count_of(org, "Half") == 250
    assert len(org.results(done, "unprocessedRecords")) == 350


def test_jobs_are_deleted_once_they_are_over(org: Org) -> None:
    job = org.open("insert")
    assert org.refused("DELETE", f"jobs/ingest/{job}")[0] == "INVALIDJOBSTATE"
    org.finish(job, "Aborted")
    assert org.call("DELETE", f"jobs/ingest/{job}", 204).content == b""
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/failedResults")):
        assert org.refused(method, f"jobs/ingest/{job}{path}", 404)[0] == "NOT_FOUND"
    assert org.refused("GET", "jobs/ingest/750000000000001", 404)[0] == "NOT_FOUND"


def test_lists_name_jobs_by_kind_and_go_on_at_a_locator(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.rehearsal.salesforce.bulk.jobs.LIST_PAGE", 2)
    made = [org.open("insert") for _ in range(3)]
    asked = org.ask("SELECT Id FROM Account LIMIT 1")
    listed: list[str] = []
    path = "jobs/ingest?jobType=V2Ingest&isPkChunkingEnabled=false&concurrencyMode=parallel"
    while path:
        page = org.call("GET", path).json()
        assert list(page) == ["done", "nextRecordsUrl", "records"]
        assert page["done"] is (page["nextRecordsUrl"] is None)
        listed += [job["id"] for job in page["records"]]
        assert {job["jobType"] for job in page["records"]} <= {"V2Ingest"}
        path = page["nextRecordsUrl"]
    assert listed[-3:] == made
    assert asked in [job["id"] for job in _all(org, "jobs/query")]
    assert asked not in listed
    for nothing in ("jobs/ingest?jobType=Classic", "jobs/query?isPkChunkingEnabled=true"):
        assert org.call("GET", nothing).json() == {"done": True, "nextRecordsUrl": None, "records": []}
    assert org.refused("GET", "jobs/ingest?queryLocator=nonsense")[0] == "INVALIDQUERYLOCATOR"


def _all(org: Org, path: str) -> Iterator[dict[str, str]]:
    while path:
        page = org.call("GET", path).json()
        yield from page["records"]
        path = page["nextRecordsUrl"]


def test_results_are_read_with_the_version_of_the_job(org: Org) -> None:
    done = org.run("insert", text_of(1, "Version"))
    other = f"/services/data/v61.0/jobs/ingest/{done['id']}"
    assert org.refused("GET", f"{other}/successfulResults", 409)[0] == "INVALIDVERSION"
    query = org.ask("SELECT Id FROM Account LIMIT 1")
    org.ended(query, "query")
    assert org.refused("GET", f"/services/data/v63.0/jobs/query/{query}/results", 409)[0] == "INVALIDVERSION"
    assert org.call("GET", other).json()["apiVersion"] == 62.0
    assert org.refused("GET", "/services/data/v40.0/jobs/ingest", 404)[0] == "NOT_FOUND"
    assert org.refused("POST", "/services/data/v46.0/jobs/query", 404, json={})[0] == "NOT_FOUND"


def test_a_job_goes_on_after_a_restart_with_nothing_written_twice(tmp_path: Path, org: Org) -> None:
    first = Rehearsal(state=tmp_path / "state", customers=0).start()
    try:
        one = _org_of(org, first)
        one.control("POST", "/salesforce/options", {"bulk_rows_per_second": 200})
        job = one.open("insert")
        one.upload(job, text_of(400, "Restart"))
        one.finish(job)
        opened = one.open("update")
        until(lambda: one.job(job)["numberRecordsProcessed"] >= 50)
        done_before = one.job(job)["numberRecordsProcessed"]
        one.close()
    finally:
        first.stop()
    assert done_before < 400
    with Rehearsal(state=tmp_path / "state") as again:
        two = _org_of(org, again)
        try:
            # No call wakes it: it goes on by itself. The org is asked beside the API.
            soql = "SELECT COUNT() FROM Account WHERE Name LIKE 'Restart %'"
            caller = Caller(again.org.admin_id, system=True)
            until(
                lambda: again.run(lambda: again.org.query(caller, soql, version="62.0"))["totalSize"] == 400
            )
            done = two.ended(job)
            assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (400, 0)
            assert len({row["Name"] for row in two.results(job)}) == count_of(two, "Restart") == 400
            assert two.job(opened)["state"] == "Open"
        finally:
            two.close()


def _org_of(org: Org, rehearsal: Rehearsal) -> Org:
    return type(org)(rehearsal)


def test_row_faults_strike_records_of_a_job(org: Org) -> None:
    fault = {"error": "UNABLE_TO_LOCK_ROW", "rows": True, "next": 2, "match": "Account"}
    org.control("POST", "/salesforce/faults", fault)
    done = org.run("insert", text_of(5, "Locked"))
    assert done["numberRecordsFailed"] == 2
    assert {error.split(":")[0] for error in org.errors(done)} == {"UNABLE_TO_LOCK_ROW"}
    assert count_of(org, "Locked") == 3


def test_faults_of_the_wire_reach_every_step(org: Org) -> None:
    org.control(
        "POST",
        "/salesforce/faults",
        {"error": "DROP_AFTER", "match": "POST /services/data/v62.0/jobs/ingest"},
    )
    with pytest.raises(httpx.TransportError):
        org.open("insert", externalIdFieldName="x")
    (job,) = [each for each in _all(org, "jobs/ingest") if each["state"] == "Open"][-1:]
    org.control("POST", "/salesforce/faults", {"error": "DROP", "match": "/batches"})
    with pytest.raises(httpx.TransportError):
        org.upload(job["id"], text_of(1, "Wire"))
    org.control(
        "POST", "/salesforce/faults", {"error": "HTML_503", "match": "/batches", "after_effect": True}
    )
    headers = {"Content-Type": "text/csv"}
    url = f"jobs/ingest/{job['id']}/batches"
    assert "<html>" in org.call("PUT", url, 503, content=b"Name\nWire 1\n", headers=headers).text
    assert org.refused("PUT", url, content=b"Name\nWire 2\n", headers=headers)[0] == "CLIENTINPUTERROR"
    org.control("POST", "/salesforce/faults", {"error": "SERVER_UNAVAILABLE", "match": "PATCH"})
    assert org.refused("PATCH", f"jobs/ingest/{job['id']}", 503, json={"state": "UploadComplete"})[0]
    assert org.finish(job["id"])["state"] == "UploadComplete"
    assert org.ended(job["id"])["numberRecordsProcessed"] == 1


def test_an_upload_that_breaks_off_leaves_the_job_open_and_empty(org: Org) -> None:
    job = org.open("insert")
    address = urlsplit(str(org.http.base_url))
    with socket.create_connection((address.hostname, address.port)) as line:
        head = (
            f"PUT /services/data/v62.0/jobs/ingest/{job}/batches HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {org.token}\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nName\nHal"
        )
        line.sendall(head.encode())
    assert org.job(job)["state"] == "Open"
    org.upload(job, text_of(1, "Broken"))
    org.finish(job)
    assert org.ended(job)["numberRecordsProcessed"] == 1


def test_changes_of_a_job_carry_the_client_and_the_api(org: Org) -> None:
    heard: list[Caller] = []
    rehearsal = org.rehearsal

    def listen(changes: object) -> None:
        heard.extend(change.caller for change in changes)  # type: ignore[attr-defined]

    rehearsal.run(lambda: rehearsal.org.listeners.append(listen))
    try:
        named = {"Sforce-Call-Options": "client=Someone/1.0, defaultNamespace=x"}
        body = {"operation": "insert", "object": "Account"}
        job = org.call("POST", "jobs/ingest", json=body, headers=named).json()["id"]
        org.upload(job, text_of(2, "Origin"))
        org.finish(job)
        org.ended(job)
    finally:
        rehearsal.run(lambda: rehearsal.org.listeners.remove(listen))
    assert [(caller.client, caller.api) for caller in heard] == [("Someone/1.0", "bulkapi")] * 2


def test_calls_batches_and_query_jobs_are_counted(org: Org) -> None:
    def limits() -> dict[str, dict[str, int]]:
        return dict(org.call("GET", "limits").json())

    before = limits()
    org.run("insert", text_of(1, "Counted"))
    org.ask("SELECT Id FROM Account LIMIT 1")
    after = limits()
    assert before["DailyBulkApiBatches"]["Remaining"] - after["DailyBulkApiBatches"]["Remaining"] == 1
    assert before["DailyBulkV2QueryJobs"]["Remaining"] - after["DailyBulkV2QueryJobs"]["Remaining"] == 1
    # Create, upload, close, at least one poll, the query, and the second reading of the limits.
    assert before["DailyApiRequests"]["Remaining"] - after["DailyApiRequests"]["Remaining"] >= 6


def test_a_spent_budget_refuses_jobs_too(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"daily_api_limit": 0})
    assert org.refused("POST", "jobs/ingest", 403, json={})[0] == "REQUEST_LIMIT_EXCEEDED"
    org.control("POST", "/salesforce/options", {"daily_api_limit": 1_000_000})


def test_jobs_of_somebody_else_are_not_there_unless_one_may_modify_all_data(org: Org) -> None:
    rehearsal = org.rehearsal
    own = org.open("insert")
    done = org.ask("SELECT Id FROM Account LIMIT 1")
    org.ended(done, "query")

    def sign_in() -> str:
        stage = rehearsal.stage
        caller = Caller(stage.org.admin_id, system=True)
        soql = "SELECT Id FROM User WHERE IsActive = true AND Profile.Name = 'Standard User' LIMIT 1"
        user = stage.org.query(caller, soql, version="62.0")["records"][0]["Id"]
        token = f"{stage.org.org_id[:15]}!else"
        stage.access.tokens.open_session(token, user, rehearsal.handout["salesforce"]["client_id"], "full")
        return token

    other = type(org)(rehearsal, rehearsal.run(sign_in))
    try:
        for path in (f"jobs/ingest/{own}", f"jobs/query/{done}", f"jobs/query/{done}/results"):
            assert other.refused("GET", path, 404)[0] == "NOT_FOUND"
        assert other.refused("PATCH", f"jobs/ingest/{own}", 404, json={"state": "Aborted"})[0] == "NOT_FOUND"
        assert list(_all(other, "jobs/ingest")) == []
        theirs = other.open("insert")
        assert org.job(theirs)["createdById"] != org.job(own)["createdById"]
        assert theirs in [each["id"] for each in _all(org, "jobs/ingest")]
        # Records are written as whoever made the job, with what they may see and do.
        other.upload(theirs, "Name,AnnualRevenue\nTheirs,1\n")
        other.finish(theirs)
        other.ended(theirs)
        found = org.query("SELECT CreatedById FROM Account WHERE Name = 'Theirs'")
        assert [row["CreatedById"] for row in found] == [org.job(theirs)["createdById"]]
    finally:
        other.close()


def test_an_upload_over_the_limit_is_refused_and_the_job_stays_open(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.rehearsal.salesforce.app.MAX_UPLOAD", 1000)
    job = org.open("insert")
    path, headers = f"jobs/ingest/{job}/batches", {"Content-Type": "text/csv"}
    assert (
        org.refused("PUT", path, 413, content=b"x" * 1001, headers=headers)[0] == "REQUEST_ENTITY_TOO_LARGE"
    )
    assert org.job(job)["state"] == "Open"
    org.upload(job, text_of(5, "Fits"))


def test_a_long_upload_is_split_into_batches_of_ten_thousand(org: Org) -> None:
    before = org.call("GET", "limits").json()["DailyBulkApiBatches"]["Remaining"]
    done = org.run("insert", "Name\n" + "".join(f"B {n}\n" for n in range(10_100)))
    assert done["numberRecordsProcessed"] == 10_100
    assert before - org.call("GET", "limits").json()["DailyBulkApiBatches"]["Remaining"] == 2


def test_jobs_are_forgotten_after_seven_days(tmp_path: Path, org: Org) -> None:
    ahead = [timedelta()]
    with Rehearsal(state=tmp_path, customers=0, clock=lambda: datetime.now(UTC) + ahead[0]) as rehearsal:
        one = type(org)(rehearsal)
        try:
            one.control("POST", "/salesforce/options", {"session_minutes": 100_000})
            job = one.open("insert")
            ahead[0] = timedelta(days=6, hours=23)
            assert one.job(job)["state"] == "Open"
            ahead[0] = timedelta(days=7, minutes=1)
            assert one.refused("GET", f"jobs/ingest/{job}", 404)[0] == "NOT_FOUND"
        finally:
            one.close()


def test_a_day_that_is_used_up_refuses_queries_and_fails_writing_jobs(org: Org) -> None:
    org.control("POST", "/salesforce/options", {"bulk_daily_batches": 0, "bulk_daily_query_jobs": 0})
    limits = org.call("GET", "limits").json()
    assert limits["DailyBulkApiBatches"] == limits["DailyBulkV2QueryJobs"] == {"Max": 0, "Remaining": 0}
    body = {"operation": "query", "query": "SELECT Id FROM Account LIMIT 1"}
    assert org.refused("POST", "jobs/query", json=body)[0] == "EXCEEDEDQUOTA"
    done = org.run("insert", text_of(2, "Quota"))
    assert (done["state"], done["errorMessage"]) == (
        "Failed",
        "ExceededQuota : ApiBatchItems Limit exceeded.",
    )
    assert count_of(org, "Quota") == 0
    assert len(org.results(done, "unprocessedRecords")) == 2


def test_the_rules_and_locks_of_the_org_hold_for_records_of_a_job(org: Org) -> None:
    locked = org.create("Account", Name="Bulk twin", Website="bulk-twin.example")
    rule = "/salesforce/rules/Standard_Account_Duplicate_Rule"
    org.control("POST", rule, {"active": True})
    try:
        done = org.run(
            "insert", "Name,Website\nBulk twin,bulk-twin.example\nBulk single,bulk-single.example\n"
        )
    finally:
        org.control("POST", rule, {"active": False})
    assert [error.split(":")[0] for error in org.errors(done)] == ["DUPLICATES_DETECTED"]
    assert [row["Name"] for row in org.results(done)] == ["Bulk single"]
    org.control("POST", "/salesforce/locks", {"ids": [locked], "next": 1})
    done = org.run("update", f"Id,Phone\n{locked},1\n")
    assert [error.split(":")[0] for error in org.errors(done)] == ["UNABLE_TO_LOCK_ROW"]
