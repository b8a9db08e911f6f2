"""Import: bring existing customers into the sync, at any time, after counting what it would do."""

from __future__ import annotations

from textwrap import wrap

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import ImportChoice, ImportPreview
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.choice import Choice
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STYLE, amount, plural

CHOICES: dict[ImportChoice, tuple[str, str]] = {
    "matching": (
        "Those that have an account already",
        "Links existing customers to the accounts they match. Creates nothing.",
    ),
    "all": (
        "All existing customers",
        "Links those that match, creates accounts for the rest where Alguna creates accounts.",
    ),
}


HINT = 36
"""Cells that a meaning needs beside its number."""


class Importing(Place, place="import"):
    """Two choices, their numbers, and a start that asks first."""

    def __init__(self) -> None:
        super().__init__()
        self.preview: ImportPreview | None = None
        self.counting: ImportChoice | None = None
        self.started: ImportChoice | None = None

    def body(self) -> ComposeResult:
        with Vertical(id="import"):
            yield Static(
                "Which customers that exist already should the sync take care of?",
                classes="title",
                markup=False,
            )
            yield Choice(id="choices")
            yield Notice(id="notice")
            yield Pane("What it would do", id="preview")

    def on_mount(self) -> None:
        super().on_mount()
        choice = self.query_one(Choice)
        choice.offer([(key, option(title, text)) for key, (title, text) in CHOICES.items()])
        choice.focus()
        self._show()

    def standing(self) -> Standing:
        standing = super().standing()
        blocked = "" if standing.connected else "The connection is still being opened."
        busy = "The count is still under way." if self.counting is not None else ""
        return also(
            standing, busy=busy, blocked=blocked or standing.read_only, copyable=self.preview is not None
        )

    @property
    def choice(self) -> ImportChoice:
        """The highlighted one."""
        return "all" if self.query_one(Choice).chosen == "all" else "matching"

    # --- counting

    def do_preview(self) -> None:
        self.counting = self.choice
        self.preview = None
        self.query_one("#notice", Notice).say("loading", "Counting; nothing is written")
        self._show()
        self.begin(self._count(self.choice), "count import")

    def do_refresh(self) -> None:
        self.do_preview()

    async def _count(self, choice: ImportChoice) -> None:
        notice = self.query_one("#notice", Notice)
        assert self.connection is not None
        try:
            self.preview = await in_thread(self.connection.import_preview, choice)
            notice.hush()
        except ConsoleError as error:
            notice.fail(error)
        finally:
            self.counting = None
        self._show()

    @on(OptionList.OptionSelected)
    def _counted(self) -> None:
        self.action_command("preview")

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        if self.preview is not None and self.preview.choice != self.choice:
            self.preview = None
            self._show()

    def _show(self) -> None:
        pane = self.query_one("#preview", Pane)
        pane.say(preview_lines(self.preview, max(40, self.size.width - 8)))
        self.restand()

    def on_resize(self) -> None:
        self._show()

    # --- starting

    def do_start(self) -> None:
        if self.preview is None or self.preview.choice != self.choice:
            self.console.tell("Count first (v): then you see what it would do.", "warning")
            return
        self.begin(self._start(self.preview), "start import")

    async def _start(self, preview: ImportPreview) -> None:
        facts = self.live.facts if self.live is not None else None
        org = facts.org_name if facts is not None else ""
        sure = await self.console.ask(
            f"Import {plural(preview.total, 'customer')}?",
            (
                f"They come into the sync with {plain(org)} from the next pass on, which starts at once.",
                "Every change is in the account's history; p pauses at any moment.",
            ),
            f"Import {amount(preview.total)}",
            dangerous=facts is not None and facts.production,
        )
        if not sure or self.connection is None:
            return
        try:
            await in_thread(self.connection.start_import, preview.choice)
        except ConsoleError as error:
            self.query_one("#notice", Notice).fail(error)
            return
        self.started = preview.choice
        self.query_one("#notice", Notice).say(
            "done", "The import has started.", "1 shows the dashboard, 2 the accounts."
        )

    def copyable(self) -> str:
        preview = self.preview
        return "\n".join(f"{x.label}: {x.count}" for x in preview.lines) if preview is not None else ""


def option(title: str, text: str, tag: str = "") -> Content:
    """An option of two lines: what it is, and what it means."""
    return Content.assemble(
        (title, STYLE["strong"]), (f"  {tag}" if tag else "", STYLE["good"]), (f"\n{text}", STYLE["quiet"])
    )


def preview_lines(preview: ImportPreview | None, width: int) -> list[Content]:
    """The numbers, each with its meaning beside it where `width` cells have room for both."""
    if preview is None:
        return [
            Content.assemble(
                ("Press ", STYLE["quiet"]), ("v", "bold $primary"), (" to count first.", STYLE["quiet"])
            )
        ]
    lines = [Content.assemble((plain(preview.title, 200), STYLE["strong"]))]
    labels = [plain(line.label, 200) for line in preview.lines]
    label = max(map(cell_len, labels), default=0)
    room = width - 9 - 2 - label - 2
    for line, words in zip(preview.lines, labels, strict=True):
        hints = wrap(plain(line.hint, 300), room) if line.hint and room >= HINT else []
        number = (f"{amount(line.count):>9}", STYLE["strong"] if line.count else STYLE["quiet"])
        first = f"  {hints[0]}" if hints else ""
        padded = words + " " * (label - cell_len(words)) if hints else words
        lines.append(Content.assemble(number, f"  {padded}", (first, STYLE["quiet"])))
        indent = " " * (9 + 2 + label + 2)
        lines += [Content.assemble((indent + more, STYLE["quiet"])) for more in hints[1:]]
    lines.append(Content.assemble((f"{amount(preview.total):>9}", STYLE["strong"]), "  come into the sync"))
    if preview.note:
        lines.append(Content.assemble((plain(preview.note, 400), STYLE["quiet"])))
    return lines
