"""Date literals against the sentences of Salesforce's table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce.soql.dates import RANGES, RANGES_WITH_COUNT, add_months, span

WEDNESDAY = date(2026, 3, 4)
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("TODAY", None, (2026, 3, 4), (2026, 3, 4)),
        ("YESTERDAY", None, (2026, 3, 3), (2026, 3, 3)),
        ("TOMORROW", None, (2026, 3, 5), (2026, 3, 5)),
        ("THIS_WEEK", None, (2026, 3, 1), (2026, 3, 7)),
        ("LAST_WEEK", None, (2026, 2, 22), (2026, 2, 28)),
        ("NEXT_WEEK", None, (2026, 3, 8), (2026, 3, 14)),
        ("THIS_MONTH", None, (2026, 3, 1), (2026, 3, 31)),
        ("LAST_MONTH", None, (2026, 2, 1), (2026, 2, 28)),
        ("NEXT_MONTH", None, (2026, 4, 1), (2026, 4, 30)),
        ("LAST_90_DAYS", None, (2025, 12, 4), (2026, 3, 4)),
        ("NEXT_90_DAYS", None, (2026, 3, 5), (2026, 6, 2)),
        ("THIS_QUARTER", None, (2026, 1, 1), (2026, 3, 31)),
        ("LAST_QUARTER", None, (2025, 10, 1), (2025, 12, 31)),
        ("NEXT_FISCAL_QUARTER", None, (2026, 4, 1), (2026, 6, 30)),
        ("THIS_YEAR", None, (2026, 1, 1), (2026, 12, 31)),
        ("LAST_FISCAL_YEAR", None, (2025, 1, 1), (2025, 12, 31)),
        ("LAST_N_DAYS", 3, (2026, 3, 1), (2026, 3, 4)),
        ("NEXT_N_DAYS", 3, (2026, 3, 5), (2026, 3, 7)),
        ("N_DAYS_AGO", 3, (2026, 3, 1), (2026, 3, 1)),
        ("LAST_N_WEEKS", 2, (2026, 2, 15), (2026, 2, 28)),
        ("NEXT_N_MONTHS", 2, (2026, 4, 1), (2026, 5, 31)),
        ("N_MONTHS_AGO", 2, (2026, 1, 1), (2026, 1, 31)),
        ("LAST_N_YEARS", 2, (2024, 1, 1), (2025, 12, 31)),
        ("N_QUARTERS_AGO", 1, (2025, 10, 1), (2025, 12, 31)),
    ],
)
def test_a_literal_spans_its_days(
    name: str, count: int | None, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert span(name, count, WEDNESDAY) == (date(*first), date(*last) + timedelta(days=1))


@given(DAYS)
def test_last_this_and_next_follow_each_other(today: date) -> None:
    for unit in ("WEEK", "MONTH", "QUARTER", "YEAR"):
        last, this, following = (span(f"{word}_{unit}", None, today) for word in ("LAST", "THIS", "NEXT"))
        assert last[1] == this[0] <= today < this[1] == following[0]


@given(DAYS, st.integers(1, 500))
def test_n_units_are_as_many_single_ones(today: date, count: int) -> None:
    for unit in ("WEEKS", "MONTHS", "QUARTERS"):
        first, after = span(f"LAST_N_{unit}", count, today)
        assert first == span(f"N_{unit}_AGO", count, today)[0]
        assert after == span(f"N_{unit}_AGO", 1, today)[1]
    assert span("NEXT_N_DAYS", count, today) == (today + timedelta(days=1), today + timedelta(days=count + 1))


@given(DAYS, st.integers(-500, 500))
def test_months_add_up(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert moved.day == 1
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months


def test_every_literal_has_a_span() -> None:
    for name in RANGES:
        first, after = span(name, None, WEDNESDAY)
        assert first < after
    for name in RANGES_WITH_COUNT:
        first, after = span(name, 2, WEDNESDAY)
        assert first < after


def test_beyond_the_calendar_there_is_nothing() -> None:
    with pytest.raises((ValueError, OverflowError)):
        span("N_YEARS_AGO", 5000, WEDNESDAY)
    with pytest.raises(OverflowError):
        span("LAST_N_DAYS", 10**9, WEDNESDAY)
