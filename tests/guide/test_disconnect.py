"""Leaving: what is proven, what goes, what stays, and what happens when something is in the way."""

import threading
from pathlib import Path

import pytest

from console.errors import StoreError
from console.guide.disconnect import Leaving
from console.guide.steps import StepState
from console.store.cache import Cache
from console.sync.session import open_session


def records(bench):
    """Every business record with its stamp and who changed it last."""
    return [
        bench.query(f"SELECT Id, SystemModstamp, LastModifiedById FROM {name} ORDER BY Id")
        for name in ("Account", "Contact")
    ]


def run(leaving):
    return leaving.run(lambda step: None, threading.Event())


@pytest.fixture
def synced(bench):
    """A connection after its first pass."""
    name = bench.connected()
    with open_session(bench.connections.load(name), bench.connections, bench.secrets) as session:
        session.engine.run()
    return name


def test_disconnecting_ends_the_access_and_changes_no_record(bench, synced):
    before = records(bench)
    access = bench.secrets.get(synced, "salesforce_access")
    leaving = bench.desk.disconnect(synced)
    receipt = run(leaving)
    assert receipt.complete
    assert [step.state for step in leaving.steps()] == ["done"] * 9
    assert not bench.token_works(access)
    assert records(bench) == before
    assert bench.secrets.get(synced, "salesforce_refresh") is None
    assert bench.secrets.get(synced, "alguna_key") is None
    folder = bench.connections.folder(synced)
    assert not (folder / "session.json").exists()
    assert not (folder / "health.json").exists()
    assert bench.connections.load(synced).disconnected_at


def test_the_refresh_token_is_dead_too(bench, synced):
    import httpx

    refresh = bench.secrets.get(synced, "salesforce_refresh")
    run(bench.desk.disconnect(synced))
    org = bench.handout["salesforce"]
    answer = httpx.post(
        org["login_url"] + "/services/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": refresh, "client_id": org["client_id"]},
        trust_env=False,
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_the_receipt_tells_what_was_done_and_what_stays_and_holds_no_secret(bench, synced):
    secrets = [
        bench.secrets.get(synced, kind) for kind in ("salesforce_access", "salesforce_refresh", "alguna_key")
    ]
    text = Path(run(bench.desk.disconnect(synced)).path).read_text(encoding="utf-8")
    assert "answered 401" in text
    assert "Unchanged" in text
    assert "Alguna_Customer_ID__c" in text
    assert not [secret for secret in secrets if secret in text]


def test_a_rehearsed_disconnect_changes_nothing(bench, synced):
    access = bench.secrets.get(synced, "salesforce_access")
    leaving = Leaving(bench.connections.load(synced), bench.connections, bench.secrets, bench.desk.now)
    *_, reports = leaving.walk(rehearse=True)
    assert {report.state for report in reports} == {StepState.CHECKED}
    assert bench.token_works(access)
    assert bench.secrets.get(synced, "alguna_key")
    assert not bench.connections.load(synced).disconnected_at
    assert not list(bench.connections.folder(synced).glob("receipt*"))


def test_the_open_console_is_stopped_first(bench, synced):
    opened = bench.desk.open(synced)
    assert run(bench.desk.disconnect(synced)).complete
    assert opened.paused()


def test_another_console_that_syncs_is_in_the_way_and_named(bench, synced):
    settings = bench.connections.load(synced)
    with Cache.open(bench.connections.cache_path(synced), org_id=settings.org_id, holder="another one"):
        receipt = run(bench.desk.disconnect(synced))
        assert not receipt.complete
        assert "another console" in receipt.sentence
        assert bench.token_works(bench.secrets.get(synced, "salesforce_access"))
    assert run(bench.desk.disconnect(synced)).complete


def test_a_session_that_is_dead_already_does_not_keep_anyone(bench, synced):
    bench.control("POST", "salesforce/sessions/revoke")
    receipt = run(bench.desk.disconnect(synced))
    assert receipt.complete
    assert "Not possible and not needed" in Path(receipt.path).read_text(encoding="utf-8")


def test_a_session_that_only_expired_is_renewed_to_prove_that_nothing_changed(bench, synced):
    bench.control("POST", "salesforce/sessions/expire")
    receipt = run(bench.desk.disconnect(synced))
    assert receipt.complete
    assert "Unchanged" in Path(receipt.path).read_text(encoding="utf-8")


def test_others_may_go_on_working_meanwhile(bench, synced):
    account = bench.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    leaving = bench.desk.disconnect(synced)
    for reports in leaving.walk():
        if reports[2].state is StepState.DONE and reports[3].state is StepState.WAITING:
            bench.control(
                "PATCH", f"salesforce/records/Account/{account}", {"fields": {"Phone": "+1 555 0100"}}
            )
    assert [report.state for report in reports] == [StepState.DONE] * 9, reports
    assert "others went on working" in reports[3].detail


def test_an_org_that_does_not_answer_stops_the_procedure_and_it_goes_on_later(bench, synced):
    leaving = bench.desk.disconnect(synced)
    bench.control("POST", "salesforce/faults", {"error": "DROP", "share": 1.0})
    first = run(leaving)
    assert not first.complete
    assert first.sentence
    assert bench.secrets.get(synced, "salesforce_refresh")
    bench.control("DELETE", "salesforce/faults")
    assert run(leaving).complete


def test_a_receipt_that_cannot_be_written_is_said_and_the_rest_stays_done(bench, synced, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    leaving = Leaving(
        bench.connections.load(synced),
        bench.connections,
        bench.secrets,
        bench.desk.now,
        receipt=in_the_way / "receipt.md",
    )
    assert not run(leaving).complete
    assert [step.state for step in leaving.steps()] == ["done"] * 8 + ["failed"]
    in_the_way.unlink()
    assert run(leaving).complete


def test_connecting_again_under_the_same_name_takes_the_cache_up(bench, synced):
    run(bench.desk.disconnect(synced))
    accounts = bench.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    again = bench.connected()
    assert again == synced
    with open_session(bench.connections.load(again), bench.connections, bench.secrets) as session:
        assert session.cache.links.count() > 0
        summary = session.engine.run()
    assert summary.applied == 0
    assert bench.query("SELECT COUNT(Id) n FROM Account")[0]["n"] == accounts


def test_a_damaged_cache_does_not_keep_anyone(bench, synced):
    path = bench.connections.cache_path(synced)
    path.write_bytes(b"not a database" * 1000)
    for beside in path.parent.glob("cache.db-*"):
        beside.unlink()
    with pytest.raises(StoreError):
        bench.desk.open(synced)
    assert run(bench.desk.disconnect(synced)).complete


def in_org(bench):
    """What is left of set-up in the org: permission sets, their assignments, and fields that hold data."""
    return {
        "sets": len(bench.query("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'")),
        "assignments": len(
            bench.query("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Alguna_Sync'")
        ),
    }


def artefacts(bench, name):
    with Cache.open(bench.connections.cache_path(name), org_id=bench.connections.load(name).org_id) as cache:
        return {(each.kind, each.api_name) for each in cache.artefacts.all()}


def test_what_set_up_made_goes_and_the_fields_stay_with_their_data(bench, synced):
    assert in_org(bench) == {"sets": 1, "assignments": 1}
    leaving = bench.desk.disconnect(synced)
    assert any("removed, as far as this user may" in sentence for sentence in leaving.inventory().goes)
    detail = {step.name: step.detail for step in (run(leaving), leaving.steps())[1]}["unmake"]
    assert "Alguna_Sync" in detail
    assert "looked for, and not found" in detail, "its removal was seen, not believed"
    assert in_org(bench) == {"sets": 0, "assignments": 0}
    left = {kind for kind, _ in artefacts(bench, synced)}
    assert "field" in left
    assert not left & {"channel", "channel_member", "permission_set", "assignment"}
    assert bench.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null")


def test_without_the_right_to_remove_it_stays_and_is_said_to(bench, synced):
    username = bench.handout["salesforce"]["username"]
    bench.control(
        "POST",
        f"salesforce/users/{username}/permissions",
        {"ManageProfilesPermissionsets": False, "AssignPermissionSets": False, "ManageUsers": False},
    )
    leaving = bench.desk.disconnect(synced)
    assert run(leaving).complete
    detail = {step.name: step.detail for step in leaving.steps()}["unmake"]
    assert "Alguna_Sync stays" in detail
    assert "administrator" in detail
    assert in_org(bench)["sets"] == 1


def test_what_was_found_is_not_ours_to_remove(bench, synced):
    settings = bench.connections.load(synced)
    with Cache.open(bench.connections.cache_path(synced), org_id=settings.org_id) as cache:
        for each in cache.artefacts.all():
            cache.artefacts.forget(each.kind, each.api_name)
            cache.artefacts.record(each.kind, each.api_name, each.sf_id, False, "2026-01-02T03:04:05Z")
    assert run(bench.desk.disconnect(synced)).complete
    assert in_org(bench) == {"sets": 1, "assignments": 1}
