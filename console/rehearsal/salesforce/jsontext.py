"""JSON as Salesforce writes it: compact, numbers with the decimals of their field."""

from __future__ import annotations

import json
import re
import secrets
from decimal import Decimal
from typing import Any

# The C encoder has no hook for numbers. A Decimal goes through it as a marked string, whose quotes and mark are
# taken off afterwards; the mark is drawn for each process, so no text from outside can pass for a number.
_MARK = secrets.token_hex(8)
_MARKED = re.compile(f'"{_MARK}(-?[0-9]+(?:\\.[0-9]+)?)"')


def _mark(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return _MARK + format(value, "f")
    raise TypeError(f"{type(value).__name__} is no JSON value")


def dumps(value: Any) -> str:
    """`value` as compact JSON text; a Decimal becomes a bare number and keeps its decimals (50000.00)."""
    text = json.dumps(value, default=_mark, ensure_ascii=False, separators=(",", ":"))
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def loads(text: str | bytes) -> Any:
    """JSON with numbers that have decimals as Decimal; raises json.JSONDecodeError."""
    return json.loads(text, parse_float=Decimal)
