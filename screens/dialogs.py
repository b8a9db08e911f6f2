"""Questions and reports that stand in front of a screen."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from screens.availability import Standing
from screens.commands import COMMAND, bindings
from screens.theme import STYLES

if TYPE_CHECKING:
    from screens.app import ConsoleApp


SHEETS: list[str | PurePath] = [STYLES / "forms.tcss", STYLES / "dialogs.tcss"]


class Dialog(ModalScreen[str], inherit_bindings=False):
    """A question with two or three answers; where it is dangerous, the harmless one has the focus."""

    CSS_PATH = SHEETS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    place: ClassVar[str] = "dialog"

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        yes: str,
        *,
        no: str = "Cancel",
        other: str = "",
        dangerous: bool = False,
    ) -> None:
        super().__init__()
        self.heading, self.lines = title, tuple(lines)
        self.yes, self.no, self.other, self.dangerous = yes, no, other, dangerous

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -dangerous" if self.dangerous else "box"):
            yield Static(plain(self.heading), markup=False, classes="title")
            with VerticalScroll(classes="lines", can_focus=False):
                for line in self.lines:
                    yield Static(plain(line, 2000), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content(self.no), id="no")
                if self.other:
                    yield Button(Content(self.other), id="other")
                yield Button(Content(self.yes), id="yes", variant="error" if self.dangerous else "primary")

    def on_mount(self) -> None:
        self.query_one(self.first).focus()

    @property
    def first(self) -> str:
        """What has the focus at the beginning."""
        return "#no" if self.dangerous else "#yes"

    def answer(self, button: str) -> str:
        """What the question ends with when this button was pressed."""
        return button

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self.answer(event.button.id or "no"))

    def action_command(self, ident: str) -> None:
        answer = COMMAND[ident].enabled(Standing(place=self.place))
        if answer is True:
            getattr(self, f"do_{ident}")()

    def do_cancel(self) -> None:
        self.dismiss(self.answer("no"))

    def do_next(self) -> None:
        self.focus_next()

    def do_previous(self) -> None:
        self.focus_previous()

    def do_quit(self) -> None:
        self.app.exit()


class Report(ModalScreen[None], inherit_bindings=False):
    """Something to read and copy: an expected failure with its advice, or an unexpected one with where it happened."""

    CSS_PATH = SHEETS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("report")]
    place: ClassVar[str] = "report"

    def __init__(self, title: str, text: str, advice: str = "") -> None:
        super().__init__()
        self.heading, self.text, self.advice = title, text, advice

    @classmethod
    def of(cls, error: ConsoleError) -> Report:
        """What an expected failure says."""
        return cls("That did not work", error.message, error.advice)

    @classmethod
    def of_bug(cls, where: str, error: BaseException) -> Report:
        """An unexpected failure: its kind, its words and the way to it; no values of variables."""
        lines = "".join(traceback.format_exception(type(error), error, error.__traceback__, chain=False))
        return cls(
            f"Unexpected error in {where}",
            lines,
            "The console goes on; nothing was written because of this. Copy the report (y) and send it along.",
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(plain(self.heading), markup=False, classes="title")
            with VerticalScroll(classes="lines"):
                for line in self.text.splitlines() or [""]:
                    yield Static(plain(line, 500), markup=False)
            if self.advice:
                yield Static(plain(self.advice, 1000), markup=False, classes="advice")
            with Horizontal(classes="buttons"):
                yield Button(Content("Copy  y"), id="copy")
                yield Button(Content("Close  esc"), id="close", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#close", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "copy":
            self.do_copy()
        else:
            self.dismiss()

    def action_command(self, ident: str) -> None:
        getattr(self, f"do_{ident}")()

    def do_copy(self) -> None:
        cast("ConsoleApp", self.app).copy_out("\n".join(filter(None, (self.heading, self.text, self.advice))))

    def do_back(self) -> None:
        self.dismiss()

    def do_next(self) -> None:
        self.focus_next()

    def do_previous(self) -> None:
        self.focus_previous()

    def do_quit(self) -> None:
        self.app.exit()
