"""Home and the places of an open connection, by their state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import Input, Static

from console.domain.records import State
from console.errors import Conflict, StoreError, Unreachable
from console.sync.events import Counts, RunFailed, RunFinished, RunSummary, Waiting
from screens.account import Account
from screens.accounts import Accounts
from screens.app import ConsoleApp
from screens.dashboard import Changes, Dashboard, StateCounts
from screens.dialogs import Report
from screens.home import Home
from screens.widgets.choice import Choice
from screens.widgets.grid import ListGrid
from screens.widgets.keybar import KeyBar
from screens.widgets.notice import Notice
from screens.widgets.records import PAGE, RecordGrid

SMALL, LARGE = (80, 24), (120, 36)
TITLES = ("Account name ─", "Why ─", "Subscription ─", "Links ─", "History ─")


def opened(app: ConsoleApp) -> Callable[[], bool]:
    return lambda: app.live is not None and app.live.states is not None


def toasts(app: ConsoleApp) -> list[str]:
    return [note.message for note in app._notifications]


async def test_home_lists_connections_and_opens_the_highlighted_one(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.screen.query_one(Choice).option_count == 3)
        shown = seen(pilot)
        assert "SANDBOX" in shown
        assert "PRODUCTION" in shown
        assert "2 accounts were refused by Salesforce." in shown
        await pilot.press("enter")
        await until(pilot, opened(app))
        assert isinstance(app.screen, Dashboard)
        assert app.live is not None
        assert app.live.facts is not None
        assert app.live.facts.name == "acme-trial"


async def test_a_disconnected_connection_is_not_opened(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.screen.query_one(Choice).option_count == 3)
        await pilot.press("G", "enter")
        assert isinstance(app.screen, Home)
        assert any("was disconnected" in text for text in toasts(app))


async def test_home_without_connections_says_what_to_do(stub: ModuleType, until: Any, seen: Any) -> None:
    app = ConsoleApp(stub.StubDesk())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.screen.has_class("-first"))
        assert "connect Alguna with Salesforce" in seen(pilot)
        await pilot.press("D")
        assert any("There is no connection yet" in text for text in toasts(app))


async def test_what_cannot_be_opened_is_explained_and_leads_home(desk: Any, until: Any) -> None:
    desk.open_error = Conflict(
        "This cache belongs to another org.", "Connect the new org under another name."
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Report))
        assert "another org" in app.screen.text  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))


async def test_the_banner_always_says_org_environment_mode_calls_age_and_secrets(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        for keys in ((), ("2",), ("3",), ("4",)):
            await pilot.press(*keys)
            await pilot.pause()
            for words in ("SANDBOX", "acme-trial", "Acme Corporation (UAT)", "read and write", "14,210",
                          "synced 12 s ago", "secrets in the system's keyring"):  # fmt: skip
                assert words in seen(pilot), (keys, words)


async def test_production_and_read_only_are_said_in_words(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(
        stub.FACTS,
        environment="production",
        production=True,
        read_only="Another console, process 4711, is the writer.",
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        assert "PRODUCTION" in seen(pilot)
        assert "READ ONLY" in seen(pilot)
        await pilot.press("s", "p")
        assert desk.connection.asked == []
        assert all("process 4711" in text for text in toasts(app))


async def test_the_dashboard_shows_counts_progress_and_changes_as_they_happen(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        assert "No change was made yet" in seen(pilot)
        desk.connection.say(stub.PROGRESS)
        desk.connection.say(stub.change(3))
        await until(pilot, lambda: app.screen.query_one(Changes).total == 1)
        shown = seen(pilot)
        for words in ("Writing accounts to Salesforce", "212 of 503", "84 a second", "Company 000003", "Bonn → Berlin",
                      "790 of 15,000 used", "14,210 left today"):  # fmt: skip
            assert words in shown, words
        desk.connection.say(Counts({State.IN_SYNC: 999}))
        await until(pilot, lambda: "999" in seen(pilot))


async def test_a_finished_pass_is_summed_up_and_the_next_one_announced(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        desk.connection.say(RunFinished(RunSummary(8, planned=31, applied=30, refused=1, seconds=4.2)))
        desk.connection.say(Waiting(42.0, "every minute"))
        await until(pilot, lambda: "Next pass in 42 s" in seen(pilot))
        assert "30 applied, 1 refused in 4.2 s" in seen(pilot)
        assert "synced just now" in seen(pilot)


async def test_a_failed_pass_leaves_a_picture_marked_out_of_date(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        desk.connection.say(
            RunFailed(9, Unreachable("Salesforce does not answer.", "It is tried again in a minute."))
        )
        await until(pilot, lambda: "Out of date" in seen(pilot))
        assert "Salesforce does not answer." in seen(pilot)
        assert "STALE, synced 12 s ago" in seen(pilot)
        desk.connection.say(RunFinished(RunSummary(10)))
        await until(pilot, lambda: "Out of date" not in seen(pilot))


async def test_with_no_customer_imported_the_dashboard_says_press_i(desk: Any, until: Any, seen: Any) -> None:
    desk.connection.events = [Counts({State.NOT_IMPORTED: 503})]
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "503 existing customers can be imported" in seen(pilot))
        assert "Press i to import" in seen(pilot)


async def test_pause_and_sync_now_reach_the_engine_and_the_footer_follows(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        assert "p Pause" in seen(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "PAUSED" in seen(pilot))
        assert "p Go on" in seen(pilot)
        await pilot.press("s", "p")
        await until(pilot, lambda: "PAUSED" not in seen(pilot))
        assert desk.connection.asked == ["pause", "sync_now", "resume"]


async def test_a_state_on_the_dashboard_leads_to_its_accounts(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        assert isinstance(app.focused, StateCounts)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        grid = app.screen.query_one(RecordGrid)
        await until(pilot, lambda: grid.arrangement.state is State.PENDING and 0 < grid.total < 60)


async def test_the_grid_reads_a_few_pages_of_a_hundred_thousand_rows(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.source = stub.rows(100_000)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Company 000000" in seen(pilot))
        grid = app.screen.query_one(RecordGrid)
        assert grid.total == 100_000
        await pilot.press("G")
        await until(pilot, lambda: "Company 099999" in seen(pilot))
        assert grid.cursor == 99_999
        await pilot.press("g")
        await until(pilot, lambda: "Company 000000" in seen(pilot))
        pages = desk.connection.grids[0].pages
        assert set(pages) <= {0, PAGE, 99_999 // PAGE * PAGE, (99_999 // PAGE - 1) * PAGE}
        assert len(grid._pages) <= 4


async def test_a_repaint_costs_the_lines_on_screen_and_not_the_rows_there_are(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    painted = []
    for count in (1_000, 100_000):
        desk.connection.source = stub.rows(count)
        app = ConsoleApp(desk, start="acme-trial")
        async with app.run_test(size=LARGE) as pilot:
            await until(pilot, opened(app))
            await pilot.press("2")
            await until(pilot, lambda: "Company 000000" in seen(pilot))
            grid = app.screen.query_one(RecordGrid)
            before = grid.painted
            await pilot.press("pagedown")
            await until(pilot, lambda grid=grid: (grid.cursor or 0) > 20)
            painted.append(grid.painted - before)
    assert painted[1] <= painted[0] + 2
    assert painted[1] < 3 * LARGE[1]


async def test_the_filter_works_as_one_types_and_esc_takes_one_step_back_at_a_time(
    desk: Any, until: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(
            pilot, lambda: isinstance(app.screen, Accounts) and app.screen.query_one(RecordGrid).total == 60
        )
        grid = app.screen.query_one(RecordGrid)
        await pilot.press("slash", *"000017")
        await until(pilot, lambda: grid.total == 1)
        await pilot.press("enter")
        assert app.focused is grid
        await pilot.press("escape")
        await until(pilot, lambda: grid.total == 60)
        assert isinstance(app.screen, Accounts)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))


async def test_a_filter_that_matches_nothing_looks_different_from_an_empty_cache(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2", "slash", *"zzz")
        await until(pilot, lambda: "Nothing matches “zzz”" in seen(pilot))
    desk.connection.source = []
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "No account is known yet" in seen(pilot))


async def test_loading_and_failed_grids_say_so(desk: Any, until: Any, seen: Any) -> None:
    gate = desk.connection.grid_gate = threading.Event()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Reading the accounts" in seen(pilot))
        gate.set()
        await until(pilot, lambda: "Reading the accounts" not in seen(pilot))
    desk.connection.grid_error = StoreError(
        "The cache file is damaged.", "Remove it: the next sync builds it anew."
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Failed: The cache file is damaged." in seen(pilot))


async def test_states_and_order_go_round_and_keep_the_grid(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(
            pilot, lambda: isinstance(app.screen, Accounts) and app.screen.query_one(RecordGrid).total == 60
        )
        grid = app.screen.query_one(RecordGrid)
        await pilot.press("f")
        await until(pilot, lambda: grid.arrangement.state is State.IN_SYNC and grid.total < 60)
        await pilot.press("F")
        await until(pilot, lambda: grid.total == 60)
        await pilot.press("o", "O")
        assert (grid.arrangement.sort, grid.arrangement.descending) == ("state", True)
        assert grid.mark(grid.columns[0]) == " ▼"


async def test_what_the_sync_changes_appears_in_the_grid_with_the_cursor_on_its_row(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Company 000000" in seen(pilot))
        grid = app.screen.query_one(RecordGrid)
        await pilot.press("j", "j")
        desk.connection.grids[0].source.insert(0, stub.Row(0, "cus_new", None, "Aardvark", State.NEW))
        desk.connection.say(Counts({State.IN_SYNC: 1}))
        await until(pilot, lambda: grid.total == 61)
        assert "Aardvark" in seen(pilot)
        assert grid.row(grid.cursor).name == "Company 000002"  # type: ignore[union-attr]


async def test_leaving_the_grid_closes_its_connection(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(
            pilot, lambda: isinstance(app.screen, Accounts) and app.screen.query_one(RecordGrid).total == 60
        )
    assert desk.connection.grids[0].closed


async def test_the_mouse_opens_moves_and_presses_keys_in_the_footer(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        await pilot.click("Tabs", offset=(20, 0))
        await until(
            pilot, lambda: isinstance(app.screen, Accounts) and app.screen.query_one(RecordGrid).total == 60
        )
        grid = app.screen.query_one(RecordGrid)
        await pilot.click(RecordGrid, offset=(10, 4))
        assert grid.cursor == 3
        bar = app.screen.query_one(KeyBar)
        x = 1
        for command in bar.shown(119):
            if command.id == "sync_now":
                break
            x += bar._width(command)
        await pilot.click(KeyBar, offset=(x, 0))
        await until(pilot, lambda: desk.connection.asked == ["sync_now"])
        await pilot.click(RecordGrid, offset=(10, 4))
        await until(pilot, lambda: isinstance(app.screen, Account))


async def test_the_account_shows_three_values_the_way_and_the_reason(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        shown = seen(pilot)
        for words in ("─▶", "◀─", "!?", "unknown", "empty", "Last agreed", "4 differ", "1 of 3", "Growth plan",
                      "will be written to Salesforce", "Alguna moved from Acme Inc", "Rule: Alguna wins",
                      "Alguna seen 12 s ago", "History", "acme.org"):  # fmt: skip
            assert words in shown, words
        await pilot.press("j", "j")
        assert "Salesforce moved from acme.com" in seen(pilot)
        assert "will be written to Alguna" in seen(pilot)
        await pilot.press("j")
        assert "waits for a person" in seen(pilot)


async def test_the_cursor_passes_over_headings(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        fields = app.screen.query_one("#fields", ListGrid)
        visited = []
        for _ in range(7):
            visited.append(fields.cursor)
            await pilot.press("down")
        assert visited == [1, 2, 3, 4, 6, 8, 9]
        await pilot.press("g")
        assert fields.cursor == 1


async def test_on_a_narrow_terminal_the_panels_take_turns(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        titles = []
        for _ in range(6):
            titles.append(
                next(
                    t
                    for t in ("Why ─", "Subscription ─", "Links ─", "History ─", "Account name ─")
                    if t in seen(pilot)
                )
            )
            await pilot.press("w")
        assert titles == [
            "Account name ─",
            "Why ─",
            "Subscription ─",
            "Links ─",
            "History ─",
            "Account name ─",
        ]


async def test_sync_this_one_and_copy_act_on_the_account_on_screen(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.details["0015g"] = replace(stub.detail(), customer_id=None)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        await pilot.press("S", "y")
        assert desk.connection.asked == ["sync_one cus_000001"]
        assert "Acme Corporation" in app.clipboard
        await pilot.press("escape")
        app.visit("account", "0015g")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        await pilot.press("S")
        assert desk.connection.asked == ["sync_one cus_000001"]
        assert any("no customer in Alguna" in text for text in toasts(app))


async def test_an_account_that_moves_is_read_again(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Inc" in seen(pilot))
        desk.connection.details["cus_000001"] = stub.detail(
            state=State.IN_SYNC, why=("Both sides agree since 12:00.",)
        )
        desk.connection.say(stub.change(1))
        await until(pilot, lambda: "Both sides agree since 12:00." in seen(pilot))
        desk.connection.details["cus_000001"] = StoreError("The cache can't be read now.")
        await pilot.press("r")
        await until(pilot, lambda: "Out of date: The cache can't be read now." in seen(pilot))


async def test_only_web_addresses_are_opened(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=SMALL) as pilot:
        for url in ("javascript:alert(1)", "file:///etc/passwd", "[link=x]"):
            app.browse(url)
        await pilot.pause()
        assert all("no web address" in text for text in toasts(app))
        assert len(toasts(app)) == 3


async def test_problems_are_listed_with_their_advice_and_open_their_account(
    desk: Any, until: Any, seen: Any
) -> None:
    from console.guide.seam import ProblemLine

    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("3")
        await until(pilot, lambda: "Nothing needs a person." in seen(pilot))
        desk.connection.the_problems = [
            ProblemLine("1", "refused", "Billing State is not in the list", "Correct the state in Alguna.", 4, "open",
                        "2026-03-04T10:00:00Z", "2026-03-04T11:58:00Z", "cus_000001")
        ]  # fmt: skip
        await pilot.press("r")
        await until(pilot, lambda: "Correct the state in Alguna." in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Account))


async def test_an_import_is_counted_before_it_can_start(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("i", "ctrl+r")
        await pilot.pause()
        assert any("Count first" in text for text in toasts(app))
        await pilot.press("down", "v")
        await until(pilot, lambda: "503  come into the sync" in seen(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Import 503 customers?" in seen(pilot))
        assert "Acme Corporation (UAT)" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "import all" in desk.connection.asked)
        await until(pilot, lambda: "The import has started." in seen(pilot))


async def test_an_import_can_be_refused_at_the_question(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("i", "v")
        await until(pilot, lambda: "270  come into the sync" in seen(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Import 270 customers?" in seen(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert desk.connection.asked == ["preview matching"]


async def test_disconnect_shows_what_goes_and_stays_before_anything_happens(
    desk: Any, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        await pilot.press("D")
        await until(pilot, lambda: "The 13 fields with their data." in seen(pilot))
        assert all(step.state == "waiting" for step in desk.leaving.the_steps)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Disconnect acme-trial?" in seen(pilot))
        await pilot.press("enter")  # the harmless answer has the focus
        await pilot.pause()
        assert all(step.state == "waiting" for step in desk.leaving.the_steps)


async def test_disconnect_stops_at_a_failed_step_goes_on_there_and_ends_with_a_receipt(
    desk: Any, until: Any, seen: Any
) -> None:
    desk.leaving.fails_at = "verify"
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, opened(app))
        await pilot.press("D")
        await until(pilot, lambda: "The 13 fields" in seen(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Disconnect acme-trial?" in seen(pilot))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Failed: Stopped: the org could not be reached." in seen(pilot))
        desk.leaving.fails_at = ""
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "/home/me/receipt.json" in seen(pilot))
        assert all(step.state == "done" for step in desk.leaving.the_steps)
        await pilot.press("y")
        assert app.clipboard == "/home/me/receipt.json"
        assert app.connection is None
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))


async def test_another_connection_opens_with_its_own_screens(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Company 000000" in seen(pilot))
        await pilot.press("escape")
        await until(
            pilot, lambda: isinstance(app.screen, Home) and app.screen.query_one(Choice).option_count == 3
        )
        desk.connection = stub.StubConnection(
            the_facts=replace(stub.FACTS, name="acme-live"),
            source=[stub.Row(0, "cus_x", None, "Only one", State.NEW)],
        )
        await pilot.press("j", "enter")
        await until(
            pilot,
            lambda: (
                app.live is not None and app.live.facts is not None and app.live.facts.name == "acme-live"
            ),
        )
        await pilot.press("2")
        await until(pilot, lambda: "Only one" in seen(pilot))
        assert "Company 000000" not in seen(pilot)


async def test_back_returns_to_the_filter_as_it_was(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2", "slash", *"00001", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, Accounts) and app.screen.query_one(RecordGrid).total == 11
        )
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Account))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        await pilot.press("1", "2")
        await pilot.pause()
        assert app.screen.query_one("#filter", Input).value == "00001"
        assert app.screen.query_one(RecordGrid).cursor == 1


async def test_the_opening_screen_is_painted_before_the_cache_is_read(
    desk: Any, until: Any, seen: Any
) -> None:
    gate = desk.open_gate = threading.Event()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Opening the connection" in seen(pilot))
        await pilot.press("s")
        assert any("still being opened" in text for text in toasts(app))
        gate.set()
        await until(pilot, opened(app))
        assert app.screen.query_one("#stale", Notice).display is False
        assert isinstance(app.screen.query_one("#doing", Static).render(), object)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_practice_switches_activity_and_makes_things_go_wrong(
    desk: Any, stub: ModuleType, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    desk.the_rehearsal = stub.StubRehearsal()
    app = ConsoleApp(desk)
    async with app.run_test(size=size) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: "admin@rehearsal.example" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: desk.the_rehearsal.on)
        await until(pilot, lambda: "Stop the activity" in seen(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: desk.the_rehearsal.practised == ["expire"])


async def test_practising_on_real_systems_says_why_not(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("x")
        assert any("needs the rehearsal" in text for text in toasts(app))


async def test_signing_in_again_wakes_the_open_connection(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("L", "ctrl+r")
        await until(pilot, lambda: "Waiting for you to log in" in seen(pilot))
        await pilot.press("y")
        assert app.clipboard.startswith("https://test.salesforce.com/")
        desk.trip.came_back.set()
        await until(pilot, lambda: "Signed in as admin@acme.example.uat" in seen(pilot))
        assert desk.connection.asked == ["sync_now"]


async def test_a_second_that_passes_repaints_ages_and_not_the_grid(
    desk: Any, until: Any, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, opened(app))
        await pilot.press("2")
        await until(pilot, lambda: "Company 000000" in seen(pilot))
        await pilot.pause()
        asked: list[int] = []
        paint = RecordGrid.render_line
        monkeypatch.setattr(RecordGrid, "render_line", lambda self, y: (asked.append(y), paint(self, y))[1])
        desk.the_time = "2026-03-04T12:01:18Z"
        app.tick()
        while "synced 1 min ago" not in seen_banner(app):
            await pilot.pause()
        assert asked == []


def seen_banner(app: ConsoleApp) -> str:
    """The banner's own text: asking the compositor would repaint everything."""
    from screens.widgets.banner import Banner

    return app.screen.query_one(Banner).render().plain
