"""The console as its screens and commands see it: connections, the wizard, leaving, and the rehearsal beside it.

What only some of that needs is imported when it is asked for: the first screen is painted before clients, engine and
wizard are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import Conflict, ConsoleError, StoreError, UsageError
from console.guide.seam import ConnectionCard, GuideStep, Health, SessionHealth
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.store.lock import held_elsewhere

if TYPE_CHECKING:
    from console.guide.connection import OpenConnection
    from console.guide.disconnect import Leaving
    from console.guide.exercises import PracticeRoom
    from console.guide.org_check import OrgChecking
    from console.guide.signing_in import BrowserSignIn, Session
    from console.guide.wizard import ConnectWizard
    from console.practice import Practice


def utc_now() -> str:
    """The present instant, ``2026-01-02T03:04:05Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _open_browser(address: str) -> bool:
    from console.guide.signing_in import open_browser

    return open_browser(address)


class ConsoleDesk:
    """Implements the seam's `Desk` on this computer's files, keyring and network.

    :param root: where connections are kept; by default the console's home.
    :param practice: a running rehearsal to connect to.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        practice: Practice | None = None,
        now: Callable[[], str] = utc_now,
        secrets: Secrets | None = None,
        browser: Callable[[str], bool] = _open_browser,
    ) -> None:
        self._connections = Connections(root)
        self._secrets = secrets or Secrets(self._connections)
        self._practice = practice
        self._room: PracticeRoom | None = None
        self._now = now
        self._browser = browser
        self._open: dict[str, OpenConnection] = {}
        self._wizard: ConnectWizard | None = None
        self._leaving: dict[str, Leaving] = {}
        if practice is not None:
            from console.guide.exercises import PracticeRoom

            self._room = PracticeRoom(practice)
            follow_rehearsal(self._connections, practice)

    def now(self) -> str:
        """The present instant."""
        return self._now()

    def secrets(self) -> str:
        """Where the connections' secrets are kept, or will be where there is none yet, in words."""
        places = dict.fromkeys(map(self._secrets.where, self._connections.names()))
        return " and ".join(places or [self._secrets.place()])

    def connections(self) -> Sequence[ConnectionCard]:
        """All connections, by name; a damaged one is listed with what is wrong."""
        return [self._card(name) for name in self._connections.names()]

    def _card(self, name: str) -> ConnectionCard:
        try:
            settings = self._connections.load(name)
        except ConsoleError as failure:
            return ConnectionCard(
                name, "sandbox", False, health="failed", health_text=failure.message, damaged=True
            )
        try:
            return self._warned(card(settings, self._connections.cache_path(name)), settings)
        except (StoreError, Conflict) as failure:
            return ConnectionCard(
                name, settings.environment, settings.is_production, settings.org_name, settings.org_id,
                health="failed", health_text=f"{failure.message} {failure.advice}",
            )  # fmt: skip

    def _warned(self, shown: ConnectionCard, settings: ConnectionSettings) -> ConnectionCard:
        """With the receipt of its disconnect, or with what will end its access."""
        from console.guide.health import warning_of
        from console.guide.removal import receipts

        if settings.disconnected_at:
            found = receipts(self._connections, settings.name)
            return replace(shown, receipt=str(found[0]) if found else "")
        warning = warning_of(settings, self._connections, self._now())
        if not warning or shown.health not in ("ok", "unknown", "attention"):
            return shown
        known = shown.health_text if shown.health == "attention" else ""
        return replace(shown, health="attention", health_text=f"{warning} {known}".rstrip())

    def open(self, name: str) -> OpenConnection:
        """Open a connection and start its engine; the same one while it is open."""
        if name not in self._open:
            from console.guide.connection import OpenConnection

            self._open[name] = OpenConnection(self._connections.load(name), self._connections, self._secrets)
        return self._open[name]

    def wizard(self) -> ConnectWizard:
        """The wizard with its draft; a new one once it was finished or abandoned."""
        if self._wizard is None:
            from console.guide.wizard import ConnectWizard

            self._wizard = ConnectWizard(
                self._connections,
                self._secrets,
                self._now,
                handout=self._practice.handout if self._practice else None,
                browser=self._browser,
            )
        return self._wizard

    def sign_in_again(self, name: str) -> BrowserSignIn:
        """A new sign-in for a connection, refused when it leads to another org."""
        from console.guide.access_again import AccessAgain
        from console.guide.signing_in import BrowserSignIn, Way
        from console.salesforce.signing_in.oauth import OAuth

        again = AccessAgain(self._connections, self._secrets, name)
        settings = again.settings

        def accept(session: Session) -> str:
            again.take(session, Way())
            if name in self._open:
                self._open[name].restart()
            return ""

        def oauth() -> OAuth:
            if not settings.client_id:
                raise UsageError(
                    "This connection knows no consumer key: it was made with a session that another program had.",
                    f"Give the app's key once: alguna-console sign-in {name} --client-id KEY; f2 tells how to make the app.",
                )
            return OAuth(settings.login_url, settings.client_id)

        return BrowserSignIn(
            oauth,
            accept,
            api_version=settings.api_version,
            expected_org=settings.org_id,
            production_of=lambda org: settings.is_production,
            browser=self._browser,
        )

    def take_key(self, name: str, key: str) -> str:
        """Another Alguna key for a connection, tried before it is kept."""
        from console.guide.access_again import AccessAgain

        said = AccessAgain(self._connections, self._secrets, name).take_key(key)
        if name in self._open:
            self._open[name].restart()
        return said

    def app_guide(self) -> Sequence[GuideStep]:
        """How to make the External Client App in Setup."""
        from console.guide.app_guide import app_guide

        return app_guide(server_key=True)

    def health(self, name: str) -> SessionHealth:
        """How the access of a connection stands, from what is known here."""
        from console.guide.health import health

        return health(self._connections.load(name), self._connections, self._secrets, self._now())

    def look(self, name: str) -> SessionHealth:
        """As `health`, with the org asked anew."""
        from console.guide.health import look

        return look(self._connections.load(name), self._connections, self._secrets, self._now())

    def locked(self, name: str) -> bool:
        """Whether the connection's encrypted file needs its passphrase."""
        return self._secrets.locked(name)

    def unlock(self, name: str, passphrase: str) -> None:
        """Open the encrypted file until the console quits."""
        self._secrets.unlock(name, passphrase)

    def remove(self, name: str, confirmed: str) -> Sequence[str]:
        """Remove a disconnected connection; where its receipts are kept."""
        from console.guide.removal import remove

        self._stop(name)
        kept = remove(self._connections, self._secrets, name, confirmed)
        self._leaving.pop(name, None)
        return tuple(map(str, kept))

    def disconnect(self, name: str) -> Leaving:
        """The leaving procedure of a connection; the same one until it is complete."""
        leaving = self._leaving.get(name)
        if leaving is None or leaving.complete:
            from console.guide.disconnect import Leaving

            leaving = self._leaving[name] = Leaving(
                self._connections.load(name),
                self._connections,
                self._secrets,
                self._now,
                lambda: self._stop(name),
            )
        return leaving

    def check(self, name: str) -> OrgChecking:
        """The check of one connection's org; while it mends, the connection's engine rests."""
        from console.guide.org_check import OrgChecking

        def rest() -> AbstractContextManager[None]:
            return self._open[name].resting() if name in self._open else nullcontext()

        return OrgChecking(
            self._connections.load(name), self._connections, self._secrets, self._now, rest=rest
        )

    def _stop(self, name: str) -> None:
        opened = self._open.pop(name, None)
        if opened is not None:
            opened.close()

    def rehearsal(self) -> PracticeRoom | None:
        """The practice org's switches, or None."""
        return self._room

    def close(self) -> None:
        """Stop everything that runs. Blocks, at most 2 seconds."""
        for name in list(self._open):
            self._stop(name)


def card(settings: ConnectionSettings, path: Path) -> ConnectionCard:
    """A connection as its files tell it; neither system is called.

    :raises StoreError: the cache is damaged. :raises Conflict: it belongs to another org.
    """
    health: Health = "disconnected" if settings.disconnected_at else "unknown"
    text = "" if settings.disconnected_at else "Never synced yet."
    counts, problems, last = {}, 0, None
    if path.exists():
        with Cache.open(path, org_id=settings.org_id, read_only=True) as cache:
            counts, problems, runs = cache.entries.counts(), cache.problems.count(), cache.runs.last(20)
        done = [run for run in runs if run.is_sync]
        last = done[0].finished_at if done else None
        if runs and not settings.disconnected_at:
            # A pass under way has no verdict yet: the one before it holds until then.
            outcome = next((run.outcome for run in runs if run.outcome != "running"), "running")
            health, text = _health(outcome, problems)
            if health == "ok" and last is None:
                health, text = "unknown", "No pass has come to its end yet."
    return ConnectionCard(
        name=settings.name,
        environment=settings.environment,
        production=settings.is_production,
        org_name=settings.org_name,
        org_id=settings.org_id,
        health=health,
        health_text=text,
        last_sync_at=last,
        counts=counts,
        problems=problems,
        disconnected_at=settings.disconnected_at or None,
        held_by=held_elsewhere(path),
    )


def _health(outcome: str, problems: int) -> tuple[Health, str]:
    """What the last pass tells about the connection."""
    if outcome == "sign_in":
        return "sign_in", "Salesforce or Alguna asks for a new sign-in."
    if outcome in ("done", "running", "interrupted", "stopped"):
        if problems:
            return (
                "attention",
                f"{problems} {'problem needs' if problems == 1 else 'problems need'} a person.",
            )
        return "ok", ""
    return "failed", f"The last pass ended early: {outcome.replace('_', ' ')}."


def follow_rehearsal(connections: Connections, practice: Practice) -> None:
    """Let connections made in this rehearsal follow it to the ports it has today."""
    org, alguna = practice.handout["salesforce"], practice.handout["alguna"]
    for name in connections.names():
        try:
            settings = connections.load(name)
        except ConsoleError:
            continue  # Home lists it as damaged.
        if settings.environment != "rehearsal" or settings.org_id != org["org_id"]:
            continue
        today = replace(
            settings,
            login_url=org["login_url"],
            instance_url=org["instance_url"],
            alguna_url=alguna["base_url"],
            alguna_app_url=alguna["base_url"],
        )
        if today != settings:
            connections.save(today)
