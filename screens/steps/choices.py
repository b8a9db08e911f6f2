"""The steps that choose: environment, source of truth, import."""

from __future__ import annotations

import threading

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import EnvironmentOffer, ImportChoice
from screens.importing import option, preview_lines
from screens.steps.step import Step
from screens.tasks import in_thread
from screens.widgets.choice import Choice


class EnvironmentStep(Step):
    """Where the org is: a sandbox first."""

    step = "environment"
    title = "Where is your Salesforce org?"
    lead = "Connect a sandbox first: everything works there as it does in production, and nothing can go wrong for anyone."

    def asks(self) -> ComposeResult:
        yield Choice(id="offers")
        yield Input(placeholder="https://acme.my.salesforce.com", id="my-domain")

    def show(self) -> None:
        draft = self.wizard.draft()
        field = self.query_one("#my-domain", Input)
        if draft.my_domain and not field.value:
            field.value = draft.my_domain
        self.query_one(Choice).offer(
            [(offer.key, _offer(offer)) for offer in self._offers()], draft.environment
        )
        self.query_one(Choice).focus()
        self._moved()

    def _offers(self) -> list[EnvironmentOffer]:
        return list(self.wizard.environments())

    def _offer(self) -> EnvironmentOffer | None:
        chosen = self.query_one(Choice).chosen
        return next((offer for offer in self._offers() if offer.key == chosen), None)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        offer = self._offer()
        self.set_class(offer is not None and offer.needs_address, "-needs-address")

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        offer = self._offer()
        field = self.query_one("#my-domain", Input)
        if offer is not None and offer.needs_address and not field.value.strip():
            field.focus()
        else:
            self.take()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.take()

    def take(self) -> None:
        offer = self._offer()
        if offer is not None:
            self.begin(self._take(offer), "choose environment")

    async def _take(self, offer: EnvironmentOffer) -> None:
        confirmed = False
        if offer.question and self.wizard.draft().environment != offer.key:
            lines = (
                offer.question,
                "A sandbox shows the same with nothing at stake. You can come back to this step.",
            )
            if not await self.console.ask(
                f"{offer.title}: are you sure?", lines, f"Use {offer.title.lower()}", dangerous=True
            ):
                return
            confirmed = True
        elif offer.question:
            confirmed = True
        address = self.query_one("#my-domain", Input).value.strip() if offer.needs_address else ""
        try:
            self.wizard.choose_environment(offer.key, my_domain=address, confirmed=confirmed)
        except ConsoleError as error:
            self.refuse(error)
            return
        self.complete()


class SourceStep(Step):
    """Who creates accounts."""

    step = "source"
    title = "Is Alguna the source of new accounts?"
    lead = (
        "This acts in one direction only, from Alguna to Salesforce. Fields of linked accounts are kept in step either way, "
        "and no account created in Salesforce ever becomes a customer in Alguna."
    )

    def asks(self) -> ComposeResult:
        yield Choice(id="source")

    def show(self) -> None:
        draft = self.wizard.draft()
        chosen = None if draft.creates_accounts is None else "yes" if draft.creates_accounts else "no"
        self.query_one(Choice).offer(
            [
                (
                    "yes",
                    option(
                        "Alguna creates new accounts in Salesforce",
                        "A new customer that matches no account gets one, with its contact and its subscription.",
                        "usual",
                    ),
                ),
                (
                    "no",
                    option(
                        "Alguna creates nothing",
                        "Only customers that match an account, or are linked by hand, are kept in step.",
                    ),
                ),
            ],
            chosen,
        )
        self.query_one(Choice).focus()

    @on(OptionList.OptionSelected)
    def take(self) -> None:
        self.wizard.set_source_of_truth(self.query_one(Choice).chosen == "yes")
        self.complete()


IMPORTS: dict[ImportChoice, tuple[str, str, str]] = {
    "none": (
        "Import none",
        "Only customers created from now on. The rest can be imported at any later time, with a preview.",
        "recommended for testing",
    ),
    "matching": (
        "Import those that have an account",
        "Existing customers are linked to the accounts they match.",
        "",
    ),
    "all": (
        "Import all",
        "Existing customers are linked where they match, and created where Alguna creates accounts.",
        "",
    ),
}


class ImportStep(Step):
    """What happens to customers that exist already."""

    step = "import"
    title = "What about the customers that exist already?"
    lead = "Whatever you choose can be done, or done for more, at any later time on the Import screen."

    def __init__(self) -> None:
        super().__init__()
        self._cancelled = threading.Event()

    def asks(self) -> ComposeResult:
        yield Choice(id="imports")
        with Horizontal(classes="actions"):
            yield Button(Content("Count what it would do"), id="count")
        yield Static(id="counted", markup=False)

    def show(self) -> None:
        choice = self.query_one(Choice)
        choice.offer(
            [(key, option(*words)) for key, words in IMPORTS.items()], self.wizard.draft().import_choice
        )
        choice.focus()

    def _choice(self) -> ImportChoice:
        chosen = self.query_one(Choice).chosen
        return "all" if chosen == "all" else "matching" if chosen == "matching" else "none"

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.query_one("#counted", Static).update("")

    @on(Button.Pressed, "#count")
    def _count(self, event: Button.Pressed) -> None:
        event.stop()
        self._cancelled = threading.Event()
        self.occupy("Counting on both sides; nothing is written. esc stops.")
        self.begin(self._counted(self._choice(), self._cancelled), "count import")

    async def _counted(self, choice: ImportChoice, cancelled: threading.Event) -> None:
        try:
            preview = await in_thread(self.wizard.preview_import, choice, cancelled)
        except ConsoleError as error:
            self.refuse(error)
            return
        if not cancelled.is_set() and choice == self._choice():
            self.query_one("#counted", Static).update(
                Content("\n").join(preview_lines(preview, self.size.width - 4))
            )
            self.call_after_refresh(self.scroll_end, animate=False)
        self.occupy("")
        self.notice.hush()

    def stop(self) -> bool:
        if not self.busy:
            return False
        self._cancelled.set()
        self.occupy("")
        self.notice.hush()
        return True

    def on_unmount(self) -> None:
        self._cancelled.set()

    @on(OptionList.OptionSelected)
    def take(self) -> None:
        self.stop()
        self.wizard.set_import(self._choice())
        self.complete()


def _offer(offer: EnvironmentOffer) -> Content:
    return option(
        plain(offer.title, 80), plain(offer.sentence, 300), "recommended" if offer.recommended else ""
    )
