"""The guided procedures run against the rehearsal, with a person at the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.practising import Bench, free_ports, make_world, practising


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def bench(made_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("console.salesforce.signing_in.loopback.PORTS", free_ports())
    with practising(made_world, tmp_path) as made:
        yield made
