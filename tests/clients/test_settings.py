from __future__ import annotations

import json
import os
import stat
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import paths
from console.domain.records import Rule
from console.errors import StoreError, UsageError
from console.settings import Connections, ConnectionSettings, checked_name, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_home_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALGUNA_CONSOLE_HOME", str(tmp_path / "elsewhere"))
    assert paths.home() == tmp_path / "elsewhere"
    assert not (tmp_path / "elsewhere").exists()


def test_without_the_variable_home_is_an_absolute_folder_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALGUNA_CONSOLE_HOME", raising=False)
    assert paths.home().is_absolute()
    assert "alguna-console" in paths.home().parts


def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    made = paths.private(tmp_path / "a" / "b" / "c")
    assert [mode(made), mode(made.parent), mode(made.parent.parent)] == [0o700] * 3


def test_settings_come_back_as_they_were_saved(connections: Connections) -> None:
    settings = ConnectionSettings(
        name="Acme Müller",
        environment="production",
        login_url="https://acme.my.salesforce.com",
        org_id="00D000000000001AAA",
        rules={"Website": Rule.SALESFORCE_WINS},
        connected_at="2026-01-02T03:04:05Z",
    )
    connections.save(settings)
    assert connections.load("acme müller") == settings
    assert connections.names() == ["Acme Müller"]


def test_the_settings_file_is_private_and_holds_no_temporary_files_beside_it(
    connections: Connections,
) -> None:
    connections.save(ConnectionSettings(name="one"))
    folder = connections.folder("one")
    assert [path.name for path in folder.iterdir()] == ["settings.json"]
    assert mode(folder / "settings.json") == 0o600
    assert mode(folder) == 0o700


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_in_a_sentence(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="no space left on device"):
        connections.save(ConnectionSettings(name="one"))
    assert connections.names() == []


def test_an_unknown_connection_names_those_there_are(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="one"))
    with pytest.raises(UsageError, match="no connection named 'two'") as caught:
        connections.load("two")
    assert caught.value.advice == "There are: one."
    assert caught.value.exit_code == 2


def test_without_any_connection_the_advice_is_to_make_one(connections: Connections) -> None:
    with pytest.raises(UsageError) as caught:
        connections.load("two")
    assert "connect" in caught.value.advice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"name": "one", "surprise": 1}',
        '{"name": "one", "interval_seconds": 0}',
        '{"name": "one", "alguna_rate": 101, "alguna_url": "https://api.alguna.io"}',
        '{"name": 1}',
        '{"name": "one", "environment": "elsewhere"}',
        '{"name": "one", "is_sandbox": "yes"}',
        '{"name": "one", "interval_seconds": NaN}',
        '{"name": "one", "interval_seconds": true}',
        '{"name": "one", "interval_seconds": "60"}',
        '{"name": "one", "api_version": "62"}',
        '{"name": "one", "alguna_rate": 0}',
        '{"name": "one", "rules": {"Name": "whoever_wins"}}',
        '{"name": "one", "rules": {"Name": ["alguna_wins"]}}',
        '{"name": "one", "rules": ["alguna_wins"]}',
        '{"org_name": "nameless"}',
        "[" * 100_000,
        "\x00",
        "null",
    ],
)
def test_a_damaged_file_is_told_and_never_echoed(connections: Connections, text: str) -> None:
    connections.save(ConnectionSettings(name="one"))
    (connections.folder("one") / "settings.json").write_text(text)
    with pytest.raises(StoreError, match="damaged"):
        connections.load("one")


def test_a_damaged_files_content_is_not_in_the_error(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="one"))
    (connections.folder("one") / "settings.json").write_text('{"name": "one", "client_id": ["hunter2"]}')
    with pytest.raises(StoreError) as caught:
        connections.load("one")
    assert "client_id" in caught.value.message
    assert "hunter2" not in repr(caught.value) + caught.value.message + caught.value.advice


def test_a_file_that_is_no_text_is_told(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="one"))
    (connections.folder("one") / "settings.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match="cannot be read"):
        connections.load("one")


def test_two_names_that_differ_in_case_only_cannot_stand_side_by_side(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="One"))
    with pytest.raises(UsageError, match="already a connection named 'One'"):
        connections.save(ConnectionSettings(name="one"))


def test_the_same_name_spelled_in_other_unicode_is_the_same_connection(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="M\u00fcller"))
    assert connections.load("Mu\u0308ller").name == "M\u00fcller"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "-rf",
        ".hidden",
        "a\x00b",
        "a\nb",
        "con",
        "NUL.txt",
        "x" * 61,
        "end.",
        "[b]",
    ],
)
def test_a_name_that_no_folder_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        checked_name(name)


@given(st.text(max_size=70))
def test_a_name_that_is_accepted_stays_inside_the_folder_of_connections(name: str) -> None:
    connections = Connections(Path("/nowhere"))
    try:
        folder = connections.folder(name)
    except UsageError:
        return
    assert folder.resolve().parent == Path("/nowhere/connections").resolve()


def test_removing_a_connection_leaves_the_others(connections: Connections) -> None:
    for name in ("one", "two"):
        connections.save(ConnectionSettings(name=name))
    connections.cache_path("one").write_text("cache")
    connections.remove("one")
    connections.remove("one")
    assert connections.names() == ["two"]
    assert not connections.folder("one").exists()


def test_settings_hold_no_place_for_a_secret(connections: Connections) -> None:
    names = {each.name for each in fields(ConnectionSettings)}
    assert not {
        name for name in names if "token" in name or "secret" in name or "key" in name or "password" in name
    }
    connections.save(ConnectionSettings(name="one"))
    written = json.loads((connections.folder("one") / "settings.json").read_text())
    assert set(written) == names


@pytest.mark.parametrize(
    ("login", "instance", "alguna", "practice"),
    [
        ("http://127.0.0.1:1", "", "http://localhost:2", True),
        ("", "http://127.0.0.1:1", "http://[::1]:2", True),
        ("https://login.salesforce.com", "http://127.0.0.1:1", "http://127.0.0.1:2", False),
        ("http://127.0.0.1:1", "https://acme.my.salesforce.com", "http://127.0.0.1:2", False),
        ("http://127.0.0.1:1", "", "https://api.alguna.io", False),
        ("http://127.0.0.1.evil.example", "", "http://127.0.0.1:2", False),
        ("", "", "", False),
        ("", "", "http://127.0.0.1:2", False),
    ],
)
def test_a_practice_connection_has_both_ends_on_this_computer(
    login: str, instance: str, alguna: str, practice: bool
) -> None:
    settings = ConnectionSettings(name="x", login_url=login, instance_url=instance, alguna_url=alguna)
    assert settings.is_practice is practice


def test_alguna_s_ceiling_holds_for_alguna_and_not_for_a_practice_account() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        ConnectionSettings(name="x", alguna_url="https://api.alguna.io", alguna_rate=101)
    assert ConnectionSettings(name="x", alguna_url="http://127.0.0.1:1", alguna_rate=500).alguna_rate == 500


def test_a_practice_account_on_this_computer_may_be_asked_faster_than_alguna(
    connections: Connections,
) -> None:
    connections.save(ConnectionSettings(name="one", alguna_url="http://127.0.0.1:2", alguna_rate=5_000))
    assert connections.load("one").alguna_rate == 5_000
