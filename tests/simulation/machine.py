"""What a simulated console runs on: a clock that moves only when told, calls made in the engine's own thread in an
order that a seed decides, and a disk whose machine can die between any two commits."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.store.cache import Cache
from console.sync.workers import Outcome, Workers

WIDTH = 3
"""Calls under way at once, of which the seed chooses the one that ends next."""
_END = object()


class Crash(BaseException):
    """The process dies here. Not an `Exception`: nothing in the console may catch it."""


class Clock:
    """The time of a simulated world."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


class InlineWorkers(Workers):
    """The pool without threads: the same order of calls for the same seed, and no time spent on waiting."""

    def __init__(self, clock: Clock, order: random.Random) -> None:
        super().__init__(1, threading.Event())
        self._clock = clock
        self._order = order

    def sleep(self, seconds: float) -> None:
        """A second goes by, whatever the jitter."""
        self.check()
        self._clock.tick(1)

    def call(self, function, *args):
        """Make the call here and now."""
        self.check()
        return function(*args)

    def begin(self, function, *args):
        """Make the call here and now; how it ended is told when it is waited for."""
        self.check()
        return Outcome(function, args).result

    def each(self, function, items: Iterable) -> Iterator:
        """A few at a time; which of them ends first is the seed's to say."""
        self.check()
        waiting = iter(items)
        running: list = []
        while True:
            while len(running) < WIDTH and (item := next(waiting, _END)) is not _END:
                running.append(item)
            if not running:
                return
            item = running.pop(self._order.randrange(len(running)))
            yield item, Outcome(function, (item,))


class Power:
    """Whether the machine is on, and when it goes off: counted in what outlives it, commits and effects elsewhere."""

    def __init__(self) -> None:
        self.on = True
        self.left: int | None = None
        """Lasting events until the machine dies; None: it doesn't."""
        self.dies_before = False
        self.events = 0

    def lasting(self, happen):
        """Something that outlives the process happens, unless the machine dies just before it."""
        if not self.on:
            raise Crash
        self.events += 1
        dying = self.left == 0
        if self.left is not None:
            self.left -= 1
        if dying and self.dies_before:
            self.off()
        done = happen()
        if dying:
            self.off()
        return done

    def off(self) -> None:
        """Die."""
        self.on, self.left = False, None
        raise Crash


class Disk:
    """Stands in for a cache's `sqlite3.Connection`: knows when something is committed, and dies there when told."""

    def __init__(self, raw: sqlite3.Connection, power: Power) -> None:
        self._raw = raw
        self._power = power

    def __getattr__(self, name: str):
        return getattr(self._raw, name)

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    def execute(self, sql: str, parameters=()):
        """One statement; by itself, or as the end of a transaction, it lasts."""
        return self._run(sql, lambda: self._raw.execute(sql, parameters))

    def executemany(self, sql: str, rows):
        """The same for many rows."""
        return self._run(sql, lambda: self._raw.executemany(sql, rows))

    def rollback(self) -> None:
        """What was not committed is gone, whether the machine still runs or not."""
        self._raw.rollback()

    def _run(self, sql: str, run):
        if not self._power.on:
            raise Crash
        word = sql.split(None, 1)[0].upper()
        lasts = word == "COMMIT" or (
            not self._raw.in_transaction and word not in ("SELECT", "WITH", "PRAGMA", "BEGIN", "EXPLAIN")
        )
        return self._power.lasting(run) if lasts else run()


def quick_disk() -> str | None:
    """A file system in memory, where there is one: nothing of a simulation has to outlive it."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


def watched(cache: Cache, power: Power) -> Cache:
    """The cache on a disk that may die."""
    cache._db.raw = Disk(cache._db.raw, power)
    return cache
