"""Every way to sign in, to keep what it brought, and to take it away again, through the command line."""

import stat
import sys
from dataclasses import replace

import pytest

from console.secrets import Secrets, sealed
from console.settings import Connections

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(sealed, "_COST", {"n": 2**4, "r": 8, "p": 1})


@pytest.fixture
def words(world):
    """Where to connect, without how to sign in."""
    org, alguna = world.rehearsal.handout["salesforce"], world.rehearsal.handout["alguna"]
    return [
        "--login-url",
        org["login_url"],
        "--alguna-url",
        alguna["base_url"],
        "--client-id",
        org["client_id"],
    ]


@pytest.fixture
def sf(world, tmp_path, monkeypatch):
    """A program named sf that knows one org and tells the token that lies in a file."""
    token = tmp_path / "cli-token"
    token.write_text(world.rehearsal.handout["salesforce"]["access_token"])
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "sf"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, sys, pathlib\n"
        f"token = pathlib.Path({str(token)!r}).read_text()\n"
        f"shown = {{'instanceUrl': {world.rehearsal.handout['salesforce']['instance_url']!r}}}\n"
        "if 'show-access-token' in sys.argv:\n"
        "    shown = {'accessToken': token}\n"
        "print(json.dumps({'status': 0, 'result': shown}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return token


def key_line(world):
    return world.rehearsal.handout["alguna"]["api_key"] + "\n"


def test_a_session_of_the_salesforce_cli_is_reused_and_asked_for_anew(run, world, sf):
    alguna = world.rehearsal.handout["alguna"]["base_url"]
    made = run(
        "connect", "demo", "--sf-cli", "acme", "--alguna-url", alguna, "--alguna-key-stdin", "--set-up", "--json",
        stdin=key_line(world),
    )  # fmt: skip
    assert made.code == 0, made
    assert made.json["environment"] == "rehearsal"
    settings = Connections().load("demo")
    assert (settings.sign_in, settings.cli_alias, settings.client_id) == ("cli", "acme", "")
    # The kept token is worth nothing any more: only what the CLI says now helps.
    secrets = Secrets(Connections())
    secrets.set("demo", "salesforce_access", "00Dxx0000001gPL!ended")
    synced = run("sync", "demo", "--json")
    assert synced.code in (0, 3), synced
    assert secrets.get("demo", "salesforce_access") == sf.read_text()


def test_a_cli_that_goes_on_giving_the_refused_token_asks_for_a_sign_in(run, world, sf):
    alguna = world.rehearsal.handout["alguna"]["base_url"]
    run(
        "connect",
        "demo",
        "--sf-cli",
        "acme",
        "--alguna-url",
        alguna,
        "--alguna-key-stdin",
        stdin=key_line(world),
    )
    world.control("POST", "salesforce/sessions/revoke")
    ended = run("sync", "demo", "--json")
    assert ended.code == 4
    assert ended.json["error"]["category"] == "sign_in"


def test_without_the_cli_the_browser_is_advised(run, world, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run(
        "connect", "demo", "--sf-cli", "acme", "--alguna-key-stdin", "--json", stdin=key_line(world)
    )
    assert refused.code == 2
    assert "not installed" in refused.json["error"]["message"]
    assert Connections().names() == []


def test_secrets_in_an_encrypted_file_open_with_the_passphrase_only(run, world, home, monkeypatch, tmp_path):
    made = run(
        "connect", "demo", *world.words, "--secrets-file", "--passphrase-stdin", "--set-up", "--json",
        stdin=f"{PASSPHRASE}\n{world.stdin}",
    )  # fmt: skip
    assert made.code == 0, made
    assert made.json["secrets"] == "in an encrypted file"
    assert stat.S_IMODE((home / "connections/demo/secrets.sealed").stat().st_mode) == 0o600
    assert not (home / "connections/demo/practice-credentials.json").exists()

    locked = run("sync", "demo", "--json")
    assert locked.code == 4
    assert "locked" in locked.json["error"]["message"]
    wrong = run("sync", "demo", "--passphrase-stdin", "--json", stdin="something else\n")
    assert wrong.code == 2
    assert "does not open" in wrong.json["error"]["message"]
    assert run("sync", "demo", "--passphrase-stdin", "--json", stdin=f"{PASSPHRASE}\n").code in (0, 3)

    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    file.chmod(0o644)
    monkeypatch.setenv("ALGUNA_CONSOLE_PASSPHRASE_FILE", str(file))
    readable = run("sync", "demo", "--json")
    assert readable.code == 2
    assert "mode 0644" in readable.json["error"]["message"]
    file.chmod(0o600)
    assert run("sync", "demo", "--json").code in (0, 3)
    left = run("disconnect", "demo", "--yes", "--json")
    assert left.code == 0, left
    assert not (home / "connections/demo/secrets.sealed").exists()


def test_a_short_passphrase_is_refused_before_anything_is_made(run, world):
    refused = run(
        "connect",
        "demo",
        *world.words,
        "--secrets-file",
        "--passphrase-stdin",
        "--json",
        stdin=f"short\n{world.stdin}",
    )
    assert refused.code == 2
    assert "shorter than 8" in refused.json["error"]["message"]
    assert Connections().names() == []


def test_another_alguna_key_is_tried_and_kept(run, connected):
    secrets = Secrets(Connections())
    secrets.set("demo", "alguna_key", "alg_live_ended")
    assert run("sync", "demo").code == 4
    refused = run("sign-in", "demo", "--alguna-key-stdin", "--json", stdin="alg_live_wrong\n")
    assert refused.code == 4
    assert secrets.get("demo", "alguna_key") == "alg_live_ended"
    taken = run("sign-in", "demo", "--alguna-key-stdin", "--json", stdin=key_line(connected))
    assert taken.code == 0, taken
    assert taken.json["alguna_key"] is True
    assert run("sync", "demo").code in (0, 3)


def test_a_key_of_another_alguna_account_is_refused(run, connected, tmp_path):
    from console.rehearsal.server import Rehearsal

    assert run("sync", "demo").code in (0, 3)
    with Rehearsal(customers=12, seed=99) as other:
        settings = Connections().load("demo")
        from dataclasses import replace

        Connections().save(replace(settings, alguna_url=other.handout["alguna"]["base_url"]))
        refused = run(
            "sign-in", "demo", "--alguna-key-stdin", "--json", stdin=other.handout["alguna"]["api_key"] + "\n"
        )
    assert refused.code == 1
    assert "another Alguna account" in refused.json["error"]["message"]


def test_signing_in_again_with_a_token_keeps_everything_else(run, connected):
    assert run("sync", "demo").code in (0, 3)
    before = Connections().load("demo")
    secrets = Secrets(Connections())
    secrets.set("demo", "salesforce_access", "00Dxx0000001gPL!ended")
    assert run("sync", "demo").code == 4
    again = run(
        "sign-in", "demo", "--access-token-stdin", "--json",
        stdin=connected.rehearsal.handout["salesforce"]["access_token"] + "\n",
    )  # fmt: skip
    assert again.code == 0, again
    after = Connections().load("demo")
    assert (after.org_id, after.connected_at, after.rules) == (
        before.org_id,
        before.connected_at,
        before.rules,
    )
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0


def test_a_connection_is_forgotten_once_it_was_disconnected_and_named_twice(run, connected, home):
    early = run("forget", "demo", "--confirm", "demo", "--json")
    assert early.code == 2
    assert "still connected" in early.json["error"]["message"]
    receipt = run("disconnect", "demo", "--yes", "--json").json["receipt"]
    unsure = run("forget", "demo", "--json")
    assert unsure.code == 2
    assert receipt in unsure.json["error"]["message"]
    assert run("forget", "demo", "--confirm", "Demo").code == 2
    assert Connections().names() == ["demo"]
    gone = run("forget", "demo", "--confirm", "demo", "--json")
    assert gone.code == 0, gone
    assert Connections().names() == []
    assert not (home / "connections/demo").exists()
    kept = gone.json["receipts"]
    assert len(kept) == 1
    with open(kept[0], encoding="utf-8") as file:
        assert "answered 401" in file.read()


@pytest.mark.parametrize("damage", ["settings.json", "practice-credentials.json", "session.json"])
def test_a_connection_with_a_damaged_file_can_still_be_forgotten(run, connected, home, damage):
    folder = home / "connections/demo"
    (folder / damage).write_text("{")
    if damage != "settings.json":
        settings = Connections().load("demo")
        Connections().save(replace(settings, disconnected_at="2026-01-01T00:00:00Z"))
    unsure = run("forget", "demo", "--json")
    assert unsure.code == 2
    assert folder.exists()
    gone = run("forget", "demo", "--confirm", "demo")
    assert gone.code == 0, gone
    assert ("Connected Apps OAuth Usage" in gone.err) == (damage == "settings.json")
    assert not folder.exists()
