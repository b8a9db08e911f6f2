"""How changes of each side arrive: by events or by polling, why, and how long they take.

Kept in the cache, so that commands beside a running console, and after it, can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from console.sync.cursors import moment, text
from console.sync.following.pace import Side

if TYPE_CHECKING:
    from console.store.cache import Cache

KEY = "feeds"
MEASURED = 100
"""Arrivals that are kept, the newest ones."""
ALIVE = 300.0
"""Seconds after its last sign of life for which a stream counts as running."""

How = Literal["events", "polling"]


@dataclass(frozen=True, slots=True)
class Feed:
    """One side's changes."""

    how: How = "polling"
    why: str = ""
    """Why it is polled, where events were wanted; or what happened to the stream."""
    looked_at: str = ""
    """When it was last polled, or the stream last gave a sign; an instant, empty before the first time."""
    every: float | None = None
    """Seconds between two polls as things stand, None while unknown."""
    arrivals: tuple[float, ...] = ()
    """Seconds from edit to cache, of the latest changes that were measured, oldest first."""

    def arrived(self, seconds: Iterable[float]) -> Feed:
        """With more measured arrivals."""
        return replace(self, arrivals=(*self.arrivals, *(round(each, 3) for each in seconds))[-MEASURED:])

    def quantile(self, share: float) -> float | None:
        """The time within which this share of the measured changes arrived; None without any."""
        ordered = sorted(self.arrivals)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None

    def lag(self, now: datetime) -> float | None:
        """Seconds that the cache may be behind this side: for a running stream, what the latest changes took to arrive
        (their median); else the time since the last look. None before the first."""
        if not self.looked_at:
            return None
        since = max(0.0, (now - moment(self.looked_at)).total_seconds())
        if self.how == "events" and since <= ALIVE:
            median = self.quantile(0.5)
            return 0.0 if median is None else median
        return since


@dataclass(frozen=True, slots=True)
class Feeds:
    """Both sides; told to whoever listens whenever it moves."""

    salesforce: Feed = Feed()
    alguna: Feed = Feed()

    @classmethod
    def of(cls, cache: Cache) -> Feeds:
        """As the cache keeps them."""
        kept: dict[str, dict[str, Any]] = cache.get(KEY) or {}
        return cls(
            **{side: Feed(**{**feed, "arrivals": tuple(feed["arrivals"])}) for side, feed in kept.items()}
        )

    def keep(self, cache: Cache) -> None:
        """Write them down."""
        cache.set(
            KEY,
            {side: asdict(feed) for side, feed in (("salesforce", self.salesforce), ("alguna", self.alguna))},
        )


class Arrivals:
    """Measures, within one look, how long changes took to arrive: from their stamp to now.

    :param measuring: False for a first look, which finds changes that are as old as the console was away.
    """

    def __init__(self, clock: Callable[[], datetime], measuring: bool) -> None:
        self._clock = clock
        self._measuring = measuring
        self.seconds: list[float] = []

    def note(self, stamps: Iterable[str]) -> None:
        """Changes with these stamps are in the cache now. Stamps that are no instants are passed over."""
        if self._measuring:
            now = self._clock()
            self.seconds += [max(0.0, (now - moment(stamp)).total_seconds()) for stamp in stamps if stamp]


class FeedKeeper:
    """Keeps in the cache how each side's changes arrive, and tells it where it moved."""

    def __init__(self, cache: Cache, clock: Callable[[], datetime], publish: Callable[[Feeds], None]) -> None:
        self._cache = cache
        self._clock = clock
        self._publish = publish
        self._looked: set[Side] = set()
        self._told: Feeds | None = None
        self.pulling = 0.0
        """Seconds that the last look at Alguna spent on lists that it had to read whole."""

    def looked(self, side: Side) -> bool:
        """Whether this side was looked at before: what a first look finds is as old as the console was away."""
        return side in self._looked

    def saw(self, side: Side, arrivals: Iterable[float]) -> None:
        """A side was looked at; its changes took so many seconds to arrive."""
        self._looked.add(side)
        self.sign_of(side, arrivals)

    def sign_of(self, side: Side, arrivals: Iterable[float]) -> None:
        """A side gave a sign of life, and with it changes that took so many seconds to arrive."""
        now = text(self._clock())
        self.move(side, lambda feed: replace(feed.arrived(arrivals), looked_at=now))

    def move(self, side: Side, feed: Callable[[Feed], Feed]) -> None:
        """Keep how a side's changes arrive by now."""
        before = Feeds.of(self._cache)
        after = replace(before, **{side: feed(getattr(before, side))})
        if after != before:
            after.keep(self._cache)
        if after != self._told:
            self._told = after
            self._publish(after)
