"""The plan on its screen: looked at page by page, kept, carried out; and what a brake stopped, let go once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.errors import Braked, ConsoleError, Unreachable
from console.guide.seam import Braking, PlanHead, PlanLine
from console.sync.events import RunFailed
from screens.app import ConsoleApp
from screens.planned import Planned
from screens.widgets.pages import PAGE, PagedGrid

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
STOP = Braking(
    "changed",
    240,
    "240 of 503 linked accounts would be changed (48%); 100 may be in one run.",
    tuple(
        (f"cus_{n}", f"Company {n}: Account Name in Alguna from “Old {n}” to “New {n}”") for n in range(20)
    ),
)


@dataclass
class StubPlans:
    """Plans that record what they were asked."""

    stops: list[Braking] = field(default_factory=list)
    changes: int = 100_000
    error: ConsoleError | None = None
    would_stop: list[str] = field(default_factory=list)
    pages: list[tuple[int, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def stopped(self) -> Sequence[Braking]:
        return self.stops

    def release(self) -> None:
        self.asked.append("release")

    def look(self) -> PlanHead:
        self.asked.append("look")
        if self.error is not None:
            raise self.error
        return PlanHead(
            "abcdef0123456789",
            "2026-03-04T11:59:00Z",
            self.changes,
            40_000,
            "It takes 400 calls.",
            self.would_stop,
        )

    def page(self, start: int, count: int) -> Sequence[PlanLine]:
        self.pages.append((start, count))
        return [
            PlanLine(
                f"cus_{n}", f"Company {n:06}", "salesforce", "BillingCity", "Bonn", "Berlin", "Alguna moved."
            )
            for n in range(start, min(start + count, self.changes))
        ]

    def save(self) -> str:
        self.asked.append("save")
        return "/home/ada/plans/plan-abcdef012345.json"

    def apply(self) -> None:
        self.asked.append("apply")


@pytest.fixture
def plans(desk: Any) -> StubPlans:
    desk.connection.the_plans = StubPlans()
    return desk.connection.the_plans


async def opened(app: ConsoleApp, pilot: Any, until: Any) -> Planned:
    await until(pilot, lambda: app.connection is not None and app.live is not None)
    await pilot.press("6")
    await until(pilot, lambda: isinstance(app.screen, Planned) and app.screen.is_mounted)
    assert isinstance(app.screen, Planned)
    return app.screen


async def test_a_huge_plan_is_looked_at_by_pages(desk: Any, plans: StubPlans, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        assert plans.asked == [], "opening the screen asks nothing of either system"
        await pilot.press("v")
        await until(pilot, lambda: "Company 000001" in seen(pilot))
        assert "100,000 changes for 40,000 customers" in seen(pilot)
        assert "It takes 400 calls." in seen(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "Company 099999" in seen(pilot))
        assert screen.query_one(PagedGrid).reads == len(plans.pages) <= 4
        assert {count for _, count in plans.pages} == {PAGE}


async def test_it_is_kept_and_carried_out_after_a_question(
    desk: Any, plans: StubPlans, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("w")
        await pilot.press("ctrl+r")
        assert plans.asked == [], "there is no plan yet"
        await pilot.press("v")
        await until(pilot, lambda: "Company 000001" in seen(pilot))
        await pilot.press("w")
        await until(pilot, lambda: "plan-abcdef012345.json" in seen(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Carry out these 100,000 changes?" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Planned))
        assert plans.asked == ["look", "save"]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Carry out these 100,000 changes?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: plans.asked == ["look", "save", "apply"])


async def test_a_plan_says_which_brake_a_pass_would_meet(
    desk: Any, plans: StubPlans, until: Any, seen: Any
) -> None:
    plans.would_stop = ["240 of 503 linked accounts would be changed."]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("v")
        await until(
            pilot, lambda: "A pass would stop before it writes any of this: 240 of 503" in seen(pilot)
        )
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Carry out these 100,000 changes?" in seen(pilot))
        assert "would stop before it writes any of this" in seen(pilot)


async def test_what_is_stopped_is_shown_with_its_sample_and_let_go(
    desk: Any, plans: StubPlans, until: Any, seen: Any
) -> None:
    plans.stops = [STOP]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None and app.live is not None)
        desk.connection.say(RunFailed(9, Braked(STOP.sentence, "Look.", stops=[])))
        await until(pilot, lambda: "6 Plan" in seen(pilot))
        await opened(app, pilot, until)
        await until(pilot, lambda: "240 of 503 linked accounts" in seen(pilot))
        assert "Company 0: Account Name in Alguna" in seen(pilot)
        await pilot.press("z")
        await until(pilot, lambda: "Let it go once?" in seen(pilot))
        assert plans.asked == []
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Planned))
        assert plans.asked == [], "the harmless answer has the focus"
        await pilot.press("z")
        await until(pilot, lambda: "Let it go once?" in seen(pilot))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: plans.asked == ["release"])


async def test_nothing_to_do_and_nothing_to_reach_are_said(
    desk: Any, plans: StubPlans, until: Any, seen: Any
) -> None:
    plans.changes = 0
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, until)
        await pilot.press("v")
        await until(pilot, lambda: "would write nothing" in seen(pilot))
        await pilot.press("w", "ctrl+r", "z")
        plans.error = Unreachable("Alguna doesn't answer.", "Try again later.")
        await pilot.press("v")
        await until(pilot, lambda: "Alguna doesn't answer." in seen(pilot))
        assert not screen.standing().busy
    assert plans.asked == ["look", "look"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("braked", [False, True])
async def test_it_looks_the_same(
    desk: Any, plans: StubPlans, until: Any, seen: Any, frame: Any, size: str, braked: bool
) -> None:
    plans.stops = [STOP] if braked else []
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await opened(app, pilot, until)
        await pilot.press("v")
        await until(pilot, lambda: "Company 000001" in seen(pilot))
        frame(pilot, f"{'braked' if braked else 'plan'}-{size}")
