"""What the audit found, and a connection that another console holds, as a person sees them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from console.sync.events import Audited, Waiting
from screens.app import ConsoleApp
from screens.widgets.banner import Banner

SMALL, LARGE = (80, 24), (120, 36)
HOLDER = "another console (process 4711 on mercury, since 2026-06-01 11:58:11 UTC, syncing)"
REASON = f"The connection is in use by {HOLDER}. Only looking is possible here, until that console ends."


def opened(app: ConsoleApp) -> Any:
    return lambda: app.live is not None and app.live.facts is not None


def toasts(app: ConsoleApp) -> list[str]:
    return [str(note.message) for note in app._notifications]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_who_holds_the_connection_stands_in_the_banner_on_every_tab(
    desk: Any, stub: ModuleType, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only=REASON, held_by=HOLDER)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=size) as pilot:
        await until(pilot, opened(app))
        for key in ("1", "2", "3"):
            await pilot.press(key)
            await pilot.pause()
            assert "READ ONLY, held by another" in seen(pilot)
            widths = {len(line) for line in str(app.screen.query_one(Banner).render()).split("\n")}
            assert max(widths) <= size[0]
        await pilot.press("1")
        await until(pilot, lambda: "Looking on" in seen(pilot))
        assert "process 4711" in seen(pilot)
        assert "Press p to go on" not in seen(pilot)


async def test_every_key_that_writes_says_who_holds_it(desk: Any, stub: ModuleType, until: Any) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only=REASON, held_by=HOLDER)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("s", "p", "A")
        await pilot.pause()
        assert desk.connection.asked == []
        assert toasts(app)
        assert all("process 4711" in text for text in toasts(app))


async def test_taking_over_is_said_once_and_the_keys_write_again(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only=REASON, held_by=HOLDER)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        desk.connection.the_facts = stub.FACTS
        said = "The other console has ended: this one syncs now."
        desk.connection.say(Waiting(0.0, said))
        await until(pilot, lambda: said in toasts(app))
        desk.connection.say(Waiting(30.0))
        await pilot.pause()
        assert toasts(app).count(said) == 1
        assert "READ ONLY" not in seen(pilot)
        await pilot.press("s")
        assert desk.connection.asked == ["sync_now"]


async def test_another_holder_than_before_is_said_and_nothing_is_taken_over(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only=REASON, held_by=HOLDER)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        other = HOLDER.replace("4711", "4712")
        desk.connection.the_facts = replace(
            stub.FACTS, read_only=REASON.replace("4711", "4712"), held_by=other
        )
        desk.connection.say(Waiting(None, "held"))
        await until(pilot, lambda: "process 4712" in seen(pilot))
        assert toasts(app) == []


async def test_an_audit_that_was_asked_for_is_told_and_the_dashboard_says_what_is_verified(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        await pilot.press("A")
        assert desk.connection.asked == ["audit"]
        desk.connection.say(Waiting(30.0))
        found = Audited(500, 503, 2, 480, 490, app.now, "1,500 records compared: observing had missed 2.")
        desk.connection.say(found)
        await until(pilot, lambda: found.said in toasts(app))
        await until(pilot, lambda: "audit: 2 missed · 480 of 490 verified equal" in seen(pilot))
        desk.connection.say(replace(found, missed=0, said=""))
        await until(pilot, lambda: "nothing missed · 480 of 490 verified equal" in seen(pilot))
        assert toasts(app).count(found.said) == 1


async def test_an_account_says_when_it_was_verified_beside_when_it_was_seen(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        desk.connection.details["verified"] = replace(stub.detail("verified"), verified_at=app.now)
        app.visit("account", "verified")
        await until(pilot, lambda: "verified equal" in seen(pilot))
        assert "Alguna seen" in seen(pilot)
