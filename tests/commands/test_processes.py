"""The real processes: one that serves, one that syncs, started and ended as a script does it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

CONSOLE = [sys.executable, "-m", "console"]


@pytest.fixture
def serving(tmp_path):
    """``rehearse --serve`` as a process of its own."""
    process = subprocess.Popen(
        [*CONSOLE, "rehearse", "--serve", "--customers", "12", "--state", str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        text=True,
    )
    handout = json.loads(process.stdout.readline())
    yield process, handout
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def test_the_serving_process_says_where_in_one_line_and_ends_when_told(serving):
    process, handout = serving
    assert set(handout) >= {"salesforce", "alguna", "pubsub", "control_url"}
    assert set(handout["salesforce"]) >= {
        "login_url", "instance_url", "username", "password", "client_id", "access_token", "org_id",
    }  # fmt: skip
    assert set(handout["alguna"]) >= {"base_url", "api_key"}
    assert "endpoint" in handout["pubsub"]
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 5


def test_connect_and_sync_in_processes_of_their_own_share_the_connection(serving, tmp_path):
    _, handout = serving
    org, alguna = handout["salesforce"], handout["alguna"]
    environment = {**os.environ, "ALGUNA_CONSOLE_HOME": str(tmp_path / "home")}

    def console(*words, stdin=""):
        return subprocess.run(
            [*CONSOLE, *words, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )

    connected = console(
        "connect", "demo", "--login-url", org["login_url"], "--instance-url", org["instance_url"],
        "--client-id", org["client_id"], "--alguna-url", alguna["base_url"], "--access-token-stdin",
        "--alguna-key-stdin", "--set-up", stdin=f"{org['access_token']}\n{alguna['api_key']}\n",
    )  # fmt: skip
    assert connected.returncode == 0, connected.stderr
    first = console("sync", "demo", "--once")
    assert first.returncode in (0, 3), first.stderr
    assert json.loads(first.stdout)["changes"]["applied"] > 0
    assert json.loads(console("sync", "demo", "--once").stdout)["changes"]["applied"] == 0


def test_the_version_and_the_commands_load_no_screens():
    code = (
        "import sys; sys.argv = ['alguna-console', 'doctor', '--json']\n"
        "from console.__main__ import main\n"
        "main()\n"
        "heavy = {'textual', 'screens', 'simple_salesforce', 'grpc'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    version = subprocess.run([*CONSOLE, "--version"], capture_output=True, text=True, timeout=60)
    assert version.stdout.startswith("alguna-console ")


def test_output_cut_off_by_the_reader_is_no_failure(serving):
    listing = subprocess.run(
        f"{sys.executable} -m console --help | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert listing.stdout
    assert "Traceback" not in listing.stderr
