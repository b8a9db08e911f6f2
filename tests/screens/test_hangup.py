"""A real console in a terminal that goes away: it ends, and nothing runs on in the background."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty")
pytestmark = pytest.mark.skipif(not hasattr(select, "poll"), reason="this system can't tell of hang-ups")


@pytest.fixture
def console(tmp_path):
    """(process, our end of its terminal) of a console that shows its first screen; the terminal is not its controlling one,
    so that no signal tells it of the end."""
    ours, its = pty.openpty()
    env = {
        **os.environ,
        "ALGUNA_CONSOLE_HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "console"], stdin=its, stdout=its, stderr=its, env=env, start_new_session=True
    )
    os.close(its)
    shown = b""
    deadline = time.monotonic() + 60
    while b"Connections" not in shown:
        assert time.monotonic() < deadline, shown
        ready, _, _ = select.select([ours], [], [], 1.0)
        if ready:
            shown += os.read(ours, 65536)
    yield process, ours
    process.kill()
    process.wait(10)


def test_it_ends_when_its_terminal_is_gone(console):
    process, ours = console
    os.close(ours)
    assert process.wait(30) == 129


def test_it_ends_when_it_is_told_of_a_hang_up(console):
    process, ours = console
    process.send_signal(signal.SIGHUP)
    try:
        assert process.wait(30) == 129
    finally:
        os.close(ours)
