"""The guide to the External Client App: what to do on which page of Setup, each part ready to copy."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from console.domain.plain import plain
from console.guide.seam import GuideStep
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.choice import Choice
from screens.words import STYLE


class AppGuide(Place, place="app_guide"):
    """Steps to follow in the browser beside."""

    def __init__(self) -> None:
        super().__init__()
        self.guide: Sequence[GuideStep] = ()

    def body(self) -> ComposeResult:
        with Vertical(id="app_guide"):
            yield Static("How to make the app in Salesforce's Setup", classes="title", markup=False)
            yield Static(
                "Once for each org. y copies what a step has to be filled in, or the step; Y copies the whole guide.",
                classes="lead quiet",
                markup=False,
            )
            yield Choice(id="guide-steps")

    def concerns(self) -> str:
        return ""

    def on_mount(self) -> None:
        super().on_mount()
        self.begin(self._read(), "read guide")

    async def _read(self) -> None:
        self.guide = await in_thread(self.desk.app_guide)
        choice = self.query_one(Choice)
        choice.offer([(str(i), _lines(i + 1, step)) for i, step in enumerate(self.guide)])
        choice.focus()
        self.restand()

    def _step(self) -> GuideStep | None:
        chosen = self.query_one(Choice).chosen if self.is_mounted else None
        return self.guide[int(chosen)] if chosen is not None and self.guide else None

    def standing(self) -> Standing:
        return also(super().standing(), connected=False, copyable=self._step() is not None)

    def copyable(self) -> str:
        step = self._step()
        return (step.copy or step.text) if step is not None else ""

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_command("copy")

    def do_copy_guide(self) -> None:
        lines = [f"{number}. {step.whole}" for number, step in enumerate(self.guide, 1)]
        self.console.copy_out("\n\n".join(lines))


def _lines(number: int, step: GuideStep) -> Content:
    parts: list[tuple[str, str]] = [(f"{number}. {step.title}\n", STYLE["strong"])]
    parts += [(f"{plain(line, 600)}\n", STYLE[""]) for line in step.text.splitlines()]
    if step.copy and step.copy not in step.text:
        parts += [(f"  {plain(line, 300)}\n", STYLE["salesforce"]) for line in step.copy.splitlines()]
    return Content.assemble(*parts)
