"""Reading request bodies and query strings: each helper returns a value of the right kind or refuses with one sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna.currencies import CURRENCIES
from console.rehearsal.alguna.errors import invalid, malformed

Json = dict[str, Any]


def mapping(value: Any, name: str) -> Json:
    """A JSON object."""
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object")
    return value


def items(value: Any, name: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise invalid(f"{name} must be an array")
    return value


def text(value: Any, name: str, *, empty: bool = False) -> str:
    """A string, not blank unless `empty`."""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    if not empty and not value.strip():
        raise invalid(f"{name} is required")
    return value


def texts(value: Any, name: str) -> list[str]:
    """An array of strings, each not blank."""
    return [text(item, f"{name}[{index}]") for index, item in enumerate(items(value, name))]


def flag(value: Any, name: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false")
    return value


def whole(value: Any, name: str, least: int = 0) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise invalid(f"{name} must be a whole number of at least {least}")
    return value


def word(value: Any, name: str, words: Collection[str]) -> str:
    """One of the listed words."""
    if value not in words:
        raise invalid(f"{name} must be one of {', '.join(words)}")
    return str(value)


def currency(value: Any, name: str = "currency") -> str:
    """An ISO 4217 code."""
    if not isinstance(value, str) or value not in CURRENCIES:
        raise invalid(f"{name} must be an ISO 4217 currency code")
    return value


def amount(value: Any, name: str) -> Decimal:
    """Money or a rate, sent as a decimal string."""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a decimal string")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise invalid(f"{name} must be a decimal string") from None
    if not number.is_finite():
        raise invalid(f"{name} must be a decimal string")
    return number


def day(value: Any, name: str) -> int:
    """A date or a date-time, as the stamp of that moment."""
    try:
        return stamps.parse(text(value, name))
    except ValueError:
        raise invalid(f"{name} must be a date such as 2026-04-01") from None


def number_parameter(query: Mapping[str, str], name: str) -> int:
    """A required whole number of a query string: 400 when it is missing or none."""
    raw = query.get(name)
    if raw is None or raw == "":
        raise malformed(f"query parameter {name} is required")
    if not raw.lstrip("-").isascii() or not raw.lstrip("-").isdigit() or len(raw) > 18:
        raise malformed(f"query parameter {name} must be an integer")
    return int(raw)


def flag_parameter(query: Mapping[str, str], name: str) -> bool | None:
    """An optional true or false of a query string."""
    raw = query.get(name)
    if raw is None:
        return None
    if raw not in ("true", "false"):
        raise malformed(f"query parameter {name} must be true or false")
    return raw == "true"


def list_parameter(query: Mapping[str, str], name: str) -> list[str] | None:
    """An optional comma list of a query string: any of its values is meant."""
    raw = query.get(name)
    return None if raw is None else [part for part in raw.split(",") if part]


def only(body: Json, known: Collection[str], strict: bool) -> None:
    """With `strict`, refuse fields that nobody knows."""
    unknown = [name for name in body if name not in known]
    if strict and unknown:
        raise invalid(f"unknown field {unknown[0]}")
