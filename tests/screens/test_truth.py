"""What stands on the screen is so: changes once each, progress while there is some, whose org it is, keys that work."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from console.domain.records import State
from console.errors import SignInNeeded, Unreachable
from console.guide.seam import ConnectionCard, CountLine, HistoryLine, ImportPreview, ProblemLine
from console.sync.events import Calls, Counts, Progress, RunFailed, RunFinished, RunSummary, Waiting
from screens.accounts import Accounts
from screens.app import ConsoleApp
from screens.commands import COMMAND
from screens.dashboard import Changes, hint_for
from screens.home import Home
from screens.importing import preview_lines
from screens.live import Live, fold, recall, seconds_spent
from screens.problems import Problems
from screens.widgets.choice import Choice
from screens.widgets.keybar import KeyBar
from screens.widgets.records import RecordGrid
from screens.words import field_name, took

NOW = "2026-03-04T12:00:00Z"
SIGN_IN = SignInNeeded("The Salesforce session has ended or was revoked.", "Sign in to Salesforce again.")


def line(i: int) -> HistoryLine:
    return HistoryLine(
        f"2026-03-04T11:59:{i:02}Z", 7, "salesforce", f"cus_{i:06}", f"Company {i:06}", "Billing city",
        "Bonn", "Berlin", "applied",
    )  # fmt: skip


# --- the picture, folded


def test_a_change_that_is_in_the_list_already_is_not_listed_twice(stub: ModuleType) -> None:
    live = fold(fold(Live(), stub.change(3), NOW), stub.change(3), NOW)
    assert len(live.changes) == 1
    live = recall(live, [line(5), line(4)])
    assert [change.name for change in live.changes] == ["Company 000005", "Company 000004"]
    assert recall(live, []).changes == live.changes


def test_a_pass_is_timed_from_its_first_word_through_all_its_phases() -> None:
    live = fold(Live(), Progress(7, "Reading accounts"), NOW)
    live = fold(live, Progress(7, "Writing"), "2026-03-04T12:00:09Z")
    assert seconds_spent(live, "2026-03-04T12:00:12Z") == 12
    live = fold(live, Progress(8, "Reading accounts"), "2026-03-04T12:01:00Z")
    assert seconds_spent(live, "2026-03-04T12:01:01Z") == 1
    assert seconds_spent(fold(live, RunFinished(RunSummary(8)), NOW), "2026-03-04T12:02:00Z") == 0


def test_while_a_pass_runs_nobody_is_told_to_start_one(stub: ModuleType) -> None:
    nothing = Live(facts=stub.FACTS, states={})
    running = fold(nothing, Progress(1, "Reading accounts"), NOW)
    imported = replace(running, states={State.NOT_IMPORTED: 503})
    for live in (nothing, running, imported):
        said = hint_for(live)
        assert said is not None
        assert said[0] == "loading", said
    failed = hint_for(fold(nothing, RunFailed(1, Unreachable("No answer.")), NOW))
    paused = hint_for(replace(nothing, paused=True))
    done = hint_for(fold(nothing, RunFinished(RunSummary(1)), NOW))
    assert failed is not None
    assert "Press s" in failed[2]
    assert paused is not None
    assert "Press p" in paused[2]
    assert done is not None
    assert done[:2] == ("empty", "There is no customer in Alguna and no account in Salesforce.")


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (0.38, "0.4 s"), (4.2, "4.2 s"), (19.3, "19 s")])
def test_short_times_are_told_to_the_tenth(seconds: float, said: str) -> None:
    assert took(seconds) == said


def test_fields_are_named_as_people_call_them() -> None:
    assert field_name("Alguna_Subscription_Status__c") == "Subscription Status"
    assert [field_name(key) for key in ("BillingCity", "Alguna", "new account", "")] == [
        "BillingCity", "Alguna", "new account", "",
    ]  # fmt: skip


def test_a_meaning_that_takes_two_lines_stays_in_its_column() -> None:
    hint = "two hundred by website or e-mail domain and name, fifteen by the account's id among the aliases"
    preview = ImportPreview(
        "all", "All", (CountLine("Linked", 216, hint), CountLine("Created", 5, "new")), 221
    )
    lines = [each.plain for each in preview_lines(preview, 70)]
    assert all(len(each) <= 70 for each in lines)
    column = lines[1].index("two hundred")
    assert lines[2][:column].strip() == ""
    assert lines[2][column] != " "
    assert [each.plain for each in preview_lines(preview, 40)][1].endswith("216  Linked")


# --- on the screen


async def test_the_changes_shown_are_those_of_the_history_not_a_sample_of_them(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    connection = desk.connection
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        connection.recent = lambda limit=50: [line(i) for i in (5, 4, 3)]
        connection.say(stub.change(5))  # the last of a burst
        await until(pilot, lambda: app.screen.query_one(Changes).total == 3)
        assert seen(pilot).count("Company 000005") == 1
        assert "Company 000003" in seen(pilot)


async def test_the_cursor_stays_on_its_change_while_newer_ones_come(desk: Any, until: Any) -> None:
    connection = desk.connection
    connection.recent = lambda limit=50: [line(i) for i in (5, 4, 3)]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        changes = app.screen.query_one(Changes)
        changes.focus()
        await pilot.press("j")
        assert changes.cursor == 1
        connection.recent = lambda limit=50: [line(i) for i in (7, 6, 5, 4, 3)]
        connection.say(RunFinished(RunSummary(8)))
        await until(pilot, lambda: changes.total == 5)
        assert changes.changes[changes.cursor or 0].name == "Company 000004"


async def test_an_ended_session_says_which_key_helps_and_the_footer_has_it(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        assert "L Sign in" not in seen(pilot)
        desk.connection.say(RunFailed(9, SIGN_IN))
        desk.connection.say(Waiting(600.0))
        await until(pilot, lambda: "Press L" in seen(pilot))
        await until(pilot, lambda: "L Sign in" in seen(pilot))
        assert "Next try in 10 min" in seen(pilot)
        desk.connection.say(RunFinished(RunSummary(10)))
        await until(pilot, lambda: "L Sign in" not in seen(pilot))


async def test_a_pass_that_stopped_is_not_said_to_have_found_nothing(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        desk.connection.say(RunFailed(9, Unreachable("Salesforce is too busy."), RunSummary(9, seconds=1.4)))
        desk.connection.say(Waiting(120.0))
        await until(pilot, lambda: "Last pass: stopped after 1.4 s" in seen(pilot))
        desk.connection.say(
            RunFailed(9, Unreachable("Salesforce is too busy."), RunSummary(10, planned=9, applied=4))
        )
        desk.connection.say(Waiting(120.0))
        await until(pilot, lambda: "stopped, 4 applied before" in seen(pilot))
        assert "nothing to change" not in seen(pilot)


async def test_calls_are_those_of_this_pass_while_there_is_one_and_else_of_the_last(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Last pass: Salesforce 12" in seen(pilot))
        desk.connection.say(Progress(7, "Reading accounts"))
        desk.connection.say(Calls(1, 2, 791, 15000))
        await until(pilot, lambda: "This pass: Salesforce 1" in seen(pilot))


async def test_the_banner_tells_of_no_org_that_its_screen_is_not_about(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)

        def banner() -> str:
            return "\n".join(seen(pilot).splitlines()[:2])

        assert "acme-trial" in banner()
        app.visit("disconnect", "acme-live")
        await until(pilot, lambda: "Disconnect acme-live" in seen(pilot))
        assert "acme-trial" not in banner()
        app.back()
        app.visit("disconnect", "acme-trial")
        await until(pilot, lambda: "Disconnect acme-trial" in seen(pilot))
        await until(pilot, lambda: "acme-trial" in banner())
        app.back()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))
        assert "acme-trial" not in banner()
        await pilot.press("n")
        await until(pilot, lambda: "Where is your Salesforce org?" in seen(pilot))
        assert "acme-trial" not in banner()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_every_place_shows_how_to_quit_and_how_to_get_help(
    desk: Any, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "acme-live" in seen(pilot))

        def footer() -> str:
            return str(seen(pilot).splitlines()[-1])

        assert "ctrl+q Quit" in footer()
        await pilot.press("enter")
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        for key in ("1", "2", "3", "4"):
            await pilot.press(key)
            await pilot.pause()
            assert "ctrl+q Quit" in footer(), key
            assert "? Help" in footer(), key
            assert "esc Back" in footer(), key
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        assert "ctrl+q Quit" in footer()


async def test_what_can_not_run_makes_room_for_what_can(stub: ModuleType, until: Any) -> None:
    app = ConsoleApp(stub.StubDesk())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.has_class("-first"))
        bar = app.screen.query_one(KeyBar)
        shown = bar.shown(50)
        assert COMMAND["quit"] in shown
        assert COMMAND["open"] not in shown  # there is nothing to open yet
        assert all(COMMAND["dashboard"] != command for command in shown)


async def test_the_place_one_is_at_is_not_offered(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(200, 50)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        assert COMMAND["accounts"] not in app.screen.query_one(KeyBar).shown(199)
        assert COMMAND["import"] in app.screen.query_one(KeyBar).shown(199)


async def test_enter_on_a_problem_of_many_shows_their_accounts(desk: Any, until: Any, seen: Any) -> None:
    desk.connection.the_problems = [
        ProblemLine("1", "refused", "13 customers hold a value.", "Correct it.", 1, "open", NOW, NOW),
        ProblemLine("2", "unreachable", "Alguna is away.", "Wait.", 4, "open", NOW, NOW),
    ]
    desk.connection.events = [Counts({State.REFUSED: 1}, 2)]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        await pilot.press("3")
        await until(pilot, lambda: "seen once. enter shows these accounts." in seen(pilot))
        await pilot.press("j")
        await until(pilot, lambda: "seen 4 times." in seen(pilot))
        await pilot.press("enter")
        assert any("not about an account" in note.message for note in app._notifications)
        await pilot.press("k", "enter")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        grid = app.screen.query_one(RecordGrid)
        await until(pilot, lambda: grid.arrangement.state is State.REFUSED)


async def test_enter_on_stopped_links_shows_who_waits_because_of_them(desk: Any, until: Any) -> None:
    desk.connection.the_problems = [
        ProblemLine("1", "deleted", "The account of 1 customer was deleted.", "Open it.", 1, "open", NOW, NOW)
    ]
    desk.connection.events = [Counts({State.REVIEW: 1}, 1)]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, Problems) and app.screen.problems)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        grid = app.screen.query_one(RecordGrid)
        await until(pilot, lambda: grid.arrangement.state is State.REVIEW)


async def test_the_cursor_of_a_choice_shows_without_colours(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(Choice).option_count == 3)
        assert "▌ acme-trial" in seen(pilot)
        await pilot.press("j")
        await until(pilot, lambda: "▌ acme-live" in seen(pilot))
        assert "▌ acme-trial" not in seen(pilot)


async def test_a_card_says_how_many_problems_once(stub: ModuleType, until: Any, seen: Any) -> None:
    card = ConnectionCard(
        "acme", "sandbox", False, "Acme", "00D", "attention", "3 problems need a person.", NOW, {}, 3
    )
    app = ConsoleApp(stub.StubDesk(cards=[card]))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "3 problems need a person." in seen(pilot))
        assert seen(pilot).count("3 problems") == 1


def test_a_crash_prints_where_it_happened_and_no_values(
    desk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(ConsoleApp):
        def on_mount(self) -> None:
            self.call_later(self.give_up, "sk_live_" + "never_shown")

        def give_up(self, entered: str) -> None:
            raise RuntimeError(f"broken, {len(entered)} signs")

    app = Broken(desk)
    app.run(headless=True, size=(80, 24))
    printed = "".join(capsys.readouterr())
    assert app.return_code == 1
    assert "broken, 19 signs" in printed
    assert "give_up" in printed
    assert "sk_live_never_shown" not in printed
