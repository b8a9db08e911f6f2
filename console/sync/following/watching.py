"""How both sides are watched: the event stream where there is one, the pace of polling beside it or without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from console.sync.following.pace import Pace, Side
from console.sync.following.subscription import Standing, Subscription
from console.sync.silence import sentence

if TYPE_CHECKING:
    from console.sync.engine import Engine

GRACE = 0.5
"""Seconds that the stream's thread gets to end."""
TENDING = 30.0
"""Seconds between two looks at whether the stream is still alive."""
LOST = "Events were no longer kept (72 hours): all records were compared instead."
OFF = Standing("off", "The org is not followed yet.")


class Session(Protocol):
    """What is used of `console.sync.session.Session`."""

    def subscribe(self, wake: Callable[[], None]) -> Subscription | str: ...


class Watching:
    """Used in the engine's thread, but for :meth:`stop`.

    :param wake: called from other threads when there is news.
    """

    def __init__(self, pace: Pace, wake: Callable[[], None]) -> None:
        self.pace = pace
        self._wake = wake
        self._subscription: Subscription | None = None
        self._standing = OFF
        self._told: Standing | None = None
        self._silent: dict[str, str] = {}
        self._not_before = 0.0
        self._note = ""
        """What is worth knowing about the stream while it is on."""
        self._concerned: set[str] = set()
        """Customers that events concern and that were not brought in step yet."""

    # --- the stream ------------------------------------------------------------------------------------------

    def begin(self, session: Session) -> None:
        """Follow the org's events where that is possible now; does nothing while they are followed."""
        if self._subscription is not None:
            return
        found = session.subscribe(self._wake)
        if isinstance(found, str):
            self._standing = Standing("off", found)
            return
        self._subscription = found
        found.start()

    def stop(self) -> None:
        """Have the stream end. Safe from any thread, does not block."""
        subscription = self._subscription
        if subscription is not None:
            subscription.stop()

    def close(self) -> None:
        """End the stream, and wait a moment for its thread."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.stop()
            subscription.join(GRACE)
        self._standing, self._told = OFF, None

    def tend(self) -> None:
        """To be called now and then: a stream that fell silent is begun again."""
        if self._subscription is not None:
            self._subscription.tend()

    def patience(self, left: float | None) -> float | None:
        """Seconds to wait at most, of those that are left until the next pass."""
        if self._subscription is None:
            return left
        bounds = [TENDING] if left is None else [TENDING, left]
        if self._subscription.waiting:
            bounds.append(max(0.01, self._not_before - time.monotonic()))
        return min(bounds)

    @property
    def moved(self) -> bool:
        """Whether the stream's standing moved since it was told."""
        return self._now() != self._told

    @property
    def announced_since(self) -> datetime | None:
        """From when on the stream should have told of every edit; None while it does not run or has more to tell."""
        subscription = self._subscription
        if subscription is None or subscription.waiting:
            return None
        return subscription.on_since

    @property
    def has_arrived(self) -> bool:
        """Whether there is something to take in."""
        subscription = self._subscription
        return subscription is not None and subscription.waiting and time.monotonic() >= self._not_before

    @property
    def has_events(self) -> bool:
        """Whether there is something to take in, or to bring in step because of it."""
        return self.has_arrived or bool(self._concerned)

    # --- in the engine's thread ------------------------------------------------------------------------------

    def take_in(self, engine: Engine) -> bool:
        """Events into the cache, without writing to either side; returns whether Salesforce has to be looked at.

        :raises ConsoleError: they can't be taken in now, and wait.
        """
        subscription = self._subscription
        if subscription is None or time.monotonic() < self._not_before:
            return False
        batches = subscription.take()
        if not batches:
            return False
        heard = engine.heed(batches, subscription.topic)
        subscription.taken(len(batches))
        self._concerned |= heard.customers
        if self._silent != engine.silent:
            self.tell(engine)
        if heard.fresh:
            self.pace.unsure += 1
        if heard.lost:
            self._note = LOST
            self.tell(engine)
        look = heard.fresh or heard.many or bool(heard.whole)
        if look:
            self.pace.look_soon("salesforce", time.monotonic())
        return look

    def hear(self, engine: Engine) -> bool:
        """`take_in`, and then bring in step whom the events concern.

        :raises ConsoleError: as `take_in`, or as a pass.
        """
        look = self.take_in(engine)
        concerned, self._concerned = self._concerned, set()
        if not look:
            engine.run_for(concerned)
        return look

    def put_off(self, seconds: float) -> None:
        """Events couldn't be taken in; they wait for this long."""
        self._not_before = time.monotonic() + seconds

    def looked(self, engine: Engine, sides: frozenset[Side], *, busy: bool) -> None:
        """A pass ended well."""
        self._not_before = 0.0
        self._stand(engine)
        self.pace.looked(
            sides, time.monotonic(), busy=busy, left=engine.budget.left, pull_seconds=engine.feeds.pulling
        )
        self.tell(engine)

    def _now(self) -> Standing:
        return self._subscription.standing if self._subscription is not None else self._standing

    def _stand(self, engine: Engine) -> Standing:
        """Poll as long as the stream does not tell everything."""
        self._told = now = self._now()
        self._silent = engine.silent
        on = now.condition == "on" and not self._silent
        if on != self.pace.streaming:
            self.pace.streaming = on
            if not on:
                self.pace.look_within("salesforce", time.monotonic())
        return now

    def tell(self, engine: Engine) -> None:
        """Keep, and tell, how both sides are watched now."""
        now = self._stand(engine)
        on = self.pace.streaming
        why = now.why or sentence(self._silent) or self._note
        every = self.pace.every
        engine.feeds.move(
            "salesforce",
            lambda feed: replace(feed, how="events" if on else "polling", why=why, every=every["salesforce"]),
        )
        engine.feeds.move("alguna", lambda feed: replace(feed, every=every["alguna"]))
