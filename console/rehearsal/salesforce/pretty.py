"""JSON laid out for people, the way Salesforce does when `X-PrettyPrint: 1` asks for it.

Two blanks of indent, blanks around the colon, and lists that open and close on the line of their items.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_text = json.encoder.encode_basestring


def pretty(value: Any) -> str:
    """`value` as laid-out JSON; a Decimal becomes a bare number with its decimals."""
    return _write(value, "\n")


def _write(value: Any, line: str) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None or value is True or value is False or isinstance(value, int):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = line + "  "
        members = [f"{_text(str(name))} : {_write(part, inner)}" for name, part in value.items()]
        return "{" + inner + ("," + inner).join(members) + line + "}"
    if isinstance(value, list | tuple):
        return "[ " + ", ".join([_write(part, line) for part in value]) + " ]" if value else "[ ]"
    return json.dumps(value)
