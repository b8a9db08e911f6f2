"""The Textual app: one desk, one open connection, the screens, and nothing of what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.message import Message
from textual.reactive import var

from console.domain.records import State
from console.errors import ConsoleError
from console.sync.events import Audited, Changed, Event, Noted, RunFailed, RunFinished, Waiting
from screens.commands import bindings
from screens.hangup import watch
from screens.live import Live, begin, fold, recall
from screens.place import Place
from screens.talking import Talking
from screens.tasks import in_thread
from screens.theme import DARK, LIGHT, STYLES
from screens.widgets.banner import Banner
from screens.widgets.tabs import TABS

if TYPE_CHECKING:
    from textual.command import Provider

    from console.guide.seam import Connection, Desk


def _provider() -> type[Provider]:
    from screens.palette import Palette

    return Palette


RECALL = 0.4
"""Seconds between two readings of the newest changes while they come fast."""

SHOWN = 50
"""How many of the newest changes are read."""

BOTTOM = 2
"""Screens that always stay: Textual's own blank one and our first."""


class ConsoleApp(Talking, App[None], inherit_bindings=False):
    """The console on a terminal."""

    TITLE = "alguna console"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_provider}
    BINDINGS: ClassVar[Any] = [b for b in bindings("dialog") if b.id == "quit"]
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    # Not `reactive`: a change would repaint the whole screen; the widgets that show it repaint themselves.
    live: var[Live | None] = var(None)
    now: var[str] = var("")

    class Said(Message):
        """The engine of a connection said something."""

        def __init__(self, connection: Connection, event: Event) -> None:
            super().__init__()
            self.connection = connection
            self.event = event

    def __init__(self, desk: Desk, *, start: str | None = None) -> None:
        # The first screen's sheet comes with the base: read later, it would have everything parsed twice.
        first = "home" if start in (None, "wizard") else "dashboard"
        super().__init__(css_path=[STYLES / "base.tcss", STYLES / f"{first}.tcss"])
        self.first = first
        self.desk = desk
        self.start = start
        self.connection: Connection | None = None
        self.opening = "" if start == "wizard" else start or ""
        """The name of the connection that is open or being opened."""
        self.secrets = ""
        """Where new secrets will be kept, in words; found out after the first paint: a keyring is slow to wake."""
        self.practising = desk.rehearsal() is not None
        self._unsubscribe: Callable[[], None] | None = None
        self._recalls = False
        self.set_reactive(ConsoleApp.now, desk.now())
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    # --- life

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)
        self.push_screen(self._make("home") if self.first == "home" else self._kept("dashboard"))
        if self.start == "wizard":
            self.visit("wizard")
        elif self.start is not None:
            self.open_connection(self.start)

        self.call_after_refresh(lambda: self.begin(self._find_secrets(), "find keyring"))

    async def _find_secrets(self) -> None:
        self.secrets = await in_thread(self.desk.secrets)
        for banner in self.screen.query(Banner):
            banner.secrets = self.secrets

    def on_unmount(self) -> None:
        self._let_go()

    def tick(self) -> None:
        """Ages on screen move once a second, by the desk's clock."""
        self.now = self.desk.now()

    def watch_now(self, now: str) -> None:
        if self.is_running and isinstance(self.screen, Place):
            self.screen.tick(now)

    # --- where to go

    def _make(self, place: str, *args: Any) -> Place:
        from screens.places import PLACES

        return PLACES[place]()(*args)

    def _kept(self, place: str) -> Place:
        """A screen that keeps its cursor, filter and input while it is out of sight."""
        if not self.is_screen_installed(place):
            self.install_screen(self._make(place), place)
        found = self.get_screen(place)
        assert isinstance(found, Place)
        return found

    def go(self, place: str) -> None:
        """Show one of the places of the open connection."""
        current = self.screen
        if not isinstance(current, Place) or current.place == place:
            return
        if current.place in TABS:
            self.switch_screen(self._kept(place))
        elif current.place == "home":
            self.push_screen(self._kept(place))
        else:
            self.pop_screen()
            self.go(place)

    def go_to_state(self, state: State) -> None:
        """Show the accounts of one state."""
        from screens.accounts import Accounts

        self.go("accounts")
        screen = self._kept("accounts")
        assert isinstance(screen, Accounts)
        screen.call_after_refresh(screen.show_state, state)

    def visit(self, place: str, *args: Any) -> None:
        """Put a screen in front of the present one; *back* returns."""
        self.push_screen(self._kept(place) if place == "wizard" else self._make(place, *args))

    def back(self) -> None:
        """Where one came from; the first screen leads Home."""
        if len(self.screen_stack) > BOTTOM:
            self.pop_screen()
        elif not (isinstance(self.screen, Place) and self.screen.place == "home"):
            self.switch_screen(self._make("home"))

    def home(self) -> None:
        """All the way back to the list of connections."""
        while len(self.screen_stack) > BOTTOM:
            self.pop_screen()
        self.back()

    def forget(self, *places: str) -> None:
        """Let go of kept screens: next time they start afresh."""
        for place in places:
            if self.is_screen_installed(place):
                screen = self.get_screen(place)
                self.uninstall_screen(place)
                if screen.is_attached and screen not in self.screen_stack:
                    screen.remove()

    # --- the open connection

    def open_connection(self, name: str) -> None:
        """Open a connection and show its dashboard; what goes wrong is said, and leads Home."""
        facts = self.live.facts if self.live is not None else None
        if facts is None or facts.name != name:
            self._let_go()
        self.opening = name
        self.go("dashboard")
        if self.connection is None:
            self.begin(self._open(name), "open connection")

    async def _open(self, name: str) -> None:
        try:
            if not await self.unlocked(name):
                self.back()
                return
            connection = await in_thread(self.desk.open, name)
            recent = await in_thread(connection.recent, SHOWN)
        except ConsoleError as error:
            self.back()
            self.failed(error)
            return
        self.connection = connection
        self.live = begin(connection.facts(), connection.paused(), recent)
        self._unsubscribe = connection.subscribe(self._listener(connection))

    def _listener(self, connection: Connection) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            try:
                self.post_message(self.Said(connection, event))
            except RuntimeError:  # the event loop closed between the check and the post: the app has ended
                return

        return listen

    def _let_go(self) -> None:
        """Stop listening; the engine itself belongs to the desk."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = self.connection = None
        self.live = None
        self.forget(*(place for place in TABS if place != "dashboard"))

    def connected(self, name: str) -> None:
        """The wizard is through: its screen goes, the new connection opens."""
        self.back()
        self.forget("wizard")
        self.open_connection(name)

    def release(self, name: str) -> None:
        """The connection is gone for good: go Home and forget its screens."""
        facts = self.live.facts if self.live is not None else None
        if facts is not None and facts.name == name:
            self._let_go()

    def on_console_app_said(self, message: Said) -> None:
        connection, live = self.connection, self.live
        if connection is None or live is None or message.connection is not connection:
            return
        live = fold(live, message.event, self.desk.now())
        if isinstance(message.event, RunFinished | Waiting):
            looked_on = live.facts is not None and bool(live.facts.read_only)
            live = begin_again(live, connection)
            if looked_on and isinstance(message.event, Waiting) and not connection.facts().read_only:
                self.tell(message.event.reason)
        elif isinstance(message.event, Noted) and message.event.error is not None:
            self.failed(message.event.error)
        elif isinstance(message.event, Audited) and message.event.said:
            self.tell(message.event.said)
        self.live = live
        if isinstance(message.event, Changed | RunFinished | RunFailed | Noted):
            self._recall_soon(connection)

    def _recall_soon(self, connection: Connection) -> None:
        """Read the newest changes once for all that was said within a moment."""
        if self._recalls:
            return
        self._recalls = True

        def recall_now() -> None:
            self._recalls = False
            if self.connection is connection:
                self.begin(self._recall(connection), "read changes")

        self.set_timer(RECALL, recall_now)

    async def _recall(self, connection: Connection) -> None:
        try:
            recent = await in_thread(connection.recent, SHOWN)
        except ConsoleError:  # the engine says what is wrong with the cache; the changes shown stay
            return
        if self.connection is connection and self.live is not None:
            self.live = recall(self.live, recent)

    def watch_live(self, live: Live | None) -> None:
        for screen in self.screen_stack if self.is_running else ():
            if isinstance(screen, Place):
                screen.live = live

    def wake(self, name: str) -> None:
        """A session is good again: the open connection of that name tries at once."""
        facts = self.live.facts if self.live is not None else None
        if self.connection is not None and facts is not None and facts.name == name and not facts.read_only:
            self.connection.sync_now()

    def turn_pause(self) -> None:
        """Pause, or go on."""
        connection, live = self.connection, self.live
        assert connection is not None
        assert live is not None
        if connection.paused():
            connection.resume()
            self.tell("The sync goes on.")
        else:
            connection.pause()
            self.tell("Paused after the call in flight. Press p to go on.")
        self.live = begin_again(live, connection)

    # --- the rest

    def turn_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def _fatal_error(self) -> None:
        """What Textual prints when a handler broke, without the values of variables: one could be a secret."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        told = self.console.render(Traceback(show_locals=False), self.console.options)
        self._exit_renderables.append(Segments(told))
        self._close_messages_no_wait()

    def action_command(self, ident: str) -> None:
        """What the app itself binds: quitting, from anywhere."""
        assert ident == "quit"
        self.exit()


def begin_again(live: Live, connection: Connection) -> Live:
    """The picture with the facts and the pause as the connection has them now."""
    return replace(live, facts=connection.facts(), paused=connection.paused())


def run(desk: Desk, *, start: str | None = None) -> int:
    """Run the console until it is quit; the exit code. Stops the desk whatever happened."""
    app = ConsoleApp(desk, start=start)
    watch(desk.close)
    try:
        app.run()
    finally:
        desk.close()
    return app.return_code or 0
