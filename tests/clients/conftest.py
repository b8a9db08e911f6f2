"""Fixtures of the clients' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.secrets import Secrets
from console.settings import Connections
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
