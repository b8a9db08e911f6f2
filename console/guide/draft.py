"""A connection while it is being made: what was chosen, who signed in, what set-up made. The wizard and the command line
both fill one; nothing is saved before :meth:`NewConnection.save`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from console.domain.plain import plain
from console.errors import Conflict, ConsoleError, Refused, SignInNeeded, UsageError
from console.guide.environments import ALGUNA_PRODUCTION, ALGUNA_SANDBOX, Place, is_production
from console.guide.seam import ImportChoice
from console.guide.signing_in import Given, Session, Way
from console.net import origin
from console.secrets import Secrets
from console.settings import API_VERSION, Connections, ConnectionSettings, checked_name
from console.sync.asides import Asides, Counted

if TYPE_CHECKING:
    from console.salesforce.client import SalesforceClient
    from console.salesforce.preflight import Preflight
    from console.salesforce.setup import Artefact, Assignee, SetupItem, SetupPlan


@dataclass(slots=True)
class NewConnection:
    """The parts of a connection, gathered in any order."""

    place: Place
    client_id: str = ""
    session: Session | None = field(default=None, repr=False)
    way: Way = field(default_factory=Way)
    """How the session came, and how the next ones will."""
    passphrase: str = field(default="", repr=False)
    """Seals the secrets in an encrypted file; empty where none was asked for."""
    alguna_url: str = ""
    alguna_key: str = field(default="", repr=False)
    name: str = ""
    creates_accounts: bool | None = None
    import_choice: ImportChoice | None = None
    api_share: float | None = None
    api_floor: int | None = None
    """How much of the org's API calls to use, and to leave, where it was said (`ConnectionSettings`)."""
    integration_user: str = ""
    """Who gets the permission set, by user name or e-mail address; empty: the signed-in user."""
    works_as: Assignee | None = field(default=None, init=False)
    """That user, once the org was asked."""
    counted: Counted = field(default_factory=Counted, init=False, repr=False)
    """The Salesforce calls that were made on the way."""
    setup_done: bool = False
    made: set[tuple[str, str]] = field(default_factory=set)
    """What set-up made in the org, by kind and API name, also when it was stopped half-way."""
    artefacts: tuple[Artefact, ...] = ()
    """All that the connection relies on in the org, found or made; empty until set-up is complete."""

    def check_alguna(self, key: str, url: str = "") -> str:
        """Try the key with one call and keep it; returns where it works. Blocks (seconds).

        :raises ConsoleError: the key is refused, belongs to Alguna's other environment, or nobody answers.
        """
        from console.alguna.client import AlgunaClient

        key = key.strip()
        if not key or not key.isascii() or any(sign.isspace() for sign in key):
            raise UsageError("This is no API key.", "Copy it whole from Alguna's settings, without blanks.")
        address = url.strip() or self.place.alguna_url
        origin(address, "the Alguna address")

        def works(where: str) -> None:
            with AlgunaClient(where, key, timeout=15.0) as client:
                client.check()

        try:
            works(address)
        except SignInNeeded:
            other = {ALGUNA_PRODUCTION: ALGUNA_SANDBOX, ALGUNA_SANDBOX: ALGUNA_PRODUCTION}.get(
                address.rstrip("/")
            )
            if other is None or not _succeeds(works, other):
                raise
            right, wrong = ("sandbox", "production") if other == ALGUNA_SANDBOX else ("production", "sandbox")
            raise SignInNeeded(
                f"This key belongs to Alguna's {right}, and {wrong} was chosen.",
                f"Make a key in Alguna's {wrong}, or give the address {other}.",
            ) from None
        self.alguna_url, self.alguna_key = address, key
        return address

    def salesforce(self) -> SalesforceClient:
        """A client with the session just begun; close it after use.

        :raises SignInNeeded: nobody signed in yet.
        """
        from console.salesforce.client import SalesforceClient

        if self.session is None:
            raise SignInNeeded("Nobody signed in to Salesforce yet.", "Sign in first.")
        tokens = self.session.tokens
        return SalesforceClient(
            tokens.instance_url, Given(tokens.access_token), api_version=API_VERSION, allowance=self.counted
        )

    def plan_setup(self) -> SetupPlan:
        """What the org needs; changes nothing. Blocks (seconds)."""
        from console.salesforce.setup import plan_setup

        with self.salesforce() as client:
            return plan_setup(client, users=self._users(client))

    def _users(self, client: SalesforceClient) -> tuple[Assignee, ...] | None:
        """Who gets the permission set; None for the signed-in user.

        :raises UsageError: the user who was named isn't there, or is inactive.
        """
        from console.salesforce.setup import find_user

        self.works_as = find_user(client, self.integration_user) if self.integration_user else None
        return (self.works_as,) if self.works_as else None

    def sign_in_note(self, how: str) -> str:
        """Who has to sign in, where set-up was planned for another user than the signed-in one; else empty."""
        from console.salesforce.setup import sign_in_note

        if self.works_as is None or self.session is None:
            return ""
        return sign_in_note(self.works_as, self.session.identity.username, how)

    def preflight(self) -> Preflight:
        """What can be done in the org, and what writes will meet; changes nothing. Blocks (seconds)."""
        from console.salesforce.preflight import preflight

        with self.salesforce() as client:
            return preflight(client)

    def apply_setup(self, plan: SetupPlan, on_step: Callable[[SetupItem, str], None]) -> None:
        """Do what the plan says and see that it is there. Blocks (seconds).

        :raises ConsoleError: the org refuses, or `on_step` raised; what was made until then is remembered in `made`.
        """
        from console.salesforce.setup import apply_setup, verify

        at = ""
        left_out = {(item.kind, item.api_name) for item in plan.problems}

        def step(item: SetupItem, state: str) -> None:
            nonlocal at
            at = item.api_name if state == "doing" else ""
            if state == "done":
                self.made.add((item.kind, item.api_name))
            elif state == "refused":
                left_out.add((item.kind, item.api_name))
            on_step(item, state)

        with self.salesforce() as client:
            try:
                found = apply_setup(client, plan, step)
            except Refused as refusal:
                if not at:
                    raise
                raise Refused(
                    f"Set-up stopped at {at}: {refusal.message}", refusal.advice, code=refusal.code
                ) from None
            events = not any(kind in ("channel", "channel_member") for kind, _ in left_out)
            seen = verify(client, users=self._users(client), events=events, left_out=left_out)
            missing = [item for item in seen if item.action in ("create", "grant")]
        if missing:
            raise ConsoleError(
                f"Set-up ended, but {missing[0].api_name} still can't be used: {missing[0].detail}",
                "Salesforce can take some seconds to grant access: check again.",
            )
        self.artefacts = tuple(
            replace(artefact, created=artefact.created or (artefact.kind, artefact.api_name) in self.made)
            for artefact in found
        )
        self.setup_done = True

    def refuse_another_org(self, connections: Connections, name: str) -> None:
        """Before anything is made: a name that was disconnected can be taken up again for its own org only.

        :raises Conflict: it was another org's.
        """
        if self.session is None or not connections.exists(name):
            return
        before, org = connections.load(name), self.session.org
        if before.org_id != org.id:
            raise Conflict(
                f"{before.name!r} was connected with the org {before.org_id}, and this is {org.id} ({plain(org.name, 60)}).",
                "Choose another name: links and history of that org stay with its own.",
            )

    def leftovers(self) -> tuple[str, ...]:
        """What set-up made so far and would stay in the org if this was given up now, in words."""
        made = made_in_words([kind for kind, _ in self.made])
        if not made:
            return ()
        return (
            f"{made} that set-up made stay in the org, empty; Setup, Object Manager and Permission Sets remove them.",
        )

    def end_session(self) -> str:
        """End the session in the org and forget it; says how that went. Blocks (seconds)."""
        from console.salesforce.signing_in.oauth import OAuth

        if self.session is None:
            return ""
        tokens, self.session = self.session.tokens, None
        if self.way.sign_in in ("cli", "token"):
            return "The Salesforce session was only borrowed, and goes on where it came from."
        try:
            OAuth(self.place.login_url, self.client_id or self.place.client_id).revoke(
                tokens.refresh_token or tokens.access_token
            )
        except ConsoleError as failure:
            return f"The Salesforce session could not be ended ({failure.message}) It ends by itself when it is idle."
        return "The Salesforce session was ended."

    def settings(self, now: str) -> ConnectionSettings:
        """The settings as they will be saved.

        :raises UsageError: something is missing; the sentence says what.
        """
        if self.session is None:
            raise UsageError("Nobody signed in to Salesforce yet.", "Sign in first.")
        if not self.alguna_key:
            raise UsageError("There is no Alguna key yet.", "Give the key first.")
        session = self.session
        budget: dict[str, Any] = {"api_share": self.api_share, "api_floor": self.api_floor}
        return ConnectionSettings(
            name=checked_name(self.name),
            environment=self.place.environment,
            login_url=self.place.login_url,
            instance_url=session.tokens.instance_url,
            client_id=self.client_id or self.place.client_id,
            org_id=session.org.id,
            org_name=plain(session.org.name, 80),
            is_sandbox=not is_production(self.place.environment, session.org),
            username=plain(session.identity.username, 80),
            user_id=session.identity.user_id,
            **asdict(self.way),
            alguna_url=self.alguna_url,
            alguna_app_url=replace(self.place, alguna_url=self.alguna_url).alguna_app_url,
            source_of_truth="salesforce" if self.creates_accounts is False else "alguna",
            import_choice=self.import_choice or "none",
            connected_at=now,
            pubsub_endpoint=self.place.pubsub_endpoint,
            **{key: value for key, value in budget.items() if value is not None},
        )

    def save(self, connections: Connections, secrets: Secrets, now: str) -> ConnectionSettings:
        """Write the settings, keep the secrets, open the cache for this org and note what set-up made.

        Either all of it stands afterwards or none. A name that was disconnected before may be used again for the
        same org: its cache, with links and history, is taken up.

        :raises UsageError: the name is taken, or something is missing.
        :raises Conflict: the name's old cache belongs to another org.
        """
        from console.salesforce.signing_in.renewing import token_source
        from console.store.cache import Cache

        settings = self.settings(now)
        before = connections.load(settings.name) if connections.exists(settings.name) else None
        if before is not None and not before.disconnected_at:
            raise UsageError(f"There is already a connection named {before.name!r}.", "Choose another name.")
        tokens = self.session.tokens if self.session is not None else None
        assert tokens is not None
        there = connections.folder(settings.name).exists()
        try:
            if before is None:
                connections.save(settings)
            with Cache.open(connections.cache_path(settings.name), org_id=settings.org_id) as cache:
                for artefact in self.artefacts:
                    cache.artefacts.record(
                        artefact.kind, artefact.api_name, artefact.sf_id, artefact.created, now
                    )
            if self.passphrase:
                secrets.seal(settings.name, self.passphrase)
            token_source(settings, connections, secrets).keep(tokens)
            secrets.set(settings.name, "alguna_key", self.alguna_key)
            if before is not None:
                connections.save(settings)
            Asides(connections.folder(settings.name)).admit(self.counted.calls)
        except BaseException:
            # Undone without writing: the disk may be full.
            secrets.forget(settings.name)
            if not there:
                connections.remove(settings.name)
            elif before is None:
                connections.forget(settings.name)
            raise
        return settings


def made_in_words(kinds: Sequence[str]) -> str:
    """``13 fields on Account, 1 channel and 1 permission set``; empty where nothing of these was made."""
    fields = kinds.count("field")
    parts = [f"{fields} {'field' if fields == 1 else 'fields'} on Account"] if fields else []
    parts += ["1 channel of change events"] if "channel" in kinds else []
    parts += ["1 permission set"] if "permission_set" in kinds else []
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _succeeds(works: Callable[[str], None], address: str) -> bool:
    try:
        works(address)
    except ConsoleError:
        return False
    return True
