"""The console as a process: stopped, cut off from its reader, without streams, on terminals that can't show every sign."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.bad_input.conftest import CONSOLE

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix's")
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)


def struck(world) -> int:
    return int(world.control("GET", "salesforce/faults")["faults"][0]["struck"])


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str, float]:
    """Send a signal; what was said, and how many seconds it took. A process that hangs says where."""
    began = time.monotonic()
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        out, err = process.communicate(timeout=30)
        pytest.fail(f"It did not end:\n{err}")
    assert "Traceback" not in err, err
    return out, err, time.monotonic() - began


def holder(world) -> bool:
    return (world.home / "connections" / "demo" / "cache.db.holder").exists()


# -- stopped ----------------------------------------------------------------------------------------------------


@UNIX
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("skip", [0, 2, 4])
def test_a_pass_stops_when_told_with_nothing_half_known_and_the_next_one_goes_on(world, number, skip):
    """In the middle of a call that never ends: while reading, while looking again, while writing."""
    world.fault("salesforce", "STALL", share=1.0, skip=skip)
    process = world.start("sync", "demo", "--json")
    until(lambda: struck(world))
    out, _, seconds = ended(process, number)
    assert process.returncode == 128 + number
    assert json.loads(out)["error"]["category"] == "cancelled"
    assert seconds < 4
    assert not holder(world), "the cache was given back in order"
    assert world.run("status", "demo", "--json").json["last_run"] in (None, *_stopped(world))
    world.heal()
    world.in_step()


def _stopped(world) -> list[dict[str, object]]:
    last = world.run("status", "demo", "--json").json["last_run"]
    return [last] if last and last["outcome"] == "stopped" else []


@UNIX
def test_a_call_that_took_effect_after_the_stop_is_found_and_not_made_again(world):
    world.fault("salesforce", "STALL", after_effect=True, match="composite", skip=2, next=1)
    process = world.start("sync", "demo", "--json")
    until(lambda: struck(world))
    ended(process, signal.SIGTERM)
    world.heal()
    world.in_step()


@UNIX
@pytest.mark.parametrize("number", SIGNALS)
def test_watching_ends_in_order_when_told(world, number):
    process = world.start("sync", "demo", "--watch", "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert first["changes"]["applied"] > 10
    _, err, seconds = ended(process, number)
    assert process.returncode == 0
    assert err.endswith("Stopped.\n")
    assert seconds < 3
    assert not holder(world)
    assert world.run("sync", "demo", "--json").json["changes"]["planned"] == 0


@UNIX
def test_watching_ends_within_two_seconds_in_the_middle_of_a_call_that_never_ends(world):
    world.fault("salesforce", "STALL", share=1.0, skip=2)
    process = world.start("sync", "demo", "--watch", "--json")
    until(lambda: struck(world))
    _, _, seconds = ended(process, signal.SIGTERM)
    assert process.returncode == 0
    assert seconds < 3.5, "two for the engine, the rest for the interpreter"
    world.heal()
    world.in_step()


@UNIX
def test_a_second_signal_does_not_wait(world):
    world.fault("salesforce", "STALL", share=1.0)
    process = world.start("sync", "demo", "--watch")
    until(lambda: struck(world))
    process.send_signal(signal.SIGINT)
    out, _, _ = ended(process, signal.SIGINT)
    assert out == ""
    assert process.returncode in (0, 130)
    world.heal()
    world.in_step()


@UNIX
@pytest.mark.parametrize("command", [("plan",), ("import",), ("sync", "--dry-run")])
def test_every_command_that_calls_the_org_can_be_stopped(world, command):
    world.fault("salesforce", "STALL", share=1.0)
    with world.untouched():
        process = world.start(command[0], "demo", *command[1:], "--json")
        until(lambda: struck(world))
        out, _, _ = ended(process, signal.SIGINT)
    assert process.returncode == 130
    assert json.loads(out)["error"]["category"] == "cancelled"


@UNIX
def test_waiting_for_the_browser_can_be_stopped_and_saves_nothing(bare):
    process = bare.start(
        "connect", "demo", *bare.browser_words(), "--json", stdin=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(f"{bare.key}\n")
    process.stdin.flush()
    line = process.stderr.readline()
    if "Sign in" not in line:
        out, _ = process.communicate(timeout=30)
        pytest.skip(f"the sign-in ports are taken by others just now: {out}")
    out, _, seconds = ended(process, signal.SIGTERM)
    assert process.returncode == 143
    assert json.loads(out)["error"]["category"] == "cancelled"
    assert seconds < 3
    assert bare.files() == set()


def test_watching_tells_a_failure_and_goes_on_by_itself(world):
    settings = world.home / "connections" / "demo" / "settings.json"
    told = json.loads(settings.read_text())
    settings.write_text(json.dumps({**told, "interval_seconds": 1.0}))
    world.fault("alguna", "403", next=1)
    process = world.start("sync", "demo", "--watch", "--json")
    assert process.stdout is not None
    failed, gone_on = json.loads(process.stdout.readline()), json.loads(process.stdout.readline())
    process.terminate()
    process.communicate(timeout=30)
    assert failed["error"]["category"] == "refused"
    assert gone_on["changes"]["applied"] > 10


# -- readers that go away, streams that are not there -------------------------------------------------------------


@UNIX
@pytest.mark.parametrize(
    "command",
    [
        "accounts demo --json",
        "accounts demo",
        "plan demo --json",
        "sync demo --once",
        "status demo",
        "--help",
    ],
)
def test_a_reader_that_goes_away_is_no_failure(world, command):
    world.run("sync", "demo")
    line = f"set -o pipefail; {' '.join(CONSOLE)} {command} | true"
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        timeout=60,
        env=world.environment(),
    )
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
    assert "Exception ignored" not in done.stderr


@UNIX
def test_watching_ends_when_its_reader_goes_away(world):
    settings = world.home / "connections" / "demo" / "settings.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "interval_seconds": 1.0}))
    process = world.start("sync", "demo", "--watch", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    err = process.stderr.read()
    process.stderr.close()
    assert "Traceback" not in err
    assert not holder(world)


@UNIX
def test_talk_that_nobody_hears_does_not_stop_the_work(world):
    read, write = os.pipe()
    os.close(read)
    process = world.start("sync", "demo", "--json", stderr=write)
    os.close(write)
    out, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 3)
    assert json.loads(out)["changes"]["applied"] > 10


@UNIX
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "command", ["sync demo --json", "sync nobody", "connect other --access-token-stdin --alguna-key-stdin"]
)
def test_streams_that_are_closed_are_no_reason_for_a_trace(world, command, closed):
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(CONSOLE)} {command} {closed}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=world.environment(),
    )
    assert done.returncode in ((0, 3) if command.startswith("sync demo") else (2,))
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr


# -- terminals that can't show every sign -------------------------------------------------------------------------

NARROW = {
    "C": {"LC_ALL": "C"},
    "C without help": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
}


@pytest.mark.parametrize("kind", NARROW)
def test_names_of_any_script_are_shown_as_well_as_the_terminal_can_and_json_keeps_them_whole(world, kind):
    world.add_customer(name="Ünïted 東京 \U0001f600 ™ Ltd")
    world.run("sync", "demo")

    def said(*words: str) -> bytes:
        done = subprocess.run(
            [*CONSOLE, *words],
            capture_output=True,
            timeout=60,
            env=world.environment(**NARROW[kind]),
        )
        assert done.returncode == 0, done
        assert b"Traceback" not in done.stderr
        return done.stdout

    encoding = NARROW[kind].get("PYTHONIOENCODING", "utf-8")
    lines = said("accounts", "demo", "--json").decode(encoding).splitlines()
    assert "Ünïted 東京 \U0001f600 ™ Ltd" in [json.loads(line)["name"] for line in lines]
    assert b"ted " in said("accounts", "demo", "--filter", "Ltd")
