"""One open connection: its engine in its own thread, its cache read beside it, its events passed on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from console.errors import ConsoleError, StoreError, UsageError
from console.guide.account import account_detail, history_lines
from console.guide.beside import Beside
from console.guide.health import warning_of
from console.guide.importing import preview
from console.guide.past import CachePast
from console.guide.person import person
from console.guide.planning import EnginePlans
from console.guide.ruling import CacheRules
from console.guide.seam import (
    AccountDetail,
    ConnectionFacts,
    HistoryLine,
    ImportChoice,
    ImportPreview,
    ProblemLine,
)
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.store.grid import Grid
from console.store.lock import UNWRITABLE, held_elsewhere
from console.sync.audit_standing import event as audit_event
from console.sync.cursors import text, utc_now
from console.sync.deciding import consider
from console.sync.events import Audited, Counts, Event, RunFailed, RunFinished, Waiting
from console.sync.policy import policy_for
from console.sync.runner import EngineThread
from console.sync.session import opener

if TYPE_CHECKING:
    from console.domain.policy import Policy
    from console.domain.verdicts import Verdict
    from console.sync.deciding import Prospect

Listener = Callable[[Event], None]

_UNWRITABLE = (
    "What is known is shown, and nothing is synced: open the connection again once it can be written."
)
_LOOKING = "Only looking is possible here, until that console ends: then this one goes on by itself."
SERIOUS = ("sign_in", "conflict", "setup", "budget")
"""Categories of problems that stop everything: listed first."""


class OpenConnection:
    """What the screens hold while a connection is open."""

    def __init__(
        self, settings: ConnectionSettings, connections: Connections, secrets: Secrets, *, start: bool = True
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._secrets = secrets
        self._path = connections.cache_path(settings.name)
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._last: dict[type, Event] = {}
        self._read_only = ""
        self._holder = ""
        self._last_sync_at: str | None = None
        self._warning = ""
        self._engine: EngineThread | None = None
        self._beside: Beside | None = None
        self._changing = threading.Lock()
        """Held while the engine, or the watching beside another console, begins or ends."""
        if settings.disconnected_at:
            self._read_only = f"This connection was disconnected at {settings.disconnected_at}."
        elif start:
            self._start()
        self._look()

    def _start(self) -> None:
        """Begin to sync; where another console holds the cache, to look on until that one lets go."""
        try:
            if self._take():
                return
        except StoreError as failure:
            if failure.code != UNWRITABLE or not self._path.exists():
                raise
            self._read_only = f"{failure.message} {_UNWRITABLE}"
            return
        self._beside = Beside(
            self._path,
            self._settings.org_id,
            tell=self._dispatch,
            moved=self._held_by,
            take_over=self._take_over,
        )
        self._beside.start()

    def _take(self) -> bool:
        """Start the engine, unless another console holds the cache.

        :raises ConsoleError: the session can't be opened, for another reason.
        """
        engine = EngineThread(
            opener(self._settings, self._connections, self._secrets),
            self._dispatch,
            interval=self._settings.interval_seconds,
        )
        try:
            engine.start()
        except StoreError as failure:
            if failure.code != "LOCKED":
                raise
            self._holder = held_elsewhere(self._path)
            self._read_only = f"The connection is in use by {self._holder or 'another console'}. {_LOOKING}"
            return False
        self._engine, self._read_only = engine, ""
        return True

    def _held_by(self, holder: str) -> None:
        """Another console than before holds the cache now."""
        self._holder = holder
        self._read_only = f"The connection is in use by {holder}. {_LOOKING}"
        self._dispatch(Waiting(None, self._read_only))

    def _take_over(self) -> bool:
        """The other console let go, it seems: be the one that writes. Called in the thread that looks on."""
        if not self._changing.acquire(blocking=False):
            return False  # it is being closed, or opened again
        try:
            if self._beside is None or not self._take():
                return False
            self._beside = None
        except ConsoleError as failure:
            self._read_only = f"{failure.message} {failure.advice}"
            self._dispatch(Waiting(None, self._read_only))
            return False
        finally:
            self._changing.release()
        self._dispatch(Waiting(0.0, "The other console has ended: this one syncs now."))
        return True

    # --- facts and events --------------------------------------------------------------------------------------

    def facts(self) -> ConnectionFacts:
        """The latest facts."""
        settings = self._settings
        return ConnectionFacts(
            name=settings.name,
            environment=settings.environment,
            production=settings.is_production,
            org_name=settings.org_name,
            org_id=settings.org_id,
            username=settings.username,
            instance_url=settings.instance_url,
            alguna_url=settings.alguna_url,
            creates_accounts=settings.source_of_truth == "alguna",
            import_choice=settings.import_choice,
            secrets=self._secrets.where(settings.name),
            held_by=self._holder if self._engine is None else "",
            read_only=self._read_only,
            warning=self._warning,
            last_sync_at=self._last_sync_at,
            interval_seconds=settings.interval_seconds,
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event; first the last one of each kind."""
        with self._lock:
            self._listeners.append(listener)
            for event in self._last.values():
                listener(event)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            with suppress(ConsoleError):
                self._look_at_runs()
        with self._lock:
            if isinstance(event, RunFinished):
                self._last.pop(RunFailed, None)
            self._last.pop(
                type(event), None
            )  # in the order they were said: a new listener ends where all others are
            self._last[type(event)] = event
            listeners = list(self._listeners)
        for listener in listeners:
            listener(event)

    def _look(self) -> None:
        """What the cache already knows, before the engine says anything."""
        if not self._path.exists():
            return
        with self._cache() as cache:
            self._last.setdefault(
                Counts,
                Counts(
                    {str(state): count for state, count in cache.entries.counts().items()},
                    cache.problems.count(),
                ),
            )
            self._last.setdefault(Audited, audit_event(cache))
        self._look_at_runs()
        if self._engine is None:
            self._last.setdefault(Waiting, Waiting(None, self._read_only))

    def _look_at_runs(self) -> None:
        self._warning = warning_of(self._settings, self._connections, text(utc_now()))
        with self._cache() as cache:
            finished = [run for run in cache.runs.last(20) if run.is_sync and run.finished_at]
        if finished:
            self._last_sync_at = finished[0].finished_at

    # --- the engine --------------------------------------------------------------------------------------------

    def paused(self) -> bool:
        """Whether the engine waits for :meth:`resume`."""
        return self._engine is None or self._engine.paused

    def pause(self) -> None:
        """Finish the call in flight, then wait."""
        if self._engine is not None:
            self._engine.pause()

    def resume(self) -> None:
        """Go on, with a pass at once."""
        if self._engine is not None:
            self._engine.resume()

    def sync_now(self) -> None:
        """Start the next pass at once."""
        if self._engine is not None:
            self._engine.sync_now()

    def sync_one(self, customer_id: str) -> None:
        """Look at one customer on both sides now and bring it in step."""
        if self._engine is not None:
            self._engine.sync_one(customer_id)

    def audit(self) -> None:
        """Compare both sides whole with the cache, and tell by `Audited` what was missed."""
        self._writer().request(lambda engine: engine.audit(whole=True))

    def outlook(self, customer_id: str, verdict: Verdict) -> AccountDetail:
        """The customer as it would be planned after a decision."""
        with self._cache() as cache:
            policy = self._policy(cache)
            prospect = self._consider(cache, policy, customer_id, verdict)
            return account_detail(cache, self._settings, policy, customer_id, prospect)

    def decide(self, customer_id: str, verdict: Verdict) -> None:
        """Keep a decision; the next pass acts on it."""
        engine = self._writer()
        with self._cache() as cache:
            self._consider(cache, self._policy(cache), customer_id, verdict)
        engine.decide(customer_id, verdict, person())

    def retry(self, customer_id: str | None = None) -> None:
        """Try what was refused once more, of one customer or of all."""
        self._writer().retry(None if customer_id is None else [customer_id])

    def _writer(self) -> EngineThread:
        if self._engine is None:
            raise UsageError(
                self._read_only or "The connection is being opened again.", "Nothing was changed."
            )
        return self._engine

    def _consider(self, cache: Cache, policy: Policy, customer_id: str, verdict: Verdict) -> Prospect:
        return consider(cache, policy, customer_id, verdict, text(utc_now()), person())

    def start_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope; the next pass starts at once."""
        if self._engine is None:
            return
        # Read again: a refresh may have noted another address of the org meanwhile.
        self._settings = replace(self._connections.load(self._settings.name), import_choice=choice)
        self._connections.save(self._settings)
        self._engine.request_import(choice)

    def restart(self) -> None:
        """After a new sign-in: the engine opens its session again. Blocks, at most 2 s."""
        with self._changing:
            self._halt()
            self._settings = self._connections.load(self._settings.name)
            self._start()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """The engine has let go of the cache inside; it begins a new session afterwards. Blocks, at most 2 s.

        :raises UsageError: nothing can be written from this console.
        """
        paused = self._writer().paused
        with self._changing:
            self._halt()
            try:
                yield
            finally:
                self._start()
                if paused:
                    self.pause()

    def close(self) -> None:
        """Stop the engine and let go of the cache."""
        with self._changing:
            self._halt()
        with self._lock:
            self._listeners.clear()

    def _halt(self) -> None:
        if self._beside is not None:
            self._beside.stop()
            self._beside = None
        if self._engine is not None:
            self._engine.stop(2.0)
            self._engine = None

    # --- looking -----------------------------------------------------------------------------------------------

    @contextmanager
    def _cache(self) -> Iterator[Cache]:
        with Cache.open(self._path, org_id=self._settings.org_id, read_only=True) as cache:
            yield cache

    def _policy(self, cache: Cache) -> Policy:
        return policy_for(self._settings, cache)

    def grid(self) -> Grid:
        """The rows of the Accounts screen, over read-only connections of its own."""
        return Grid.open(self._path)

    def account(self, ident: str) -> AccountDetail:
        """Everything about one account."""
        with self._cache() as cache:
            return account_detail(cache, self._settings, self._policy(cache), ident)

    def recent(self, limit: int = 50) -> Sequence[HistoryLine]:
        """The newest changes of all accounts."""
        with self._cache() as cache:
            rows = cache.history.recent(limit)
            names = {
                id_: each.name
                for id_, each in cache.customers.many({row.customer_id for row in rows}).items()
            }
        return history_lines(rows, names)

    def rules(self) -> CacheRules:
        """The field rules."""
        return CacheRules(self._settings.name, self._connections, self._cache, self._writer, self._reload)

    def _reload(self) -> None:
        self._settings = self._connections.load(self._settings.name)

    def plans(self) -> EnginePlans:
        """What the next pass would do, and what a brake stopped."""
        folder = self._connections.folder(self._settings.name)
        return EnginePlans(self._settings, self._path, folder, self._writer)

    def past(self) -> CachePast:
        """Runs, what they did, taking one back, and what an account was like then."""
        return CachePast(self._settings, self._path, self._writer)

    def problems(self) -> Sequence[ProblemLine]:
        """What is open and needs a person, most serious first."""
        with self._cache() as cache:
            found = cache.problems.open()
            known = cache.customers.many({problem.subject for problem in found})
        found.sort(key=lambda problem: problem.category not in SERIOUS)
        return [
            ProblemLine(
                id=str(problem.id),
                category=problem.category,
                title=problem.title,
                advice=problem.advice,
                count=problem.count,
                state=problem.state,
                opened_at=problem.opened_at,
                updated_at=problem.updated_at,
                customer_id=problem.subject if problem.subject in known else None,
            )
            for problem in found
        ]

    def import_preview(self, choice: ImportChoice) -> ImportPreview:
        """Count what importing would do, from the cache."""
        with self._cache() as cache:
            return preview(cache, self._policy(cache), choice)
