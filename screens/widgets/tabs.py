"""The places of an open connection, one line, with their keys."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.commands import COMMAND
from screens.live import Live
from screens.words import STYLE, amount

TABS = ("dashboard", "accounts", "problems", "import")


class Tabs(Widget):
    """Where you are among the places; a click goes there."""

    live: reactive[Live | None] = reactive(None)

    def __init__(self, here: str) -> None:
        super().__init__()
        self.here = here
        self._ends: list[tuple[int, str]] = []

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        self._ends = []
        column = 0
        for index, ident in enumerate(TABS):
            title, note = COMMAND[ident].title, self._note(ident)
            here = ident == self.here
            number = f" {index + 1} "
            parts.append((number, "$primary bold" if here else STYLE["quiet"]))
            parts.append((title, "bold underline $foreground" if here else STYLE["quiet"]))
            if note:
                parts.append((f" {note}", STYLE["person"] if ident == "problems" else STYLE["quiet"]))
            parts.append(("  ", ""))
            column += len(number) + len(title) + (len(note) + 1 if note else 0) + 2
            self._ends.append((column, ident))
        return Content.assemble(*parts)

    def _note(self, ident: str) -> str:
        live = self.live
        if live is None or live.states is None:
            return ""
        number = {"accounts": live.total, "problems": live.problems}.get(ident, 0)
        return amount(number) if number else ""

    def on_click(self, event: events.Click) -> None:
        for end, ident in self._ends:
            if event.x < end:
                self.app.call_later(self.screen.run_action, f"command('{ident}')")
                return
