"""Problems: what needs a person, one line each, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from console.domain.plain import plain
from console.domain.records import State
from console.errors import ConsoleError
from console.guide.seam import ProblemLine
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STATES, STYLE, ago, amount, day_and_time

COLUMNS = (
    Column("category", "Kind", 12),
    Column("title", "Problem", 30, grow=1),
    Column("count", "Times", 6, flush_right=True),
    Column("updated", "Last seen", 12, rank=1),
)


class Problems(Place, place="problems"):
    """The open problems of the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: Sequence[ProblemLine] | None = None
        self._seen = -1

    def body(self) -> ComposeResult:
        with Vertical(id="problems"):
            yield Notice(id="notice")
            yield ListGrid(COLUMNS, id="list")
            yield Pane("What to do", id="advice")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#notice", Notice).say("loading", "Reading the problems")
        self.query_one(ListGrid).focus()
        self.show_live()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_live()

    def show_live(self) -> None:
        if self.live is not None and self.live.generation != self._seen and self.connection is not None:
            self.do_refresh()

    def do_refresh(self) -> None:
        if self.connection is not None and self.live is not None:
            self._seen = self.live.generation
            self.begin(self._read(), "read problems")

    async def _read(self) -> None:
        notice = self.query_one("#notice", Notice)
        assert self.connection is not None
        try:
            self.problems = await in_thread(self.connection.problems)
        except ConsoleError as error:
            notice.fail(error)
            return
        if self.problems:
            notice.hush()
        else:
            notice.say(
                "empty",
                "Nothing needs a person.",
                "What goes wrong is listed here once, however often it happens.",
            )
        self.query_one(ListGrid).show([self._row(problem) for problem in self.problems])
        self.set_class(not self.problems, "-none")
        if self.problems and self.focused is None:
            self.query_one(ListGrid).focus()
        self._moved()

    def _row(self, problem: ProblemLine) -> Sequence[Cell]:
        return (
            Cell(problem.category.replace("_", " "), "bad"),
            Cell(problem.title),
            Cell(amount(problem.count)),
            Cell(ago(self.console.now, problem.updated_at), "quiet"),
        )

    def _problem(self) -> ProblemLine | None:
        cursor = self.query_one(ListGrid).cursor
        return (
            self.problems[cursor]
            if self.problems and cursor is not None and cursor < len(self.problems)
            else None
        )

    @on(CursorGrid.Highlighted)
    def _moved(self) -> None:
        problem = self._problem()
        pane = self.query_one(Pane)
        if problem is None:
            pane.say([])
        else:
            lines = [
                Content.assemble((plain(problem.title, 1000), STYLE["strong"])),
                Content(plain(problem.advice, 2000)),
                Content.assemble(
                    (
                        f"Since {day_and_time(problem.opened_at)}, seen {_times(problem.count)}. ",
                        STYLE["quiet"],
                    ),
                    (_on_enter(problem), STYLE["quiet"]),
                ),
            ]
            pane.say(lines)
        self.restand()

    @on(CursorGrid.Opened)
    def _opened(self) -> None:
        problem = self._problem()
        if problem is None:
            return
        state = _state(problem)
        if problem.customer_id is not None:
            self.console.visit("account", problem.customer_id)
        elif state is not None:
            self.console.go_to_state(state)
        elif problem.category == "setup":
            self.do_check()
        else:
            self.console.tell("This problem is not about an account.", "warning")

    def standing(self) -> Standing:
        return also(
            super().standing(),
            chosen=self._problem() is not None,
            copyable=self._problem() is not None,
            refused=any(problem.category == "refused" for problem in self.problems or ()),
            drifted=any(problem.category == "setup" for problem in self.problems or ()),
        )

    def do_retry(self) -> None:
        assert self.connection is not None
        try:
            self.connection.retry()
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell("All that was refused is tried again.")

    def copyable(self) -> str:
        problem = self._problem()
        return "\n".join((problem.category, problem.title, problem.advice)) if problem is not None else ""


def _state(problem: ProblemLine) -> State | None:
    """The accounts that a problem is about, where they share a state."""
    if problem.category == "deleted":
        return State.REVIEW  # where links wait whose account is gone
    found = State(problem.category) if problem.category in set(State) else None
    return found if found in STATES else None


def _on_enter(problem: ProblemLine) -> str:
    if problem.customer_id is not None:
        return "enter opens the account."
    if problem.category == "setup":
        return "enter opens the org check, which mends it."
    return "enter shows these accounts." if _state(problem) is not None else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{amount(count)} times"
