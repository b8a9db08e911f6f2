"""Refresh-token rotation with real processes: several that refresh at once, and some that are killed while they do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from console.errors import SignInNeeded
from console.salesforce.signing_in.renewing import token_source
from console.salesforce.signing_in.session_record import RecordFile
from console.salesforce.signing_in.tokens import TokenSource
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from tests.clients.rehearsed import Stage

NAME = "practice"
PROCESS = """
import sys
from pathlib import Path
from console.salesforce.signing_in.renewing import token_source
from console.salesforce.signing_in.session_record import RecordFile
from console.secrets import Secrets
from console.settings import Connections

root, rejected, stop_at = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def stops(where, method):
    def stopped(*args, **more):
        if where == stop_at:
            print("here", flush=True)
            sys.stdin.read()
        return method(*args, **more)
    return stopped

class Watched(Secrets):
    def set(self, name, kind, value):
        return stops(kind, super().set)(name, kind, value)

RecordFile.renewed = stops("record", RecordFile.renewed)
connections = Connections(root)
source = token_source(connections.load("practice"), connections, Watched(connections, find_keyring=lambda: None))
print("ready", flush=True)
sys.stdin.readline()
source.renew(rejected)
print("done", flush=True)
"""


@pytest.fixture
def rotating(fresh_stage: Stage, connections: Connections) -> Stage:
    """An org that rotates refresh tokens, and a practice connection that is signed in to it."""
    fresh_stage.tell("POST", "/salesforce/options", refresh_token_rotation=True)
    tokens, _ = fresh_stage.sign_in()
    org = fresh_stage.salesforce
    connections.save(
        ConnectionSettings(
            name=NAME,
            environment="rehearsal",
            login_url=org["login_url"],
            instance_url=org["instance_url"],
            client_id=org["client_id"],
            alguna_url=fresh_stage.alguna["base_url"],
        )
    )
    here(connections).keep(tokens)
    return fresh_stage


def secrets(connections: Connections) -> Secrets:
    return Secrets(connections, find_keyring=lambda: None)


def here(connections: Connections) -> TokenSource:
    """The tokens as a console that has just started sees them."""
    return token_source(connections.load(NAME), connections, secrets(connections))


def start(connections: Connections, rejected: str, stop_at: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(connections.root.parent), rejected, stop_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed_at(connections: Connections, rejected: str, stop_at: str) -> None:
    """A process that dies by SIGKILL right before it saves something."""
    with start(connections, rejected, stop_at) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL


def refreshes(stage: Stage) -> int:
    return stage.calls("salesforce", "POST /services/oauth2/token")


def test_processes_that_are_rejected_together_refresh_once_and_all_go_on(
    rotating: Stage, connections: Connections
) -> None:
    old = here(connections).current()
    before = refreshes(rotating)
    with ExitStack() as running:
        processes = [running.enter_context(start(connections, old)) for _ in range(4)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "done\n"
    assert refreshes(rotating) - before == 1
    with rotating.org(tokens=here(connections)) as org:
        assert org.organization().id == rotating.salesforce["org_id"]


def test_a_process_killed_with_the_answer_in_its_hands_leaves_a_call_for_sign_in(
    rotating: Stage, connections: Connections
) -> None:
    old = here(connections).current()
    killed_at(connections, old, "salesforce_refresh")
    sent = refreshes(rotating)
    for _ in range(2):
        with pytest.raises(SignInNeeded, match="interrupted") as caught:
            here(connections).renew(old)
        assert caught.value.code == "refresh_lost"
    assert refreshes(rotating) == sent, "the old refresh token must never be sent again"


def test_a_process_killed_after_the_new_refresh_token_was_saved_is_gone_on_from(
    rotating: Stage, connections: Connections
) -> None:
    old = here(connections).current()
    killed_at(connections, old, "salesforce_access")
    renewed = here(connections).renew(old)
    with rotating.org(renewed) as org:
        assert org.organization().id == rotating.salesforce["org_id"]


def test_a_process_killed_after_both_were_saved_costs_no_refresh(
    rotating: Stage, connections: Connections
) -> None:
    old = here(connections).current()
    killed_at(connections, old, "record")
    sent = refreshes(rotating)
    assert here(connections).renew(old) != old
    assert refreshes(rotating) == sent
    again = here(connections)
    assert again.renew(again.current()) != old


def test_a_new_sign_in_ends_the_call_for_one(rotating: Stage, connections: Connections) -> None:
    old = here(connections).current()
    killed_at(connections, old, "salesforce_refresh")
    tokens, _ = rotating.sign_in()
    here(connections).keep(tokens)
    assert here(connections).current() == tokens.access_token
    assert here(connections).renew(tokens.access_token) != tokens.access_token


def test_where_the_org_is_known_to_keep_refresh_tokens_a_killed_process_costs_nothing(
    rotating: Stage, connections: Connections
) -> None:
    rotating.tell("POST", "/salesforce/options", refresh_token_rotation=False)
    source = here(connections)
    second = source.renew(source.current())
    killed_at(connections, second, "salesforce_refresh")
    with rotating.org(here(connections).renew(second)) as org:
        assert org.organization().id == rotating.salesforce["org_id"]


def test_the_record_on_disk_holds_no_token(rotating: Stage, connections: Connections) -> None:
    old = here(connections).current()
    killed_at(connections, old, "salesforce_refresh")
    folder: Path = connections.folder(NAME)
    told = (folder / "session.json").read_text()
    held = secrets(connections)
    assert json.loads(told)["sending"]
    for kind in ("salesforce_access", "salesforce_refresh"):
        token = held.get(NAME, kind)  # type: ignore[arg-type]
        assert token
        assert token[:20] not in told
    record = RecordFile(folder / "session.json").read()
    assert record.unfinished(held.get(NAME, "salesforce_refresh") or "", old)
