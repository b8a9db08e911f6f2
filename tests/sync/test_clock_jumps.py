"""This computer's clock jumps, by days and by years, forward and back, between passes and within one: nothing is lost by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.alguna import client
from console.errors import BudgetReached
from console.sync.audit_standing import standing
from console.sync.cursors import Cursor, moment

DAY = timedelta(days=1)
JUMPS = [3 * DAY, -3 * DAY, 3650 * DAY, -3650 * DAY, 2 * DAY, timedelta(0)]


def session_limit(world):
    with world.open() as session:
        return session.engine.budget.limit


class Clock:
    """The true time, and by how much the computer is wrong."""

    def __init__(self):
        self.off = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.off


def test_edits_arrive_after_every_jump_and_nothing_is_written_twice(build):
    world = build(customers=30, org="empty")
    clock = Clock()
    world.sync(clock=clock)
    ids = sorted(world.accounts())
    for number, jump in enumerate(JUMPS):
        clock.off = jump
        ours, theirs = ids[2 * number], ids[2 * number + 1]
        account_id = world.accounts()[theirs]["Id"]
        world.edit_customer(ours, name=f"Jumped {number}")
        world.edit_account(account_id, BillingCity=f"Jump {number}")
        assert world.sync(clock=clock).applied == 2, jump
        assert world.accounts()[ours]["Name"] == f"Jumped {number}"
        assert world.customer(theirs)["billing_address"]["city"] == f"Jump {number}"
        assert world.sync(clock=clock).planned == 0
    for account in world.accounts().values():
        assert len(world.contacts(account["Id"])) == 1


@pytest.mark.parametrize("jump", [400 * DAY, -400 * DAY])
def test_a_jump_in_the_middle_of_a_pass_loses_nothing(build, jump):
    world = build(customers=30, org="empty")
    clock = Clock()
    calls = 0

    def jumping():
        nonlocal calls
        calls += 1
        clock.off = jump if calls > 12 else timedelta(0)
        return clock()

    assert world.sync(clock=jumping).applied > 0
    assert calls > 12
    id_ = min(world.accounts())
    world.edit_account(world.accounts()[id_]["Id"], BillingCity="Behind the Jump")
    world.sync(clock=clock)
    assert world.customer(id_)["billing_address"]["city"] == "Behind the Jump"
    clock.off = timedelta(0)
    assert world.sync(clock=clock).planned == 0


def test_a_day_that_was_counted_with_a_wrong_clock_does_not_stop_the_console_for_years(build):
    """The share is used up by then: it is free again a day after the clock was put right, not in ten years."""
    world = build(customers=10, org="empty", api_share=0.5, api_floor=0)
    clock = Clock()
    clock.off = 3650 * DAY
    world.sync(clock=clock)
    with world.open() as session:
        made = session.engine.budget.own
    world.choose(api_share=made / session_limit(world))
    clock.off = timedelta(0)
    with pytest.raises(BudgetReached) as ended:
        world.sync(clock=clock)
    assert moment(ended.value.goes_on_at) - clock() < 2 * DAY
    clock.off = 1.2 * DAY
    assert world.sync(clock=clock).planned == 0


def test_behind_a_clock_that_was_set_back_late_rows_are_still_swept_up():
    marked = Cursor(
        "2026-06-01T10:00:00Z", "2026-06-01T09:00:00Z", "2026-06-01T09:50:00Z", "2036-06-01T10:00:00Z"
    )
    now = datetime(2026, 6, 1, 10, 1, tzinfo=UTC)
    assert marked.start(now) == "2026-06-01T09:00:00Z"
    after = marked.finished("2026-06-01T10:00:30Z", now, now)
    assert (after.marked_at, after.start(now)) == ("2026-06-01T10:01:00Z", "2026-06-01T10:00:30Z")


def test_a_first_reading_during_which_the_clock_was_set_back_is_swept_from_before_it_began():
    began, ended = datetime(2026, 6, 1, 10, tzinfo=UTC), datetime(2026, 6, 1, 9, tzinfo=UTC)
    cursor = Cursor().finished("2026-06-01T10:00:00Z", began, ended)
    assert cursor.swept <= "2026-06-01T08:45:00Z"


def test_a_clock_that_was_set_back_makes_one_complete_reading_and_one_slice_due_and_no_storm(
    build, monkeypatch
):
    """Alguna is read whole once a day, and slices are compared now and then, by this clock: a jump must not stop either."""
    monkeypatch.setattr(client, "PAGE", 3)
    world = build(customers=30, org="empty")
    clock = Clock()
    for _ in range(2):
        world.sync(clock=clock)

    def calls():
        world.reset_calls("alguna")
        summary = world.sync(clock=clock)
        return world.total("alguna"), summary.salesforce_calls

    usual = calls()
    clock.off = -30 * DAY
    jumped = calls()
    assert jumped[0] > usual[0] + 10, "everything is read once more"
    assert jumped[1] > usual[1]
    with world.open(clock=clock) as session:
        assert standing(session.cache)["last_slice"][:10] == clock().strftime("%Y-%m-%d"), (
            "and a slice compared"
        )
    assert calls() == usual
    assert calls() == usual
    clock.off = timedelta(0)
    calls()
    assert calls() == usual
