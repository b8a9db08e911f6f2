"""A flow that keeps rewriting a field, with change events: each of our own writes comes back changed, at once."""

from __future__ import annotations

from console.domain.records import State
from tests.sync.conftest import until

TAX = "Alguna_Tax_Rate__c"


def test_a_loop_that_turns_by_itself_with_the_events_is_stopped_after_three_turns(world, follow):
    follower = follow(world)
    follower.passes(2)
    world.control("POST", "salesforce/rules/Account_Tax_Rate_As_Percent", {"active": True})
    customer_id, account = next((key, row) for key, row in sorted(world.accounts().items()) if row[TAX])
    world.edit_account(account["Id"], Phone="+1 555 0100")

    def stopped():
        with follower.cache() as cache:
            loop = cache.decisions.of(customer_id).loops.get(TAX)
            entry = cache.entries.get(customer_id)
            problems = [each.category for each in cache.problems.open()]
            return loop if loop and entry.state is State.CONFLICT and "loop" in problems else None

    loop = until(stopped)
    assert [turn.wrote for turn in loop.turns] == [account[TAX]] * 3
    with follower.cache() as cache:
        written = [
            row for row in cache.history.of(customer_id) if row.key == TAX and row.outcome == "applied"
        ]
    assert len(written) == 3
    assert world.accounts()[customer_id][TAX].endswith("%")
    assert not follower.failures()
