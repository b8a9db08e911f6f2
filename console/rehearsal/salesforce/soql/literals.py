"""Literals as the values that columns are compared with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.schema import CATALOGUE, ID_TYPES, NUMBER_TYPES, TEXT_TYPES
from console.rehearsal.salesforce.values import parse_date, parse_moment, stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.errors import ApiError
    from console.rehearsal.salesforce.soql.ast import Literal
    from console.rehearsal.salesforce.soql.context import Context
    from console.rehearsal.salesforce.soql.plan import Column


def wrong_type(context: Context, column: Column, literal: Literal) -> ApiError:
    """A literal of another type than the field that it is compared with."""
    kind = column.field.type
    spoken = {"datetime": "dateTime", "int": "int", "boolean": "boolean", "date": "date"}
    if kind in TEXT_TYPES or kind in ID_TYPES:
        quotes, name = "should be enclosed in quotes", "string"
    else:
        name = spoken.get(kind, "double")
        quotes = "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{column.field.name}' must be of type {name} and {quotes}"
    return context.fail(literal.start, message, "INVALID_FIELD")


def stored(context: Context, column: Column, literal: Literal) -> Any:
    """The stored form of a literal for a field."""
    kind, value = column.field.type, literal.value
    if column.target in CATALOGUE and literal.kind == "string":
        return value  # the ids of definitions are names
    if kind in ID_TYPES and literal.kind == "string":
        record_id = ids.normalise(value)
        if record_id is None:
            message = f"invalid ID field: {value}"
            raise context.fail(literal.start, message, "INVALID_QUERY_FILTER_OPERATOR")
        return record_id
    if kind in TEXT_TYPES and literal.kind == "string":
        return value
    if kind == "boolean" and literal.kind == "boolean":
        return int(bool(value))
    if (kind in NUMBER_TYPES or kind == "int") and isinstance(value, Decimal):
        return plain(value.scaleb(column.field.scale))
    if kind == "date" and literal.kind == "date":
        day = parse_date(str(value))
        if day is not None:
            return day.isoformat()
        raise context.fail(literal.start, f"Invalid date: {value}")
    if kind == "datetime" and literal.kind == "datetime":
        moment = parse_moment(str(value))
        if moment is not None:
            return stamp_text(moment)
        raise context.fail(literal.start, f"Invalid date: {value}")
    raise wrong_type(context, column, literal)


def plain(number: Decimal) -> int | float:
    """A number as SQLite compares it with whole numbers: exact where it is whole and fits."""
    if number == number.to_integral_value() and abs(number) < 2**63:
        return int(number)
    return float(number)


def glob(pattern: str) -> str:
    """A LIKE pattern with its escapes as a GLOB pattern, which tells upper from lower case."""
    out: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            character = next(characters, "")
        elif character in "%_":
            out.append("*" if character == "%" else "?")
            continue
        out.append(f"[{character}]" if character in "*?[" else character)
    return "".join(out)
