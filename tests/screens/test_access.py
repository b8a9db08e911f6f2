"""Getting access and looking after it: ways to sign in, the app guide, health, the encrypted file, and removing."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import ContentSwitcher, Input

from console.errors import SignInNeeded
from console.sync.events import RunFailed
from screens.app import ConsoleApp
from screens.app_guide import AppGuide
from screens.dashboard import Dashboard
from screens.health import Health
from screens.home import Home
from screens.prompt import Prompt
from screens.sign_in import SignInAgain
from screens.widgets import browser_trip
from screens.wizard import Wizard

SIZES = [(80, 24), (120, 36)]


def at_sign_in(app: ConsoleApp) -> bool:
    return (
        isinstance(app.screen, Wizard)
        and bool(app.screen.query(ContentSwitcher))
        and app.screen.query_one(ContentSwitcher).current == "step-sign_in"
    )


def wizard_at_sign_in(stub: ModuleType) -> Any:
    desk = stub.StubDesk()
    desk.the_wizard.the_draft = replace(desk.the_wizard.the_draft, environment="sandbox")
    return desk


@pytest.mark.parametrize("size", SIZES)
async def test_the_wizard_signs_in_with_the_salesforce_cli(
    stub: ModuleType, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    desk = wizard_at_sign_in(stub)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: at_sign_in(app))
        await pilot.click("#way-cli")
        await until(pilot, lambda: "alias or user name" in seen(pilot))
        assert "consumer key" not in seen(pilot)
        desk.the_wizard.way_error = SignInNeeded(
            "The Salesforce CLI has no session for uat.", "Sign in there."
        )
        await pilot.press(*"uat", "enter")
        await until(pilot, lambda: "has no session for uat" in seen(pilot))
        desk.the_wizard.way_error = None
        await pilot.press("enter")
        await until(pilot, lambda: "Signed in" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not at_sign_in(app))
    assert desk.the_wizard.ways == [("cli", "uat"), ("cli", "uat")]


async def test_the_wizard_signs_in_with_a_servers_key(stub: ModuleType, until: Any, seen: Any) -> None:
    desk = wizard_at_sign_in(stub)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: at_sign_in(app))
        await pilot.click("#way-key")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "client-id")
        await pilot.press(*"3MVG9", "enter")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "jwt-user")
        await pilot.press(*"sync", "enter", *"/k", "enter")
        await until(pilot, lambda: "Signed in" in seen(pilot))
    assert desk.the_wizard.ways == [("key", "sync", "/k")]
    assert desk.the_wizard.the_draft.client_id == "3MVG9"


async def test_a_browser_that_does_not_come_back_is_hinted_at(
    stub: ModuleType, until: Any, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_trip, "HINT", 0.05)
    desk = wizard_at_sign_in(stub)
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: at_sign_in(app))
        await pilot.press(*"3MVG9", "enter")
        await until(pilot, lambda: "Still waiting for the browser" in seen(pilot))
        assert "OAUTH_EC_APP_NOT_FOUND" in seen(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_app_guide_opens_beside_the_sign_in_and_its_parts_can_be_copied(
    stub: ModuleType, until: Any, seen: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    desk = wizard_at_sign_in(stub)
    app = ConsoleApp(desk, start="wizard")
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: at_sign_in(app))
        await pilot.press(*"3MV", "f2")
        await until(pilot, lambda: isinstance(app.screen, AppGuide) and "Callback URL" in seen(pilot))
        await pilot.press("down", "y", "Y", "escape")
        await until(pilot, lambda: at_sign_in(app))
        assert app.screen.query_one("#client-id", Input).value == "3MV", "what was typed is still there"
    assert copied[0] == "http://localhost:1717/callback\nhttp://localhost:8717/callback"
    assert all(step.title in copied[1] for step in stub.GUIDE)


@pytest.mark.parametrize("size", SIZES)
async def test_health_tells_what_is_known_and_asks_the_org_on_request(
    stub: ModuleType, desk: Any, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, Health) and "sync@acme.example" in seen(pilot))
        assert "api refresh_token" in seen(pilot)
        assert "Standard Integration" not in seen(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Standard Integration" in seen(pilot))
        assert "5 of 5 in use" in seen(pilot)
        assert "All 5 approvals are in use." in seen(pilot)
        desk.look_error = SignInNeeded("The Salesforce session has ended.", "Sign in again.")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "session has ended" in seen(pilot))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInAgain))


async def test_another_alguna_key_is_tried_and_taken(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInAgain))
        app.screen.query_one("#alguna-key", Input).focus()
        await pilot.press(*"wrong", "enter")
        await until(pilot, lambda: "does not accept the key" in seen(pilot))
        app.screen.query_one("#alguna-key", Input).value = "right"
        await pilot.press("enter")
        await until(pilot, lambda: "The key works" in seen(pilot))
        assert app.screen.query_one("#alguna-key", Input).value == ""
        assert "right" not in seen(pilot).replace("bright", "")
    assert desk.keys == [("acme-trial", "wrong"), ("acme-trial", "right")]


async def test_a_refused_alguna_key_points_to_where_another_is_given(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    failure = SignInNeeded("Alguna does not accept the API key.", "Enter the key of this connection again.")
    desk.connection.events = [RunFailed(1, failure)]
    app = ConsoleApp(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Dashboard) and "Press L" in seen(pilot))
        assert "Enter the key of this connection again." in seen(pilot)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, SignInAgain))
        assert "Another key of the same Alguna account" in seen(pilot)


async def test_a_warning_about_the_access_stands_on_the_dashboard(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(desk.connection.the_facts, warning="This session can't be renewed.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "can't be renewed" in seen(pilot))
        assert "Press h" in seen(pilot)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, Health))


async def test_a_locked_connection_asks_for_its_passphrase_until_it_opens(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    desk.passphrase = "correct horse"
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"nonsense", "enter")
        await until(pilot, lambda: isinstance(app.screen, Prompt) and "does not open" in seen(pilot))
        assert "nonsense" not in seen(pilot)
        app.screen.query_one("#typed", Input).value = "correct horse"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Dashboard) and app.live is not None)


async def test_a_passphrase_that_is_not_given_leads_home(stub: ModuleType, desk: Any, until: Any) -> None:
    desk.passphrase = "correct horse"
    app = ConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))


async def test_a_disconnected_connection_shows_its_receipt_and_goes_once_it_is_named(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("X")
        await until(pilot, lambda: any("still connected" in note.message for note in app._notifications))
        assert isinstance(app.screen, Home)
        await pilot.press("G")
        assert "/home/me/old-demo/receipt-20260201.md" in seen(pilot)
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"old", "enter")
        await until(pilot, lambda: "Nothing was removed" in seen(pilot))
        assert len(desk.cards) == 3
        await pilot.press("escape", "X")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"old-demo", "enter")
        await until(pilot, lambda: isinstance(app.screen, Home) and len(app.screen.cards) == 2)
        assert any("old-demo-receipt.md" in note.message for note in app._notifications)


async def test_a_damaged_connection_can_only_be_removed_and_says_what_stays(
    stub: ModuleType, desk: Any, until: Any, seen: Any
) -> None:
    desk.cards = [replace(desk.cards[0], health="failed", health_text="Damaged.", damaged=True)]
    name = desk.cards[0].name
    app = ConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Home) and app.screen.cards)
        await pilot.press("D")
        await until(pilot, lambda: any("Press X to remove" in note.message for note in app._notifications))
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Prompt) and "lives on" in seen(pilot))
        await pilot.press(*name, "enter")
        await until(pilot, lambda: isinstance(app.screen, Home) and not app.screen.cards)


async def test_a_passphrase_in_the_wizard_asks_for_an_encrypted_file(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk()
    wizard = desk.the_wizard
    wizard.the_draft = replace(
        wizard.the_draft, environment="sandbox", client_id="3MVG9", signed_in=stub.SIGNED_IN,
        alguna=stub.AlgunaChecked("https://api.alguna.io", "The key works."),
    )  # fmt: skip
    app = ConsoleApp(desk, start="wizard")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.id == "name")
        await pilot.press("tab", *"short", "enter")
        await until(pilot, lambda: "shorter than 8" in seen(pilot))
        app.screen.query_one("#passphrase", Input).value = "correct horse"
        await pilot.press("enter")
        await until(pilot, lambda: wizard.the_draft.sealed)
        assert app.screen.query_one("#passphrase", Input).value == ""
