"""The command palette: every command of the present screen, from the one table."""

from __future__ import annotations

from collections.abc import Callable

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from screens.commands import Command, at
from screens.place import Place


class Palette(Provider):
    """Find a command by a part of its name; what can't run now says why and tells it when chosen."""

    def _commands(self) -> list[tuple[Command, str]]:
        place = self.screen
        if not isinstance(place, Place):
            return []
        standing = place.standing()
        found = []
        for command in at(place.place):
            if not command.action and command.id not in ("palette", "next", "previous"):
                answer = command.enabled(standing)
                found.append((command, command.help if answer is True else f"Not now: {answer}"))
        return found

    def _title(self, command: Command) -> str:
        return f"{command.group}: {command.title}  {command.shown_key}"

    async def discover(self) -> Hits:
        """Everything, in table order."""
        for command, help in self._commands():
            yield DiscoveryHit(
                Content(self._title(command)), self._runner(command), text=self._title(command), help=help
            )

    async def search(self, query: str) -> Hits:
        """What matches, best first."""
        matcher = self.matcher(query)
        for command, help in self._commands():
            score = matcher.match(self._title(command))
            if score > 0:
                yield Hit(score, matcher.highlight(self._title(command)), self._runner(command), help=help)

    def _runner(self, command: Command) -> Callable[[], None]:
        place = self.screen
        assert isinstance(place, Place)

        def run() -> None:
            place.action_command(command.id)

        return run
