"""The virtual grid over the cache: any number of rows, a few pages of them in memory.

Rows are read by position in pages, by a thread that owns its read-only connection. What is on screen is read
first, then one page ahead and one behind; a row that is not there yet is painted as a placeholder. Nothing here
blocks: a page that arrives repaints its lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from textual.cache import LRUCache
from textual.message import Message

from console.domain.records import State
from console.errors import ConsoleError
from console.guide.seam import Grid, GridRow, Sort
from console.store.grid import Superseded
from screens.tasks import Lane, in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid
from screens.words import STATES, day_and_time
from screens.workers import Works

PAGE = 128
PAGES = 48
"""Pages kept: 6,144 rows, a few megabytes, however many there are."""

COLUMNS = (
    Column("state", "State", 17),
    Column("name", "Account", 26, grow=3),
    Column("differs", "Differs", 7, flush_right=True),
    Column("subscription", "Subscription", 16, grow=1, rank=1),
    Column("why", "Why", 24, grow=4, rank=2),
    Column("changed", "Changed", 16, rank=3),
)

SORTS: tuple[Sort, ...] = ("name", "state", "differs", "changed")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is shown, in which order."""

    sort: Sort = "name"
    descending: bool = False
    text: str = ""
    state: State | None = None

    @property
    def filtered(self) -> bool:
        """Whether rows are left out."""
        return bool(self.text) or self.state is not None


Rows = Mapping[int, GridRow]
"""One page, by position; a row that is gone since arranging is missing."""

_GONE = (Cell("− Gone", "quiet"), Cell("no longer there", "quiet"), *(Cell("") for _ in COLUMNS[2:]))


class _Source:
    """The grid as threads see it: pages in a lane of their own, arranging beside it."""

    def __init__(self, open_grid: Callable[[], Grid]) -> None:
        self.lane = Lane("grid-reader")
        self._open = open_grid
        self._grid: Grid | None = None

    async def ready(self) -> None:
        """Open it, once."""
        await self.lane.run(self._ready)

    def _ready(self) -> None:
        if self._grid is None:
            self._grid = self._open()

    def close(self) -> None:
        """Close it after the page in hand."""
        self.lane.close(self._close)

    def _close(self) -> None:
        if self._grid is not None:
            self._grid.close()

    def page(self, index: int) -> Rows:
        """One page. Blocks."""
        assert self._grid is not None
        return {row.pos: row for row in self._grid.page(index * PAGE, PAGE)}

    def arrange(
        self, wanted: Arrangement, keep: str | None
    ) -> tuple[int, float, int | None, dict[int, Rows]]:
        """Arrange and read the page the cursor will be on. Blocks: total, seconds, position of `keep`, pages."""
        assert self._grid is not None
        started = time.perf_counter()
        total = self._grid.arrange(
            wanted.sort, descending=wanted.descending, text=wanted.text, state=wanted.state
        )
        at = self._grid.position(keep) if keep is not None else None
        first = (at or 0) // PAGE
        pages = {first: self.page(first)} if total else {}
        return total, time.perf_counter() - started, at, pages


class RecordGrid(Works, CursorGrid):
    """All customers and accounts, by pages."""

    class Arranged(Message):
        """The rows are in order; `total` of them."""

        def __init__(self, total: int, seconds: float) -> None:
            super().__init__()
            self.total = total
            self.seconds = seconds

    class Failed(Message):
        """The cache could not be read."""

        def __init__(self, error: ConsoleError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(COLUMNS, id=id)
        self.arrangement = Arrangement()
        self.seconds = 0.0
        """How long the last arranging took: refreshing on its own waits a multiple of it."""
        self._source: _Source | None = None
        self._pages: LRUCache[int, Rows] = LRUCache(PAGES)
        self._wanted: set[int] = set()
        self._reading = False
        self._version = 0

    # --- reading

    def attach(self, open_grid: Callable[[], Grid]) -> None:
        """Read from the grid that `open_grid` opens; it is called in the reading thread."""
        self.detach()
        self._source = _Source(open_grid)
        self.rearrange(self.arrangement)

    def detach(self) -> None:
        """Stop reading and close the connection, without waiting for either."""
        if self._source is not None:
            self._source.close()
        self._source = None

    def on_unmount(self) -> None:
        source = self._source
        self.detach()
        if source is not None:
            source.lane.join(0.5)

    def rearrange(self, arrangement: Arrangement, keep: str | None = None) -> None:
        """Put rows in another order or filter; the newest call wins. `keep` is an id the cursor should stay on."""
        self.arrangement = arrangement
        if self._source is not None:
            self.begin(self._arrange(self._source, arrangement, keep), "arrange rows")

    def again(self) -> None:
        """Arrange once more: rows may have come, gone or changed. The cursor stays on its row."""
        row = self.row(self.cursor) if self.cursor is not None else None
        self.rearrange(self.arrangement, (row.customer_id or row.account_id) if row is not None else None)

    def fresh(self) -> None:
        """Read what is on screen once more, in the present order."""
        self._version += 1
        self._wanted.update(self._visible_pages())
        self._read_on()

    async def _arrange(self, source: _Source, wanted: Arrangement, keep: str | None) -> None:
        try:
            await source.ready()
            while True:
                try:
                    found = await in_thread(source.arrange, wanted, keep)
                    break
                except Superseded:  # an older call got in between on its way: this one is the newest still
                    continue
        except ConsoleError as error:
            self.post_message(self.Failed(error))
            return
        total, self.seconds, at, first = found
        self._version += 1
        self._pages.clear()
        self._wanted.clear()
        for index, rows in first.items():
            self._pages[index] = rows
        self.total = total
        if at is not None and at < total:
            self.cursor = at
        elif keep is None and total:
            self.cursor = 0
        self.repaint()
        self.post_message(self.Arranged(total, self.seconds))
        self.post_message(self.Highlighted(self, self.cursor))

    # --- pages

    def row(self, position: int | None) -> GridRow | None:
        """The row at a position, if it has been read."""
        if position is None:
            return None
        page = self._pages.get(position // PAGE)
        return page.get(position) if page is not None else None

    def _visible_pages(self) -> list[int]:
        top = self.scroll_offset.y
        return list(range(top // PAGE, min(top + self.page, max(self.total - 1, 0)) // PAGE + 1))

    def _want(self, index: int) -> None:
        if index not in self._wanted:
            self._wanted.add(index)
            self.call_next(self._read_on)

    def _read_on(self) -> None:
        if not self._reading and self._source is not None and self._wanted:
            self._reading = True
            self.begin(self._read(self._source), "read rows", exclusive=False)

    async def _read(self, source: _Source) -> None:
        """Read wanted pages, what is on screen first, until none is missing."""
        try:
            while self._wanted and self._source is source:
                visible = self._visible_pages()
                on_screen = [index for index in visible if index in self._wanted]
                index = on_screen[0] if on_screen else self._wanted.pop()
                self._wanted.discard(index)
                if not on_screen and not visible[0] - 1 <= index <= visible[-1] + 1:
                    continue  # scrolled past: nobody looks at it any more
                version = self._version
                rows = await source.lane.run(source.page, index)
                if version == self._version:
                    self._pages[index] = rows
                    self._forget_lines(index)
                else:
                    self._wanted.add(index)
        except ConsoleError as error:
            self.post_message(self.Failed(error))
        finally:
            self._reading = False

    def _forget_lines(self, index: int) -> None:
        for key in [key for key in self._strips.keys() if key[0] // PAGE == index]:  # noqa: SIM118 (no plain dict)
            self._strips.discard(key)
        self.refresh()
        if self.cursor is not None and self.cursor // PAGE == index:
            self.post_message(self.Highlighted(self, self.cursor))

    # --- painting

    def cells(self, row: int) -> Sequence[Cell] | None:
        index = row // PAGE
        page = self._pages.get(index)
        if page is None:
            self._want(index)
            return None
        at = row % PAGE
        if at > PAGE * 3 // 4 and (index + 1) * PAGE < self.total and index + 1 not in self._pages:
            self._want(index + 1)
        elif at < PAGE // 4 and index and index - 1 not in self._pages:
            self._want(index - 1)
        found = page.get(row)
        return record_cells(found) if found is not None else _GONE

    def mark(self, column: Column) -> str:
        if column.key != self.arrangement.sort:
            return ""
        return " ▼" if self.arrangement.descending else " ▲"

    # --- order

    def sort_next(self) -> None:
        """Sort by the next column."""
        at = (SORTS.index(self.arrangement.sort) + 1) % len(SORTS)
        sort = SORTS[at]
        self.rearrange(replace(self.arrangement, sort=sort, descending=sort in ("differs", "changed")))

    def reverse(self) -> None:
        """Turn the order round."""
        self.rearrange(replace(self.arrangement, descending=not self.arrangement.descending))


def record_cells(row: GridRow) -> Sequence[Cell]:
    """One row's cells: the state by sign and word, never by colour alone."""
    words = STATES[row.state]
    return (
        Cell(f"{words.sign} {words.word}", words.tone),
        Cell(row.name),
        Cell(str(row.differs) if row.differs else "", "person"),
        Cell(row.subscription or "", "quiet"),
        Cell(row.why, "quiet"),
        Cell(day_and_time(row.changed_at) if row.changed_at else "", "quiet"),
    )
