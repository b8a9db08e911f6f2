"""Accounts: every customer and account, filtered as you type, opened with enter."""

from __future__ import annotations

import time
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.domain.plain import plain
from console.domain.records import State
from console.guide.seam import GridRow
from screens.availability import Standing
from screens.place import Place, also
from screens.widgets.grid import CursorGrid
from screens.widgets.notice import Notice
from screens.widgets.records import Arrangement, RecordGrid
from screens.words import STATES, STYLE, plural

PATIENCE = 10
"""While the sync runs, rows are arranged again at most every PATIENCE times as long as arranging takes."""


class Accounts(Place, place="accounts", sheets=("forms",)):
    """The grid, its filter, and one line that says what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = -1
        self._arranged_at = 0.0
        self._attached: str | None = None

    def body(self) -> ComposeResult:
        with Vertical(id="records"):
            with Horizontal(id="filterbar"):
                yield Input(placeholder="name, or the start of an id", id="filter", compact=True)
                yield Static(id="shown", markup=False)
            yield Notice(id="notice")
            yield RecordGrid(id="grid")
            yield Static(id="why", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(RecordGrid).focus()
        self.query_one("#notice", Notice).say("loading", "Reading the accounts from the cache")
        self.show_live()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_live()

    # --- reading

    def show_live(self) -> None:
        live, connection = self.live, self.connection
        if live is None or live.facts is None or connection is None:
            return
        grid = self.query_one(RecordGrid)
        if self._attached != live.facts.name:
            self._attached = live.facts.name
            self._seen = live.generation
            self._arranged_at = time.monotonic()
            grid.attach(connection.grid)
        elif self._seen != live.generation and self.is_current:
            self._catch_up()

    def _catch_up(self) -> None:
        """Show what the sync changed: what is on screen at once, the order as often as it is cheap."""
        assert self.live is not None
        grid = self.query_one(RecordGrid)
        idle = self.live.doing is None
        waited = time.monotonic() - self._arranged_at
        if idle or waited > max(1.0, PATIENCE * grid.seconds):
            self._seen = self.live.generation
            self._arranged_at = time.monotonic()
            grid.again()
        elif waited > 0.25:
            grid.fresh()

    def tick(self, now: str) -> None:
        super().tick(now)
        if (
            self.is_mounted
            and self.live is not None
            and self._attached is not None
            and self._seen != self.live.generation
        ):
            self._catch_up()

    @on(RecordGrid.Arranged)
    def _arranged(self, event: RecordGrid.Arranged) -> None:
        notice, grid = self.query_one("#notice", Notice), self.query_one(RecordGrid)
        arrangement = grid.arrangement
        if event.total:
            notice.hush()
        elif arrangement.filtered:
            notice.say(
                "empty", f"Nothing matches {_wanted(arrangement)}.", "Press esc to show everything again."
            )
        elif self.live is not None and self.live.states is None:
            notice.say("loading", "The first pass is reading both sides; rows appear as they come")
        else:
            notice.say("empty", "No account is known yet.", "Press s to start a pass: it reads both sides.")
        self._paint_shown(event.total)
        self.restand()

    @on(RecordGrid.Failed)
    def _failed(self, event: RecordGrid.Failed) -> None:
        self.query_one("#notice", Notice).fail(event.error)

    def _paint_shown(self, total: int) -> None:
        arrangement = self.query_one(RecordGrid).arrangement
        parts: list[tuple[str, str]] = []
        if arrangement.state is not None:
            words = STATES[arrangement.state]
            parts.append((f"{words.sign} {words.word} only  ", STYLE[words.tone] + " bold"))
        parts.append((plural(total, "account"), STYLE["strong" if arrangement.filtered else "quiet"]))
        self.query_one("#shown", Static).update(Content.assemble(*parts))

    # --- filter and order

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        grid = self.query_one(RecordGrid)
        if event.value.strip() != grid.arrangement.text:
            grid.rearrange(replace(grid.arrangement, text=event.value.strip()))

    @on(Input.Submitted, "#filter")
    def _to_grid(self) -> None:
        self.query_one(RecordGrid).focus()

    def do_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    def do_state(self) -> None:
        grid = self.query_one(RecordGrid)
        live = self.live.states if self.live is not None and self.live.states is not None else {}
        there = [state for state in STATES if live.get(state)] or list(STATES)
        now = grid.arrangement.state
        following = (
            there[(there.index(now) + 1)] if now in there[:-1] else (None if now in there else there[0])
        )
        self.show_state(following)

    def do_all_states(self) -> None:
        self.show_state(None)

    def show_state(self, state: State | None) -> None:
        """Show one state only, or all."""
        grid = self.query_one(RecordGrid)
        grid.rearrange(replace(grid.arrangement, state=state))

    def do_sort(self) -> None:
        self.query_one(RecordGrid).sort_next()

    def do_reverse(self) -> None:
        self.query_one(RecordGrid).reverse()

    def do_refresh(self) -> None:
        self.query_one(RecordGrid).again()

    def do_back(self) -> None:
        """One step: out of the filter's field, then the filter itself, then the screen."""
        grid, field = self.query_one(RecordGrid), self.query_one("#filter", Input)
        if field.value or grid.arrangement.filtered:
            with self.prevent(Input.Changed):
                field.value = ""
            grid.focus()
            grid.rearrange(Arrangement(grid.arrangement.sort, grid.arrangement.descending))
        elif self.focused is field:
            grid.focus()
        else:
            super().do_back()

    # --- the highlighted row

    def standing(self) -> Standing:
        row = self._row()
        return also(
            super().standing(),
            chosen=row is not None,
            customer=row is not None and row.customer_id is not None,
            copyable=row is not None,
        )

    def _row(self) -> GridRow | None:
        grid = self.query_one(RecordGrid)
        return grid.row(grid.cursor)

    @on(CursorGrid.Highlighted)
    def _moved(self) -> None:
        row = self._row()
        if row is not None:
            words = STATES[row.state]
            text = Content.assemble(
                (f"{words.sign} {words.word}: ", STYLE[words.tone]), plain(row.why or words.means, 600)
            )
            self.query_one("#why", Static).update(text)
        else:
            self.query_one("#why", Static).update("")
        self.restand()

    @on(CursorGrid.Opened)
    def _opened(self) -> None:
        row = self._row()
        if row is not None:
            self.console.visit("account", row.customer_id or row.account_id)

    def do_sync_one(self) -> None:
        row = self._row()
        assert row is not None
        assert row.customer_id is not None
        assert self.connection is not None
        self.connection.sync_one(row.customer_id)
        self.console.tell(f"Looking at {plain(row.name, 60)} on both sides now.")

    def copyable(self) -> str:
        row = self._row()
        return " ".join(filter(None, (row.name, row.customer_id, row.account_id))) if row is not None else ""


def _wanted(arrangement: Arrangement) -> str:
    words = []
    if arrangement.text:
        words.append(f"“{plain(arrangement.text, 40)}”")
    if arrangement.state is not None:
        words.append(f"the state {STATES[arrangement.state].word}")
    return " and ".join(words)
