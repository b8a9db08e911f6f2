"""The whole console on the rehearsal: screens, engine, sockets and files, with nothing in between replaced."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.practising import Bench, free_ports, make_world, practising


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def bench(made_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("console.salesforce.signing_in.loopback.PORTS", free_ports())
    with practising(made_world, tmp_path) as made:
        yield made


def seen(pilot: Pilot[Any]) -> str:
    """What stands on the screen now."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


Wait = Callable[..., Awaitable[str]]


@pytest.fixture
def until() -> Wait:
    """Wait until the screen shows a text (or a condition holds), at most a minute; returns the screen."""

    async def wait(pilot: Pilot[Any], what: str | Callable[[], object]) -> str:
        deadline = time.monotonic() + 60
        while not (what in seen(pilot) if isinstance(what, str) else what()):
            assert time.monotonic() < deadline, f"never: {what}\n{seen(pilot)}"
            await pilot.pause(0.02)
        await pilot.pause()
        return seen(pilot)

    return wait
