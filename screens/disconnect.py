"""Disconnect: what goes, what stays, then the steps one by one, each verified, with a receipt at the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import Disconnecting, DisconnectStep, Inventory, Receipt, StepState
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STYLE, plural

SIGNS: dict[StepState, tuple[str, str]] = {
    "waiting": ("○", STYLE["quiet"]),
    "doing": ("◐", STYLE["work"]),
    "done": ("✓", STYLE["good"]),
    "failed": ("✗", STYLE["bad"]),
    "skipped": ("–", STYLE["quiet"]),
}


class Disconnect(Place, place="disconnect"):
    """The leaving procedure of one connection."""

    class Stepped(Message):
        """A step moved; posted from the working thread."""

        def __init__(self, step: DisconnectStep) -> None:
            super().__init__()
            self.step = step

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.leaving = name
        self.inventory: Inventory | None = None
        self.receipt: Receipt | None = None
        self.running = False
        self.at: dict[str, DisconnectStep] = {}
        self._cancelled = threading.Event()

    def body(self) -> ComposeResult:
        with Vertical(id="disconnect"):
            yield Static(f"Disconnect {plain(self.leaving, 60)}", classes="title", markup=False)
            yield Notice(id="notice")
            with Horizontal(id="both"):
                yield Pane("What goes, what stays", id="inventory")
                yield Pane("Steps", id="steps")

    def concerns(self) -> str:
        return self.leaving

    @property
    def procedure(self) -> Disconnecting:
        """The steps themselves."""
        return self.desk.disconnect(self.leaving)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#inventory").focus()
        self.at = {step.name: step for step in self.procedure.steps()}
        self._show_steps()
        self.do_refresh()

    def on_unmount(self) -> None:
        self._cancelled.set()

    # --- what it means

    def do_refresh(self) -> None:
        if not self.running and self.receipt is None:
            self.query_one("#notice", Notice).say("loading", "Listing what the console made and holds")
            self.begin(self._look(), "list inventory")

    async def _look(self) -> None:
        notice = self.query_one("#notice", Notice)
        try:
            self.inventory = await in_thread(self.procedure.inventory)
        except ConsoleError as error:
            notice.fail(error)
            return
        notice.say(
            "note", "Nothing happens before you start.", "ctrl+r starts, and asks once more. esc goes back."
        )
        self.query_one("#inventory", Pane).say(inventory_lines(self.inventory))
        self.restand()

    # --- doing it

    def standing(self) -> Standing:
        blocked = ""
        if self.receipt is not None and self.receipt.complete:
            blocked = "It is done; there is nothing left to disconnect."
        elif self.inventory is None:
            blocked = "First the list of what goes and what stays has to be there."
        busy = "It is under way." if self.running else ""
        return also(super().standing(), busy=busy, blocked=blocked, copyable=bool(self.copyable()))

    def do_start(self) -> None:
        self.begin(self._start(), "disconnect")

    async def _start(self) -> None:
        assert self.inventory is not None
        again = any(step.state == "failed" for step in self.at.values())
        sure = again or await self.console.ask(
            f"Disconnect {self.leaving}?",
            (
                f"{plural(len(self.inventory.goes), 'thing')} will be revoked or forgotten. No account, contact or field changes.",
                "The steps are verified one by one, and a receipt is written.",
            ),
            "Disconnect",
            dangerous=True,
        )
        if not sure:
            return
        self.running = True
        self._cancelled = threading.Event()
        self.restand()
        notice = self.query_one("#notice", Notice)
        notice.say("loading", "Disconnecting, step by step")
        try:
            self.receipt = await in_thread(self.procedure.run, self._step, self._cancelled)
        except ConsoleError as error:
            notice.fail(error)
            return
        finally:
            self.running = False
            self.restand()
        if self.receipt.complete:
            path = f"The receipt is in {self.receipt.path} (y copies the path)."
            notice.say("done", self.receipt.sentence, path)
            self.console.release(self.leaving)
        else:
            notice.say("failed", self.receipt.sentence, "ctrl+r goes on with the step that failed.")
        self.restand()

    def _step(self, step: DisconnectStep) -> None:
        """Called in the working thread."""
        self.post_message(self.Stepped(step))

    def on_disconnect_stepped(self, message: Stepped) -> None:
        self.at[message.step.name] = message.step
        self._show_steps()
        self.call_after_refresh(
            self._follow, list(self.at).index(message.step.name) / max(1, len(self.at) - 1)
        )

    def _follow(self, share: float) -> None:
        """Keep the step in hand in sight."""
        pane = self.query_one("#steps", Pane)
        pane.scroll_to(y=round(pane.max_scroll_y * share), animate=False)

    def _show_steps(self) -> None:
        self.query_one("#steps", Pane).say(step_lines(list(self.at.values())))

    def copyable(self) -> str:
        if self.receipt is not None and self.receipt.path:
            return self.receipt.path
        inventory = self.inventory
        return "\n".join((*inventory.goes, *inventory.stays)) if inventory is not None else ""

    def do_back(self) -> None:
        if self.running:
            self._cancelled.set()
            self.console.tell("It stops after the step in hand; start again to go on.", "warning")
        elif self.receipt is not None and self.receipt.complete:
            self.console.home()
        else:
            super().do_back()


def inventory_lines(inventory: Inventory) -> list[Content]:
    """What goes, what stays, and what the console made in the org."""
    lines = [Content.assemble(("Goes", STYLE["person"] + " bold"))]
    lines += [Content.assemble(("− ", STYLE["person"]), plain(text, 600)) for text in inventory.goes]
    lines += [Content(""), Content.assemble(("Stays", STYLE["good"] + " bold"))]
    lines += [Content.assemble(("✓ ", STYLE["good"]), plain(text, 600)) for text in inventory.stays]
    if inventory.made:
        lines += [
            Content(""),
            Content.assemble(("Made by this console in the org", STYLE["quiet"] + " bold")),
        ]
        lines += [
            Content.assemble((f"{plain(kind, 40)}  ", STYLE["quiet"]), plain(name, 120))
            for kind, name in inventory.made
        ]
    return lines


def step_lines(steps: Sequence[DisconnectStep]) -> list[Content]:
    """Each step with its sign, and what was found."""
    lines = []
    for step in steps:
        sign, style = SIGNS[step.state]
        title = style if step.state == "failed" else STYLE["strong"]
        lines.append(Content.assemble((f"{sign} ", style), (plain(step.title, 120), title)))
        lines.append(Content.assemble(("  " + plain(step.detail or step.explanation, 600), STYLE["quiet"])))
    return lines
