"""Leaving an org: nothing in it or in Alguna is changed, the access ends, and a receipt says how that was seen.

The records of both systems are fingerprinted before and after; the session is revoked last, because nothing can be read, and so
nothing proven, without it. Alguna's key is only forgotten: making it invalid is done in Alguna's own settings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import Conflict, ConsoleError, Refused, SignInNeeded, StoreError
from console.guide.draft import made_in_words
from console.guide.health import LOOKED
from console.guide.seam import DisconnectStep, Inventory, Receipt
from console.guide.signing_in import Given
from console.guide.steps import Step, StepReport, StepState, walk
from console.salesforce.signing_in.session_record import FILE as SESSION_RECORD
from console.secrets import KINDS, Secrets
from console.settings import Connections, ConnectionSettings, write_private
from console.store.cache import Cache
from console.sync.asides import Asides

if TYPE_CHECKING:
    from console.salesforce.client import SalesforceClient
    from console.salesforce.setup.removal import Noted
    from console.salesforce.signing_in.tokens import TokenSource

FINGERPRINT = (
    "SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Account",
    "SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Contact",
)
EXPLANATIONS = {
    "pause": "The engine stops; nothing more is written to either system.",
    "inventory": "What the console made in the org, and what it holds on this computer.",
    "before": "Counts and newest changes of accounts, contacts and customers are noted.",
    "after": "The same is read again and compared.",
    "unmake": "The channel, the assignment and the permission set that set-up made are removed and looked for once more; "
    "the fields stay with their data.",
    "revoke": "The org is told to end the session and everything that came from it.",
    "refused": "The old session is tried once more: the org must refuse it.",
    "forget": "Tokens and key are removed from where they were kept.",
    "receipt": "What was done and seen is written to a file.",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Enough of both systems to see that no business record was changed, deleted or added."""

    accounts: int
    accounts_changed: str
    contacts: int
    contacts_changed: str
    customers: tuple[tuple[str, str], ...] = field(repr=False)
    """The most recently changed customers with their stamps."""


class Leaving:
    """The disconnect procedure of one connection.

    :param stop: stops the connection's engine in this console and lets go of its cache.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        connections: Connections,
        secrets: Secrets,
        now: Callable[[], str],
        stop: Callable[[], None] = lambda: None,
        *,
        receipt: Path | None = None,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._secrets = secrets
        self._now = now
        self._stop = stop
        self._receipt = receipt
        self._began = ""
        self._before: Fingerprint | None = None
        self._ours = 0
        self._unmade = ""
        self._tokens: list[str] = []
        self._reports: tuple[StepReport, ...] = ()
        self._list = self._steps()
        self._reports = tuple(StepReport(step.name, step.title) for step in self._list)

    # --- what the screens and the command line ask -----------------------------------------------------------

    def inventory(self) -> Inventory:
        """What goes and what stays."""
        made = self._made()
        created = [(kind, name) for kind, name, mine in made if mine]
        made_here = made_in_words([kind for kind, _ in created if kind == "field"])
        taken = made_in_words([each.kind for each in self._ours_to_remove()])
        goes = (
            "The session in the org is revoked: the console can't read or write there any more.",
            f"Tokens and Alguna's key, kept {self._secrets.where(self._settings.name)}, are removed.",
            *((f"{taken} that set-up made: removed, as far as this user may.",) if taken else ()),
        )
        stays = (
            "Every account, contact and customer stays exactly as it is, with its Alguna fields and aliases.",
            f"{made_here} that set-up made stay in the org with their data; Setup, Object Manager removes them."
            if made_here
            else "This connection made no fields in the org.",
            "The cache with links and history stays on this computer: connecting again under the same name takes it up.",
            "Alguna's key stays valid in Alguna: delete it there, Settings, API Keys, if nothing else uses it.",
        )
        return Inventory(goes, stays, tuple(created))

    def steps(self) -> Sequence[DisconnectStep]:
        """All steps with their present state."""
        return tuple(map(_shown, self._reports))

    def run(self, on_step: Callable[[DisconnectStep], None], cancelled: threading.Event) -> Receipt:
        """Do the steps that are not done; stops after a failed one, and between two when `cancelled` is set."""
        told: dict[str, StepReport] = {}
        for reports in self.walk():
            for report in reports:
                if told.get(report.name) != report:
                    told[report.name] = report
                    on_step(_shown(report))
            if cancelled.is_set() and not any(report.state is StepState.RUNNING for report in reports):
                break
        if self.complete:
            return Receipt(
                True, str(self.receipt_path), "Disconnected. No record in either system was changed."
            )
        failed = next((report for report in self._reports if report.state is StepState.FAILED), None)
        return Receipt(
            False, "", failed.detail if failed else "Stopped; what was not done yet can be done later."
        )

    def walk(self, *, rehearse: bool = False) -> Iterator[tuple[StepReport, ...]]:
        """Carry out what is not done yet (or only check it), yielding all reports after each movement."""
        done = [report for report in self._reports if report.state is StepState.DONE]
        left = [step for step in self._list if all(step.name != report.name for report in done)]
        for reports in walk(left, rehearse=rehearse):
            whole = (*done, *reports)
            if not rehearse:
                self._reports = whole
            yield whole

    @property
    def complete(self) -> bool:
        """Whether everything was done."""
        return all(report.state is StepState.DONE for report in self._reports)

    @property
    def receipt_path(self) -> Path:
        """Where the receipt is written."""
        if self._receipt is not None:
            return self._receipt
        stamp = (self._began or self._now()).replace(":", "").replace("-", "")
        return self._connections.folder(self._settings.name) / f"receipt-{stamp}.md"

    # --- the steps ---------------------------------------------------------------------------------------------

    def _steps(self) -> list[Step]:
        return [
            Step("pause", "Stop the sync", self._can_pause, self._stop, self._look_paused),
            Step("inventory", "List what was made and is held", self._take_inventory),
            Step("before", "Note the state of both systems", self._look_before),
            Step("after", "See that no record was changed", self._look_after),
            Step(
                "unmake",
                "Take back what set-up made",
                self._can_unmake,
                self._unmake,
                lambda: self._unmade,
            ),
            Step("revoke", "End the session in the org", self._can_revoke, self._revoke, self._told_to_end),
            Step("refused", "See that the org refuses it", self._can_try, verify=self._look_refused),
            Step("forget", "Forget tokens and key", self._can_forget, self._forget, self._look_forgotten),
            Step(
                "receipt",
                "Write the receipt",
                self._can_write,
                self._write_receipt,
                lambda: str(self.receipt_path),
            ),
        ]

    def _can_pause(self) -> str:
        self._began = self._began or self._now()
        return "The sync would be stopped."

    def _look_paused(self) -> str:
        path = self._connections.cache_path(self._settings.name)
        if path.exists():
            try:
                Cache.open(path, org_id=self._settings.org_id, holder="disconnecting").close()
            except StoreError as failure:
                if failure.code == "LOCKED":
                    raise
                # A damaged cache must not keep anyone from leaving.
        return "The sync is stopped; no console writes to this connection."

    def _take_inventory(self) -> str:
        made = [kind for kind, _, mine in self._made() if mine]
        return (
            f"The console made {made_in_words(made) or 'neither fields nor a permission set'} in the org, "
            f"{self._linked()} accounts are linked with customers, "
            f"tokens and key are kept {self._secrets.where(self._settings.name)}."
        )

    def _look_before(self) -> str:
        try:
            self._before = self._fingerprint()
            # The last pass may have written in this very second: what it changed is not counted against the disconnect.
            self._ours = self._changed_by_us()
        except SignInNeeded as refusal:
            self._before = None
            return f"Not possible and not needed: {refusal.message} Nothing can be changed with this session."
        return _told(self._before)

    def _look_after(self) -> str:
        if self._before is None:
            return "Nothing to compare: the session was dead already."
        after = self._fingerprint()
        if after == self._before:
            return f"Unchanged: {_told(after)}"
        ours = self._changed_by_us() - self._ours
        if ours > 0:
            raise Conflict(
                f"{ours} records were changed by this connection's user since the disconnect began.",
                "Look who else works as this user, then begin again.",
            )
        return f"No record was changed by this connection; others went on working. {_told(after)}"

    def _can_unmake(self) -> str:
        words = made_in_words([each.kind for each in self._ours_to_remove()])
        return f"{words} would be removed." if words else "Set-up made nothing that could be removed."

    def _ours_to_remove(self) -> list[Noted]:
        from console.salesforce.setup.removal import removable

        cache = self._cache()
        if cache is None:
            return []
        with cache:
            return removable(cache.artefacts.all())

    def _unmake(self) -> None:
        from console.salesforce.setup.removal import left, remove

        mine = self._ours_to_remove()
        if not mine:
            self._unmade = "Set-up made nothing that could be removed."
            return
        gone: list[Noted] = []
        path = self._connections.cache_path(self._settings.name)
        with Cache.open(path, org_id=self._settings.org_id, holder="disconnecting") as cache:

            def note(each: Noted) -> None:
                gone.append(each)
                cache.artefacts.forget(each.kind, each.api_name)

            try:
                with self._salesforce(self._renewing()) as client:
                    stayed = remove(client, mine, note)
                    seen = left(client, gone)
            except SignInNeeded as refusal:
                rest = ", ".join(each.api_name for each in mine if each not in gone)
                self._unmade = (
                    f"Not possible with this session ({refusal.message}) An administrator may remove {rest}."
                )
                return
        if seen:
            raise Conflict(
                f"{seen[0].api_name} was removed, and the org still shows it.",
                "Look at it in Setup, then begin again.",
            )
        how = (
            "the org accepted it; this user may no longer look"
            if seen is None
            else "looked for, and not found"
        )
        said = [f"Removed ({how}): {', '.join(each.api_name for each in gone)}."] if gone else []
        said += [
            f"{each.api_name} stays: {each.why} An administrator may remove it in Setup." for each in stayed
        ]
        self._unmade = " ".join(said)

    def _can_revoke(self) -> str:
        self._tokens = [
            token for token in map(self._secret, ("salesforce_refresh", "salesforce_access")) if token
        ]
        return "The session would be revoked." if self._tokens else "There is no session to revoke any more."

    def _revoke(self) -> None:
        from console.salesforce.signing_in.oauth import OAuth

        oauth = OAuth(self._settings.login_url, self._settings.client_id or None)
        for token in self._tokens:
            oauth.revoke(token)

    def _told_to_end(self) -> str:
        return (
            "The org was told to end the session."
            if self._tokens
            else "There was no session to end any more."
        )

    def _can_try(self) -> str:
        return "The old session would be tried once more."

    def _look_refused(self) -> str:
        access = self._secret("salesforce_access")
        if not access:
            return "There is no session left to try."
        try:
            with self._salesforce(Given(access)) as client:
                client.organization()
        except SignInNeeded:
            return f"The org answered 401 to the old session at {self._now()}."
        except Refused as refusal:
            raise Refused(
                f"The org did not answer as expected: {refusal.message}",
                "Look under Setup, Session Management.",
            ) from None
        raise Conflict(
            "The org still accepts the old session.",
            "End it under Setup, Session Management, then try again.",
        )

    def _can_forget(self) -> str:
        return f"Tokens and key would be removed; they are kept {self._secrets.where(self._settings.name)}."

    def _forget(self) -> None:
        self._secrets.forget(self._settings.name)
        for name in (SESSION_RECORD, LOOKED):
            (self._connections.folder(self._settings.name) / name).unlink(missing_ok=True)

    def _look_forgotten(self) -> str:
        left = [kind for kind in KINDS if self._secret(kind)]
        if left:
            raise StoreError(f"Still kept: {', '.join(left)}.", "Remove them with the keyring's own program.")
        return "Looked for again and not found."

    def _can_write(self) -> str:
        return f"The receipt would be written to {self.receipt_path}."

    def _write_receipt(self) -> None:
        done = [report for report in self._reports if report.state is StepState.DONE]
        inventory = self.inventory()
        lines = [
            "# Receipt of a disconnect",
            "",
            f"- connection: {self._settings.name}",
            f"- org: {self._settings.org_name} ({self._settings.org_id})",
            f"- Alguna: {self._settings.alguna_url}",
            f"- begun {self._began}, ended {self._now()}",
            "",
            "## What was done, and how it was seen",
            "",
            *(f"{number}. **{report.title}.** {report.detail}" for number, report in enumerate(done, 1)),
            "",
            "## What stays",
            "",
            *(f"- {sentence}" for sentence in inventory.stays),
            "",
            "## Made by the console in the org",
            "",
            *(f"- {kind.replace('_', ' ')} `{name}`" for kind, name in inventory.made),
            *([] if inventory.made else ["- nothing"]),
            "",
        ]
        path = self.receipt_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, "\n".join(lines))
        except OSError as error:
            raise StoreError(
                f"The receipt can't be written to {path} ({(error.strerror or 'unknown').lower()}).",
                "Name another file with --receipt, then begin again: what is done stays done.",
            ) from None
        current = self._connections.load(self._settings.name)
        self._connections.save(replace(current, disconnected_at=self._now()))

    # --- looking -----------------------------------------------------------------------------------------------

    def _secret(self, kind: str) -> str | None:
        return self._secrets.get(self._settings.name, kind)  # type: ignore[arg-type]

    def _salesforce(self, tokens: TokenSource | Given) -> SalesforceClient:
        from console.salesforce.client import SalesforceClient

        return SalesforceClient(
            self._settings.instance_url,
            tokens,
            api_version=self._settings.api_version,
            timeout=(5.0, 60.0),
            allowance=Asides(self._connections.folder(self._settings.name)),
        )

    def _renewing(self) -> TokenSource:
        """The connection's session, renewed if it has only fallen asleep."""
        from console.salesforce.signing_in.renewing import token_source

        return token_source(self._settings, self._connections, self._secrets)

    def _fingerprint(self) -> Fingerprint:
        from console.alguna.client import AlgunaClient

        key = self._secret("alguna_key")
        with self._salesforce(self._renewing()) as client:
            rows = [next(client.query(question)) for question in FINGERPRINT]
        customers: tuple[tuple[str, str], ...] = ()
        if key:
            with AlgunaClient(self._settings.alguna_url, key, rate=self._settings.alguna_rate) as alguna:
                try:
                    page = next(alguna.customers(newest_first=True), [])
                except Refused:
                    page = next(alguna.customers(newest_first=False), [])
            customers = tuple((customer.id, customer.updated_at) for customer in page)
        (account,), (contact,) = rows
        return Fingerprint(
            int(account["n"]), str(account["newest"]), int(contact["n"]), str(contact["newest"]), customers
        )

    def _changed_by_us(self) -> int:
        from console.salesforce.soql import instant, soql
        from console.salesforce.soql import name as api_name

        total = 0
        with self._salesforce(self._renewing()) as client:
            for name in ("Account", "Contact"):
                question = soql(
                    "SELECT COUNT(Id) n FROM {} WHERE LastModifiedById = {} AND SystemModstamp >= {}",
                    api_name(name),
                    self._settings.user_id,
                    instant(self._began),
                )
                total += int(next(client.query(question))[0]["n"])
        return total

    def _cache(self) -> Cache | None:
        path = self._connections.cache_path(self._settings.name)
        if not path.exists():
            return None
        try:
            return Cache.open(path, org_id=self._settings.org_id, read_only=True)
        except ConsoleError:
            # A cache that can't be read must not keep anyone from leaving.
            return None

    def _made(self) -> list[tuple[str, str, bool]]:
        cache = self._cache()
        if cache is None:
            return []
        with cache:
            return [
                (artefact.kind, artefact.api_name, artefact.created) for artefact in cache.artefacts.all()
            ]

    def _linked(self) -> int:
        cache = self._cache()
        if cache is None:
            return 0
        with cache:
            return cache.links.count()


def _told(fingerprint: Fingerprint) -> str:
    return (
        f"{fingerprint.accounts} accounts (newest change {fingerprint.accounts_changed}), "
        f"{fingerprint.contacts} contacts (newest change {fingerprint.contacts_changed}), "
        f"{len(fingerprint.customers)} newest customers in Alguna."
    )


def _shown(report: StepReport) -> DisconnectStep:
    states = {
        StepState.WAITING: "waiting",
        StepState.RUNNING: "doing",
        StepState.CHECKED: "done",
        StepState.DONE: "done",
        StepState.FAILED: "failed",
    }
    detail = f"{report.detail} {report.advice}".strip()
    return DisconnectStep(report.name, report.title, EXPLANATIONS[report.name], states[report.state], detail)  # type: ignore[arg-type]
