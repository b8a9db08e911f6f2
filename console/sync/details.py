"""Prices and dates of subscriptions, asked for one by one: only of the one an account shows, only when it moved.

Alguna's stamps are whole seconds: a subscription that changes again within the second of its last change looks the
same. Details got while that second may not have been over are therefore got once more by a later pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta

from console.alguna.client import AlgunaClient
from console.domain.records import Subject, Subscription, SubscriptionDetails
from console.domain.subscription import primary
from console.errors import ConsoleError, Refused, Unreachable
from console.store.cache import Cache
from console.sync.cursors import moment, text
from console.sync.events import Tally
from console.sync.meter import DETAILS, Meter
from console.sync.observe_alguna import newest_stamp
from console.sync.workers import Workers, gated

AGAIN = "alguna.details_again"
"""Key, in the cache, of subscriptions whose details are in doubt: id -> since when."""
SECOND_OVER = timedelta(seconds=2)
SKEW = timedelta(hours=1)
"""By how much Alguna's clock and this computer's may differ at most, for the sake of saving calls."""
PATIENCE = 5
"""Subscriptions in a row whose details can't be had before the pass gives up."""


class Details:
    """Gets what is missing, through the pool."""

    def __init__(
        self,
        *,
        cache: Cache,
        alguna: AlgunaClient,
        workers: Workers,
        gate: Callable[[], None],
        clock: Callable[[], datetime],
        meter: Meter,
        tally: Tally,
    ) -> None:
        self._cache = cache
        self._alguna = alguna
        self._workers = workers
        self._gate = gate
        self._clock = clock
        self._meter = meter
        self._tally = tally
        self._doubted: dict[str, str] = cache.get(AGAIN) or {}
        self._tried: set[str] = set()
        self._told: set[str] = set()
        """Those that somebody says changed, whatever their stamp."""

    def look_again(self) -> None:
        """Have the customers planned whose details are in doubt."""
        if self._doubted:
            found = (self._cache.subscriptions.get(id_) for id_ in self._doubted)
            self._cache.entries.mark_dirty([each.customer_id for each in found if each is not None])

    def doubt(self, subscription_ids: Iterable[str]) -> None:
        """Get the details of these once more when they are shown: somebody says that they changed."""
        self._told.update(subscription_ids)

    def lacking(self, subject: Subject) -> Subscription | None:
        """The subscription that the account shows, when its details have to be got."""
        chosen = primary(subject.subscriptions, subject.link.pinned_subscription if subject.link else None)
        if chosen is None or chosen.subscription.id in self._tried:
            return None
        subscription = chosen.subscription
        known = subscription.details is not None and subscription.details.of_update == subscription.updated_at
        doubted = subscription.id in self._doubted or subscription.id in self._told
        return None if known and not doubted else subscription

    def fetch(
        self, subscriptions: Collection[Subscription]
    ) -> Iterator[tuple[Subscription, SubscriptionDetails]]:
        """Get details; yields them as they come, and keeps all once the last one was taken. What can't be had now stays
        unknown and is tried again.

        :raises ConsoleError: Alguna can't be reached, or no longer lets us in.
        """
        misses = 0
        got: list[tuple[Subscription, SubscriptionDetails]] = []
        before = self._alguna.calls
        calls = self._workers.each(self._alguna.details, gated(subscriptions, self._gate))
        for place, (subscription, future) in enumerate(calls, 1):
            self._meter.part("Reading prices and dates", DETAILS, place, len(subscriptions))
            try:
                details = future.result()
            except Unreachable:
                self._tried.add(subscription.id)
                misses += 1
                if misses >= PATIENCE:
                    raise
                self._tally.postponed.add(subscription.customer_id)
            except Refused as error:
                self._tried.add(subscription.id)
                self._report(error)
            else:
                misses = 0
                got.append((subscription, details))
                yield subscription, details
        if self._tally.cost is not None:
            self._tally.cost.reading += self._alguna.calls - before
        if got:
            self._store(got)

    def _store(self, got: Collection[tuple[Subscription, SubscriptionDetails]]) -> None:
        now = self._clock()
        newest = newest_stamp(self._cache, "subscriptions")
        doubted = dict(self._doubted)
        for subscription, _ in got:
            since = doubted.pop(subscription.id, text(now))
            stamp = subscription.updated_at
            fresh = bool(stamp) and stamp >= newest and abs(now - moment(stamp)) < SKEW
            if fresh and now - moment(since) < SECOND_OVER:
                doubted[subscription.id] = since
                self._tried.add(subscription.id)
        self._told.difference_update(subscription.id for subscription, _ in got)
        with self._cache.transaction():
            self._cache.subscriptions.put_details(((each.id, details) for each, details in got), text(now))
            if doubted != self._doubted:
                self._cache.set(AGAIN, doubted)
        self._doubted = doubted

    def _report(self, error: ConsoleError) -> None:
        title = f"Prices and renewal dates can't be read: {error.message}"
        self._cache.problems.report("details", error.code, title, error.advice, text(self._clock()))
