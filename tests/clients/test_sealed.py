"""The encrypted file: only where it was asked for, only with its passphrase, and the ladder around it."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from console.errors import SignInNeeded, StoreError, UsageError
from console.secrets import LOCKED, Secrets, sealed
from console.secrets.sealed import FILE, SealedFile
from console.settings import Connections, ConnectionSettings
from tests.clients.site import MemoryKeyring

SECRET = "00Dxx0000001gPL!AQcAQHunter2"
PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_COST", {"n": 2**4, "r": 8, "p": 1})


def opened(connections: Connections, *said: str) -> Secrets:
    """Secrets of a new process, where somebody answers when the passphrase is asked for."""
    answers = list(said)
    return Secrets(
        connections, find_keyring=lambda: None, passphrase=(lambda _: answers.pop(0)) if said else None
    )


def everything_under(root: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in root.rglob("*") if path.is_file())


def test_a_sealed_secret_is_read_by_another_process_with_the_passphrase(
    connections: Connections, tmp_path: Path
) -> None:
    first = opened(connections)
    first.seal("one", PASSPHRASE)
    first.set("one", "alguna_key", SECRET)
    assert opened(connections, PASSPHRASE).get("one", "alguna_key") == SECRET
    assert "encrypted file" in first.where("one")
    path = connections.folder("one") / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = everything_under(tmp_path)
    assert SECRET not in told
    assert PASSPHRASE not in told


def test_without_the_passphrase_it_is_locked_and_says_how_to_open_it(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    later = opened(connections)
    assert later.locked("one")
    assert later.where("one").endswith("(locked)")
    with pytest.raises(SignInNeeded, match="locked") as caught:
        later.get("one", "alguna_key")
    assert caught.value.code == LOCKED
    assert "passphrase" in caught.value.advice
    with pytest.raises(SignInNeeded):
        later.set("one", "alguna_key", SECRET)
    later.unlock("one", PASSPHRASE)
    assert not later.locked("one")
    assert later.get("one", "alguna_key") is None


def test_a_wrong_passphrase_is_told_and_changes_nothing(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    later = opened(connections)
    with pytest.raises(UsageError, match="does not open") as caught:
        later.unlock("one", "correct horse batterz")
    assert "batterz" not in caught.value.message + caught.value.advice
    assert later.locked("one")
    later.unlock("one", PASSPHRASE)


def test_letters_composed_by_another_keyboard_are_the_same_passphrase(connections: Connections) -> None:
    opened(connections).seal("one", "schl\u00fcssel-wort")
    opened(connections).unlock("one", "schlu\u0308ssel-wort")


@pytest.mark.parametrize("short", ["", "seven77"])
def test_a_short_passphrase_seals_nothing(connections: Connections, short: str) -> None:
    with pytest.raises(UsageError, match="shorter than 8"):
        opened(connections).seal("one", short)
    assert not (connections.folder("one") / FILE).exists()


def test_sealing_takes_what_the_keyring_and_memory_held_and_leaves_nothing_there(
    connections: Connections, keyring: MemoryKeyring
) -> None:
    secrets = Secrets(connections, find_keyring=lambda: keyring)
    secrets.set("one", "alguna_key", SECRET)
    secrets.lend("one", "salesforce_access", "lent")
    secrets.set("two", "alguna_key", "of two")
    secrets.seal("one", PASSPHRASE)
    assert list(keyring.held.values()) == ["of two"]
    later = opened(connections, PASSPHRASE)
    assert [later.get("one", "alguna_key"), later.get("one", "salesforce_access")] == [SECRET, "lent"]


def test_two_processes_that_write_different_secrets_keep_both(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    kinds = ("alguna_key", "salesforce_access", "salesforce_refresh")

    def write(kind: str) -> None:
        mine = opened(connections, PASSPHRASE)
        for number in range(10):
            mine.set("one", kind, f"{kind}-{number}")  # type: ignore[arg-type]

    threads = [threading.Thread(target=write, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = opened(connections, PASSPHRASE)
    assert [later.get("one", kind) for kind in kinds] == [f"{kind}-9" for kind in kinds]  # type: ignore[arg-type]


def test_a_file_sealed_anew_by_another_process_locks_this_one(connections: Connections) -> None:
    first = opened(connections)
    first.seal("one", PASSPHRASE)
    opened(connections, PASSPHRASE).seal("one", "another passphrase")
    with pytest.raises(SignInNeeded):
        first.get("one", "alguna_key")
    first.unlock("one", "another passphrase")


def test_a_file_moved_to_another_connection_does_not_open(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    there = connections.folder("two")
    there.mkdir(parents=True)
    (connections.folder("one") / FILE).rename(there / FILE)
    with pytest.raises(UsageError, match="does not open"):
        opened(connections).unlock("two", PASSPHRASE)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{",
        '{"version": 2}',
        {"n": 2**31},
        {"n": 3},
        {"r": 10**6},
        {"p": 0},
        {"n": "16"},
        {"salt": "not base64!"},
        {"sealed": 5},
    ],
)
def test_a_damaged_file_is_told_and_costs_no_memory(connections: Connections, damage: object) -> None:
    opened(connections).seal("one", PASSPHRASE)
    path = connections.folder("one") / FILE
    whole = json.loads(path.read_text())
    path.write_text(damage if isinstance(damage, str) else json.dumps(whole | damage))  # type: ignore[operator]
    with pytest.raises(StoreError, match="damaged"):
        opened(connections).unlock("one", PASSPHRASE)


def test_a_file_with_one_other_bit_does_not_open(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    path = connections.folder("one") / FILE
    whole = json.loads(path.read_text())
    first = whole["sealed"][0]
    path.write_text(json.dumps(whole | {"sealed": ("A" if first != "A" else "B") + whole["sealed"][1:]}))
    with pytest.raises(UsageError):
        opened(connections).unlock("one", PASSPHRASE)


def test_each_writing_seals_with_another_nonce(connections: Connections) -> None:
    secrets = opened(connections)
    secrets.seal("one", PASSPHRASE)
    path = connections.folder("one") / FILE
    seen = set()
    for _ in range(5):
        secrets.set("one", "alguna_key", SECRET)
        seen.add(json.loads(path.read_text())["nonce"])
    assert len(seen) == 5


def test_forgetting_everything_needs_no_passphrase_and_takes_the_file_away(connections: Connections) -> None:
    opened(connections).seal("one", PASSPHRASE)
    later = opened(connections)
    later.forget("one")
    later.forget("one")
    assert not list(connections.folder("one").iterdir())
    assert later.get("one", "alguna_key") is None


def test_forgetting_one_kind_keeps_the_others_sealed(connections: Connections) -> None:
    secrets = opened(connections)
    secrets.seal("one", PASSPHRASE)
    secrets.set("one", "alguna_key", SECRET)
    secrets.set("one", "salesforce_access", "a")
    secrets.forget("one", "salesforce_access")
    later = opened(connections, PASSPHRASE)
    assert [later.get("one", "alguna_key"), later.get("one", "salesforce_access")] == [SECRET, None]


def test_sealing_over_a_locked_file_begins_anew(connections: Connections) -> None:
    first = opened(connections)
    first.seal("one", PASSPHRASE)
    first.set("one", "alguna_key", SECRET)
    opened(connections).seal("one", "a new passphrase")
    assert opened(connections, "a new passphrase").get("one", "alguna_key") is None


def test_homes_that_name_a_connection_alike_share_no_entry(tmp_path: Path, keyring: MemoryKeyring) -> None:
    here, there = (
        Secrets(Connections(tmp_path / home), find_keyring=lambda: keyring) for home in ("here", "there")
    )
    here.set("one", "alguna_key", "a")
    there.set("one", "alguna_key", "b")
    assert [here.get("one", "alguna_key"), there.get("one", "alguna_key")] == ["a", "b"]
    here.forget("one")
    assert there.get("one", "alguna_key") == "b"


def test_its_repr_shows_neither_key_nor_secret(connections: Connections) -> None:
    connections.save(ConnectionSettings(name="one"))
    file = SealedFile(connections.folder("one"), "one")
    file.make(PASSPHRASE, {"alguna_key": SECRET})
    assert SECRET not in repr(vars(file))
    assert file._key is not None
    assert repr(file._key.secret) not in repr(file._key)
