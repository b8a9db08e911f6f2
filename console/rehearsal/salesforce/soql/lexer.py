"""From the text of a query to tokens with their place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.soql import caret

MAX_LENGTH = 100_000
MAX_LITERAL = 4_000
END = "<EOF>"

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)(?![\dT])"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z_])"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<quote>')"
    r"|(?P<operator><=|>=|<>|!=|[=<>(),.:])",
    re.IGNORECASE,
)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, string, number, date, datetime, operator or end."""

    kind: str
    text: str
    start: int
    pattern: str = ""
    """Of a string: its text as a LIKE pattern, where a backslash keeps the next sign from being a wildcard."""

    @property
    def word(self) -> str:
        """A name in upper case, as keywords are compared; empty for other tokens."""
        return self.text.upper() if self.kind == "name" else ""

    @property
    def shown(self) -> str:
        return END if self.kind == "end" else self.text


def tokens(text: str) -> list[Token]:
    """All tokens, the last one of kind end. Raises MALFORMED_QUERY."""
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if len(text) > MAX_LENGTH:
        message = f"SOQL statements cannot be longer than {MAX_LENGTH} characters."
        raise ApiError(400, "MALFORMED_QUERY", message)
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise caret.unexpected(text, position, text[position])
        kind = match.lastgroup
        if kind == "quote":
            token, position = _string(text, position)
            found.append(token)
            continue
        if kind is not None and kind != "space":
            found.append(Token(kind, match.group(), position))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _string(text: str, start: int) -> tuple[Token, int]:
    value: list[str] = []
    pattern: list[str] = []
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == "'":
            if len(value) > MAX_LITERAL:
                raise caret.at(text, start, f"String literals cannot be longer than {MAX_LITERAL} characters")
            return Token("string", "".join(value), start, "".join(pattern)), position + 1
        if character != "\\":
            value.append(character)
            pattern.append(character)
            position += 1
            continue
        escape = text[position + 1 : position + 2]
        if escape in ("u", "U") and re.fullmatch(r"[0-9A-Fa-f]{4}", text[position + 2 : position + 6]):
            decoded, width = chr(int(text[position + 2 : position + 6], 16)), 6
        elif escape and escape.lower() in _ESCAPES:
            decoded, width = _ESCAPES[escape.lower()], 2
        else:
            shown = f"Illegal character sequence '\\{escape}' in string literal"
            raise caret.at(text, position, f"Invalid string literal. {shown}")
        value.append(decoded)
        pattern.append(f"\\{decoded}" if decoded in "\\_%" else decoded)
        position += width
    raise caret.unexpected(text, len(text), END)
