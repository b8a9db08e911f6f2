"""What all steps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from console.errors import ConsoleError
from console.guide.seam import Wizard, WizardStep
from screens.widgets.notice import Notice
from screens.workers import Works

if TYPE_CHECKING:
    from screens.app import ConsoleApp


class Step(Works, VerticalScroll, can_focus=False):
    """One step. :meth:`take` tries to complete it and posts `Complete`, or says what is missing."""

    step: ClassVar[WizardStep]
    title: ClassVar[str]
    lead: ClassVar[str]
    """What it is about, in a sentence or two."""

    class Complete(Message):
        """The step has its answer: on to the next."""

        def __init__(self, step: Step) -> None:
            super().__init__()
            self.step = step

    class Moved(Message):
        """Something changed that the buttons should follow."""

    class Proceed(Message):
        """The same as the main button."""

    class Ready(Message):
        """The step has what it needs: enter goes on from here."""

    class Jump(Message):
        """To another step, to change an answer."""

        def __init__(self, step: WizardStep) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__(id=f"step-{self.step}", classes="step")
        self.busy = ""
        """What is under way here, one sentence."""

    @property
    def console(self) -> ConsoleApp:
        """The app, typed."""
        return cast("ConsoleApp", self.app)

    @property
    def wizard(self) -> Wizard:
        """The draft's keeper."""
        return self.console.desk.wizard()

    @property
    def notice(self) -> Notice:
        """Where the step says how it went."""
        return self.query_one(".step-notice", Notice)

    def compose(self) -> ComposeResult:
        yield Static(self.title, classes="title", markup=False)
        yield Static(self.lead, classes="lead quiet", markup=False)
        yield from self.asks()
        yield Notice(classes="step-notice")

    def asks(self) -> ComposeResult:
        """The questions."""
        raise NotImplementedError

    # --- what the wizard calls

    @property
    def word(self) -> str:
        """What the main button says."""
        return "Continue"

    def show(self) -> None:
        """Come on stage: paint what the draft holds."""

    def take(self) -> None:
        """Try to complete the step."""
        raise NotImplementedError

    def stop(self) -> bool:
        """Stop what is under way; whether anything was."""
        return False

    def copyable(self) -> str:
        """What *copy* would take."""
        return ""

    # --- for the steps

    def occupy(self, why: str) -> None:
        """Something is under way, or (empty) no longer."""
        self.busy = why
        if why:
            self.notice.say("loading", why)
        self.post_message(self.Moved())

    def refuse(self, error: ConsoleError) -> None:
        """Say what is wrong; the step stays."""
        self.busy = ""
        self.notice.fail(error)
        self.call_after_refresh(self.notice.scroll_visible, animate=False)
        self.post_message(self.Moved())

    def complete(self) -> None:
        """On to the next."""
        self.busy = ""
        self.notice.hush()
        self.post_message(self.Complete(self))
