"""The block that shows a place in a query: the text around it, a caret, row and column, and a sentence."""

from __future__ import annotations

import re

from console.rehearsal.salesforce.errors import ApiError

AROUND = 30
"""At least so many characters are shown on each side of the place, as far as its line goes."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_GAP = re.compile(r"[\s,]")

CUSTOM_FIELD_HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
CUSTOM_OBJECT_HINT = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
CUSTOM_RELATIONSHIP_HINT = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom "
    "relationship name. Please reference your WSDL or the describe call for the appropriate names."
)


def at(text: str, position: int, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """The error of `code` at a character of the query."""
    row, start = 1, 0
    for match in _LINE_BREAK.finditer(text):
        if match.end() > position:
            break
        row, start = row + 1, match.end()
    ending = _LINE_BREAK.search(text, start)
    line = text[start : ending.start() if ending else len(text)]
    place = min(position - start, len(line))
    left = place - AROUND
    while left > 0 and not _GAP.match(line[left - 1]):
        left -= 1
    left = max(left, 0)
    right = place + AROUND
    while right < len(line) and not _GAP.match(line[right]):
        right += 1
    block = f"\n{line[left:right]}\n{' ' * (place - left)}^\nERROR at Row:{row}:Column:{place + 1}\n{message}"
    return ApiError(400, code, block)


def unexpected(text: str, position: int, token: str) -> ApiError:
    """A token that does not belong there; the first word of a query is named without the block."""
    if not text[:position].strip():
        return ApiError(400, "MALFORMED_QUERY", f"unexpected token: {token}")
    return at(text, position, f"unexpected token: '{token}'")
