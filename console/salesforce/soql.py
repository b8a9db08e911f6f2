"""SOQL from a template and values. Data reaches a query only through here, quoted; never by joining strings.

Quoting rules: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class _Raw(str):
    """Text that was checked and goes into the query as it is."""

    __slots__ = ()


def name(text: str) -> _Raw:
    """An object's or field's API name, parent fields with dots.

    :raises ValueError: it is no such name.
    """
    if not _NAME.fullmatch(text):
        raise ValueError("not an API name")
    return _Raw(text)


def names(texts: Iterable[str]) -> _Raw:
    """Several API names, with commas between them, for a SELECT list.

    :raises ValueError: one of them is no API name, or there is none.
    """
    checked = [name(text) for text in texts]
    if not checked:
        raise ValueError("no API names")
    return _Raw(", ".join(checked))


def instant(text: str) -> _Raw:
    """A date-time literal, ``2026-01-02T03:04:05Z``, which SOQL writes without quotes.

    :raises ValueError: it is no such instant.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant")
    return _Raw(text)


def soql(template: str, *values: object) -> str:
    """Put values in the places of ``{}``, quoted by their type.

    Text, whole numbers, Decimal, booleans, None, sequences of these (as ``('a', 'b')``), and what `name`, `names`
    and `instant` return.

    :raises ValueError: another number of values than places, an empty sequence, or a value of another type.
    """
    pieces = template.split("{}")
    if len(pieces) != len(values) + 1:
        raise ValueError(f"{len(pieces) - 1} places for {len(values)} values")
    written = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        written += (_literal(value), piece)
    return "".join(written)


def _literal(value: object) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("not a number")
        return format(value, "f")
    if isinstance(value, str):
        return "'" + "".join(_ESCAPES.get(sign, sign) for sign in value) + "'"
    if isinstance(value, list | tuple | set | frozenset):
        if not value:
            raise ValueError("an empty list matches nothing; do not ask")
        return "(" + ", ".join(_literal(item) for item in value) + ")"
    raise ValueError(f"no SOQL literal for {type(value).__name__}")
