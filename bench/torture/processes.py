"""The two processes beside the rehearsal's: a console that syncs, to be killed, and somebody who edits."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from bench.measure import NotMade
from bench.practice import ROOT, Practice

LONGEST_LIFE = 6.0
"""Seconds after which a console is killed at the latest."""
CALLS = 30
"""A kill comes at most so many calls after the start, where it is not left to the clock."""


class Process(Protocol):
    """What can be killed."""

    @property
    def age(self) -> float: ...
    @property
    def alive(self) -> bool: ...


def wait_for_calls(console: Practice, rng: random.Random, process: Process) -> None:
    """Wait until one of both systems was called so often, or the process has ended, or was there for long."""
    service = rng.choice(("salesforce", "alguna"))
    target = _calls(console, service) + rng.randint(1, CALLS)
    while process.age < LONGEST_LIFE and process.alive and _calls(console, service) < target:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 0.03))


def _calls(console: Practice, service: str) -> int:
    return int(console.control("GET", f"/{service}/calls")["total"])


class Killable:
    """One command, killed when the block ends unless it ended by itself.

    :param talk: the file that all it says goes to.
    """

    def __init__(self, console: Practice, talk: Path, words: Sequence[str]) -> None:
        self._began = time.monotonic()
        self._talk = talk
        with talk.open("w") as log:
            self._process = console.start(words, log, log)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def __enter__(self) -> Killable:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        talk = self._talk.read_text(encoding="utf-8", errors="replace")
        if "Traceback" in talk:
            raise NotMade(f"The console ended with a traceback:\n{talk}")


class Syncing:
    """``alguna-console sync --watch``, and what it said when.

    :param talk: the file that its stderr goes to.
    """

    def __init__(self, console: Practice, talk: Path) -> None:
        self.began = time.monotonic()
        self.resumed: float | None = None
        """Seconds from the start of the process until its first pass was finished."""
        self.computed: float | None = None
        """Of these, what a processor worked for it: the rest is waiting, on a busy computer for a processor."""
        self.failures: list[dict[str, Any]] = []
        self._talk = talk
        with talk.open("w") as log:
            self._process = console.watch(log, subprocess.PIPE)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: nothing is told to it, nothing is waited for."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """Let it end by itself."""
        self._process.terminate()
        self._end()

    def _end(self) -> None:
        self._process.wait()
        self._reader.join()
        talk = self._talk.read_text(encoding="utf-8", errors="replace")
        if "Traceback" in talk:
            raise NotMade(f"The console ended with a traceback:\n{talk}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    said = json.loads(line)
                except ValueError:
                    return  # killed in the middle of a line
                if "error" in said:
                    self.failures.append(said["error"])
                elif self.resumed is None:
                    self.resumed = self.age
                    self.computed = _computed(self._process.pid)


def _computed(pid: int) -> float | None:
    """Seconds of processor time of a process, where that can be read (https://man7.org/linux/man-pages/man5/proc.5.html)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


class Editing:
    """``python -m bench.torture.editor``, and the edits that it told."""

    def __init__(self, console: Practice, *, seed: int, start: int, rate: float) -> None:
        self.edits: list[dict[str, Any]] = []
        command = [sys.executable, "-m", "bench.torture.editor"]
        command += ["--seed", str(seed), "--start", str(start), "--rate", str(rate)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._write(json.dumps(console.handout) + "\n")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def stop(self) -> list[dict[str, Any]]:
        """End it after the edit at hand; returns all edits in order.

        :raises NotMade: it ended by an error.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join()
        if self._process.wait():
            raise NotMade("The editor failed.")
        return self.edits

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.edits.append(json.loads(line))
