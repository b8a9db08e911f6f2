"""How facts are said, without an app."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.domain.records import Direction, State
from console.errors import Unreachable
from console.sync.events import Calls, Changed, Counts, Progress, RunFailed, RunFinished, RunSummary, Waiting
from screens.dashboard import _left
from screens.live import KEPT, Live, fold, seconds_left
from screens.widgets.columns import GAP, Column, fit
from screens.widgets.text import bar, cell, right
from screens.words import STATES, ago, arrow, environment, plural, span

NOW = "2026-03-04T12:00:00Z"


def test_every_state_has_a_sign_a_word_and_a_meaning() -> None:
    assert set(STATES) == set(State)
    signs = [words.sign for words in STATES.values()]
    assert len(set(signs)) == len(signs)
    assert all(cell_len(sign) == 1 for sign in signs)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (None, "never"),
        ("2026-03-04T12:00:00Z", "just now"),
        ("2026-03-04T11:59:48Z", "12 s ago"),
        ("2026-03-04T11:57:00Z", "3 min ago"),
        ("2026-03-04T10:00:00Z", "2 h ago"),
        ("2026-02-27T12:00:00Z", "5 days ago"),
        ("2026-03-04T12:00:05Z", "just now"),
    ],
)
def test_ages_are_said_in_one_unit(then: str | None, said: str) -> None:
    assert ago(NOW, then) == said


def test_production_says_so_however_it_was_reached() -> None:
    assert environment("sandbox", True) == ("PRODUCTION", "production")
    assert environment("my_domain", True) == ("PRODUCTION", "production")
    assert environment("my_domain", False)[1] == "sandbox"
    assert environment("rehearsal", False)[0] == "REHEARSAL"


def test_arrows_differ_by_sign_and_not_by_colour_alone() -> None:
    signs = {
        arrow(Direction.TO_SALESFORCE, True, False)[0],
        arrow(Direction.TO_ALGUNA, True, False)[0],
        arrow(None, True, True)[0],
        arrow(None, True, False)[0],
        arrow(None, False, False)[0],
    }
    assert len(signs) == 5


def test_numbers_read_well() -> None:
    assert plural(1, "account") == "1 account"
    assert plural(12_345, "account") == "12,345 accounts"
    assert [span(s) for s in (0, 8.4, 90, 7200)] == ["0 s", "8 s", "2 min", "2 h"]


@given(st.text(max_size=200), st.integers(0, 60))
def test_a_cell_is_exactly_as_wide_as_asked_whatever_the_text(text: str, width: int) -> None:
    shown = cell(text, width)
    assert cell_len(shown) == width
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert cell_len(right(text, width)) == width


@given(st.floats(0, 2), st.integers(1, 40))
def test_a_bar_never_outgrows_its_room_and_shows_whatever_is_there(share: float, width: int) -> None:
    drawn = bar(share, width)
    assert len(drawn) <= width
    assert bool(drawn) == (share > 0)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8),
    st.integers(1, 200),
)
def test_columns_fit_their_width_and_the_least_important_go_first(
    shapes: list[tuple[int, int, int]], width: int
) -> None:
    columns = [Column(str(i), str(i), w, grow, rank) for i, (w, grow, rank) in enumerate(shapes)]
    found = fit(columns, width)
    used = sum(size for _, size in found) + GAP * (len(found) - 1)
    assert used <= width
    kept = {column.key for column, _ in found}
    dropped = [column for column in columns if column.key not in kept]
    assert all(d.rank >= k.rank for d in dropped for k in columns if k.key in kept)
    if any(column.grow for column, _ in found) and sum(column.width for column, _ in found) <= width:
        assert used == width


def summary(**more: int) -> RunSummary:
    return RunSummary(7, **more)


def test_the_live_picture_follows_a_run_from_its_events() -> None:
    live = fold(Live(), Progress(7, "Reading", 5, 10, 2.0), NOW)
    assert live.doing is not None
    live = fold(live, Counts({"in_sync": 3}, problems=1), NOW)
    assert (live.total, live.problems) == (3, 1)
    live = fold(live, Calls(1, 2, used=100, limit=150), NOW)
    assert live.left == 50
    live = fold(live, RunFinished(summary(planned=3, applied=3)), NOW)
    assert (live.doing, live.last_sync_at) == (None, NOW)
    live = fold(live, Waiting(60.0, "every minute"), NOW)
    assert seconds_left(live, "2026-03-04T12:00:20Z") == 40


def test_a_failed_pass_marks_what_is_shown_as_out_of_date_until_one_succeeds() -> None:
    live = fold(Live(last_sync_at="2026-03-04T11:00:00Z"), RunFailed(7, Unreachable("No answer.")), NOW)
    assert live.failure is not None
    assert live.last_sync_at == "2026-03-04T11:00:00Z"
    live = fold(live, RunFinished(summary()), NOW)
    assert live.failure is None


def test_only_the_newest_changes_are_kept_newest_first() -> None:
    live = Live()
    for i in range(KEPT + 5):
        live = fold(live, Changed(NOW, 1, "alguna", str(i), "x", "f", "", "", "applied"), NOW)
    assert len(live.changes) == KEPT
    assert live.changes[0].customer_id == str(KEPT + 4)


def test_equal_counts_do_not_make_grids_read_again() -> None:
    live = fold(Live(), Counts({"in_sync": 3}), NOW)
    again = fold(live, Counts({"in_sync": 3}), NOW)
    assert again.generation == live.generation
    assert fold(live, Counts({"in_sync": 4}), NOW).generation > live.generation


def test_calls_left_are_unknown_until_salesforce_said() -> None:
    assert fold(Live(), Calls(1, 1), NOW).left is None
    assert fold(Live(), Calls(1, 1, used=200, limit=100), NOW).left == 0


@pytest.mark.parametrize("width", [40, 44, 70])
def test_the_lines_about_calls_fit_into_their_panel(width: int) -> None:
    calls = Calls(1_203, 98_120, 85_000, 100_000, 90_000, 82, 89_918, 1_606)
    line = _left(Live(calls=calls), calls, width).plain
    assert len(line) <= width
    assert line.startswith("89,918 left of ")
    assert line.endswith("90,000 a day")
