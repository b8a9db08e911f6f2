"""The accounts screen's pages, against a naive sort in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.records import State
from console.errors import StoreError
from console.store import grid as grid_module
from console.store.cache import Cache
from console.store.entries import ENTRY_COLUMNS, Entry, Settled, entry
from console.store.grid import ATTENTION, Grid, Sort, Superseded
from console.store.text import fold


@pytest.fixture
def grid(cache: Cache, path: Path) -> Iterator[Grid]:
    grid = Grid.open(path)
    yield grid
    grid.close()


@pytest.fixture
def filled(cache: Cache, make) -> Cache:
    """300 customers in several states, 100 accounts, 40 links."""
    words = ["Acme", "acme", "Ácme", "Beta", "Zürich AG", "zz", ""]
    cache.customers.put(
        (make.customer(f"cus_{n:03}", f"{words[n % 7]} {n // 21}") for n in range(300)), make.at, "poll"
    )
    cache.accounts.put(
        (make.account(n, f"{words[n % 7]} account {n}") for n in range(100)), make.later, "poll"
    )
    cache.links.put(make.link(f"cus_{n:03}", n) for n in range(40))
    states = [State.IN_SYNC, State.REVIEW, State.CONFLICT, State.PENDING]
    cache.entries.settle(Settled(f"cus_{n:03}", states[n % 4], n % 5, f"why {n}") for n in range(0, 300, 2))
    return cache


def naive(cache: Cache, sort: Sort, descending: bool, text: str, state: State | None) -> list[Entry]:
    rows = [
        (id_, entry(tuple(row))) for id_, *row in cache._db.query(f"SELECT id, {ENTRY_COLUMNS} FROM entries")
    ]
    wanted = fold(text)
    rows = [
        (id_, row)
        for id_, row in rows
        if (state is None or row.state is state)
        and (
            wanted in fold(row.name)
            or any(
                key and text.strip() and key.startswith(text.strip())
                for key in (row.customer_id, row.account_id)
            )
        )
    ]
    rows.sort(key=lambda item: (fold(item[1].name).encode(), item[0]))
    if sort == "name" or (sort == "state" and state is not None):
        rows.sort(key=lambda item: (fold(item[1].name).encode(), item[0]), reverse=descending)
    elif sort == "state":
        rows.sort(key=lambda item: ATTENTION.index(item[1].state), reverse=descending)
    elif sort == "differs":
        rows.sort(key=lambda item: item[1].differs, reverse=descending)
    else:
        rows.sort(key=lambda item: item[1].changed_at, reverse=descending)
    return [row for _, row in rows]


SORTS: list[Sort] = ["name", "state", "differs", "changed"]
TEXTS = ["", "acme", "ACME 1", "z", "cus_0", "cus_00", "001", "account", "nothing at all", " ", "%", "ü"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_every_arrangement_is_the_naive_one(filled: Cache, grid: Grid, sort: Sort, descending: bool) -> None:
    for text in TEXTS:
        for state in (None, State.REVIEW, State.SALESFORCE_ONLY, State.REFUSED):
            expected = naive(filled, sort, descending, text, state)
            assert (
                grid.arrange(sort, descending=descending, text=text, state=state)
                == len(expected)
                == len(grid)
            )
            rows = list(grid.rows(size=37))
            assert [row.pos for row in rows] == list(range(len(expected)))
            assert [(r.customer_id, r.account_id) for r in rows] == [
                (e.customer_id, e.account_id) for e in expected
            ]


def test_a_row_tells_what_the_screen_needs(filled: Cache, grid: Grid, make) -> None:
    filled.entries.settle([Settled("cus_002", State.CONFLICT, 2, "Both sides moved.", "Active 1 of 2")])
    grid.arrange(text="cus_002")
    (row,) = grid.page(0, 10)
    assert (row.pos, row.customer_id, row.account_id) == (0, "cus_002", make.account_id(2))
    assert (row.name, row.state, row.differs) == ("Ácme 0", State.CONFLICT, 2)
    assert (row.why, row.subscription, row.changed_at) == ("Both sides moved.", "Active 1 of 2", make.at)


def test_a_page_outside_is_empty_and_one_at_the_end_is_short(filled: Cache, grid: Grid) -> None:
    rows = grid.arrange()
    assert len(grid.page(rows - 3, 10)) == 3
    assert grid.page(rows, 10) == []
    assert grid.page(-5, 7) == grid.page(0, 2)
    assert grid.page(0, 0) == []


def test_before_the_first_arrangement_there_is_nothing(filled: Cache, grid: Grid) -> None:
    assert len(grid) == 0
    assert grid.page(0, 100) == []
    assert grid.position("cus_000") is None


def test_positions_are_where_pages_show_them(filled: Cache, grid: Grid, make) -> None:
    grid.arrange("state", descending=True)
    for row in grid.page(100, 50):
        assert grid.position(row.customer_id or row.account_id or "") == row.pos
    assert grid.position(make.account_id(7)) == grid.position("cus_007")
    grid.arrange(text="zürich")
    assert grid.position("cus_000") is None
    assert grid.position("nobody") is None


def test_pages_tell_the_present_state_in_the_order_of_before(filled: Cache, grid: Grid, make) -> None:
    grid.arrange()
    first = grid.page(0, 1)[0]
    filled.customers.put([make.customer(first.customer_id, "Renamed")], make.later, "poll")
    assert grid.page(0, 1)[0].name == "Renamed"


def test_rows_that_are_gone_are_left_out_and_the_others_keep_their_places(
    filled: Cache, grid: Grid, make
) -> None:
    grid.arrange(state=State.SALESFORCE_ONLY)
    before = grid.page(0, 10)
    gone = [before[3].account_id, before[4].account_id]
    filled.accounts.put(
        [make.account(n, deleted=True) for n in range(100) if make.account_id(n) in gone], make.later, "poll"
    )
    assert grid.page(0, 10) == [row for row in before if row.account_id not in gone]


def test_a_grid_notices_when_the_cache_was_written(filled: Cache, grid: Grid, make) -> None:
    grid.arrange()
    before = grid.version()
    assert grid.version() == before
    filled.customers.put([make.customer("cus_900")], make.at, "poll")
    assert grid.version() != before
    moved = grid.version()
    grid.arrange()
    assert grid.version() == moved  # an arrangement alone is no news


def test_a_grid_never_writes(filled: Cache, grid: Grid) -> None:
    with pytest.raises(StoreError):
        grid._front.execute("DELETE FROM entries")


class Gate:
    """Holds an arrangement at work until it is let go."""

    def __init__(self, grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.go = threading.Event(), threading.Event()
        self.results: list[object] = []
        filter_ = grid_module._filter

        def slow(text: str) -> tuple[str, tuple[object, ...]]:
            if text == "slow":
                self.entered.set()
                assert self.go.wait(30)
                return filter_("")
            return filter_(text)

        monkeypatch.setattr(grid_module, "_filter", slow)
        self.thread = threading.Thread(target=self._run, args=(grid,))
        self.thread.start()
        assert self.entered.wait(30)

    def _run(self, grid: Grid) -> None:
        try:
            self.results.append(grid.arrange(text="slow"))
        except Superseded as superseded:
            self.results.append(superseded)

    def join(self) -> object:
        self.go.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.results[0]


def test_pages_are_shown_while_the_next_arrangement_is_worked_out(
    filled: Cache, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid.arrange()
    before = grid.page(0, 5)
    gate = Gate(grid, monkeypatch)
    assert grid.page(0, 5) == before
    assert grid.position(before[2].customer_id or before[2].account_id or "") == 2
    assert gate.join() == 360


def test_a_newer_arrangement_stops_an_older_one(
    filled: Cache, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(grid, monkeypatch)
    newer = threading.Thread(target=lambda: gate.results.append(grid.arrange(text="cus_007")))
    newer.start()
    while grid._ticket < 2:
        newer.join(0.001)
    gate.go.set()
    newer.join(30)
    gate.thread.join(30)
    assert sorted(type(result).__name__ for result in gate.results) == ["Superseded", "int"]
    assert [row.customer_id for row in grid.page(0, 5)] == ["cus_007"]


def test_a_long_sort_is_interrupted_within_the_statement(
    filled: Cache, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_module, "STEPS", 1)
    grid.arrange()
    looks = 0

    class Impatient(int):
        """A ticket that is overtaken after a few looks."""

        def __ne__(self, other: object) -> bool:
            nonlocal looks
            looks += 1
            return looks > 5

        def __add__(self, other: int) -> Impatient:
            return self

    monkeypatch.setattr(grid, "_ticket", Impatient(9))
    with pytest.raises(Superseded):
        grid.arrange("changed")
    assert looks == 6
    assert len(grid.page(0, 1_000)) == 360  # the present arrangement stays


def test_closing_stops_an_arrangement_at_work(
    filled: Cache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid.open(path)
    gate = Gate(grid, monkeypatch)
    closing = threading.Thread(target=grid.close)
    closing.start()
    while grid._ticket < 2:
        closing.join(0.001)
    assert isinstance(gate.join(), Superseded)
    closing.join(30)
    assert not closing.is_alive()
    grid.close()
    with pytest.raises(StoreError, match="closed"):
        grid.page(0, 1)


def test_a_page_is_found_by_positions_alone(filled: Cache, grid: Grid) -> None:
    grid.arrange()
    statements: list[str] = []
    grid._front.raw.set_trace_callback(statements.append)
    grid.page(10, 20)
    grid._front.raw.set_trace_callback(None)
    (statement,) = statements
    plan = " | ".join(row[3] for row in grid._front.query(f"EXPLAIN QUERY PLAN {statement}"))
    assert "OFFSET" not in statement
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_sorting_by_name_and_state_needs_no_sorter(filled: Cache, grid: Grid) -> None:
    statements: list[str] = []
    for connection in (grid._front, grid._back):
        connection.raw.set_trace_callback(statements.append)
    for sort in ("name", "state"):
        for descending in (False, True):
            grid.arrange(sort, descending=descending, text="acme")  # type: ignore[arg-type]
            grid.arrange(sort, descending=descending, state=State.REVIEW)  # type: ignore[arg-type]
    for connection in (grid._front, grid._back):
        connection.raw.set_trace_callback(None)
    inserts = [s for s in statements if s.startswith("INSERT")]
    assert len(inserts) == 2 + 2 + 2 * len(ATTENTION) + 2
    for insert in inserts:
        plan = " | ".join(row[3] for row in grid._front.query(f"EXPLAIN QUERY PLAN {insert}"))
        assert "FOR ORDER BY" not in plan
        assert "COVERING INDEX entries_" in plan


def test_a_state_of_every_kind_has_its_place() -> None:
    assert sorted(ATTENTION) == sorted(State)


names = st.text(st.sampled_from("aAáÁbBzß '%\0"), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    customers=st.lists(st.tuples(names, st.sampled_from(State), st.integers(0, 3)), max_size=12),
    accounts=st.lists(names, max_size=6),
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
    text=st.one_of(names, st.sampled_from(["c", "c1", "001", "0010"])),
    state=st.one_of(st.none(), st.sampled_from(State)),
    size=st.integers(1, 5),
)
def test_any_arrangement_of_anything_is_the_naive_one(
    cache: Cache, grid: Grid, make, customers, accounts, sort, descending, text, state, size
) -> None:
    for table in ("entries", "customers", "accounts"):
        cache._db.execute(f"DELETE FROM {table}")
    cache.customers.put(
        (make.customer(f"c{n}", name) for n, (name, _, _) in enumerate(customers)), make.at, "poll"
    )
    cache.accounts.put((make.account(n, name) for n, name in enumerate(accounts)), make.later, "poll")
    cache.entries.settle(
        Settled(f"c{n}", state_, differs, "") for n, (_, state_, differs) in enumerate(customers)
    )
    expected = naive(cache, sort, descending, text, state)
    assert grid.arrange(sort, descending=descending, text=text, state=state) == len(expected)
    shown = list(grid.rows(size))
    assert [(row.customer_id, row.account_id) for row in shown] == [
        (e.customer_id, e.account_id) for e in expected
    ]
    for row in shown:
        assert grid.position(row.customer_id or row.account_id or "") == row.pos


def test_a_grid_reads_while_the_writer_writes(filled: Cache, grid: Grid, make) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def write() -> None:
        try:
            for n in range(60):
                filled.customers.put(
                    (make.customer(f"new_{n}_{i}", f"New {n}") for i in range(50)), make.later, "poll"
                )
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        rows = grid.arrange()
        assert (rows - 360) % 50 == 0  # whole puts only
        assert len(grid.page(0, 5_000)) == rows
    writer.join()
    assert failures == []
    assert grid.arrange() == 360 + 60 * 50


def test_both_connections_are_closed(filled: Cache, path: Path) -> None:
    grid = Grid.open(path)
    grid.close()
    for connection in (grid._front, grid._back):
        with pytest.raises(sqlite3.ProgrammingError):
            connection.raw.execute("SELECT 1")
