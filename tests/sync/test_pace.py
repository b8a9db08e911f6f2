"""When each side is looked at next."""

from hypothesis import given
from hypothesis import strategies as st

from console.sync.following.pace import BACKSTOP, DAY, LONGEST, QUIET, SHARE, SIDES, SLOWEST, Pace


def looked(pace, now=0.0, *, busy=True, left=None, pull_seconds=0.0, sides=SIDES):
    pace.starting(sides)
    pace.looked(sides, now, busy=busy, left=left, pull_seconds=pull_seconds)


def test_both_sides_are_due_at_first_and_again_after_the_interval():
    pace = Pace(60.0)
    assert pace.due(0.0) == SIDES
    looked(pace)
    assert pace.at(0.0) == 60.0
    assert pace.due(30.0) == frozenset()
    assert pace.due(60.0) == SIDES


def test_beside_a_stream_salesforce_is_polled_seldom_and_alguna_as_before():
    pace = Pace(60.0, streaming=True)
    looked(pace)
    assert pace.due(60.0) == {"alguna"}
    assert pace.due(BACKSTOP) == SIDES


def test_a_stream_that_just_began_is_looked_behind_once_more():
    pace = Pace(60.0, streaming=True, unsure=1)
    looked(pace)
    assert pace.due(60.0) == SIDES
    looked(pace, 60.0)
    assert pace.due(120.0) == {"alguna"}


def test_quiet_polls_get_slower_and_the_first_change_brings_the_interval_back():
    pace = Pace(60.0)
    for _ in range(QUIET):
        looked(pace, busy=False)
    assert pace.every["salesforce"] == 60.0
    for _ in range(10 * QUIET):
        looked(pace, busy=False)
    assert pace.every == {"salesforce": 60.0 * SLOWEST, "alguna": 60.0}
    looked(pace, busy=True)
    assert pace.every["salesforce"] == 60.0


def test_where_alguna_has_to_be_read_whole_that_takes_a_tenth_of_the_time_at_most():
    pace = Pace(60.0)
    looked(pace, pull_seconds=11.0)
    assert pace.every["alguna"] == 110.0


def test_what_is_asked_for_during_a_look_is_looked_at_again():
    pace = Pace(60.0, streaming=True)
    pace.starting(SIDES)
    pace.look_soon("salesforce", 1.0)
    pace.looked(SIDES, 2.0, busy=False, left=None)
    assert pace.due(2.0) == {"salesforce"}


@given(st.integers(0, 1_000_000), st.floats(1.0, 3600.0))
def test_polling_for_a_day_would_not_take_more_than_its_share_of_what_is_left(left, interval):
    pace = Pace(interval)
    looked(pace, left=left)
    every = pace.every["salesforce"]
    assert every >= interval
    assert every >= LONGEST or DAY / every <= SHARE * left + 1
