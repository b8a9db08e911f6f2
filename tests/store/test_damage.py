"""Files that are not what they were: found out before anything is built on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.errors import StoreError
from console.store import cache as cache_module
from console.store.cache import Cache
from console.store.grid import Grid

Open = Callable[..., Cache]


@pytest.fixture
def filled(opened: Open, path: Path, make) -> Path:
    """A closed cache of some 500 kB."""
    with opened() as cache:
        cache.customers.put((make.customer(f"cus_{i}", f"Name {i}") for i in range(1_000)), make.at, "poll")
    return path


@pytest.mark.parametrize("read_only", [False, True])
def test_garbage_is_said_to_be_no_cache(opened: Open, path: Path, read_only: bool) -> None:
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(StoreError) as refusal:
        opened(read_only=read_only)
    assert refusal.value.code == "SQLITE_NOTADB"
    assert str(path) in refusal.value.message
    assert "Move the file away" in refusal.value.advice
    assert path.read_bytes() == b"Dear diary, " * 1_000


@pytest.mark.parametrize("left", [0.9, 0.5, 0.1])
def test_a_file_that_was_cut_is_damaged(opened: Open, filled: Path, left: float) -> None:
    size = filled.stat().st_size
    with filled.open("r+b") as file:
        file.truncate(int(size * left))
    with pytest.raises(StoreError, match="damaged"):
        opened()


def test_a_large_file_that_was_cut_is_damaged(
    opened: Open, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SMALL", 0)
    opened().close()
    with filled.open("r+b") as file:
        file.truncate(filled.stat().st_size - 4096)
    with pytest.raises(StoreError, match="damaged"):
        opened()


def overwrite_middle(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * 65_536)


def test_a_file_with_garbage_in_the_middle_is_damaged(opened: Open, filled: Path) -> None:
    overwrite_middle(filled)
    with pytest.raises(StoreError, match="damaged") as refusal:
        opened()
    assert refusal.value.advice
    with pytest.raises(StoreError, match="damaged"):
        opened()


def test_a_large_file_is_checked_after_a_crash(
    opened: Open, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SMALL", 0)
    overwrite_middle(filled)
    opened().close()  # closed in order, large: not read as a whole
    filled.with_name("cache.db.holder").write_text("{}")
    for _ in range(2):
        with pytest.raises(StoreError, match="damaged"):
            opened()
    assert filled.with_name("cache.db.holder").exists()


def test_damage_met_while_working_is_a_sentence_too(
    opened: Open, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SMALL", 0)
    overwrite_middle(filled)
    cache = opened()
    with pytest.raises(StoreError) as refusal:
        cache.customers.many(f"cus_{i}" for i in range(1_000))
    assert refusal.value.code.startswith("SQLITE_CORRUPT")
    with pytest.raises(StoreError):
        cache.check()
    cache.close()
    with pytest.raises(StoreError, match="damaged"):
        opened()  # and from now on it is checked first


def test_a_grid_over_garbage_is_a_sentence(path: Path) -> None:
    with pytest.raises(StoreError, match="no cache"):
        Grid.open(path)
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(StoreError):
        Grid.open(path)


def test_a_sound_cache_passes_its_check(opened: Open, filled: Path) -> None:
    opened().check()
