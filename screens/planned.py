"""Plan: what the next pass would do, page by page; keep it, carry it out; and what a brake stopped, with a sample."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import Braking, PlanHead, PlanLine, Plans
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid
from screens.widgets.notice import Notice
from screens.widgets.pages import Lines, PagedGrid
from screens.widgets.pane import Pane
from screens.words import STYLE, amount, day_and_time, field_name, plural

COLUMNS = (
    Column("name", "Account", 16, grow=2),
    Column("field", "Field", 14, grow=1),
    Column("value", "Before → after", 18, grow=3),
    Column("side", "Written to", 10),
    Column("reason", "Why", 20, grow=3, rank=1),
)
FIRST = "Press v to look what the next pass would do. Nothing is written anywhere by looking."


class Planned(Place, place="plan"):
    """What is stopped above, the plan below."""

    def __init__(self) -> None:
        super().__init__()
        self.stops: Sequence[Braking] = ()
        self.head: PlanHead | None = None
        self.saved = ""
        self._plans: Plans | None = None
        self._busy = ""
        self._seen = -1

    def body(self) -> ComposeResult:
        with Vertical(id="plan"):
            yield Notice(id="notice")
            yield Pane("Stopped by a brake", id="stops")
            yield PagedGrid(COLUMNS, id="changes", classes="panel")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#notice", Notice).say("empty", FIRST)
        self.query_one(PagedGrid).border_title = "The plan"
        self.query_one(PagedGrid).focus()
        self._show_stops()
        self.show_live()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_live()

    @property
    def plans(self) -> Plans:
        """The connection's, kept as long as the screen: with the plan that was looked at."""
        if self._plans is None:
            assert self.connection is not None
            self._plans = self.connection.plans()
        return self._plans

    # --- what is stopped

    def show_live(self) -> None:
        if self.live is not None and self.live.generation != self._seen and self.connection is not None:
            self.do_refresh()

    def do_refresh(self) -> None:
        if self.connection is not None and self.live is not None:
            self._seen = self.live.generation
            self.begin(self._read(self.plans), "read brakes")

    async def _read(self, plans: Plans) -> None:
        try:
            self.stops = await in_thread(plans.stopped)
        except ConsoleError as error:
            self.query_one("#notice", Notice).fail(error)
            return
        self._show_stops()
        self.restand()

    def _show_stops(self) -> None:
        self.query_one("#stops", Pane).say(stop_lines(self.stops))
        self.set_class(not self.stops, "-going")

    def do_release(self) -> None:
        self.begin(self._release(), "release")

    async def _release(self) -> None:
        sure = await self.console.ask(
            "Let it go once?",
            (
                *(stop.sentence for stop in self.stops),
                "The next pass does as much as this, and starts at once.",
            ),
            "Let it go",
            dangerous=True,
        )
        if not sure:
            return
        try:
            self.plans.release()
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell("It was let go once; a pass starts now.")

    # --- the plan

    def do_plan_now(self) -> None:
        self._occupy("It is looked at what the next pass would do.")
        self.query_one("#notice", Notice).say(
            "loading", "Reading both systems and planning; nothing is written"
        )
        self.begin(self._look(self.plans), "plan")

    async def _look(self, plans: Plans) -> None:
        notice = self.query_one("#notice", Notice)
        try:
            self.head = await in_thread(plans.look)
        except ConsoleError as error:
            notice.fail(error)
            return
        finally:
            self._occupy("")
        self.saved = ""
        head, grid = self.head, self.query_one(PagedGrid)
        notice.say("note", _head(head), " ".join((*_stopping(head), plain(head.cost, 300))))
        grid.border_subtitle = plural(head.changes, "change") if head.changes else "nothing to do"

        def read(start: int, count: int) -> Lines:
            return [_cells(line) for line in plans.page(start, count)]

        grid.show(head.changes, read)
        self.restand()

    @on(PagedGrid.Failed)
    def _failed(self, event: PagedGrid.Failed) -> None:
        self.query_one("#notice", Notice).fail(event.error)

    @on(CursorGrid.Highlighted)
    def _moved(self) -> None:
        self.restand()

    def do_save_plan(self) -> None:
        self.begin(self._save(self.plans), "save plan")

    async def _save(self, plans: Plans) -> None:
        try:
            self.saved = await in_thread(plans.save)
        except ConsoleError as error:
            self.console.failed(error)
            return
        self.query_one("#notice", Notice).say(
            "done",
            f"The plan was written to {plain(self.saved, 300)}",
            "apply NAME FILE carries it out; y copies the path.",
        )
        self.restand()

    def do_apply_plan(self) -> None:
        self.begin(self._apply(self.plans), "apply plan")

    async def _apply(self, plans: Plans) -> None:
        assert self.head is not None
        facts = self.live.facts if self.live is not None else None
        sure = await self.console.ask(
            f"Carry out these {plural(self.head.changes, 'change')}?",
            (
                *_stopping(self.head),
                plain(self.head.cost, 300),
                "Exactly these, and nothing else. What moved since the plan was made is left.",
            ),
            f"Apply {amount(self.head.changes)}",
            dangerous=facts is not None and facts.production,
        )
        if not sure:
            return
        try:
            plans.apply()
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell("The plan is carried out now. 1 shows how far it is, 5 what it did.")

    # --- upkeep

    def _occupy(self, why: str) -> None:
        self._busy = why
        self.restand()

    def standing(self) -> Standing:
        return also(
            super().standing(),
            busy=self._busy,
            braked=bool(self.stops),
            planned=self.head is not None and self.head.changes > 0,
            copyable=self.head is not None,
        )

    def copyable(self) -> str:
        return self.saved or (self.head.hash if self.head is not None else "")


def stop_lines(stops: Sequence[Braking]) -> list[Content]:
    """What is stopped, each with its sample."""
    lines: list[Content] = []
    for stop in stops:
        lines.append(Content.assemble((plain(stop.sentence, 300), STYLE["strong"])))
        lines += [Content.assemble((f"  {plain(what, 200)}", STYLE["quiet"])) for _, what in stop.sample]
        if stop.sample and stop.count > len(stop.sample):
            lines.append(
                Content.assemble((f"  ... and {amount(stop.count - len(stop.sample))} more", STYLE["quiet"]))
            )
    if lines:
        lines.insert(
            0,
            Content(
                "Nothing was written. z lets it go once; else set it right on that side: the next pass looks again."
            ),
        )
    return lines


def _head(head: PlanHead) -> str:
    if not head.changes:
        return "The next pass would write nothing."
    return (
        f"Plan {head.hash[:12]} of {day_and_time(head.made_at)}: {plural(head.changes, 'change')} "
        f"for {plural(head.customers, 'customer')}"
    )


def _stopping(head: PlanHead) -> Sequence[str]:
    """What brakes say to it: a pass asks first, a plan that is applied was looked at."""
    if not head.stops:
        return ()
    said = " ".join(plain(sentence, 300) for sentence in head.stops)
    return (f"A pass would stop before it writes any of this: {said}",)


def _cells(line: PlanLine) -> Sequence[Cell]:
    field = line.field if line.field.startswith("new ") else field_name(line.field)
    before = line.before or "nothing"
    return (
        Cell(plain(line.name, 80)),
        Cell(field),
        Cell(f"{before} → {line.after or 'nothing'}"),
        Cell("Alguna" if line.side == "alguna" else "Salesforce", "quiet"),
        Cell(plain(line.reason, 300), "quiet"),
    )
