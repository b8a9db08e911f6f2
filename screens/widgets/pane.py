"""A titled part of a screen that holds text and scrolls with the same keys as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.commands import moves


class Pane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Lines of text in a frame."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves()]

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id, classes="panel pane")
        self.border_title = title

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def say(self, lines: Sequence[Content]) -> None:
        """Show these lines."""
        self.query_one(Static).update(Content("\n").join(lines))

    def action_cursor_up(self) -> None:
        self.scroll_up(animate=False)

    def action_cursor_down(self) -> None:
        self.scroll_down(animate=False)

    def action_page_up(self) -> None:
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.scroll_page_down(animate=False)

    def action_first(self) -> None:
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        self.scroll_end(animate=False)

    def action_select(self) -> None:
        """Text has nothing to choose."""
