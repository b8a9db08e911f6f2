"""A question that is answered by choosing one of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, OptionList, Static

from console.domain.plain import plain
from screens.dialogs import Dialog
from screens.widgets.choice import Choice
from screens.words import STYLE


class Pick(Dialog):
    """Ends with the key of what was chosen, ``no`` when it was left.

    :param options: what each choice means, by its key.
    """

    def __init__(self, title: str, lines: Sequence[str], options: Mapping[str, str]) -> None:
        super().__init__(title, lines, "Choose")
        self.options = options

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(plain(self.heading), markup=False, classes="title")
            with VerticalScroll(classes="lines", can_focus=False):
                for line in self.lines:
                    yield Static(plain(line, 1000), markup=False)
            yield Choice(id="options")
            with Horizontal(classes="buttons"):
                yield Button(Content(self.no), id="no")

    def on_mount(self) -> None:
        said = [
            (key, Content.assemble((key, STYLE["strong"]), (f"  {words}", STYLE["quiet"])))
            for key, words in self.options.items()
        ]
        self.query_one(Choice).offer(said)
        super().on_mount()

    @property
    def first(self) -> str:
        return "#options"

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id or "no")
