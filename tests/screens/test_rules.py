"""Field rules: tried out and counted first, kept after a question, and existing records written only when that is chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from console.domain.fields import Flow
from console.domain.records import Rule
from console.domain.verdicts import PinField
from console.domain.whatif import Ruling
from console.errors import Cancelled, Conflict
from console.guide.rules import lines
from console.guide.seam import RulesLook
from screens.app import ConsoleApp
from screens.pick import Pick
from screens.rules import Rules
from screens.widgets.grid import ListGrid

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


@dataclass
class StubRules:
    """Rules that differ in two accounts wherever they are not the kept ones, and record what they were asked."""

    kept: Ruling = field(default_factory=lambda: Ruling({"BillingCity": Rule.MANUAL}, {}, True))
    gate: threading.Event | None = None
    error: Conflict | None = None
    looked: list[Ruling] = field(default_factory=list)
    stopped: int = 0
    keeps: list[tuple[Ruling, str | None]] = field(default_factory=list)

    def ruling(self) -> Ruling:
        return self.kept

    def look(self, ruling: Ruling, cancelled: threading.Event, on_count: Callable[[int], None]) -> RulesLook:
        self.looked.append(ruling)
        on_count(1_000)
        if self.gate is not None and ruling != self.kept:
            while not self.gate.wait(0.01):
                if cancelled.is_set():
                    self.stopped += 1
                    raise Cancelled("Looking was stopped.")
        values = 0 if ruling == self.kept else 2
        sample = ("Acme: Billing City in Salesforce: Moria → Bree", "Dale: Billing City in Salesforce: A → B")
        shown = lines(ruling, {"BillingCity": 3}, {"BillingCity": 1})
        by_field = (("Billing City", 2),) if values else ()
        return RulesLook(
            ruling, shown, values, values, by_field, 0, 0, f"hash {len(self.looked)}", sample[:values]
        )

    def keep(self, ruling: Ruling, chosen: str | None = None) -> None:
        if self.error is not None:
            raise self.error
        self.keeps.append((ruling, chosen))
        self.kept = ruling


@pytest.fixture
def rules(desk: Any) -> StubRules:
    desk.connection.the_rules = StubRules()
    return desk.connection.the_rules


async def opened(app: ConsoleApp, pilot: Any, until: Any) -> Rules:
    await until(pilot, lambda: app.connection is not None and app.live is not None)
    await pilot.press("W")
    await until(pilot, lambda: isinstance(app.screen, Rules) and app.screen.look is not None)
    assert isinstance(app.screen, Rules)
    return app.screen


async def on_field(pilot: Any, screen: Rules, key: str, until: Any) -> None:
    """The cursor on a field."""
    grid = screen.query_one("#list", ListGrid)
    await pilot.press("g")
    for _ in range(60):
        line = screen.line()
        if line is not None and line.key == key:
            return
        before = grid.cursor
        await pilot.press("down")
        await until(pilot, lambda before=before: grid.cursor != before)
    raise AssertionError(f"no field {key}")


def test_every_rule_and_way_is_told_in_words_of_its_own() -> None:
    told = {
        (rule, flow): next(
            line.means
            for line in lines(Ruling({"Website": rule}, {"Website": flow}, True))
            if line.key == "Website"
        )
        for rule in Rule
        for flow in Flow
    }
    off = {told.pop((Rule.OFF, flow)) for flow in Flow}
    assert off == {"Neither compared nor written."}
    assert len(set(told.values())) == len(told)


async def test_the_rules_in_force_are_shown_with_what_differs_and_what_was_spared(
    desk: Any, rules: StubRules, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        assert not screen.changed
        await on_field(pilot, screen, "BillingCity", until)
        shown = seen(pilot)
        assert "both values stay until a person picks" in shown
        assert "It differs in 3 accounts now." in shown
        assert "Source of new accounts: Alguna" in shown
        await pilot.press("ctrl+r")
        assert "rules in force" in [note.message for note in app._notifications][-1]


async def test_another_rule_is_counted_first_and_kept_only_after_a_question(
    desk: Any, rules: StubRules, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        await on_field(pilot, screen, "BillingCity", until)
        await pilot.press("m")
        await until(pilot, lambda: screen.look is not None and screen.changed)
        assert screen.draft is not None
        assert screen.draft.rules == {"BillingCity": Rule.FILL_BLANKS}
        assert "2 values of 2 accounts written: Billing City 2." in seen(pilot)
        assert rules.keeps == []
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Keep these rules?" in seen(pilot))
        assert "Moria → Bree" in seen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rules.keeps != [])
        assert rules.keeps == [(Ruling({"BillingCity": Rule.FILL_BLANKS}, {}, True), None)]
        await until(pilot, lambda: not screen.changed and screen.look is not None)


async def test_existing_records_are_written_only_when_that_is_chosen(
    desk: Any, rules: StubRules, until: Any, seen: Any
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        await on_field(pilot, screen, "BillingCity", until)
        await pilot.press("d")
        await until(pilot, lambda: screen.look is not None and screen.changed)
        shown = screen.look
        assert shown is not None
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Keep, write 2" in seen(pilot))
        await pilot.click("#other")
        await until(pilot, lambda: rules.keeps != [])
        assert rules.keeps[0][1] == shown.hash
        assert rules.keeps[0][0].flows == {"BillingCity": Flow.TO_SALESFORCE}


async def test_what_moved_meanwhile_is_told_and_nothing_is_kept(
    desk: Any, rules: StubRules, until: Any, seen: Any
) -> None:
    rules.error = Conflict("It is not what was shown.", "Look once more.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        await pilot.press("A")
        await until(pilot, lambda: screen.look is not None and screen.changed)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Keep these rules?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "It is not what was shown." in seen(pilot))
        assert screen.changed
        assert rules.keeps == []


async def test_counting_never_holds_up_the_screen_and_another_draft_stops_it(
    desk: Any, rules: StubRules, until: Any, seen: Any
) -> None:
    rules.gate = threading.Event()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        await on_field(pilot, screen, "BillingCity", until)
        await pilot.press("m")
        await until(pilot, lambda: len(rules.looked) == 2)
        assert screen.look is None
        assert "Counting" in seen(pilot)
        await pilot.press("m")
        await until(pilot, lambda: rules.stopped == 1)
        rules.gate.set()
        await until(pilot, lambda: screen.look is not None)
        assert screen.look is not None
        assert screen.look.ruling == screen.draft == rules.looked[-1]


async def test_leaving_the_screen_stops_the_count(desk: Any, rules: StubRules, until: Any) -> None:
    rules.gate = threading.Event()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("A")
        await until(pilot, lambda: len(rules.looked) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: rules.stopped == 1)


async def test_a_field_that_only_alguna_fills_is_on_or_off(desk: Any, rules: StubRules, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(app, pilot, until)
        await on_field(pilot, screen, "Alguna_Tax_Rate__c", until)
        await pilot.press("d")
        assert "Only Alguna fills this field" in [note.message for note in app._notifications][-1]
        await pilot.press("m")
        await until(pilot, lambda: screen.draft is not None and "Alguna_Tax_Rate__c" in screen.draft.rules)
        assert screen.draft is not None
        assert screen.draft.rules["Alguna_Tax_Rate__c"] is Rule.OFF


@pytest.mark.parametrize("size", SIZES)
async def test_it_fits_into_small_and_large_terminals(
    desk: Any, rules: StubRules, until: Any, frame: Any, size: str
) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=SIZES[size]) as pilot:
        screen = await opened(app, pilot, until)
        await on_field(pilot, screen, "BillingCity", until)
        await pilot.press("m")
        await until(pilot, lambda: screen.look is not None and screen.changed)
        frame(pilot, f"rules-{size}")


# --- a field that something keeps rewriting -------------------------------------------------------------------------


async def test_a_field_that_is_rewritten_shows_its_turns_and_is_pinned(
    desk: Any, stub: Any, until: Any, seen: Any
) -> None:
    shown = stub.detail("cus_000001")
    fields = tuple(
        replace(
            row, turns=("12:00, run 7: “Bree” was written, “BREE” stood there next.", "Changed last by Eva")
        )
        for row in shown.fields
    )
    desk.connection.details["cus_000001"] = replace(shown, fields=fields)
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None)
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "“BREE” stood there next" in seen(pilot))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        assert "Changed last by Eva" in seen(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Pin this field?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: desk.connection.decided != [])
        ((_, verdict),) = desk.connection.decided
        assert isinstance(verdict, PinField)
        assert verdict.how == "theirs"


async def test_a_pin_that_is_left_pins_nothing(desk: Any, stub: Any, until: Any, seen: Any) -> None:
    shown = stub.detail("cus_000001")
    desk.connection.details["cus_000001"] = replace(
        shown, fields=tuple(replace(row, turns=("a turn",)) for row in shown.fields)
    )
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.connection is not None)
        app.visit("account", "cus_000001")
        await until(pilot, lambda: "a turn" in seen(pilot))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Pick))
        assert desk.connection.decided == []
