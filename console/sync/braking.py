"""The brakes of a connection: what is about to be done is held against them before the first write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from console.domain.brakes import Effect, Limits, Stop, dropped
from console.domain.policy import Policy
from console.errors import Braked, UsageError
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.jobs import Job

SINCE = "brakes.since"
"""Key, in the cache, of when something was let go last: what small runs did before doesn't count any more."""
STOP = "brakes.stop"
"""Key, in the cache, of what is stopped: when, and by which brakes, each with its sample."""
RELEASE = "brakes.release"
"""Key, in the cache, of what a person let go: by brake, how many."""
LATELY = timedelta(minutes=10)
"""Runs that look at a few customers only, as events or webhooks name them, count together over this time."""
SMALL_RUNS = ("events", "one")


def limits_of(settings: ConnectionSettings) -> Limits:
    """A connection's brakes."""
    return Limits(settings.brake_share, settings.brake_least, settings.brake_creates, settings.brake_drop)


def stopped(cache: Cache) -> Mapping[str, Any] | None:
    """What is stopped now: ``{"at", "stops": [Stop.as_json()]}``; None where nothing is."""
    found: Mapping[str, Any] | None = cache.get(STOP)
    return found


def note(cache: Cache, error: Braked, at: str) -> None:
    """Keep what was stopped, for a person to look at."""
    cache.set(STOP, {"at": at, "stops": error.stops})


def release(cache: Cache) -> Mapping[str, int]:
    """A person lets go what is stopped, once: the next run may do as much as was shown.

    :raises UsageError: nothing is stopped.
    """
    found = stopped(cache)
    if found is None:
        raise UsageError("No brake stops this connection.", "Run a pass: sync NAME.")
    counts = {stop["brake"]: int(stop["count"]) for stop in found["stops"]}
    let_go(cache, counts)
    return counts


def let_go(cache: Cache, counts: Mapping[str, int]) -> None:
    """A person was shown so much, by brake, and wants it done: the next run may."""
    cache.set(RELEASE, {**(cache.get(RELEASE) or {}), **counts})


def done(cache: Cache, at: str) -> None:
    """A run was carried out to its end: nothing is stopped any more, and what was let go was let go once."""
    if cache.get(RELEASE) is not None:
        cache.set(SINCE, at)
    for key in (STOP, RELEASE):
        if cache.get(key) is not None:
            cache.set(key, None)


class Brakes:
    """Of one run."""

    def __init__(
        self,
        cache: Cache,
        settings: ConnectionSettings,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        self._cache = cache
        self._policy = policy
        self._clock = clock
        self._limits = limits_of(settings)
        self._released: Mapping[str, int] = cache.get(RELEASE) or {}
        self._first = not cache.runs.ever_done("sync")

    def guard(self, what: str, known: int, missing: int) -> None:
        """A complete reading ended without so many records.

        :raises Braked: too many are missing at once; none of them counts as gone.
        """
        stop = dropped(what, known, missing, self._limits, self._released)
        if stop is not None:
            raise _braked([stop])

    def could_stop(self) -> bool:
        """Whether what is due could be too much: the numbers of customers that are due say so without planning any."""
        linked = self._cache.entries.dirty_linked()
        if linked > self._limits.changed(self._cache.links.count()):
            return True
        new = self._cache.customers.due_since(self._policy.connected_at) if not self._first else 0
        return new > self._limits.created()

    def a_few_could(self, customers: int) -> bool:
        """The same for a run that looks at so many only."""
        changed, created = self._lately()
        return changed + customers > self._limits.least or created + customers > self._limits.created()

    def effect(self) -> Effect:
        """What a run over all that is due will do: empty, to be added to."""
        return Effect(self._cache.links.count())

    def effect_of_a_few(self) -> Effect:
        """The same for a run that looks at a few only, beginning with what such runs did lately."""
        changed, created = self._lately()
        return Effect(self._cache.links.count(), changed, created)

    def add(self, effect: Effect, jobs: Iterable[Job]) -> None:
        """These are to be carried out."""
        for job in jobs:
            effect.add(job.subject, job.changes, self._policy)

    def check(self, effect: Effect) -> None:
        """:raises Braked: it is too much; nothing was written."""
        stops = self.stops(effect)
        if stops:
            raise _braked(stops)

    def stops(self, effect: Effect) -> tuple[Stop, ...]:
        """Those that stop a run which is about to do this."""
        return effect.stops(self._limits, self._released, first=self._first)

    def _lately(self) -> tuple[int, int]:
        since = max(text(self._clock() - LATELY), self._cache.get(SINCE) or "")
        return self._cache.history.touched_since(since, SMALL_RUNS)


def _braked(stops: Iterable[Stop]) -> Braked:
    stops = list(stops)
    return Braked(
        " ".join(stop.sentence for stop in stops) + " Nothing was written.",
        "Look at the sample (brakes NAME, or key 6 in the console). Let it go once with sync NAME --release, or set right "
        "what is wrong on that side: the next pass looks again.",
        stops=[stop.as_json() for stop in stops],
    )
