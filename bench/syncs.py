"""First syncs of many customers into an empty org, and what they cost in calls and memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from bench.measure import NotMade, Taken
from bench.practice import Pass, Practice, practice

SMALL, LARGE = 10_000, 100_000
"""Customers of the two first syncs."""
LEAST = 0.9
"""Share of customers that must become accounts: the practice world has some on purpose that wait for a person."""

T = TypeVar("T")


class Syncs:
    """The passes that the measures are taken from; each is made once, when a measure first asks for it."""

    def __init__(self) -> None:
        self._small = _Once(_small)
        self._large = _Once(_large)

    def first_calls(self) -> Taken:
        """Salesforce calls of the first sync."""
        first, _ = self._small()
        return Taken(
            first.salesforce_calls, f"{first.applied:,} changes applied, {first.waiting:,} customers wait"
        )

    def quiet_calls(self) -> Taken:
        """Salesforce calls of a pass that has nothing to do."""
        _, quiet = self._small()
        if quiet.applied:
            raise NotMade(f"The pass was not quiet: it wrote {quiet.applied:,} changes.")
        return Taken(quiet.salesforce_calls, "nothing written")

    def memory(self) -> Taken:
        """Peak memory of the large first sync against the small one."""
        small, large = self._small()[0].peak, self._large().peak
        return Taken(large / small, f"{large >> 20} MB against {small >> 20} MB")


class _Once(Generic[T]):
    """Makes something when it is first asked for; a failure is not tried again either."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._failure: NotMade | None = None

    def __call__(self) -> T:
        if self._failure is not None:
            raise self._failure
        if not self._made:
            try:
                self._made.append(self._make())
            except NotMade as failure:
                self._failure = failure
                raise
        return self._made[0]


def _small() -> tuple[Pass, Pass]:
    """A first sync, and the pass right after it."""
    with _connected(SMALL) as console:
        return _first_sync(console, SMALL), console.sync()


def _large() -> Pass:
    with _connected(LARGE) as console:
        return _first_sync(console, LARGE)


@contextmanager
def _connected(customers: int) -> Iterator[Practice]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        practice(customers, Path(folder)) as console,
    ):
        yield console


def _first_sync(console: Practice, customers: int) -> Pass:
    """:raises NotMade: it was not a first sync of all these customers."""
    first = console.sync()
    made = console.accounts()
    if made < LEAST * customers or made + first.waiting > customers:
        raise NotMade(f"Of {customers:,} customers {made:,} became accounts and {first.waiting:,} wait.")
    return first
