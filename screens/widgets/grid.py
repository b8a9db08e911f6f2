"""A list of lines with a cursor, painted by the line API: the cost of a repaint is the lines on screen.

Subclasses say how many rows there are and what one row's cells hold; this class owns the cursor, the keys, the
mouse, the fixed head line and the cache of painted lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.commands import moves
from screens.widgets.columns import GAP, Column, fit
from screens.widgets.text import cell, right
from screens.words import TONES, Tone


class Cell(NamedTuple):
    """Text with a meaning."""

    text: str
    tone: Tone = ""


class CursorGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines, columns and a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves()]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--head",
        "grid--heading",
        "grid--row",
        "grid--cursor",
        "grid--cursor-idle",
        "grid--hover",
        *(f"tone--{tone}" for tone in TONES),
    }

    cursor: reactive[int | None] = reactive(None)
    hover: reactive[int | None] = reactive(None)
    total: reactive[int] = reactive(0)

    class Highlighted(Message):
        """The cursor stands on another row, or on none."""

        def __init__(self, grid: CursorGrid, row: int | None) -> None:
            super().__init__()
            self.grid = grid
            self.row = row

        @property
        def control(self) -> CursorGrid:
            return self.grid

    class Opened(Message):
        """A row was chosen with enter or a double click."""

        def __init__(self, grid: CursorGrid, row: int) -> None:
            super().__init__()
            self.grid = grid
            self.row = row

        @property
        def control(self) -> CursorGrid:
            return self.grid

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        head: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.head = 1 if head else 0
        self.painted = 0
        """Lines painted so far, cache hits not counted: what a repaint costs."""
        self._strips: LRUCache[tuple[int, int, str], Strip] = LRUCache(512)

    # --- what a subclass says

    def cells(self, row: int) -> Sequence[Cell] | None:
        """One row's cells, a cell per column; None while it is being read."""
        raise NotImplementedError

    def heading(self, row: int) -> str | None:
        """The text of a row that is a heading, which the cursor passes over; None for an ordinary row."""
        return None

    def mark(self, column: Column) -> str:
        """What stands behind a column's title: which way it is sorted."""
        return ""

    # --- repainting

    def repaint(self) -> None:
        """Forget what was painted: the rows behind it changed."""
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def watch_total(self, total: int) -> None:
        self.virtual_size = Size(self.size.width, total + self.head)
        if not total:
            self.cursor = None
        elif self.cursor is None:
            self.cursor = self._next_from(-1, 1)
        elif self.cursor >= total:
            self.cursor = self._next_from(total, -1)
        self.repaint()

    def watch_cursor(self, before: int | None, cursor: int | None) -> None:
        if cursor is not None:
            self.reveal(cursor)
        self.refresh()
        if before != cursor:
            self.post_message(self.Highlighted(self, cursor))

    def watch_hover(self) -> None:
        self.refresh()

    def watch_has_focus(self, focus: bool) -> None:
        super().watch_has_focus(focus)
        self.refresh()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self.total + self.head)
        self._strips.clear()
        if self.cursor is not None:
            self.reveal(self.cursor)

    def reveal(self, row: int) -> None:
        """Scroll as little as it takes to show `row`."""
        height = self.size.height - self.head
        if height <= 0:
            return
        top = self.scroll_offset.y
        if row < top or row >= top + height:
            target = row if row < top else row - height + 1
            if target and self.heading(target - 1) is not None and row < top:
                target -= 1
            self.scroll_to(y=target, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.head:
            return self._head(width)
        row = self.scroll_offset.y + y - self.head
        if row >= self.total:
            return Strip.blank(width, self.get_component_rich_style("grid--row"))
        look = self._look(row)
        key = (row, width, look)
        strip = self._strips.get(key)
        if strip is None:
            cells = None if self.heading(row) is not None else self.cells(row)
            strip = self._paint(row, cells, width, look)
            if cells is not None or self.heading(row) is not None:
                self._strips[key] = strip
        return strip

    def _look(self, row: int) -> str:
        if row == self.cursor:
            return "grid--cursor" if self.has_focus else "grid--cursor-idle"
        return "grid--hover" if row == self.hover else "grid--row"

    def _layout(self, width: int) -> list[tuple[Column, int]]:
        return fit(self.columns, max(1, width - 2))

    def _head(self, width: int) -> Strip:
        style = self.get_component_rich_style("grid--head")
        parts = []
        for column, cells in self._layout(width):
            title = column.title + self.mark(column)
            parts.append(right(title, cells) if column.flush_right else cell(title, cells))
        return Strip([Segment(f" {(' ' * GAP).join(parts)} ", style)]).adjust_cell_length(width, style)

    def _paint(self, row: int, cells: Sequence[Cell] | None, width: int, look: str) -> Strip:
        self.painted += 1
        base = self.get_component_rich_style(look)
        heading = self.heading(row)
        if heading is not None:
            style = self.get_component_rich_style("grid--heading")
            return Strip([Segment(" " + cell(heading, width - 1), style)], width)
        if cells is None:
            return Strip([Segment(cell("  ···", width), base + self._tone("quiet"))], width)
        by_key = dict(zip((column.key for column in self.columns), cells, strict=True))
        segments = [Segment(" ", base)]
        for index, (column, size) in enumerate(self._layout(width)):
            if index:
                segments.append(Segment(" " * GAP, base))
            text, tone = by_key[column.key]
            shown = right(text, size) if column.flush_right else cell(text, size)
            segments.append(Segment(shown, base + self._tone(tone) if tone else base))
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, tone: Tone) -> Style:
        found = self.get_component_rich_style(f"tone--{tone}", partial=True)
        return Style(color=found.color, bold=found.bold, italic=found.italic)

    # --- the cursor

    def _next_from(self, row: int, step: int) -> int | None:
        """The nearest ordinary row from `row` on, in direction `step`, `row` itself not counted."""
        row += step
        while 0 <= row < self.total:
            if self.heading(row) is None:
                return row
            row += step
        return None

    def _move(self, row: int, step: int) -> None:
        row = min(max(row, 0), self.total - 1)
        if self.total and self.heading(row) is not None:
            found = self._next_from(row, step)
            row = found if found is not None else (self._next_from(row, -step) or 0)
        if self.total:
            self.cursor = row

    @property
    def page(self) -> int:
        """Rows on one page."""
        return max(1, self.size.height - self.head)

    def action_cursor_up(self) -> None:
        self._move((self.cursor or 0) - 1, -1)
        if self.cursor is not None and self._next_from(self.cursor, -1) is None:
            self.scroll_to(y=0, animate=False)

    def action_cursor_down(self) -> None:
        self._move(-1 if self.cursor is None else self.cursor + 1, 1)

    def action_page_up(self) -> None:
        self._move((self.cursor or 0) - self.page, -1)

    def action_page_down(self) -> None:
        self._move((self.cursor or 0) + self.page, 1)

    def action_first(self) -> None:
        self._move(0, 1)
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        self._move(self.total - 1, -1)

    def action_select(self) -> None:
        if self.cursor is not None:
            self.post_message(self.Opened(self, self.cursor))

    # --- the mouse

    def _row_at(self, y: int) -> int | None:
        row = self.scroll_offset.y + y - self.head
        if y < self.head or row >= self.total or self.heading(row) is not None:
            return None
        return row

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.hover = self._row_at(event.y)

    def on_leave(self) -> None:
        self.hover = None

    def on_click(self, event: events.Click) -> None:
        row = self._row_at(event.y)
        if row is None:
            return
        if event.chain > 1 or row == self.cursor:
            self.cursor = row
            self.action_select()
        else:
            self.cursor = row


class ListGrid(CursorGrid):
    """A grid over rows that are all in memory: a screenful to a few thousand, ours, not the org's."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        head: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, head=head, id=id, classes=classes)
        self.rows: Sequence[Sequence[Cell] | str] = ()

    def show(self, rows: Sequence[Sequence[Cell] | str]) -> None:
        """Take new rows; a bare string is a heading. The cursor stays where it is, if there still is a row."""
        self.rows = rows
        if self.total == len(rows):
            self.repaint()
        else:
            self.total = len(rows)

    def cells(self, row: int) -> Sequence[Cell] | None:
        found = self.rows[row]
        return None if isinstance(found, str) else found

    def heading(self, row: int) -> str | None:
        if not 0 <= row < len(self.rows):
            return None
        found = self.rows[row]
        return found if isinstance(found, str) else None
