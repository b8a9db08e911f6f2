"""A question that is answered by typing: a passphrase, or a name to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from console.domain.plain import plain
from screens.dialogs import Dialog


class Prompt(Dialog):
    """Ends with what was typed, empty when nothing was or it was left.

    :param hidden: do not show what is typed.
    """

    def __init__(
        self, title: str, lines: Sequence[str], yes: str, *, hidden: bool = False, dangerous: bool = False
    ) -> None:
        super().__init__(title, lines, yes, dangerous=dangerous)
        self.hidden = hidden

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -dangerous" if self.dangerous else "box"):
            yield Static(plain(self.heading), markup=False, classes="title")
            for line in self.lines:
                yield Static(plain(line, 1000), markup=False)
            yield Input(password=self.hidden, id="typed")
            with Horizontal(classes="buttons"):
                yield Button(Content(self.no), id="no")
                yield Button(Content(self.yes), id="yes", variant="error" if self.dangerous else "primary")

    @property
    def first(self) -> str:
        return "#typed"

    def answer(self, button: str) -> str:
        return self.query_one(Input).value if button == "yes" else ""

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.dismiss(self.answer("yes"))
