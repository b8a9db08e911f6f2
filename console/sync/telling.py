"""What a run tells while it works: how far it is, how the counts stand, what it costs."""

from __future__ import annotations

import time

from console.domain.records import State
from console.sync.events import Calls, Counts, Event
from console.sync.forecast import forecast_due
from console.sync.tools import Surroundings

PULSE = 0.5
"""Seconds between two tellings of counts and calls while a pass runs."""


class Telling:
    """Of one engine; `begin` with each run."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._before = (0, 0)
        self._forecast: int | None = None
        self._told = 0.0

    def begin(self) -> None:
        """A run begins: calls are counted from here, and what it will take isn't known."""
        self._before = (self._around.salesforce.calls, self._around.alguna.calls)
        self._forecast = None

    @property
    def calls(self) -> tuple[int, int]:
        """Calls that the run made so far: to Salesforce, to Alguna."""
        return self._around.salesforce.calls - self._before[0], self._around.alguna.calls - self._before[1]

    def progress(self, event: Event) -> None:
        """Progress, and with it now and then how the counts and the calls stand."""
        self._around.publish(event)
        if time.monotonic() - self._told >= PULSE:
            self.standing()

    def expect(self, due: int, done: int) -> None:
        """Tell how many calls the pass takes: those that were made, and what is still due."""
        self._forecast = self.calls[0] + forecast_due(due, self._around.settings.bulk_from, done=done)
        self.standing()

    def standing(self) -> None:
        """Tell how the counts and the calls stand."""
        self._told = time.monotonic()
        cache, budget = self._around.cache, self._around.budget.standing()
        states: dict[State, int] = cache.entries.counts()
        self._around.publish(Counts({str(state): n for state, n in states.items()}, cache.problems.count()))
        salesforce, alguna = self.calls
        self._around.publish(
            Calls(
                salesforce,
                alguna,
                budget.used,
                budget.limit,
                budget.allocation,
                budget.own,
                budget.left,
                self._forecast,
            )
        )
