"""A person answers what is asked about an account: what is offered, what is said first, and what the core is told."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import Button

from console.domain.contact_duplicates import ContactCandidate
from console.domain.records import State
from console.domain.verdicts import (
    AskAgain,
    CreateContact,
    CreateNew,
    Keep,
    LeaveAlone,
    LinkContact,
    LinkWith,
    Pin,
    Unlink,
)
from console.errors import UsageError
from console.guide.seam import ProblemLine
from console.sync.events import Noted
from screens.account import Account
from screens.app import ConsoleApp
from screens.availability import Standing
from screens.commands import COMMAND
from screens.dialogs import Dialog, Report
from screens.widgets.grid import ListGrid

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
ID = "cus_000001"
MARTA, JAN = "0035g00000000001AAA", "0035g00000000002AAA"
FIRST, SECOND = "0015g00000000001AAA", "0015g00000000002AAA"


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def visit(app: ConsoleApp, pilot: Any, until: Any) -> Account:
    """Go to the account and wait until it is painted."""
    await until(pilot, lambda: app.live is not None and app.live.states is not None)
    app.visit("account", ID)
    await until(pilot, lambda: isinstance(app.screen, Account) and app.screen.detail is not None)
    await pilot.pause()
    assert isinstance(app.screen, Account)
    return app.screen


def said(app: ConsoleApp) -> str:
    assert isinstance(app.screen, Dialog)
    return " ".join((app.screen.heading, *app.screen.lines))


def toasts(app: ConsoleApp) -> list[str]:
    return [note.message for note in app._notifications]


async def answer(app: ConsoleApp, pilot: Any, until: Any, button: str = "yes") -> None:
    """Answer the question on screen and wait until it is gone."""
    await until(pilot, lambda: isinstance(app.screen, Dialog))
    app.screen.query_one(f"#{button}", Button).press()
    await until(pilot, lambda: isinstance(app.screen, Account))
    await pilot.app.workers.wait_for_complete()


async def test_candidates_are_a_list_with_evidence_and_keys_for_an_answer(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    desk.connection.details[ID] = stub.review()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        screen = await visit(app, pilot, until)
        candidates = screen.query_one("#candidates", ListGrid)
        assert candidates.has_focus
        assert candidates.total == 2
        shown = seen(pilot)
        for words in (
            "Which account is it?",
            "Acme Inc",
            "Acme Holding",
            "same domain acme.com",
            "a name that fits",
        ):
            assert words in shown
        for words in ("l Link", "n New account", "z Leave alone"):
            assert words in shown.splitlines()[-1]
        frame(pilot, f"account-review-{size}")
        await pilot.press("down")
        await until(pilot, lambda: "another name" in seen(pilot))


async def test_linking_names_both_says_what_follows_and_tells_the_core(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    desk.connection.details[ID] = stub.review()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("down", "l")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        text = said(app)
        for words in (
            "Acme Corporation",
            ID,
            "Acme Holding",
            SECOND[:18],
            "Account name: Salesforce gets Acme",
        ):
            assert words in text
        frame(pilot, f"account-link-{size}")
        await pilot.press("escape")
        assert desk.connection.decided == []
        await pilot.press("enter")
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, LinkWith(SECOND))]
        assert any("next pass" in text for text in toasts(app))


@pytest.mark.parametrize(
    ("key", "verdict"), [("n", CreateNew()), ("z", LeaveAlone()), ("l", LinkWith(FIRST))]
)
async def test_every_answer_to_a_review_is_one_key_and_a_yes(
    desk: Any, stub: ModuleType, until: Any, key: str, verdict: object
) -> None:
    desk.connection.details[ID] = stub.review()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press(key)
        await answer(app, pilot, until, "no")
        assert desk.connection.decided == []
        await pilot.press(key)
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, verdict)]


async def test_what_was_decided_is_shown_and_can_be_taken_back(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    decided = ("It is left alone until something about it changes: decided by ada at 2026-03-04T12:00:00Z.",)
    desk.connection.details[ID] = stub.review(state=State.NOT_IMPORTED, decided=decided, revocable=True)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["120x36"]) as pilot:
        await visit(app, pilot, until)
        assert "Decided: It is left alone" in " ".join(seen(pilot).split())
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "decided by ada" in said(app)
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, AskAgain())]


async def test_a_link_can_be_taken_back(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "Nothing is written" in said(app)
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, Unlink())]


@pytest.mark.parametrize(("key", "side"), [("a", "alguna"), ("f", "salesforce")])
async def test_a_field_that_waits_is_answered_with_a_side(
    desk: Any, until: Any, seen: Any, key: str, side: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["120x36"]) as pilot:
        screen = await visit(app, pilot, until)
        await pilot.press(key)
        assert desk.connection.decided == []
        assert any("nothing to choose" in text for text in toasts(app))
        await pilot.press("down", "down", "down")
        assert screen.field() is not None
        await until(pilot, lambda: "a Keep Alguna's" in seen(pilot).splitlines()[-1])
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert ("Torstr. 1" if side == "alguna" else "empty") in said(app)
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, Keep("BillingStreet", side))]


async def test_another_subscription_can_be_shown_and_the_rule_brought_back(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        screen = await visit(app, pilot, until)
        await pilot.press("C")
        assert any("The rule chooses" in text for text in toasts(app))
        await pilot.press("c")
        await until(pilot, lambda: screen.query_one("#subscription").has_focus)
        assert "1 of 3" in seen(pilot)
        await pilot.press("enter")
        assert any("shown already" in text for text in toasts(app))
        await pilot.press("down", "enter")
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, Pin("sub_2"))]
        note = replace(stub.detail().subscription, pinned=True)
        desk.connection.details[ID] = stub.detail(subscription=note)
        desk.connection.say(Noted(ID))
        await until(pilot, lambda: "1 of 3, pinned" in seen(pilot))
        await pilot.press("C")
        await answer(app, pilot, until)
        assert desk.connection.decided[-1] == (ID, Pin(None))


async def test_what_was_refused_is_tried_again_for_one_or_for_all(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.details[ID] = stub.detail(state=State.REFUSED)
    line = ProblemLine("1", "refused", "Not in the list", "Correct it.", 4, "open", stub.NOW, stub.NOW)
    desk.connection.the_problems = [line]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        assert "R Try again" in seen(pilot).splitlines()[-1]
        await pilot.press("R")
        assert desk.connection.asked[-1] == f"retry {ID}"
        await pilot.press("3")
        await until(pilot, lambda: "Not in the list" in seen(pilot))
        await pilot.press("R")
        assert desk.connection.asked[-1] == "retry None"


async def test_what_cannot_be_decided_is_explained_and_not_asked(
    desk: Any, stub: ModuleType, until: Any
) -> None:
    desk.connection.details[ID] = stub.review()
    desk.connection.verdict_error = UsageError("Account 001 is customer cus_9's.", "Unlink it there first.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Report))
        assert "cus_9" in app.screen.text  # type: ignore[attr-defined]
        assert desk.connection.decided == []


async def test_a_decision_that_the_engine_could_not_keep_is_told(
    desk: Any, stub: ModuleType, until: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        desk.connection.say(Noted(ID, UsageError("It was taken meanwhile.", "Choose again.")))
        await until(pilot, lambda: isinstance(app.screen, Report))


async def test_a_burst_of_news_is_read_and_leaves_nothing_behind(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        screen = await visit(app, pilot, until)
        screen.detail = None
        for _ in range(3):  # each cancels the one before, which never began
            screen.do_refresh()
        await until(pilot, lambda: screen.detail is not None)


async def test_read_only_refuses_every_decision_with_its_reason(
    desk: Any, stub: ModuleType, until: Any
) -> None:
    desk.connection.details[ID] = stub.review(state=State.REFUSED, linked=True, revocable=True)
    desk.connection.the_facts = replace(stub.FACTS, read_only="Held by process 4711.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("l", "n", "z", "t", "u", "a", "f", "c", "C", "R")
        assert desk.connection.decided == []
        assert desk.connection.asked == []
        assert isinstance(app.screen, Account)
        assert set(toasts(app)) == {"Held by process 4711."}


async def test_on_a_production_org_the_harmless_answer_has_the_focus(
    desk: Any, stub: ModuleType, until: Any
) -> None:
    desk.connection.details[ID] = stub.review()
    desk.connection.the_facts = replace(stub.FACTS, environment="production", production=True)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert app.screen.query_one("#no", Button).has_focus
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Account))
        assert desk.connection.decided == []


@pytest.mark.parametrize("text", range(9))
async def test_hostile_candidates_are_only_text(desk: Any, stub: ModuleType, until: Any, text: int) -> None:
    detail = stub.hostile_detail(stub.HOSTILE[text])
    desk.connection.details[ID] = replace(
        detail, customer_id=ID, decided=(stub.HOSTILE[text],), revocable=True
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await visit(app, pilot, until)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.press("escape", "t")
        await until(pilot, lambda: isinstance(app.screen, Dialog))


READY = Standing(place="account", connected=True, customer=True)


@pytest.mark.parametrize(
    ("ident", "standing", "words"),
    [
        ("link", READY, "no account or contact to choose"),
        ("create_contact", replace(READY, linked=True), "No duplicate rule"),
        ("create_account", replace(READY, linked=True), "Unlink it first"),
        ("leave_alone", replace(READY, customer=False), "no customer in Alguna"),
        ("ask_again", READY, "Nothing was decided"),
        ("unlink", READY, "not linked"),
        ("keep_alguna", replace(READY, linked=True), "nothing to choose"),
        ("keep_salesforce", replace(READY, linked=True, keeps=("alguna",)), "Only Alguna fills"),
        ("pin", replace(READY, linked=True, subscriptions=1), "no other subscription"),
        ("unpin", replace(READY, linked=True), "rule chooses"),
        ("retry", READY, "Nothing was refused"),
    ],
)
def test_a_decision_that_is_not_called_for_says_why(ident: str, standing: Standing, words: str) -> None:
    assert words in str(COMMAND[ident].enabled(standing))
    assert COMMAND[ident].dangerous


def contacts_asked(stub: ModuleType, *, creatable: bool) -> Any:
    rule = "Salesforce's duplicate rule Standard_Contact_Duplicate_Rule matched it"
    own = ContactCandidate(MARTA, "Marta Kolb", ("it belongs to this account", rule), True)
    other = ContactCandidate(
        JAN,
        "Jan Kolb",
        ("it belongs to another account, 0015g00000000002AAA", rule),
        False,
    )
    return stub.detail(
        ID, state=State.REFUSED, contacts=(own, other), contact_creatable=creatable, why=("It was refused.",)
    )


async def test_contacts_that_a_rule_matched_are_chosen_from_as_accounts_are(
    desk: Any, stub: ModuleType, until: Any, seen: Any, frame: Any, size: str
) -> None:
    desk.connection.details[ID] = contacts_asked(stub, creatable=True)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        screen = await visit(app, pilot, until)
        assert screen.query_one("#candidates", ListGrid).has_focus
        for words in ("Which contact is it?", "Marta Kolb", "Jan Kolb"):
            assert words in seen(pilot)
        frame(pilot, f"account-contacts-{size}")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "Link with this contact?" in said(app)
        assert "Marta Kolb" in said(app)
        await answer(app, pilot, until)
        assert desk.connection.decided == [(ID, LinkContact(MARTA))]
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        assert "Create a new contact?" in said(app)
        await answer(app, pilot, until)
        assert desk.connection.decided[-1] == (ID, CreateContact())


async def test_where_the_rule_blocks_a_new_contact_is_not_offered(
    desk: Any, stub: ModuleType, until: Any, size: str
) -> None:
    desk.connection.details[ID] = contacts_asked(stub, creatable=False)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await visit(app, pilot, until)
        assert COMMAND["create_contact"].enabled(app.screen.standing()) == (
            "The org's duplicate rule refuses a new contact here."
        )
        await pilot.press("N")
        await pilot.pause()
        assert desk.connection.decided == []
        assert not isinstance(app.screen, Dialog)
