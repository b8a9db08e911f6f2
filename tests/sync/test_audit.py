"""What cursors can't see, the audit finds: against an org and an account of real rows, with stamps that lie."""

import sqlite3
from datetime import timedelta

import pytest

from console.alguna import client
from console.domain.auditing import Round
from console.domain.records import State
from console.errors import Conflict, Unreachable
from console.sync import audit as auditing
from console.sync.audit_standing import KEY, standing
from console.sync.cursors import LATEST, moment, text, utc_now


class Clock:
    """The present, moved on by whoever needs it."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return utc_now() + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def swept(world, clock):
    """A world in step whose cursor has passed all that is there, twice."""
    for _ in range(3):
        world.sync(clock=clock)
        clock.ahead += LATEST + timedelta(minutes=1)
    return world


def quiet(world, clock):
    """A pass whose audit is not due: only the cursors look."""
    with world.open(clock=clock) as session:
        kept = Round.load(session.cache.get(KEY)).stored()
        session.cache.set(KEY, {**kept, "at": text(clock())})
        return session.engine.run()


def audit(world, clock, *, whole=False):
    with world.open(clock=clock) as session:
        return session.engine.audit(whole=whole), standing(session.cache), session.cache.problems.open()


def stamp(world, sobject, record_id, at):
    world.control("POST", f"salesforce/records/{sobject}/{record_id}/stamp", {"at": at})


def pair(world):
    return next((id_, row["Id"]) for id_, row in sorted(world.accounts().items()))


LONG_AGO = "2026-01-02T03:04:05Z"


def cached(world, account_id):
    with world.open() as session:
        return session.cache.accounts.get(account_id)


def test_an_edit_that_was_committed_late_behind_the_cursor_is_found_told_and_brought_in_step(swept, clock):
    customer_id, account_id = pair(swept)
    swept.edit_account(account_id, Website="https://late.example")
    stamp(swept, "Account", account_id, LONG_AGO)
    assert quiet(swept, clock).planned == 0, "the cursor can't see it"
    report, stands, problems = audit(swept, clock)
    assert [(each.id, each.kind, each.fields, each.missed) for each in report.findings] == [
        (account_id, "changed", ("Website",), True)
    ]
    assert stands["round"]["missed"] == 1
    (problem,) = [each for each in problems if each.category == "audit"]
    assert "1 accounts in Salesforce" in problem.title
    assert LONG_AGO in problem.title
    with swept.open() as session:
        assert session.cache.accounts.seen(account_id).how == "audit"
        assert session.cache.entries.get(customer_id).dirty
    swept.sync(clock=clock)
    assert swept.customer(customer_id)["website"] == "https://late.example"


def test_an_edit_within_the_second_that_was_read_already_is_found(swept, clock):
    """Equal stamps: the row was read, then changed again, and its stamp is the same."""
    customer_id, account_id = pair(swept)
    stamp(swept, "Account", account_id, LONG_AGO)
    with swept.open(clock=clock) as session:
        session.engine.sync_one(customer_id)
    before = cached(swept, account_id).modstamp
    swept.edit_account(account_id, BillingCity="Samesecond")
    stamp(swept, "Account", account_id, before)
    assert quiet(swept, clock).planned == 0
    report, _, _ = audit(swept, clock)
    assert [(each.fields, each.stamp) for each in report.missed] == [(("BillingCity",), LONG_AGO)]


def test_a_new_account_and_a_new_contact_that_show_up_late_are_found(swept, clock):
    made = swept.control("POST", "salesforce/records/Account", {"fields": {"Name": "Late Riser Inc"}})["Id"]
    _, account_id = pair(swept)
    fields = {"LastName": "Late", "AccountId": account_id, "Email": "late@example.com"}
    person = swept.control("POST", "salesforce/records/Contact", {"fields": fields})["Id"]
    for sobject, record in (("Account", made), ("Contact", person)):
        stamp(swept, sobject, record, LONG_AGO)
    quiet(swept, clock)
    assert cached(swept, made) is None
    report, _, _ = audit(swept, clock)
    assert {(each.id, each.kind) for each in report.missed} == {(made, "new"), (person, "new")}
    assert cached(swept, made).name == "Late Riser Inc"


def test_what_is_deleted_and_purged_without_a_trace_counts_as_gone_and_stops_its_link(swept, clock):
    customer_id, account_id = pair(swept)
    purge(swept, account_id)
    quiet(swept, clock)
    assert not cached(swept, account_id).deleted
    report, _, _ = audit(swept, clock)
    assert (account_id, "gone", "") in {(each.id, each.kind, each.stamp) for each in report.missed}
    summary = swept.sync(clock=clock)
    with swept.open() as session:
        assert session.cache.entries.get(customer_id).state is State.GONE
    assert summary.planned == 0, "nothing is written on the other side because of it"


def purge(world, account_id):
    def change():
        with sqlite3.connect(world.state / "salesforce.db") as db:
            db.execute("DELETE FROM Account WHERE Id = ?", (account_id,))
        db.close()

    world.rehearsal.run(change)


def test_a_contact_that_moved_to_another_account_unseen_is_followed(swept, clock):
    (_, first), (_, second) = sorted((id_, row["Id"]) for id_, row in swept.accounts().items())[:2]
    (contact, *_) = swept.contacts(first)
    swept.edit_contact(contact["Id"], AccountId=second)
    stamp(swept, "Contact", contact["Id"], LONG_AGO)
    quiet(swept, clock)
    report, _, _ = audit(swept, clock)
    assert [(each.id, each.fields) for each in report.missed] == [(contact["Id"], ("account_id",))]
    with swept.open() as session:
        assert session.cache.contacts.get(contact["Id"]).account_id == second


def test_what_the_cursor_has_yet_to_see_is_read_in_early_and_is_no_miss(swept, clock):
    _, account_id = pair(swept)
    swept.edit_account(account_id, Website="https://fresh.example")
    report, _, problems = audit(swept, clock)
    assert [(each.id, each.missed) for each in report.findings] == [(account_id, False)]
    assert not [each for each in problems if each.category == "audit"]
    assert swept.sync(clock=clock).applied >= 1


def test_a_row_whose_clock_ran_ahead_hides_later_edits_from_the_cursor_and_not_from_the_audit(world, clock):
    """One stamp an hour ahead draws the cursor after it; what is stamped rightly from then on lies behind it."""
    world.sync(clock=clock)
    _, account_id = pair(world)
    (_, ahead), *_ = [(id_, row["Id"]) for id_, row in sorted(world.accounts().items())[1:]]
    world.edit_account(ahead, BillingCity="Aheadville")
    stamp(world, "Account", ahead, text(utc_now() + timedelta(hours=3)))
    for _ in range(3):
        clock.ahead += LATEST + timedelta(minutes=1)
        quiet(world, clock)
    world.edit_account(account_id, BillingCity="Hiddenham")
    assert quiet(world, clock).planned == 0
    report, _, _ = audit(world, clock)
    assert (account_id, ("BillingCity",)) in {(each.id, each.fields) for each in report.missed}


def test_a_pass_compares_a_slice_of_its_own_when_one_is_due_and_acts_on_it_at_once(swept, clock):
    customer_id, account_id = pair(swept)
    swept.edit_account(account_id, Website="https://by-itself.example")
    stamp(swept, "Account", account_id, LONG_AGO)
    clock.ahead += timedelta(days=1)
    swept.sync(clock=clock)
    assert swept.customer(customer_id)["website"] == "https://by-itself.example"


def test_a_round_goes_slice_by_slice_over_all_accounts_and_ends(build, clock, monkeypatch):
    world = build(customers=40, org="empty")
    world.sync(clock=clock)
    monkeypatch.setattr(auditing, "SLICE", 7)
    world.sync(clock=clock)
    accounts = len(world.query("SELECT Id FROM Account"))
    contacts = len(world.query("SELECT Id FROM Contact"))
    with world.open(clock=clock) as session:
        session.cache.set(KEY, Round().stored())
        slices = 0
        while True:
            session.engine.audit()
            slices += 1
            round_ = Round.load(session.cache.get(KEY))
            if not round_.under_way:
                break
        assert slices == -(-accounts // 7)
        assert (round_.accounts, round_.contacts, round_.found) == (accounts, contacts, 0)
        assert round_.ended


def test_accounts_that_came_behind_the_last_known_one_belong_to_the_last_slice(build, clock, monkeypatch):
    world = build(customers=20, org="empty")
    for _ in range(2):
        world.sync(clock=clock)
    monkeypatch.setattr(auditing, "SLICE", 5)
    last = world.control("POST", "salesforce/records/Account", {"fields": {"Name": "Zz"}})["Id"]
    stamp(world, "Account", last, LONG_AGO)
    with world.open(clock=clock) as session:
        report = session.engine.audit(whole=True)
    assert last in {each.id for each in report.findings}


def test_a_slice_costs_one_call_however_many_accounts_it_has(swept, clock):
    with swept.open(clock=clock) as session:
        session.engine.audit()
        before = session.salesforce.calls
        session.engine.audit()
        assert session.salesforce.calls - before == 1


def test_verified_is_only_who_agrees_in_every_field_and_only_by_values_read_from_both_sides(swept, clock):
    customer_id, account_id = pair(swept)
    before = clock()
    report, stands, _ = audit(swept, clock, whole=True)
    with swept.open(clock=clock) as session:
        states = session.cache.entries.counts()
        at = session.cache.audits.verified_at(customer_id)
        differing = [
            row[0]
            for row in session.cache._db.query("SELECT customer_id FROM entries WHERE differs > 0")
            if row[0]
        ]
        assert all(session.cache.audits.verified_at(id_) is None for id_ in differing)
    assert report.verified == stands["verified"]["customers"] > 0
    assert report.verified <= states[State.IN_SYNC]
    assert moment(at) >= moment(text(before))
    swept.edit_account(account_id, Website="https://later.example")
    clock.ahead += timedelta(minutes=5)
    swept.sync(clock=clock)
    with swept.open(clock=clock) as session:
        assert session.cache.audits.verified_at(customer_id) == at, "synced since, but not verified again"


def test_looking_at_one_customer_verifies_it_unless_something_was_written(swept, clock):
    customer_id, account_id = pair(swept)
    with swept.open(clock=clock) as session:
        session.cache._db.execute("UPDATE entries SET verified_at = ''")
        swept.edit_account(account_id, BillingCity="Writtenham")
        session.engine.sync_one(customer_id)
        assert session.cache.audits.verified_at(customer_id) is None
        session.engine.sync_one(customer_id)
        assert session.cache.audits.verified_at(customer_id) is not None
        assert session.cache.audits.standing().verified == 1


def test_an_account_that_loses_its_customer_loses_its_verification(swept, clock):
    audit(swept, clock, whole=True)
    customer_id, _ = pair(swept)
    with swept.open(clock=clock) as session:
        assert session.cache.audits.verified_at(customer_id)
        session.cache.links.remove([customer_id], text(clock()))
        assert session.cache.audits.verified_at(customer_id) is None


def test_what_algunas_newest_first_lists_missed_is_found_by_the_complete_reading(swept, clock, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 5)
    customer_id, account_id = pair(swept)
    swept.edit_customer(customer_id, name="Behind The Cursor Ltd")
    swept.control("POST", f"alguna/customers/{customer_id}/stamp", {"at": LONG_AGO})
    assert quiet(swept, clock).planned == 0
    report, _, problems = audit(swept, clock, whole=True)
    assert [(each.id, each.kind) for each in report.missed] == [(customer_id, "changed")]
    assert report.customers >= 30
    assert ["customers in Alguna" in each.title for each in problems if each.category == "audit"] == [True]
    swept.sync(clock=clock)
    assert swept.accounts()[customer_id]["Name"] == "Behind The Cursor Ltd"
    assert account_id == swept.accounts()[customer_id]["Id"]


def test_the_problem_is_over_once_a_whole_round_found_nothing(swept, clock):
    _, account_id = pair(swept)
    swept.edit_account(account_id, Website="https://late.example")
    stamp(swept, "Account", account_id, LONG_AGO)
    _, _, problems = audit(swept, clock, whole=True)
    assert [each for each in problems if each.category == "audit"]
    swept.sync(clock=clock)
    _, _, problems = audit(swept, clock, whole=True)
    assert not [each for each in problems if each.category == "audit"]


def test_the_audit_writes_to_neither_side(swept, clock):
    customer_id, account_id = pair(swept)
    swept.edit_account(account_id, Website="https://late.example")
    stamp(swept, "Account", account_id, LONG_AGO)
    swept.reset_calls("salesforce")
    swept.reset_calls("alguna")
    audit(swept, clock, whole=True)
    for service in ("salesforce", "alguna"):
        assert all(
            name.startswith("GET ") or "composite" in name or "oauth" in name for name in swept.calls(service)
        )
    assert swept.customer(customer_id)["website"] != "https://late.example"


def test_a_slice_that_the_org_refuses_does_not_keep_the_pass_from_going_on(swept, clock, monkeypatch):
    customer_id, account_id = pair(swept)
    monkeypatch.setattr(auditing, "_range", lambda select, by, after, upto: f"{select} WHERE nonsense(")
    swept.edit_customer(customer_id, name="Went On Ltd")
    clock.ahead += timedelta(days=1)
    swept.sync(clock=clock)
    assert swept.accounts()[customer_id]["Name"] == "Went On Ltd"
    with swept.open(clock=clock) as session:
        (problem,) = session.cache.problems.of("slice")
        assert "audit can't go on" in problem.title
        assert account_id
    monkeypatch.undo()
    clock.ahead += timedelta(days=1)
    swept.sync(clock=clock)
    with swept.open(clock=clock) as session:
        assert not session.cache.problems.of("slice")


def test_a_slice_that_breaks_off_is_compared_another_time(swept, clock):
    with swept.open(clock=clock) as session:
        before = session.cache.get(KEY)
        for _ in range(8):
            swept.fault("salesforce", "SERVER_UNAVAILABLE", match="composite", next=8)
        with pytest.raises(Unreachable):
            session.engine.audit()
        swept.heal()
        assert session.cache.get(KEY) == before
        session.engine.audit()


def test_another_org_is_not_compared(swept, clock):
    renewed = swept.control("POST", "salesforce/org", {"new_id": True, "records": "none"})
    swept.secrets.set("practice", "salesforce_access", renewed["access_token"])
    with swept.open(clock=clock) as session:
        accounts = session.cache.accounts.count()
        with pytest.raises(Conflict):
            session.engine.audit(whole=True)
        assert session.cache.accounts.count() == accounts
