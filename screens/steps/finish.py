"""The last steps: set up the org, look at everything once more, start."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, OptionList

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import Finding, SetupItem, SetupPlan, SummaryLine
from screens.steps.step import Step
from screens.tasks import in_thread
from screens.widgets.choice import Choice
from screens.widgets.columns import Column
from screens.widgets.grid import Cell, ListGrid
from screens.words import STYLE, Tone

ITEMS = (
    Column("state", "", 14),
    Column("kind", "Kind", 14, rank=1),
    Column("title", "What", 36),
    Column("detail", "", 30, grow=2, rank=2),
    Column("api", "API name", 44, rank=3),
)

STATES: dict[str, tuple[str, Tone]] = {
    "create": ("+ will be made", "work"),
    "exists": ("✓ is there", "good"),
    "mismatch": ("✗ is different", "bad"),
    "doing": ("◐ being made", "work"),
    "done": ("✓ made", "good"),
    "failed": ("✗ failed", "bad"),
    "left_out": ("– left out", "person"),
}

LIGHTS: dict[str, tuple[str, Tone]] = {
    "green": ("● can", "good"),
    "amber": ("◐ in part", "person"),
    "red": ("✗ can't", "bad"),
    "note": ("i to know", "quiet"),
}


class SetupStep(Step):
    """The fields and permissions in the org: shown before, done with progress, verified after."""

    step = "setup"
    title = "Set up the org"
    lead = "What the console needs in your org. Nothing is made before you say so; what is there already is left as it is."

    class Itemised(Message):
        """One item moved; posted from the working thread."""

        def __init__(self, item: SetupItem) -> None:
            super().__init__()
            self.item = item

    def __init__(self) -> None:
        super().__init__()
        self.plan: SetupPlan | None = None
        self._cancelled = threading.Event()

    def asks(self) -> ComposeResult:
        yield Input(
            placeholder="who gets the permission set (user name or e-mail); empty: you",
            id="integration-user",
        )
        yield ListGrid(ITEMS, id="items")
        with Horizontal(classes="actions"):
            yield Button(Content("Look again"), id="look")

    @property
    def word(self) -> str:
        return "Set up the org" if self.wizard.missing("setup") else "Continue"

    def show(self) -> None:
        self.query_one(Input).value = self.wizard.draft().integration_user
        self.query_one(ListGrid).focus()
        if not self.busy:
            self._look()

    def on_unmount(self) -> None:
        self._cancelled.set()

    @on(Input.Submitted, "#integration-user")
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.busy:
            self.query_one(ListGrid).focus()
            self._look()

    @on(Button.Pressed, "#look")
    def _look_again(self, event: Button.Pressed) -> None:
        event.stop()
        if not self.busy:
            self._look()

    def _look(self) -> None:
        self.wizard.set_integration_user(self.query_one(Input).value)
        self.occupy("Looking at what the org has already")
        self.begin(self._read(), "plan set-up")

    async def _read(self) -> None:
        try:
            plan = await in_thread(self.wizard.plan_setup)
        except ConsoleError as error:
            self.refuse(error)
            return
        self.occupy("")
        self._show(plan)

    def _show(self, plan: SetupPlan) -> None:
        self.plan = plan
        self._paint_plan(plan)
        if plan.blocked:
            self.notice.say("failed", plan.summary, plan.blocked)
        elif self.wizard.missing("setup"):
            advice = "ctrl+n sets the org up, one by one, and checks each."
            self.notice.say("note", plan.summary, f"{plan.sign_in} {advice}".strip())
        else:
            self.notice.say("done", plan.summary, f"{plan.sign_in} ctrl+n continues.".strip())
        self.post_message(self.Moved())

    def _paint_plan(self, plan: SetupPlan) -> ListGrid:
        """What will be made, then what is to be known of the org before the first write."""
        grid = self.query_one(ListGrid)
        worth = [each for each in plan.findings if each.light != "green"]
        grid.show([*map(_item, plan.items), *map(_finding, worth)])
        return grid

    def take(self) -> None:
        if self.query_one(Input).value.strip() != self.wizard.draft().integration_user:
            self._look()  # somebody else was named meanwhile: shown first
        elif not self.wizard.missing("setup"):
            self.complete()
        elif self.plan is None or self.plan.blocked:
            self._look()
        else:
            self._apply()

    def _apply(self) -> None:
        if self.busy or self.plan is None:
            return
        self._cancelled = threading.Event()
        self.occupy("Setting up the org. esc stops between two items; again goes on.")
        self.begin(self._make(self._cancelled), "apply set-up")

    async def _make(self, cancelled: threading.Event) -> None:
        def told(item: SetupItem) -> None:
            self.post_message(self.Itemised(item))

        try:
            plan = await in_thread(self.wizard.apply_setup, told, cancelled)
        except ConsoleError as error:
            self.refuse(error)
            return
        self.occupy("")
        self._show(plan)
        if not plan.changes and not cancelled.is_set():
            self.notice.say("done", "The org is set up: every part was made and checked.", "enter continues.")
            self.post_message(self.Ready())

    def on_setup_step_itemised(self, message: Itemised) -> None:
        if self.plan is None:
            return
        item = message.item
        items = tuple(item if one.key == item.key else one for one in self.plan.items)
        self.plan = replace(self.plan, items=items)
        grid = self._paint_plan(self.plan)
        grid.cursor = next((i for i, one in enumerate(items) if one.key == item.key), grid.cursor)

    def stop(self) -> bool:
        if not self.busy:
            return False
        self._cancelled.set()
        return True

    def copyable(self) -> str:
        plan = self.plan
        return (
            "\n".join(f"{item.kind} {item.api_name} {item.state} {item.detail}" for item in plan.items)
            if plan
            else ""
        )


SAVE = "save"
"""The line that is no answer: where the cursor is first."""


class SummaryStep(Step):
    """All choices once more; enter on one changes it."""

    step = "summary"
    title = "Everything is ready"
    lead = "Saving begins the first pass at once. Enter on another line changes it."

    def asks(self) -> ComposeResult:
        yield Choice(id="lines")

    @property
    def word(self) -> str:
        return "Save and start"

    def show(self) -> None:
        self.query_one(Choice).focus()
        self.call_after_refresh(self._paint, SAVE)  # the room is known once the step is on stage

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    def _paint(self, chosen: str | None = None) -> None:
        lines = self.wizard.summary()
        label = max((len(line.label) for line in lines), default=0) + 2
        room = self.size.width - 6
        save = Content.assemble((self.word, STYLE["salesforce"] + " bold"))
        self.query_one(Choice).offer(
            [(SAVE, save), *((str(i), _line(line, label, room)) for i, line in enumerate(lines))], chosen
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == SAVE:
            self.post_message(self.Proceed())
        else:
            self.post_message(self.Jump(self.wizard.summary()[int(event.option_id or 0)].step))

    def take(self) -> None:
        self.occupy("Saving the connection")
        self.begin(self._finish(), "save connection")

    async def _finish(self) -> None:
        try:
            name = await in_thread(self.wizard.finish)
        except ConsoleError as error:
            self.refuse(error)
            return
        self.busy = ""
        self.console.connected(name)


def _item(item: SetupItem) -> Sequence[Cell]:
    word, tone = STATES[item.state]
    return (
        Cell(word, tone),
        Cell(item.kind, "quiet"),
        Cell(item.title),
        Cell(item.detail, "quiet"),
        Cell(item.api_name, "quiet"),
    )


def _finding(found: Finding) -> Sequence[Cell]:
    word, tone = LIGHTS[found.light]
    lacking = ", ".join(permission for permission, _ in found.lacking)
    sentence = f"{found.sentence} Missing: {lacking}." if lacking else found.sentence
    return Cell(word, tone), Cell("Org", "quiet"), Cell(found.title), Cell(sentence, "quiet"), Cell("")


def _line(line: SummaryLine, label: int, room: int) -> Content:
    """Label and value; what does not fit goes on under the value."""
    lines = wrap(plain(line.value, 300), max(20, room - label)) or [""]
    value = ("\n" + " " * label).join(lines)
    return Content.assemble((f"{plain(line.label, 40):<{label}}", STYLE["quiet"]), (value, STYLE["strong"]))
