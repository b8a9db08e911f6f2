"""Plans of an open connection: made and carried out by the engine's thread, read here page by page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.frozen import FrozenPlan
from console.errors import Cancelled, Conflict, ConsoleError, StoreError, UsageError
from console.guide.account import shown
from console.guide.cost import forecast_words
from console.guide.seam.planning import Braking, PlanHead, PlanLine
from console.settings import ConnectionSettings, write_private
from console.store.cache import Cache
from console.sync.braking import stopped

if TYPE_CHECKING:
    from console.sync.engine import Engine
    from console.sync.runner import EngineThread

TURN = 0.1
"""Seconds between two looks at whether the engine still lives."""


class EnginePlans:
    """The seam's `Plans`.

    :param folder: the connection's own.
    :param writer: the engine's thread; raises `UsageError` where nothing can be written.
    """

    def __init__(
        self, settings: ConnectionSettings, path: Path, folder: Path, writer: Callable[[], EngineThread]
    ) -> None:
        self._settings = settings
        self._path = path
        self._folder = folder
        self._writer = writer
        self._plan: FrozenPlan | None = None

    def _cache(self) -> Cache:
        return Cache.open(self._path, org_id=self._settings.org_id, read_only=True)

    def stopped(self) -> Sequence[Braking]:
        """The brakes that stop the connection now."""
        with self._cache() as cache:
            found = stopped(cache)
        return [
            Braking(
                stop["brake"],
                stop["count"],
                stop["sentence"],
                tuple((each["customer_id"], each["what"]) for each in stop["sample"]),
            )
            for stop in (found["stops"] if found else ())
        ]

    def release(self) -> None:
        """Let go once what is stopped, and start a pass."""
        engine = self._writer()
        engine.request(lambda engine: engine.release())
        engine.sync_now()

    def look(self) -> PlanHead:
        """Read both systems and plan."""
        thread = self._writer()
        asked = _Asked()
        thread.request(asked)
        plan = asked.wait(lambda: thread.alive)
        self._plan = plan
        return PlanHead(
            plan.hash,
            plan.made_at,
            len(plan.changes),
            len(plan.basis.customers),
            forecast_words(plan.forecast),
            [stop["sentence"] for stop in plan.stops],
        )

    def page(self, start: int, count: int) -> Sequence[PlanLine]:
        """A page of the plan that was looked at."""
        changes = self._looked_at().changes[start : start + count]
        with self._cache() as cache:
            names = {
                id_: each.name
                for id_, each in cache.customers.many({each.customer_id for each in changes}).items()
            }
        return [
            PlanLine(
                each.customer_id,
                names.get(each.customer_id, each.customer_id),
                each.side,
                each.key or f"new {each.entity}",
                shown(each.before),
                shown(each.after),
                each.reason,
            )
            for each in changes
        ]

    def save(self) -> str:
        """Write that plan into the connection's folder."""
        plan = self._looked_at()
        path = self._folder / "plans" / f"plan-{plan.hash[:12]}.json"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(path, plan.lines())
        except OSError as error:
            raise StoreError(
                f"The plan can't be written to {path} ({(error.strerror or 'unknown').lower()}).",
                "Look at the room and the rights of that folder.",
            ) from None
        return str(path)

    def apply(self) -> None:
        """Do exactly what that plan says."""
        plan = self._looked_at()

        def ask(engine: Engine) -> None:
            try:
                engine.apply(plan)
            except Conflict as error:
                engine.refuse(error)  # the sync itself goes on

        self._writer().request(ask)

    def _looked_at(self) -> FrozenPlan:
        if self._plan is None:
            raise UsageError("There is no plan yet.", "Press v to look what the next pass would do.")
        return self._plan


class _Asked:
    """A plan that is being made in the engine's thread."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._plan: FrozenPlan | None = None
        self._error: ConsoleError | None = None

    def __call__(self, engine: Engine) -> None:
        try:
            self._plan = engine.freeze()
        except Cancelled as error:
            self._error = error
            raise
        except ConsoleError as error:
            self._error = error  # told to whoever waits; the sync itself goes on
        finally:
            self._done.set()

    def wait(self, alive: Callable[[], bool]) -> FrozenPlan:
        """The plan.

        :raises ConsoleError: why there is none.
        """
        while not self._done.wait(TURN):
            if not alive() and not self._done.is_set():
                raise UsageError("The sync was stopped before it had planned.", "Look again.")
        if self._plan is None:
            raise self._error or UsageError("Nothing was planned.", "Look again.")
        return self._plan
