"""Planning and applying, piece by piece, until nothing is left to do; Alguna takes one piece while the next is planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from console.errors import ConsoleError
from console.sync.apply import Apply
from console.sync.customers import Writing
from console.sync.events import Tally
from console.sync.jobs import Job
from console.sync.meter import Meter
from console.sync.planning import Planning

TURNS = 3
"""How often a customer is planned and applied in one pass: again when its ground moved."""


@dataclass(slots=True)
class _Landing:
    """A piece whose rows are written, and whose writes to Alguna are under way."""

    jobs: Sequence[Job]
    writing: Writing


class Turns:
    """Brings the pieces of a pass in step. Used by the engine's thread.

    :param boundary: called where no write is under way: others may ask for something in between, and true says that they did.
    """

    def __init__(
        self, planning: Planning, apply: Apply, tally: Tally, meter: Meter, boundary: Callable[[], bool]
    ) -> None:
        self._planning = planning
        self._apply = apply
        self._tally = tally
        self._meter = meter
        self._boundary = boundary
        self._landing: _Landing | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Where a pass breaks off, no further write leaves, and those under way are settled."""
        landing, self._landing = self._landing, None
        if landing is not None:
            broken = ConsoleError("The pass broke off.", "What was not sent is planned again.")
            landing.writing.give_up(error if isinstance(error, ConsoleError) else broken)

    def piece(self, ids: Sequence[str]) -> None:
        """Plan a piece while the one before it lands, then write its rows and begin with its writes to Alguna.

        :raises ConsoleError: one side can't be used any further.
        :raises Cancelled: the engine was told to stop.
        """
        jobs = self._planning.plan(self._left(ids))
        landed = self._land()
        if self._boundary():
            jobs = self._planning.plan(self._left(ids))
        self._meter.piece(len(ids))
        if jobs:
            self._landing = _Landing(jobs, self._apply.begin(jobs))
        self._meter.finished()
        self._again(landed)

    def finish(self) -> None:
        """Let the last piece land, and do what follows. :raises ConsoleError: as `piece`."""
        self._again(self._land())

    def bring_in_step(self, ids: Sequence[str]) -> None:
        """Plan and apply until nothing is left to do; what can't be done now is due with the next pass.

        :raises ConsoleError: as `piece`.
        """
        self._apply_until_done(self._left(ids), TURNS)

    def _left(self, ids: Sequence[str]) -> list[str]:
        return [id_ for id_ in ids if id_ not in self._tally.postponed]

    def _land(self) -> Sequence[Job]:
        landing, self._landing = self._landing, None
        if landing is None:
            return ()
        landing.writing.finish()
        return landing.jobs

    def _again(self, jobs: Sequence[Job]) -> None:
        """What follows for customers that were written to once: mostly nothing."""
        if jobs:
            self._apply_until_done(self._after(jobs), TURNS - 1)

    def _after(self, jobs: Sequence[Job]) -> list[str]:
        waiting = [job for job in jobs if job.customer_id in self._tally.postponed]
        self._planning.hold(waiting, "Could not be written now; tried again with the next pass.")
        return self._left([job.customer_id for job in jobs])

    def _apply_until_done(self, ids: Sequence[str], turns: int) -> None:
        for _ in range(turns):
            jobs = self._planning.plan(ids)
            if not jobs:
                return
            self._apply.apply(jobs)
            ids = self._after(jobs)
        jobs = self._planning.plan(ids)
        self._planning.hold(jobs, "Still moving; planned again with the next pass.")
