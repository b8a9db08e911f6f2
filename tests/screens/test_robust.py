"""Hostile text, unexpected errors, quitting at any moment, and what starting up may import."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import Input

import screens
from console.domain.records import State
from console.errors import ConsoleError, Unreachable
from console.guide.seam import ProblemLine
from console.sync.events import Progress, RunFailed, Waiting
from screens.account import Account
from screens.accounts import Accounts
from screens.app import ConsoleApp
from screens.dashboard import Changes
from screens.dialogs import Report
from screens.problems import Problems
from screens.tasks import Lane, in_thread
from screens.widgets.choice import Choice
from screens.widgets.records import RecordGrid

SIZES = [(80, 24), (120, 36)]
UNSAFE = ("\x1b", "\x00", "\x07", "\x9b", "\u202e")


def clean(text: str) -> bool:
    return not any(sign in text for sign in UNSAFE)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_changes_nothing_on_any_screen(
    stub: ModuleType, until: Any, seen: Any, size: tuple[int, int]
) -> None:
    texts, mix = stub.HOSTILE, " ".join(stub.HOSTILE)
    desk = stub.StubDesk(
        cards=[
            replace(stub.CARDS[0], org_name=text, health_text=text, held_by=text, name=text)
            for text in (*texts, mix)
        ]
    )
    connection = desk.connection
    connection.the_facts = replace(stub.FACTS, name=mix, org_name=mix, secrets=mix, org_id=mix, read_only=mix)
    connection.source = [
        stub.Row(0, f"cus_{i}", "001", t, State.PENDING, 2, t, t) for i, t in enumerate(texts)
    ]
    connection.the_problems = [
        ProblemLine(str(i), t, t, t, 2, t, stub.NOW, stub.NOW, f"cus_{i}") for i, t in enumerate(texts)
    ]
    for i, text in enumerate(texts):
        connection.details[f"cus_{i}"] = stub.hostile_detail(text)
    connection.events = [
        *connection.events,
        *(stub.change(i, name=t, field=t, before=t, after=t, outcome=t, side=t) for i, t in enumerate(texts)),
        Progress(1, mix, 1, 2, 3.0),
        RunFailed(1, Unreachable(mix, mix)),
        Waiting(5.0, mix),
    ]
    app = ConsoleApp(desk)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query_one(Choice).option_count == len(texts) + 1)
        assert clean(seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app.live is not None and app.live.waits_until is not None)
        await until(pilot, lambda: app.screen.query_one(Changes).total == len(texts))
        assert clean(seen(pilot))
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, Problems) and bool(app.screen.problems))
        for _ in texts:
            await pilot.press("j")
            assert clean(seen(pilot))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Accounts))
        await until(pilot, lambda: app.screen.query_one(RecordGrid).total == len(texts))
        for _ in texts:
            await pilot.press("j")
            assert clean(seen(pilot))
        for i in range(len(texts)):
            app.visit("account", f"cus_{i}")
            await until(pilot, lambda: isinstance(app.screen, Account) and app.screen.detail is not None)
            for pane in ("w", "w", "w", "w", "y"):
                await pilot.press(pane)
                assert clean(seen(pilot))
            app.back()
            await until(pilot, lambda: isinstance(app.screen, Accounts))
        assert app.is_running


@pytest.mark.parametrize("text", ["[/x]", "Acme [EMEA]", "x [@click=app.quit]y"])
async def test_markup_in_a_name_is_shown_as_it_is(stub: ModuleType, until: Any, seen: Any, text: str) -> None:
    desk = stub.StubDesk(cards=[replace(stub.CARDS[0], org_name=text)])
    desk.connection.details["cus_1"] = replace(stub.detail("cus_1"), name=text)
    app = ConsoleApp(desk)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: text in seen(pilot))
        app.tell(text)
        await until(pilot, lambda: seen(pilot).count(text) == 2)
        app.failed(ConsoleError(text, text))
        await until(pilot, lambda: isinstance(app.screen, Report) and text in seen(pilot))


async def test_an_unexpected_error_in_a_worker_becomes_a_report_to_copy(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    desk = stub.StubDesk(cards=list(stub.CARDS))
    desk.connections = lambda: 1 / 0
    app = ConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Report))
        assert "Unexpected error in read connections" in seen(pilot)
        await pilot.press("y")
        assert "ZeroDivisionError" in app.clipboard
        assert "Traceback" in app.clipboard
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Report))
        assert app.is_running


@pytest.mark.parametrize("press", [(), ("2",), ("3",), ("i", "v")])
async def test_quitting_ends_at_once_whatever_is_under_way(
    stub: ModuleType, until: Any, press: tuple[str, ...]
) -> None:
    desk = stub.StubDesk(cards=list(stub.CARDS))
    gate = threading.Event()

    def forever(*_: object) -> None:
        gate.wait(60)

    desk.connection.grid_gate = gate
    desk.connection.problems = forever
    desk.connection.import_preview = forever
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.live is not None)
        await pilot.press(*press)
        started = time.monotonic()
        await pilot.press("ctrl+q")
    assert time.monotonic() - started < 2
    gate.set()


async def test_quitting_while_the_connection_opens_and_while_the_browser_is_waited_for(
    stub: ModuleType, until: Any, seen: Any
) -> None:
    gate = threading.Event()
    app = ConsoleApp(stub.StubDesk(open_gate=gate), start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Opening the connection" in seen(pilot))
        started = time.monotonic()
        await pilot.press("ctrl+q")
    assert time.monotonic() - started < 2
    gate.set()
    desk = stub.StubDesk(cards=list(stub.CARDS))
    app = ConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query_one(Choice).option_count == 3)
        await pilot.press("L", "ctrl+r")
        await until(pilot, lambda: "Waiting for you to log in" in seen(pilot))
        started = time.monotonic()
        await pilot.press("ctrl+q")
    assert time.monotonic() - started < 2
    assert desk.trip.cancelled


async def test_an_event_that_comes_after_the_end_does_no_harm(stub: ModuleType, until: Any) -> None:
    desk = stub.StubDesk()
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.live is not None)
        listener = desk.connection.listener
    assert desk.connection.listener is None
    listener(stub.PROGRESS)


async def test_a_late_answer_goes_nowhere_when_a_newer_one_was_asked_for(
    stub: ModuleType, until: Any
) -> None:
    order: list[str] = []
    gates = {"slow": threading.Event(), "fast": threading.Event()}

    def ask(name: str) -> str:
        gates[name].wait(10)
        return name

    app = ConsoleApp(stub.StubDesk())

    async def work(name: str) -> None:
        order.append(await in_thread(ask, name))

    async with app.run_test() as pilot:
        app.begin(work("slow"), "ask")
        await pilot.pause()
        app.begin(work("fast"), "ask")
        gates["fast"].set()
        await until(pilot, lambda: order == ["fast"])
        gates["slow"].set()
        await pilot.pause(0.05)
    assert order == ["fast"]


async def test_a_lane_makes_its_calls_in_one_thread_in_turn_and_passes_errors_on() -> None:
    lane = Lane("test")
    first = await lane.run(threading.get_ident)
    assert await lane.run(threading.get_ident) == first
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 / 0)
    ended: list[int] = []
    lane.close(lambda: ended.append(threading.get_ident()))
    lane.close()
    assert lane.join(5)
    assert ended == [first]


async def test_the_palette_runs_commands_of_the_screen_and_says_why_one_can_not_run(
    desk: Any, stub: ModuleType, until: Any, seen: Any
) -> None:
    desk.connection.the_facts = replace(stub.FACTS, read_only="Another console is the writer.")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Places: Accounts" in seen(pilot))
        await pilot.press(*"sync now")
        await until(pilot, lambda: "Not now: Another console is the writer." in seen(pilot))
        await pilot.press("escape")
        await pilot.press("ctrl+p", *"problems")
        await until(pilot, lambda: "Places: Problems" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Problems))


async def test_help_names_every_key_of_the_screen_it_was_called_on(desk: Any, until: Any, seen: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: app.live is not None)
        await pilot.press("2", "question_mark")
        await until(pilot, lambda: "Keys of this screen: accounts" in seen(pilot))
        for words in ("Filter by name", "Sync this one", "ctrl+q"):
            assert words in seen(pilot), words
        await pilot.press("G")
        assert "nothing is written until a person decides" in seen(pilot)
        assert "Salesforce's value will be written to Alguna" in seen(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Accounts))


async def test_letters_typed_into_a_field_are_text_and_no_commands(desk: Any, until: Any) -> None:
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.live is not None)
        await pilot.press("2", "slash", *"spq?1")
        assert app.screen.query_one("#filter", Input).value == "spq?1"
        assert desk.connection.asked == []


async def test_both_themes_are_readable() -> None:
    from textual.color import Color

    from screens.theme import DARK, LIGHT

    for theme in (DARK, LIGHT):
        inks = [theme.foreground, theme.primary, theme.secondary, theme.accent, theme.success, theme.warning, theme.error,
                theme.variables["quiet"]]  # fmt: skip
        papers = [theme.background, theme.surface, theme.variables["cursor-idle"], theme.variables["cursor"]]
        for ink in inks:
            for paper in papers:
                assert contrast(Color.parse(str(ink)), Color.parse(str(paper))) >= 4.5, (
                    theme.name,
                    ink,
                    paper,
                )
        for kind in ("rehearsal", "sandbox", "production", "my_domain"):
            tag = Color.parse(theme.variables[f"tag-{kind}"])
            assert contrast(Color.parse(theme.variables["tag-text"]), tag) >= 4.5


def contrast(one: Any, other: Any) -> float:
    """The ratio of WCAG 2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""

    def light(color: Any) -> float:
        def channel(value: int) -> float:
            share = value / 255
            return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

        return 0.2126 * channel(color.r) + 0.7152 * channel(color.g) + 0.0722 * channel(color.b)

    a, b = sorted((light(one), light(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


async def test_without_colour_every_state_and_direction_is_still_told_apart(
    desk: Any, until: Any, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = ConsoleApp(desk, start="acme-trial")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live is not None and app.live.states is not None)
        assert app.no_color
        assert all(words in seen(pilot) for words in ("SANDBOX", "✓ In sync", "≠ Conflict", "✗ Refused"))


def test_starting_up_imports_nothing_heavy() -> None:
    """What a connection needs is imported by the thread that opens it; what a screen needs, when it is shown."""
    root = Path(screens.__file__).parent.parent
    code = (
        "import sys, screens.app, screens.home, screens.dashboard\n"
        "heavy = {'httpx', 'requests', 'keyring', 'pydantic', 'sqlite_utils', 'simple_salesforce', 'sqlite3', 'starlette'}\n"
        "print(sorted(heavy & set(sys.modules)), [m for m in sys.modules if m in ('screens.wizard', 'screens.accounts')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
