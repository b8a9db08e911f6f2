"""What all screens share: banner, body, footer, and the way from a key to a method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.reactive import var
from textual.screen import Screen

from console.errors import Braked, SignInNeeded
from screens.availability import Standing
from screens.commands import COMMAND, bindings
from screens.live import Live
from screens.theme import STYLES
from screens.widgets.banner import Banner
from screens.widgets.keybar import KeyBar
from screens.widgets.tabs import TABS, Tabs
from screens.workers import Works

if TYPE_CHECKING:
    from console.guide.seam import Connection, Desk
    from screens.app import ConsoleApp


class Place(Works, Screen[None], inherit_bindings=False):
    """One screen of the console.

    A subclass names its place (``class Home(Place, place="home")``), which decides its keys and its style sheet;
    `sheets` are more of them. It gives :meth:`body`, and a ``do_...`` for each command of the place that is not
    answered here.
    """

    place: ClassVar[str] = ""
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (typed by Textual)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012

    live: var[Live | None] = var(None)
    """The live picture of the open connection; the app assigns it."""

    def __init_subclass__(cls, *, place: str, sheets: tuple[str, ...] = (), **kwargs: Any) -> None:
        cls.place = place
        cls.BINDINGS = [*bindings(place)]
        cls.CSS_PATH = [STYLES / f"{sheet}.tcss" for sheet in (*sheets, place)]
        super().__init_subclass__(**kwargs)

    def compose(self) -> ComposeResult:
        yield Banner()
        if self.place in TABS:
            yield Tabs(self.place).data_bind(live=Place.live)
        yield from self.body()
        yield KeyBar(self.place)

    def body(self) -> ComposeResult:
        """The screen's own part."""
        raise NotImplementedError

    # --- what stands behind it

    @property
    def console(self) -> ConsoleApp:
        """The app, typed."""
        return cast("ConsoleApp", self.app)

    @property
    def desk(self) -> Desk:
        """The core."""
        return self.console.desk

    @property
    def connection(self) -> Connection | None:
        """The open connection, None while it is being opened."""
        return self.console.connection

    # --- upkeep

    def standing(self) -> Standing:
        """What commands may look at; screens add their own part."""
        live = self.live
        facts = live.facts if live is not None else None
        return Standing(
            place=self.place,
            connected=self.connection is not None,
            read_only=facts.read_only if facts is not None else "",
            paused=live.paused if live is not None else False,
            rehearsal=self.console.practising,
            signed_out=live is not None and isinstance(live.failure, SignInNeeded),
            braked=live is not None and isinstance(live.failure, Braked),
        )

    def restand(self) -> None:
        """Bring the footer in step with what is possible now."""
        if self.is_mounted:
            self.query_one(KeyBar).standing = self.standing()

    def on_mount(self) -> None:
        banner = self.query_one(Banner)
        banner.now, banner.secrets = self.console.now, self.console.secrets
        banner.opening = self.console.opening if self.place in TABS else ""
        banner.live = self._banner_live()
        self.live = self.console.live
        self.restand()

    def on_screen_resume(self) -> None:
        self.live = self.console.live
        self.tick(self.console.now)
        self.restand()

    def tick(self, now: str) -> None:
        """A second went by: ages move."""
        if self.is_mounted:
            self.query_one(Banner).now = now

    def concerns(self) -> str | None:
        """The connection that this screen is about: a name, empty for none, None for the one that is open."""
        return None

    def _banner_live(self) -> Live | None:
        """The banner only ever tells of the connection that its screen is about."""
        live, about = self.live, self.concerns()
        name = live.facts.name if live is not None and live.facts is not None else ""
        return live if about is None or about == name else None

    def watch_live(self) -> None:
        if self.is_mounted:
            self.query_one(Banner).live = self._banner_live()
            self.show_live()
            self.restand()

    def show_live(self) -> None:
        """Paint what came from the engine; only called while mounted."""

    # --- commands

    def action_command(self, ident: str) -> None:
        """Do a command of the table, or say why it can't be done now."""
        command = COMMAND[ident]
        answer = command.enabled(self.standing())
        if answer is not True:
            self.console.tell(answer, "warning")
            return
        getattr(self, f"do_{ident}")()

    def copyable(self) -> str:
        """What *copy* would take, empty for nothing."""
        return ""

    def do_next(self) -> None:
        self.focus_next()

    def do_previous(self) -> None:
        self.focus_previous()

    def do_help(self) -> None:
        self.console.visit("help", self.place)

    def do_palette(self) -> None:
        self.console.action_command_palette()

    def do_theme(self) -> None:
        self.console.turn_theme()

    def do_practise(self) -> None:
        self.console.visit("practice")

    def do_quit(self) -> None:
        self.console.exit()

    def do_back(self) -> None:
        self.console.back()

    def do_copy(self) -> None:
        self.console.copy_out(self.copyable())

    def do_dashboard(self) -> None:
        self.console.go("dashboard")

    def do_accounts(self) -> None:
        self.console.go("accounts")

    def do_problems(self) -> None:
        self.console.go("problems")

    def do_rules(self) -> None:
        self.console.visit("rules")

    def do_runs(self) -> None:
        self.console.visit("runs")

    def do_plan(self) -> None:
        self.console.visit("plan")

    def do_import(self) -> None:
        self.console.go("import")

    def do_sync_now(self) -> None:
        assert self.connection is not None
        self.connection.sync_now()
        self.console.tell("A pass starts now.")

    def do_audit(self) -> None:
        assert self.connection is not None
        self.connection.audit()
        self.console.tell("Both sides are compared with what is cached; this writes to neither.")

    def do_pause(self) -> None:
        self.console.turn_pause()

    def do_sign_in(self) -> None:
        assert self.live is not None
        assert self.live.facts is not None
        self.console.visit("sign_in", self.live.facts.name)

    def do_health(self) -> None:
        assert self.live is not None
        assert self.live.facts is not None
        self.console.visit("health", self.live.facts.name)

    def do_app_guide(self) -> None:
        self.console.visit("app_guide")

    def do_check(self) -> None:
        assert self.live is not None
        assert self.live.facts is not None
        self.console.visit("check", self.live.facts.name)

    def do_disconnect(self) -> None:
        assert self.live is not None
        assert self.live.facts is not None
        self.console.visit("disconnect", self.live.facts.name)


def also(standing: Standing, **more: Any) -> Standing:
    """A standing with a screen's own part."""
    return replace(standing, **more)
