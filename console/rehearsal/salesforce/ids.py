"""Record ids: 15 case-sensitive characters, or 18 with a suffix that survives a change of case.

The first three characters say the object, the next three the instance, the rest counts. Each suffix character
stands for five characters of the id: a bit for each capital letter among them.
See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm.
"""

from __future__ import annotations

import hashlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {character: value for value, character in enumerate(DIGITS)}
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS = str.maketrans({each: "1" if each.isupper() else "0" for each in DIGITS})
_TRIPLES = [a + b + c for a in DIGITS for b in DIGITS for c in DIGITS]
_COUNTER_LENGTH = 9

EMPTY_ID = "000000000000000AAA"
MASTER_RECORD_TYPE = "012000000000000AAA"


def check_suffix(id15: str) -> str:
    """The three characters that follow a 15-character id."""
    capitals = id15.translate(_CAPITALS)[::-1]
    return _SUFFIX[int(capitals[10:], 2)] + _SUFFIX[int(capitals[5:10], 2)] + _SUFFIX[int(capitals[:5], 2)]


def normalise(value: object) -> str | None:
    """The 18-character form of an id, or None when `value` is none (length, alphabet, check suffix).

    The suffix also mends the case of an id that went through a program without one.
    """
    if not isinstance(value, str) or len(value) not in (15, 18) or not (value.isascii() and value.isalnum()):
        return None
    if len(value) == 15:
        return value + check_suffix(value)
    suffix = value[15:].upper()
    if check_suffix(value[:15]) == suffix:
        return value[:15] + suffix
    return None


def prefix(record_id: str) -> str:
    """The key prefix, which tells the object type."""
    return record_id[:3]


def make(key_prefix: str, instance: str, number: int) -> str:
    """The 18-character id of record `number` (below 62 to the ninth) of an object on an instance."""
    if len(key_prefix) != 3 or len(instance) != 3 or not 0 <= number < 62**_COUNTER_LENGTH:
        raise ValueError("an id is made of three, three and at most nine characters")
    upper, low = divmod(number, 62**3)
    high, middle = divmod(upper, 62**3)
    id15 = key_prefix + instance + _TRIPLES[high] + _TRIPLES[middle] + _TRIPLES[low]
    return id15 + check_suffix(id15)


def number_of(record_id: str) -> int:
    """The counter part of an id: ids of one object sort as these numbers do."""
    number = 0
    for character in record_id[6:15]:
        number = number * 62 + _VALUE[character]
    return number


def instance_of(seed: int) -> str:
    """The instance characters of an org made from `seed`: two that depend on it, and the reserved zero."""
    tens, ones = divmod(_mix(f"instance {seed}") % 3844, 62)
    return DIGITS[tens] + DIGITS[ones] + "0"


def first_number(seed: int, key_prefix: str) -> int:
    """Where the counter of an object starts in an org made from `seed`: no real org starts at zero."""
    return 62**4 + _mix(f"{key_prefix} {seed}") % 62**5


def _mix(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
