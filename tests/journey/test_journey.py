"""Somebody who has never seen it connects, syncs, looks at an account, and leaves; key by key on the real thing."""

import time

import pytest
from textual.widgets import Button

from screens.app import ConsoleApp


def press(app, label):
    """Press the button with this label."""
    (button,) = [button for button in app.screen.query(Button) if str(button.label) == label]
    button.press()


async def connect(pilot, until, *, choose_all=True):
    """From the first screen to the dashboard of a new connection."""
    await until(pilot, "Connections")
    await pilot.press("n")
    await until(pilot, "Where is your Salesforce org?")
    await pilot.press("enter")
    await until(pilot, "Sign in to Salesforce")
    await until(pilot, "Practice log-in")
    await pilot.press("enter")
    await until(pilot, "Signed in")
    await pilot.press("ctrl+n")
    await until(pilot, "Connect Alguna")
    await pilot.press("tab", "enter")
    await until(pilot, "The key works")
    await pilot.press("ctrl+n")
    await until(pilot, "Name this integration")
    await pilot.press("enter")
    await until(pilot, "Is Alguna the source of new accounts?")
    await pilot.press("enter")
    await until(pilot, "What about the customers that exist already?")
    if choose_all:
        await pilot.press("down", "down")
    await pilot.press("enter")
    await until(pilot, "1 permission set")
    await pilot.press("ctrl+n")
    await until(pilot, "The org is set up")
    await pilot.press("ctrl+n")
    await until(pilot, "Everything is ready")
    await pilot.press("ctrl+n")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_from_the_first_screen_to_a_synced_account_and_out_again(bench, until, size):
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=size) as pilot:
        await connect(pilot, until)
        await until(pilot, "Last pass")
        accounts = bench.query(
            "SELECT Id, Name FROM Account WHERE Alguna_Subscription_Status__c = 'Active' ORDER BY Name"
        )
        assert len(accounts) > 5
        await pilot.press("2")
        await until(pilot, "State")
        await pilot.press("slash")
        await pilot.press(*accounts[0]["Id"][:18])
        await until(pilot, "1 account")
        await pilot.press("enter", "enter")
        screen = await until(pilot, accounts[0]["Id"][:15])
        assert "In sync" in screen
        await pilot.press("escape")
        await until(pilot, "State")
        await pilot.press("1")
        await until(pilot, "Last pass")
        await pilot.press("D")
        await until(pilot, "stays")
        token = bench.secrets.get("rehearsal", "salesforce_access")
        assert bench.token_works(token)
        await pilot.press("ctrl+r")
        await until(pilot, "rehearsal")
        await pilot.press("tab", "enter")
        await until(pilot, "receipt")
        await until(pilot, lambda: bench.connections.load("rehearsal").disconnected_at)
        assert not bench.token_works(token)


async def test_an_edit_in_salesforce_is_on_the_dashboard_after_the_next_pass(bench, until):
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await connect(pilot, until)
        await until(pilot, "Last pass")
        row = bench.query(
            "SELECT Id, Name FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Name LIMIT 1"
        )[0]
        bench.control(
            "PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Tallinn"}}
        )
        await pilot.press("s")
        await until(pilot, "Tallinn")


async def test_leaving_the_wizard_half_way_leaves_nothing(bench, until):
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Connections")
        await pilot.press("n")
        await until(pilot, "Where is your Salesforce org?")
        await pilot.press("enter")
        await until(pilot, "Practice log-in")
        await pilot.press("enter")
        await until(pilot, "Signed in")
        token = bench.desk.wizard()._new.session.tokens.access_token
        assert bench.token_works(token)
        await pilot.press("q")
        await until(pilot, "Leave the wizard?")
        press(app, "Drop it all")
        await until(pilot, lambda: not bench.token_works(token))
    assert bench.connections.names() == []


async def test_quitting_ends_within_two_seconds_in_the_middle_of_a_stalled_pass(bench, until):
    app = ConsoleApp(bench.desk)
    began = 0.0
    async with app.run_test(size=(80, 24)) as pilot:
        await connect(pilot, until)
        await until(pilot, "Last pass")
        bench.control("POST", "salesforce/faults", {"error": "STALL", "share": 1.0})
        before = bench.control("GET", "salesforce/calls")["total"]
        await pilot.press("s")
        await until(pilot, lambda: bench.control("GET", "salesforce/calls")["total"] > before)
        began = time.monotonic()
        await pilot.press("ctrl+q")
    assert time.monotonic() - began < 3
