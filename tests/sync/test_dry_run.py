"""A dry run writes nothing anywhere, and says exactly what the next pass will do."""

import sqlite3
from datetime import timedelta

import pytest

from console.errors import Unreachable
from console.sync.budget import HOURS, USAGE
from console.sync.cursors import utc_now


def tables(path):
    """Every row of every table of the cache, but for how many calls were made: reading is counted too."""
    db = sqlite3.connect(path)
    try:
        return [line for line in db.iterdump() if f"'{USAGE}'" not in line and f"'{HOURS}'" not in line]
    finally:
        db.close()


def org_rows(world):
    """Every account and contact with the moment of its last change."""
    return [
        world.query("SELECT Id, Name, SystemModstamp FROM Account ORDER BY Id"),
        world.query("SELECT Id, LastName, SystemModstamp FROM Contact ORDER BY Id"),
    ]


LOOKS = {
    "dry run": lambda engine: list(engine.dry_run()),
    "plan": lambda engine: list(engine.freeze().changes),
    "twice": lambda engine: [*engine.freeze().changes, *engine.dry_run()],
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("synced", [False, True])
def test_it_writes_nothing_anywhere(world, synced, look):
    """Neither in the org nor in Alguna, neither history nor journal nor runs nor problems: every row is as it was."""
    if synced:
        world.sync()
        world.edit_customer(next(iter(world.accounts())), name="Would Travel")
        world.add_customer(name="Would Be Created")
    world.open().close()
    before = (tables(world.cache_path), org_rows(world), world.customers())
    world.reset_calls("alguna")
    with world.open() as session:
        changes = LOOKS[look](session.engine)
        assert session.salesforce.calls <= 8, "read, and nothing tried"
    assert changes
    assert not [call for call in world.calls("alguna") if not call.startswith("GET")]
    assert (tables(world.cache_path), org_rows(world), world.customers()) == before


def test_it_says_what_the_next_pass_does(world):
    world.sync()
    id_ = next(iter(world.accounts()))
    world.edit_customer(id_, name="Announced")
    world.add_customer(name="Announced Too")
    with world.open() as session:
        announced = list(session.engine.dry_run())
        summary = session.engine.run()
        done = [row for row in session.cache.history.recent(100) if row.run == summary.run]
    assert summary.planned == len(announced) == len(done)
    assert {(c.side, c.entity, c.field) for c in announced} == {(r.side, r.entity, r.field) for r in done}
    assert all(change.reason for change in announced)


def test_twice_the_same_is_said(world):
    with world.open() as session:
        first = [change.id for change in session.engine.dry_run()]
        second = [change.id for change in session.engine.dry_run()]
    assert first == second


def test_leaving_it_in_the_middle_leaves_the_cache_as_it_was_and_usable(world):
    world.open().close()
    before = tables(world.cache_path)
    with world.open() as session:
        changes = session.engine.dry_run()
        next(changes)
        changes.close()
    assert tables(world.cache_path) == before
    assert world.sync().applied > 0


def test_a_failure_in_the_middle_leaves_the_cache_as_it_was_and_usable(world):
    world.open().close()
    before = tables(world.cache_path)
    with world.open() as session:
        world.fault("alguna", "500", share=1.0, match="/subscriptions")
        with pytest.raises(Unreachable):
            list(session.engine.dry_run())
        world.heal()
        assert tables(world.cache_path) == before
        assert session.engine.run().applied > 0


def test_a_failure_in_the_daily_complete_reading_does_not_spoil_the_next_pass(world):
    """What the dry run had begun to note was undone with it."""
    days = [0]
    clock = lambda: utc_now() + timedelta(days=days[0])  # noqa: E731
    world.sync()
    days[0] = 2
    with world.open(clock=clock) as session:
        world.fault("alguna", "500", share=1.0, match="created_at")
        with pytest.raises(Unreachable):
            list(session.engine.dry_run())
        world.heal()
        assert session.engine.run().planned == 0
