"""Real processes on disks that can't be written, and with the other side gone: what is told, and that it goes on by itself."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from tests.answer import Answer
from tests.bad_input.conftest import CONSOLE, World

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are Linux's")
HEEDING = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Becomes another program for which permissions of files count, even for root:
https://man7.org/linux/man-pages/man2/prctl.2.html, https://man7.org/linux/man-pages/man7/capabilities.7.html"""
FILLING = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
sys.argv = ["alguna-console", *sys.argv[1:]]
from console.__main__ import main
sys.exit(main())
"""
"""No file may grow beyond 300 kB until somebody allows more."""


class Lines:
    """What a process that goes on says, line by line."""

    def __init__(self, process):
        self.process = process
        self.said = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def wait_for(self, condition, seconds=60.0):
        deadline = time.monotonic() + seconds
        while True:
            found = next((line for line in list(self.said) if condition(line)), None)
            if found is not None:
                return found
            assert time.monotonic() < deadline, self.said
            threading.Event().wait(0.02)

    def forget(self):
        self.said.clear()

    def end(self):
        self.process.terminate()
        self._reader.join()
        err = self.process.stderr.read()
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()
        assert "Traceback" not in err, err


def often(world) -> None:
    """Passes follow each other after a second."""
    path = world.home / "connections" / "demo" / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "interval_seconds": 1.0}))


def failed(line):
    return "error" in line


def passed(line):
    return "run" in line


# -- a disk that fills, and is freed --------------------------------------------------------------------------------


@LINUX
def test_watching_on_a_full_disk_tells_it_and_goes_on_by_itself_once_there_is_room(world):
    often(world)
    command = [sys.executable, "-c", FILLING, "sync", "demo", "--watch", "--json"]
    process = subprocess.Popen(
        command,
        env=world.environment(PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = Lines(process)
    try:
        error = lines.wait_for(failed)["error"]
        assert error["category"] == "store"
        assert "cache" in error["message"]
        assert "space" in error["advice"]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert lines.wait_for(passed)["changes"]["applied"] > 0
    finally:
        lines.end()
    world.in_step()


# -- a disk that is read-only ---------------------------------------------------------------------------------------


@contextmanager
def forbidden(world):
    """Every file and folder of the home may only be read."""
    paths = [world.home, *world.home.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(modes[path] & 0o555)
    try:
        yield [sys.executable, "-c", HEEDING]
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)


@contextmanager
def mounted_for_reading(world):
    """The home is a file system that is mounted for reading only, in a name space of the process's own."""
    script = f'mount --bind {world.home} {world.home} && mount -o remount,ro,bind {world.home} && exec "$@"'
    words = ["unshare", "-m", "sh", "-c", script, "sh"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer lets nobody mount")
    yield words


def said_by(world, before, *words):
    done = subprocess.run(
        [*before, *CONSOLE, *words], capture_output=True, text=True, timeout=60, check=False,
        env=world.environment(PYTHONDONTWRITEBYTECODE="1"),
    )  # fmt: skip
    return world.checked(Answer(done.returncode, done.stdout, done.stderr), "--json" in words)


@LINUX
@pytest.mark.parametrize("read_only", [forbidden, mounted_for_reading])
def test_on_a_disk_that_can_only_be_read_nothing_is_begun_and_what_is_known_can_still_be_seen(
    world, read_only
):
    world.in_step()
    customer_id = next(
        each["customer_id"]
        for each in world.run("accounts", "demo", "--json").lines
        if each["state"] == "in_sync"
    )
    world.add_customer(name="Not Written Down")
    for beside in (
        "cache.db-wal",
        "cache.db-shm",
    ):  # as the last writer leaves it; readers leave an empty log
        (world.home / "connections" / "demo" / beside).unlink(missing_ok=True)
    with world.untouched(), read_only(world) as before:
        unlink = ["decide", "demo", customer_id, "--unlink"]
        for command in (["sync", "demo"], ["sync", "demo", "--watch"], ["retry", "demo"], unlink):
            answer = said_by(world, before, *command, "--json")
            assert answer.code == 1, answer
            error = answer.json["error"]
            assert error["category"] == "store"
            assert str(world.home) in error["message"], error
            assert (
                "read" in error["message"].lower() + error["advice"].lower()
                or "permission" in error["message"].lower()
            )
            assert error["advice"], error
        for command in (
            ["status", "demo"],
            ["accounts", "demo"],
            ["problems", "demo"],
            ["account", "demo", customer_id],
        ):
            answer = said_by(world, before, *command, "--json")
            assert answer.code == 0, answer
    assert world.in_step()["changes"]["applied"] > 0


# -- the other side is gone -----------------------------------------------------------------------------------------


class Elsewhere:
    """A rehearsal in a process of its own, which can be gone for a while: always at the same ports, with the same state."""

    def __init__(self, state):
        self._state = state
        self._process = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.handout = None

    def start(self):
        command = [sys.executable, "-m", "console.rehearsal", "--serve", "--state", str(self._state)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port)], stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line:
            self.end()
            pytest.skip("the ports are taken by others just now")
        self.handout = json.loads(line)

    @property
    def control_url(self):
        return self.handout["control_url"]

    def send(self, number):
        self._process.send_signal(number)

    def end(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait(10)
        self._process.stdout.close()


@LINUX
@pytest.mark.long
def test_a_side_that_hangs_and_one_that_is_gone_are_told_and_waited_for(
    states, tmp_path, capsys, monkeypatch
):
    state, home = tmp_path / "state", tmp_path / "home"
    shutil.copytree(states(True), state)
    monkeypatch.setenv("ALGUNA_CONSOLE_HOME", str(home))
    elsewhere = Elsewhere(state)
    elsewhere.start()
    world = World(elsewhere, home, capsys, monkeypatch)
    lines = None
    try:
        world.connect()
        often(world)
        lines = Lines(world.start("sync", "demo", "--watch", "--json"))
        lines.wait_for(passed)
        elsewhere.send(signal.SIGSTOP)  # takes connections, and answers nothing
        lines.forget()
        error = lines.wait_for(failed, seconds=150)["error"]
        assert error["category"] == "unreachable"
        assert "127.0.0.1" in error["message"]
        assert error["advice"]
        elsewhere.send(signal.SIGCONT)
        lines.wait_for(passed)
        lines.forget()
        elsewhere.end()  # takes no connections any more
        error = lines.wait_for(failed)["error"]
        assert error["category"] == "unreachable"
        assert "127.0.0.1" in error["message"]
        elsewhere.start()
        customer_id = world.add_customer(name="Made While Nobody Looked")
        lines.wait_for(lambda line: passed(line) and line["changes"]["applied"])
    finally:
        if lines is not None:
            lines.end()
        found = world.query(f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{customer_id}'")
        world.in_step()
        elsewhere.end()
    assert [row["Name"] for row in found] == ["Made While Nobody Looked"]
