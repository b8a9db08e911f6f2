"""Practice: the rehearsal's log-in, its activity, and things that go wrong on purpose."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import Rehearsal
from screens.availability import Standing
from screens.importing import option
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.choice import Choice
from screens.widgets.notice import Notice
from screens.words import STYLE


class Practice(Place, place="practice"):
    """Switches of the practice org."""

    def body(self) -> ComposeResult:
        with Vertical(id="practice"):
            yield Static(
                "The rehearsal: a practice org and a practice Alguna on this computer",
                classes="title",
                markup=False,
            )
            yield Static(id="login", markup=False)
            yield Notice(id="notice")
            yield Choice(id="exercises")

    @property
    def rehearsal(self) -> Rehearsal:
        """The switches; this screen only opens where there are some."""
        rehearsal = self.desk.rehearsal()
        assert rehearsal is not None
        return rehearsal

    def on_mount(self) -> None:
        super().on_mount()
        login = self.rehearsal.login()
        self.query_one("#login", Static).update(
            Content.assemble(
                ("Salesforce user   ", STYLE["quiet"]), (plain(login.username), STYLE["strong"]),
                ("\nPassword          ", STYLE["quiet"]), (plain(login.password), STYLE["strong"]),
                ("\nAlguna key        ", STYLE["quiet"]), (plain(login.alguna_key), STYLE["strong"]),
            )
        )  # fmt: skip
        self._offer()
        self.query_one(Choice).focus()

    def _offer(self) -> None:
        on = self.rehearsal.activity()
        activity = option(
            "Stop the activity" if on else "Start some activity",
            "Records keep changing on both sides."
            if on
            else "Records change on both sides, so that there is something to see.",
            "running" if on else "",
        )
        exercises = [
            (one.key, option(plain(one.title), plain(one.sentence, 300)))
            for one in self.rehearsal.exercises()
        ]
        self.query_one(Choice).offer([("activity", activity), *exercises])

    def standing(self) -> Standing:
        return also(super().standing(), copyable=True)

    def copyable(self) -> str:
        login = self.rehearsal.login()
        return f"{login.username} {login.password}"

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.begin(self._do(event.option_id or ""), "practise")

    async def _do(self, key: str) -> None:
        notice, rehearsal = self.query_one("#notice", Notice), self.rehearsal
        try:
            if key == "activity":
                start = not rehearsal.activity()
                await in_thread(rehearsal.set_activity, start)
                notice.say(
                    "done", "Records change on both sides now." if start else "The activity has stopped."
                )
            else:
                notice.say("done", await in_thread(rehearsal.practise, key))
        except ConsoleError as error:
            notice.fail(error)
        self._offer()
