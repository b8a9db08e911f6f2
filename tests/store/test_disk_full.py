"""No room on the disk: said as such, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import console
from console.domain.records import Customer, State
from console.errors import StoreError
from console.store.cache import Cache
from console.store.entries import Settled

Open = Callable[..., Cache]
ROOT = Path(console.__file__).parents[1]


def limit(cache: Cache, spare: int) -> None:
    """Let the file grow by `spare` pages and no more (https://www.sqlite.org/pragma.html#pragma_max_page_count)."""
    pages = cache._db.query("PRAGMA page_count")[0][0]
    cache._db.execute(f"PRAGMA max_page_count = {pages + spare}")


def many(make, tag: str = "") -> Iterator[Customer]:
    return (make.customer(f"cus_{i:06}", f"Name {i}{tag}", aliases=(f"erp-{i}",)) for i in range(5_000))


def picture(cache: Cache) -> list[object]:
    tables = (
        "customers",
        "aliases",
        "accounts",
        "entries",
        "entry_counts",
        "journal",
        "history",
        "links",
        "meta",
    )
    return [cache._db.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(cache: Cache, make) -> None:
    cache.customers.put([make.customer("cus_0")], make.at, "poll")
    before = picture(cache)
    limit(cache, 100)
    with pytest.raises(StoreError) as refusal:
        cache.customers.put(many(make), make.at, "poll")
    assert refusal.value.code == "SQLITE_FULL"
    assert "no room" in refusal.value.message
    assert refusal.value.advice
    assert picture(cache) == before


def test_work_goes_on_once_there_is_room_again(cache: Cache, make) -> None:
    limit(cache, 50)
    with pytest.raises(StoreError):
        cache.customers.put(many(make), make.at, "poll")
    cache._db.execute("PRAGMA max_page_count = 1073741823")
    assert len(cache.customers.put(many(make), make.at, "poll")) == 5_000
    assert cache.entries.counts() == {State.NEW: 5_000}
    cache.check()


def test_what_was_committed_before_stays(opened: Open, make) -> None:
    with opened() as cache:
        cache.customers.put(many(make), make.at, "poll")
        limit(cache, 20)
        with pytest.raises(StoreError):
            cache.customers.put(many(make, " & Sons, of the same place as ever" * 20), make.later, "poll")
    again = opened()
    assert again.customers.get("cus_000000") == next(many(make))
    assert again.customers.count() == 5_000


def test_a_full_disk_inside_a_larger_transaction_undoes_all_of_it(cache: Cache, make) -> None:
    before = picture(cache)
    limit(cache, 50)
    with pytest.raises(StoreError, match="no room"), cache.transaction():  # noqa: PT012
        cache.accounts.put([make.account()], make.at, "poll")
        cache.entries.settle([Settled("cus_0", State.PENDING, 1, "why")])
        cache.journal.plan(1, [make.change(str(i), after="x" * 2_000) for i in range(1_000)])
    assert picture(cache) == before


def test_a_caller_who_carries_on_after_a_full_disk_is_stopped(cache: Cache, make) -> None:
    before = picture(cache)
    with pytest.raises(StoreError, match="gave up"), cache.transaction():  # noqa: PT012
        cache.accounts.put([make.account()], make.at, "poll")
        limit(cache, 40)
        with pytest.raises(StoreError, match="no room"):
            cache.customers.put(many(make), make.at, "poll")
        with pytest.raises(StoreError, match="gave up"):
            cache.set("after", True)
    assert picture(cache) == before
    cache.set("after", True)
    assert cache.get("after") is True


LIMITED = """
import resource, sys
from pathlib import Path
from console.domain.records import Customer
from console.errors import StoreError
from console.store.cache import Cache
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
cache = Cache.open(Path(sys.argv[1]), org_id=sys.argv[2])
cache.customers.put([Customer("first", "First", "", "")], "now", "poll")
try:
    cache.customers.put((Customer(f"cus_{i}", "Name", "", "") for i in range(20_000)), "now", "poll")
except StoreError as error:
    print(error.code, cache.customers.count())
cache.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are Unix's")
def test_a_disk_that_refuses_to_write_is_a_sentence_too(opened: Open, path: Path, make) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), make.org],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    code, count = done.stdout.split()
    assert code in {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}
    assert count == "1"
    cache = opened()
    assert cache.customers.get("first") == Customer("first", "First", "", "")
    assert cache.customers.count() == 1
