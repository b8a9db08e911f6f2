"""Help: every key of the screen one came from, and everywhere, from the table of commands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from screens.commands import Command, at, key_name
from screens.place import Place
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.words import STATES

KEYS = (Column("keys", "Key", 13), Column("title", "Command", 16), Column("help", "What it does", 30, grow=1))


class Help(Place, place="help"):
    """Keys, states and signs."""

    def __init__(self, about: str = "home") -> None:
        super().__init__()
        self.about = about

    def body(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static(
                f"Keys of this screen: {self.about.replace('_', ' ')}", classes="title", markup=False
            )
            yield ListGrid(KEYS, id="keys", head=False)
            yield Static(id="sentence", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        grid = self.query_one(ListGrid)
        grid.show(help_rows(self.about))
        grid.focus()

    @on(CursorGrid.Highlighted)
    def _moved(self, event: CursorGrid.Highlighted) -> None:
        cells = event.grid.cells(event.row) if event.row is not None else None
        self.query_one("#sentence", Static).update(cells[2].text if cells else "")


def help_rows(place: str) -> list[Sequence[Cell] | str]:
    """The commands of a place by group, its own groups first, then what the signs mean."""
    commands = sorted(at(place), key=lambda command: command.group in ("Everywhere", "Move"))
    rows: list[Sequence[Cell] | str] = []
    for group, members in groupby(commands, key=lambda command: command.group):
        rows.append(group)
        rows += [_row(command) for command in members]
    rows.append("Signs")
    rows += [
        (Cell(f"{words.sign} {words.word}", words.tone), Cell("state", "quiet"), Cell(words.means))
        for words in STATES.values()
    ]
    rows += [
        (
            Cell("─▶", "salesforce"),
            Cell("direction", "quiet"),
            Cell("Alguna's value will be written to Salesforce"),
        ),
        (
            Cell("◀─", "alguna"),
            Cell("direction", "quiet"),
            Cell("Salesforce's value will be written to Alguna"),
        ),
        (
            Cell("!?", "person"),
            Cell("direction", "quiet"),
            Cell("they differ and nothing is written until a person decides"),
        ),
    ]
    return rows


def _row(command: Command) -> Sequence[Cell]:
    keys = "  ".join(key_name(key) for key in command.keys.split(","))
    title = f"{command.title} !" if command.dangerous else command.title
    return (Cell(keys, "strong"), Cell(title), Cell(command.help, "quiet"))
