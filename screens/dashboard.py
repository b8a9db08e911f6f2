"""Dashboard: how many stand where, what is being done now, what changed, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from console.domain.plain import plain
from console.domain.records import State
from console.errors import SignInNeeded
from console.sync.events import Calls, Changed
from console.sync.following.feeds import Feed, Feeds
from screens.availability import Standing
from screens.live import Live, seconds_left, seconds_spent
from screens.place import Place, also
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Mood, Notice
from screens.widgets.text import bar
from screens.words import STATES, STYLE, Tone, ago, amount, clock, field_name, instant, plural, span, took

CHANGES = (
    Column("at", "Time", 8),
    Column("name", "Account", 14, grow=3),
    Column("side", "Written to", 10, rank=1),
    Column("field", "Field", 14, grow=2),
    Column("value", "Before → after", 16, grow=4, rank=2),
    Column("outcome", "Outcome", 8),
)

TURNS = "◐◓◑◒"
"""A sign that turns once a second while a pass is being done."""

OUTCOMES: dict[str, Tone] = {"applied": "good", "refused": "bad", "stale": "person"}


class StateCounts(ListGrid):
    """One line per state with its count and its share; enter shows those accounts."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column("state", "", 17),
                Column("count", "", 9, flush_right=True),
                Column("share", "", 6, grow=1),
            ),
            head=False,
            id="states",
            classes="panel",
        )
        self.border_title = "Accounts"

    def paint(self, live: Live) -> None:
        """Show the counts of this moment."""
        total = max(1, live.total)
        width = max(4, self.size.width - 32)
        self.show([self._row(state, (live.states or {}).get(state, 0), total, width) for state in STATES])
        self.border_subtitle = plural(live.total, "account")

    def _row(self, state: State, count: int, total: int, width: int) -> Sequence[Cell]:
        words = STATES[state]
        tone = words.tone if count else "quiet"
        return (
            Cell(f"{words.sign} {words.word}", tone),
            Cell(amount(count) if count else "–", tone),
            Cell(bar(count / total, width), tone),
        )


class Now(Static):
    """What is being done, how far it is, how fast it goes; or what is waited for."""

    live: reactive[Live | None] = reactive(None)
    now: reactive[str] = reactive("")

    def render(self) -> Content:
        live = self.live
        width = self.content_size.width
        if live is None:
            return Content.assemble(("··· Opening the connection", STYLE["quiet"]))
        if live.doing is not None:
            doing = live.doing
            spent = seconds_spent(live, self.now)
            so_far = f"  {span(spent)}" if spent >= 1 else ""
            lines = [
                Content.assemble(
                    (f"{TURNS[int(spent) % len(TURNS)]} ", STYLE["work"]),
                    (plain(doing.phase, width), STYLE["strong"]),
                    (so_far, STYLE["quiet"]),
                )
            ]
            if doing.total:
                share = doing.done / doing.total
                told = f"{amount(doing.done)} of {amount(doing.total)}  {min(100, int(share * 100))}%"
                room = max(4, width - len(told) - 2)
                done = bar(share, room)
                lines.append(
                    Content.assemble((done, STYLE["work"]), ("░" * (room - len(done)), "$line"), f"  {told}")
                )
            elif doing.done:
                lines.append(Content(f"{amount(doing.done)} so far"))
            if doing.rate > 0:
                left = (doing.total - doing.done) / doing.rate if doing.total else 0
                rest = f", about {span(left)} left" if left >= 1 else ""
                lines.append(
                    Content.assemble((f"{amount(round(doing.rate))} a second{rest}", STYLE["quiet"]))
                )
            return Content("\n").join(lines)
        feeds = _feeds(live.feeds, self.now, width) if live.feeds is not None else []
        return Content("\n").join([*self._waiting(live), *_last(live), *feeds])

    def _waiting(self, live: Live) -> list[Content]:
        if live.facts is not None and live.facts.read_only:
            shows = "What is written shows here." if live.facts.held_by else "Nothing is synced here."
            return [Content.assemble(("Looking on. ", STYLE["person"] + " bold"), shows)]
        if live.paused:
            return [
                Content.assemble(("Paused. ", STYLE["person"] + " bold"), "Press p to go on, s for one pass.")
            ]
        left = seconds_left(live, self.now)
        if left is None:
            return [
                Content("The last pass stopped." if live.failure is not None else "A pass is about to begin.")
            ]
        why = f" · {plain(live.waits_for, 60)}" if live.waits_for else ""
        what = "Next try in " if live.failure is not None else "Next pass in "
        return [Content.assemble(what, (span(left), STYLE["strong"]), (why, STYLE["quiet"]))]


def _last(live: Live) -> list[Content]:
    last = live.last
    if last is None:
        return []
    parts: list[tuple[str, str]] = [("Last pass: ", STYLE["quiet"])]
    if live.failure is not None:
        parts.append(("stopped", STYLE["bad"]))
        if last.applied:
            parts.append((f", {amount(last.applied)} applied before", STYLE["good"]))
    elif last.planned == 0:
        parts.append(("nothing to change", STYLE["good"]))
    else:
        parts.append((f"{amount(last.applied)} applied", STYLE["good"]))
    for number, word, tone in ((last.refused, "refused", "bad"), (last.stale, "planned again", "person")):
        if number:
            parts.append((f", {amount(number)} {word}", STYLE[tone]))
    word = "after" if live.failure is not None else "in"
    parts.append((f" {word} {took(last.seconds)}", STYLE["quiet"]))
    return [Content.assemble(*parts)]


def _feeds(feeds: Feeds, now: str, width: int) -> list[Content]:
    """How changes of each side arrive, how far the cache is behind, and why Salesforce is polled where it is."""
    lines = [_feed("Salesforce", feeds.salesforce, now)]
    if feeds.salesforce.why:
        lines.append(Content.assemble((plain(feeds.salesforce.why, max(8, width)), STYLE["quiet"])))
    return [*lines, _feed("Alguna", feeds.alguna, now)]


def audited_words(live: Live | None, now: str, width: int) -> Content:
    """What the audit verified, how long ago the oldest of it was, and what it found missed: as much as there is room for."""
    audited = live.audited if live is not None else None
    if audited is None or not audited.oldest:
        return Content("")
    missed = f"audit: {amount(audited.missed)} missed" if audited.missed else "nothing missed"
    verified = f"{amount(audited.verified)} of {amount(audited.linked)} verified equal"
    oldest = f"oldest {ago(now, audited.oldest)}" if now else ""
    said = missed if audited.missed else verified
    for words in (f"{missed} · {verified}, {oldest}", f"{missed} · {verified}", f"{verified}, {oldest}"):
        if len(words) <= width:
            said = words
            break
    return Content.assemble((said, STYLE["person" if audited.missed else "quiet"]))


def _feed(side: str, feed: Feed, now: str) -> Content:
    tone: Tone = "salesforce" if side == "Salesforce" else "alguna"
    lag = feed.lag(instant(now)) if now else None
    behind = "not looked at yet" if lag is None else f"{took(lag) if lag else '0 s'} behind"
    how = "events" if feed.how == "events" else f"polled every {span(feed.every)}" if feed.every else "polled"
    return Content.assemble((f"{side}: ", STYLE[tone]), behind, (f" · {how}", STYLE["quiet"]))


class CallMeter(Static):
    """API calls: those of this pass, and the org's day."""

    live: reactive[Live | None] = reactive(None)

    def render(self) -> Content:
        live, width = self.live, self.content_size.width
        calls = live.calls if live is not None else None
        if live is None or calls is None:
            return Content.assemble(("Not known before the first call", STYLE["quiet"]))
        lines = []
        if calls.used is not None and calls.limit:
            share = calls.used / calls.limit
            tone = "bad" if share > 0.9 else "person" if share > 0.7 else "good"
            told = f"{amount(calls.used)} of {amount(calls.limit)} used"
            room = max(4, width - len(told) - 2)
            used = bar(share, room)
            lines.append(
                Content.assemble((used, STYLE[tone]), ("░" * (room - len(used)), "$line"), f"  {told}")
            )
            lines.append(_left(live, calls, width))
        which = "This pass" if live.doing is not None else "Last pass"
        need = ""
        if live.doing is not None:
            need = " so far" if calls.forecast is None else f" of about {amount(calls.forecast)}"
        this = f"{which}: Salesforce {amount(calls.salesforce)}{need}, Alguna {amount(calls.alguna)}"
        if len(this) > width:
            this = this.replace(" Salesforce", "", 1)  # the panel's title says it
        lines.append(Content.assemble((this, STYLE["quiet"])))
        return Content("\n").join(lines)


def _left(live: Live, calls: Calls, width: int) -> Content:
    """What is left: of the console's own allocation, where there is one, else of the org's day."""
    if calls.left is None or calls.allocation is None:
        left = (amount(live.left or 0), STYLE["strong"])
        return Content.assemble(left, (" left today in this org", STYLE["quiet"]))
    tone = STYLE["strong"] if calls.left else STYLE["bad"]
    rest = f" left of the console's {amount(calls.allocation)} a day"
    if len(amount(calls.left)) + len(rest) > width:
        rest = f" left of its {amount(calls.allocation)} a day"
    return Content.assemble((amount(calls.left), tone), (rest, STYLE["quiet"]))


class Changes(ListGrid):
    """The newest changes, as they happen."""

    def __init__(self) -> None:
        super().__init__(CHANGES, id="changes", classes="panel")
        self.border_title = "Last changes"

        self.changes: Sequence[Changed] = ()

    def paint(self, changes: Sequence[Changed]) -> None:
        """Show them, newest first. The cursor stays at the top while it is there, else on its change."""
        if changes is self.changes:
            return
        on = self.changes[self.cursor] if self.cursor else None
        self.changes = changes
        self.show([_change(change) for change in changes])
        if on is not None and on in changes:
            self.cursor = changes.index(on)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.total + self.head


def _change(change: Changed) -> Sequence[Cell]:
    side: Tone = "salesforce" if change.side == "salesforce" else "alguna"
    value = f"{change.before or 'empty'} → {change.after or 'empty'}" if change.before else change.after
    return (
        Cell(clock(change.at), "quiet"),
        Cell(change.name),
        Cell(side.capitalize(), side),
        Cell(field_name(change.field)),
        Cell(value),
        Cell(change.outcome, OUTCOMES.get(change.outcome, "")),
    )


class Dashboard(Place, place="dashboard"):
    """The open connection at a glance."""

    def body(self) -> ComposeResult:
        yield Notice(id="stale")
        with Horizontal(id="top"):
            yield StateCounts()
            with Vertical(id="side"):
                yield self._panel(Now(id="doing", classes="panel", markup=False), "Now")
                yield self._panel(
                    CallMeter(id="calls", classes="panel", markup=False), "Salesforce API calls"
                )
        yield Notice(id="hint")
        yield Changes()

    def _panel(self, widget: Widget, title: str) -> Widget:
        widget.border_title = title
        return widget

    def on_mount(self) -> None:
        super().on_mount()
        self.show_live()
        self.query_one(StateCounts).focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.show_live()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_live)

    def tick(self, now: str) -> None:
        super().tick(now)
        if self.is_mounted:
            self.query_one(Now).now = now

    def standing(self) -> Standing:
        focused = self.focused
        return also(super().standing(), copyable=isinstance(focused, Changes) and focused.cursor is not None)

    def show_live(self) -> None:
        live = self.live
        now = self.query_one(Now)
        now.now, now.live = self.console.now, live
        now.border_subtitle = audited_words(live, self.console.now, now.size.width - 4)
        self.query_one(CallMeter).live = live
        if live is None:
            self.query_one("#hint", Notice).say("loading", "Opening the connection and reading its cache")
            self.query_one(Changes).display = False
            return
        self.query_one(StateCounts).paint(live)
        self.query_one(Changes).paint(live.changes)
        self._say(live)

    def _say(self, live: Live) -> None:
        stale, hint = self.query_one("#stale", Notice), self.query_one("#hint", Notice)
        if live.failure is not None:
            advice = live.failure.advice
            if isinstance(live.failure, SignInNeeded):
                advice = f"{advice} Press L for that; nothing is lost meanwhile."
            stale.say("stale", live.failure.message, advice)
        elif live.facts is not None and live.facts.warning:
            stale.say("note", live.facts.warning, "Press h for all about this access, L to sign in again.")
        else:
            stale.hush()
        said = hint_for(live)
        if said is None:
            hint.hush()
        else:
            hint.say(*said)
        self.query_one(Changes).display = bool(live.changes)

    @on(CursorGrid.Opened)
    def _opened(self, event: CursorGrid.Opened) -> None:
        if isinstance(event.grid, StateCounts):
            self.console.go_to_state(list(STATES)[event.row])
        elif self.live is not None and event.row < len(self.live.changes):
            self.console.visit("account", self.live.changes[event.row].customer_id)

    @on(CursorGrid.Highlighted)
    def _moved(self) -> None:
        self.restand()

    def copyable(self) -> str:
        changes = self.query_one(Changes)
        if self.live is None or changes.cursor is None:
            return ""
        change = self.live.changes[changes.cursor]
        return f"{change.at} {change.name} {change.side} {change.field}: {change.before} → {change.after} ({change.outcome})"


def hint_for(live: Live) -> tuple[Mood, str, str] | None:
    """What to do next, while there is nothing better to look at."""
    states = live.states
    if live.facts is not None and live.facts.read_only:
        return "note", live.facts.read_only, ""
    if live.changes:
        return None
    if states is None:
        return "loading", "Counting", ""
    if live.doing is not None:
        return "loading", "Changes appear here as they happen", ""
    if not live.total and live.paused:
        advice = "The first pass reads both. Press p to go on with it."
        return "empty", "Nothing is known of either side yet.", advice
    if not live.total and live.failure is not None:
        return "empty", "Nothing is known of either side yet.", "Press s to try again now."
    if not live.total and live.last is None:
        return "loading", "The first pass is about to read both sides", ""
    if not live.total:
        return "empty", "There is no customer in Alguna and no account in Salesforce.", ""
    waiting = states.get(State.NOT_IMPORTED, 0)
    if waiting and not states.get(State.IN_SYNC, 0):
        count = plural(waiting, "existing customer")
        title = f"No customer is in the sync yet: {count} can be imported."
        return "empty", title, "Press i to import, with a preview first."
    return (
        "empty",
        "No change was made yet.",
        "Changes appear here as they happen; edit a record on either side and press s.",
    )
