"""Values in one form: read from either side's JSON, compared, and checked against what a field takes.

The two systems hand back the same value differently: Salesforce trims text, turns "" into null and lower-cases
e-mail addresses; Alguna writes amounts as text and some instants with microseconds. Comparing raw values would find a
difference on every pass, and every pass would write.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from console.domain.countries import same_country, same_region
from console.domain.domains import business_domain, domain_of
from console.domain.fields import FieldSpec, Kind
from console.domain.names import name_key, names_compatible
from console.domain.plain import plain, readable, storable
from console.domain.records import Value

__all__ = [
    "LARGEST_AMOUNT",
    "business_domain",
    "canonical",
    "domain_of",
    "fits",
    "name_key",
    "names_compatible",
    "same",
    "shown",
]

LARGEST_AMOUNT: Final = Decimal("99999999.99")
"""What a ``Currency(8,2)`` field of Salesforce Setup holds: 8 digits before the point and 2 after."""

_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=60)
_MOST_DIGITS: Final = 40
_AS_IT_IS: Final = frozenset(Kind) - {Kind.AMOUNT, Kind.INSTANT, Kind.CURRENCY}
_UTC: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")
_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?"
)
_EMAIL: Final = re.compile(r"[^\s@,;<>()\[\]\\\"]+@(?:[^\s@.,;<>()\[\]\\\"]+\.)+[^\s@.,;<>()\[\]\\\"]{2,}")
_EARLIEST: Final = "1700-01-01T00:00:00Z"
_LATEST: Final = "4000-12-31T00:00:00Z"


def canonical(kind: Kind, raw: object) -> Value:
    """A value of either side's JSON in the console's form; blank text and null are None.

    Instants become ``2026-01-02T03:04:05Z``: fractions are cut, offsets applied, a plain date is its midnight UTC. Amounts
    become decimals with two places, rounded half up, as the field holds two. Raises ValueError with a sentence when `raw`
    can't be a value of this kind.
    """
    if raw is None:
        return None
    if kind in _AS_IT_IS and isinstance(raw, str) and raw.isascii() and raw.isprintable():
        return raw.strip() or None  # nearly all that is ever read: there is nothing in it to bring into form
    if kind is Kind.AMOUNT:
        return _amount(raw)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ValueError(f"{_named(kind)} can't be {_json_name(raw)}")
    text = storable(raw if isinstance(raw, str) else _number_text(raw))
    if kind is Kind.INSTANT:
        return _instant(text)
    text = text.strip() if kind is Kind.MULTILINE else " ".join(text.splitlines()).strip()
    if kind is Kind.CURRENCY:
        text = text.upper()
    return text or None


def same(kind: Kind, one: Value, other: Value) -> bool:
    """Whether two known values mean the same, however they are spelled."""
    if one == other:
        return True
    a, b = (one or "").strip(), (other or "").strip()
    if a == b:
        return True
    if not a or not b:
        return False
    if not (a.isascii() and b.isascii()):
        # One letter can be one sign or a letter with a mark behind it (https://unicode.org/reports/tr15/).
        a, b = unicodedata.normalize("NFC", a), unicodedata.normalize("NFC", b)
        if a == b:
            return True
    return _same_text(kind, a, b)


def fits(spec: FieldSpec, value: Value) -> str | None:
    """None when Salesforce takes the value in this field, else a sentence that says why not."""
    if value is None:
        return None
    if spec.kind is Kind.AMOUNT:
        return _amount_fits(spec, value)
    if spec.kind is Kind.INSTANT:
        if _EARLIEST <= value <= _LATEST:
            return None
        return f"{spec.label} can't be {shown(value)}: Salesforce takes dates from 1700 to 4000."
    length = len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
    if spec.max_length is not None and length > spec.max_length:
        return f"{spec.label} has {length} characters and Salesforce takes {spec.max_length}: {shown(value, 40)}."
    if spec.kind is Kind.EMAIL and not _EMAIL.fullmatch(value):
        return f"{spec.label} {shown(value)} is not an e-mail address that Salesforce takes."
    return None


def shown(value: Value, limit: int = 60) -> str:
    """A value as it stands in a sentence: in quotation marks, one line, cut; ``nothing`` for an empty one."""
    if value and len(value) <= limit and value[-1] != "Z" and value.isascii() and value.isprintable():
        return f"“{value}”"
    return "nothing" if value is None else f"“{plain(readable(value), limit)}”"


def _same_text(kind: Kind, a: str, b: str) -> bool:
    match kind:
        case Kind.EMAIL:
            return a.casefold() == b.casefold()
        case Kind.COUNTRY:
            return same_country(a, b)
        case Kind.REGION:
            return same_region(a, b)
        case Kind.CURRENCY:
            return a.upper() == b.upper()
        case Kind.WEBSITE:
            return _website(a) == _website(b)
        case Kind.MULTILINE:
            return _lines(a) == _lines(b)
        case Kind.INSTANT | Kind.AMOUNT:
            try:
                return canonical(kind, a) == canonical(kind, b)
            except ValueError:
                return False  # the texts differ, and one of them means nothing
        case _:
            return False


@lru_cache(maxsize=4096)
def _website(text: str) -> str:
    """Host in lower case, no slash at the end, ``http``, ``https`` or no scheme at all: nothing else is only spelling."""
    has_scheme = "://" in text
    try:
        parts = urlsplit(text if has_scheme else f"//{text}")
    except ValueError:
        return text
    path = parts.path.rstrip("/") if not parts.query and not parts.fragment else parts.path
    scheme = "" if parts.scheme.lower() in ("http", "https") else parts.scheme.lower()
    return urlunsplit((scheme, parts.netloc.lower(), path, parts.query, parts.fragment))


def _lines(text: str) -> list[str]:
    return [line for line in (piece.strip() for piece in text.splitlines()) if line]


def _instant(text: str) -> Value:
    text = text.strip()
    if not text:
        return None
    if _UTC.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"{shown(text, 40)} is not in the calendar") from error
        return text
    found = _INSTANT.fullmatch(text)
    if not found:
        raise ValueError(f"{shown(text, 40)} is neither a date nor an instant")
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        if hour is None:
            date(int(year), int(month), int(day))
            return f"{year}-{month}-{day}T00:00:00Z"
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
        return f"{(moment - _offset(zone)).replace(tzinfo=None).isoformat()}Z"
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{shown(text, 40)} is not in the calendar") from error


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta(0)
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timedelta(minutes=-minutes if zone[0] == "-" else minutes)


def _amount(raw: object) -> Value:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ValueError(f"an amount can't be {_json_name(raw)}")
    text = raw.strip() if isinstance(raw, str) else _number_text(raw)
    if not text:
        return None
    if not text.isascii() or "_" in text:
        raise ValueError(f"{shown(text, 40)} is not an amount")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{shown(text, 40)} is not an amount") from error
    if not amount.is_finite() or (amount and amount.adjusted() > _MOST_DIGITS):
        raise ValueError(f"{shown(text, 40)} is not an amount")
    cents = amount.quantize(_CENT, rounding=ROUND_HALF_UP, context=_EXACT)
    return f"{cents if cents else Decimal('0.00'):f}"  # never "-0.00"


def _amount_fits(spec: FieldSpec, value: str) -> str | None:
    if abs(Decimal(value)) > LARGEST_AMOUNT:
        return f"{spec.label} {shown(value)} is more than {LARGEST_AMOUNT:,}, the most that the field holds."
    return None


def _number_text(raw: int | float | Decimal) -> str:
    if isinstance(raw, int) and abs(raw) >= 10**_MOST_DIGITS:
        raise ValueError("a number of that size is no value")
    return str(raw)


def _named(kind: Kind) -> str:
    return "an instant" if kind is Kind.INSTANT else "a text"


def _json_name(raw: object) -> str:
    names = {bool: "true or false", list: "a list", dict: "an object"}
    return names.get(type(raw), f"a {type(raw).__name__}")
