"""The past as the screens read it: from a real cache, and an undo handed to the engine's thread."""

from __future__ import annotations

import pytest

from console.domain.records import State
from console.errors import UsageError
from console.sync.events import RunFinished
from tests.practising import Ear


@pytest.fixture
def edited(bench):
    """An open connection, paused, after a run that took a new name over: (connection, ear, customer, account, old name, run)."""
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    grid = connection.grid()
    try:
        rows = grid.arrange("name", state=State.IN_SYNC)
        assert rows
        row = grid.page(0, 1)[0]
    finally:
        grid.close()
    bench.control("PATCH", f"alguna/customers/{row.customer_id}", {"name": "Renamed"})
    connection.sync_now()
    ear.until(lambda: any(line.after == "Renamed" for line in connection.recent()))
    connection.pause()
    run = next(line.run for line in connection.recent() if line.after == "Renamed")
    return connection, ear, row.customer_id, row.account_id, row.name, run


def name_of(bench, account_id):
    (row,) = bench.query(f"SELECT Name FROM Account WHERE Id = '{account_id}'")
    return row["Name"]


def test_a_run_is_listed_and_told_by_pages(edited):
    connection, _, customer_id, _, old, run = edited
    past = connection.past()
    (line,) = [each for each in past.runs(50) if each.id == run]
    assert (line.undoes, line.applied) == (None, 1)
    assert [each.id for each in past.runs(1, before=run)] == [run - 1]
    assert past.count(run) == 1
    (change,) = past.changes(run, 0, 10)
    assert (change.customer_id, change.before, change.after) == (customer_id, old, "Renamed")
    first = past.count(1)
    assert first > 20
    pages = [*past.changes(1, 0, 7), *past.changes(1, 7, first)]
    assert len(pages) == first
    assert past.changes(1, 0, first) == tuple(pages)
    assert past.size().rows >= first + 1


def test_an_undo_is_looked_at_and_done_by_the_engine_while_paused(bench, edited):
    connection, ear, customer_id, account_id, old, run = edited
    past = connection.past()
    preview = past.outlook(run)
    assert (preview.changes, preview.kept, preview.created, preview.already) == (1, 0, 0, 0)
    assert (preview.sample[0].before, preview.sample[0].after) == ("Renamed", old)
    assert past.outlook(1).created > 10
    assert name_of(bench, account_id) == "Renamed", "looking writes nothing"
    with pytest.raises(UsageError, match="does not name the run"):
        past.undo(run, "run 99")
    past.undo(run)
    ear.until(lambda: any(each.undoes == run and each.outcome == "done" for each in past.runs(5)))
    assert name_of(bench, account_id) == old
    detail = connection.account(customer_id)
    assert detail.state is State.CONFLICT
    (field,) = [each for each in detail.fields if each.key == "Name"]
    assert field.open_to == ("alguna", "salesforce")
    assert "was undone" in field.reason
    with pytest.raises(UsageError, match="no run 99"):
        past.outlook(99)


def test_an_account_as_of_a_run_and_what_two_runs_differ_by(edited):
    connection, _, customer_id, account_id, old, run = edited
    past = connection.past()
    before = past.as_of(customer_id)
    (name,) = [each for each in before.fields if each.key == "Name"]
    assert (name.alguna.value, name.salesforce.value, name.moved) == (old, old, True)
    assert before.run == run - 1
    assert before.later == run
    after = past.as_of(account_id, run)
    (name,) = [each for each in after.fields if each.key == "Name"]
    assert (name.alguna.value, name.salesforce.value, name.moved) == ("Renamed", "Renamed", False)
    assert (after.earlier, after.later) == (run - 1, None)
    found = past.differences(run, run - 1, 100)
    assert {(each.side, each.field, each.before, each.after) for each in found} == {
        ("alguna", "Name", old, "Renamed"),
        ("salesforce", "Name", old, "Renamed"),
    }
    assert len(past.differences(1, run, 1)) == 1


def test_the_history_of_an_account_tells_what_others_did_and_what_was_done_about_it(edited):
    connection, _, customer_id, _, old, run = edited
    newest, before = connection.account(customer_id).history[:2]
    assert (newest.side, newest.outcome, newest.rule, newest.run) == (
        "salesforce",
        "applied",
        "alguna_wins",
        run,
    )
    assert (before.side, before.outcome, before.before, before.after, before.run) == (
        "alguna",
        "seen",
        old,
        "Renamed",
        run,
    )
