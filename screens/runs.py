"""Runs: what ran, what a run did change by change, taking one back, and what two runs differ by."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import DifferenceLine, HistoryLine, HistorySize, Past, RunLine, UndoPreview
from screens.availability import Standing
from screens.dialogs import Dialog
from screens.place import Place, also
from screens.prompt import Prompt
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Notice
from screens.widgets.pages import Lines, PagedGrid
from screens.words import STYLE, Tone, amount, day_and_time, field_name, plural

RUNS = (
    Column("run", "Run", 6, flush_right=True),
    Column("kind", "Kind", 14),
    Column("began", "Began", 16),
    Column("outcome", "Outcome", 12, rank=1),
    Column("changes", "Changes", 24, grow=1),
)
CHANGES = (
    Column("name", "Account", 16, grow=2),
    Column("field", "Field", 14, grow=1),
    Column("value", "Before → after", 18, grow=3),
    Column("side", "Side", 10, rank=2),
    Column("outcome", "Outcome", 8),
    Column("reason", "Why", 20, grow=3, rank=1),
)
LISTED = 300
"""Runs that are listed; older ones: ``runs NAME --limit N``."""
DIFFERENCES = 1_000
"""Differences that are shown; all of them: ``runs NAME --diff A B``."""
SAMPLE = 6
"""Changes, and things that are kept, in the question."""
_TONES: dict[str, Tone] = {
    "applied": "good",
    "done": "good",
    "refused": "bad",
    "kept": "person",
    "stale": "person",
}


class Runs(Place, place="runs"):
    """The runs above, the changes of the highlighted one below."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: Sequence[RunLine] | None = None
        self.marked: int | None = None
        """The run that another one is compared with."""
        self.shown = ""
        """What the lower grid shows: ``7``, or ``3 to 7``."""
        self._busy = ""
        self._kept: Content | str = ""
        """How much of the past is kept, in words: shown where the run has nothing to tell of its cost."""
        self._seen = -1

    def body(self) -> ComposeResult:
        with Vertical(id="runs"):
            yield Notice(id="notice")
            yield ListGrid(RUNS, id="list", classes="panel")
            yield PagedGrid(CHANGES, id="changes", classes="panel")
            yield Static(id="size", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#list").border_title = "Runs"
        self.query_one("#notice", Notice).say("loading", "Reading the runs")
        self.query_one("#list").focus()
        self.show_live()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_live()

    # --- reading

    def show_live(self) -> None:
        if self.live is not None and self.live.generation != self._seen and self.connection is not None:
            self.do_refresh()

    def do_refresh(self) -> None:
        if self.connection is not None and self.live is not None:
            self._seen = self.live.generation
            self.begin(self._read(self.connection.past()), "read runs")

    async def _read(self, past: Past) -> None:
        notice = self.query_one("#notice", Notice)
        chosen = self._run()
        try:
            self.runs = await in_thread(past.runs, LISTED)
            size = await in_thread(past.size)
        except ConsoleError as error:
            notice.fail(error)
            return
        if self.runs:
            notice.hush()
        else:
            notice.say("empty", "Nothing ran yet.", "Press s to start a pass.")
        grid = self.query_one("#list", ListGrid)
        grid.show([_cells(run, run.id == self.marked) for run in self.runs])
        if chosen is not None:
            grid.cursor = next((at for at, run in enumerate(self.runs) if run.id == chosen.id), grid.cursor)
        self._kept = _size(size)
        self.query_one("#size", Static).update(self._kept)
        self.shown = ""
        self._moved()

    def _run(self) -> RunLine | None:
        cursor = self.query_one("#list", ListGrid).cursor
        return self.runs[cursor] if self.runs and cursor is not None and cursor < len(self.runs) else None

    @on(CursorGrid.Highlighted, "#list")
    def _moved(self) -> None:
        run = self._run()
        if run is not None and self.shown != str(run.id) and self.connection is not None:
            self.shown = str(run.id)
            self.begin(self._show(self.connection.past(), run), "read changes")
        self.restand()

    async def _show(self, past: Past, run: RunLine) -> None:
        total = await in_thread(past.count, run.id)
        if self.shown != str(run.id):
            return  # the cursor moved on

        def read(start: int, count: int) -> Lines:
            return [_change(line) for line in past.changes(run.id, start, count)]

        grid = self.query_one(PagedGrid)
        grid.border_title = f"What run {run.id} did"
        grid.border_subtitle = plural(total, "line") if total else "nothing"
        grid.show(total, read)
        cost = Content.assemble((plain(run.cost, 300), STYLE["quiet"]))
        self.query_one("#size", Static).update(cost if run.cost else self._kept)

    @on(PagedGrid.Failed)
    def _failed(self, event: PagedGrid.Failed) -> None:
        self.query_one("#notice", Notice).fail(event.error)

    @on(CursorGrid.Opened, "#list")
    def _to_changes(self) -> None:
        self.query_one(PagedGrid).focus()

    # --- taking a run back

    def standing(self) -> Standing:
        run = self._run()
        return also(
            super().standing(),
            chosen=run is not None,
            busy=self._busy,
            copyable=run is not None,
            marked=self.marked,
        )

    def do_undo(self) -> None:
        run = self._run()
        assert run is not None
        assert self.connection is not None
        self.begin(self._undo(self.connection.past(), run), "undo")

    async def _undo(self, past: Past, run: RunLine) -> None:
        self._occupy("It is looked at what an undo would do.")
        try:
            preview = await in_thread(past.outlook, run.id)
        except ConsoleError as error:
            self.console.failed(error)
            return
        finally:
            self._occupy("")
        if not preview.changes and not preview.created:
            self.console.tell(f"Nothing to undo: {_what_stays(preview)}")
            return
        answer = await self.console.choose(
            Dialog(
                f"Undo run {run.id}?",
                question(preview),
                "Undo",
                other="Delete created too" if preview.created else "",
                dangerous=True,
            )
        )
        named = ""
        if answer == "other":
            named = await self.console.prompt(
                Prompt(
                    f"Delete what run {run.id} created?",
                    (
                        f"{plural(preview.created, 'record')} that it created: each goes into Salesforce's Recycle Bin, unless"
                        " somebody edited it or something belongs to it.",
                        f"Type  run {run.id}  to do it.",
                    ),
                    "Undo and delete",
                    dangerous=True,
                )
            )
            if not named:
                return
        elif answer != "yes":
            return
        try:
            await in_thread(past.undo, run.id, named)
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell(f"Run {run.id} is being undone.")

    def _occupy(self, why: str) -> None:
        self._busy = why
        self.restand()

    # --- two runs

    def do_compare(self) -> None:
        run = self._run()
        assert run is not None
        assert self.connection is not None
        if self.marked is None or self.marked == run.id:
            self.marked = None if self.marked == run.id else run.id
            if self.marked is not None:
                self.console.tell(f"Run {run.id} is marked. c on another run shows what they differ by.")
            self.query_one("#list", ListGrid).show(
                [_cells(each, each.id == self.marked) for each in self.runs or ()]
            )
            self.restand()
            return
        self.begin(self._compare(self.connection.past(), *sorted((self.marked, run.id))), "compare")

    async def _compare(self, past: Past, one: int, other: int) -> None:
        self.shown = f"{one} to {other}"
        try:
            found = await in_thread(past.differences, one, other, DIFFERENCES)
        except ConsoleError as error:
            self.console.failed(error)
            return
        grid = self.query_one(PagedGrid)
        grid.border_title = f"From run {one} to run {other}"
        more = "; all of them: runs NAME --diff" if len(found) == DIFFERENCES else ""
        grid.border_subtitle = (plural(len(found), "difference") if found else "nothing differs") + more
        grid.show(
            len(found), lambda start, count: [_difference(each) for each in found[start : start + count]]
        )

    def copyable(self) -> str:
        run = self._run()
        return " ".join(cell.text for cell in _cells(run, False)) if run is not None else ""


# --- in words ------------------------------------------------------------------------------------------------


def question(preview: UndoPreview) -> tuple[str, ...]:
    """What is asked before an undo: what comes back, what stays, and what follows from it."""
    lines = [f"{plural(preview.changes, 'value')} will be put back, where still there just before writing."]
    lines += [
        f"  {field_name(each.field)} of {each.name}: {each.before or 'empty'} → {each.after or 'empty'}"
        for each in preview.sample[:SAMPLE]
    ]
    if preview.kept or preview.created or preview.already:
        lines.append(_what_stays(preview))
    lines += [
        f"  {field_name(each.field)} of {each.name}: {each.reason}" for each in preview.kept_sample[:SAMPLE]
    ]
    lines.append(
        "The sides stay apart there: nothing is copied again until one of them moves, or you choose."
    )
    return tuple(plain(line, 300) for line in lines)


def _what_stays(preview: UndoPreview) -> str:
    parts = []
    if preview.already:
        parts.append(f"{amount(preview.already)} hold the old value already")
    if preview.kept:
        parts.append(f"{amount(preview.kept)} stay, edited since or not to be written")
    if preview.created:
        parts.append(f"{plural(preview.created, 'record')} that it created stay")
    return ("; ".join(parts) or "it wrote nothing") + "."


def _cells(run: RunLine, marked: bool) -> Sequence[Cell]:
    numbers = ((run.applied, "applied"), (run.refused, "refused"), (run.stale, "stale"))
    changes = ", ".join(f"{amount(number)} {word}" for number, word in numbers if number)
    kind = f"undo of {run.undoes}" if run.undoes is not None else run.kind
    return (
        Cell(f"{'▸ ' if marked else ''}{run.id}", "strong" if marked else ""),
        Cell(kind, "person" if run.undoes is not None else ""),
        Cell(day_and_time(run.started_at), "quiet"),
        Cell(run.outcome, _TONES.get(run.outcome, "")),
        Cell(changes, "" if changes else "quiet"),
    )


def _change(line: HistoryLine) -> Sequence[Cell]:
    moved = (
        "left as it is" if line.outcome == "kept" else f"{line.before or 'empty'} → {line.after or 'empty'}"
    )
    return (
        Cell(line.name),
        Cell(field_name(line.field)),
        Cell(moved),
        Cell(line.side.capitalize(), "salesforce" if line.side == "salesforce" else "alguna"),
        Cell(line.outcome, _TONES.get(line.outcome, "")),
        Cell(line.reason, "quiet"),
    )


def _difference(each: DifferenceLine) -> Sequence[Cell]:
    return (
        Cell(each.name),
        Cell(field_name(each.field)),
        Cell(f"{each.before or 'empty'} → {each.after or 'empty'}"),
        Cell(each.side.capitalize(), "salesforce" if each.side == "salesforce" else "alguna"),
        Cell("moved"),
        Cell(f"by {'run' if len(each.runs) == 1 else 'runs'} {', '.join(map(str, each.runs))}", "quiet"),
    )


def _size(size: HistorySize) -> Content:
    since = f", since {day_and_time(size.since)}" if size.since else ""
    return Content.assemble(
        (
            f"History: {plural(size.rows, 'row')}, about {_megabytes(size.bytes)}{since}; kept until it is cleared.",
            STYLE["quiet"],
        )
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1_000:.1f} kB"
