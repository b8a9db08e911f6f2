"""Disks without room, and files that are locked, damaged or not ours: said so, and consistent afterwards."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from console.settings import Connections
from console.store.cache import Cache

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are Unix's")

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv = ["alguna-console", *sys.argv[2:]]
from console.__main__ import main
sys.exit(main())
"""
"""No file may grow beyond so many bytes: a disk that is full, for one process."""


def limited(world, size: int, *words: str, stdin: str = ""):
    """One command for which the disk is full once a file reaches `size` bytes."""
    from tests.bad_input.conftest import Answer

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env=world.environment(PYTHONDONTWRITEBYTECODE="1"),
    )
    return world.checked(Answer(done.returncode, done.stdout, done.stderr), "--json" in words)


def cache_of(world):
    return Connections(world.home).cache_path("demo")


# -- no room ----------------------------------------------------------------------------------------------------


@UNIX
@pytest.mark.parametrize("size", [150_000, 300_000, 450_000, 550_000, 600_000, 700_000])
def test_a_disk_that_fills_in_the_middle_of_a_pass_is_told_and_the_next_pass_goes_on(world, size):
    """Wherever it fills: while reading, planning, or between a write and its entry in the journal."""
    answer = limited(world, size, "sync", "demo", "--json")
    if answer.code in (0, 3):
        assert size >= 550_000, "it never filled"
    else:
        assert answer.code == 1, answer
        error = answer.json["error"]
        assert error["category"] == "store"
        assert "room" in error["message"] or "disk" in error["message"]
        assert "space" in error["advice"] or "room" in error["advice"]
        assert str(world.home) in error["message"]
    world.once_each()
    world.in_step()


@UNIX
@pytest.mark.parametrize("size", [0, 100, 5_000, 40_000, 90_000])
def test_connecting_without_room_leaves_nothing_behind(bare, size):
    org = bare.org_picture()
    answer = limited(bare, size, "connect", "demo", *bare.words(), "--json", stdin=bare.stdin)
    assert answer.code == 1, answer
    assert answer.json["error"]["category"] == "store"
    assert bare.files() <= {"connections"}
    assert bare.org_picture() == org
    bare.connect()


@UNIX
@pytest.mark.parametrize("size", [0, 100, 600, 5_000])
def test_connecting_again_without_room_leaves_the_old_connection_as_it_was(world, size):
    world.in_step()
    assert world.run("disconnect", "demo", "--yes").code == 0
    before = {
        path: path.read_bytes()
        for path in world.home.rglob("*")
        if path.is_file() and "cache" not in path.name
    }
    token = world.fresh_token()
    answer = limited(
        world, size, "connect", "demo", *world.words(), "--json", stdin=f"{token}\n{world.key}\n"
    )
    assert answer.code == 1, answer
    after = {
        path: path.read_bytes()
        for path in world.home.rglob("*")
        if path.is_file() and "cache" not in path.name
    }
    assert after == before
    assert world.run("status", "demo", "--json").json["state"] == "disconnected"
    again = world.run("connect", "demo", *world.words(), "--json", stdin=f"{token}\n{world.key}\n")
    assert again.code == 0, again
    assert world.in_step()["changes"]["applied"] == 0, "its links were taken up"


@UNIX
def test_a_plan_and_a_receipt_without_room_are_told_and_no_part_of_them_is_left(world, tmp_path):
    target = tmp_path / "out" / "plan.json"
    target.parent.mkdir()
    world.run("sync", "demo")
    world.add_customer()
    size = cache_of(world).stat().st_size
    answer = limited(world, 100, "plan", "demo", "--json", "--out", str(target))
    assert answer.code == 1
    assert size == cache_of(world).stat().st_size
    assert list(target.parent.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux's disk that is always full")
@pytest.mark.parametrize("words", [("status", "demo"), ("accounts", "demo"), ("plan", "demo"), ("doctor",)])
@pytest.mark.parametrize("as_json", [True, False])
def test_an_answer_that_can_not_be_written_is_a_failure_and_said_on_the_other_stream(world, words, as_json):
    world.run("sync", "demo")
    with open("/dev/full", "w") as full:
        process = world.start(*words, *(["--json"] if as_json else []), stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no space left on device" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


# -- locked -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("sync", "--once"), ("sync", "--watch"), ("plan",), ("import",)])
def test_a_cache_that_another_console_writes_is_told_with_who_and_left_alone(world, command):
    world.run("sync", "demo")
    org_id = world.handout["salesforce"]["org_id"]
    with Cache.open(cache_of(world), org_id=org_id, holder="syncing for a test"), world.untouched():
        said = world.refused(command[0], "demo", *command[1:], code=1, category="store")
        assert f"process {os.getpid()}" in said
        assert "syncing for a test" in said
        for looking in ("status", "accounts", "problems"):
            assert world.run(looking, "demo", "--json").code == 0
    world.in_step()


def test_leaving_beside_a_running_sync_stops_at_its_first_step(world):
    org_id = world.handout["salesforce"]["org_id"]
    with Cache.open(cache_of(world), org_id=org_id, holder="syncing for a test"), world.untouched():
        answer = world.run("disconnect", "demo", "--yes", "--json")
        assert answer.code == 1
        assert [step["state"] for step in answer.json["steps"]] == ["failed"] + ["waiting"] * 8
        assert "another console" in answer.json["steps"][0]["detail"]
    assert world.token_works(world.token)


def test_two_passes_at_once_make_everything_once(world):
    """Started together: one writes, the other is told; whoever comes later finds it done."""
    world.control("POST", "salesforce/options", {"latency_ms": 100})
    both = [world.start("sync", "demo", "--json") for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    codes = sorted(process.returncode for process in both)
    for out, err in said:
        assert "Traceback" not in err
        json.loads(out)
    if 1 in codes:
        refusal = next(
            json.loads(out)["error"]
            for (out, _), process in zip(said, both, strict=True)
            if process.returncode == 1
        )
        assert "in use by another console" in refusal["message"]
    assert set(codes) <= {0, 1, 3}
    assert codes != [1, 1]
    world.control("POST", "salesforce/options", {"latency_ms": 0})
    world.in_step()


def test_a_console_that_was_killed_is_not_in_the_way(world):
    world.fault("salesforce", "STALL", share=1.0, skip=4)
    process = world.start("sync", "demo", "--json")
    try:
        _until(lambda: world.control("GET", "salesforce/faults")["faults"][0]["struck"])
    finally:
        process.kill()
        process.communicate(timeout=30)
    world.heal()
    assert cache_of(world).with_name("cache.db.holder").exists()
    world.in_step()
    assert not cache_of(world).with_name("cache.db.holder").exists()


def _until(condition, seconds: float = 60.0) -> None:
    import threading
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)


# -- damaged ----------------------------------------------------------------------------------------------------


def garbage(path) -> None:
    path.write_bytes(b"\xa5\x5a" * 50_000)


def overwritten(path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * 65_536)


def cut(path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def another_database(path) -> None:
    path.unlink()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE x (y)")
    database.commit()
    database.close()


@pytest.mark.parametrize("damage", [garbage, overwritten, cut, another_database])
def test_a_damaged_cache_is_told_not_touched_and_built_anew_once_it_is_moved_away(world, tmp_path, damage):
    world.in_step()
    path = cache_of(world)
    for beside in path.parent.glob("cache.db-*"):
        beside.unlink()
    damage(path)
    damaged = path.read_bytes()
    with world.untouched():
        said = world.refused("sync", "demo", code=1, category="store")
        world.refused("plan", "demo", code=1, category="store")
    assert str(path) in said
    assert "ove " in said, "how to go on"
    assert path.read_bytes() == damaged, "nothing is lost that a person might still want"
    assert world.run("doctor", "--json").code in (0, 1)
    shutil.move(path, tmp_path / "moved.db")
    rebuilt = world.run("sync", "demo", "--json")
    assert rebuilt.code in (0, 3)
    assert rebuilt.json["changes"]["applied"] == 0, "what both sides agree on is found, not written again"
    world.in_step()


@pytest.mark.parametrize("command", ["status", "accounts", "problems"])
def test_looking_into_garbage_is_a_sentence(world, command):
    world.run("sync", "demo")
    garbage(cache_of(world))
    assert "Move the file away" in world.refused(command, "demo", code=1, category="store")


def test_a_connection_that_never_synced_can_be_looked_at(world):
    for command in ("status", "accounts", "problems"):
        assert world.run(command, "demo", "--json").code == 0
    cache_of(world).unlink()
    assert world.run("status", "demo", "--json").json["accounts"] == {}
    assert "Sync this connection once" in world.refused("accounts", "demo", code=1, category="store")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"name": "demo", "org_id": 5}', '{"name": "demo", "api_version": "\\u001b[31m"}'],
)
@pytest.mark.parametrize("command", ["sync", "status", "disconnect"])
def test_damaged_settings_are_told_with_their_file(world, text, command):
    path = world.home / "connections" / "demo" / "settings.json"
    path.write_text(text)
    with world.untouched():
        said = world.refused(command, "demo", code=1, category="store")
    assert "damaged" in said
    assert str(path) in said
    assert path.read_text() == text


def test_damaged_credentials_are_told(world):
    path = world.home / "connections" / "demo" / "practice-credentials.json"
    path.write_text("{")
    with world.untouched():
        assert "credentials" in world.refused("sync", "demo", code=1, category="store")


def test_a_connection_that_can_not_be_saved_keeps_receipts_and_history_of_the_name(world, tmp_path):
    """The settings were lost, the rest of the folder was not."""
    world.in_step()
    folder = world.home / "connections" / "demo"
    (folder / "settings.json").unlink()
    (folder / "receipt-1.md").write_text("kept")
    renewed = world.control("POST", "salesforce/org", {"new_id": True})["access_token"]
    answer = world.run("connect", "demo", *world.words(), "--json", stdin=f"{renewed}\n{world.key}\n")
    assert answer.code == 1
    assert answer.json["error"]["category"] == "conflict"
    assert (folder / "receipt-1.md").read_text() == "kept"
    assert (folder / "cache.db").stat().st_size > 100_000
    assert not (folder / "settings.json").exists()
    assert (
        not (folder / "practice-credentials.json").exists()
        or renewed not in (folder / "practice-credentials.json").read_text()
    )
