"""First syncs of many customers into an empty org, and what they cost in calls and memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from bench.measure import NotMade, Taken
from bench.practice import Pass, Practice, practice

SMALL, LARGE = 10_000, 100_000
"""Customers of the two first syncs."""
MOST_WAITING = 0.1
"""Share of customers that may be left to a person; with more, a first sync is not what was measured."""


class Syncs:
    """The passes that the measures are taken from; each is made once, when a measure first asks for it."""

    @cached_property
    def small(self) -> tuple[Pass, Pass]:
        """A first sync of `SMALL` customers, and the pass right after it."""
        with _connected(SMALL) as console:
            return _first_sync(console, SMALL), console.sync()

    @cached_property
    def large(self) -> Pass:
        """A first sync of `LARGE` customers."""
        with _connected(LARGE) as console:
            return _first_sync(console, LARGE)

    def first_calls(self) -> Taken:
        """Salesforce calls of the first sync."""
        first, _ = self.small
        return Taken(
            first.salesforce_calls, f"{first.applied:,} changes applied, {first.waiting:,} customers wait"
        )

    def quiet_calls(self) -> Taken:
        """Salesforce calls of a pass that has nothing to do."""
        _, quiet = self.small
        if quiet.applied:
            raise NotMade(f"The pass was not quiet: it wrote {quiet.applied:,} changes.")
        return Taken(quiet.salesforce_calls, "nothing written")

    def memory(self) -> Taken:
        """Peak memory of the large first sync against the small one."""
        small, large = self.small[0].peak, self.large.peak
        return Taken(large / small, f"{large >> 20} MB against {small >> 20} MB")


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
    if made != customers - first.waiting or first.waiting > MOST_WAITING * customers:
        raise NotMade(f"Of {customers:,} customers {made:,} became accounts and {first.waiting:,} wait.")
    return first
