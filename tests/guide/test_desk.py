"""The desk: connections listed, opened, looked at, signed in again, and closed in time."""

import errno
import os
import threading
import time
from dataclasses import replace

import pytest

from console.domain.records import State
from console.errors import Conflict, StoreError, UsageError
from console.guide.desk import ConsoleDesk
from console.secrets import Secrets
from console.store.cache import Cache
from console.sync.events import Changed, Counts, RunFailed, RunFinished
from console.sync.session import open_session
from tests.practising import Ear


def test_a_connection_syncs_by_itself_and_tells_what_it_does(bench):
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    summary = ear.wait_for(RunFinished).summary
    assert summary.applied > 50
    assert ear.wait_for(Counts, 2).states
    assert any(isinstance(event, Changed) for event in ear.events)
    assert connection.facts().last_sync_at
    assert connection.recent(5)[0].outcome == "applied"


def test_an_edit_in_salesforce_reaches_alguna_and_the_history_tells_it(bench):
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    row = bench.query(
        "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null LIMIT 1"
    )[0]
    bench.control("PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Tallinn"}})
    connection.sync_now()

    def moved():
        customer = bench.control("GET", f"alguna/customers/{row['Alguna_Customer_ID__c']}")
        return (
            customer["billing_address"]["city"] == "Tallinn"
            and connection.account(row["Id"]).state is State.IN_SYNC
        )

    ear.until(moved)
    detail = connection.account(row["Id"])
    newest = detail.history[0]
    assert (newest.field, newest.after, newest.side) == ("BillingCity", "Tallinn", "alguna")
    assert newest.reason
    assert detail.state is State.IN_SYNC


def test_one_account_is_told_three_values_wide(bench):
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    row = bench.query("SELECT Id, Name FROM Account WHERE Alguna_Subscription_Status__c = 'Active' LIMIT 1")[
        0
    ]
    detail = connection.account(row["Id"][:15])
    fields = {field.key: field for field in detail.fields}
    name = fields["Name"]
    assert name.alguna.value == name.salesforce.value == name.base.value == row["Name"]
    assert not name.differs
    assert name.reason
    assert fields["Alguna_Subscription_Status__c"].salesforce.value == "Active"
    assert detail.why
    assert detail.subscription.position.startswith("1 of")
    assert sum(line.shown for line in detail.subscription.subscriptions) == 1
    assert {link.label for link in detail.links} >= {"Customer in Alguna", "Account in Salesforce"}
    assert detail.matched


def test_what_alguna_does_not_return_is_unknown_and_not_empty(bench):
    bench.control("POST", "alguna/options", {"extended_fields": False})
    connection = bench.desk.open(bench.connected())
    Ear(connection).wait_for(RunFinished)
    row = bench.query(
        "SELECT Id, Website FROM Account WHERE Alguna_Customer_ID__c != null AND Website != null LIMIT 1"
    )[0]
    website = {field.key: field for field in connection.account(row["Id"]).fields}["Website"]
    assert not website.alguna.known
    assert website.salesforce.value == row["Website"]
    assert not website.differs


def test_an_unknown_account_is_said_and_a_name_that_is_not_unique_lists_its_ids(bench):
    connection = bench.desk.open(bench.connected())
    Ear(connection).wait_for(RunFinished)
    with pytest.raises(UsageError, match="Nothing known"):
        connection.account("[/b]nobody\x00")


def test_cards_tell_health_counts_and_last_sync(bench):
    name = bench.connected()
    assert bench.desk.connections()[0].health == "unknown"
    Ear(bench.desk.open(name)).wait_for(RunFinished)
    card = bench.desk.connections()[0]
    assert card.last_sync_at
    assert card.counts[State.IN_SYNC] > 10
    assert card.health in ("ok", "attention")
    assert not card.production


def test_where_nothing_can_be_written_what_is_known_is_shown_with_the_reason(bench, monkeypatch):
    name = bench.connected()
    connection = bench.desk.open(name)
    Ear(connection).wait_for(RunFinished)
    connection.close()
    bench.desk._open.clear()

    def refuse(lock, **_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("console.store.lock.FileLock.acquire", refuse)
    connection = bench.desk.open(name)
    facts = connection.facts()
    assert "Read-only file system" in facts.read_only
    assert "nothing is synced" in facts.read_only
    assert not facts.held_by
    with pytest.raises(UsageError) as refused:
        connection.retry()
    assert refused.value.message == facts.read_only
    bench.connections.cache_path(name).unlink()
    connection.close()
    bench.desk._open.clear()
    with pytest.raises(StoreError, match="Read-only file system"):
        bench.desk.open(name)


def test_a_revoked_session_asks_for_a_new_sign_in_and_goes_on_after_it(bench):
    name = bench.connected()
    connection = bench.desk.open(name)
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    bench.control("POST", "salesforce/sessions/revoke")
    connection.sync_now()
    assert ear.wait_for(RunFailed).error.category == "sign_in"
    assert bench.desk.connections()[0].health == "sign_in"
    signing_in = bench.desk.sign_in_again(name)
    signing_in.begin()
    assert signing_in.wait(threading.Event()).org_id == bench.handout["salesforce"]["org_id"]
    ear.until(lambda: bench.desk.connections()[0].health in ("ok", "attention"))


def test_without_a_consumer_key_the_browser_is_not_opened_and_the_way_on_is_told(bench):
    name = bench.connected()
    bench.connections.save(replace(bench.connections.load(name), client_id=""))
    with pytest.raises(UsageError, match="no consumer key") as refusal:
        bench.desk.sign_in_again(name).begin()
    assert f"sign-in {name} --client-id" in refusal.value.advice


def test_signing_in_again_to_another_org_is_refused_and_its_session_ended(bench):
    name = bench.connected()
    kept = bench.secrets.get(name, "salesforce_access")
    bench.control("POST", "salesforce/org", {"new_id": True})
    signing_in = bench.desk.sign_in_again(name)
    signing_in.begin()
    with pytest.raises(Conflict, match="belongs to"):
        signing_in.wait(threading.Event())
    assert bench.secrets.get(name, "salesforce_access") == kept


def test_another_org_behind_the_same_address_stops_before_the_first_write(bench):
    name = bench.connected()
    bench.control("POST", "salesforce/org", {"new_id": True})
    org = bench.rehearsal.handout["salesforce"]
    bench.secrets.set(name, "salesforce_access", org["access_token"])
    before = bench.query("SELECT COUNT(Id) n FROM Account")
    connection = bench.desk.open(name)
    error = Ear(connection).wait_for(RunFailed).error
    assert error.category in ("conflict", "sign_in")
    assert bench.query("SELECT COUNT(Id) n FROM Account") == before


def test_a_second_console_only_looks_and_says_who_holds_the_connection(bench):
    name = bench.connected()
    Ear(bench.desk.open(name)).wait_for(RunFinished)
    second = ConsoleDesk(bench.home, secrets=Secrets(bench.connections, find_keyring=lambda: None))
    try:
        connection = second.open(name)
        assert "another console" in connection.facts().read_only
        assert Ear(connection).wait_for(Counts).states
        assert connection.paused()
        connection.sync_now()
        assert connection.recent(1)
    finally:
        second.close()


def test_closing_takes_less_than_two_seconds_in_the_middle_of_a_pass(bench):
    name = bench.connected()
    bench.control("POST", "salesforce/faults", {"error": "STALL", "share": 1.0})
    connection = bench.desk.open(name)
    began = time.monotonic()
    bench.desk.close()
    assert time.monotonic() - began < 2.5
    assert connection.paused()


def test_import_brings_existing_customers_in_at_any_later_time(bench):
    connection = bench.desk.open(bench.connected(import_choice="none"))
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    assert connection.recent(1) == ()
    preview = connection.import_preview("matching")
    linked = next(line.count for line in preview.lines if line.label.startswith("Linked with"))
    assert preview.total >= linked > 0
    connection.start_import("matching")
    count = "SELECT COUNT(Id) n FROM Account WHERE Alguna_Customer_ID__c != null"
    ear.until(lambda: bench.query(count)[0]["n"] == linked)
    assert bench.connections.load("practice").import_choice == "matching"


def test_connections_of_a_rehearsal_follow_it_to_new_ports(bench):
    name = bench.connected()
    moved = replace(
        bench.connections.load(name),
        instance_url="http://127.0.0.1:1",
        login_url="http://127.0.0.1:1",
        alguna_url="http://127.0.0.1:2",
    )
    bench.connections.save(moved)
    ConsoleDesk(bench.home, practice=bench.desk._practice, secrets=bench.secrets)
    settings = bench.connections.load(name)
    assert settings.instance_url == bench.handout["salesforce"]["instance_url"]
    assert settings.alguna_url == bench.handout["alguna"]["base_url"]


def test_a_damaged_settings_file_is_listed_with_what_is_wrong(bench):
    name = bench.connected()
    (bench.connections.folder(name) / "settings.json").write_text("{")
    (card,) = bench.desk.connections()
    assert card.health == "failed"
    assert "damaged" in card.health_text


def test_a_cache_of_another_org_is_listed_and_refused(bench):
    name = bench.connected()
    path = bench.connections.cache_path(name)
    path.unlink()
    Cache.open(path, org_id="00D000000000099AAA").close()
    assert bench.desk.connections()[0].health == "failed"
    with pytest.raises(Conflict):
        bench.desk.open(name)


def test_a_customers_account_is_merged_and_another_deleted_and_restored(bench):
    name = bench.connected()
    settings = bench.connections.load(name)
    ours = "SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null"
    with open_session(settings, bench.connections, bench.secrets, alguna_rate=100_000.0) as session:
        session.engine.run()
        room, links = bench.desk.rehearsal(), session.cache.links
        was = {
            link.customer_id: link.account_id
            for link in links.many(session.cache.customers.ids(100)).values()
        }
        assert "moves" in room.practise("merged")
        session.engine.run()
        now = {id_: link.account_id for id_, link in links.many(was).items()}
        (moved,) = (id_ for id_ in was if now.get(id_) != was[id_])
        assert "was merged into this one" in links.get(moved).evidence
        assert links.get(moved).account_id in {row["Id"] for row in bench.query(ours)}
        assert "stops" in room.practise("deleted")
        session.engine.run()
        assert links.stopped() == 1
        assert "restored" in room.practise("calm")
        session.engine.run()
        assert links.stopped() == 0
        there = {link.account_id for link in links.many(was).values()}
        assert len(there) == len(was)
        assert there <= {row["Id"] for row in bench.query(ours)}


def test_the_practice_room_switches_the_rehearsal(bench):
    room = bench.desk.rehearsal()
    assert room.login().username == bench.handout["salesforce"]["username"]
    room.set_activity(True)
    assert bench.control("GET", "activity")["on"] is True
    room.set_activity(False)
    for exercise in room.exercises():
        if exercise.key in ("merged", "deleted", "renamed", "rewritten"):
            with pytest.raises(UsageError, match="No account"):  # the org is not set up yet
                room.practise(exercise.key)
        else:
            assert room.practise(exercise.key)
    status = bench.control("GET", "")
    assert not any(status.get("faults", {}).values())
    with pytest.raises(UsageError):
        room.practise("nothing")
