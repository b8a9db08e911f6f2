"""Every screen as a picture in plain text, at the size that must work and the size to work at.

``FRAMES=write pytest tests/screens/test_frames.py`` makes them anew; look at the difference before committing it.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from console.errors import BudgetReached, StoreError, Unreachable
from console.guide.seam import ProblemLine
from console.sync.events import Counts, RunFailed
from screens.app import ConsoleApp

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def full_draft(wizard: Any, stub: ModuleType, **more: Any) -> None:
    wizard.the_draft = replace(
        wizard.the_draft, environment="sandbox", client_id="3MVG9", signed_in=stub.SIGNED_IN,
        alguna=stub.AlgunaChecked("https://api.alguna.io", "The key works: 503 customers."), name="acme-uat",
        creates_accounts=True, import_choice="none", setup_done=True,
    )  # fmt: skip
    wizard.the_draft = replace(wizard.the_draft, **more)


async def test_home(desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "acme-live" in seen(pilot))
        frame(pilot, f"home-{size}")
    app = ConsoleApp(stub.StubDesk(the_rehearsal=stub.StubRehearsal()))
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "step by step" in seen(pilot))
        frame(pilot, f"home-empty-{size}")


async def test_the_places_of_a_connection(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    connection = desk.connection
    connection.events = stub.busy()
    connection.the_problems = [
        ProblemLine("1", "refused", "Billing State is not in the list", "Correct the state in Alguna.", 4, "open",
                    "2026-03-04T10:00:00Z", "2026-03-04T11:58:00Z", "cus_000001"),
        ProblemLine("2", "status", "Unknown status word “frozen”", "It was written as it is.", 1, "open",
                    "2026-03-04T10:00:00Z", "2026-03-04T11:00:00Z"),
    ]  # fmt: skip
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "Company 000013" in seen(pilot))
        frame(pilot, f"dashboard-busy-{size}")
        await pilot.press("2")
        await until(pilot, lambda: "Company 000007" in seen(pilot) and "60 accounts" in seen(pilot))
        await pilot.press("j")
        frame(pilot, f"accounts-{size}")
        await pilot.press("enter")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        frame(pilot, f"account-{size}")
        await pilot.press("escape", "3")
        await until(pilot, lambda: "Correct the state" in seen(pilot))
        frame(pilot, f"problems-{size}")
        await pilot.press("4", "down", "v")
        await until(pilot, lambda: "503  come into the sync" in seen(pilot))
        frame(pilot, f"import-{size}")
        await pilot.press("1", "D")
        await until(pilot, lambda: "The 13 fields" in seen(pilot))
        frame(pilot, f"disconnect-{size}")
        await pilot.press("escape", "question_mark")
        await until(pilot, lambda: "Keys of this screen" in seen(pilot))
        frame(pilot, f"help-{size}")


async def test_four_pictures_of_a_dashboard(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    import threading

    gate = desk.open_gate = threading.Event()
    desk.connection.events = [Counts({"not_imported": 503}), stub.CALLS]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "Opening the connection" in seen(pilot))
        frame(pilot, f"dashboard-loading-{size}")
        gate.set()
        await until(pilot, lambda: "Press i to import" in seen(pilot))
        frame(pilot, f"dashboard-empty-{size}")
        desk.connection.say(
            RunFailed(3, Unreachable("Salesforce does not answer.", "It is tried again in a minute."))
        )
        await until(pilot, lambda: "Out of date" in seen(pilot))
        frame(pilot, f"dashboard-stale-{size}")
    desk.connection.grid_error = StoreError(
        "The cache file is damaged.", "Remove it: the next sync builds it anew."
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "Press i to import" in seen(pilot))
        await pilot.press("2")
        await until(pilot, lambda: "Failed: The cache file is damaged." in seen(pilot))
        frame(pilot, f"accounts-failed-{size}")


async def test_the_steps_of_the_wizard(
    stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    desk = stub.StubDesk(the_wizard=stub.StubWizard(practising=True), the_rehearsal=stub.StubRehearsal())
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "Where is your Salesforce org?" in seen(pilot))
        frame(pilot, f"wizard-1-environment-{size}")
        await pilot.press("enter")
        await until(pilot, lambda: "Sign in to Salesforce" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Comes back to" in seen(pilot))
        frame(pilot, f"wizard-2-waiting-{size}")
        desk.the_wizard.trip.came_back.set()
        await until(pilot, lambda: "Signed in" in seen(pilot))
        frame(pilot, f"wizard-2-signed-in-{size}")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "API key" in seen(pilot))
        frame(pilot, f"wizard-3-alguna-{size}")
        full_draft(desk.the_wizard, stub, setup_done=False, environment="rehearsal")
        for name, words in (
            ("4-name", "Name this integration"),
            ("5-source", "one direction only"),
            ("6-import", "recommended for testing"),
            ("7-setup", "permission set will be created"),
        ):
            await pilot.press("ctrl+n")
            await until(pilot, lambda words=words: words in " ".join(seen(pilot).split()))
            frame(pilot, f"wizard-{name}-{size}")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "every part was made and checked" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Everything is ready" in seen(pilot))
        frame(pilot, f"wizard-8-summary-{size}")
        await pilot.press("q")
        await until(pilot, lambda: "Leave the wizard?" in seen(pilot))
        frame(pilot, f"wizard-leave-{size}")


async def test_a_pass_beside_its_forecast_and_an_allocation_that_is_used_up(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    forecast = replace(stub.CALLS, allocation=7_500, own=790, left=6_710, forecast=214)
    desk.connection.events = [stub.COUNTS, forecast, stub.PROGRESS]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await until(pilot, lambda: "of about 214" in seen(pilot))
        frame(pilot, f"dashboard-forecast-{size}")
        desk.connection.say(replace(forecast, own=7_500, left=0))
        desk.connection.say(
            RunFailed(
                3,
                BudgetReached(
                    "The console has used its share of the org's API calls: 7,500 of 15,000 in 24 hours.",
                    "It goes on at 13:00 UTC on 05 March, when the first of them are a day old; what was done stays.",
                    goes_on_at="2026-03-05T13:00:00Z",
                ),
            )
        )
        await until(pilot, lambda: "used its share" in seen(pilot))
        frame(pilot, f"dashboard-budget-{size}")
