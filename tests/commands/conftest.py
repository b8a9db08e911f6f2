"""The command line as a script uses it: arguments and standard input in, standard output and an exit code out."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.cli import main
from console.rehearsal.server import Rehearsal
from console.secrets import Secrets
from tests.answer import Answer
from tests.outside import Outside

Run = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALGUNA_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(Secrets.__init__.__kwdefaults__, "find_keyring", lambda: None)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("sync", "demo", "--json", stdin="...")``."""

    def command(*words: str, stdin: str = "") -> Answer:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(words, lambda desk: 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands-world")
    with Rehearsal(state=folder, customers=40):
        pass
    return folder


@dataclass(frozen=True)
class World(Outside):
    """A rehearsal and the words that connect to it."""

    rehearsal: Rehearsal

    @property
    def words(self) -> list[str]:
        org, alguna = self.rehearsal.handout["salesforce"], self.rehearsal.handout["alguna"]
        return [
            "--login-url", org["login_url"], "--instance-url", org["instance_url"], "--client-id", org["client_id"],
            "--alguna-url", alguna["base_url"], "--access-token-stdin", "--alguna-key-stdin",
        ]  # fmt: skip

    @property
    def stdin(self) -> str:
        handout = self.rehearsal.handout
        return f"{handout['salesforce']['access_token']}\n{handout['alguna']['api_key']}\n"


@pytest.fixture
def world(made_world: Path, tmp_path: Path) -> Iterator[World]:
    shutil.copytree(made_world, tmp_path / "state")
    with Rehearsal(state=tmp_path / "state") as rehearsal:
        made = World(rehearsal)
        made.control("POST", "alguna/options", {"rate_limit": 1_000_000})
        yield made


@pytest.fixture
def connected(run: Run, world: World) -> World:
    """A connection named demo, set up, everything imported, not synced yet."""
    answer = run("connect", "demo", *world.words, "--import", "all", "--set-up", "--json", stdin=world.stdin)
    assert answer.code == 0, answer
    return world
