"""Work and memory follow what is asked for, not what the cache holds. Counted in SQLite's own steps, never in seconds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.records import State
from console.store.cache import Cache
from console.store.connection import Connection
from console.store.entries import Settled
from console.store.grid import Grid
from console.store.history import HistoryRow
from console.store.journal import Ending

SMALL, LARGE = 1_000, 10_000


def steps(db: Connection, action: Callable[[], object]) -> int:
    """How many instructions of SQLite's virtual machine an action takes, to the nearest ten."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 10
        return 0

    db.raw.set_progress_handler(tick, 10)
    try:
        action()
    finally:
        db.raw.set_progress_handler(None, 0)
    return count


def fill(cache: Cache, make: Any, size: int) -> Cache:
    """As many customers as accounts, half of them linked; half of everything is settled, half is new."""
    ids = [f"cus_{n:06}" for n in range(size)]
    cache.customers.put(
        (make.customer(id_, f"Customer {id_}", values={"Website": f"{id_[4:]}.example"}) for id_ in ids),
        make.at,
        "poll",
    )
    cache.subscriptions.put((make.subscription(f"sub_{id_}", id_) for id_ in ids), make.at, "poll")
    cache.accounts.put((make.account(n, f"Account {n}") for n in range(size)), make.at, "poll")
    cache.contacts.put((make.contact(n, n, f"a@{n}.example") for n in range(size)), make.at, "poll")
    cache.links.put(make.link(id_, n, contact_id=make.contact_id(n)) for n, id_ in enumerate(ids[::2]))
    cache.entries.settle(Settled(id_, State.IN_SYNC, 0, "Same.") for id_ in ids[: size // 2])
    for n, id_ in enumerate(ids):
        cache.journal.plan(1, [make.change(f"ch_{n}", id_)]) if n % 10 == 0 else None
    cache.journal.settle(Ending(f"ch_{n}", "refused", "rule", "No.") for n in range(0, size, 20))
    cache.journal.drop_unsent()
    cache.history.add(1, make.at, (HistoryRow.of(make.change(f"ch_{n}", id_)) for n, id_ in enumerate(ids)))
    return cache


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Iterator[tuple[Cache, Cache]]:
    """A small and a large cache, alike but for their size. Tests leave them as they were, near enough."""
    folder = tmp_path_factory.mktemp("scale")
    caches = [Cache.open(folder / f"{size}.db", org_id=make.org) for size in (SMALL, LARGE)]
    yield fill(caches[0], make, SMALL), fill(caches[1], make, LARGE)
    for cache in caches:
        cache.close()


ACTIONS: dict[str, Callable[[Cache, Any, int], object]] = {
    "put new customers": lambda c, m, n: c.customers.put(
        [
            m.customer(f"new_{n}_{i}", f"Newcomer {n} {i}", values={"Website": f"n{n}-{i}.example"})
            for i in range(50)
        ],
        m.at,
        "poll",
    ),
    "put changed customers": lambda c, m, n: c.customers.put(
        [m.customer(f"cus_{i:06}", f"Changed {n} {i}") for i in range(50)], m.at, "poll"
    ),
    "put the same customers": lambda c, m, n: c.customers.put(
        [m.customer(f"cus_{i:06}", f"Same {i}") for i in range(100, 150)], m.at, "poll"
    ),
    "put changed accounts": lambda c, m, n: c.accounts.put(
        [m.account(i, f"Changed {n} {i}") for i in range(50)], m.at, "poll"
    ),
    "put deleted accounts": lambda c, m, n: c.accounts.put(
        [m.account(i, f"Gone {n}", deleted=True) for i in range(700, 750)], m.at, "poll"
    ),
    "put changed contacts": lambda c, m, n: c.contacts.put(
        [m.contact(i, i, f"x{n}@y{i}.example") for i in range(50)], m.at, "poll"
    ),
    "put changed subscriptions": lambda c, m, n: c.subscriptions.put(
        [m.subscription(f"sub_cus_{i:06}", f"cus_{i:06}", name=f"Plan {n}") for i in range(50)], m.at, "poll"
    ),
    "link": lambda c, m, n: c.links.put([m.link(f"cus_{i:06}", i // 2) for i in range(0, 100, 2)]),
    "unlink": lambda c, m, n: c.links.remove([f"cus_{i:06}" for i in range(200, 300)], m.at),
    "move bases": lambda c, m, n: c.links.set_base([(f"cus_{i:06}", {"Name": str(n)}) for i in range(100)]),
    "note contacts": lambda c, m, n: c.links.set_contacts(
        [(f"cus_{i:06}", m.contact_id(n)) for i in range(0, 100, 2)]
    ),
    "accounts that were merged": lambda c, m, n: c.links.merged(),
    "what is due": lambda c, m, n: c.entries.dirty(50, "cus_0005"),
    "settle": lambda c, m, n: c.entries.settle(
        [Settled(f"cus_{i:06}", State.CONFLICT if n else State.REVIEW, n, "") for i in range(50)]
    ),
    "mark due": lambda c, m, n: c.entries.mark_dirty([f"cus_{i:06}" for i in range(50)]),
    "import": lambda c, m, n: c.entries.request_import([f"cus_{i:06}" for i in range(50)]),
    "counts": lambda c, m, n: c.entries.counts(),
    "find by name": lambda c, m, n: c.entries.find("customer cus_000333"),
    "find by id": lambda c, m, n: c.entries.find(m.account_id(444)[:15]),
    "subjects": lambda c, m, n: c.subjects([f"cus_{i:06}" for i in range(300, 350)]),
    "by domain": lambda c, m, n: c.accounts.by_domain("000333.example"),
    "by name": lambda c, m, n: c.accounts.by_name_key("account333"),
    "by ids": lambda c, m, n: c.accounts.by_ids([m.account_id(333)]),
    "by customer id": lambda c, m, n: c.accounts.by_customer_id("cus_000333"),
    "unlinked alike": lambda c, m, n: c.customers.unlinked_like([m.account_id(i) for i in range(400, 450)]),
    "ids of all": lambda c, m, n: c.customers.ids(100, "cus_0003"),
    "by alias": lambda c, m, n: c.customers.by_alias("erp-1"),
    "unsettled": lambda c, m, n: c.journal.unsettled(),
    "drop unsent": lambda c, m, n: c.journal.drop_unsent(),
    "refusals": lambda c, m, n: c.journal.last_refusals("cus_000100"),
    "history of one": lambda c, m, n: c.history.of("cus_000100"),
    "recent history": lambda c, m, n: c.history.recent(50),
    "a problem": lambda c, m, n: c.problems.report("rule", "cus_1", "T", "A", m.at),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_work_does_not_grow_with_the_cache(pair: tuple[Cache, Cache], make: Any, action: str) -> None:
    small, large = (steps(cache._db, lambda c=cache: ACTIONS[action](c, make, 1)) for cache in pair)
    assert large <= 1.5 * small + 200


def test_reading_some_rows_of_a_bulk_job_does_not_grow_with_the_job(tmp_path: Path, make: Any) -> None:
    counts, wanted = [], [f"cus_{n}" for n in range(100, 150)]
    for size in (SMALL, LARGE):
        with Cache.open(tmp_path / f"{size}.db", org_id=make.org) as cache:
            changes = [make.change(f"ch_{n}", f"cus_{n}") for n in range(size)]
            cache.journal.plan(1, changes)
            cache.journal.carry(7, [(change.id, change.customer_id) for change in changes])
            cache.journal.sent_with(7)
            counts.append(steps(cache._db, lambda c=cache: c.journal.carried_by_key(7, wanted)))
            assert list(cache.journal.carried_by_key(7, reversed(wanted))) == wanted, (
                "in the order of planning"
            )
    assert counts[1] <= 1.2 * counts[0]


def test_a_page_of_the_grid_does_not_grow_with_the_cache(pair: tuple[Cache, Cache]) -> None:
    counts = []
    for cache in pair:
        grid = Grid.open(cache._db.path)
        rows = grid.arrange("changed", descending=True)
        counts.append(steps(grid._front, lambda g=grid, at=rows - 200: g.page(at, 128)))
        grid.close()
    assert counts[1] <= 1.2 * counts[0]


def peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_put_keeps_no_more_in_memory_for_more_rows(tmp_path: Path, make: Any) -> None:
    peaks = []
    for size in (2_000, 10_000):
        with Cache.open(tmp_path / f"{size}.db", org_id=make.org) as cache:
            cache.customers.put((make.customer(f"cus_{n:06}", "Acme") for n in range(size)), make.at, "poll")
            # The second time nothing changes, so that not even the answer grows.
            again = (make.customer(f"cus_{n:06}", "Acme") for n in range(size))
            peaks.append(peak(lambda c=cache, rows=again: c.customers.put(rows, make.at, "poll")))
    assert peaks[1] <= 1.3 * peaks[0]


def test_whatever_number_of_rows_is_written_few_statements_stay_prepared(tmp_path: Path, make: Any) -> None:
    ids = [f"cus_{n:06}" for n in range(1_000)]
    statements: set[str] = set()
    with Cache.open(tmp_path / "cache.db", org_id=make.org) as cache:
        cache.customers.put((make.customer(id_) for id_ in ids), make.at, "poll")
        # The callback is given the values too, where they are short: numbers of rows are told apart by the number of brackets.
        cache._db.raw.set_trace_callback(lambda sql: statements.add(f"{sql[:40]} {sql.count('(')}"))
        for size in (*range(1, 1_000, 37), 1_000):
            cache.entries.settle(Settled(id_, State.IN_SYNC, 0, "") for id_ in ids[:size])
        cache._db.raw.set_trace_callback(None)
        assert cache.entries.counts() == {State.IN_SYNC: 1_000}
    assert 1 < len([each for each in statements if each.startswith("UPDATE entries")]) <= 10


def test_a_complete_pull_of_unchanged_data_writes_nothing(tmp_path: Path, make: Any) -> None:
    with Cache.open(tmp_path / "cache.db", org_id=make.org) as cache:
        rows = [make.customer(f"cus_{n}") for n in range(3_000)]
        cache.customers.put(rows, make.at, "poll")
        cache._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cache.customers.begin_full_pull()
        cache.customers.put(rows, make.later, "poll")
        cache.customers.end_full_pull(make.later)
        assert (tmp_path / "cache.db-wal").stat().st_size == 0
