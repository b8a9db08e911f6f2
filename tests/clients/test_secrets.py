from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from console import secrets as module
from console.errors import StoreError, UsageError
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings

SECRET = "00Dxx0000001gPL!AQcAQHunter2"


class Locked:
    """A keyring that its owner has not opened."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"locked: {service}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise RuntimeError("locked")


class Forgetful(Locked):
    """A keyring that accepts everything and keeps nothing, as the null backend does."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


def practice(connections: Connections, name: str = "practice") -> None:
    connections.save(
        ConnectionSettings(name=name, login_url="http://127.0.0.1:1", alguna_url="http://127.0.0.1:2")
    )


def headless(connections: Connections) -> Secrets:
    return Secrets(connections, find_keyring=lambda: None)


def everything_under(root: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in root.rglob("*") if path.is_file())


def test_a_working_keyring_keeps_secrets_for_other_processes(
    connections: Connections, keyring: object
) -> None:
    find = lambda: keyring  # noqa: E731
    Secrets(connections, find_keyring=find).set("one", "alguna_key", SECRET)
    assert Secrets(connections, find_keyring=find).get("one", "alguna_key") == SECRET
    assert Secrets(connections, find_keyring=find).where("one") == "in this computer's keyring"


def test_kinds_and_connections_do_not_mix(secrets: Secrets) -> None:
    secrets.set("one", "alguna_key", "a")
    secrets.set("two", "alguna_key", "b")
    secrets.set("one", "salesforce_access", "c")
    assert [secrets.get("one", "alguna_key"), secrets.get("two", "alguna_key")] == ["a", "b"]
    assert secrets.get("two", "salesforce_access") is None


@pytest.mark.parametrize("ring", [Locked(), Forgetful(), None])
def test_without_a_keyring_that_keeps_them_secrets_stay_in_memory(
    connections: Connections, ring: object, tmp_path: Path
) -> None:
    connections.save(ConnectionSettings(name="one", login_url="https://login.salesforce.com"))
    secrets = Secrets(connections, find_keyring=lambda: ring)
    secrets.set("one", "salesforce_refresh", SECRET)
    assert secrets.get("one", "salesforce_refresh") == SECRET
    assert secrets.where("one").startswith("in memory")
    assert Secrets(connections, find_keyring=lambda: ring).get("one", "salesforce_refresh") is None
    assert SECRET not in everything_under(tmp_path)


def test_where_says_that_the_keyring_refuses(connections: Connections) -> None:
    secrets = Secrets(connections, find_keyring=Locked)
    secrets.set("one", "alguna_key", SECRET)
    assert "refuses: RuntimeError" in secrets.where("one")


def test_a_practice_connection_shares_its_credentials_in_a_private_file(connections: Connections) -> None:
    practice(connections)
    headless(connections).set("practice", "alguna_key", SECRET)
    assert headless(connections).get("practice", "alguna_key") == SECRET
    assert "private file" in headless(connections).where("practice")
    path = connections.folder("practice") / "practice-credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_practice_connection_prefers_the_keyring(connections: Connections, secrets: Secrets) -> None:
    practice(connections)
    secrets.set("practice", "alguna_key", SECRET)
    assert not (connections.folder("practice") / "practice-credentials.json").exists()


def test_a_real_connection_never_reads_or_writes_the_file(connections: Connections, tmp_path: Path) -> None:
    connections.save(ConnectionSettings(name="real", login_url="https://login.salesforce.com"))
    (connections.folder("real") / "practice-credentials.json").write_text(
        json.dumps({"alguna_key": "planted"})
    )
    assert headless(connections).get("real", "alguna_key") is None
    headless(connections).set("real", "alguna_key", SECRET)
    assert SECRET not in everything_under(tmp_path)


def test_secrets_of_a_wizard_settle_once_the_connection_is_saved(connections: Connections) -> None:
    secrets = headless(connections)
    secrets.set("practice", "alguna_key", SECRET)
    assert secrets.where("practice").startswith("in memory")
    practice(connections)
    secrets.settle("practice")
    assert headless(connections).get("practice", "alguna_key") == SECRET


def test_forgetting_leaves_nothing_anywhere_and_can_be_repeated(
    connections: Connections, secrets: Secrets, keyring: object, tmp_path: Path
) -> None:
    practice(connections)
    headless(connections).set("practice", "salesforce_access", SECRET)
    secrets.set("practice", "alguna_key", SECRET)
    secrets.forget("practice")
    secrets.forget("practice")
    assert secrets.get("practice", "alguna_key") is None
    assert secrets.get("practice", "salesforce_access") is None
    assert keyring.held == {}  # type: ignore[attr-defined]
    assert SECRET not in everything_under(tmp_path)


def test_forgetting_one_kind_keeps_the_others(connections: Connections) -> None:
    practice(connections)
    secrets = headless(connections)
    secrets.set("practice", "alguna_key", "a")
    secrets.set("practice", "salesforce_access", "b")
    secrets.forget("practice", "salesforce_access")
    assert secrets.get("practice", "alguna_key") == "a"
    assert secrets.get("practice", "salesforce_access") is None


def test_a_keyring_that_will_not_let_go_is_told(connections: Connections) -> None:
    class Clinging(Locked):
        def get_password(self, service: str, username: str) -> str | None:
            return SECRET

    with pytest.raises(StoreError, match="does not let go") as caught:
        Secrets(connections, find_keyring=Clinging).forget("one", "alguna_key")
    assert SECRET not in caught.value.message + caught.value.advice


def test_a_damaged_practice_file_is_told(connections: Connections) -> None:
    practice(connections)
    (connections.folder("practice") / "practice-credentials.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        headless(connections).get("practice", "alguna_key")


def test_nothing_is_no_secret(secrets: Secrets) -> None:
    with pytest.raises(UsageError):
        secrets.set("one", "alguna_key", "")


def test_the_keyring_is_looked_for_only_when_it_is_needed(connections: Connections) -> None:
    looks: list[int] = []
    secrets = Secrets(connections, find_keyring=lambda: looks.append(1))
    assert not looks
    secrets.get("one", "alguna_key")
    secrets.get("one", "alguna_key")
    assert looks == [1]


def test_its_repr_shows_nothing(secrets: Secrets) -> None:
    secrets.set("one", "alguna_key", SECRET)
    assert SECRET not in repr(secrets)
    assert SECRET not in str(secrets)


@pytest.mark.parametrize(
    ("priority", "usable"), [(5, True), (1, True), (0.5, False), (0, False), (-1, False)]
)
def test_only_a_keyring_that_the_package_recommends_counts(
    monkeypatch: pytest.MonkeyPatch, priority: float, usable: bool
) -> None:
    import keyring

    backend = type("Backend", (), {"priority": priority})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert (module.system_keyring() is backend) is usable
