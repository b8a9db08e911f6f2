"""Sign in again: the browser round trip, or another Alguna key, for a connection that exists."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Input, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.browser_trip import BrowserTrip
from screens.widgets.notice import Notice


class SignInAgain(Place, place="sign_in", sheets=("forms",)):
    """For a session that ended or was revoked."""

    def __init__(self, connection: str = "") -> None:
        super().__init__()
        self.connection_name = connection

    def body(self) -> ComposeResult:
        rehearsal = self.desk.rehearsal()
        with Vertical(id="sign_in"):
            yield Static(
                f"Sign in again for {plain(self.connection_name, 60)}", classes="title", markup=False
            )
            yield Notice(id="notice")
            yield Static("Salesforce, with the browser", classes="part", markup=False)
            yield BrowserTrip(rehearsal.login() if rehearsal is not None else None)
            yield Static("Another key of the same Alguna account", classes="part", markup=False)
            yield Input(placeholder="API key, not shown while you type", password=True, id="alguna-key")

    def concerns(self) -> str:
        return self.connection_name

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#go", Button).focus()

    @property
    def trip(self) -> BrowserTrip:
        """The round trip."""
        return self.query_one(BrowserTrip)

    def standing(self) -> Standing:
        return also(super().standing(), copyable=bool(self.trip.address))

    def copyable(self) -> str:
        return self.trip.address

    @on(Button.Pressed, "#go")
    def do_start(self) -> None:
        self.query_one("#notice", Notice).hush()
        self.trip.start(self.desk.sign_in_again(self.connection_name))

    @on(Input.Submitted, "#alguna-key")
    def _key_given(self, event: Input.Submitted) -> None:
        event.stop()
        key = event.value.strip()
        if key:
            self.query_one("#notice", Notice).say("loading", "Trying the key with one call")
            self.begin(self._take_key(key), "check key")

    async def _take_key(self, key: str) -> None:
        notice = self.query_one("#notice", Notice)
        try:
            said = await in_thread(self.desk.take_key, self.connection_name, key)
        except ConsoleError as error:
            notice.fail(error)
            return
        self.query_one("#alguna-key", Input).value = ""
        notice.say("done", said, "The sync goes on.")
        self.console.wake(self.connection_name)

    @on(Button.Pressed, "#copy-address")
    def _copy(self) -> None:
        self.action_command("copy")

    @on(BrowserTrip.Moved)
    def _moved(self) -> None:
        self.restand()

    @on(BrowserTrip.Done)
    def _done(self, event: BrowserTrip.Done) -> None:
        who = event.who
        self.query_one("#notice", Notice).say(
            "done", f"Signed in as {who.username} in {who.org_name}.", who.note or "The sync goes on."
        )
        self.trip.over = True
        self.console.wake(self.connection_name)
        self.restand()

    def do_back(self) -> None:
        if self.trip.waiting:
            self.trip.stop()
        else:
            super().do_back()
