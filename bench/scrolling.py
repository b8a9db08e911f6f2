"""The accounts grid in a headless console, scrolled and painted by hand.

Its cost is told in seconds of processor time: reading from files that are in memory and painting wait for nothing, and
other programs disturb that less than the time on the wall.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from textual._compositor import LayoutUpdate
from textual.app import ComposeResult
from textual.screen import Screen

from console.guide.desk import ConsoleDesk
from console.store.connection import Connection
from console.store.grid import Grid, GridRow
from screens.app import ConsoleApp
from screens.widgets.records import PAGE, RecordGrid

SIZE = (160, 40)
"""Columns and lines of the terminal."""
PATIENCE = 60.0
"""Seconds until rows have to be there."""


class TimedGrid(Grid):
    """Notes what each page of rows costs to read, in seconds of processor time by its first position."""

    def __init__(self, front: Connection, back: Connection) -> None:
        super().__init__(front, back)
        self.reading: dict[int, float] = {}

    def page(self, start: int, count: int) -> list[GridRow]:
        began = time.thread_time()
        rows = super().page(start, count)
        self.reading[start] = time.thread_time() - began
        return rows


class Scrolling(Screen[None]):
    """A screen with nothing but the grid over one cache."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._timed: TimedGrid | None = None

    def compose(self) -> ComposeResult:
        yield RecordGrid()

    def on_mount(self) -> None:
        self._grid.attach(self._open)

    def _open(self) -> Grid:
        grid = TimedGrid.open(self._path)
        assert isinstance(grid, TimedGrid)
        self._timed = grid
        return grid

    @property
    def _grid(self) -> RecordGrid:
        return self.query_one(RecordGrid)

    async def show(self) -> None:
        """Bring this screen to the front, with all its rows in order."""
        if self.app.screen is not self:
            await self.app.switch_screen(self)
        await _until(lambda: self._shows(self._grid.cursor or 0), f"the rows of {self._path.name}")

    async def page(self, pick: Random) -> float:
        """Jump to any row: seconds of processor time for reading the rows that come on screen and painting all lines.

        Rows that are in memory already, as all of a small cache soon are, are read once more: like is held against like.
        """
        grid, timed = self._grid, self._timed
        assert timed is not None
        timed.reading.clear()
        grid.cursor = row = pick.randrange(grid.total)
        await _until(lambda: self._shows(row), "a page of rows")
        top = grid.scroll_offset.y
        starts = {row // PAGE * PAGE for row in range(top, min(top + grid.page, grid.total))}
        if not starts <= timed.reading.keys():
            timed.reading.clear()
            grid.fresh()
            await _until(lambda: starts <= timed.reading.keys(), "a page of rows, read again")
        reading = sum(timed.reading[start] for start in starts)
        began = time.thread_time()
        grid.repaint()
        update = self._compositor.render_update(full=True)
        assert isinstance(update, LayoutUpdate)
        update.render_segments(self.app.console)
        return reading + time.thread_time() - began

    def _shows(self, row: int) -> bool:
        """Whether a row is on screen, and every row around it was read."""
        grid, top = self._grid, self._grid.scroll_offset.y
        rows = range(top, min(top + grid.page, grid.total))
        return row in rows and all(grid.row(each) is not None for each in rows)


@asynccontextmanager
async def scrolling(paths: Sequence[Path]) -> AsyncIterator[list[Scrolling]]:
    """A console that runs without a terminal, with a screen for each cache."""
    app = ConsoleApp(ConsoleDesk(paths[0].parent))
    async with app.run_test(size=SIZE):
        grids = [Scrolling(path) for path in paths]
        for number, grid in enumerate(grids):
            app.install_screen(grid, f"grid-{number}")
            await app.push_screen(grid)
        yield grids


async def _until(there: Callable[[], bool], what: str) -> None:
    """Let the app work until something is there. :raises TimeoutError: it never comes."""
    deadline = time.monotonic() + PATIENCE
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {PATIENCE:.0f} s")
        await asyncio.sleep(0.002)
