"""How far a run is: one number for all its parts, so that a bar only ever moves on."""

from __future__ import annotations

import time
from collections.abc import Callable

from console.sync.events import Event, Progress

DETAILS = (0.0, 0.4)
ORG = (0.4, 0.55)
ALGUNA = (0.55, 1.0)
"""Which stretch of a piece of work each part takes, by the calls it usually needs."""
OFTEN = 0.05
"""Seconds between two tellings of how far a part is: more than twenty a second nobody sees."""


class Meter:
    """Publishes progress. While both sides are read the total is unknown; then it is in customers."""

    def __init__(
        self, run: int, publish: Callable[[Event], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._run = run
        self._publish = publish
        self._clock = clock
        self._began = clock()
        self._total: int | None = None
        self._finished = 0
        self._piece = 0
        self._next = 0.0

    def reading(self, what: str, done: int) -> None:
        """So many records were read of one kind."""
        self._tell(f"Reading {what}", done, done)

    def begin(self, total: int) -> None:
        """So many customers have to be planned."""
        self._began = self._clock()
        self._total = total
        self._finished = 0
        self._tell("Planning", 0, 0)

    def piece(self, size: int) -> None:
        """A piece of the work begins: so many customers."""
        self._piece = size

    def part(self, phase: str, stretch: tuple[float, float], done: int, total: int) -> None:
        """Within the piece: so much of one part is done. Told now and then, and at its end."""
        if done < total and self._clock() < self._next:
            return
        self._next = self._clock() + OFTEN
        if self._total is None:
            self._tell(phase, done, done, total)
            return
        share = stretch[0] + (stretch[1] - stretch[0]) * (done / total if total else 1.0)
        self._tell(phase, min(self._finished + int(self._piece * share), self._total), self._finished)

    def finished(self) -> None:
        """The piece is done."""
        self._finished += self._piece
        self._piece = 0
        if self._total is not None:
            self._total = max(self._total, self._finished)
        self._tell("Planning", self._finished, self._finished)

    def _tell(self, phase: str, done: int, counted: int, total: int | None = None) -> None:
        seconds = self._clock() - self._began
        rate = max(done, counted) / seconds if seconds > 0 else 0.0
        self._publish(Progress(self._run, phase, done, total or self._total, round(rate, 1)))
