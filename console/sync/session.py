"""Everything an open connection needs: its cache, its clients and its engine, opened and closed together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from console.alguna.client import AlgunaClient
from console.errors import ConsoleError, SignInNeeded, StoreError
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.channel import unheard
from console.salesforce.signing_in.renewing import token_source
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.sync.access import access_of, described, questions
from console.sync.asides import Asides
from console.sync.budget import Budget
from console.sync.cursors import utc_now
from console.sync.engine import Engine
from console.sync.events import Event
from console.sync.following.heed import place
from console.sync.following.subscription import Api, Subscription, Tokens
from console.sync.gate import Gate
from console.sync.observe import observe_salesforce
from console.sync.observe_alguna import AlgunaObserver
from console.sync.org import Org
from console.sync.runner import Opener, Publish
from console.sync.workers import Workers

CHANNEL = "channel"
"""Kind of the artefact that names the channel of change events."""


class Session:
    """An open connection. Close it, or use it in a `with` block."""

    def __init__(
        self,
        cache: Cache,
        salesforce: SalesforceClient,
        alguna: AlgunaClient,
        engine: Engine,
        resources: ExitStack,
        settings: ConnectionSettings,
        tokens: Tokens,
    ) -> None:
        self.cache = cache
        self.salesforce = salesforce
        self.alguna = alguna
        self.engine = engine
        self._resources = resources
        self._settings = settings
        self._tokens = tokens

    def close(self) -> None:
        """Give back the cache and the connections; calls that are under way are left behind. Again does nothing."""
        self._resources.close()

    def subscribe(self, wake: Callable[[], None]) -> Subscription | str:
        """Follow the org's change events from where the cache left off; else one sentence that says why not.

        :param wake: called from another thread when something has come.
        """
        settings = self._settings
        if not settings.pubsub_endpoint:
            return "No address of the event stream is set for this connection."
        channel = next((each.api_name for each in self.cache.artefacts.all() if each.kind == CHANNEL), None)
        if channel is None:
            return "The org has no channel of change events for this console: set it up to get one."
        try:
            silent = unheard(self.salesforce, settings.user_id) if settings.user_id else ()
        except ConsoleError:
            silent = ()  # not told now: the subscription says what is wrong
        if silent:
            lacking = " and ".join(f"{name}s" for name in silent)
            return f"The signed-in user lacks View All on {lacking}, without which no change events are delivered."
        topic = f"/data/{channel}"

        def connect() -> Api:
            from console.salesforce.pubsub.client import PubSub  # gRPC loads here, in the stream's own thread

            return PubSub(settings.pubsub_endpoint, settings.instance_url, settings.org_id)

        return Subscription(connect, self._tokens, topic, place(self.cache, topic), wake)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_session(
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
    *,
    publish: Callable[[Event], None] = lambda event: None,
    cancelled: threading.Event | None = None,
    gate: Gate | None = None,
    clock: Callable[[], datetime] = utc_now,
    holder: str = "",
    alguna_rate: float | None = None,
) -> Session:
    """Open a connection's cache for writing, and the clients of both systems. Nothing is called yet.

    :param holder: what this console is doing, for the one who finds the cache locked.
    :param alguna_rate: requests a second, where the connection's own setting is not to be used.
    :raises SignInNeeded: there is no key for Alguna.
    :raises StoreError: the cache is locked, damaged, or can't be made.
    :raises Conflict: the cache belongs to another org.
    """
    cancelled = cancelled or threading.Event()
    key = secrets.get(settings.name, "alguna_key")
    if key is None:
        raise SignInNeeded("There is no key for Alguna.", "Enter the key of this connection again.")
    with ExitStack() as opening:
        cache = opening.enter_context(
            Cache.open(connections.cache_path(settings.name), org_id=settings.org_id, holder=holder)
        )
        tokens = token_source(settings, connections, secrets)
        asides = Asides(connections.folder(settings.name), clock)
        budget = Budget.load(
            cache,
            settings.api_share,
            settings.api_floor,
            clock,
            asides,
            partial(_chosen, connections, settings.name),
        )
        opening.callback(_keep, budget, cache)
        salesforce = opening.enter_context(
            SalesforceClient(
                settings.instance_url,
                tokens,
                api_version=settings.api_version,
                cancelled=cancelled,
                allowance=budget,
            )
        )
        alguna = opening.enter_context(
            AlgunaClient(
                settings.alguna_url, key, rate=alguna_rate or settings.alguna_rate, cancelled=cancelled
            )
        )
        engine = Engine(
            cache,
            salesforce,
            alguna,
            settings,
            clock=clock,
            publish=publish,
            cancelled=cancelled,
            gate=gate,
            budget=budget,
        )
        opening.callback(engine.close)
        return Session(cache, salesforce, alguna, engine, opening.pop_all(), settings, tokens)


def _chosen(connections: Connections, name: str) -> tuple[float, int] | None:
    """Share and floor of the org's calls as the settings say now."""
    try:
        settings = connections.load(name)
    except ConsoleError:
        return None  # what is wrong with them is said when the connection is opened
    return settings.api_share, settings.api_floor


def _keep(budget: Budget, cache: Cache) -> None:
    """What was called outside a pass counts too. On a disk that is full the count is lost, and nothing else."""
    with suppress(StoreError):
        budget.save(cache)


def opener(
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
    *,
    alguna_rate: float | None = None,
) -> Opener:
    """What an `EngineThread` opens its session with."""

    def open_(publish: Publish, cancelled: threading.Event, gate: Gate) -> Session:
        # Another process may have signed in since: what is saved by now counts.
        now = connections.load(settings.name) if connections.exists(settings.name) else settings
        return open_session(
            now,
            connections,
            secrets,
            publish=publish,
            cancelled=cancelled,
            gate=gate,
            holder="syncing",
            alguna_rate=alguna_rate,
        )

    return open_


def read_both(
    cache: Cache, salesforce: SalesforceClient, alguna: AlgunaClient, cancelled: threading.Event | None = None
) -> None:
    """Read both systems into a cache, for a look before anything is set up. Neither is written to.

    :param cache: opened for the org that is being read.
    :raises Cancelled: `cancelled` was set.
    :raises ConsoleError: one side can't be read.
    """
    workers = Workers(2, cancelled or threading.Event())
    try:
        org = Org(salesforce, workers, lambda: None, str(cache.get("org_id")))
        allowed = access_of(described(org.send(questions())))
        org.see(
            allowed.readable,
            allowed.objects,
            person_accounts=allowed.person_accounts,
            lists=allowed.picklists,
        )
        observe_salesforce(org, cache, utc_now, lambda what, done: None)
        AlgunaObserver(alguna, cache, workers, lambda: None, utc_now).observe(lambda what, done: None)
    finally:
        workers.close()
