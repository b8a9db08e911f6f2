"""Runs and the past: what a run did, taking it back after a look at what that does, an account as of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from console.errors import UsageError
from console.guide.seam import (
    Cell,
    DifferenceLine,
    HistoryLine,
    HistorySize,
    PastAccount,
    PastField,
    RunLine,
    UndoPreview,
)
from console.sync.events import RunFinished, RunSummary
from screens.app import ConsoleApp
from screens.past import Past
from screens.runs import Runs
from screens.widgets.grid import ListGrid
from screens.widgets.pages import PAGE, PagedGrid

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


def line(i: int, **more: Any) -> HistoryLine:
    made = HistoryLine(
        "2026-03-04T11:58:00Z", 7, "salesforce", f"cus_{i:06}", f"Company {i:06}", "BillingCity", "Bonn",
        "Berlin", "applied", "Alguna moved from “Bonn” to “Berlin”; Salesforce still has “Bonn”.",
    )  # fmt: skip
    return replace(made, **more)


@dataclass
class StubPast:
    """A past that records what it was asked."""

    the_runs: list[RunLine] = field(
        default_factory=lambda: [
            RunLine(8, "undo", 5, "2026-03-04T11:59:00Z", "2026-03-04T11:59:02Z", "done", 2),
            RunLine(7, "sync", None, "2026-03-04T11:58:00Z", "2026-03-04T11:58:20Z", "done", 100_000, 3, 1),
            RunLine(6, "events", None, "2026-03-04T11:57:00Z", None, "interrupted"),
        ]
    )
    counts: dict[int, int] = field(default_factory=lambda: {8: 2, 7: 100_004, 6: 0})
    preview: UndoPreview = field(
        default_factory=lambda: UndoPreview(
            7,
            100_000,
            0,
            2,
            0,
            (line(1), line(2)),
            (line(3, outcome="kept", reason="Edited since: it holds “Oslo”."),),
        )
    )
    error: UsageError | None = None
    pages: list[tuple[int, int]] = field(default_factory=list)
    undone: list[tuple[int, str]] = field(default_factory=list)
    compared: list[tuple[int, int]] = field(default_factory=list)

    def runs(self, count: int, before: int | None = None) -> Sequence[RunLine]:
        return self.the_runs[:count]

    def size(self) -> HistorySize:
        return HistorySize(100_006, 31_000_000, "2026-02-01T00:00:00Z")

    def count(self, run: int) -> int:
        return self.counts[run]

    def changes(self, run: int, start: int, count: int) -> Sequence[HistoryLine]:
        self.pages.append((run, start))
        kept = [line(0, outcome="kept", reason="Run 9 wrote it since.")] if run == 8 else []
        return [*kept, *(line(i) for i in range(start + len(kept), min(start + count, self.counts[run])))]

    def outlook(self, run: int) -> UndoPreview:
        if self.error is not None:
            raise self.error
        return replace(self.preview, run=run)

    def undo(self, run: int, delete_created: str = "") -> None:
        if delete_created and delete_created != f"run {run}":
            raise UsageError("That does not name the run. Nothing was changed.", f"Type: run {run}")
        self.undone.append((run, delete_created))

    def as_of(self, ident: str, run: int | None = None) -> PastAccount:
        if self.error is not None:
            raise self.error
        run = 6 if run is None else run
        city = "Bonn" if run < 7 else "Berlin"
        fields = (
            PastField("Name", "Account name", "Account", Cell("Acme"), Cell("Acme"), False, False),
            PastField(
                "BillingCity", "Billing City", "Account", Cell(known=False), Cell(city), False, run < 7
            ),
        )
        return PastAccount(
            "Acme Corporation", "cus_000001", "001000000000001AAA", run, "2026-03-04T11:57:30Z", fields,
            5 if run >= 6 else None, 7 if run < 7 else None,
        )  # fmt: skip

    def differences(self, one: int, other: int, most: int) -> Sequence[DifferenceLine]:
        self.compared.append((one, other))
        return [DifferenceLine("cus_000001", "Acme", "alguna", "Name", "Old", "New", (7, 8))]


@pytest.fixture
def past(desk: Any) -> StubPast:
    desk.connection.the_past = StubPast()
    return desk.connection.the_past


async def opened(app: ConsoleApp, pilot: Any, until: Any, seen: Any) -> Runs:
    await until(pilot, lambda: app.connection is not None and app.live is not None)
    await pilot.press("5")
    await until(pilot, lambda: "Company 000001" in seen(pilot))
    assert isinstance(app.screen, Runs)
    return app.screen


def toasts(app: ConsoleApp) -> list[str]:
    return [note.message for note in app._notifications]


async def test_runs_are_listed_and_the_highlighted_one_is_told_line_by_line(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until, seen)
        shown = seen(pilot)
        assert "undo of 5" in shown
        assert "100,000 applied, 3 refused, 1 stale" in shown
        assert "Run 9 wrote it since." in shown, "what an undo kept"
        assert "about 31.0 MB" in shown
        await pilot.press("down")
        await until(pilot, lambda: screen.query_one(PagedGrid).total == 100_004)
        await until(pilot, lambda: "What run 7 did" in seen(pilot))
        await pilot.press("down")
        await until(pilot, lambda: "nothing" in (screen.query_one(PagedGrid).border_subtitle or ""))


async def test_a_run_of_a_hundred_thousand_changes_is_read_by_pages(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until, seen)
        await pilot.press("down", "enter")
        grid = screen.query_one(PagedGrid)
        await until(pilot, lambda: grid.total == 100_004 and (7, 0) in past.pages)
        await pilot.press("G")
        await until(pilot, lambda: "Company 100003" in seen(pilot))
        starts = [start for run, start in past.pages if run == 7]
        assert len(starts) <= 3, "the first page, and what the end needs"
        assert max(starts) == 100_004 // PAGE * PAGE


async def test_an_undo_is_shown_first_and_done_only_after_a_yes(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        await pilot.press("down", "U")
        await until(pilot, lambda: "Undo run 7?" in seen(pilot))
        shown = seen(pilot)
        assert "100,000 values will be put back" in shown
        assert "2 stay, edited since" in shown
        assert "Edited since: it holds “Oslo”." in shown
        assert "Delete created too" not in shown
        await pilot.press("enter")
        await until(pilot, lambda: "Undo run 7?" not in seen(pilot))
        assert past.undone == [], "the harmless answer has the focus"
        await pilot.press("U")
        await until(pilot, lambda: "Undo run 7?" in seen(pilot))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: past.undone == [(7, "")])
        assert "Run 7 is being undone." in toasts(app)


async def test_what_a_run_created_is_deleted_only_when_the_run_is_typed(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    past.preview = replace(past.preview, changes=0, sample=(), created=12)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        for typed, done in (("yes", []), ("run 8", [(8, "run 8")])):
            await pilot.press("U")
            await until(pilot, lambda: "12 records" in seen(pilot))
            await pilot.press("tab", "enter")
            await until(pilot, lambda: "Delete what run 8 created?" in seen(pilot))
            await pilot.press(*(key if key != " " else "space" for key in typed), "enter")
            await until(pilot, lambda: "Delete what run 8 created?" not in seen(pilot))
            if not done:
                await until(pilot, lambda: "does not name the run" in seen(pilot))
                await pilot.press("escape")
            else:
                await until(pilot, lambda: past.undone == [(8, "run 8")])


async def test_a_run_with_nothing_to_undo_says_so(desk: Any, past: StubPast, until: Any, seen: Any) -> None:
    past.preview = UndoPreview(8, 0, 3, 0, 0)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        await pilot.press("U")
        await until(pilot, lambda: any("3 hold the old value already" in text for text in toasts(app)))
        past.error = UsageError("The history of run 8 was cleared.", "Later runs can still be undone.")
        await pilot.press("U")
        await until(pilot, lambda: "The history of run 8 was cleared." in seen(pilot))
        assert past.undone == []


async def test_a_console_that_only_looks_offers_no_undo(
    desk: Any, past: StubPast, stub: Any, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only="Another console holds it.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until, seen)
        await pilot.press("U")
        await until(pilot, lambda: "Another console holds it." in toasts(app))


async def test_two_runs_are_compared_by_marking_one(desk: Any, past: StubPast, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until, seen)
        await pilot.press("c")
        await until(pilot, lambda: screen.marked == 8)
        assert "▸ 8" in seen(pilot)
        await pilot.press("down", "down", "c")
        await until(pilot, lambda: "From run 6 to run 8" in seen(pilot))
        assert past.compared == [(6, 8)]
        assert "Old → New" in seen(pilot)
        assert "by runs 7, 8" in seen(pilot)
        await pilot.press("up", "up", "c")
        await until(pilot, lambda: screen.marked is None)


async def test_a_run_that_ends_is_listed_at_once_and_the_cursor_stays(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until, seen)
        await pilot.press("down")
        past.the_runs.insert(0, RunLine(9, "sync", None, "2026-03-04T12:00:00Z", None, "done", 1))
        past.counts[9] = 0
        desk.connection.say(RunFinished(RunSummary(9)))
        await until(pilot, lambda: screen.query_one("#list", ListGrid).total == 4)
        assert screen._run().id == 7


async def test_an_account_is_shown_as_of_a_run_and_stepped_through(
    desk: Any, past: StubPast, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None and app.live is not None)
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "Acme Corporation" in seen(pilot))
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, Past) and "As of run 6" in seen(pilot))
        shown = seen(pilot)
        assert "Bonn" in shown
        assert "unknown" in shown
        assert "moved" in shown
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "As of run 7" in seen(pilot))
        assert "Berlin" in seen(pilot)
        await pilot.press("right_square_bracket")
        assert any("how it is now" in text for text in toasts(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Past))


async def test_an_account_without_a_past_says_so(desk: Any, past: StubPast, until: Any, seen: Any) -> None:
    past.error = UsageError("Nothing is known of its past.", "What is there now is what was there.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None and app.live is not None)
        app.visit("past", "cus_000001")
        await until(pilot, lambda: "Nothing is known of its past." in seen(pilot))


@pytest.mark.parametrize("size", SIZES)
async def test_pictures_of_runs_and_of_the_past(
    desk: Any, past: StubPast, until: Any, seen: Any, frame: Any, size: str
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        await opened(app, pilot, until, seen)
        frame(pilot, f"runs-{size}")
        await pilot.press("U")
        await until(pilot, lambda: "Undo run 8?" in seen(pilot))
        frame(pilot, f"undo-{size}")
        await pilot.press("escape")
        app.visit("past", "cus_000001")
        await until(pilot, lambda: "As of run 6" in seen(pilot))
        frame(pilot, f"past-{size}")
