"""Date literals: TODAY, LAST_N_DAYS:3 and their like, as a first day and the day after the last.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
Weeks begin on Sunday (the en_US locale); fiscal years are calendar years, as in an org that was never told else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

Span = tuple[date, date]


def _day(today: date, shift: int) -> Span:
    first = today + timedelta(days=shift)
    return first, first + timedelta(days=1)


def _week(today: date, shift: int) -> Span:
    sunday = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
    return sunday, sunday + timedelta(weeks=1)


def add_months(first: date, months: int) -> date:
    """The first day of a month so many months away."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _month(today: date, shift: int) -> Span:
    first = add_months(today, shift)
    return first, add_months(first, 1)


def _quarter(today: date, shift: int) -> Span:
    first = add_months(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * shift)
    return first, add_months(first, 3)


def _year(today: date, shift: int) -> Span:
    return date(today.year + shift, 1, 1), date(today.year + shift + 1, 1, 1)


_Unit = Callable[[date, int], Span]

RANGES: dict[str, tuple[_Unit, int]] = {
    "YESTERDAY": (_day, -1),
    "TODAY": (_day, 0),
    "TOMORROW": (_day, 1),
    **{
        f"{word}_{name}": (unit, shift)
        for name, unit in (
            ("WEEK", _week),
            ("MONTH", _month),
            ("QUARTER", _quarter),
            ("YEAR", _year),
            ("FISCAL_QUARTER", _quarter),
            ("FISCAL_YEAR", _year),
        )
        for word, shift in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
    },
}
NINETY = {"LAST_90_DAYS": -90, "NEXT_90_DAYS": 90}
RANGES.update({name: (_day, days) for name, days in NINETY.items()})

_UNITS: dict[str, _Unit] = {
    "WEEKS": _week,
    "MONTHS": _month,
    "QUARTERS": _quarter,
    "YEARS": _year,
    "FISCAL_QUARTERS": _quarter,
    "FISCAL_YEARS": _year,
}
RANGES_WITH_COUNT = frozenset(
    [f"{word}_N_{name}" for word in ("LAST", "NEXT") for name in ("DAYS", *_UNITS)]
    + ["N_DAYS_AGO"]
    + [f"N_{name}_AGO" for name in _UNITS]
)


def span(name: str, count: int | None, today: date) -> Span:
    """First day and the day after the last of a literal; ValueError or OverflowError beyond the calendar."""
    if name in NINETY:
        count = abs(NINETY[name])
    if count is None:
        unit, shift = RANGES[name]
        return unit(today, shift)
    if name in {"LAST_N_DAYS", "LAST_90_DAYS"}:  # up to and with today
        return today - timedelta(days=count), today + timedelta(days=1)
    if name in {"NEXT_N_DAYS", "NEXT_90_DAYS"}:  # from tomorrow on
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    if name == "N_DAYS_AGO":
        return _day(today, -count)
    if name.endswith("_AGO"):
        return _UNITS[name.removeprefix("N_").removesuffix("_AGO")](today, -count)
    unit = _UNITS[name.removeprefix("LAST_N_").removeprefix("NEXT_N_")]
    if name.startswith("LAST"):
        return unit(today, -count)[0], unit(today, 0)[0]
    return unit(today, 1)[0], unit(today, count + 1)[0]
