"""A connection that another console holds: looked at beside it, live, and taken over when that one lets go.

The other console writes the cache; what it commits is read here (WAL: any number of readers beside one writer,
https://www.sqlite.org/wal.html) and told as the events that its engine would have told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.store.cache import Cache
from console.store.lock import held_elsewhere, is_free
from console.store.runs import Run
from console.sync.audit_standing import event as audit_event
from console.sync.budget import USAGE
from console.sync.cursors import text, utc_now
from console.sync.events import Calls, Counts, Event, Noted, RunFailed, RunFinished, RunSummary
from console.sync.following.feeds import Feeds

LOOK = 0.5
"""Seconds between two looks at whether the other console committed something."""
HOLDER = 1.0
"""Seconds between two looks at who holds the cache: a note beside it tells."""
PROBE = 30.0
"""Seconds between two tries of the lock itself: the note may name a process that is not the one that wrote it any more."""


class Beside:
    """Watches in a thread of its own.

    :param tell: called with events, in that thread.
    :param moved: called with who holds the cache, in words, when that changes.
    :param take_over: called when nobody seems to hold it; True when it was taken, and watching ends.
    """

    def __init__(
        self,
        path: Path,
        org_id: str,
        *,
        tell: Callable[[Event], None],
        moved: Callable[[str], None],
        take_over: Callable[[], bool],
    ) -> None:
        self._path = path
        self._org_id = org_id
        self._tell = tell
        self._moved = moved
        self._take_over = take_over
        self._ended = threading.Event()
        self._holder = held_elsewhere(path)
        self._run: Run | None = None
        self._since = text(utc_now())
        self._thread = threading.Thread(target=self._main, name="beside", daemon=True)

    def start(self) -> None:
        """Begin. Does not block."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End it. Blocks until the thread has ended, at most `timeout` seconds; safe from the thread itself."""
        self._ended.set()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _main(self) -> None:
        looked = probed = time.monotonic()
        cache: Cache | None = None
        try:
            while not self._ended.wait(LOOK):
                with suppress(
                    ConsoleError
                ):  # moved away, or being made anew by the other one: looked for again
                    cache = cache or Cache.open(self._path, org_id=self._org_id, read_only=True)
                    if cache.moved():
                        self._report(cache)
                now = time.monotonic()
                if now - looked < HOLDER:
                    continue
                looked = now
                probe = now - probed >= PROBE
                if probe:
                    probed = now
                if self._let_go(probe) and self._take_over():
                    return
        finally:
            if cache is not None:
                cache.close()

    def _let_go(self, probe: bool) -> bool:
        """Whether the cache seems to be nobody's. Tells who holds it when that is somebody else than before."""
        holder = held_elsewhere(self._path)
        if not holder or (probe and is_free(self._path)):
            return True
        if holder != self._holder:
            self._holder = holder
            self._moved(holder)
        return False

    def _report(self, cache: Cache) -> None:
        """Tell how everything stands by now."""
        for event in standing(cache):
            self._tell(event)
        run = next((each for each in cache.runs.last(5) if each.finished_at), None)
        if run is not None and run != self._run:
            news = self._run is not None or str(run.finished_at) >= self._since
            self._run = run
            if news:
                self._tell(_ended(cache, run))
        self._tell(Noted())


def standing(cache: Cache) -> list[Event]:
    """How the counts, the calls, the feeds and the audit stand, as the cache has them."""
    states = {str(state): count for state, count in cache.entries.counts().items()}
    events: list[Event] = [Counts(states, cache.problems.count()), Feeds.of(cache), audit_event(cache)]
    usage: dict[str, Any] = cache.get(USAGE) or {}
    if usage.get("limit") is not None:
        known = {
            name: usage[name] for name in ("used", "limit", "allocation", "own", "left") if name in usage
        }
        events.append(Calls(0, 0, **known))
    return events


def _ended(cache: Cache, run: Run) -> Event:
    """How a run of the other console ended."""
    summary = _summary(run)
    if run.outcome in ("done", "stopped"):
        return RunFinished(summary)
    problem = next(iter(cache.problems.of("run")), None)
    message = problem.title if problem else f"The last pass ended early: {run.outcome.replace('_', ' ')}."
    return RunFailed(run.id, ConsoleError(message, problem.advice if problem else ""), summary)


def _summary(run: Run) -> RunSummary:
    told: dict[str, Any] = dict(run.summary)
    changes, waiting, calls = (dict(told.get(part) or {}) for part in ("changes", "waiting", "calls"))
    return RunSummary(
        run=run.id,
        planned=int(changes.get("planned", 0)),
        applied=int(changes.get("applied", 0)),
        refused=int(changes.get("refused", 0)),
        stale=int(changes.get("stale", 0)),
        incomplete=int(waiting.get("incomplete", 0)),
        review=int(waiting.get("review", 0)),
        salesforce_calls=int(calls.get("salesforce", 0)),
        alguna_calls=int(calls.get("alguna", 0)),
        seconds=float(told.get("seconds", 0.0)),
    )
