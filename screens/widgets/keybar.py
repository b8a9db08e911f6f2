"""The footer: the keys that work here, from the table of commands; what can't run now is dimmed."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.availability import Standing
from screens.commands import Command, at
from screens.words import STYLE


class KeyBar(Widget):
    """One line of keys; a click is the key."""

    standing: reactive[Standing] = reactive(Standing())

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self._ends: list[tuple[int, Command]] = []

    def shown(self, width: int) -> list[Command]:
        """The commands that fit, in table order; what can't run now and the least important go first."""
        kept = [command for command in at(self.place) if command.footer and self._belongs(command)]
        while len(kept) > 1 and sum(self._width(command) for command in kept) > width:
            kept.remove(max(reversed(kept), key=self._dispensable))
        return kept

    def _belongs(self, command: Command) -> bool:
        """Not the place one is at, and not what is only wanted in need."""
        return command.id != self.place and (command.urgent is None or command.urgent(self.standing))

    def _dispensable(self, command: Command) -> tuple[bool, int]:
        unable = command.enabled(self.standing) is not True
        return unable, 0 if command.urgent is not None else command.footer

    def render(self) -> Content:
        parts: list[tuple[str, str]] = [(" ", "")]
        self._ends = []
        column = 1
        for command in self.shown(self.size.width - 1):
            able = command.enabled(self.standing) is True
            parts.append((command.shown_key, "bold $primary" if able else "$faint"))
            parts += [
                (" ", ""),
                (command.word(self.standing), STYLE[""] if able else "$faint strike"),
                ("   ", ""),
            ]
            column += self._width(command)
            self._ends.append((column, command))
        return Content.assemble(*parts)

    def _width(self, command: Command) -> int:
        return cell_len(command.shown_key) + cell_len(command.word(self.standing)) + 4

    def on_click(self, event: events.Click) -> None:
        for end, command in self._ends:
            if event.x < end:
                action = command.action or f"command('{command.id}')"
                target = self.screen if not command.action else self.screen.focused or self.screen
                self.app.call_later(target.run_action, action)
                return
