"""Looking at both sides: completely, once, and without missing what shows up late."""

import sqlite3
from datetime import datetime, timedelta

import pytest

from console.domain.records import State
from console.errors import StoreError
from console.sync.cursors import LATEST, utc_now
from console.sync.observe import SALESFORCE

BEFORE = "2099-01-01T00:00:00Z"


class Clock:
    """The present, moved on by whoever needs it."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return utc_now() + self.ahead


def names(world):
    with world.open() as session:
        return session.cache.accounts.count(), session.cache.contacts.count()


@pytest.fixture
def large(build):
    """An org of several pages, read but not synced."""
    return build(customers=6_000, org="half", import_choice="none", connected_at=BEFORE)


def true_counts(world):
    return tuple(world.query(f"SELECT COUNT(Id) n FROM {name}")[0]["n"] for name in ("Account", "Contact"))


def test_an_org_of_several_pages_is_read_completely_with_both_objects_in_each_call(large):
    accounts, contacts = true_counts(large)
    assert accounts > 2_000
    summary = large.sync()
    assert names(large) == (accounts, contacts)
    pages = max(-(-accounts // 2_000), -(-contacts // 2_000))
    assert summary.salesforce_calls == 1 + pages


def test_a_place_that_salesforce_forgot_is_found_again_from_the_cursor(large):
    large.fault("salesforce", "INVALID_QUERY_LOCATOR", skip=2, next=1, match="composite")
    large.sync()
    assert names(large) == true_counts(large)


def test_a_reading_that_was_broken_off_goes_on_where_it_stood(large):
    large.fault("salesforce", "INSUFFICIENT_ACCESS", skip=2, next=1, match="composite")
    with large.open() as session:
        with pytest.raises(Exception, match="may not"):
            session.engine.run()
        read = session.cache.accounts.count()
        assert read == 2_000
        assert session.cache.get(SALESFORCE)["Account"]["newest"]
    large.sync()
    assert names(large) == true_counts(large)


def test_a_row_that_becomes_visible_late_is_found_by_the_sweep(world):
    """Stamped before the cursor, committed after it had passed."""
    clock = Clock()
    for _ in range(2):
        world.sync(clock=clock)
    newest = world.query("SELECT SystemModstamp FROM Account ORDER BY SystemModstamp DESC LIMIT 1")[0]
    stamp = newest["SystemModstamp"]
    late = world.control("POST", "salesforce/records/Account", {"fields": {"Name": "Late Riser Inc"}})["Id"]
    restamp(world, late, stamp, minutes=-5)
    world.sync(clock=clock)
    with world.open() as session:
        assert session.cache.accounts.get(late) is None
    clock.ahead = LATEST + timedelta(minutes=1)
    world.sync(clock=clock)
    with world.open() as session:
        assert session.cache.accounts.get(late).name == "Late Riser Inc"


def restamp(world, record_id, stamp, minutes):
    """Make a row look as if it had been stamped so many minutes later."""
    moment = datetime.fromisoformat(stamp.replace("+0000", "+00:00")) + timedelta(minutes=minutes)
    written = moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def change():
        db = sqlite3.connect(world.state / "salesforce.db")
        with db:
            db.execute("UPDATE Account SET SystemModstamp = ? WHERE Id = ?", (written, record_id))
        db.close()

    world.rehearsal.run(change)
    assert (
        world.query(f"SELECT SystemModstamp FROM Account WHERE Id = '{record_id}'")[0]["SystemModstamp"]
        == written
    )


def test_where_alguna_takes_no_sort_by_change_everything_is_read_and_edits_arrive(build):
    world = build(org="half")
    world.control("POST", "alguna/options", {"sort_updated_at": False})
    world.sync()
    id_ = next(iter(world.accounts()))
    world.edit_customer(id_, name="Found by Comparing")
    world.sync()
    assert world.accounts()[id_]["Name"] == "Found by Comparing"
    with world.open() as session:
        assert session.cache.get("alguna.customers")["sorts"] is False


def test_customers_that_vanish_are_found_by_the_complete_reading_of_the_day(world):
    clock = Clock()
    world.sync(clock=clock)
    id_ = next(iter(world.accounts()))
    world.control("DELETE", f"alguna/customers/{id_}")
    world.sync(clock=clock)
    with world.open() as session:
        assert session.cache.entries.get(id_).state != State.GONE
    clock.ahead = timedelta(hours=25)
    world.sync(clock=clock)
    with world.open() as session:
        assert session.cache.entries.get(id_).state == State.GONE


def test_more_changes_than_a_page_are_all_seen(build):
    world = build(customers=250, org="empty", import_choice="none", connected_at=BEFORE)
    world.sync()
    customers = world.customers()
    for id_ in customers:
        world.edit_customer(id_, name=f"New name of {id_}")
    world.sync()
    with world.open() as session:
        assert {c.name for c in session.cache.customers.many(customers).values()} == {
            f"New name of {id_}" for id_ in customers
        }


def test_a_field_that_becomes_visible_is_read_for_all_accounts(world):
    """Cached rows lack it, and their stamps did not move."""
    with world.open() as session:
        rows = world.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Alguna_Tax_Rate__c'")
        for row in rows:
            session.salesforce.send("DELETE", f"sobjects/FieldPermissions/{row['Id']}")
        parent = world.query("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'")[0]["Id"]
    world.sync()
    with world.open() as session:
        account = next(iter(world.accounts().values()))
        assert "Alguna_Tax_Rate__c" not in session.cache.accounts.get(account["Id"]).values
        body = {
            "ParentId": parent,
            "SobjectType": "Account",
            "Field": "Account.Alguna_Tax_Rate__c",
            "PermissionsRead": True,
            "PermissionsEdit": True,
        }
        session.salesforce.send("POST", "sobjects/FieldPermissions", body)
    clock = Clock()
    clock.ahead = timedelta(hours=2)
    world.sync(clock=clock)
    customers = world.customers()
    for id_, account in world.accounts().items():
        assert account["Alguna_Tax_Rate__c"] == customers[id_].get("tax_rate")
    with world.open() as session:
        accounts = session.cache.accounts
        assert all("Alguna_Tax_Rate__c" in accounts.get(a["Id"]).values for a in world.accounts().values())


def test_a_full_disk_stops_the_pass_and_the_next_one_goes_on(build):
    world = build(org="empty")
    with world.open() as session:
        pages = session.cache._db.one("PRAGMA page_count")[0]
        session.cache._db.one(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(StoreError, match="room"):
            session.engine.run()
    world.sync()
    complete = {i for i, c in world.customers().items() if c["billing_address"] and c["contacts"]}
    assert set(world.accounts()) == complete
    for account in world.accounts().values():
        assert len(world.contacts(account["Id"])) == 1
    assert world.sync().planned == 0
