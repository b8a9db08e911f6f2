"""The tokens of a formula, its errors, and what it is worked out over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from console.rehearsal.salesforce.schema import Field


class FormulaError(Exception):
    """Why a formula is not accepted, in the words of the formula editor."""


@dataclass(frozen=True, slots=True)
class Save:
    """One record on its way into the org. Rows hold stored values by field name."""

    new: Mapping[str, Any]
    old: Mapping[str, Any] | None
    """None: the record is new."""
    user: Mapping[str, Any]
    """The row of the user who saves."""
    profile: str
    now: datetime
    parent: Callable[[Field, Any], Mapping[str, Any] | None]
    """The row that a reference leads to."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """number, text, name, operator or end."""
    text: str
    start: int


_TOKEN = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/)
      |(?P<number>\d+(?:\.\d+)?|\.\d+)
      |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      |(?P<name>\$?[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
      |(?P<operator>&&|\|\||<>|!=|==|<=|>=|[-+*/^&=<>!(),])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def tokens(text: str) -> list[Token]:
    """The tokens of a formula; the last one is of kind `end`. Raises FormulaError."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaError(f"Syntax error. Found '{text[place]}'")
        kind = str(match.lastgroup)
        if kind != "blank":
            found.append(Token(kind, match[0], place))
        place = match.end()
    return [*found, Token("end", "", place)]


def unquote(literal: str) -> str:
    """The text that a literal stands for. Only quotes, backslashes and line breaks lose their backslash."""
    inner = literal[1:-1]
    return re.sub(
        r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1] if match[1] in "\"'\\" else match[0]), inner
    )
