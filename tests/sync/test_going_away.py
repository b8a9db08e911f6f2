"""Records that go away, come back, or become others, on both sides: deleted, purged, merged, hidden. Nothing is deleted by it.

Each case is one line of the table in docs/completeness.md.
"""

import sqlite3
from datetime import timedelta

import pytest

from console.domain.records import State
from console.sync.cursors import LATEST, utc_now


class Clock:
    """The present, moved on by whoever needs it."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return utc_now() + self.ahead


class Case:
    """A world in step, one linked customer of it, and what both sides hold."""

    def __init__(self, world):
        self.world = world
        self.clock = Clock()
        for _ in range(2):
            self.pass_()
        self.customer_id, account = min(world.accounts().items())
        self.account_id = account["Id"]
        (contact, *_) = world.contacts(self.account_id)
        self.contact_id = contact["Id"]

    def pass_(self, hours=0):
        self.clock.ahead += timedelta(hours=hours) + LATEST + timedelta(minutes=1)
        return self.world.sync(clock=self.clock)

    def entry(self):
        with self.world.open(clock=self.clock) as session:
            entry = session.cache.entries.get(self.customer_id)
            return entry.state, entry.why

    def problems(self):
        with self.world.open(clock=self.clock) as session:
            return {problem.category for problem in session.cache.problems.open()}

    def ids(self):
        """Every live record of both sides."""
        world = self.world
        return (
            {row["Id"] for row in world.query("SELECT Id FROM Account")},
            {row["Id"] for row in world.query("SELECT Id FROM Contact")},
            set(world.customers()),
        )

    def delete(self, sobject, record_id):
        self.world.control("DELETE", f"salesforce/records/{sobject}/{record_id}")

    def undelete(self, record_id):
        self.world.control("POST", f"salesforce/records/Account/{record_id}/undelete", {})

    def purge(self, *names):
        def change():
            with sqlite3.connect(self.world.state / "salesforce.db") as db:
                for name, record_id in names:
                    db.execute(f"DELETE FROM {name} WHERE Id = ?", (record_id,))
            db.close()

        self.world.rehearsal.run(change)


@pytest.fixture
def case(build):
    return Case(build(customers=12, org="empty"))


def test_an_account_that_is_deleted_stops_its_link_and_its_customer_stays_as_it_is(case):
    before, customer = case.ids(), case.world.customer(case.customer_id)
    case.delete("Account", case.account_id)
    assert case.pass_().planned == 0
    state, why = case.entry()
    assert state is State.GONE
    assert "was deleted in Salesforce" in why
    assert "deleted" in case.problems()
    case.world.edit_customer(case.customer_id, name="Still Not Made Anew")
    assert case.pass_(hours=25).planned == 0
    assert case.world.customer(case.customer_id)["aliases"] == customer["aliases"]
    accounts, contacts, customers = case.ids()
    assert (accounts, customers) == (before[0] - {case.account_id}, before[2])
    assert contacts == before[1] - {case.contact_id}, "Salesforce itself takes the contacts along"


def test_an_account_that_is_restored_goes_on_by_itself_and_takes_what_changed_meanwhile(case):
    case.delete("Account", case.account_id)
    case.pass_()
    case.world.edit_customer(case.customer_id, name="Renamed Meanwhile")
    case.pass_()
    before = case.ids()
    case.undelete(case.account_id)
    case.pass_()
    assert case.entry()[0] is State.IN_SYNC
    assert case.world.accounts()[case.customer_id]["Name"] == "Renamed Meanwhile"
    assert case.world.accounts()[case.customer_id]["Id"] == case.account_id
    assert "deleted" not in case.problems()
    assert case.ids()[2] == before[2]


def test_an_account_that_was_purged_is_found_by_the_audit_and_treated_as_deleted(case):
    case.purge(("Contact", case.contact_id), ("Account", case.account_id))
    assert case.pass_(hours=25).planned == 0
    assert case.entry()[0] is State.GONE
    assert {"deleted", "audit"} <= case.problems()
    assert case.customer_id in case.ids()[2]


def test_a_contact_that_is_deleted_is_not_made_again_and_algunas_stays(case):
    people = case.world.customer(case.customer_id)["contacts"]
    case.delete("Contact", case.contact_id)
    assert case.pass_().planned == 0
    case.world.edit_customer(case.customer_id, name="Another Name")
    case.pass_()
    assert case.world.accounts()[case.customer_id]["Name"] == "Another Name"
    assert case.world.contacts(case.account_id) == []
    assert case.world.customer(case.customer_id)["contacts"] == people


def test_a_customer_that_vanishes_from_the_lists_is_gone_and_its_account_stays(case):
    before, account = case.ids(), case.world.accounts()[case.customer_id]
    case.world.control("DELETE", f"alguna/customers/{case.customer_id}")
    case.pass_(hours=25)
    state, why = case.entry()
    assert state is State.GONE
    assert "no longer lists this customer" in why
    assert case.world.accounts()[case.customer_id] == account
    case.world.edit_account(case.account_id, BillingCity="Edited Since")
    assert case.pass_(hours=25).planned == 0
    accounts, contacts, customers = case.ids()
    assert (accounts, contacts) == before[:2]
    assert customers == before[2] - {case.customer_id}


def test_a_customer_that_is_answered_with_404_is_gone_as_well(case):
    before = case.ids()
    case.world.control("DELETE", f"alguna/customers/{case.customer_id}")
    with case.world.open(clock=case.clock) as session:
        session.engine.sync_one(case.customer_id)
    assert case.entry()[0] is State.GONE
    assert case.ids()[:2] == before[:2]


@pytest.mark.parametrize("found", ["list", "single"])
def test_a_customer_that_comes_back_goes_on_with_its_account(case, found):
    hidden = case.world.customer(case.customer_id)
    case.world.control("DELETE", f"alguna/customers/{case.customer_id}")
    case.pass_(hours=25)
    assert case.entry()[0] is State.GONE
    before = case.ids()
    body = {key: hidden[key] for key in ("id", "currency", "billing_address", "contacts", "aliases")}
    case.world.control("POST", "alguna/customers", {**body, "name": "Back Again Ltd"})
    if found == "list":
        case.pass_(hours=25)
    else:
        with case.world.open(clock=case.clock) as session:
            session.engine.sync_one(case.customer_id)
    assert case.entry()[0] is not State.GONE
    account = case.world.accounts()[case.customer_id]
    assert (account["Id"], account["Name"]) == (case.account_id, "Back Again Ltd")
    assert case.ids()[:2] == before[:2]


def test_both_sides_gone_is_gone_and_either_coming_back_changes_nothing_on_the_other(case):
    case.world.control("DELETE", f"alguna/customers/{case.customer_id}")
    case.delete("Account", case.account_id)
    case.pass_(hours=25)
    assert case.entry()[0] is State.GONE
    case.undelete(case.account_id)
    assert case.pass_(hours=25).planned == 0
    assert case.entry()[0] is State.GONE
    assert case.customer_id not in case.ids()[2]


def merge(case, winner, loser):
    body = {"losers": [loser], "as": case.world.rehearsal.handout["salesforce"]["username"]}
    case.world.control("POST", f"salesforce/records/Account/{winner}/merge", body)


def test_an_account_that_was_merged_into_a_free_one_takes_its_link_along(case):
    free = case.world.control("POST", "salesforce/records/Account", {"fields": {"Name": "The Survivor"}})[
        "Id"
    ]
    case.pass_()
    before = case.ids()
    merge(case, free, case.account_id)
    case.pass_()
    assert case.entry()[0] is State.IN_SYNC
    assert case.world.accounts()[case.customer_id]["Id"] == free
    assert {case.account_id, free} <= set(case.world.customer(case.customer_id)["aliases"])
    assert case.ids() == (before[0] - {case.account_id}, *before[1:])


def test_an_account_that_was_merged_into_another_customers_waits_for_a_person(case):
    (_, other), *_ = [(id_, row["Id"]) for id_, row in sorted(case.world.accounts().items())[1:]]
    before = case.ids()
    merge(case, other, case.account_id)
    case.pass_()
    state, why = case.entry()
    assert state is State.REVIEW
    assert "another customer's" in why
    assert case.ids() == (before[0] - {case.account_id}, *before[1:])


def test_an_account_that_goes_out_of_sight_and_comes_back_is_the_same_link_again(case):
    """As when a sharing rule takes it away: it is in no answer any more, and not deleted either."""
    columns: list[str] = []
    rows: list[tuple] = []

    def hide():
        with sqlite3.connect(case.world.state / "salesforce.db") as db:
            # The columns that hold values: those that are computed can't be put back.
            columns.extend(f'"{row[1]}"' for row in db.execute("PRAGMA table_info(Account)"))
            wanted = ", ".join(columns)
            rows.extend(db.execute(f"SELECT {wanted} FROM Account WHERE Id = ?", (case.account_id,)))
            db.execute("DELETE FROM Account WHERE Id = ?", (case.account_id,))
        db.close()

    def show():
        with sqlite3.connect(case.world.state / "salesforce.db") as db:
            marks = ", ".join("?" * len(columns))
            db.execute(f"INSERT INTO Account ({', '.join(columns)}) VALUES ({marks})", rows[0])
        db.close()

    case.world.rehearsal.run(hide)
    case.pass_(hours=25)
    assert case.entry()[0] is State.GONE
    case.world.rehearsal.run(show)
    assert case.pass_(hours=25).planned == 0
    assert case.entry()[0] is State.IN_SYNC
    with case.world.open(clock=case.clock) as session:
        assert session.cache.links.get(case.customer_id).account_id == case.account_id
