"""Things that go wrong, met through the command line: every answer is held to what a person must never see.

Each command that a test runs is checked for traces, secrets and signs that act on a terminal, whatever the test is about.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import httpx
import pytest

from console.cli import main
from console.rehearsal.server import Rehearsal
from console.secrets import Secrets
from tests.answer import Answer
from tests.outside import Outside
from tests.person import sign_in

CUSTOMERS = 24
CONSOLE = [sys.executable, "-m", "console"]
BESIDE = ("cache.db-shm", "cache.db-wal", "token.lock")
"""What SQLite and the renewal of a session lay beside a cache."""
JOINERS = "\u200c\u200d"


def acting(text: str) -> set[str]:
    """Signs in a text that would act on a terminal."""
    return {
        hex(ord(sign))
        for sign in text
        if sign != "\n"
        and sign not in JOINERS
        and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


@dataclass
class World(Outside):
    """A rehearsal, a home of its own, and the command line in between."""

    rehearsal: Rehearsal = field(repr=False)
    home: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    never_shown: set[str] = field(default_factory=set, repr=False)

    # --- the command line --------------------------------------------------------------------------------------

    def run(self, *words: str, stdin: str = "") -> Answer:
        """One command in this process."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        code = main(words, lambda desk: 0)
        said = self.capsys.readouterr()
        return self.checked(Answer(code, said.out, said.err), "--json" in words)

    def checked(self, answer: Answer, as_json: bool) -> Answer:
        """The answer, once nothing is in it that must not be."""
        said = answer.out + answer.err
        assert "Traceback" not in said, said
        assert not [secret for secret in self.never_shown if secret in said]
        assert not acting(said), acting(said)
        if as_json:
            for line in answer.out.splitlines():
                json.loads(line)
        return answer

    def refused(self, *words: str, code: int, category: str, stdin: str = "") -> str:
        """The command fails, as a sentence for people and as JSON for programs; returns that sentence with its advice."""
        told = self.run(*words, "--json", stdin=stdin)
        assert told.code == code, told
        error = told.json["error"]
        assert error["category"] == category, error
        assert error["message"].endswith((".", "?")), error
        assert error["advice"], error
        shown = self.run(*words, stdin=stdin)
        assert shown.code == code
        assert shown.out == ""
        assert shown.err.endswith(f"{error['message']}\n{error['advice']}\n") or (
            f"{error['message']}\n{error['advice']}\n" in shown.err
        )
        return f"{error['message']} {error['advice']}"

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """One command in a process of its own; end it."""
        return subprocess.Popen(
            [*CONSOLE, *words],
            env=self.environment(),
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                **options,
            },
        )

    def environment(self, **more: str) -> dict[str, str]:
        """For a process of its own: this home, and streams as they are by default."""
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return {**plain, "ALGUNA_CONSOLE_HOME": str(self.home), "PYTHONFAULTHANDLER": "1", **more}

    # --- connecting --------------------------------------------------------------------------------------------

    @property
    def handout(self) -> Any:
        return self.rehearsal.handout

    @property
    def token(self) -> str:
        return str(self.handout["salesforce"]["access_token"])

    @property
    def key(self) -> str:
        return str(self.handout["alguna"]["api_key"])

    @property
    def stdin(self) -> str:
        return f"{self.token}\n{self.key}\n"

    def words(self, **instead: str) -> list[str]:
        """Options of ``connect`` that lead to this rehearsal, some of them replaced."""
        org, alguna = self.handout["salesforce"], self.handout["alguna"]
        options = {
            "login_url": org["login_url"],
            "instance_url": org["instance_url"],
            "client_id": org["client_id"],
            "alguna_url": alguna["base_url"],
            **instead,
        }
        named = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        return [*named, "--access-token-stdin", "--alguna-key-stdin"]

    def browser_words(self) -> list[str]:
        """Options of ``connect`` that sign in with the browser."""
        org, alguna = self.handout["salesforce"], self.handout["alguna"]
        return [
            "--login-url", org["login_url"], "--client-id", org["client_id"], "--alguna-url", alguna["base_url"],
            "--browser", "--alguna-key-stdin",
        ]  # fmt: skip

    def connect(self, name: str = "demo", *extra: str) -> Answer:
        answer = self.run(
            "connect", name, *self.words(), "--import", "all", *extra, "--json", stdin=self.stdin
        )
        assert answer.code == 0, answer
        return answer

    def fresh_token(self) -> str:
        """An access token of a new sign-in, as a person would fetch one."""
        from console.salesforce.signing_in.loopback import CallbackServer
        from console.salesforce.signing_in.oauth import OAuth, new_proof, new_state

        org = self.handout["salesforce"]
        oauth, proof, state = OAuth(org["login_url"], org["client_id"]), new_proof(), new_state()
        with CallbackServer(state, ports=(0,)) as server:
            address = oauth.authorize_url(
                redirect_uri=server.redirect_uri, state=state, challenge=proof.challenge
            )
            sign_in(address, org["username"], org["password"])
            code = server.wait(20)
        token = oauth.exchange(code, verifier=proof.verifier, redirect_uri=server.redirect_uri).access_token
        self.never_shown.add(token)
        return token

    def token_works(self, token: str) -> bool:
        address = f"{self.handout['salesforce']['instance_url']}/services/data/v62.0/limits"
        answer = httpx.get(address, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    # --- both systems, as they are -----------------------------------------------------------------------------

    def fault(self, service: str, error: str, **how: Any) -> None:
        self.control("POST", f"{service}/faults", {"error": error, **how})

    def heal(self) -> None:
        self.control("DELETE", "salesforce/faults")
        self.control("DELETE", "alguna/faults")

    def fields(self) -> set[str]:
        """Our custom fields that the org has."""
        from console.domain.fields import CUSTOM_FIELDS

        def there(name: str) -> bool:
            try:
                self.query(f"SELECT {name} FROM Account LIMIT 1")
            except HTTPError as error:
                error.close()
                return False
            return True

        return {each.api_name for each in CUSTOM_FIELDS if there(each.api_name)}

    def org_picture(self) -> Any:
        """Every record of the org that a sync or a set-up could touch, with its stamp."""
        return [
            self.query(f"SELECT Id, SystemModstamp FROM {sobject} ORDER BY Id")
            for sobject in (
                "Account",
                "Contact",
                "PermissionSet",
                "FieldPermissions",
                "PermissionSetAssignment",
            )
        ]

    def alguna_writes(self) -> dict[str, int]:
        calls = self.control("GET", "alguna/calls")["by_call"]
        return {call: count for call, count in calls.items() if not call.startswith("GET")}

    def files(self) -> set[str]:
        """Every file and folder of the home."""
        return (
            {str(path.relative_to(self.home)) for path in self.home.rglob("*")}
            if self.home.exists()
            else set()
        )

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """What happens inside leaves the org, Alguna and the files of the home as they were."""
        org, files = self.org_picture(), self.files()
        self.control("POST", "alguna/calls/reset")
        yield
        assert self.org_picture() == org
        assert self.alguna_writes() == {}
        assert {name for name in self.files() if not name.endswith(BESIDE)} == {
            name for name in files if not name.endswith(BESIDE)
        }

    def once_each(self) -> int:
        """Every account that carries a customer's id is the only one, and has no contact twice; returns how many."""
        accounts = self.query(
            "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null"
        )
        ids = [account["Alguna_Customer_ID__c"] for account in accounts]
        assert len(ids) == len(set(ids))
        for account in accounts:
            contacts = self.query(
                f"SELECT Email FROM Contact WHERE AccountId = '{account['Id']}' AND Email != null"
            )
            emails = [contact["Email"] for contact in contacts]
            assert len(emails) == len(set(emails)), emails
        return len(ids)

    def in_step(self) -> dict[str, Any]:
        """Sync twice: the first goes on where the trouble ended, the second finds nothing to do. Returns the first."""
        first = self.run("sync", "demo", "--json")
        assert first.code in (0, 3), first
        second = self.run("sync", "demo", "--json")
        assert second.json["changes"] == {"planned": 0, "applied": 0, "refused": 0, "stale": 0}, second
        assert self.once_each() > 10
        return dict(first.json)

    def account(self, ident: str) -> dict[str, Any]:
        return dict(self.run("account", "demo", ident, "--json").json)

    def add_customer(self, **fields: Any) -> str:
        """Somebody creates a customer in Alguna; complete unless `fields` say otherwise."""
        return str(self.control("POST", "alguna/customers", {**COMPLETE, **fields})["id"])


COMPLETE: dict[str, Any] = {
    "name": "Tinware & Sons",
    "currency": "USD",
    "billing_address": {
        "line1": "1 Main Street",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "country": "USA",
    },
    "contacts": [
        {"email": "ada@tinware-sons.example", "first_name": "Ada", "last_name": "Tin", "is_primary": True}
    ],
}

Make = Callable[..., World]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    """Filled state directories, copied for each test: as they are delivered, or with the org set up already."""
    made: dict[bool, Path] = {}

    def state(set_up: bool) -> Path:
        if set_up not in made:
            folder = tmp_path_factory.mktemp("bad-input")
            with Rehearsal(state=folder, customers=CUSTOMERS) as rehearsal:
                if set_up:
                    _set_up(rehearsal)
            made[set_up] = folder
        return made[set_up]

    return state


def _set_up(rehearsal: Rehearsal) -> None:
    from console.guide.signing_in import Given
    from console.salesforce.client import SalesforceClient
    from console.salesforce.setup import apply_setup, plan_setup

    org = rehearsal.handout["salesforce"]
    with SalesforceClient(org["instance_url"], Given(org["access_token"])) as client:
        apply_setup(client, plan_setup(client))


@pytest.fixture
def make_world(
    states: Callable[[bool], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Make]:
    running: list[Rehearsal] = []

    def make(*, set_up: bool) -> World:
        shutil.copytree(states(set_up), tmp_path / "state")
        rehearsal = Rehearsal(state=tmp_path / "state")
        rehearsal.start()
        running.append(rehearsal)
        home = tmp_path / "home"
        monkeypatch.setenv("ALGUNA_CONSOLE_HOME", str(home))
        monkeypatch.setitem(Secrets.__init__.__kwdefaults__, "find_keyring", lambda: None)
        world = World(rehearsal, home, capsys, monkeypatch)
        world.never_shown = {world.token, world.key, str(world.handout["salesforce"]["password"])}
        world.control("POST", "alguna/options", {"rate_limit": 1_000_000})
        return world

    yield make
    for rehearsal in running:
        rehearsal.stop()


@pytest.fixture
def bare(make_world: Make) -> World:
    """An org that was not set up, and nothing connected."""
    return make_world(set_up=False)


@pytest.fixture
def world(make_world: Make) -> World:
    """An org that was set up, and a connection named demo, which was never synced."""
    made = make_world(set_up=True)
    made.connect()
    return made
