"""From the values of a request to what is stored, and back to what REST shows.

The rules per type: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.rehearsal.salesforce import ids, jsontext
from console.rehearsal.salesforce.errors import ApiError, malformed_id, string_too_long
from console.rehearsal.salesforce.schema import NUMBER_TYPES, TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.schema import Field

BLANKS = "".join(map(chr, range(0x21)))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAKS = re.compile(r"[\r\n]+")
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+)*"
    r"@(?:[A-Za-z0-9\u0080-\uffff](?:[A-Za-z0-9\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?\.)+"
    r"[A-Za-z\u0080-\uffff]{2,}"
)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)
_YEARS = range(1700, 4001)


def stamp_text(moment: datetime) -> str:
    """A moment as REST writes it: 2026-01-02T03:04:05.000+0000."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def parse_moment(text: str) -> datetime | None:
    """A moment from any of the spellings that the API takes, or None. The zone is needed."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if int(year) not in _YEARS:
        return None
    try:
        naive = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    naive += timedelta(milliseconds=int((fraction or "0").ljust(3, "0")[:3]))
    if zone in "Zz":
        return naive
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return naive - offset if zone[0] == "+" else naive + offset


def parse_date(text: str) -> date | None:
    """A day written 2026-01-02, or None when there is no such day."""
    match = _DATE.fullmatch(text)
    if match is None or int(match[1]) not in _YEARS:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def zone_of(name: str) -> ZoneInfo | None:
    """A time zone, or None where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def length_of(text: str) -> int:
    """The length as Salesforce counts it: a character outside the basic plane counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def clean_text(text: str, *, lines: bool) -> str | None:
    """A text as it is kept: control characters out, outer blanks off, nothing left means null."""
    text = _CONTROL.sub("", text)
    if not lines:
        text = _LINE_BREAKS.sub(" ", text)
    return text.strip(BLANKS) or None


def unreadable(kind: str, value: Any) -> ApiError:
    """The reply to a JSON value that cannot become a value of the type."""
    if isinstance(value, str):
        token, shown = "VALUE_STRING", value
    elif isinstance(value, bool):
        token, shown = ("VALUE_TRUE", "true") if value else ("VALUE_FALSE", "false")
    elif isinstance(value, dict):
        token, shown = "START_OBJECT", "{"
    elif isinstance(value, list):
        token, shown = "START_ARRAY", "["
    elif isinstance(value, int):
        token, shown = "VALUE_NUMBER_INT", str(value)
    else:
        token, shown = "VALUE_NUMBER_FLOAT", str(value)
    message = (
        f"Cannot deserialize instance of {kind} from {token} value {shown} or request may be missing a "
        "required field at [line:1, column:2]"
    )
    return ApiError(400, "JSON_PARSER_ERROR", message)


# -- into the store


def to_stored(field: Field, value: Any) -> Any:
    """What is stored for a JSON value; raises ApiError. References come back with 18 characters, unchecked."""
    if value is None:
        return None
    kind = field.type
    if kind in TEXT_TYPES:
        return _text(field, value)
    if kind == "reference" or kind == "id":
        return _reference(field, value)
    if kind == "boolean":
        return _boolean(value)
    if kind == "int":
        return _int(field, value)
    if kind in NUMBER_TYPES:
        return _number(field, value)
    if kind == "date":
        day = parse_date(value.strip(BLANKS)) if isinstance(value, str) else None
        if value == "":
            return None
        if day is None:
            raise unreadable("date", value)
        return day.isoformat()
    if kind == "datetime":
        if value == "":
            return None
        moment = parse_moment(value.strip(BLANKS)) if isinstance(value, str) else None
        if moment is None:
            raise unreadable("datetime", value)
        return stamp_text(moment.replace(microsecond=0))
    if kind == "complexvalue":
        return jsontext.dumps(value)
    raise unreadable(kind, value)


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | Decimal | float):
        value = str(value)
    if not isinstance(value, str):
        raise unreadable("string", value)
    text = clean_text(value, lines=field.type == "textarea")
    if text is None:
        return None
    if field.type == "email":
        text = text.lower()
        if length_of(text) > field.length:
            raise string_too_long(field.label, text, field.length, field.name)
        if not _EMAIL.fullmatch(text):
            message = f"{field.label}: invalid email address: {text}"
            raise ApiError(400, "INVALID_EMAIL_ADDRESS", message, [field.name])
        return text
    if field.type == "picklist" and field.restricted:
        if text not in field.picklist:
            message = f"{field.label}: bad value for restricted picklist field: {text}"
            raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
        return text
    if field.length and length_of(text) > field.length:
        raise string_too_long(field.label, text, field.length, field.name)
    return text


def _reference(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise unreadable("string", value)
    text = value.strip(BLANKS)
    if not text:
        return None
    record_id = ids.normalise(text)
    if record_id is None:
        raise malformed_id(text, field.label, field.name)
    return record_id


def _boolean(value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.strip(BLANKS).lower() in {"true", "false"}:
        return int(value.strip(BLANKS).lower() == "true")
    raise unreadable("boolean", value)


def _decimal(kind: str, value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float | str):
        raise unreadable(kind, value)
    text = str(value).strip(BLANKS)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise unreadable(kind, value) from None
    if not number.is_finite():
        raise unreadable(kind, value)
    return number


def _out_of_range(field: Field, number: Decimal) -> ApiError:
    shown = format(number, "f") if abs(number.adjusted()) < 400 else str(number)
    message = f"{field.label}: value outside of valid range on numeric field: {shown}"
    return ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])


def _int(field: Field, value: Any) -> int | None:
    number = _decimal("int", value)
    if number is None:
        return None
    if number.adjusted() >= (field.digits or 9):
        raise _out_of_range(field, number)
    if number != number.to_integral_value():
        raise unreadable("int", value)
    return int(number)


def _number(field: Field, value: Any) -> int | None:
    number = _decimal("double", value)
    if number is None:
        return None
    if number and number.adjusted() >= field.precision - field.scale:
        raise _out_of_range(field, number)
    scaled = int(number.scaleb(field.scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if abs(scaled) >= 10**field.precision:
        raise _out_of_range(field, number)
    return scaled


# -- out of the store


def renderer(field: Field) -> Callable[[Any], Any] | None:
    """What turns a stored value into what REST shows; None where they are the same."""
    if field.type == "boolean":
        return bool
    if field.compound and field.type == "double":
        return Scaled(field.scale, trimmed=True)
    if field.type in NUMBER_TYPES and field.scale:
        return Scaled(field.scale)
    if field.type == "complexvalue":
        return _complex
    return None


class Scaled:
    """Turns a whole number of smallest units into a number with that many decimals, or only those it needs."""

    __slots__ = ("_exponent", "_trimmed")

    def __init__(self, scale: int, *, trimmed: bool = False) -> None:
        self._exponent = -scale
        self._trimmed = trimmed

    def __call__(self, value: int | None) -> Decimal | None:
        if value is None:
            return None
        number = Decimal(value).scaleb(self._exponent)
        return number.normalize() if self._trimmed else number


def _complex(value: str | None) -> Any:
    return None if value is None else jsontext.loads(value)
