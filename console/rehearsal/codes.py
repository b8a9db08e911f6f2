"""Identifiers that look random, never repeat, and are the same for the same seed."""

from __future__ import annotations

import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE = len(ALPHABET)
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_MASK = 2**64 - 1
# Steps that share no factor with 62 = 2 * 31 visit every value of a range before any comes again.
_STEP = 0x9E3779B97F4A7C15F39CC0605CEDC8351082276BF3A27251
_SPREAD = 0xD6E8FEB86659FD93C2B2AE3D27D4EB4F165667B19E3779F9


def code(number: int, *, seed: int, length: int = 8) -> str:
    """The `number`-th code of `length` letters and digits: a different one for every number below 62**length."""
    size, high = _BASE**length, _BASE ** (length - length // 2)
    value = ((number + 1) * _STEP + (seed + 1) * _SPREAD) % size
    # Changing the halves over hides the constant distance between neighbours. Each of the three steps is a bijection.
    upper, lower = divmod(value, size // high)
    return _text((lower * high + upper) * _STEP % size, length)


def chance(number: int, *, seed: int, part: int) -> float:
    """A fraction below 1 that looks random: the same for the same arguments, and much cheaper than a generator."""
    value = ((number + 1) * _STEP + (seed + 1) * _SPREAD + part * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((value ^ (value >> 31)) >> 11) / 2**53


def _text(value: int, length: int) -> str:
    """`value` written in base 62 with exactly `length` digits."""
    pairs = []
    for _ in range(length // 2):
        value, pair = divmod(value, _BASE * _BASE)
        pairs.append(_PAIRS[pair])
    return (ALPHABET[value] if length % 2 else "") + "".join(reversed(pairs))
