"""Fixtures of the clients' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.rehearsal.server import Rehearsal
from console.secrets import Secrets
from console.settings import Connections
from tests.clients.rehearsed import Stage
from tests.clients.site import Handler, MemoryKeyring, Site, Unhurried


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], Site]]:
    sites: list[Site] = []

    def start(handler: Handler) -> Site:
        sites.append(Site(handler))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


@pytest.fixture
def unhurried() -> Unhurried:
    return Unhurried()


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    return Connections(tmp_path / "home")


@pytest.fixture
def secrets(connections: Connections, keyring: MemoryKeyring) -> Secrets:
    return Secrets(connections, find_keyring=lambda: keyring)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def shared_stage() -> Iterator[Stage]:
    """One rehearsal for a whole file, for tests that leave no trace but records of their own."""
    with Rehearsal(customers=40, seed=7) as rehearsal:
        running = Stage(rehearsal)
        yield running
        running.close()


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    yield shared_stage
    shared_stage.reset()


@pytest.fixture
def fresh_stage() -> Iterator[Stage]:
    """A rehearsal that a test may turn upside down."""
    with Rehearsal(customers=8, seed=7) as rehearsal:
        running = Stage(rehearsal)
        yield running
        running.close()
