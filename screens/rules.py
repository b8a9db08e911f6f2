"""Field rules: whose value wins in each field, which way it goes, and what another choice would do, before it is kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from console.domain.plain import plain
from console.domain.whatif import Ruling
from console.errors import Cancelled, ConsoleError
from console.guide.rules import lines, with_flow, with_rule
from console.guide.seam import FieldRules, RuleLine, RulesLook
from screens.availability import Standing
from screens.dialogs import Dialog
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, CursorGrid, ListGrid
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STYLE, amount, plural

FIELDS = (
    Column("label", "Field", 20, grow=2),
    Column("rule", "Rule", 16, grow=1),
    Column("way", "Goes", 14),
    Column("differ", "Differ now", 10, flush_right=True),
    Column("spared", "Spared", 7, flush_right=True, rank=1),
)
WAYS = {"both": "◀─▶ both", "to_salesforce": "─▶ Salesforce", "to_alguna": "◀─ Alguna"}
SOURCES = {
    True: "Alguna: its customers get accounts",
    False: "Salesforce: no accounts are created",
}


class Rules(Place, place="rules"):
    """A draft of the rules, with what it would do to existing records counted after each step."""

    class Counted(Message):
        """So many customers were looked at; posted from the working thread."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self.kept: Ruling | None = None
        """The rules in force."""
        self.draft: Ruling | None = None
        self.look: RulesLook | None = None
        """What the draft would do, None while it is counted."""
        self.keeping = False
        self._stop = threading.Event()

    def body(self) -> ComposeResult:
        with Vertical(id="rules"):
            yield Notice(id="notice")
            yield ListGrid(FIELDS, id="list", classes="panel")
            yield Pane("In words", id="words")
            yield Pane("What it would do to existing records", id="whatif")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#list").border_title = "Field rules"
        self.query_one("#list").focus()
        self.do_refresh()

    def on_unmount(self) -> None:
        self._stop.set()

    def show_live(self) -> None:
        if self.kept is None:
            self.do_refresh()

    @property
    def rules(self) -> FieldRules | None:
        """The rules of the open connection, None while that is being opened."""
        return self.connection.rules() if self.connection is not None else None

    @property
    def changed(self) -> bool:
        """Whether other rules than those in force are shown."""
        return self.draft != self.kept

    # --- counting

    def do_refresh(self) -> None:
        if self.rules is not None and not self.keeping:
            self.begin(self._read(self.rules), "read rules")

    async def _read(self, rules: FieldRules) -> None:
        try:
            self.kept = await in_thread(rules.ruling)
        except ConsoleError as error:
            self.query_one("#notice", Notice).fail(error)
            return
        self._try(self.draft or self.kept)

    def _try(self, draft: Ruling) -> None:
        """Show a draft at once, and count beside that what it would do; an earlier count is stopped."""
        self.draft, self.look = draft, None
        self._stop.set()
        self._stop = threading.Event()
        self._paint()
        if self.rules is not None:
            self.begin(self._count(self.rules, draft, self._stop), "count rules")

    async def _count(self, rules: FieldRules, draft: Ruling, stop: threading.Event) -> None:
        def counted(number: int) -> None:
            self.post_message(self.Counted(number))

        notice = self.query_one("#notice", Notice)
        notice.say("loading", "Counting what it would do; nothing is written")
        try:
            look = await in_thread(rules.look, draft, stop, counted)
        except Cancelled:
            return  # another draft is counted by now
        except ConsoleError as error:
            notice.fail(error)
            return
        if stop.is_set():
            return
        notice.hush()
        self.look = look
        self._paint()

    @on(Counted)
    def _show_count(self, event: Counted) -> None:
        if self.look is None and not self.keeping:
            notice = self.query_one("#notice", Notice)
            notice.say("loading", f"Counting what it would do: {plural(event.number, 'customer')} so far")

    # --- painting

    def _paint(self) -> None:
        shown = self._lines()
        grid = self.query_one("#list", ListGrid)
        rows: list[Sequence[Cell] | str] = []
        group = None
        for line in shown:
            if line.group != group:
                group = line.group
                rows.append(group)
            rows.append(_cells(line, self._is_new(line)))
        cursor = grid.cursor
        grid.show(rows)
        if cursor is not None:
            grid.cursor = cursor
        source = SOURCES[self.draft.create_accounts] if self.draft is not None else ""
        grid.border_subtitle = f"Source of new accounts: {source}" if source else ""
        self._moved()
        self.query_one("#whatif", Pane).say(_effect(self.look, self.changed))
        self.restand()

    def _lines(self) -> Sequence[RuleLine]:
        if self.look is not None:
            return self.look.lines
        return lines(self.draft) if self.draft is not None else ()

    def _is_new(self, line: RuleLine) -> bool:
        if self.kept is None or self.draft is None:
            return False
        key = line.key
        return (self.draft.rules.get(key), self.draft.flows.get(key)) != (
            self.kept.rules.get(key),
            self.kept.flows.get(key),
        )

    def line(self) -> RuleLine | None:
        """The highlighted field."""
        cursor = self.query_one("#list", ListGrid).cursor
        placed: list[RuleLine | None] = []
        group = None
        for line in self._lines():
            if line.group != group:
                group = line.group
                placed.append(None)
            placed.append(line)
        return placed[cursor] if cursor is not None and cursor < len(placed) else None

    @on(CursorGrid.Highlighted, "#list")
    def _moved(self) -> None:
        line = self.line()
        self.query_one("#words", Pane).say(_words(line) if line is not None else [])
        self.restand()

    # --- trying others

    def standing(self) -> Standing:
        busy = "The rules are being kept." if self.keeping else ""
        blocked = ""
        if self.look is None:
            blocked = "What it would do is still being counted."
        elif not self.changed and not self.look.values:
            blocked = "These are the rules in force: try another one first (m, d, A)."
        return also(super().standing(), busy=busy, blocked=blocked, copyable=self.look is not None)

    @on(CursorGrid.Opened, "#list")
    def _opened(self) -> None:
        self.action_command("next_rule")

    def do_next_rule(self) -> None:
        line = self.line()
        if line is not None and self.draft is not None:
            rule = line.rules[(line.rules.index(line.rule) + 1) % len(line.rules)]
            self._try(with_rule(self.draft, line.key, rule))

    def do_next_way(self) -> None:
        line = self.line()
        if line is None or self.draft is None:
            return
        if len(line.flows) == 1:
            self.console.tell(
                "Only Alguna fills this field: it goes to Salesforce, or is off (m).", "warning"
            )
            return
        flow = line.flows[(line.flows.index(line.flow) + 1) % len(line.flows)]
        self._try(with_flow(self.draft, line.key, flow))

    def do_next_source(self) -> None:
        if self.draft is not None:
            self._try(replace(self.draft, create_accounts=not self.draft.create_accounts))

    # --- keeping

    def do_keep_rules(self) -> None:
        if self.look is not None:
            self.begin(self._ask(self.look), "keep rules")

    async def _ask(self, look: RulesLook) -> None:
        facts = self.live.facts if self.live is not None else None
        said = ["What moves from now on goes by them."] if self.changed else []
        if look.values:
            said += [
                f"They would write {plural(look.values, 'value')} to {plural(look.accounts, 'account')} as they are now:",
                *look.sample[:5],
                "Left as they are, each stays until one of its two values moves.",
            ]
        if self.changed:
            title, yes, other = (
                "Keep these rules?",
                "Keep, leave existing",
                f"Keep, write {amount(look.values)}" if look.values else "",
            )
        else:
            title, yes, other = "Bring existing records in line?", f"Write {amount(look.values)}", ""
        dialog = Dialog(title, said, yes, other=other, dangerous=facts is not None and facts.production)
        answer = await self.console.choose(dialog)
        if answer == "no":
            return
        chosen = look.hash if answer == "other" or not self.changed else None
        await self._keep(look, chosen)

    async def _keep(self, look: RulesLook, chosen: str | None) -> None:
        rules, notice = self.rules, self.query_one("#notice", Notice)
        if rules is None:
            return
        self.keeping = True
        notice.say("loading", "Keeping the rules")
        self.restand()
        try:
            await in_thread(rules.keep, look.ruling, chosen)
        except ConsoleError as error:
            notice.fail(error)
            return
        finally:
            self.keeping = False
            self.restand()
        done = "The next pass writes what was shown." if chosen else "Existing records stay as they are."
        self.console.tell(f"The rules are kept. {done}")
        self.draft = None
        self.do_refresh()

    def copyable(self) -> str:
        look = self.look
        if look is None:
            return ""
        rules = [f"{line.label}: {line.rule}, {line.flow}" for line in look.lines]
        return "\n".join([*rules, "", *look.sample])


def _cells(line: RuleLine, new: bool) -> Sequence[Cell]:
    tone = "person" if new else "quiet" if line.rule == line.default else "strong"
    differs = "" if line.differs is None else amount(line.differs) if line.differs else ""
    return (
        Cell(line.label.removeprefix("Alguna "), "strong" if new else ""),
        Cell(str(line.rule).replace("_", " "), tone),
        Cell(WAYS[line.flow], "person" if new else "quiet"),
        Cell(differs, "person" if line.differs else "quiet"),
        Cell(amount(line.spared) if line.spared else "", "quiet"),
    )


def _words(line: RuleLine) -> list[Content]:
    said = [Content.assemble((plain(line.means, 400), STYLE["strong"]))]
    if line.differs:
        said.append(Content.assemble((f"It differs in {plural(line.differs, 'account')} now.", STYLE[""])))
    if line.spared:
        words = f"Left as it stood when the rules were changed: {plural(line.spared, 'difference')}."
        said.append(Content.assemble((words, STYLE[""])))
    said.append(
        Content.assemble((f"{line.key}   by default: {str(line.default).replace('_', ' ')}", STYLE["quiet"]))
    )
    return said


def _effect(look: RulesLook | None, changed: bool) -> list[Content]:
    """What would be written, in numbers and a sample."""
    if look is None:
        return [Content.assemble(("Counting ...", STYLE["quiet"]))]
    if not look.values and not look.dropped and not look.asks:
        words = "Nothing." if changed else "Nothing: these are the rules in force. m tries another one."
        return [Content.assemble((words, STYLE["quiet"]))]
    heads = []
    if look.values:
        parts = ", ".join(f"{label} {amount(number)}" for label, number in look.by_field[:4])
        heads.append(
            f"{plural(look.values, 'value')} of {plural(look.accounts, 'account')} written: {parts}."
        )
    if look.dropped:
        heads.append(f"{plural(look.dropped, 'planned value')} not written any more.")
    if look.asks:
        heads.append(f"{plural(look.asks, 'value')} left to a person.")
    said = [Content.assemble((" ".join(heads), STYLE["strong"]))]
    said += [Content.assemble(("• ", STYLE["quiet"]), plain(each, 300)) for each in look.sample]
    if look.values:
        words = (
            "ctrl+r keeps the rules and asks about these."
            if changed
            else "Spared until now; ctrl+r writes them."
        )
        said.append(Content.assemble((words, STYLE["quiet"])))
    return said
