"""Undo of a run, on both sides of the rehearsal: what comes back, what is left, and that nothing redoes it."""

from __future__ import annotations

import pytest

from console.domain.records import State
from console.domain.verdicts import AskAgain, Keep
from console.errors import UsageError
from console.sync.org import Org
from console.sync.undoing import Undo


@pytest.fixture
def pairs(build):
    """Linked customers and accounts, in step: (world, [(customer id, account id)])."""
    world = build(customers=12)
    world.sync()
    with world.open() as session:
        found = [
            (id_, account["Id"])
            for id_, account in world.accounts().items()
            if session.cache.entries.get(id_).state is State.IN_SYNC
        ]
    return world, found


def undo(world, run, *, delete_created=False):
    asked = Undo(run, delete_created)
    with world.open() as session:
        return session.engine.undo(asked), asked


def city(world, customer_id):
    return world.customer(customer_id)["billing_address"]["city"], world.accounts()[customer_id][
        "BillingCity"
    ]


def test_an_undo_puts_both_sides_back_and_the_next_pass_leaves_them(pairs):
    world, [(one, _), (two, two_account), *_] = pairs
    before = city(world, one)[1], city(world, two)[0]
    world.edit_customer(one, billing_address={**world.customer(one)["billing_address"], "city": "Gondolin"})
    world.edit_account(two_account, BillingCity="Rivendell")
    run = world.sync().run
    summary, asked = undo(world, run)
    assert (summary.planned, summary.applied) == (2, 2)
    assert (asked.kept, asked.already) == ([], 0)
    assert city(world, one) == ("Gondolin", before[0])
    assert city(world, two) == (before[1], "Rivendell")
    again = world.sync()
    assert again.planned == 0
    assert world.sync().planned == 0
    with world.open() as session:
        entry = session.cache.entries.get(one)
        assert entry.state is State.CONFLICT
        assert session.cache.runs.get(summary.run).undoes == run
        (row,) = [row for row in session.cache.history.of(one) if row.run == summary.run]
        assert (row.rule, row.undoes, row.after) == ("undo", run, before[0])


def test_after_an_undo_a_later_edit_flows_again(pairs):
    world, [(one, account), (two, two_account), *_] = pairs
    for id_ in (one, two):
        world.edit_customer(
            id_, billing_address={**world.customer(id_)["billing_address"], "city": "Gondolin"}
        )
    undo(world, world.sync().run)
    world.sync()
    world.edit_customer(
        one, billing_address={**world.customer(one)["billing_address"], "city": "Nargothrond"}
    )
    world.edit_account(two_account, BillingCity="Rivendell")
    world.sync()
    assert city(world, one) == ("Nargothrond", "Nargothrond")
    assert city(world, two) == ("Rivendell", "Rivendell")
    with world.open() as session:
        assert session.cache.links.get(one).held == {}
        assert session.cache.entries.get(one).state is State.IN_SYNC
    world.edit_account(account, BillingCity="Valinor")
    world.sync()
    assert city(world, one) == ("Valinor", "Valinor"), "as ever"


def test_what_somebody_edited_since_is_listed_and_left(pairs):
    world, [(one, account), (two, _), *_] = pairs
    for id_ in (one, two):
        world.edit_customer(id_, name=f"Renamed {id_}")
    run = world.sync().run
    world.edit_account(account, Name="By hand")
    summary, asked = undo(world, run)
    assert summary.applied == 1
    (kept,) = asked.kept
    assert (kept.record, kept.field) == (account, "Name")
    assert "By hand" in kept.reason
    assert world.accounts()[one]["Name"] == "By hand"
    with world.open() as session:
        (row,) = [row for row in session.cache.history.of(one) if row.outcome == "kept"]
        assert (row.run, row.reason) == (summary.run, kept.reason)
    world.sync()
    assert world.customer(one)["name"] == "By hand", "their edit was none of the run's"


def test_an_edit_between_looking_and_writing_is_left(pairs, monkeypatch):
    """The row is read again just before it is written, as with any plan."""
    world, [(one, account), *_] = pairs
    world.edit_customer(one, name="Renamed")
    run = world.sync().run
    ensure = Org.ensure

    def meanwhile(self):
        world.edit_account(account, Name="Meanwhile")
        ensure(self)

    with world.open() as session:
        monkeypatch.setattr(Org, "ensure", meanwhile)
        summary = session.engine.undo(Undo(run))
    assert (summary.planned, summary.stale) == (1, 1)
    assert world.accounts()[one]["Name"] == "Meanwhile"


def test_an_undo_of_the_undo_does_it_again_and_ends_the_hold(pairs):
    world, [(one, _), *_] = pairs
    world.edit_customer(one, name="Renamed")
    first, _ = undo(world, world.sync().run)
    again, asked = undo(world, first.run)
    assert (again.applied, asked.kept) == (1, [])
    assert world.accounts()[one]["Name"] == "Renamed"
    assert world.sync().planned == 0
    with world.open() as session:
        assert session.cache.links.get(one).held == {}
        assert session.cache.entries.get(one).state is State.IN_SYNC


def test_an_undo_made_twice_changes_nothing_the_second_time(pairs):
    world, [(one, _), *_] = pairs
    world.edit_customer(one, name="Renamed")
    run = world.sync().run
    undo(world, run)
    summary, asked = undo(world, run)
    assert (summary.planned, asked.already, asked.kept) == (0, 1, [])


def test_a_person_chooses_a_side_after_an_undo(pairs):
    world, [(one, _), *_] = pairs
    old = world.accounts()[one]["Name"]
    world.edit_customer(one, name="Renamed")
    undo(world, world.sync().run)
    with world.open() as session:
        session.engine.decide(one, Keep("Name", "salesforce"), "ada")
    world.sync()
    assert world.customer(one)["name"] == old
    with world.open() as session:
        assert session.cache.links.get(one).held == {}


# -- what a run created -----------------------------------------------------------------------------------------------


@pytest.fixture
def created(build):
    """A world of one more customer, whose account and contact a run of its own created: (world, customer id, run)."""
    world = build(customers=5)
    world.sync()
    id_ = world.add_customer()
    return world, id_, world.sync().run


def test_what_a_run_created_stays_and_its_alias_is_taken_back(created):
    world, id_, run = created
    account = world.accounts()[id_]
    summary, asked = undo(world, run)
    assert summary.applied == 1
    assert [kept.entity for kept in asked.kept] == ["Account", "Contact"]
    assert all(kept.unasked for kept in asked.kept)
    assert world.accounts()[id_]["Id"] == account["Id"]
    assert world.customer(id_)["aliases"] == []
    assert world.sync().planned == 0, "the alias is not added again"
    with world.open() as session:
        session.engine.decide(id_, AskAgain(), "ada")
    world.sync()
    assert world.customer(id_)["aliases"] == [account["Id"]]


def test_what_nobody_touched_is_deleted_when_asked_for_and_not_created_again(created):
    world, id_, run = created
    account_id = world.accounts()[id_]["Id"]
    others = len(world.query("SELECT Id FROM Account"))
    summary, asked = undo(world, run, delete_created=True)
    assert (summary.applied, asked.kept) == (3, []), "account, contact, alias"
    assert id_ not in world.accounts()
    assert world.contacts(account_id) == []
    assert len(world.query("SELECT Id FROM Account")) == others - 1
    assert world.sync().planned == 0
    with world.open() as session:
        assert session.cache.entries.get(id_).state is State.GONE


@pytest.mark.parametrize("touch", ["edit", "unseen edit", "contact", "child account"])
def test_what_somebody_touched_is_not_deleted(created, touch):
    world, id_, run = created
    account_id = world.accounts()[id_]["Id"]
    if touch == "edit":
        world.edit_account(account_id, Website="https://elsewhere.example")
    elif touch == "unseen edit":
        world.edit_account(account_id, Phone="123")
    elif touch == "contact":
        world.control(
            "POST",
            "salesforce/records/Contact",
            {"fields": {"LastName": "New", "AccountId": account_id}},
        )
    else:
        world.control(
            "POST", "salesforce/records/Account", {"fields": {"Name": "Child", "ParentId": account_id}}
        )
    _, asked = undo(world, run, delete_created=True)
    assert account_id in {kept.record for kept in asked.kept}
    assert id_ in world.accounts()


def test_a_run_that_is_not_known_can_not_be_undone(pairs):
    world, _ = pairs
    with world.open() as session, pytest.raises(UsageError, match="no run 99"):
        session.engine.undo(Undo(99))


def test_a_frozen_undo_writes_nothing_anywhere(pairs):
    world, [(one, _), *_] = pairs
    world.edit_customer(one, name="Renamed")
    run = world.sync().run
    for service in ("salesforce", "alguna"):
        world.reset_calls(service)
    with world.open() as session:
        asked = Undo(run)
        session.engine.freeze_undo(asked)
        plan = asked.plan
        assert [change.after for change in plan.changes] == [plan.changes[0].after]
        assert plan.kind == "undo"
        assert [each.id for each in session.cache.runs.last()] == list(range(run, 0, -1))
    assert world.accounts()[one]["Name"] == "Renamed"
    assert not any("PATCH" in call for call in world.calls("alguna"))
