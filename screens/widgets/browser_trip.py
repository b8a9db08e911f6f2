"""The browser round trip, shared by the wizard and by signing in again.

The address is shown in full to copy, waiting always has a way out, and what the browser ended on can be pasted.
"""

from __future__ import annotations

import threading

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.style import Style
from textual.widgets import Button, Input, Static

from console.domain.plain import plain
from console.errors import ConsoleError, UsageError
from console.guide.seam import Invitation, PracticeLogin, SignedIn, SignIn
from screens.tasks import in_thread
from screens.widgets.notice import Notice
from screens.words import STYLE
from screens.workers import Works

HINT = 45.0
"""Seconds until the waiting person is told what may stand in the browser instead of coming back."""


class BrowserTrip(Works, Vertical):
    """Open the browser, wait, tell who came back."""

    over: var[bool] = var(False)
    """Somebody is signed in: what is offered is another sign-in."""

    class Done(Message):
        """Signed in."""

        def __init__(self, who: SignedIn) -> None:
            super().__init__()
            self.who = who

    class Moved(Message):
        """Waiting has begun or ended."""

    def __init__(self, login: PracticeLogin | None) -> None:
        super().__init__()
        self.login = login
        self.trip: SignIn | None = None
        self.invitation: Invitation | None = None
        self.waiting = False
        self._cancelled = threading.Event()

    def compose(self) -> ComposeResult:
        with Horizontal(classes="trip-actions"):
            yield Button(Content("Open the browser"), id="go", variant="primary")
            yield Button(Content("Stop waiting"), id="stop")
            yield Button(Content("Copy the address"), id="copy-address")
        yield Static(id="practice-login", markup=False)
        yield Notice(id="trip-notice")
        yield Input(
            placeholder="or paste the address or error that the browser ended on, and press enter",
            id="paste",
            compact=True,
        )
        yield Static(id="address", markup=False)

    def on_mount(self) -> None:
        if self.login is not None:
            self.query_one("#practice-login", Static).update(
                Content.assemble(
                    ("Practice log-in   user ", STYLE["quiet"]), (plain(self.login.username), STYLE["strong"]),
                    ("   password ", STYLE["quiet"]), (plain(self.login.password), STYLE["strong"]),
                )
            )  # fmt: skip
        self._show()

    def on_unmount(self) -> None:
        self._cancel()

    def _show(self) -> None:
        self.set_class(self.waiting, "-waiting")
        self.set_class(self.waiting and self.invitation is not None, "-invited")
        word = "Open it again" if self.waiting else "Sign in again" if self.over else "Open the browser"
        self.query_one("#go", Button).label = Content(word)

    def watch_over(self) -> None:
        if self.is_mounted:
            self._show()

    def _cancel(self) -> None:
        self._cancelled.set()
        if self.trip is not None:
            self.trip.cancel()

    def stop(self) -> None:
        """Stop waiting; the port is closed."""
        self._cancel()
        if self.waiting:
            self._end()

    @property
    def address(self) -> str:
        """The address to copy, empty while none is waited for: each is good for one sign-in."""
        return self.invitation.address if self.waiting and self.invitation is not None else ""

    def start(self, trip: SignIn) -> None:
        """Begin a round trip; an earlier one ends."""
        self.stop()
        self.trip = trip
        self._cancelled = threading.Event()
        self.waiting = True
        self.invitation = None
        self.query_one(Notice).say("loading", "Opening the browser")
        self._show()
        self.post_message(self.Moved())
        self.begin(self._go(trip, self._cancelled), "sign in")

    async def _go(self, trip: SignIn, cancelled: threading.Event) -> None:
        notice = self.query_one(Notice)
        try:
            self.invitation = await in_thread(trip.begin)
            self._show_address(self.invitation)
            text = "Waiting for you to log in and allow access in the browser"
            notice.say(
                "loading", text, self.invitation.note or "esc stops waiting; nothing was changed so far."
            )
            self.set_timer(HINT, lambda: self._hint(cancelled))
            who = await in_thread(trip.wait, cancelled)
        except ConsoleError as error:
            self._end(error)
            return
        if who is not None:
            self._end()
            self.post_message(self.Done(who))

    def _hint(self, cancelled: threading.Event) -> None:
        """Still the same wait: Salesforce may have refused where only the browser shows it."""
        if (
            self.waiting
            and self.invitation is not None
            and cancelled is self._cancelled
            and not cancelled.is_set()
        ):
            text = "Still waiting for the browser, at most five minutes. f2 is the guide to the app."
            self.query_one(Notice).say("loading", text, self.invitation.hint)

    def _end(self, error: ConsoleError | None = None) -> None:
        self.waiting = False
        self._show()
        notice = self.query_one(Notice)
        if error is None:
            notice.hush()
        elif error.code == "timeout":
            notice.say(
                "failed", error.message, f"{error.advice} f2 lists its errors and where each is mended."
            )
        else:
            notice.fail(error)
        self.post_message(self.Moved())

    def _show_address(self, invitation: Invitation) -> None:
        self.query_one("#address", Static).update(
            Content.assemble(
                link(plain(invitation.address, 4000)),
                ("\nComes back to  ", STYLE["quiet"]), (plain(invitation.callback, 200), STYLE[""]),
            )
        )  # fmt: skip
        self._show()
        self.post_message(self.Moved())

    @on(Input.Submitted, "#paste")
    def _pasted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.trip is None or not event.value.strip():
            self.query_one(Notice).say("failed", "Open the browser first, then paste where it ended.")
            return
        self.begin(self._paste(self.trip, event.value.strip()), "paste address")

    async def _paste(self, trip: SignIn, address: str) -> None:
        self.query_one(Notice).say("loading", "Finishing the sign-in with that address")
        try:
            who = await in_thread(trip.paste, address)
        except UsageError as error:  # not the address that is waited for: nothing is lost by another try
            self.query_one(Notice).fail(error)
            return
        except ConsoleError as error:
            self._cancel()
            self._end(error)
            return
        self._cancelled.set()
        self.query_one("#paste", Input).value = ""
        self._end()
        self.post_message(self.Done(who))

    @on(Button.Pressed, "#stop")
    def _stopped(self, event: Button.Pressed) -> None:
        event.stop()
        self.stop()


def link(address: str) -> Content:
    """An address that a terminal which knows hyperlinks (OSC 8) opens whole, however many lines it takes here."""
    return Content(address).stylize(STYLE["salesforce"]).stylize(Style(link=address))
