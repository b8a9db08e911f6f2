"""The steps that get access: Salesforce by the browser, Alguna by a key; and the name."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from console.domain.plain import plain
from console.errors import ConsoleError
from console.guide.seam import EnvironmentOffer, SignedIn
from screens.steps.step import Step
from screens.tasks import in_thread
from screens.widgets.browser_trip import BrowserTrip
from screens.words import STYLE, environment

WAYS = {"browser": "Browser", "cli": "Salesforce CLI", "key": "Server's key"}


class SignInStep(Step):
    """Salesforce, by the browser; or with what the Salesforce CLI or a server has."""

    step = "sign_in"
    title = "Sign in to Salesforce"
    lead = (
        "Your browser opens Salesforce's own log-in page; the console never sees the password. "
        "Log in as somebody who may create fields and permission sets."
    )

    def __init__(self) -> None:
        super().__init__()
        self.way = "browser"

    def asks(self) -> ComposeResult:
        rehearsal = self.console.desk.rehearsal()
        yield Static(id="signed-in", markup=False)
        with Horizontal(classes="ways"):
            for way, label in WAYS.items():
                yield Button(Content(label), id=f"way-{way}")
        yield Input(placeholder="alias or user name, as sf org list shows it", id="cli-alias")
        yield Input(placeholder="consumer key of the External Client App in your org", id="client-id")
        yield Input(placeholder="user name that the key speaks for", id="jwt-user")
        yield Input(
            placeholder="path of the private key (JWT bearer); it is read there, never copied", id="jwt-file"
        )
        yield BrowserTrip(rehearsal.login() if rehearsal is not None else None)

    @property
    def trip(self) -> BrowserTrip:
        """The round trip."""
        return self.query_one(BrowserTrip)

    @property
    def word(self) -> str:
        if self.trip.waiting:
            return "Waiting"
        if self.wizard.draft().signed_in is not None:
            return "Continue"
        return "Open the browser" if self.way == "browser" else "Sign in"

    def _offer(self) -> EnvironmentOffer | None:
        chosen = self.wizard.draft().environment
        return next((offer for offer in self.wizard.environments() if offer.key == chosen), None)

    def show(self) -> None:
        draft = self.wizard.draft()
        offer = self._offer()
        needs_key = offer is not None and offer.needs_client_id
        self.set_class(needs_key, "-needs-key")
        self._show_way()
        field = self.query_one("#client-id", Input)
        if draft.client_id and not field.value:
            field.value = draft.client_id
        practising = self.trip.login is not None and offer is not None and offer.key == "rehearsal"
        self.query_one("#practice-login", Static).display = practising
        self.notice.hush()
        self._show_who(draft.signed_in)
        if draft.signed_in is not None:
            self.post_message(self.Ready())
        else:
            self._focus_way(needs_key and not field.value)

    def _show_way(self) -> None:
        for way in WAYS:
            self.set_class(way == self.way, f"-by-{way}")
            self.query_one(f"#way-{way}", Button).variant = "primary" if way == self.way else "default"

    def _focus_way(self, needs_key: bool) -> None:
        if self.way == "cli":
            self.query_one("#cli-alias", Input).focus()
        elif needs_key:
            self.query_one("#client-id", Input).focus()
        elif self.way == "key":
            self.query_one("#jwt-user", Input).focus()
        else:
            self.query_one("#go", Button).focus()

    @on(Button.Pressed, ".ways Button")
    def _way_chosen(self, event: Button.Pressed) -> None:
        event.stop()
        if self.busy:
            return
        self.way = (event.button.id or "").removeprefix("way-")
        self._show_way()
        self._focus_way(self.has_class("-needs-key") and not self.query_one("#client-id", Input).value)
        self.post_message(self.Moved())

    def _show_who(self, who: SignedIn | None) -> None:
        self.set_class(who is not None, "-signed-in")
        self.trip.over = who is not None
        if who is None:
            self.query_one("#signed-in", Static).update("")
            return
        word, kind = environment("sandbox", who.production)
        draft = self.wizard.draft()
        if draft.environment == "rehearsal":
            word, kind = "REHEARSAL", "rehearsal"
        lines = [
            Content.assemble(("✓ Signed in", STYLE["good"] + " bold")),
            Content.assemble(("User   ", STYLE["quiet"]), plain(who.username, 120)),
            Content.assemble(
                ("Org    ", STYLE["quiet"]),
                (plain(who.org_name, 120), STYLE["strong"]),
                "  ",
                (f" {word} ", f"$tag-text on $tag-{kind} bold"),
            ),
            Content.assemble(("Org id ", STYLE["quiet"]), plain(who.org_id, 40)),
        ]
        if who.note:
            lines.append(Content.assemble((f"! {plain(who.note, 400)}", STYLE["person"])))
        self.query_one("#signed-in", Static).update(Content("\n").join(lines))

    @on(Button.Pressed, "#go")
    def _go(self, event: Button.Pressed) -> None:
        event.stop()
        self._start()

    @on(Input.Submitted, "#client-id, #cli-alias, #jwt-user, #jwt-file")
    def _key_entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.way == "key" and event.input.id != "jwt-file":
            self.focus_next_field()
        else:
            self._start()

    def focus_next_field(self) -> None:
        """From one field of the server's key to the next."""
        self.screen.focus_next()

    def _start(self) -> None:
        if self.has_class("-needs-key") and self.way != "cli":
            try:
                self.wizard.set_client_id(self.query_one("#client-id", Input).value.strip())
            except ConsoleError as error:
                self.refuse(error)
                return
        self.notice.hush()
        if self.way == "browser":
            self.trip.start(self.wizard.sign_in())
            return
        self.occupy("Asking the Salesforce CLI" if self.way == "cli" else "Signing in with the server's key")
        self.begin(self._without_browser(), "sign in")

    async def _without_browser(self) -> None:
        fields = {
            name: self.query_one(f"#{name}", Input).value.strip()
            for name in ("cli-alias", "jwt-user", "jwt-file")
        }
        try:
            if self.way == "cli":
                who = await in_thread(self.wizard.sign_in_with_cli, fields["cli-alias"])
            else:
                who = await in_thread(self.wizard.sign_in_with_key, fields["jwt-user"], fields["jwt-file"])
        except ConsoleError as error:
            self.refuse(error)
            return
        self.occupy("")
        self.notice.hush()
        self._show_who(who)
        self.post_message(self.Ready())

    @on(Button.Pressed, "#copy-address")
    def _copy(self, event: Button.Pressed) -> None:
        event.stop()
        self.console.copy_out(self.trip.address)

    @on(BrowserTrip.Moved)
    def _moved(self) -> None:
        self.busy = "The sign-in waits for the browser." if self.trip.waiting else ""
        self.set_class(self.trip.waiting, "-under-way")
        self.post_message(self.Moved())

    @on(BrowserTrip.Done)
    def _done(self, event: BrowserTrip.Done) -> None:
        self._show_who(event.who)
        self.post_message(self.Ready())

    def take(self) -> None:
        if self.wizard.draft().signed_in is not None:
            self.trip.stop()
            self.complete()
        else:
            self._start()

    def stop(self) -> bool:
        waiting = self.trip.waiting
        self.trip.stop()
        return waiting

    def copyable(self) -> str:
        return self.trip.address


class AlgunaStep(Step):
    """Alguna, by an API key."""

    step = "alguna"
    title = "Connect Alguna"
    lead = "An API key of the same environment. It is tried with one call that only reads, and kept where secrets are kept."

    def __init__(self) -> None:
        super().__init__()
        self._trying: Worker[None] | None = None

    def asks(self) -> ComposeResult:
        yield Static("Address of the API", classes="label", markup=False)
        yield Input(placeholder="https://api.alguna.io", id="alguna-url")
        yield Static("API key", classes="label", markup=False)
        yield Input(placeholder="not shown while you type", password=True, id="alguna-key")
        with Horizontal(classes="actions"):
            yield Button(Content("Use the practice key"), id="practice-key")

    @property
    def word(self) -> str:
        return "Continue" if self.wizard.draft().alguna is not None and not self._key() else "Check the key"

    def _key(self) -> str:
        return self.query_one("#alguna-key", Input).value.strip()

    def show(self) -> None:
        draft = self.wizard.draft()
        url = self.query_one("#alguna-url", Input)
        if not url.value:
            url.value = draft.alguna_url
        rehearsal = self.console.desk.rehearsal()
        practising = rehearsal is not None and draft.environment == "rehearsal"
        self.query_one("#practice-key").display = practising
        self.query_one("#alguna-key", Input).placeholder = (
            "enter takes the practice key" if practising else "not shown while you type"
        )
        if draft.alguna is not None:
            self.notice.say("done", draft.alguna.sentence, "Enter another key to change it.")
            self.post_message(self.Ready())
            return
        if not self.busy:
            self.notice.hush()
        self.query_one("#alguna-key", Input).focus()

    @on(Button.Pressed, "#practice-key")
    def _practise(self, event: Button.Pressed) -> None:
        event.stop()
        self._take_practice_key()

    def _take_practice_key(self) -> None:
        rehearsal = self.console.desk.rehearsal()
        if rehearsal is not None:
            self.query_one("#alguna-key", Input).value = rehearsal.login().alguna_key
            self._check()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.take()

    @on(Input.Changed, "#alguna-key")
    def _typed(self) -> None:
        self.post_message(self.Moved())

    def take(self) -> None:
        if self.wizard.draft().alguna is not None and not self._key():
            self.complete()
        elif not self._key() and self.query_one("#practice-key").display:
            self._take_practice_key()
        else:
            self._check()

    def _check(self) -> None:
        if not self._key():
            self.notice.say(
                "failed", "The key is missing.", "Alguna shows API keys under Settings, Developers."
            )
            return
        self.occupy("Trying the key with one call. esc stops.")
        self._trying = self.begin(
            self._try(self._key(), self.query_one("#alguna-url", Input).value.strip()), "check key"
        )

    async def _try(self, key: str, url: str) -> None:
        try:
            checked = await in_thread(self.wizard.check_alguna, key, url)
        except ConsoleError as error:
            self.refuse(error)
            return
        # The key is with the wizard now; the field forgets it.
        self.query_one("#alguna-key", Input).value = ""
        self.occupy("")
        self.notice.say("done", checked.sentence, "enter continues.")
        self.post_message(self.Ready())

    def stop(self) -> bool:
        if not self.busy:
            return False
        if self._trying is not None:
            self._trying.cancel()
        self.occupy("")
        self.notice.hush()
        return True


class NameStep(Step):
    """What to call it."""

    step = "name"
    title = "Name this integration"
    lead = "The name stands on every screen and in every command. Lower-case letters, digits and dashes are easiest to type."

    def asks(self) -> ComposeResult:
        yield Input(id="name")
        yield Static(id="kept", classes="label", markup=False)
        yield Input(
            placeholder="passphrase for an encrypted file instead, or nothing", password=True, id="passphrase"
        )

    def show(self) -> None:
        field = self.query_one("#name", Input)
        if not field.value:
            field.value = self.wizard.draft().name or self.wizard.suggested_name()
        place = self.wizard.draft().kept or self.console.secrets or "the keyring"
        where = place if place.startswith("in ") else f"in {place}"
        self.query_one("#kept", Static).update(Content(f"Tokens and key are kept {plain(where, 80)}"))
        field.focus()

    @on(Input.Submitted)
    def take(self) -> None:
        try:
            self.wizard.set_name(self.query_one("#name", Input).value.strip())
            passphrase = self.query_one("#passphrase", Input)
            if passphrase.value or not self.wizard.draft().sealed:
                self.wizard.seal_secrets(passphrase.value)
            passphrase.value = ""
        except ConsoleError as error:
            self.refuse(error)
            return
        self.complete()
