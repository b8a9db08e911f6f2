"""What an administrator of a real org meets: rules that are on, a user with few rights, a set-up that drifted; through the
screens, with nothing in between replaced."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from textual.widgets import Input

from screens.app import ConsoleApp
from tests.journey.test_journey import connect

TAX = "Alguna_Tax_Rate__c"
SIZES = [(80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def always_look(monkeypatch):
    for name in ("VALID", "FRESH"):  # a pass looks at the org again, however lately it was looked at
        monkeypatch.setattr(f"console.sync.access.{name}", timedelta(0))


def one(bench, soql: str, *, tooling: bool = False) -> str:
    (row,) = bench.rest("GET", f"{'tooling/' if tooling else ''}query?q={quote(soql)}")["records"]
    return row["Id"]


def delete_field(bench) -> None:
    soql = "SELECT Id FROM CustomField WHERE DeveloperName = 'Alguna_Tax_Rate'"
    bench.rest("DELETE", f"tooling/sobjects/CustomField/{one(bench, soql, tooling=True)}")


def hide_field(bench) -> None:
    soql = f"SELECT Id FROM FieldPermissions WHERE Field = 'Account.{TAX}' AND Parent.Name = 'Alguna_Sync'"
    bench.rest("DELETE", f"sobjects/FieldPermissions/{one(bench, soql)}")


def take_the_set_away(bench) -> None:
    soql = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Alguna_Sync'"
    bench.rest("DELETE", f"sobjects/PermissionSetAssignment/{one(bench, soql)}")


def remove_member(bench) -> None:
    soql = "SELECT Id FROM PlatformEventChannelMember WHERE SelectedEntity = 'ContactChangeEvent'"
    bench.rest("DELETE", f"tooling/sobjects/PlatformEventChannelMember/{one(bench, soql, tooling=True)}")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (delete_field, f"{TAX} was deleted"),
        pytest.param(hide_field, f"{TAX} is hidden from the signed-in user", marks=pytest.mark.long),
        pytest.param(take_the_set_away, "Alguna_Customer_ID__c is hidden", marks=pytest.mark.long),
        pytest.param(remove_member, "lost its changes of contacts", marks=pytest.mark.long),
    ],
)
async def test_drift_is_one_problem_that_leads_to_the_check_and_is_mended_there(bench, until, harm, words):
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await connect(pilot, until)
        await until(pilot, "Last pass")
        harm(bench)
        await pilot.press("s", "3")
        await until(pilot, words)
        await pilot.press("e")
        await until(pilot, "ctrl+r makes it")
        await pilot.press("ctrl+r")
        await until(pilot, "Set up the org?")
        await pilot.press("enter")
        await until(pilot, "What the console needs in the org is there.")
        await pilot.press("escape", "s", "3")
        await until(
            pilot, lambda: words not in " ".join(seen_words(pilot)) and "Problems" in seen_words(pilot)
        )
        await until(pilot, lambda: all(each.category != "setup" for each in app.connection.problems()))


@pytest.mark.parametrize("size", SIZES)
async def test_what_the_first_writes_will_meet_is_said_in_the_wizard_before_anything_is_saved(
    bench, until, size
):
    for rule in bench.control("GET", "salesforce/rules")["rules"]:
        bench.control("POST", f"salesforce/rules/{rule['name']}", {"active": True})
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=size) as pilot:
        await to_the_set_up(pilot, until)
        await until(pilot, "1 permission set")
        await pilot.press("end")
        await until(pilot, "Trigger on Account")
        await pilot.press("ctrl+n")
        await until(pilot, "The org is set up")
        await pilot.press("ctrl+n")
        screen = await until(pilot, "Everything is ready")
        for word in ("First writes", "duplicate rules", "validation rules", "flows", "trigger"):
            assert word in " ".join(screen.split()), screen
        assert bench.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null") == []


async def to_the_set_up(pilot, until) -> None:
    """From the first screen to the set-up step."""
    await until(pilot, "Connections")
    await pilot.press("n")
    await until(pilot, "Where is your Salesforce org?")
    await pilot.press("enter")
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
    await pilot.press("down", "down", "enter")
    await until(pilot, "Set up the org")


async def test_the_wizard_sets_up_for_the_integration_user_and_the_check_is_green_for_what_it_was_given(
    bench, until
):
    integration = bench.handout["salesforce"]["integration"]
    app = ConsoleApp(bench.desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_the_set_up(pilot, until)
        await until(pilot, "1 permission set")
        app.screen.query_one("#integration-user", Input).focus()
        await pilot.press(*"crm-integrations@rehearsal.example", "enter")
        await until(pilot, lambda: "sign in as integration@rehearsal.example" in " ".join(seen_words(pilot)))
        await pilot.press("ctrl+n")
        await until(pilot, "The org is set up")
        await pilot.press("ctrl+n")
        await until(pilot, "Works as")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: bench.connections.exists("rehearsal"))
        # The administrator's session does not see the fields: the integration user signs in.
        bench.person.username, bench.person.password = integration["username"], integration["password"]
        await pilot.press("L")
        await until(pilot, "Sign in")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bench.connections.load("rehearsal").username == integration["username"])
        await pilot.press("escape")
        await until(pilot, "1 Dashboard")
        await pilot.press("s")
        await until(
            pilot,
            lambda: bench.query(
                f"SELECT Id FROM Account WHERE CreatedBy.Username = '{integration['username']}'"
            ),
        )


def seen_words(pilot) -> list[str]:
    strips = pilot.app.screen._compositor.render_strips()
    return " ".join("".join(segment.text for segment in strip) for strip in strips).split()
