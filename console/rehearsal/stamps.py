"""Moments as whole microseconds since 1970 (UTC): what the databases sort by, and the texts made from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware date-time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(stamp: int) -> datetime:
    """The aware UTC date-time of a stamp."""
    return _EPOCH + timedelta(microseconds=stamp)


def day_of(stamp: int) -> date:
    """The UTC calendar day of a stamp."""
    return moment(stamp).date()


def midnight(day: date) -> int:
    """The stamp at which a UTC day begins."""
    return micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def text(stamp: int, *, fraction: bool = False) -> str:
    """RFC 3339 with `Z`: whole seconds, or six digits of fraction."""
    naive = moment(stamp).replace(tzinfo=None)
    return naive.isoformat(timespec="microseconds" if fraction else "seconds") + "Z"


def parse(value: str) -> int:
    """The stamp of an RFC 3339 date-time or of a plain `YYYY-MM-DD` (its midnight, UTC). Raises ValueError."""
    if len(value) == 10:
        return midnight(date.fromisoformat(value))
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError(f"a date-time needs an offset: {value!r}")
    return micros(parsed)


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day when it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                continue
    raise AssertionError("every month has 28 days")
