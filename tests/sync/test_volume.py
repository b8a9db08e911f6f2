"""Many rows: jobs of the Bulk API, seen through to their end whatever happens in between."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.domain.fields import CURRENCY, FIELD
from console.errors import BudgetReached, Cancelled, Refused, Unreachable
from console.salesforce import bulk, records
from console.salesforce.client import SalesforceClient, SubReply
from console.salesforce.info import Usage
from console.salesforce.session import Session
from console.settings import ConnectionSettings
from console.sync import observe
from console.sync.bulk import read as bulk_read
from console.sync.bulk import write as bulk_write
from console.sync.bulk.room import Room
from console.sync.bulk.size import ASKING, ROWS_A_CALL, STEPS, THRESHOLD, job_calls
from console.sync.cursors import utc_now
from console.sync.org import Org
from console.sync.workers import Workers

from .conftest import RATE, until

Build = Callable[..., Any]


def complete(world: Any) -> set[str]:
    """Customers that must have an account in an org that was empty."""
    return {id_ for id_, each in world.customers().items() if each["billing_address"] and each["contacts"]}


def jobs(world: Any) -> int:
    """How many jobs were made since the calls were last reset."""
    return sum(
        n
        for call, n in world.calls("salesforce").items()
        if call.startswith("POST") and "jobs/ingest" in call
    )


def all_there_once(world: Any) -> None:
    accounts = world.accounts()
    assert set(accounts) == complete(world)
    for id_, account in accounts.items():
        assert len(world.contacts(account["Id"])) == 1, id_
        assert world.customer(id_)["aliases"].count(account["Id"]) == 1


def test_a_large_set_goes_by_jobs_and_a_small_one_does_not(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.reset_calls("salesforce")
    summary = world.sync()
    assert jobs(world) == 2, "accounts, contacts"
    all_there_once(world)
    assert summary.refused == 0
    world.reset_calls("salesforce")
    assert world.sync().planned == 0
    first = sorted(world.accounts())[0]
    world.edit_customer(first, name="Renamed & Co")
    assert world.sync().applied == 1
    assert jobs(world) == 0


# --- a process that is killed ------------------------------------------------------------------------------

KILLED = f"""
import os, sys
from pathlib import Path
from console.salesforce.bulk import BulkJobs
from console.secrets import Secrets
from console.settings import Connections
from console.store.bulk import Bulk
from console.store.cache import Cache
from console.sync.bulk.outcomes import Outcomes
from console.sync.session import open_session

home, moment, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
owner = {{"create": BulkJobs, "created": Bulk, "upload": BulkJobs, "close": BulkJobs, "state": BulkJobs, "results": BulkJobs,
         "_applied": Outcomes}}[moment]
real, count = getattr(owner, moment), 0

def struck(*args, **how):
    global count
    answer = real(*args, **how)
    count += 1
    if count == nth:
        os.kill(os.getpid(), 9)
    return answer

setattr(owner, moment, struck)
connections = Connections(Path(home))
secrets = Secrets(connections, find_keyring=lambda: None)
with open_session(connections.load("practice"), connections, secrets, alguna_rate={RATE}) as session:
    session.engine.run()
"""
MOMENTS = ("create", "created", "upload", "close", "state", "results", "_applied")


@pytest.mark.parametrize("nth", [1, 2], ids=["accounts", "contacts"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_step_of_a_job_loses_nothing_and_makes_nothing_twice(
    build: Build, moment: str, nth: int
) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    home = world.cache_path.parents[2]
    command = [sys.executable, "-c", KILLED, str(home), moment, str(nth)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -9, done.stderr
    world.sync()
    all_there_once(world)
    assert len(world.query("SELECT Id FROM Contact")) == len(world.accounts())
    assert world.sync().planned == 0
    with world.open() as session:
        assert session.cache.bulk.under_way() == []
        assert session.cache.journal.unsettled() == []


# --- what the org answers ----------------------------------------------------------------------------------


def test_rows_that_a_job_refuses_are_told_like_any_other_and_the_rest_is_written(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", next=2, rows=True)
    summary = world.sync()
    assert summary.refused <= 1
    world.heal()
    with world.open() as session:
        session.engine.retry()
        session.engine.run()
    all_there_once(world)


def test_a_job_that_fails_as_such_is_made_up_for_with_collections(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.control("POST", "salesforce/options", {"bulk_fail_after": 12})
    world.sync()
    world.control("POST", "salesforce/options", {"bulk_fail_after": 0})
    all_there_once(world)
    assert world.sync().planned == 0


@pytest.mark.parametrize("error", ["DROP_AFTER", "HTML_503"])
@pytest.mark.parametrize("match", ["/jobs/ingest", "batches", "Results"])
def test_answers_that_get_lost_on_the_way_of_a_job_cost_a_pass_at_most(
    build: Build, match: str, error: str
) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.fault("salesforce", error, next=1, match=match)
    for _ in range(3):
        try:
            world.sync()
        except Unreachable:
            continue
        break
    all_there_once(world)
    assert world.sync().planned == 0


def test_rows_that_are_locked_while_a_job_runs_are_written_in_the_end(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.fault("salesforce", "UNABLE_TO_LOCK_ROW", next=5, rows=True)
    assert world.sync().refused == 0
    world.heal()
    world.sync()
    all_there_once(world)


@pytest.mark.parametrize("match", ["/jobs/ingest", "batches", "Results"])
def test_a_day_that_ends_in_the_middle_of_a_job_is_said_and_the_job_seen_through_later(
    build: Build, match: str
) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.fault("salesforce", "REQUEST_LIMIT_EXCEEDED", next=1, match=match)
    with pytest.raises(BudgetReached):
        world.sync()
    world.heal()
    world.sync()
    all_there_once(world)
    assert world.sync().planned == 0


def test_where_the_day_allows_no_batch_any_more_collections_do_it(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.control("POST", "salesforce/options", {"bulk_daily_batches": 0})
    assert world.sync().refused == 0
    all_there_once(world)
    assert "POST /jobs/ingest" not in world.calls("salesforce"), "asked before, not refused"


def test_where_the_org_does_not_tell_what_is_left_a_refused_job_leads_to_collections(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(client: SalesforceClient) -> dict[str, Any]:
        raise Refused("Not allowed.", "Ask.", code="INSUFFICIENT_ACCESS")

    monkeypatch.setattr(SalesforceClient, "limits", refuse)
    world = build(customers=40, org="empty", bulk_from=10)
    world.control("POST", "salesforce/options", {"bulk_daily_batches": 0})
    assert world.sync().refused == 0
    all_there_once(world)
    assert world.calls("salesforce")["POST /jobs/ingest"] > 0


@pytest.mark.parametrize(
    ("left", "rows", "writes", "reads"),
    [
        ({}, 10**9, True, True),
        ({"DailyBulkApiBatches": 2}, 20_000, True, True),
        ({"DailyBulkApiBatches": 2}, 20_001, False, True),
        ({"DailyBulkApiRequests": 0}, 1, False, True),
        ({"DailyBulkV2QueryJobs": 0}, 1, True, False),
        ({"DailyBulkV2QueryFileStorageMB": 10}, 10_001, True, False),
    ],
)
def test_what_is_left_of_a_day_decides_before_a_job_is_made(left, rows, writes, reads) -> None:
    room = Room({name: Usage(used=100 - each, limit=100) for name, each in left.items()})
    assert (room.reads(rows), room.writes(rows)) == (reads, writes)


def test_jobs_of_one_pass_share_what_is_left() -> None:
    room = Room({"DailyBulkApiBatches": Usage(used=0, limit=3)})
    assert [room.writes(15_000), room.writes(15_000)] == [True, False]


def test_an_org_that_gives_no_jobs_gets_collections(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> str:
        raise Refused("Not enabled.", "Enable it.", code="FEATURENOTENABLED")

    monkeypatch.setattr(bulk.BulkJobs, "create", refuse)
    world = build(customers=40, org="empty", bulk_from=10)
    world.sync()
    all_there_once(world)


def test_stopping_while_a_job_runs_takes_no_time_and_the_next_start_sees_it_through(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.control("POST", "salesforce/options", {"bulk_stall": True})
    stop = threading.Event()
    ended: list[float] = []

    def run() -> None:
        with pytest.raises(Cancelled):
            world.sync(cancelled=stop)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: any(call.startswith("GET /jobs/ingest") for call in world.calls("salesforce")))
    began = time.monotonic()
    stop.set()
    thread.join(10)
    assert ended
    assert ended[0] - began < 2
    world.control("POST", "salesforce/options", {"bulk_stall": False})
    world.reset_calls("salesforce")
    world.sync()
    assert jobs(world) == 1, "that of the contacts: the accounts' job was looked up"
    all_there_once(world)


def test_updates_of_many_records_go_by_a_job_and_leave_other_fields_alone(build: Build) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.sync()
    ids = sorted(world.accounts())
    for number, id_ in enumerate(ids):
        world.edit_customer(id_, name=f'Name {number}, "quoted" & more')
    before = world.accounts()
    world.reset_calls("salesforce")
    world.sync()
    assert jobs(world) == 1
    after = world.accounts()
    for number, id_ in enumerate(ids):
        assert after[id_]["Name"] == f'Name {number}, "quoted" & more'
        assert {k: v for k, v in after[id_].items() if k != "Name"} == {
            k: v for k, v in before[id_].items() if k != "Name"
        }
    assert world.sync().planned == 0


def test_an_account_that_moved_while_rows_were_gathered_is_planned_anew(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(customers=40, org="empty", bulk_from=10)
    world.sync()
    ids = sorted(world.accounts())
    for id_ in ids:
        world.edit_customer(id_, name=f"New {id_}")
    moved = world.accounts()[ids[0]]["Id"]
    real = bulk_write.BulkWriter.send

    def send(writer: Any, look: Any) -> None:
        monkeypatch.undo()
        world.edit_account(moved, Name="Edited by a person")
        real(writer, look)

    monkeypatch.setattr(bulk_write.BulkWriter, "send", send)
    summary = world.sync()
    assert summary.stale >= 1
    assert world.accounts()[ids[0]]["Name"] == f"New {ids[0]}", (
        "by the rule: Alguna wins, after both were seen"
    )


# --- reading -----------------------------------------------------------------------------------------------


def test_a_large_org_is_read_by_jobs_and_looks_the_same(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(customers=40, org="half")
    with monkeypatch.context() as large:
        # As if a page held fewer rows than the org has.
        large.setattr(SubReply, "next_url", property(lambda reply: "more" if reply.total >= 5 else None))
        large.setattr(observe, "BULK_READ", 5)
        large.setattr(bulk, "PAGE", 7)
        with world.open() as session:
            session.engine.request_import("none")
            list(session.engine.dry_run())
            assert world.calls("salesforce")["POST /jobs/query"] == 2
            results = "GET /jobs/query/.../results"
            assert world.calls("salesforce")[results] > 4, "several pages of seven rows"
    first = world.sync()
    assert first.refused == 0
    assert world.sync().planned == 0


def test_an_org_that_takes_no_job_today_is_read_by_pages(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(customers=4_400, org="half")
    world.control("POST", "salesforce/options", {"bulk_daily_query_jobs": 0})
    monkeypatch.setattr(observe, "BULK_READ", 1_000)
    workers = Workers(2, threading.Event())
    with world.open() as session:
        org = Org(session.salesforce, workers, lambda: None, world.settings.org_id)
        org.see(frozenset(FIELD) - {CURRENCY})
        there = next(session.salesforce.query("SELECT COUNT(Id) FROM Account"))[0]["expr0"]
        observe.observe_salesforce(org, session.cache, utc_now, lambda what, done: None)
        assert there > 2_000
        assert session.cache.accounts.count() == there
    assert "POST /jobs/query" not in world.calls("salesforce"), "asked before, not refused"


def test_rows_read_by_a_job_are_those_that_pages_tell(build: Build) -> None:
    world = build(customers=40, org="half")
    world.sync()
    with world.open() as session:
        workers = Workers(2, threading.Event())
        org = Org(session.salesforce, workers, lambda: None, world.settings.org_id)
        org.see(frozenset(FIELD) - {CURRENCY})
        for sobject, read in (("Account", records.account), ("Contact", records.contact)):
            query = org.select(sobject)
            paged = [read(row) for page in session.salesforce.query(query, deleted=True) for row in page]
            job_id = bulk_read.begin(org, query, 10, deleted=True)
            by_job = [read(row) for piece in bulk_read.rows(org, job_id) for row in piece]
            assert sorted(by_job, key=lambda each: each.id) == sorted(paged, key=lambda each: each.id)
            assert by_job
        workers.close()


# --- pieces ------------------------------------------------------------------------------------------------


def test_values_survive_the_csv_of_a_job() -> None:
    bodies = [
        {"Id": "1", "Name": 'a "b", c\nd', "Value": 12.5, "Gone": None},
        {"Id": "2", "Name": "Zoë ☂", "Other": ""},
    ]
    file = io.BytesIO()
    assert bulk.written(["Id", "Name", "Value", "Gone", "Other"], bodies, file) == 2
    assert list(bulk.table(file)) == [
        {"Id": "1", "Name": 'a "b", c\nd', "Value": "12.5", "Gone": "#N/A", "Other": ""},
        {"Id": "2", "Name": "Zoë ☂", "Value": "", "Gone": "", "Other": ""},
    ]
    assert not bulk.fits({"Name": "#N/A"})
    assert bulk.fits({"Name": "N/A", "Value": Decimal(1)})


def test_the_error_of_a_row_is_read_with_its_fields() -> None:
    error = bulk.error_in("STRING_TOO_LONG:City: data value too large: x (max length=40):BillingCity --")
    assert (error.code, error.fields) == ("STRING_TOO_LONG", ("BillingCity",))  # type: ignore[attr-defined]
    assert (
        bulk.error_in("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--").code == "UNABLE_TO_LOCK_ROW"
    )
    assert bulk.error_in("").category == "refused"


def test_from_the_threshold_on_a_job_costs_little_more_than_half_the_calls() -> None:
    assert job_calls(10_000) >= 10_000 // ROWS_A_CALL
    assert job_calls(THRESHOLD) <= 0.6 * THRESHOLD / ROWS_A_CALL
    assert job_calls(50_001) == job_calls(50_000) + job_calls(1) - ASKING
    assert STEPS < job_calls(1) < job_calls(50_000)


def test_the_setting_is_what_was_measured() -> None:
    assert ConnectionSettings(name="x").bulk_from == THRESHOLD


def test_a_jobs_calls_carry_the_consoles_name(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    world = build(customers=12, org="empty")
    with world.open() as session:
        client = session.salesforce
        sent: list[str] = []
        real = Session.request

        def request(self: Session, *args: Any, **options: Any) -> Any:
            sent.append(self.headers["Sforce-Call-Options"])
            return real(self, *args, **options)

        monkeypatch.setattr(Session, "request", request)
        job = client.bulk.create("insert", "Account")
        client.bulk.upload(job, io.BytesIO(b'"Name"\n"One"\n'))
        client.bulk.close(job)
        assert len(sent) == 3
        assert all(value.startswith("client=") for value in sent)
