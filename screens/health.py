"""Connection health: how the Salesforce session stands, where secrets are kept, and what will end it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import SessionHealth
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.notice import Notice
from screens.widgets.pane import Pane
from screens.words import STYLE, ago, span

UNKNOWN = "not known: ctrl+r asks the org"


class Health(Place, place="health"):
    """The access of one connection."""

    def __init__(self, connection: str = "") -> None:
        super().__init__()
        self.connection_name = connection
        self.known: SessionHealth | None = None
        self._asking = False

    def body(self) -> ComposeResult:
        with Vertical(id="health"):
            yield Static(f"Access of {plain(self.connection_name, 60)}", classes="title", markup=False)
            yield Notice(id="notice")
            yield Pane("Session and secrets", id="access")

    def concerns(self) -> str:
        return self.connection_name

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Pane).focus()
        self.begin(self._read(ask=False), "read health")

    def standing(self) -> Standing:
        return also(
            super().standing(),
            chosen=True,
            copyable=self.known is not None,
            busy="The org is being asked." if self._asking else "",
        )

    async def _read(self, *, ask: bool) -> None:
        notice = self.query_one(Notice)
        if ask:
            notice.say("loading", "Asking the org")
        self._asking = ask
        self.restand()
        try:
            self.known = await in_thread(self.desk.look if ask else self.desk.health, self.connection_name)
        except ConsoleError as error:
            notice.fail(error)
        else:
            self._say(self.known)
        self._asking = False
        self.restand()

    def _say(self, known: SessionHealth) -> None:
        notice = self.query_one(Notice)
        asked = f"The org was asked {ago(self.console.now, known.looked_at)}." if known.looked_at else ""
        if known.warnings:
            notice.say("note", known.warnings[0], " ".join([*known.warnings[1:], asked]).strip())
        else:
            notice.say("done", "Nothing is known that would end this access soon.", asked)
        self.query_one(Pane).say(
            [
                Content.assemble((f"{label:<18}", STYLE["quiet"]), plain(value, 300))
                for label, value in health_lines(known, self.console.now)
            ]
        )

    def copyable(self) -> str:
        if self.known is None:
            return ""
        lines = [f"{label}: {value}" for label, value in health_lines(self.known, self.console.now)]
        return "\n".join([*lines, *self.known.warnings])

    def do_ask_org(self) -> None:
        self.begin(self._read(ask=True), "ask org")

    def do_refresh(self) -> None:
        self.begin(self._read(ask=False), "read health")

    def do_sign_in(self) -> None:
        self.console.visit("sign_in", self.connection_name)


def health_lines(known: SessionHealth, now: str) -> list[tuple[str, str]]:
    """Label and value of each line."""
    rotation = {None: "not known before the first renewal", True: "with each renewal", False: "never"}[
        known.rotates
    ]
    approvals = UNKNOWN
    if known.approvals is not None:
        approvals = f"{known.approvals} of 5 in use"
    return [
        ("User", known.user),
        ("Profile", known.profile or UNKNOWN),
        ("Org", f"{known.org_name} ({known.org_id})"),
        ("Kind of org", known.kind),
        ("Access by", known.how),
        ("Session ends", known.ends),
        ("Approvals", approvals),
        ("App", known.app or UNKNOWN),
        ("Scopes", " ".join(known.scopes) or "not said"),
        ("Signed in", ago(now, known.signed_in_at) if known.signed_in_at else "not known"),
        ("Last renewed", ago(now, known.refreshed_at) if known.refreshed_at else "not known"),
        ("Token may idle", span(known.idle_seconds) if known.idle_seconds else UNKNOWN),
        ("New refresh token", rotation),
        ("Secrets", known.secrets),
    ]
