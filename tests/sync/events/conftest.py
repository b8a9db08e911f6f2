"""A rehearsal whose org publishes change events, and an engine that follows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console.store.cache import Cache
from console.sync.events import Event, RunFailed, RunFinished
from console.sync.following.feeds import Feeds
from console.sync.runner import EngineThread
from console.sync.session import CHANNEL, opener
from tests.sync.conftest import RATE, World, until

CHANNEL_NAME = "Alguna_Sync__chn"


class Follower:
    """An engine thread on a world whose org has a channel."""

    def __init__(self, world: World, **how: Any) -> None:
        self.world = world
        self.events: list[Event] = []
        how = {"interval": 3600.0, **how}
        self.thread = EngineThread(
            opener(world.settings, world.connections, world.secrets, alguna_rate=RATE),
            self.events.append,
            **how,
        )

    def start(self) -> Follower:
        """Until the stream runs at both ends: what happens before the org knows of it is found by a later look."""
        until(lambda: not self.open_streams())
        self.thread.start()
        self.streams()
        until(self.open_streams)
        return self

    def open_streams(self) -> int:
        """Streams that the org knows of."""
        return len(self.world.control("GET", "salesforce/events")["streams"])

    def streams(self) -> Feeds:
        return until(
            lambda: next((f for f in reversed(self.of(Feeds)) if f.salesforce.how == "events"), None)
        )

    def polls(self) -> Feeds:
        """Until the last that was said is that the org is polled."""
        return until(lambda: (told := self.of(Feeds)) and told[-1].salesforce.how == "polling" and told[-1])

    def of(self, kind: type) -> list[Any]:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def passes(self, number: int) -> None:
        until(lambda: len(self.of(RunFinished)) >= number)

    def failures(self) -> list[RunFailed]:
        return self.of(RunFailed)

    def cache(self) -> Cache:
        """The cache as a reader sees it; close it."""
        return Cache.open(self.world.cache_path, org_id=self.world.settings.org_id, read_only=True)

    def account(self, account_id: str) -> Any:
        with self.cache() as cache:
            return cache.accounts.get(account_id)

    def sees(self, account_id: str, **values: Any) -> Any:
        """Wait until the cache holds these values of an account."""

        def there() -> Any:
            found = self.account(account_id)
            return (
                found is not None
                and all(found.values.get(key) == value for key, value in values.items())
                and found
            )

        return until(there)


def published(world: World) -> World:
    """The connection knows the org's channel and the address of its events."""
    world.choose(pubsub_endpoint=world.rehearsal.handout["pubsub"]["endpoint"])
    with world.open() as session:
        session.cache.artefacts.record(
            CHANNEL, CHANNEL_NAME, "0YL000000000001AAA", True, "2026-06-01T00:00:00Z"
        )
    return world


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    """Followers: ``follow(world, interval=...)``; started, and stopped at the end, each within two seconds."""
    made: list[Follower] = []

    def make(world: World, **how: Any) -> Follower:
        made.append(Follower(world, **how))
        return made[-1].start()

    yield make
    for each in made:
        assert each.thread.stop(2.0)


@pytest.fixture
def world(build: Callable[..., World]) -> World:
    """12 customers in an org that publishes, in step already."""
    made = published(build(customers=12, org="empty"))
    made.sync()
    return made
