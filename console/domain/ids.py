"""Salesforce record ids in their two forms: 15 characters with case, or 18 that survive losing it.

The last three characters of the long form are a base-32 sum of which of the fifteen are capital letters, five at a
time (https://help.salesforce.com/s/articleView?id=000385585).
"""

from __future__ import annotations

import re
from typing import Final

_SUM: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE: Final = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_ACCOUNT_PREFIX: Final = "001"


def to_18(record_id: str) -> str:
    """The 18-character form of a record id given in either form.

    A long id whose letters were all turned to one case gets its case back from its last three characters.
    Raises ValueError when the text is no record id.
    """
    text = record_id.strip()
    if not _SHAPE.fullmatch(text):
        raise ValueError("a Salesforce id has 15 or 18 letters and digits")
    short = text[:15]
    if len(text) == 15:
        return short + _suffix(short)
    if _suffix(short) == text[15:]:
        return text
    if text in (text.lower(), text.upper()):
        restored = _restore(short, text[15:].upper())
        if restored is not None:
            return restored + text[15:].upper()
    raise ValueError("the last three characters of the Salesforce id don't belong to the others")


def same_id(one: str, other: str) -> bool:
    """Whether two texts name the same Salesforce record; False when either is no record id."""
    try:
        return to_18(one) == to_18(other)
    except ValueError:
        return False


def account_id(text: str) -> str | None:
    """The 18-character account id that a text is, or None: aliases hold ids of many systems."""
    if not text.strip().startswith(_ACCOUNT_PREFIX):
        return None
    try:
        return to_18(text)
    except ValueError:
        return None


def _suffix(short: str) -> str:
    bits = 0
    if not short.isdigit():
        for place, sign in enumerate(short):
            if "A" <= sign <= "Z":
                bits |= 1 << place
    return _SUM[bits & 31] + _SUM[bits >> 5 & 31] + _SUM[bits >> 10]


def _restore(short: str, suffix: str) -> str | None:
    """`short` with the case that `suffix` tells, or None when that would make a digit a capital letter."""
    signs: list[str] = []
    for chunk, sign in enumerate(suffix):
        bits = _SUM.find(sign)
        if bits < 0:
            return None
        for place, letter in enumerate(short[chunk * 5 : chunk * 5 + 5]):
            capital = bool(bits >> place & 1)
            if capital and not letter.isalpha():
                return None
            signs.append(letter.upper() if capital else letter.lower())
    return "".join(signs)
