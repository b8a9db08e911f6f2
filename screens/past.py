"""One account as of a run: what both sides held then, and how that is now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.domain.plain import plain, readable
from console.errors import ConsoleError
from console.guide.seam import Cell as Said
from console.guide.seam import PastAccount, PastField
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, ListGrid
from screens.widgets.notice import Notice
from screens.words import STYLE, Tone, day_and_time

COLUMNS = (
    Column("label", "Field", 22, grow=1),
    Column("alguna", "Alguna", 18, grow=2),
    Column("salesforce", "Salesforce", 18, grow=2),
    Column("now", "Since then", 12, rank=1),
)


class Past(Place, place="past"):
    """The fields of one account as they were; a step earlier or later with one key."""

    def __init__(self, ident: str = "", run: int | None = None) -> None:
        super().__init__()
        self.ident = ident
        self.run = run
        self.seen: PastAccount | None = None

    def body(self) -> ComposeResult:
        with Vertical(id="past"):
            yield Static(id="when", markup=False)
            yield Notice(id="notice")
            yield ListGrid(COLUMNS, id="list", classes="panel")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#notice", Notice).say("loading", "Reading the history")
        self.query_one(ListGrid).focus()
        self.do_refresh()

    def do_refresh(self) -> None:
        if self.connection is not None:
            self.begin(self._read(self.run), "read the past")

    async def _read(self, run: int | None) -> None:
        notice = self.query_one("#notice", Notice)
        assert self.connection is not None
        try:
            seen = await in_thread(self.connection.past().as_of, self.ident, run)
        except ConsoleError as error:
            notice.fail(error)
            return
        notice.hush()
        self.seen, self.run = seen, seen.run
        at = day_and_time(seen.at) if seen.at else "it was interrupted"
        ids = "  ".join(plain(each, 40) for each in (seen.customer_id, seen.account_id) if each)
        self.query_one("#when", Static).update(
            Content.assemble(
                (plain(seen.name, 120), STYLE["strong"]),
                (f"  {ids}\n", STYLE["quiet"]),
                (f"As of run {seen.run} ({at})", STYLE["person"]),
                ("" if seen.account_id else ": there was no account yet", STYLE["person"]),
            )
        )
        rows: list[Sequence[Cell] | str] = []
        group = None
        for field in seen.fields:
            if field.group != group:
                group = field.group
                rows.append(group)
            rows.append(_cells(field))
        self.query_one(ListGrid).show(rows)
        self.restand()

    def standing(self) -> Standing:
        seen = self.seen
        return also(
            super().standing(),
            earlier=seen is not None and seen.earlier is not None,
            later=seen is not None and seen.later is not None,
            copyable=seen is not None,
        )

    def do_earlier(self) -> None:
        assert self.seen is not None
        self.begin(self._read(self.seen.earlier), "read the past")

    def do_later(self) -> None:
        assert self.seen is not None
        self.begin(self._read(self.seen.later), "read the past")

    def copyable(self) -> str:
        seen = self.seen
        if seen is None:
            return ""
        lines = [
            f"{field.label}: Alguna {_text(field.alguna)[0]}, Salesforce {_text(field.salesforce)[0]}"
            for field in seen.fields
        ]
        return "\n".join([f"{seen.name} as of run {seen.run}", *lines])


def _cells(field: PastField) -> Sequence[Cell]:
    cells = [Cell(field.label.removeprefix("Alguna "), "strong" if field.differs else "")]
    sides: tuple[tuple[Said, Tone], ...] = ((field.alguna, "alguna"), (field.salesforce, "salesforce"))
    for said, tone in sides:
        text, quiet = _text(said)
        cells.append(Cell(text, "quiet" if quiet else tone if field.differs else ""))
    cells.append(Cell("moved" if field.moved else "", "person"))
    return cells


def _text(said: Said) -> tuple[str, bool]:
    if not said.known:
        return "unknown", True
    return (readable(said.value), False) if said.value else ("empty", True)
