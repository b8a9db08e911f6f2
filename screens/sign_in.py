"""Sign in again: the browser round trip for a connection that exists."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Static

from console.domain.plain import plain
from screens.commands import Standing
from screens.place import Place, also
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
            yield BrowserTrip(rehearsal.login() if rehearsal is not None else None)

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
