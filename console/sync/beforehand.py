"""Before a run's first write: is there room for its calls, and is it not more than happens by itself?

By rough counts first; only where they could be too much, by planning all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from console.domain.brakes import Effect
from console.settings import ConnectionSettings
from console.sync.budget import Budget
from console.sync.forecast import Forecast, forecast_due
from console.sync.pieces import CHUNK
from console.sync.tools import Tools

ROUGHLY = 3
"""So often the rough count of a pass's calls must be left for it to begin without planning all of it first."""


class Beforehand:
    """Looks before one run leaps."""

    def __init__(self, tools: Tools, settings: ConnectionSettings, budget: Budget) -> None:
        self._tools = tools
        self._settings = settings
        self._budget = budget

    def whole_pass(self, due: int, pieces: Iterable[Sequence[str]]) -> None:
        """A pass over so many customers that are due, in these pieces.

        :raises BudgetReached: it would pass the allocation; nothing was written.
        :raises Braked: a person has to let it go; nothing was written.
        """
        dear = self._is_dear(due)
        if dear or self._tools.brakes.could_stop():
            self._look(pieces, Forecast(self._settings.bulk_from), self._tools.brakes.effect(), dear)

    def a_few(self, ids: Sequence[str]) -> None:
        """A run that looks at a few customers only. Raises as `whole_pass`."""
        dear = self._is_dear(len(ids))
        if dear or self._tools.brakes.a_few_could(len(ids)):
            self._look(_chunks(ids), Forecast(0), self._tools.brakes.effect_of_a_few(), dear)

    def _look(self, pieces: Iterable[Sequence[str]], cost: Forecast, effect: Effect, dear: bool) -> None:
        for ids in pieces:
            jobs = self._tools.planning.plan(ids)
            cost.piece(change for job in jobs for change in job.changes)
            self._tools.brakes.add(effect, jobs)
        self._tools.brakes.check(effect)
        if dear:
            self._budget.afford(cost.writing)

    def _is_dear(self, due: int) -> bool:
        """Whether it could cost more than what is left, by a rough count."""
        left = self._budget.standing().left
        return left is not None and ROUGHLY * forecast_due(due, self._settings.bulk_from) > left


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
