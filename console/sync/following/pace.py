"""When each side is looked at next: pure arithmetic over what the last looks cost and brought."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Side = Literal["salesforce", "alguna"]
SIDES: Final[frozenset[Side]] = frozenset(("salesforce", "alguna"))

DAY = 86_400.0
SHARE = 0.2
"""Of the API calls that the console may still make, what polling may take if it went on for a day."""
QUIET = 10
"""Polls without a change after which polling gets slower; the first change brings the interval back."""
SLOWEST = 4.0
"""Times the interval, when it has long been quiet."""
LONGEST = 3_600.0
"""Seconds between two polls at most, however few calls are left."""
BACKSTOP = 15 * 60.0
"""Seconds between two polls of Salesforce beside a stream that runs."""
PULLING = 0.1
"""Part of the time that may go into reading all of Alguna, where its lists can't be had newest first."""
NEAR = 0.05
"""A side that is due within this part of the wait is looked at along with the other."""


@dataclass(slots=True)
class Pace:
    """Next looks at both sides, in seconds of a monotonic clock.

    :param interval: the connection's own, in seconds.
    """

    interval: float
    streaming: bool = False
    unsure: int = 0
    """Looks at Salesforce that still come at the usual interval beside a stream: it began, and what it began with is open."""
    every: dict[Side, float] = field(default_factory=dict)
    """Seconds between two looks, as things stand."""
    _next: dict[Side, float] = field(default_factory=dict)
    _soon: set[Side] = field(default_factory=set)
    """Sides that have to be looked at again, whatever look is under way."""
    _quiet: int = 0

    def __post_init__(self) -> None:
        self.every = dict.fromkeys(SIDES, self.interval)

    def due(self, now: float) -> frozenset[Side]:
        """The sides to look at now, and those that are nearly due; both before the first look."""
        soon = now + NEAR * self.interval
        return frozenset(side for side in SIDES if self._next.get(side, now) <= soon)

    def at(self, now: float) -> float:
        """When the next look is due."""
        return min(self._next.get(side, now) for side in SIDES)

    def look_soon(self, side: Side, now: float) -> None:
        """This side is due at once, and again after a look at it that is under way."""
        self._next[side] = now
        self._soon.add(side)

    def starting(self, sides: frozenset[Side]) -> None:
        """A look at these sides begins."""
        self._soon -= sides

    def look_within(self, side: Side, now: float) -> None:
        """This side is due within the interval."""
        self._next[side] = min(self._next.get(side, now), now + self.interval)

    def looked(
        self,
        sides: frozenset[Side],
        now: float,
        *,
        busy: bool,
        left: int | None,
        pull_seconds: float = 0.0,
    ) -> None:
        """A look at these sides ended.

        :param busy: it brought something to do. :param left: API calls that the console may still make, None while unknown.
        :param pull_seconds: how long reading all of Alguna took, where that is what a look means.
        """
        if "salesforce" in sides:
            self._quiet = 0 if busy else self._quiet + 1
            self.every["salesforce"] = self._salesforce(left)
        if "alguna" in sides:
            self.every["alguna"] = max(self.interval, min(LONGEST, pull_seconds / PULLING))
        for side in sides:
            self._next[side] = now if side in self._soon else now + self.every[side]

    def _salesforce(self, left: int | None) -> float:
        if self.streaming and not self.unsure:
            return max(BACKSTOP, self.interval)
        self.unsure = max(0, self.unsure - 1)
        wanted = self.interval
        if self._quiet > QUIET:
            wanted = self.interval * min(SLOWEST, self._quiet / QUIET)
        affordable = 0.0 if left is None else DAY / (SHARE * left) if left > 0 else LONGEST
        return max(wanted, min(affordable, LONGEST))
