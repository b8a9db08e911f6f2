"""A write took effect and nothing proper came back: what became of it is read, whatever the later attempts were told."""

from __future__ import annotations

import pytest

from console.errors import SignInNeeded
from console.sync.undoing import Undo


@pytest.fixture
def pair(build):
    """A world in step, and one linked customer and account of it."""
    world = build(customers=8)
    world.sync()
    id_, account = next(iter(world.accounts().items()))
    return world, id_, account["Id"]


def lose_the_answer(world, then):
    """Alguna makes the next change and is cut off; every later attempt to write is told something else."""
    world.fault("alguna", "DROP_AFTER", match="PATCH", next=1)
    world.fault("alguna", then, match="PATCH", share=1.0)


@pytest.mark.parametrize("then", ["401", "403", "422", "404"])
def test_a_copy_whose_answer_was_lost_and_whose_repetition_was_refused_is_settled_by_reading(pair, then):
    world, id_, account_id = pair
    world.edit_account(account_id, BillingCity="Gondolin")
    lose_the_answer(world, then)
    summary = world.sync()
    world.heal()
    assert (summary.applied, summary.refused) == (1, 0)
    assert world.customer(id_)["billing_address"]["city"] == "Gondolin"
    with world.open() as session:
        assert session.cache.links.get(id_).base["BillingCity"] == "Gondolin"
        (row,) = [row for row in session.cache.history.of(id_) if row.run == summary.run]
        assert row.outcome == "applied"
    assert world.sync().planned == 0


def test_an_undo_whose_answer_was_lost_is_not_carried_to_the_other_side(pair):
    world, id_, account_id = pair
    old = world.customer(id_)["billing_address"]["city"]
    world.edit_account(account_id, BillingCity="Gondolin")
    run = world.sync().run
    lose_the_answer(world, "401")
    with world.open() as session:
        assert session.engine.undo(Undo(run)).applied == 1
    world.heal()
    assert world.customer(id_)["billing_address"]["city"] == old
    assert world.sync().planned == 0
    assert world.accounts()[id_]["BillingCity"] == "Gondolin"


def test_where_nothing_can_be_read_either_it_waits_in_the_journal_for_the_next_pass(pair):
    world, id_, account_id = pair
    world.edit_account(account_id, BillingCity="Gondolin")
    with world.open() as session:
        engine = session.engine
        world.fault("alguna", "DROP_AFTER", match="PATCH", next=1)
        world.fault("alguna", "401", match="PATCH", share=1.0)
        # The reads before the write go through; those after it don't.
        world.fault("alguna", "401", match=f"GET /customers/{id_}", skip=1, share=1.0)
        with pytest.raises(SignInNeeded):
            engine.run()
        assert [change.after for change in session.cache.journal.unsettled()] == ["Gondolin"]
    world.heal()
    assert world.sync().planned == 0, "it had arrived"
    with world.open() as session:
        assert session.cache.journal.unsettled() == []
        assert session.cache.links.get(id_).base["BillingCity"] == "Gondolin"
