"""The wizard: eight steps, back and forth without losing what was entered, left without leaving anything unsaid."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, ContentSwitcher, Static

from console.errors import ConsoleError
from console.guide.seam import WIZARD_STEPS, WizardStep
from screens.availability import Standing
from screens.dialogs import Dialog
from screens.place import Place, also
from screens.steps.access import AlgunaStep, NameStep, SignInStep
from screens.steps.choices import EnvironmentStep, ImportStep, SourceStep
from screens.steps.finish import SetupStep, SummaryStep
from screens.steps.step import Step
from screens.tasks import in_thread
from screens.words import STYLE

STEPS: tuple[type[Step], ...] = (
    EnvironmentStep,
    SignInStep,
    AlgunaStep,
    NameStep,
    SourceStep,
    ImportStep,
    SetupStep,
    SummaryStep,
)

NAMES: dict[WizardStep, str] = {
    "environment": "Environment",
    "sign_in": "Salesforce",
    "alguna": "Alguna",
    "name": "Name",
    "source": "New accounts",
    "import": "Import",
    "setup": "Set-up",
    "summary": "Summary",
}


class Wizard(Place, place="wizard", sheets=("forms",)):
    """Connect an Alguna account with a Salesforce org."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self._changing = False
        """One answer is being changed from the summary: what was complete after it still is, and is not asked again."""

    def body(self) -> ComposeResult:
        with Horizontal(id="wizard"):
            yield Static(id="rail", markup=False)
            with Vertical(id="stage"):
                yield Static(id="progress", markup=False)
                with ContentSwitcher(initial=f"step-{WIZARD_STEPS[0]}"):
                    for step in STEPS:
                        yield step()
                with Horizontal(id="buttons"):
                    yield Button(Content("Back"), id="back")
                    yield Button(Content("Continue"), id="proceed", variant="primary")

    def concerns(self) -> str:
        return ""

    def on_mount(self) -> None:
        super().on_mount()
        wizard = self.desk.wizard()
        self.at = next(
            (i for i, step in enumerate(WIZARD_STEPS) if wizard.missing(step)), len(WIZARD_STEPS) - 1
        )
        self.show_step()

    @property
    def current(self) -> Step:
        """The step on stage."""
        return self.query_one(f"#step-{WIZARD_STEPS[self.at]}", Step)

    def show_step(self) -> None:
        """Bring the step at hand on stage."""
        self.query_one(ContentSwitcher).current = f"step-{WIZARD_STEPS[self.at]}"
        self.current.show()
        self._paint()

    def _paint(self) -> None:
        wizard = self.desk.wizard()
        rail: list[tuple[str, str]] = []
        dots: list[tuple[str, str]] = []
        for i, step in enumerate(WIZARD_STEPS):
            done = not wizard.missing(step) and step != "summary"
            sign, style = ("✓", STYLE["good"]) if done else ("○", STYLE["quiet"])
            if i == self.at:
                sign, style = ("●", "bold $primary")
            rail.append((f"{sign} {NAMES[step]}\n\n", style))
            dots.append((sign, style))
        self.query_one("#rail", Static).update(Content.assemble(*rail))
        self.query_one("#progress", Static).update(
            Content.assemble((f"Step {self.at + 1} of {len(STEPS)}  ", STYLE["quiet"]), *dots)
        )
        proceed = self.query_one("#proceed", Button)
        proceed.label = Content(self.current.word)
        proceed.disabled = bool(self.current.busy)
        self.query_one("#back", Button).label = Content(
            "Stop" if self.current.busy else "Back" if self.at else "Leave"
        )
        self.restand()

    def standing(self) -> Standing:
        at = self.current if self.is_mounted else None
        return also(
            super().standing(),
            connected=False,
            paused=False,
            busy=at.busy if at is not None else "",
            copyable=at is not None and bool(at.copyable()),
        )

    def copyable(self) -> str:
        return self.current.copyable()

    # --- back and forth

    @on(Step.Complete)
    def _completed(self, event: Step.Complete) -> None:
        if event.step is self.current and self.at < len(STEPS) - 1:
            complete = not any(self.desk.wizard().missing(step) for step in WIZARD_STEPS[:-1])
            self.at = len(STEPS) - 1 if self._changing and complete else self.at + 1
            self._changing = self._changing and self.at < len(STEPS) - 1
            self.show_step()

    @on(Step.Moved)
    def _moved(self) -> None:
        self._paint()

    @on(Step.Ready)
    def _ready(self) -> None:
        self._paint()
        self.set_focus(self.query_one("#proceed", Button))

    @on(Step.Jump)
    def _jump(self, event: Step.Jump) -> None:
        self.at = WIZARD_STEPS.index(event.step)
        self._changing = True
        self.show_step()

    @on(Step.Proceed)
    @on(Button.Pressed, "#proceed")
    def _pressed(self) -> None:
        self.action_command("proceed")

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.action_command("step_back")

    def do_proceed(self) -> None:
        self.current.take()

    def do_step_back(self) -> None:
        if self.current.stop():
            self._paint()
        elif self.at:
            self.at -= 1
            self.show_step()
        else:
            self.do_leave()

    # --- leaving

    def do_leave(self) -> None:
        self.begin(self._leave(), "leave wizard")

    async def _leave(self) -> None:
        wizard = self.desk.wizard()
        left = wizard.leftovers()
        if not left and wizard.missing("environment"):
            self.console.back()
            return
        dialog = Dialog(
            "Leave the wizard?",
            left or ("Nothing was made anywhere so far.",),
            "Drop it all",
            no="Stay",
            other="Keep it for later",
            dangerous=True,
        )
        answer = await self.console.choose(dialog)
        if answer == "no":
            return
        self.current.stop()
        if answer == "yes":
            try:
                told = await in_thread(wizard.abandon)
            except ConsoleError as error:
                self.console.failed(error)
                return
            self.console.back()
            self.console.forget("wizard")
            self.console.tell(" ".join(told) or "Nothing stays behind.")
        else:
            self.console.back()
            self.console.tell("What you entered is kept until you quit; n goes on with it.")
