"""The wizard, key by key: every step, every way out, every refusal, and nothing lost on the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import Button, ContentSwitcher, Input

from console.errors import Conflict, Refused, SignInNeeded, Unreachable, UsageError
from screens.app import ConsoleApp
from screens.dashboard import Dashboard
from screens.dialogs import Dialog
from screens.home import Home
from screens.steps.access import SignInStep
from screens.steps.finish import SetupStep
from screens.wizard import Wizard

SIZES = [(80, 24), (120, 36)]


def on(app: ConsoleApp, step: str) -> bool:
    return (
        isinstance(app.screen, Wizard)
        and bool(app.screen.query(ContentSwitcher))
        and app.screen.query_one(ContentSwitcher).current == f"step-{step}"
    )


def ready(wizard: Any, stub: ModuleType, **more: Any) -> None:
    """A draft with everything entered, except what a test takes away."""
    full = replace(
        wizard.the_draft, environment="sandbox", client_id="3MVG9", signed_in=stub.SIGNED_IN,
        alguna=stub.AlgunaChecked("https://api.alguna.io", "The key works."), name="acme-uat",
        creates_accounts=True, import_choice="none", setup_done=True,
    )  # fmt: skip
    wizard.the_draft = replace(full, **more)


@pytest.mark.parametrize("size", SIZES)
async def test_the_whole_way_by_keys_ends_on_the_dashboard_of_the_new_connection(
    stub: ModuleType, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    desk = stub.StubDesk(the_wizard=stub.StubWizard(practising=True), the_rehearsal=stub.StubRehearsal())
    wizard = desk.the_wizard
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("enter")  # the rehearsal is the first offer
        await until(pilot, lambda: on(app, "sign_in"))
        assert "admin@rehearsal.example" in seen(pilot)
        assert "practice" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "Waiting for you to log in" in seen(pilot))
        assert "https://test.salesforce.com/services/oauth2/authorize" in seen(pilot)
        assert "http://localhost:1717/callback" in seen(pilot)
        desk.the_wizard.trip.came_back.set()
        await until(pilot, lambda: "Signed in" in seen(pilot))
        assert "Acme Corporation (UAT)" in seen(pilot)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: on(app, "alguna"))
        await pilot.press(*"alg_key", "enter")
        await until(pilot, lambda: "The key works: 503 customers." in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "name"))
        assert "acme-uat" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "source"))
        assert "Alguna creates new accounts in Salesforce" in seen(pilot)
        assert "one direction only" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "import"))
        assert "recommended for testing" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "setup") and "will be made" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "every part was made and checked" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: on(app, "summary"))
        assert "created by Alguna" in seen(pilot)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Dashboard) and app.live is not None)
    assert wizard.keys == ["alg_key"]


async def test_the_sandbox_is_recommended_first_and_production_asks_once_more(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        assert seen(pilot).index("Sandbox  recommended") < seen(pilot).index("Production")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "Every change is real at once." in seen(pilot)
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, lambda: on(app, "environment"))
        assert desk.the_wizard.the_draft.environment is None
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: on(app, "sign_in"))
        assert desk.the_wizard.the_draft.environment == "production"


async def test_my_domain_asks_for_its_address_and_says_when_it_is_none(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"acme", "enter")
        await until(pilot, lambda: "That is no log-in address." in seen(pilot))
        await pilot.press(*".my.salesforce.com", "enter")
        await until(pilot, lambda: on(app, "sign_in"))
        assert desk.the_wizard.the_draft.my_domain == "acme.my.salesforce.com"


async def test_going_back_and_forth_loses_nothing_that_was_typed(stub: ModuleType, until: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, name="")
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "name"))
        field = app.screen.query_one("#name", Input)
        await pilot.press("end", *"-2")
        await pilot.press("escape")
        await until(pilot, lambda: on(app, "alguna"))
        await pilot.press("escape")
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n", "ctrl+n")
        await until(pilot, lambda: on(app, "name"))
        assert field.value == "acme-uat-2"


async def test_the_draft_outlives_the_screen(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, name="", creates_accounts=None)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "name"))
        await pilot.press("end", *"-x")
        await pilot.press("ctrl+p")
        await pilot.press("escape")
        app.screen.do_leave()  # type: ignore[attr-defined]
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "A token for admin@acme.example.uat" in seen(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, Home))
        await pilot.press("n")
        await until(pilot, lambda: on(app, "name"))
        assert app.screen.query_one("#name", Input).value == "acme-uat-x"
        assert not desk.the_wizard.gone


async def test_dropping_it_all_says_what_was_done_and_what_stays(stub: ModuleType, until: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, creates_accounts=None)
    wizard = desk.the_wizard
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "source"))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.press("shift+tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, Home))
        assert wizard.gone
        assert any("The 4 fields stay in the org." in note.message for note in app._notifications)
        await pilot.press("n")
        await until(pilot, lambda: on(app, "environment"))


async def test_leaving_an_untouched_wizard_asks_nothing(stub: ModuleType, until: Any) -> None:
    app = ConsoleApp(stub.StubDesk(), start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))


async def test_waiting_for_the_browser_has_a_way_out_and_can_be_begun_again(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, signed_in=None)
    trip = desk.the_wizard.trip
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Waiting for you" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Waiting for you" not in seen(pilot))
        assert on(app, "sign_in")
        await until(pilot, lambda: trip.cancelled >= 1)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Waiting for you" in seen(pilot))
        trip.came_back.set()
        await until(pilot, lambda: "Signed in" in seen(pilot))


@pytest.mark.parametrize(
    "error",
    [
        Refused(
            "The log-in was refused: access was denied on Salesforce's page.", "Start again and choose Allow."
        ),
        Conflict("The answer does not belong to this sign-in (the state differs).", "Start again from here."),
        SignInNeeded("This code was used already.", "Start again."),
        Unreachable("test.salesforce.com can't be reached.", "Check the network."),
    ],
)
async def test_what_went_wrong_in_the_browser_is_said_and_can_be_tried_again(
    stub: ModuleType, until: Any, seen: Any, error: Exception
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, signed_in=None)
    trip = desk.the_wizard.trip
    trip.answer = error
    trip.came_back.set()
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Failed:" in seen(pilot))
        assert error.message[:40] in seen(pilot)  # type: ignore[attr-defined]
        assert error.advice in seen(pilot)  # type: ignore[attr-defined]
        trip.answer = stub.SIGNED_IN
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Signed in" in seen(pilot))


async def test_a_taken_port_is_explained(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, signed_in=None)
    desk.the_wizard.trip.begin_error = UsageError("All callback ports are taken.", "End the other console.")
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "All callback ports are taken." in seen(pilot))


async def test_the_address_the_browser_ended_on_can_be_pasted(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, signed_in=None)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Waiting for you" in seen(pilot))
        app.screen.query_one("#paste", Input).value = "http://localhost:1717/callback?code=aPrx&state=s"
        app.screen.query_one("#paste", Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "Signed in" in seen(pilot))
        assert desk.the_wizard.trip.pasted == ["http://localhost:1717/callback?code=aPrx&state=s"]


async def test_a_missing_consumer_key_is_asked_for_before_the_browser_opens(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, signed_in=None, client_id="")
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "sign_in"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "The consumer key is missing." in seen(pilot))
        assert isinstance(app.focused, Input)
        await pilot.press(*"3MVG9", "enter")
        await until(pilot, lambda: "Waiting for you" in seen(pilot))


async def test_a_refused_key_is_said_and_never_shown(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, alguna=None)
    desk.the_wizard.key_error = Refused(
        "Alguna does not accept this key.", "Is it a key of this environment?"
    )
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "alguna"))
        await pilot.press("enter")
        await until(pilot, lambda: "The key is missing." in seen(pilot))
        await pilot.press(*"s3cr3t", "enter")
        await until(pilot, lambda: "Alguna does not accept this key." in seen(pilot))
        assert "s3cr3t" not in seen(pilot)
        assert desk.the_wizard.keys == ["s3cr3t"]
        desk.the_wizard.key_error = None
        await pilot.press("enter")
        await until(pilot, lambda: "The key works" in seen(pilot))
        assert app.screen.query_one("#alguna-key", Input).value == ""


async def test_a_taken_name_is_refused_where_it_is_typed(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, name="")
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "name"))
        app.screen.query_one("#name", Input).value = "taken"
        await pilot.press("enter")
        await until(pilot, lambda: "There is a connection named taken already." in seen(pilot))
        assert on(app, "name")


async def test_an_import_can_be_counted_before_it_is_chosen(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, import_choice=None)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "import"))
        await pilot.press("G", "tab", "enter")
        await until(pilot, lambda: "503  come into the sync" in seen(pilot))
        assert desk.the_wizard.the_draft.import_choice is None
        await pilot.press("ctrl+n")
        await until(pilot, lambda: on(app, "setup"))
        assert desk.the_wizard.the_draft.import_choice == "all"


async def test_an_org_that_can_not_be_set_up_says_why_and_can_be_looked_at_again(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, setup_done=False)
    desk.the_wizard.setup_error = Refused(
        "This user may not create fields.", "Ask for Customize Application."
    )
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "setup") and "This user may not create fields." in seen(pilot))
        desk.the_wizard.setup_error = None
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "+ will be made" in seen(pilot))


async def test_the_set_up_step_takes_the_integration_user_and_says_who_must_sign_in(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, setup_done=False)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: on(app, "setup") and "will be created" in seen(pilot))
        app.screen.query_one("#integration-user", Input).focus()
        await pilot.press(*"sync@acme.example", "enter")
        await until(pilot, lambda: "Sign in as sync@acme.example." in seen(pilot))
        assert desk.the_wizard.the_draft.integration_user == "sync@acme.example"
        assert not desk.the_wizard.the_draft.setup_done, "naming somebody makes nothing"


async def test_set_up_stops_between_two_items_and_goes_on_where_it_stopped(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, setup_done=False)
    gate = desk.the_wizard.step_gate = threading.Event()
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "+ will be made" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.screen.query_one(SetupStep).busy != "")
        assert app.screen.query_one("#proceed", Button).disabled
        await pilot.press("escape")
        gate.set()
        await until(pilot, lambda: app.screen.query_one(SetupStep).busy == "")
        assert on(app, "setup")
        assert not desk.the_wizard.the_draft.setup_done
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "every part was made and checked" in seen(pilot))


async def test_a_line_of_the_summary_leads_to_its_step(stub: ModuleType, until: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "summary"))
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: on(app, "name"))
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "summary"))
        await pilot.press("enter")  # the cursor is on saving: whoever presses enter all the way gets there
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_enter_goes_on_once_somebody_is_signed_in_and_the_address_is_no_longer_offered(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk(the_wizard=stub.StubWizard(practising=True), the_rehearsal=stub.StubRehearsal())
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "y Copy" in seen(pilot))
        assert "Copy the address" in seen(pilot)
        desk.the_wizard.trip.came_back.set()
        await until(pilot, lambda: "Signed in" in seen(pilot))
        assert "Sign in again" in seen(pilot)
        assert "Copy the address" not in seen(pilot)
        assert app.screen.copyable() == ""  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "alguna"))
        assert "enter takes the practice key" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "The key works" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: on(app, "name"))
    assert desk.the_wizard.keys == [desk.the_rehearsal.login().alguna_key]


async def test_the_practice_log_in_comes_back_with_the_rehearsal(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk(the_wizard=stub.StubWizard(practising=True), the_rehearsal=stub.StubRehearsal())
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("down", "enter")  # a sandbox: it has no practice log-in
        await until(pilot, lambda: on(app, "sign_in"))
        assert "Practice log-in" not in seen(pilot)
        await pilot.press("escape", "up", "enter")
        await until(pilot, lambda: on(app, "sign_in"))
        await until(pilot, lambda: "Practice log-in" in seen(pilot))


async def test_a_wrong_paste_keeps_waiting_for_the_browser(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk(the_wizard=stub.StubWizard(practising=True), the_rehearsal=stub.StubRehearsal())
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "Waiting for you" in seen(pilot))
        trip = desk.the_wizard.trip
        trip.answer = UsageError("This is not the address that the browser ended on.", "Copy all of it.")
        app.screen.query_one("#paste", Input).focus()
        await pilot.press(*"nonsense", "enter")
        await until(pilot, lambda: "This is not the address" in seen(pilot))
        assert app.screen.query_one(SignInStep).trip.waiting
        trip.answer = stub.SIGNED_IN
        trip.came_back.set()
        await until(pilot, lambda: "Signed in" in seen(pilot))


async def test_what_is_wrong_is_in_sight_on_a_small_terminal(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    offers = desk.the_wizard.environments()
    long = tuple(
        replace(offer, sentence="A sentence that takes two lines on a small terminal. " * 2)
        for offer in offers
    )
    desk.the_wizard.environments = lambda: long
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "environment"))
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"acme", "enter")
        await until(pilot, lambda: "That is no log-in address." in seen(pilot))


async def test_trying_a_key_can_be_stopped(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub, alguna=None)
    gate = threading.Event()
    desk.the_wizard.check_alguna = lambda key, url="": (
        gate.wait(10) and stub.AlgunaChecked(url, "The key works.")
    )
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "alguna"))
        await pilot.press(*"alg_key", "enter")
        await until(pilot, lambda: "Trying the key" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Trying the key" not in seen(pilot))
        assert on(app, "alguna")
        gate.set()
        await pilot.pause()
        assert "The key works" not in seen(pilot)


async def test_what_can_not_be_saved_keeps_the_wizard_open(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = stub.StubDesk()
    ready(desk.the_wizard, stub)
    desk.the_wizard.finish_error = UsageError("The disk is full.", "Make room and try again.")
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on(app, "summary"))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "The disk is full." in seen(pilot))
        assert on(app, "summary")
