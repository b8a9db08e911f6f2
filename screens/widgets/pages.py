"""A grid over lines that are read by pages: any number of them, a few pages in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.cache import LRUCache
from textual.message import Message

from console.errors import ConsoleError
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid
from screens.workers import Works

PAGE = 128
PAGES = 24

Lines = Sequence[Sequence[Cell]]
Read = Callable[[int, int], Lines]
"""(first line, how many) -> lines; blocks, and is called in a thread."""


class PagedGrid(Works, CursorGrid):
    """Lines by position; a line that is not there yet is painted as a placeholder."""

    class Failed(Message):
        """A page could not be read."""

        def __init__(self, error: ConsoleError) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self, columns: Sequence[Column], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(columns, id=id, classes=classes)
        self.reads = 0
        """Pages read so far: what was shown cost so much."""
        self._read: Read | None = None
        self._pages: LRUCache[int, Lines] = LRUCache(PAGES)
        self._under_way: set[int] = set()

    def show(self, total: int, read: Read | None) -> None:
        """Show other lines."""
        self._read = read
        self._pages.clear()
        self._under_way.clear()
        self.total = total
        self.repaint()

    def cells(self, row: int) -> Sequence[Cell] | None:
        index = row // PAGE
        page = self._pages.get(index)
        if page is not None:
            at = row - index * PAGE
            return page[at] if at < len(page) else [Cell("") for _ in self.columns]
        if self._read is not None and index not in self._under_way:
            self._under_way.add(index)
            self.call_next(self._begin, self._read, index)
        return None

    def _begin(self, read: Read, index: int) -> None:
        self.begin(self._fetch(read, index), "read a page", exclusive=False)

    async def _fetch(self, read: Read, index: int) -> None:
        try:
            page = await in_thread(read, index * PAGE, PAGE)
        except ConsoleError as error:
            self.post_message(self.Failed(error))
            return
        if read is not self._read:
            return  # other lines are shown by now
        self.reads += 1
        self._pages[index] = page
        self._under_way.discard(index)
        self.repaint()
