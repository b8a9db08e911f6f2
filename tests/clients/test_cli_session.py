"""Borrowing a session from the Salesforce CLI: a small program of that name stands in for it."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.errors import ConsoleError, SignInNeeded, Unreachable, UsageError
from console.salesforce.signing_in import cli
from console.salesforce.signing_in.cli import cli_session
from tests.clients.site import everything_told

TOKEN = "00Dxx0000001gPL!hunter2"
ORG = {
    "id": "00Dxx0000001gPLEAY",
    "instanceUrl": "https://acme.my.salesforce.com",
    "username": "ann@acme.com",
}
Install = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a first line")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put an `sf` on the path that answers by its words, and keeps what it was asked."""

    def put(**answers: Any) -> Path:
        log = tmp_path / "asked"
        program = tmp_path / "sf"
        known = {
            words: text if isinstance(text, str) else json.dumps(text) for words, text in answers.items()
        }
        program.write_text(
            f"#!{sys.executable}\nimport sys\nwords = sys.argv[1:]\n"
            f"open({str(log)!r}, 'a').write(repr(words) + '\\n')\n"
            f"key = 'token' if 'show-access-token' in words else 'display'\n"
            f"print({known!r}.get(key, ''))\nsys.exit(1)\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return log

    return put


def good(**result: Any) -> dict[str, Any]:
    return {"status": 0, "result": result, "warnings": []}


def test_an_older_cli_shows_the_token_with_the_org(install: Install) -> None:
    log = install(display=good(**ORG, accessToken=TOKEN))
    tokens = cli_session("acme")
    assert (tokens.access_token, tokens.refresh_token) == (TOKEN, None)
    assert tokens.instance_url == "https://acme.my.salesforce.com"
    assert log.read_text() == "['org', 'display', '--target-org', 'acme', '--json']\n"


def test_a_newer_cli_shows_it_by_a_command_of_its_own(install: Install) -> None:
    log = install(
        display=good(**ORG, accessToken="[REDACTED] Use 'sf org auth show-access-token'"),
        token=good(accessToken=TOKEN),
    )
    assert cli_session("acme").access_token == TOKEN
    assert len(log.read_text().splitlines()) == 2


def test_a_session_that_ended_is_told_in_the_clis_words(install: Install) -> None:
    install(
        display={
            "status": 1,
            "name": "NoAuthInfoFoundError",
            "message": "No authorization\x1b[31m found for acme",
        }
    )
    with pytest.raises(SignInNeeded, match="No authorization") as caught:
        cli_session("acme")
    assert caught.value.code == "NoAuthInfoFoundError"
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("alias", ["", " ", "-o", "--json", "a\x00b", "a\nb"])
def test_what_can_be_no_alias_is_never_handed_over(install: Install, alias: str) -> None:
    log = install(display=good(**ORG, accessToken=TOKEN))
    with pytest.raises(UsageError, match="no alias"):
        cli_session(alias)
    assert not log.exists()


def test_without_the_cli_the_browser_is_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="not installed"):
        cli_session("acme")


@pytest.mark.parametrize(
    "display",
    [
        "",
        "not json",
        "[]",
        "5",
        {"status": 0},
        {"status": 0, "result": []},
        good(accessToken=TOKEN),
        "[" * 50_000,
    ],
)
def test_an_answer_of_another_shape_is_told_without_the_token(install: Install, display: Any) -> None:
    install(display=display)
    with pytest.raises(Unreachable, match="not answer as expected") as caught:
        cli_session("acme")
    assert "hunter2" not in everything_told(caught.value)


def test_a_token_that_is_shown_nowhere_is_told(install: Install) -> None:
    install(display=good(**ORG), token=good(accessToken="[REDACTED]"))
    with pytest.raises(Unreachable):
        cli_session("acme")


@pytest.mark.parametrize("instance", ["http://acme.my.salesforce.com", "ftp://x"])
def test_an_address_that_is_not_safe_is_refused(install: Install, instance: str) -> None:
    install(display=good(**{**ORG, "instanceUrl": instance}, accessToken=TOKEN))
    with pytest.raises(UsageError):
        cli_session("acme")


def test_a_cli_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sf"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdin.read()\nimport threading\nthreading.Event().wait()\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cli, "TIMEOUT", 0.3)
    with pytest.raises(ConsoleError, match="does not answer"):
        cli_session("acme")
