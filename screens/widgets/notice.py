"""Loading, empty, failed, stale, told and done: pictures that can't be mistaken for one another."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.widgets import Static

from console.domain.plain import plain
from console.errors import ConsoleError
from screens.words import STYLE

Mood = Literal["loading", "empty", "failed", "stale", "note", "done"]

_SIGNS: dict[Mood, tuple[str, str]] = {
    "loading": ("···", STYLE["work"]),
    "empty": ("○", STYLE["quiet"]),
    "failed": ("✗ Failed:", STYLE["bad"] + " bold"),
    "stale": ("! Out of date:", STYLE["person"] + " bold"),
    "note": ("i", STYLE["salesforce"] + " bold"),
    "done": ("✓", STYLE["good"] + " bold"),
}


class Notice(Static):
    """One thing to say, and what to do about it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(markup=False, id=id, classes=classes)
        self.mood: Mood | None = None
        self.words = ""
        self.display = False

    def say(self, mood: Mood, title: str, advice: str = "") -> None:
        """Show it."""
        self.mood, self.words = mood, f"{plain(title, 400)} {plain(advice, 600)}".strip()
        for other in _SIGNS:
            self.set_class(other == mood, f"-{other}")
        sign, style = _SIGNS[mood]
        parts = [
            (f"{sign} ", style),
            (plain(title, 400), STYLE["strong"] if mood != "loading" else STYLE["quiet"]),
        ]
        if advice:
            parts.append((f"\n{plain(advice, 600)}", STYLE["quiet"]))
        self.update(Content.assemble(*parts))
        self.display = True

    def fail(self, error: ConsoleError, mood: Mood = "failed") -> None:
        """Show what went wrong."""
        self.say(mood, error.message, error.advice)

    def hush(self) -> None:
        """Show nothing."""
        self.mood, self.words = None, ""
        self.display = False
