"""Two consoles on one connection, in two real processes: the second looks on, live, and goes on when the first has gone."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from console.domain.records import State
from console.errors import UsageError
from console.guide.connection import OpenConnection
from console.store.lock import held_elsewhere, is_free
from console.sync.events import Counts, RunFinished, Waiting
from tests.practising import Ear

FIRST = """
import sys, threading
from pathlib import Path
from console.guide.connection import OpenConnection
from console.secrets import Secrets
from console.settings import Connections
from console.sync.events import RunFinished
connections = Connections(Path(sys.argv[1]))
connection = OpenConnection(connections.load(sys.argv[2]), connections, Secrets(connections, find_keyring=lambda: None))
connection.subscribe(lambda event: print("pass", flush=True) if isinstance(event, RunFinished) else None)
print("open", connection.facts().read_only, flush=True)
for line in sys.stdin:
    connection.sync_now()
connection.close()
"""


class First:
    """The console that came first, in a process of its own."""

    def __init__(self, home, name):
        self.process = subprocess.Popen(
            [sys.executable, "-c", FIRST, str(home), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait("open")

    def wait(self, word):
        for line in self.process.stdout:
            if line.startswith(word):
                return line
        raise AssertionError(f"it ended with {self.process.wait()}")

    def sync(self):
        self.process.stdin.write("sync\n")
        self.process.stdin.flush()
        self.wait("pass")

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.process.stdout.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def first(bench):
    name = bench.connected()
    bench.desk._stop(name)
    running = First(bench.home, name)
    running.wait("pass")
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.fixture
def second(bench, first):
    connection = OpenConnection(bench.connections.load("practice"), bench.connections, bench.secrets)
    yield connection
    connection.close()


def names(connection):
    grid = connection.grid()
    try:
        return {row.name for row in grid.page(0, grid.arrange())}
    finally:
        grid.close()


def test_the_second_says_who_holds_it_since_when_and_doing_what_and_writes_nothing(bench, first, second):
    facts = second.facts()
    for words in (f"process {first.process.pid} on ", "since 20", "syncing"):
        assert words in facts.read_only
        assert words in facts.held_by
    assert "goes on by itself" in facts.read_only
    for write in (second.retry, second.audit):
        with pytest.raises(UsageError) as refused:
            write()
        assert refused.value.message == facts.read_only
    second.sync_now()
    second.resume()
    assert second.paused()


def test_what_the_first_writes_shows_in_the_second_as_it_happens(bench, first, second):
    ear = Ear(second)
    before = ear.wait_for(Counts).states
    made = {"name": "Seen From Aside Ltd", "currency": "USD"}
    bench.control("POST", "alguna/customers", made)
    first.sync()
    ear.until(lambda: "Seen From Aside Ltd" in names(second))
    ear.until(lambda: [e for e in ear.events if isinstance(e, Counts)][-1].states != before)
    ear.until(lambda: [e for e in ear.events if isinstance(e, RunFinished)])
    assert second.facts().last_sync_at
    assert second.facts().read_only


@pytest.mark.parametrize("how", ["end", "kill"])
def test_when_the_first_goes_away_the_second_goes_on_by_itself_and_says_so(bench, first, second, how):
    ear = Ear(second)
    getattr(first, how)()
    ear.until(lambda: not second.facts().read_only)
    told = [event.reason for event in ear.events if isinstance(event, Waiting)]
    assert any("this one syncs now" in reason for reason in told)
    ear.until(lambda: [e for e in ear.events if isinstance(e, RunFinished)])
    assert not second.paused()
    assert second.facts().held_by == ""


def test_closing_the_one_that_looks_on_leaves_the_first_alone(bench, first, second):
    second.close()
    first.sync()
    assert str(first.process.pid) in held_elsewhere(bench.connections.cache_path("practice"))
    assert not is_free(bench.connections.cache_path("practice"))
    first.end()
    assert is_free(bench.connections.cache_path("practice"))


def run(bench, *words, expect):
    """A command beside the first console, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "console", *words, "--json"],
        env={**os.environ, "ALGUNA_CONSOLE_HOME": str(bench.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in expect, (words, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


READING = (("status",), ("accounts",), ("problems",), ("account", "ID"))
WRITING = (
    ("sync",),
    ("sync", "--watch"),
    ("plan",),
    ("audit",),
    ("decide", "ID", "--leave"),
    ("retry",),
    ("disconnect", "--yes"),
)


def test_commands_that_only_read_work_beside_it_and_those_that_write_say_who_holds_it(bench, first):
    with_cache = OpenConnection(
        bench.connections.load("practice"), bench.connections, bench.secrets, start=False
    )
    grid = with_cache.grid()
    grid.arrange(state=State.IN_SYNC)
    ident = grid.page(0, 1)[0].customer_id
    grid.close()
    with_cache.close()

    def words(command):
        name, *rest = (ident if word == "ID" else word for word in command)
        return (name, "practice", *rest)

    for command in READING:
        assert run(bench, *words(command), expect=(0,))
    for command in WRITING:
        (told,) = run(bench, *words(command), expect=(1,))
        said = json.dumps(told)
        assert f"process {first.process.pid} on " in said, (command, said)
        assert "syncing" in said, (command, said)
    first.sync()


def test_while_it_is_being_opened_again_nothing_is_taken_over(bench, first, second):
    """Whoever restarts or closes the connection goes before the thread that looks on."""
    standing = threading.active_count()
    with second._changing:
        first.end()
        assert second._take_over() is False
    ear = Ear(second)
    ear.until(lambda: not second.facts().read_only)
    assert threading.active_count() < standing + 40
