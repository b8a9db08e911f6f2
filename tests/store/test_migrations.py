"""From every older schema to the present one, with the data that was in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.records import State
from console.errors import StoreError
from console.store import schema
from console.store.cache import Cache
from console.store.connection import Connection
from console.store.grid import Grid

Open = Callable[..., Cache]
OBSERVED = "'2026-01-02T03:04:05Z', 'poll'"


def old(path: Path, number: int) -> sqlite3.Connection:
    db = Connection(path, read_only=False)
    schema.migrate(db, up_to=number)
    db.close()
    return sqlite3.connect(path)


def tables(path: Path) -> dict[str, str]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    db.close()
    return dict(rows)


@pytest.mark.parametrize("number", range(schema.SCHEMA))
def test_every_older_schema_becomes_the_present_one(
    opened: Open, path: Path, tmp_path: Path, number: int
) -> None:
    old(path, number).close()
    opened().close()
    opened(path=tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")


def test_records_of_the_first_schema_get_their_rows_on_the_screen(opened: Open, path: Path, make) -> None:
    db = old(path, 1)
    content = '{"name":"%s","created_at":"","values":{},"aliases":[],"contact_id":null,"contacts":0}'
    for id_, name in (("cus_1", "Zo\\u00eb"), ("cus_2", "half \\ud800 \\u0000 pair")):
        db.execute(
            f"INSERT INTO customers VALUES (?, ?, 's', 0, NULL, NULL, NULL, {OBSERVED})",
            (id_, content % name),
        )
    account = '{"name":"Acme","values":{}}'
    for number, gone in ((1, 0), (2, 0), (3, 1)):
        db.execute(
            f"INSERT INTO accounts VALUES (?, ?, 's', '', '', ?, NULL, NULL, NULL, NULL, {OBSERVED})",
            (make.account_id(number), account, gone),
        )
    db.execute(
        "INSERT INTO links VALUES ('cus_1', ?, 'alias', '', '', '', NULL, '{}', NULL)", (make.account_id(1),)
    )
    db.commit()
    db.close()
    cache = opened()
    assert cache.entries.counts() == {State.NEW: 2, State.SALESFORCE_ONLY: 1}
    assert cache.entries.dirty(10) == ["cus_1", "cus_2"]
    linked, odd = cache.entries.get("cus_1"), cache.entries.get("cus_2")
    assert linked is not None
    assert odd is not None
    assert (linked.account_id, linked.name) == (make.account_id(1), "Zoë")
    assert odd.name.startswith("half ")
    assert odd.name.endswith("\0 pair")
    assert cache.entries.find("zoe") == ["cus_1"]
    subject = cache.subjects(["cus_1"])[0]
    assert subject.account is not None
    assert subject.account.name == "Acme"


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    opened: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(path, 1).close()
    before = tables(path)
    broken = (*schema.MIGRATIONS[:1], ("0002_broken", "CREATE TABLE half (x);\nCREATE TABLE half (x);"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(StoreError, match="half"):
        opened()
    after = tables(path)
    assert "table half" not in after
    assert before.items() <= after.items()
    monkeypatch.undo()
    assert opened().customers.count() == 0


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_schema_is_left_alone(opened: Open, path: Path, read_only: bool) -> None:
    opened().close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
    db.close()
    with pytest.raises(StoreError, match="newer console"):
        opened(read_only=read_only)


def test_readers_do_not_migrate(opened: Open, path: Path) -> None:
    old(path, 1).close()
    with pytest.raises(StoreError, match="older console"):
        opened(read_only=True)
    with pytest.raises(StoreError, match="older console"):
        Grid.open(path)
    assert "table entries" not in tables(path)


def test_every_table_is_strict(opened: Open, path: Path) -> None:
    opened().close()
    db = sqlite3.connect(path)
    loose = db.execute(
        "SELECT name FROM pragma_table_list WHERE NOT strict AND schema = 'main' AND name NOT LIKE '%sqlite%'"
    ).fetchall()
    db.close()
    assert loose == []


def test_an_old_sqlite_is_said(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreError, match="too old"):
        opened()
