"""The connect procedure behind the wizard: a draft that keeps its input until it is saved or abandoned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.plain import plain
from console.errors import Cancelled, UsageError
from console.guide.draft import NewConnection
from console.guide.environments import is_production, offers, place
from console.guide.findings import findings, met
from console.guide.seam import (
    WIZARD_STEPS,
    AlgunaChecked,
    Draft,
    Environment,
    EnvironmentOffer,
    Finding,
    ImportChoice,
    ImportPreview,
    SetupItem,
    SetupPlan,
    SignedIn,
    SummaryLine,
    WizardStep,
)
from console.guide.set_up_words import shown_item, shown_plan
from console.guide.signing_in import (
    BrowserSignIn,
    Session,
    Way,
    cli_sign_in,
    key_sign_in,
    open_browser,
)
from console.guide.wizard_words import SHOWN_STEPS, SIGN_IN_AGAIN, STILL_NEEDED, summary_lines
from console.secrets import Secrets
from console.settings import API_VERSION, Connections, checked_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from console.salesforce import setup
    from console.salesforce.signing_in.oauth import OAuth


class ConnectWizard:
    """One connection in the making. Safe for one screen and its worker threads."""

    def __init__(
        self,
        connections: Connections,
        secrets: Secrets,
        now: Callable[[], str],
        *,
        handout: Mapping[str, Any] | None = None,
        browser: Callable[[str], bool] = open_browser,
    ) -> None:
        self._connections = connections
        self._secrets = secrets
        self._now = now
        self._handout = handout
        self._browser = browser
        self._draft = Draft()
        self._new: NewConnection | None = None
        self._signing_in: BrowserSignIn | None = None
        self._confirmed = False
        self._plan: setup.SetupPlan | None = None
        self._findings: tuple[Finding, ...] = ()

    def draft(self) -> Draft:
        """What was entered so far."""
        return self._draft

    def missing(self, step: WizardStep) -> str:
        """What the step still needs; empty when it is complete."""
        draft = self._draft
        complete = {
            "environment": draft.environment is not None,
            "sign_in": draft.signed_in is not None,
            "alguna": draft.alguna is not None,
            "name": bool(draft.name),
            "source": draft.creates_accounts is not None,
            "import": draft.import_choice is not None,
            "setup": draft.setup_done,
        }
        if step == "summary":
            return next((STILL_NEEDED[earlier] for earlier in WIZARD_STEPS[:-1] if not complete[earlier]), "")
        return "" if complete[step] else STILL_NEEDED[step]

    def environments(self) -> Sequence[EnvironmentOffer]:
        """The choices of the first step."""
        return offers(practice=self._handout is not None)

    def choose_environment(self, key: Environment, *, my_domain: str = "", confirmed: bool = False) -> None:
        """Take an environment; another one than before drops the sign-in, the key and the set-up."""
        chosen = place(key, my_domain=my_domain, handout=self._handout)
        if key == "production" and not confirmed:
            raise UsageError("Production was not confirmed.", "Say yes to the question, or choose a sandbox.")
        self._confirmed = confirmed
        if self._new is not None and self._new.place == chosen:
            return
        self._let_go()
        draft = self._draft
        self._new = NewConnection(
            chosen,
            client_id=draft.client_id if key != "rehearsal" else "",
            name=draft.name,
            creates_accounts=draft.creates_accounts,
            import_choice=draft.import_choice,
        )
        self._draft = replace(
            self._draft,
            environment=key,
            my_domain=chosen.login_url if key == "my_domain" else "",
            signed_in=None,
            alguna=None,
            alguna_url=chosen.alguna_url,
            setup_done=False,
        )

    def set_client_id(self, client_id: str) -> None:
        """The External Client App's consumer key."""
        text = client_id.strip()
        if not text:
            raise UsageError(
                "The consumer key is empty.",
                "Give the Consumer Key of the External Client App in your org; f2 tells how to make the app.",
            )
        if not text.isascii() or any(sign.isspace() for sign in text) or len(text) > 512:
            raise UsageError(
                "This is no consumer key.", "Copy it from Setup, External Client App Manager, OAuth settings."
            )
        self._made().client_id = text
        self._draft = replace(self._draft, client_id=text)

    def sign_in(self) -> BrowserSignIn:
        """The Salesforce round trip for this draft."""
        if self._signing_in is None:
            self._signing_in = BrowserSignIn(
                self._oauth,
                self._accept,
                api_version=API_VERSION,
                production_of=lambda org: is_production(self._made().place.environment, org),
                browser=self._browser,
                on_done=self._signed_in,
            )
        return self._signing_in

    def sign_in_with_cli(self, alias: str) -> SignedIn:
        """The session that the Salesforce CLI has for an org."""
        self._stop_browser()
        return self._take(cli_sign_in(alias, API_VERSION), Way("cli", cli_alias=alias.strip()))

    def sign_in_with_key(self, username: str, key_file: str) -> SignedIn:
        """A session by a server's key, for a user who was approved for the app."""
        self._stop_browser()
        oauth = self._oauth()
        path = Path(key_file.strip()).expanduser().absolute()
        session = key_sign_in(oauth.login_url, oauth.client_id, username, path, API_VERSION)
        return self._take(session, Way("key", jwt_file=str(path)))

    def _stop_browser(self) -> None:
        if self._signing_in is not None:
            self._signing_in.cancel()

    def _take(self, session: Session, way: Way) -> SignedIn:
        note = self._accept(session)
        new = self._made()
        new.way = way
        signed_in = SignedIn(
            username=session.identity.username,
            org_name=session.org.name,
            org_id=session.org.id,
            instance_url=session.tokens.instance_url,
            production=is_production(new.place.environment, session.org),
            note=note,
        )
        self._signed_in(signed_in)
        return signed_in

    def seal_secrets(self, passphrase: str) -> None:
        """Keep the secrets in an encrypted file; an empty passphrase takes that back."""
        from console.secrets.sealed import checked

        self._made().passphrase = checked(passphrase) if passphrase else ""
        self._draft = replace(self._draft, sealed=bool(passphrase))
        self._draft = replace(self._draft, kept=self._kept())

    def _oauth(self) -> OAuth:
        from console.salesforce.signing_in.oauth import OAuth

        new = self._made()
        client_id = new.client_id or new.place.client_id
        if not client_id:
            raise UsageError(
                "There is no consumer key yet.",
                "Give the key of the External Client App that you made in this org.",
            )
        return OAuth(new.place.login_url, client_id)

    def _accept(self, session: Session) -> str:
        new = self._made()
        production = is_production(new.place.environment, session.org)
        if production and new.place.environment == "sandbox":
            raise UsageError(
                f"{plain(session.org.name, 60)} is a production org, and Sandbox was chosen.",
                "Choose Production, or sign in to a sandbox.",
            )
        self._revoke()
        new.session, new.way = session, Way()
        new.setup_done = False
        self._plan = None
        if production and not self._confirmed:
            return "This is a production org: people and billing rely on its records."
        return ""

    def _signed_in(self, signed_in: SignedIn) -> None:
        self._draft = replace(self._draft, signed_in=signed_in, setup_done=False, kept=self._kept())

    def check_alguna(self, key: str, url: str = "") -> AlgunaChecked:
        """Try the key with one call and keep it."""
        where = self._made().check_alguna(key, url)
        checked = AlgunaChecked(where, f"The key works at {where}.")
        self._draft = replace(self._draft, alguna=checked, alguna_url=where)
        return checked

    def suggested_name(self) -> str:
        """A name that is free."""
        environment = self._draft.environment or "sandbox"
        base = {"my_domain": "salesforce"}.get(environment, environment)
        names = (base if count == 1 else f"{base} {count}" for count in range(1, 10_000))
        return next(name for name in names if not self._taken(name))

    def set_name(self, name: str) -> None:
        """Name the connection."""
        text = checked_name(name)
        if self._taken(text):
            raise UsageError(f"There is already a connection named {text!r}.", "Choose another name.")
        new = self._made()
        new.refuse_another_org(self._connections, text)
        new.name = text
        self._draft = replace(self._draft, name=text)

    def _taken(self, name: str) -> bool:
        return self._connections.exists(name) and not self._connections.load(name).disconnected_at

    def set_source_of_truth(self, creates_accounts: bool) -> None:
        """Whether new Alguna customers become Salesforce accounts."""
        self._made().creates_accounts = creates_accounts
        self._draft = replace(self._draft, creates_accounts=creates_accounts)

    def set_import(self, choice: ImportChoice) -> None:
        """What happens to the customers that exist already."""
        self._made().import_choice = choice
        self._draft = replace(self._draft, import_choice=choice)

    def preview_import(self, choice: ImportChoice, cancelled: threading.Event) -> ImportPreview:
        """Count what the choice would bring in; writes nothing in either system."""
        from console.guide.importing import preview_new

        return preview_new(self._made(), choice, self._now(), cancelled)

    def set_integration_user(self, name: str) -> None:
        """Who gets the permission set; another one than before needs the set-up again."""
        new, text = self._made(), name.strip()
        if text == new.integration_user:
            return
        new.integration_user, new.works_as, new.setup_done = text, None, False
        self._plan = None
        self._draft = replace(self._draft, integration_user=text, setup_done=False)

    def plan_setup(self) -> SetupPlan:
        """Look at the org and say what set-up would do."""
        new = self._made()
        self._plan = new.plan_setup()
        if not self._plan.changes and self._plan.obstacle is None:
            # Nothing to make: going through it only notes what is there.
            new.apply_setup(self._plan, lambda item, state: None)
            self._draft = replace(self._draft, setup_done=True)
        self._findings = findings(new.preflight())
        return replace(
            shown_plan(self._plan), findings=self._findings, sign_in=new.sign_in_note(SIGN_IN_AGAIN)
        )

    def apply_setup(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> SetupPlan:
        """Do what :meth:`plan_setup` said, then verify; stops between two items when `cancelled` is set."""
        new = self._made()
        plan = self._plan or new.plan_setup()

        def step(item: setup.SetupItem, state: str) -> None:
            on_item(replace(shown_item(item), state=SHOWN_STEPS[state]))
            if state == "done" and cancelled.is_set():
                raise Cancelled(
                    "Set-up was stopped between two steps.", "Begin it again: it goes on where it stopped."
                )

        try:
            new.apply_setup(plan, step)
        finally:
            self._plan = None
        self._draft = replace(self._draft, setup_done=True)
        return self.plan_setup()

    def summary(self) -> Sequence[SummaryLine]:
        """All choices in words."""
        made = len(self._new.artefacts) if self._new else 0
        return summary_lines(self._draft, made, self._note(), met(self._findings))

    def _kept(self) -> str:
        if self._draft.sealed:
            return "in an encrypted file"
        return self._secrets.place(practice=self._draft.environment == "rehearsal")

    def _note(self) -> str:
        return self._new.sign_in_note(SIGN_IN_AGAIN) if self._new else ""

    def finish(self) -> str:
        """Save the connection and its secrets; returns its name."""
        missing = self.missing("summary")
        if missing:
            raise UsageError(missing, "Go back to that step.")
        settings = self._made().save(self._connections, self._secrets, self._now())
        self._new = None
        self._signing_in = None
        self._draft = Draft()
        return settings.name

    def leftovers(self) -> Sequence[str]:
        """What would stay behind if it were abandoned now."""
        return self._new.leftovers() if self._new else ()

    def abandon(self) -> Sequence[str]:
        """Revoke the token, forget the key, drop the draft; returns what was done and what stays."""
        said = [*self._let_go(), *self.leftovers()]
        self._new = None
        self._draft = Draft()
        self._plan = None
        return said

    def _made(self) -> NewConnection:
        if self._new is None:
            raise UsageError("No environment was chosen yet.", "Choose where to connect first.")
        return self._new

    def _let_go(self) -> list[str]:
        """End the round trip and the session of this draft."""
        if self._signing_in is not None:
            self._signing_in.cancel()
        self._signing_in = None
        said = self._revoke()
        if self._new is not None and self._new.alguna_key:
            said.append("Alguna's key was forgotten.")
        return said

    def _revoke(self) -> list[str]:
        new = self._new
        if new is None or new.session is None:
            return []
        said = new.end_session()
        self._draft = replace(self._draft, signed_in=None)
        return [said]
