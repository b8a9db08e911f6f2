"""One account: every field on both sides, what differs, which way it will go, and why."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static

from console.domain.contact_duplicates import ContactCandidate
from console.domain.plain import plain, readable
from console.domain.records import Candidate, State
from console.errors import ConsoleError
from console.guide.seam import AccountDetail, FieldRow, SubscriptionLine
from console.guide.seam import Cell as Said
from screens.availability import Standing
from screens.deciding import Deciding
from screens.place import also
from screens.tasks import in_thread
from screens.widgets import sheet
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STATES, STYLE, Tone, ago, arrow

FIELDS = (
    Column("label", "Field", 19, grow=2),
    Column("alguna", "Alguna", 14, grow=4),
    Column("way", "", 2),
    Column("salesforce", "Salesforce", 14, grow=4),
    Column("base", "Last agreed", 12, grow=3),
)

LINKS = (Column("label", "", 22), Column("url", "", 10, grow=1))
PANES = ("field", "whypane", "subscription", "links", "history")


class Account(Deciding, place="account"):
    """Everything known about one customer and its account."""

    def __init__(self, ident: str) -> None:
        super().__init__()
        self.ident = ident
        self.detail: AccountDetail | None = None
        self._rows: list[FieldRow | None] = []
        self._seen = -1

    def body(self) -> ComposeResult:
        yield Static(id="who", markup=False)
        yield Notice(id="notice")
        with Horizontal(id="both"):
            with Vertical(id="left"):
                yield ListGrid(sheet.CANDIDATES, id="candidates", classes="panel")
                yield ListGrid(FIELDS, id="fields", classes="panel")
                yield Pane("Field", id="field")
            with Vertical(id="right"):
                yield Pane("Why", id="whypane")
                yield ListGrid(sheet.SUBSCRIPTIONS, head=False, id="subscription", classes="panel pane")
                yield ListGrid(LINKS, head=False, id="links", classes="panel pane")
                yield ListGrid(sheet.HISTORY, id="history", classes="panel pane")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#candidates").border_title = "Which account is it?"
        self.query_one("#fields").border_title = "Fields"
        self.query_one("#subscription").border_title = "Subscription"
        self.query_one("#links").border_title = "Links"
        self.query_one("#history").border_title = "History"
        self.query_one("#fields").focus()
        self._show_pane("field")
        self.query_one("#notice", Notice).say("loading", "Reading this account from the cache")
        self.do_refresh()

    # --- reading

    def do_refresh(self) -> None:
        if self.connection is not None:
            self._seen = self.live.generation if self.live is not None else -1
            self.begin(self._read(), "read account")

    async def _read(self) -> None:
        notice = self.query_one("#notice", Notice)
        assert self.connection is not None
        try:
            self.detail = await in_thread(self.connection.account, self.ident)
        except ConsoleError as error:
            if self.detail is None:
                notice.fail(error)
            else:
                notice.fail(error, "stale")
            return
        notice.hush()
        self._paint(self.detail)

    def show_live(self) -> None:
        if self.live is not None and self.live.generation != self._seen and self.is_current:
            self.do_refresh()

    def tick(self, now: str) -> None:
        super().tick(now)
        if self.is_mounted and self.detail is not None:
            self._paint_who(self.detail)

    # --- painting

    def _paint(self, detail: AccountDetail) -> None:
        self._paint_who(detail)
        rows: list[Sequence[Cell] | str] = []
        self._rows = []
        group = None
        for row in detail.fields:
            if row.group != group:
                group = row.group
                rows.append(group)
                self._rows.append(None)
            rows.append(field_cells(row))
            self._rows.append(row)
        fields = self.query_one("#fields", ListGrid)
        fields.show(rows)
        differs = sum(row.differs for row in detail.fields)
        compared = detail.customer_id is not None and detail.account_id is not None
        agrees = "nothing differs" if compared else "nothing to compare with yet"
        fields.border_subtitle = f"{differs} differ" if differs else agrees
        self.query_one("#whypane", Pane).say(sheet.why(detail))
        subscriptions = self.query_one("#subscription", ListGrid)
        subscriptions.show(sheet.subscriptions(detail))
        note = detail.subscription
        pinned = ", pinned" if note is not None and note.pinned else ""
        subscriptions.border_subtitle = Content(plain(note.position, 40) + pinned if note is not None else "")
        self._paint_candidates(detail)
        self.query_one("#links", ListGrid).show(
            [(Cell(x.label, "strong"), Cell(x.url, "quiet")) for x in detail.links]
        )
        self.query_one("#history", ListGrid).show(sheet.history(detail))
        self._paint_field()
        self.restand()

    def _paint_who(self, detail: AccountDetail) -> None:
        words = STATES[detail.state]
        ids = "  ".join(plain(ident, 40) for ident in (detail.customer_id, detail.account_id) if ident)
        seen = "   ".join(
            f"{side} seen {ago(self.console.now, at)}"
            for side, at in (("Alguna", detail.alguna_seen_at), ("Salesforce", detail.salesforce_seen_at))
            if at
        )
        if detail.verified_at:
            seen += f"   verified equal {ago(self.console.now, detail.verified_at)}"
        first = Content.assemble(
            (f"{words.sign} {words.word}  ", STYLE[words.tone] + " bold"),
            (plain(detail.name, 200), STYLE["strong"]),
            (f"  {ids}", STYLE["quiet"]),
        )
        second = Content.assemble((plain(detail.why[0], 300) if detail.why else words.means, STYLE[""]))
        third = Content.assemble((seen, STYLE["quiet"]))
        self.query_one("#who", Static).update(Content("\n").join([first, second, third]))

    def _paint_candidates(self, detail: AccountDetail) -> None:
        candidates = self.query_one("#candidates", ListGrid)
        candidates.show(sheet.candidates(detail))
        of_contacts = bool(detail.contacts) and not detail.candidates
        candidates.border_title = "Which contact is it?" if of_contacts else "Which account is it?"
        asked = bool(detail.candidates or detail.contacts)
        if asked != self.has_class("-asked"):
            self.set_class(asked, "-asked")
            (candidates if asked else self.query_one("#fields")).focus()

    # --- what is under the cursors

    def candidate(self) -> Candidate | ContactCandidate | None:
        cursor = self.query_one("#candidates", ListGrid).cursor
        found = self.detail.candidates or self.detail.contacts if self.detail is not None else ()
        return found[cursor] if cursor is not None and cursor < len(found) else None

    def subscription(self) -> SubscriptionLine | None:
        lines = self.query_one("#subscription", ListGrid)
        note = self.detail.subscription if self.detail is not None else None
        if note is None or lines.cursor is None or not lines.has_focus:
            return None
        return note.subscriptions[lines.cursor - 1]  # under the line that tells the rule

    def show_subscriptions(self) -> None:
        self._show_pane("subscription")
        self.query_one("#subscription").focus()

    def field(self) -> FieldRow | None:
        cursor = self.query_one("#fields", ListGrid).cursor
        return self._rows[cursor] if cursor is not None and cursor < len(self._rows) else None

    def _paint_field(self) -> None:
        pane = self.query_one("#field", Pane)
        candidate = self.candidate()
        if candidate is not None and not self.query_one("#fields").has_focus:
            pane.border_title = "Evidence"
            pane.say(sheet.evidence(candidate))
            return
        row = self.field()
        pane.border_title = Content((row is not None and plain(row.label, 60)) or "Field")
        pane.say(sheet.field(row) if row is not None else [])

    # --- moving about

    @on(CursorGrid.Highlighted, "#fields, #candidates")
    @on(DescendantFocus, "#fields, #candidates")
    def _moved(self) -> None:
        self._paint_field()
        self.restand()

    @on(CursorGrid.Opened, "#candidates")
    def _chosen(self) -> None:
        self.action_command("link")

    @on(CursorGrid.Opened, "#subscription")
    def _pinned(self) -> None:
        self.action_command("pin")

    @on(CursorGrid.Opened, "#links")
    def _follow(self, event: CursorGrid.Opened) -> None:
        if self.detail is not None:
            self.console.browse(self.detail.links[event.row].url)

    def do_pane(self) -> None:
        """On a narrow terminal the panels share one place; on a wide one this moves the focus."""
        shown = next(pane for pane in PANES if self.has_class(f"-on-{pane}"))
        self._show_pane(PANES[(PANES.index(shown) + 1) % len(PANES)])
        pane = next(pane for pane in PANES if self.has_class(f"-on-{pane}"))
        asked = self.has_class("-asked")
        target = ("#candidates" if asked else "#fields") if pane == "field" else f"#{pane}"
        self.query_one(target).focus()

    def _show_pane(self, shown: str) -> None:
        for pane in PANES:
            self.set_class(pane == shown, f"-on-{pane}")

    # --- commands

    def standing(self) -> Standing:
        detail = self.detail
        if detail is None:
            return super().standing()
        row = self.field()
        note = detail.subscription
        return also(
            super().standing(),
            customer=detail.customer_id is not None,
            linked=detail.linked,
            stopped=detail.stopped,
            candidate=self.candidate() is not None,
            contact_asked=bool(detail.contacts),
            contact_creatable=detail.contact_creatable,
            revocable=detail.revocable,
            keeps=row.open_to if row is not None else (),
            waits=row is not None and row.waits,
            loops=row is not None and bool(row.turns),
            subscriptions=len(note.subscriptions) if note is not None else 0,
            pinned=note is not None and note.pinned,
            refused=detail.state is State.REFUSED,
            links=len(detail.links),
            copyable=True,
        )

    def do_as_of(self) -> None:
        self.console.visit("past", self.ident)

    @on(CursorGrid.Opened, "#history")
    def _then(self, event: CursorGrid.Opened) -> None:
        if self.detail is not None:
            self.console.visit("past", self.ident, self.detail.history[event.row].run)

    def do_browse(self) -> None:
        assert self.detail is not None
        if len(self.detail.links) == 1:
            self.console.browse(self.detail.links[0].url)
        else:
            self._show_pane("links")
            self.query_one("#links").focus()

    def do_sync_one(self) -> None:
        assert self.connection is not None
        assert self.detail is not None
        assert self.detail.customer_id is not None
        self.connection.sync_one(self.detail.customer_id)
        self.console.tell("Looking at this one on both sides now.")

    def copyable(self) -> str:
        """The link or field under the cursor, else the ids."""
        detail = self.detail
        if detail is None:
            return ""
        links = self.query_one("#links", ListGrid)
        if links.has_focus and links.cursor is not None:
            return detail.links[links.cursor].url
        row = self.field()
        if row is not None:
            values = (("Alguna", row.alguna), ("Salesforce", row.salesforce), ("last agreed", row.base))
            told = ", ".join(f"{side}: {_text(said)[0]}" for side, said in values)
            return f"{detail.name} {detail.customer_id or ''} {detail.account_id or ''} | {row.label} | {told} | {row.reason}"
        return " ".join(filter(None, (detail.name, detail.customer_id, detail.account_id)))


def field_cells(row: FieldRow) -> Sequence[Cell]:
    """One field's line. The side that will be overwritten keeps its own colour: the arrow says the way."""
    sign, tone = arrow(row.direction, row.differs, row.waits)
    label: Tone = "strong" if row.differs else ""
    cells = [Cell(row.label.removeprefix("Alguna "), label)]
    for key, said in (
        ("alguna", row.alguna),
        ("way", None),
        ("salesforce", row.salesforce),
        ("base", row.base),
    ):
        if said is None:
            cells.append(Cell(sign, tone))
            continue
        text, quiet = ("", True) if key == "base" and not said.known else _text(said)
        side: Tone = key if row.differs and key != "base" else ""
        cells.append(Cell(text, "quiet" if quiet or key == "base" else side))
    return cells


def _text(said: Said) -> tuple[str, bool]:
    if not said.known:
        return "unknown", True
    return (readable(said.value), False) if said.value else ("empty", True)
