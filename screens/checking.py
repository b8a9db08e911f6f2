"""The org check: what can be done in the org, what writes will meet there, and what set-up would make or mend."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import Checking, Finding, OrgCheck, SetupItem
from screens.availability import Standing
from screens.place import Place, also
from screens.prompt import Prompt
from screens.steps.finish import LIGHTS, STATES
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STYLE, plural

COLUMNS = (
    Column("light", "", 14),
    Column("title", "What", 27),
    Column("sentence", "", 24, grow=1),
)
Line = Finding | SetupItem


class Check(Place, place="check"):
    """The check of one connection's org."""

    class Itemised(Message):
        """One item moved; posted from the working thread."""

        def __init__(self, item: SetupItem) -> None:
            super().__init__()
            self.item = item

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.about = name
        self.seen: OrgCheck | None = None
        self.lines: list[Line] = []
        self.running = ""
        self._checking: Checking | None = None
        self._cancelled = threading.Event()

    def body(self) -> ComposeResult:
        with Vertical(id="check"):
            yield Static(f"Org check of {plain(self.about, 60)}", classes="title", markup=False)
            yield Notice(id="notice")
            yield ListGrid(COLUMNS, id="list")
            yield Pane("In full", id="detail")

    def concerns(self) -> str:
        return self.about

    @property
    def checking(self) -> Checking:
        """The check itself, the same one while the screen is open: it knows who was named."""
        if self._checking is None:
            self._checking = self.desk.check(self.about)
        return self._checking

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(ListGrid).focus()
        self.do_refresh()

    def on_unmount(self) -> None:
        self._cancelled.set()

    # --- looking

    def do_refresh(self) -> None:
        if not self.running:
            self._occupy("Asking the org what can be done there")
            self.begin(self._look(), "check org")

    async def _look(self) -> None:
        try:
            self._show(await in_thread(self.checking.look))
        except ConsoleError as error:
            self._fail(error)

    def _show(self, seen: OrgCheck) -> None:
        self.running = ""
        self.seen = seen
        self.lines = [*seen.findings, *(item for item in seen.plan.items if item.state != "exists")]
        self._paint()
        notice = self.query_one("#notice", Notice)
        if seen.plan.blocked:
            notice.say("failed", seen.plan.blocked, "r looks again once it is settled in Salesforce.")
        elif seen.mending:
            advice = "ctrl+r makes it, one by one, and checks each. r looks again."
            notice.say("note", seen.plan.summary, f"{seen.sign_in} {advice}".strip())
        else:
            notice.say(
                "done", "What the console needs in the org is there.", seen.sign_in or "r looks again."
            )
        self.restand()

    def _paint(self) -> None:
        grid = self.query_one(ListGrid)
        grid.show([_row(line) for line in self.lines])
        self._moved()

    @on(CursorGrid.Highlighted)
    def _moved(self) -> None:
        line = self._line()
        self.query_one(Pane).say(_in_full(line) if line is not None else [])
        self.restand()

    def _line(self) -> Line | None:
        cursor = self.query_one(ListGrid).cursor
        return self.lines[cursor] if cursor is not None and cursor < len(self.lines) else None

    # --- mending

    def standing(self) -> Standing:
        blocked = ""
        if self.seen is None:
            blocked = "First the org has to be asked."
        elif self.seen.plan.blocked:
            blocked = self.seen.plan.blocked
        elif not self.seen.mending:
            blocked = "Nothing has to be made."
        return also(super().standing(), busy=self.running, blocked=blocked, copyable=self._line() is not None)

    def do_name_user(self) -> None:
        self.begin(self._name_user(), "name user")

    async def _name_user(self) -> None:
        lines = (
            "By user name or e-mail address. Nothing leaves it as it is; leaving this screen forgets it.",
            f"Now: {plain(self.checking.user, 80)}"
            if self.checking.user
            else "Now: the connection's own user",
        )
        typed = await self.console.prompt(Prompt("Who gets the permission set?", lines, "Look again"))
        if typed.strip():
            self.checking.name_user(typed)
            self.do_refresh()

    def do_mend(self) -> None:
        self.begin(self._mend(), "mend set-up")

    async def _mend(self) -> None:
        assert self.seen is not None
        sure = await self.console.ask(
            "Set up the org?",
            (self.seen.plan.summary, "The sync rests meanwhile. No record is changed."),
            "Set up",
        )
        if not sure:
            return
        self._cancelled = threading.Event()
        self._occupy("Setting up the org. esc stops between two items; again goes on.")
        try:
            self._show(await in_thread(self.checking.mend, self._told, self._cancelled))
        except ConsoleError as error:
            self._fail(error)

    def _told(self, item: SetupItem) -> None:
        """Called in the working thread."""
        self.post_message(self.Itemised(item))

    def on_check_itemised(self, message: Itemised) -> None:
        item = message.item
        at = next((i for i, line in enumerate(self.lines) if line.key == item.key), None)
        if at is not None:
            self.lines[at] = item
            self._paint()
            self.query_one(ListGrid).cursor = at

    def _occupy(self, why: str) -> None:
        self.running = why
        self.query_one("#notice", Notice).say("loading", why)
        self.restand()

    def _fail(self, error: ConsoleError) -> None:
        self.running = ""
        self.query_one("#notice", Notice).fail(error)
        self.restand()

    def do_back(self) -> None:
        if self.running and self.seen is not None and not self._cancelled.is_set():
            self._cancelled.set()
            self.console.tell("It stops after the item in hand; start again to go on.", "warning")
        else:
            super().do_back()

    def copyable(self) -> str:
        line = self._line()
        return "\n".join(text.plain for text in _in_full(line)) if line is not None else ""


def _row(line: Line) -> Sequence[Cell]:
    if isinstance(line, Finding):
        word, tone = LIGHTS[line.light]
        lacking = ", ".join(permission for permission, _ in line.lacking)
        sentence = f"{line.sentence} Missing: {lacking}." if lacking else line.sentence
        return Cell(word, tone), Cell(line.title), Cell(sentence, "quiet")
    word, tone = STATES[line.state]
    return Cell(word, tone), Cell(f"{line.kind}: {line.title}"), Cell(line.detail, "quiet")


def _in_full(line: Line) -> list[Content]:
    if isinstance(line, SetupItem):
        return [
            Content.assemble((f"{line.kind} {plain(line.api_name, 120)}", STYLE["strong"])),
            Content(plain(line.detail, 600)),
        ]
    lines = [Content.assemble((line.title, STYLE["strong"])), Content(plain(line.sentence, 600))]
    if line.lacking:
        lines.append(
            Content.assemble((f"{plural(len(line.lacking), 'permission')} missing:", STYLE["quiet"]))
        )
    lines += [
        Content.assemble((f"{permission}  ", STYLE["person"]), (plain(where, 200), STYLE["quiet"]))
        for permission, where in line.lacking
    ]
    return lines
