"""Fixtures of the screens: a scripted desk, a frozen clock, and a picture of the screen as plain text."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.pilot import Pilot

HERE = Path(__file__).parent
FRAMES = HERE / "frames"


def _load(name: str) -> ModuleType:
    """A module beside this file; test folders are no packages."""
    known = f"screens_tests_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """UTC, colours, no animation, whatever the machine is set to."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    from textual.widgets import Input

    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def stub() -> ModuleType:
    """The module of test doubles."""
    return _load("desk")


@pytest.fixture
def desk(stub: ModuleType) -> Any:
    """A desk with three connections, on real systems."""
    return stub.StubDesk(cards=list(stub.CARDS))


Wait = Callable[..., Awaitable[None]]


@pytest.fixture
def until() -> Wait:
    """Wait for a condition on the running app, at most ten seconds."""

    async def wait(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition() or any(
            w.name == "find keyring" and not w.is_finished for w in pilot.app.workers
        ):
            assert time.monotonic() < deadline, f"never became true on {pilot.app.screen}"
            await pilot.pause(0.01)
        await pilot.pause()

    return wait


def picture(pilot: Pilot[Any]) -> str:
    """The screen as text; the one place that asks Textual's compositor."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


@pytest.fixture
def seen() -> Callable[[Pilot[Any]], str]:
    """What stands on the screen now."""
    return picture


@pytest.fixture
def frame() -> Callable[[Pilot[Any], str], None]:
    """Compare the screen with a committed picture; FRAMES=write makes it anew, to be looked at before committing."""

    def compare(pilot: Pilot[Any], name: str) -> None:
        path, now = FRAMES / f"{name}.txt", picture(pilot)
        if os.environ.get("FRAMES") == "write":
            FRAMES.mkdir(exist_ok=True)
            path.write_text(now, encoding="utf-8")
        assert now == path.read_text(encoding="utf-8")

    return compare
