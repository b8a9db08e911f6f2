"""Opening a cache: whose it is, who may write it, and what stands in the way."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import console
from console.errors import Conflict, StoreError
from console.store.cache import Cache
from console.store.lock import WriterLock, held_elsewhere

Open = Callable[..., Cache]
ROOT = Path(console.__file__).parents[1]

HOLD = """
import sys
from pathlib import Path
from console.store.cache import Cache
cache = Cache.open(Path(sys.argv[1]), org_id=sys.argv[2], holder="sync --watch")
print("open", flush=True)
sys.stdin.readline()
if sys.argv[3] == "close":
    cache.close()
"""


def holder(path: Path, org: str, end: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), org, end],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_new_cache_is_readable_by_its_owner_alone(cache: Cache, path: Path) -> None:
    cache.set("key", 1)
    for file in (path, path.with_name("cache.db-wal")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_stored_is_there_when_opened_again(opened: Open, make) -> None:
    with opened() as first:
        first.customers.put([make.customer()], make.at, "poll")
        first.set("cursor", {"at": make.at, "ids": [1, 2]})
    second = opened()
    assert second.customers.get("cus_1") == make.customer()
    assert second.get("cursor") == {"at": make.at, "ids": [1, 2]}
    assert second.get("nothing") is None
    assert second.get("nothing", 7) == 7


def test_an_org_is_the_same_by_15_and_by_18_characters(opened: Open, make) -> None:
    opened(org_id=make.org).close()
    assert opened(org_id="00D5g000004HkPZEA0").get("org_id") == "00D5g000004HkPZEA0"


@pytest.mark.parametrize("read_only", [False, True])
def test_another_org_is_refused_and_nothing_changes(opened: Open, path: Path, read_only: bool) -> None:
    opened().close()
    before = path.read_bytes()
    with pytest.raises(Conflict) as refusal:
        opened(org_id="00D000000000062", read_only=read_only)
    assert "00D5g000004HkPZEA0" in refusal.value.message
    assert "00D000000000062EAA" in refusal.value.message
    assert path.read_bytes() == before
    opened()


def test_a_second_writer_in_this_process_is_refused(opened: Open) -> None:
    first = opened(holder="sync")
    with pytest.raises(StoreError) as refusal:
        opened()
    assert f"process {os.getpid()}" in refusal.value.message
    assert "sync" in refusal.value.message
    first.close()
    opened()


def test_a_second_console_is_told_who_writes(opened: Open, path: Path, make) -> None:
    other = holder(path, make.org, "close")
    with pytest.raises(StoreError) as refusal:
        opened()
    assert f"(process {other.pid} on " in refusal.value.message
    assert "sync --watch" in refusal.value.message
    assert refusal.value.advice
    other.communicate("\n", timeout=30)
    opened()


def test_a_writer_that_was_killed_leaves_no_lock_and_its_commits(opened: Open, path: Path, make) -> None:
    other = holder(path, make.org, "close")
    other.kill()
    other.communicate(timeout=30)
    assert json.loads(path.with_name("cache.db.holder").read_text())["pid"] == other.pid
    assert opened().get("org_id") == "00D5g000004HkPZEA0"


def test_a_note_that_is_garbage_does_not_matter(opened: Open, path: Path) -> None:
    opened()
    path.with_name("cache.db.holder").write_text("[")
    with pytest.raises(StoreError, match=r"in use by another console\.$"):
        opened()


def test_the_lock_is_given_back_when_opening_fails(opened: Open) -> None:
    opened().close()
    with pytest.raises(Conflict):
        opened(org_id="00D000000000062")
    assert opened().get("org_id")


def test_the_thread_that_opens_need_not_be_the_one_that_closes(opened: Open) -> None:
    cache = opened()
    thread = threading.Thread(target=cache.close)
    thread.start()
    thread.join()
    cache.close()
    opened()


def test_readers_see_what_the_writer_committed_and_no_more(opened: Open, make) -> None:
    writer = opened()
    reader = opened(read_only=True)
    with writer.transaction():
        writer.customers.put([make.customer()], make.at, "poll")
        assert reader.customers.get("cus_1") is None
    assert reader.customers.get("cus_1") == make.customer()
    assert opened(read_only=True).customers.count() == 1


def test_a_reader_cannot_write(opened: Open, make) -> None:
    opened().close()
    reader = opened(read_only=True)
    with pytest.raises(StoreError, match="reading only"):
        reader.customers.put([make.customer()], make.at, "poll")
    assert reader.customers.count() == 0


def test_a_reader_leaves_nothing_beside_a_cache_in_a_folder_that_cannot_be_written(
    opened: Open, path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as cache:
        cache.customers.put([make.customer("cus_1", "One")], make.at, "poll")
    monkeypatch.setattr("console.store.connection.os.access", lambda *_: False)
    before = sorted(each.name for each in path.parent.iterdir())
    reader = opened(read_only=True)
    assert reader.customers.get("cus_1") is not None
    assert sorted(each.name for each in path.parent.iterdir()) == before


def test_a_reader_needs_a_cache(opened: Open, path: Path) -> None:
    with pytest.raises(StoreError, match="no cache"):
        opened(read_only=True)
    assert not path.exists()


def test_a_reader_leaves_an_empty_file_alone(opened: Open, path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="older console"):
        opened(read_only=True)
    assert path.stat().st_size == 0


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, make) -> None:
    with pytest.raises(StoreError) as refusal:
        Cache.open(tmp_path / "none" / "cache.db" / "x", org_id=make.org, read_only=True)
    assert "none" in refusal.value.message
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Cache.open(tmp_path / "file" / "cache.db", org_id=make.org)


def test_a_closed_cache_says_so(cache: Cache) -> None:
    cache.close()
    with pytest.raises(StoreError, match="closed"):
        cache.get("key")


def test_a_path_with_signs_of_an_address_is_a_path(tmp_path: Path, make) -> None:
    odd = tmp_path / "a?mode=memory#%41 é"
    odd.mkdir()
    with Cache.open(odd / "cache.db", org_id=make.org) as cache:
        cache.set("key", 1)
    assert (odd / "cache.db").stat().st_size > 0


def test_a_database_of_another_program_is_left_alone(opened: Open, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE precious (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no cache of this console"):
        opened()
    with pytest.raises(StoreError, match="no cache of this console"):
        opened(read_only=True)
    assert path.read_bytes() == before


def test_opening_an_up_to_date_cache_loads_no_migration_library(opened: Open, path: Path, make) -> None:
    opened().close()
    code = (
        "import sys; from pathlib import Path; from console.store.cache import Cache; from console.store.grid import Grid\n"
        "Cache.open(Path(sys.argv[1]), org_id=sys.argv[2]).close(); Grid.open(Path(sys.argv[1])).close()\n"
        "print('sqlite_utils' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), make.org],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_a_lock_may_be_released_twice(path: Path) -> None:
    lock = WriterLock(path)
    assert lock.acquire("a", "now")
    lock.release()
    lock.release()
    assert lock.acquire("b", "now")
    lock.abandon()
    assert not lock.acquire("c", "now")
    lock.release()


def test_who_holds_it_is_told_without_touching_the_lock(opened: Open, path: Path) -> None:
    assert held_elsewhere(path) == ""
    opened()
    assert held_elsewhere(path) == "", "this process does not stand in its own way"
    note = path.with_name(path.name + ".holder")
    mine = json.loads(note.read_text(encoding="utf-8"))
    note.write_text(json.dumps({**mine, "pid": os.getppid()}), encoding="utf-8")
    assert f"process {os.getppid()}" in held_elsewhere(path)
    note.write_text(json.dumps({**mine, "pid": 2**22 + 1}), encoding="utf-8")
    assert held_elsewhere(path) == "", "that process is gone"
    note.write_text("garbage", encoding="utf-8")
    assert held_elsewhere(path) == ""
