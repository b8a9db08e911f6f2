"""The org check: lights with what is missing, re-checked on the spot, mended by plan, reached from where it matters."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from console.errors import Unreachable
from console.guide.seam import ProblemLine
from screens.app import ConsoleApp


async def opened(app: ConsoleApp, pilot: Any, until: Any, seen: Any) -> None:
    await until(pilot, lambda: app.connection is not None)
    await pilot.press("e")
    await until(pilot, lambda: "Grant field access" in seen(pilot))


async def test_each_thing_has_its_light_and_what_is_missing_with_where_it_is_granted(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        assert "● can" in seen(pilot)
        assert "◐ in part" in seen(pilot)
        assert "Missing: Assign Permission Sets" in seen(pilot)
        await pilot.press("down")
        await until(pilot, lambda: "Setup, Permission Sets" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Org check of" not in seen(pilot))


async def test_it_is_looked_at_again_with_one_key(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        before = desk.checking.looked
        desk.checking.error = Unreachable("The org does not answer.", "Try again in a moment.")
        await pilot.press("r")
        await until(pilot, lambda: "The org does not answer." in seen(pilot))
        desk.checking.error = None
        desk.checking.findings = desk.checking.findings[:1]
        await pilot.press("r")
        await until(pilot, lambda: "Grant field access" not in seen(pilot))
        assert desk.checking.looked == before + 2


async def test_the_plan_is_shown_and_mended_only_after_a_yes(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        assert "2 fields will be made" in seen(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Set up the org?" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Set up the org?" not in seen(pilot))
        assert not desk.checking.mended
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Set up the org?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: desk.checking.mended)
        await until(pilot, lambda: "What the console needs in the org is there." in seen(pilot))


async def test_the_user_who_gets_the_permission_set_is_named_with_a_key(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        await pilot.press("u")
        await until(pilot, lambda: "Who gets the permission set?" in seen(pilot))
        await pilot.press(*"sync@acme.example", "enter")
        await until(pilot, lambda: "Sign in as sync@acme.example." in seen(pilot))
        assert desk.checking.user == "sync@acme.example"
        await pilot.press("u")
        await until(pilot, lambda: "Now: sync@acme.example" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Who gets the permission set?" not in seen(pilot))
        assert desk.checking.user == "sync@acme.example", "left is not answered"


async def test_a_problem_about_set_up_leads_to_the_check(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.the_problems = [
        ProblemLine(
            "1",
            "setup",
            "Alguna_Tax_Rate__c was deleted.",
            "Mend it by plan.",
            1,
            "open",
            "2026-03-04T10:00:00Z",
            "2026-03-04T11:58:00Z",
        )
    ]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None)
        await pilot.press("3")
        await until(pilot, lambda: "was deleted" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Grant field access" in seen(pilot))


async def test_mending_is_offered_only_where_something_can_be_mended(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)

        def offered() -> bool:
            return "ctrl+r Mend" in seen(pilot)

        await until(pilot, offered)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Set up the org?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "What the console needs in the org is there." in seen(pilot))
        await until(pilot, lambda: not offered())
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "Set up the org?" not in seen(pilot)
