"""The field rules of an open connection: looked at from the cache, changed in the engine's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from console.domain.fields import FIELD
from console.domain.plain import plain
from console.domain.policy import Policy
from console.domain.records import Change
from console.domain.whatif import Ruling
from console.errors import Cancelled, ConsoleError
from console.guide.account import shown
from console.guide.rules import lines
from console.guide.seam.rules import RulesLook
from console.settings import Connections
from console.sync.policy import policy_for
from console.sync.ruling import what_if

if TYPE_CHECKING:
    from console.store.cache import Cache
    from console.sync.engine import Engine
    from console.sync.runner import EngineThread


class CacheRules:
    """The seam's `FieldRules`.

    :param cache: opens the cache for reading. :param writer: the engine's thread; raises where there is none.
    :param kept: called when other rules were kept.
    """

    def __init__(
        self,
        name: str,
        connections: Connections,
        cache: Callable[[], AbstractContextManager[Cache]],
        writer: Callable[[], EngineThread],
        kept: Callable[[], None],
    ) -> None:
        self._name = name
        self._connections = connections
        self._cache = cache
        self._writer = writer
        self._kept = kept

    def ruling(self) -> Ruling:
        """The rules that are kept."""
        with self._cache() as cache:
            return Ruling.of(self._policy(cache))

    def _policy(self, cache: Cache) -> Policy:
        return policy_for(self._connections.load(self._name), cache)

    def look(self, ruling: Ruling, cancelled: threading.Event, on_count: Callable[[int], None]) -> RulesLook:
        """What these rules would do to existing records."""

        def check() -> None:
            if cancelled.is_set():
                raise Cancelled("Looking was stopped.", "Nothing was changed.")

        with self._cache() as cache:
            now = self._policy(cache)
            found = what_if(cache, now, ruling.within(now), check, on_count)
            spared = cache.decisions.spared()
        return RulesLook(
            ruling=ruling,
            lines=lines(ruling, found.differs, spared),
            accounts=found.accounts,
            values=found.values,
            by_field=tuple(
                (FIELD[key].label if key in FIELD else key.capitalize(), number)
                for key, number in found.writes.most_common()
            ),
            dropped=found.dropped,
            asks=found.asks,
            hash=found.hash,
            sample=tuple(_sentence(name, change) for name, change in found.sample),
        )

    def keep(self, ruling: Ruling, chosen: str | None = None) -> None:
        """Keep other rules; what becomes of existing records is chosen, or they stay as they are."""
        answer: Future[None] = Future()

        def ask(engine: Engine) -> None:
            try:
                engine.change_rules(self._connections, ruling, chosen)
            except ConsoleError as error:
                answer.set_exception(error)
            else:
                answer.set_result(None)

        self._writer().request(ask)
        answer.result()
        self._kept()


def _sentence(name: str, change: Change) -> str:
    side = change.side.capitalize()
    if change.key is None:
        return f"{plain(name, 60)}: new {change.entity.lower()} in {side}"
    label = FIELD[change.key].label if change.key in FIELD else change.key
    before, after = shown(change.before) or "empty", shown(change.after) or "empty"
    return f"{plain(name, 60)}: {label} in {side}: {plain(before, 60)} → {plain(after, 60)}"
