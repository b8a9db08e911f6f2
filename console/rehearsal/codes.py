"""Identifiers that look random, never repeat, and are the same for the same seed."""

from __future__ import annotations

import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE = len(ALPHABET)
# Steps that share no factor with 62 = 2 * 31 visit every value of a range before any comes again.
_STEP = 0x9E3779B97F4A7C15F39CC0605CEDC8351082276BF3A27251
_SPREAD = 0xD6E8FEB86659FD93C2B2AE3D27D4EB4F165667B19E3779F9


def code(number: int, *, seed: int, length: int = 8) -> str:
    """The `number`-th code of `length` letters and digits: a different one for every number below 62**length."""
    size = _BASE**length
    value = ((number + 1) * _STEP + (seed + 1) * _SPREAD) % size
    # A second pass over the reversed digits hides the constant distance between neighbours; it is a bijection too.
    value = int_of(text_of(value, length)[::-1]) * _STEP % size
    return text_of(value, length)


def text_of(value: int, length: int) -> str:
    """`value` written in base 62 with exactly `length` digits."""
    digits = []
    for _ in range(length):
        value, digit = divmod(value, _BASE)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def int_of(text: str) -> int:
    """The number that `text_of` wrote."""
    value = 0
    for character in text:
        value = value * _BASE + ALPHABET.index(character)
    return value
