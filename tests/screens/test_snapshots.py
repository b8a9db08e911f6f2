"""Pictures in colour, where colour means something: environments, directions, states, danger.

``pytest tests/screens/test_snapshots.py --snapshot-update`` makes them anew, on the lowest Python only.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from textual.pilot import Pilot

from screens.app import ConsoleApp


def test_environments_and_health_have_their_colours(
    desk: Any, until: Any, seen: Any, snap_compare: Any
) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "acme-live" in seen(pilot))

    assert snap_compare(ConsoleApp(desk), run_before=ready, terminal_size=(80, 24))


def test_states_and_outcomes_have_their_colours(
    desk: Any, stub: ModuleType, until: Any, seen: Any, snap_compare: Any
) -> None:
    desk.connection.events = stub.busy()

    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "Company 000013" in seen(pilot))

    assert snap_compare(ConsoleApp(desk, start="acme-trial"), run_before=ready, terminal_size=(120, 36))


def test_each_side_has_its_colour_and_the_arrow_that_of_its_target(
    desk: Any, until: Any, seen: Any, snap_compare: Any
) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: pilot.app.live is not None and pilot.app.live.states is not None)  # type: ignore[attr-defined]
        pilot.app.visit("account", "cus_000001")  # type: ignore[attr-defined]
        await until(pilot, lambda: "Acme Inc" in seen(pilot))

    assert snap_compare(ConsoleApp(desk, start="acme-trial"), run_before=ready, terminal_size=(120, 36))


def test_a_dangerous_question_looks_dangerous(desk: Any, until: Any, seen: Any, snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: pilot.app.live is not None and pilot.app.live.states is not None)  # type: ignore[attr-defined]
        await pilot.press("D")
        await until(pilot, lambda: "The 13 fields" in seen(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Disconnect acme-trial?" in seen(pilot))

    assert snap_compare(ConsoleApp(desk, start="acme-trial"), run_before=ready, terminal_size=(80, 24))


def test_the_light_theme(desk: Any, stub: ModuleType, until: Any, seen: Any, snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "acme-live" in seen(pilot))
        await pilot.press("ctrl+t")

    assert snap_compare(ConsoleApp(desk), run_before=ready, terminal_size=(80, 24))
