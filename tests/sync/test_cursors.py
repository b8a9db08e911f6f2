"""The cursor: what it promises is that no row is lost, however late it becomes visible."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.sync.cursors import LATEST, Cursor, moment, text

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_new_cursor_reads_everything():
    assert Cursor().start(NOON) == ""


def test_after_the_first_reading_it_goes_on_at_the_newest_stamp_including_it():
    cursor = Cursor().finished("2026-03-01T11:59:00Z", NOON, NOON + timedelta(seconds=5))
    assert cursor.start(NOON + timedelta(minutes=1)) == "2026-03-01T11:59:00Z"


def test_an_empty_system_is_read_from_the_start_again():
    assert Cursor().finished("", NOON, NOON).start(NOON + timedelta(hours=1)) == ""


def test_a_sweep_goes_back_to_before_the_transactions_that_were_open_when_the_first_reading_began():
    took = timedelta(minutes=4)
    cursor = Cursor().finished(text(NOON + took), NOON, NOON + took)
    later = NOON + took + LATEST
    assert moment(cursor.start(later)) <= NOON - timedelta(minutes=10)


def test_between_two_sweeps_nothing_is_read_twice():
    cursor = Cursor().finished(text(NOON), NOON, NOON)
    cursor = cursor.finished(text(NOON + LATEST), NOON + LATEST, NOON + LATEST)
    assert cursor.start(NOON + LATEST + timedelta(minutes=14)) == text(NOON + LATEST)


def test_a_first_reading_that_was_interrupted_goes_on_and_its_sweep_covers_both_parts():
    cursor = Cursor().reached(text(NOON - timedelta(minutes=1)), NOON)
    assert cursor.start(NOON + timedelta(minutes=50)) == text(NOON - timedelta(minutes=1))
    again = NOON + timedelta(minutes=50)
    cursor = cursor.finished(text(again), again, again)
    assert moment(cursor.start(again + LATEST)) <= NOON - LATEST


def test_an_interrupted_sweep_begins_again_where_it_began():
    cursor = Cursor().finished(text(NOON), NOON, NOON)
    later = NOON + LATEST
    swept = cursor.start(later)
    assert cursor.reached(text(NOON - timedelta(minutes=2)), later).start(later) == swept


def test_it_survives_being_stored():
    cursor = Cursor().finished(text(NOON), NOON, NOON)
    assert Cursor.load(cursor.stored()) == cursor
    assert Cursor.load(None) == Cursor()


@given(
    rows=st.lists(st.tuples(st.integers(0, 7200), st.integers(0, 600)), min_size=1, max_size=30),
    passes=st.lists(st.integers(1, 1500), min_size=1, max_size=20),
    skew=st.integers(-7200, 7200),
)
def test_every_row_is_read_after_it_became_visible_whatever_the_delay_and_the_skew_of_clocks(
    rows, passes, skew
):
    """Rows are stamped at one moment, visible up to 10 minutes later; our clock is off by `skew` seconds."""
    ours = timedelta(seconds=skew)
    seen: set[int] = set()
    cursor = Cursor()
    clock = 0
    # Enough passes after the last row that every one of them must have been swept.
    for pause in [*passes, 8000, 901, 901]:
        clock += pause
        server = NOON + timedelta(seconds=clock)
        start = cursor.start(server + ours)
        found = {
            index
            for index, (stamped, delay) in enumerate(rows)
            if stamped + delay <= clock and text(NOON + timedelta(seconds=stamped)) >= start
        }
        newest = max((text(NOON + timedelta(seconds=rows[index][0])) for index in found), default="")
        cursor = cursor.finished(newest, server + ours, server + ours)
        seen |= found
    assert seen == set(range(len(rows)))
