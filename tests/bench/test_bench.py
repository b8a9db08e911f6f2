"""The bench's table, its JSON and its exit codes. Nothing here is timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import lag, practice
from bench.__main__ import main
from bench.filled import ORG_ID, fill, in_sync
from bench.measure import Measure, NotMade, Result, Taken, judge
from bench.measures import every
from bench.syncs import Syncs
from bench.table import amount, save, table
from bench.terminal import seconds_until, words
from console.domain.records import State
from console.store.cache import Cache
from console.store.grid import Grid

ROOT = Path(__file__).parents[2]


def measure(key: str, value: float | None, goal: float = 2, unit: str = "x") -> Measure:
    def take() -> Taken:
        if value is None:
            raise NotMade("There is no terminal here.")
        return Taken(value, f"{value} of one against one")

    return Measure(key, f"the {key}", goal, unit, take)  # type: ignore[arg-type]


def ran(tmp_path: Path, *argv: str, measures: list[Measure]) -> tuple[int, list[dict[str, object]]]:
    target = tmp_path / "results.json"
    code = main(argv, measures, target)
    return code, json.loads(target.read_text()) if target.exists() else []


@pytest.mark.parametrize(
    ("value", "goal", "ok"), [(1.0, 2, True), (2.0, 2, True), (2.004, 2, True), (2.01, 2, False)]
)
def test_a_measure_is_ok_up_to_its_goal(value: float, goal: float, ok: bool) -> None:
    assert judge(measure("one", value, goal)).ok is ok


def test_what_cannot_be_measured_says_why_and_is_not_ok() -> None:
    result = judge(measure("one", None))
    assert (result.measured, result.ok, result.detail) == (None, False, "There is no terminal here.")


def test_other_failures_are_not_swallowed() -> None:
    def broken() -> Taken:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        judge(Measure("one", "one", 1, "x", broken))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1.5, "x", "1.5x"), (2, "x", "2x"), (1.234, "x", "1.23x"), (70, "calls", "70"), (0.04, "s", "0.04 s")],
)
def test_amounts_carry_their_unit_and_no_idle_zeros(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text  # type: ignore[arg-type]


def test_the_table_has_a_line_for_each_measure_with_its_columns_aligned() -> None:
    lines = table([
        Result("first paint", 1.62, 2, True, "x", ""),
        Result("calls", 71, 70, False, "calls", ""),
        Result("memory of it all", None, 2, False, "x", "no rehearsal"),
    ]).splitlines()  # fmt: skip
    assert [[cell.strip() for cell in line.split(" | ")] for line in lines] == [
        ["first paint", "1.62x", "at most 2x", "ok"],
        ["calls", "71", "at most 70", "short"],
        ["memory of it all", "-", "at most 2x", "not made"],
    ]
    assert len({line.index(" | ") for line in lines}) == 1


def test_an_empty_table_is_empty() -> None:
    assert table([]) == ""


def test_the_file_holds_what_the_table_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, saved = ran(tmp_path, measures=[measure("one", 1.5), measure("two", 80, 70, "calls")])
    assert code == 0  # short is a result, not a failure
    assert saved == [
        {"name": "the one", "measured": 1.5, "goal": 2, "ok": True, "unit": "x", "detail": "1.5 of one against one",
         "at_least": False},
        {"name": "the two", "measured": 80, "goal": 70, "ok": False, "unit": "calls", "detail": "80 of one against one",
         "at_least": False},
    ]  # fmt: skip
    shown = capsys.readouterr().out.splitlines()
    assert [line.rpartition("| ")[2] for line in shown] == ["ok", "short"]


def test_a_measure_that_could_not_be_made_fails_the_run_and_not_the_others(tmp_path: Path) -> None:
    code, saved = ran(tmp_path, measures=[measure("one", None), measure("two", 1)])
    assert code == 1
    assert [each["measured"] for each in saved] == [None, 1]


def test_only_named_measures_are_made(tmp_path: Path) -> None:
    code, saved = ran(tmp_path, "two", measures=[measure("one", None), measure("two", 1)])
    assert code == 0
    assert [each["name"] for each in saved] == ["the two"]


def test_an_unknown_name_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, saved = ran(tmp_path, "two", "three", measures=[measure("two", 1)])
    assert (code, saved) == (2, [])
    assert "'three'" in capsys.readouterr().err


def test_the_list_names_every_measure_and_makes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, saved = ran(tmp_path, "--list", measures=[measure("one", None), measure("two", None)])
    assert (code, saved) == (0, [])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["one", "two"]


def test_saving_replaces_an_older_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    target.write_text("old")
    save([], target)
    assert json.loads(target.read_text()) == []
    assert list(tmp_path.iterdir()) == [target]


def test_the_real_measures_have_their_goals() -> None:
    goals = {each.key: (each.goal, each.unit) for each in every()}
    assert goals == {
        "first-paint": (2, "x"),
        "repaint": (1.2, "x"),
        "first-sync-calls": (70, "calls"),
        "quiet-pass-calls": (3, "calls"),
        "floor": (1.5, "x"),
        "one-by-one": (50, "x"),
        "lag": (2, "s"),
        "lag-polled": (1.2, "x"),
        "memory": (2, "x"),
    }


def test_a_filled_cache_is_one_that_the_console_reads(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    fill(path, 600, linked=True)
    with Cache.open(path, org_id=ORG_ID, read_only=True) as cache:
        assert cache.entries.counts()[State.IN_SYNC] == in_sync(600) == 200
        assert cache.accounts.count() == cache.customers.count() == 600
        assert cache.entries.dirty_count() == 0
        assert cache.runs.last(1)[0].outcome == "done"
    grid = Grid.open(path)
    assert grid.arrange() == 600
    first = grid.page(0, 600)
    grid.close()
    assert len({row.name for row in first}) == 600
    assert [row.customer_id for row in first] != sorted(row.customer_id or "" for row in first)


def test_a_screen_is_read_without_its_control_sequences() -> None:
    assert (
        words(b"\x1b[?1049h\x1b]22;default\x1b\\\x1b[38;2;1;2;3m1\x1b[0m2 in\x1b(B sync\x1b[1;1H")
        == b"12 in sync"
    )


PAINTER = "import sys; sys.stderr.write('\\x1b[1mal\\x1b[0mmost'); sys.stderr.flush(); input()"


def test_a_program_is_ended_once_its_text_is_painted(tmp_path: Path) -> None:
    assert seconds_until("almost", [sys.executable, "-c", PAINTER], {}, tmp_path) > 0


def test_a_program_that_ends_without_its_text_was_not_measured(tmp_path: Path) -> None:
    with pytest.raises(NotMade, match="gone wrong"):
        seconds_until("ready", [sys.executable, "-c", "print('gone wrong')"], {}, tmp_path)


def test_the_terminal_has_the_size_that_is_said(tmp_path: Path) -> None:
    asks = "import os; print('%dx%d' % os.get_terminal_size(0), flush=True); input()"
    assert seconds_until("120x36", [sys.executable, "-c", asks], {}, tmp_path) > 0


def peak(tmp_path: Path, script: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.peak", str(tmp_path / "out"), sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_the_peak_is_the_commands_own_and_its_output_and_code_are_kept(tmp_path: Path) -> None:
    ballast = bytearray(os.urandom(1 << 20)) * 150  # ours, which the command must not be charged with
    small, large = (
        peak(tmp_path, "print('hello')"),
        peak(tmp_path, "x = b'x' * (100 << 20); raise SystemExit(3)"),
    )
    assert len(ballast) > small["bytes"]
    assert large["bytes"] - small["bytes"] > 95 << 20
    assert (small["code"], large["code"]) == (0, 3)
    peak(tmp_path, "print('hello')")
    assert (tmp_path / "out").read_text() == "hello\n"


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Syncs]:
    """Syncs of 40 customers instead of thousands: the same way, in a rehearsal of its own."""

    def make() -> Syncs:
        monkeypatch.setattr("bench.syncs.SMALL", 40)
        monkeypatch.setattr("bench.syncs.LEAST", 0.5)
        return Syncs()

    return make


@pytest.mark.long
def test_a_first_sync_and_a_quiet_pass_are_counted_on_both_ends(syncs: Callable[..., Syncs]) -> None:
    made = syncs()
    assert 0 < made.first_calls().value <= 10
    assert made.quiet_calls().value == 1


def test_calls_that_client_and_org_count_differently_are_no_measure(
    syncs: Callable[..., Syncs], monkeypatch: pytest.MonkeyPatch
) -> None:
    control = practice.Practice.control

    def miscounted(self: practice.Practice, method: str, path: str, body: object = None) -> object:
        answer = control(self, method, path, body)  # type: ignore[arg-type]
        return (
            {**answer, "total": answer["total"] + 1}
            if (method, path) == ("GET", "/salesforce/calls")
            else answer
        )

    monkeypatch.setattr(practice.Practice, "control", miscounted)
    asked: list[str] = []
    monkeypatch.setattr(
        practice.Practice,
        "sync",
        lambda self, sync=practice.Practice.sync: asked.append("sync") or sync(self),
    )
    made = syncs()
    for take in (made.first_calls, made.quiet_calls):  # the second one doesn't try once more
        result = judge(Measure("calls", "calls", 70, "calls", take))
        assert result.measured is None
        assert "the org" in result.detail
    assert asked == ["sync"]


@pytest.mark.long
def test_lags_are_measured_on_a_console_that_follows_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CUSTOMERS", 20), ("EDITS", 5), ("POLLED_EDITS", 3), ("INTERVAL", 1.0)):
        monkeypatch.setattr(lag, name, value)
    told = lag.through_the_stream()
    assert 0 < told.value < 30
    assert "of 5 edits" in told.detail
    told = lag.within_a_poll()
    assert 0 < told.value < 30
    assert "of 3 edits" in told.detail


def test_a_change_that_never_comes_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "PATIENCE", 0.05)
    with pytest.raises(NotMade, match="An edit did not arrive"):
        lag._until(lambda: False, "An edit")


@pytest.mark.parametrize(("share", "value"), [(0.5, 10.0), (0.95, 19.0), (1.0, 20.0), (0.0, 1.0)])
def test_a_quantile_is_one_of_the_measured(share: float, value: float) -> None:
    assert lag.quantile([float(n) for n in range(20, 0, -1)], share) == value
