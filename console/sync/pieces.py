"""In which pieces a pass takes the customers that are due: small ones first, so that whoever watches sees accounts at once."""

from __future__ import annotations

from collections.abc import Iterator

FIRST = 100
"""Customers in a pass's first piece; each piece is four times the last."""
CHUNK = 1_000
"""Customers planned and applied together at most: one call of five collections."""


def sizes() -> Iterator[int]:
    """How many customers each piece has at most, without an end."""
    size = FIRST
    while True:
        yield size
        size = min(size * 4, CHUNK)


def pieces(customers: int, done: int = 0) -> Iterator[int]:
    """The sizes of the pieces that so many customers make, without the first `done` of them."""
    for size in sizes():
        if customers <= 0:
            return
        taken = min(size, customers)
        customers -= taken
        if done >= taken:
            done -= taken
        else:
            yield taken - done
            done = 0
