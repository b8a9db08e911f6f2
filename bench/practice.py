"""A rehearsal in a process of its own, and a console connected with it: commands, as a person would give them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from bench.measure import NotMade

ROOT = Path(__file__).parent.parent
NAME = "bench"
UNLIMITED = 1_000_000
"""Requests a second that the practice account allows, and a day that the org does: their usual ones would measure patience."""
DONE = (0, 3)
"""Exit codes of a sync that went through; 3: some customers wait for a person."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a sync."""

    salesforce_calls: int
    """As the client and the org counted them: both the same."""
    applied: int
    waiting: int
    peak: int
    """Bytes of resident memory at most."""


class Practice:
    """A connected console.

    :param folder: where the console's files, its connection's cache among them, are kept.
    """

    def __init__(self, handout: Mapping[str, Any], folder: Path) -> None:
        self.handout = handout
        self.seconds = 0.0
        """How long the last pass took, as it says itself."""
        self._folder = folder
        self._settings = folder / "home" / "connections" / NAME / "settings.json"
        self._environment = {**os.environ, "ALGUNA_CONSOLE_HOME": str(folder / "home")}

    def connect(self) -> None:
        """Connect, set the org up, and take every customer in. :raises NotMade: it was refused."""
        org, alguna = self.handout["salesforce"], self.handout["alguna"]
        self.lift_limits()
        command = ["connect", NAME, "--instance-url", org["instance_url"], "--alguna-url", alguna["base_url"]]
        command += ["--access-token-stdin", "--alguna-key-stdin", "--set-up", "--import", "all", "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "console", *command],
            input=f"{org['access_token']}\n{alguna['api_key']}\n",
            capture_output=True, text=True, check=False, cwd=ROOT, env=self._environment,
        )  # fmt: skip
        if done.returncode:
            raise NotMade(f"The console could not connect: {last_words(done.stdout or done.stderr)}")
        self.choose(alguna_rate=UNLIMITED)  # it asks as fast as the account answers

    def point(self, ports: Mapping[str, int]) -> None:
        """Have the console talk to these ports of this computer."""
        org, alguna = (f"http://127.0.0.1:{ports[service]}" for service in ("salesforce", "alguna"))
        before = str(self.settings["alguna_url"])
        there = urlsplit(before)._replace(netloc=urlsplit(alguna).netloc).geturl()
        self.choose(instance_url=org, login_url=org, alguna_url=there)
        self.lift_limits()

    def lift_limits(self) -> None:
        """Let neither system hold anybody up: not by the second, and not by the day."""
        self.control("POST", "/alguna/options", {"rate_limit": UNLIMITED})
        self.control("POST", "/salesforce/options", {"daily_api_limit": UNLIMITED})

    @property
    def settings(self) -> Any:
        """The connection's settings as they are kept."""
        return json.loads(self._settings.read_text(encoding="utf-8"))

    def choose(self, **settings: Any) -> None:
        """Change some of them."""
        self._settings.write_text(json.dumps({**self.settings, **settings}), encoding="utf-8")

    def watch(self, log: IO[str], lines: IO[str] | int | None = None) -> subprocess.Popen[bytes]:
        """Pass after pass, in a process of its own; its lines go to `log`, or to `lines`. To be ended by the caller."""
        return self.start(["sync", NAME, "--watch", "--json"], log if lines is None else lines, log)

    def start(self, words: Sequence[str], out: IO[str] | int, err: IO[str] | int) -> subprocess.Popen[bytes]:
        """One command, in a process of its own. To be ended by the caller."""
        command = [sys.executable, "-m", "console", *words]
        return subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=self._environment)

    def run(self, *words: str) -> Any:
        """One command, in a process of its own, to its end: what it says as JSON. :raises NotMade: it failed."""
        process = self.start([*words, "--json"], subprocess.PIPE, subprocess.PIPE)
        out, err = (said.decode() for said in process.communicate())
        if process.returncode not in DONE:
            raise NotMade(f"{words[0]} ended with {process.returncode}: {last_words(out or err)}")
        return json.loads(out)

    def sync(self) -> Pass:
        """One pass, in a process of its own.

        :raises NotMade: it failed, or client and org disagree about how many calls it made.
        """
        self.control("POST", "/salesforce/calls/reset")
        output, talk = self._folder / "sync.json", self._folder / "sync.log"
        command = [sys.executable, "-m", "console", "sync", NAME, "--once", "--json"]
        with talk.open("w") as log:
            told = subprocess.run(
                [sys.executable, "-m", "bench.peak", str(output), *command],
                stdout=subprocess.PIPE, stderr=log, text=True, check=True, cwd=ROOT, env=self._environment,
            ).stdout  # fmt: skip
        used, words = json.loads(told), output.read_text()
        if used["code"] not in DONE:
            raise NotMade(f"The sync ended with {used['code']}: {last_words(words or talk.read_text())}")
        summary = json.loads(words)
        if summary["changes"]["refused"] or summary["changes"]["stale"]:
            raise NotMade(f"The sync was not a clean one: {summary['changes']}")
        self.seconds = float(summary["seconds"])
        mine = int(summary["calls"]["salesforce"])
        theirs = int(self.control("GET", "/salesforce/calls")["total"])
        if mine != theirs:
            raise NotMade(f"The client counted {mine} Salesforce calls, the org {theirs}.")
        return Pass(mine, summary["changes"]["applied"], sum(summary["waiting"].values()), used["bytes"])

    def accounts(self) -> int:
        """How many accounts the org holds, as it says itself."""
        found = self.control("GET", "/salesforce/query?q=SELECT+count()+FROM+Account")
        return int(found["totalSize"])

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call to the rehearsal's control address (docs/rehearsal.md). :raises NotMade: it does not answer."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(str(self.handout["control_url"]).rstrip("/") + path, data, method=method)
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
                return json.load(answer)
        except (URLError, TimeoutError) as failure:
            raise NotMade(f"The rehearsal's control address fails: {failure}") from failure


@contextmanager
def practice(customers: int, folder: Path, *, connect: bool = True) -> Iterator[Practice]:
    """A rehearsal with so many customers and an empty org, and a console connected with it; both end with the block.

    :param folder: an existing folder, for all their files.
    :param connect: False where the folder holds a world and a connection already.
    :raises NotMade: one of them does not come up.
    """
    options = ["--state", str(folder / "state")]
    if connect:
        options += ["--customers", str(customers), "--org", "empty"]
    talk = folder / "rehearsal.log"
    with (
        talk.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "console.rehearsal", "--serve", "--exit-with-parent", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise NotMade(f"The rehearsal did not start: {last_words(talk.read_text())}")
        try:
            made = Practice(json.loads(line), folder)
            if connect:
                made.connect()
            yield made
        finally:
            process.stdin.close()


def last_words(text: str) -> str:
    """The end of what a process said."""
    return " ".join(text.split())[-300:] or "it said nothing"
