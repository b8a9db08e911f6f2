"""Leaving an org: nothing in it or in Alguna is changed, the access ends, and a receipt says how that was seen.

The records of both systems are fingerprinted before and after; the session is revoked last, because nothing can be read, and so
nothing proven, without it. Alguna's key is only forgotten: making it invalid is done in Alguna's own settings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import Conflict, ConsoleError, Refused, SignInNeeded, StoreError
from console.guide.draft import made_in_words
from console.guide.health import LOOKED
from console.guide.seam import DisconnectStep, Inventory, Receipt
from console.guide.steps import Step, StepReport, StepState, walk
from console.guide.unmaking import removable_in, unmake, would_be_removed
from console.guide.witness import Fingerprint, Witness
from console.salesforce.signing_in.session_record import FILE as SESSION_RECORD
from console.secrets import KINDS, Secrets
from console.settings import Connections, ConnectionSettings, write_private
from console.store.cache import Cache

if TYPE_CHECKING:
    from console.salesforce.setup.removal import Noted

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
        self._witness = Witness(settings, connections, secrets)
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
        taken = made_in_words([each.kind for each in self._removable()])
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
            self._before = self._witness.fingerprint()
            # The last pass may have written in this very second: what it changed is not counted against the disconnect.
            self._ours = self._witness.changed_by_us(self._began)
        except SignInNeeded as refusal:
            self._before = None
            return f"Not possible and not needed: {refusal.message} Nothing can be changed with this session."
        return str(self._before)

    def _look_after(self) -> str:
        if self._before is None:
            return "Nothing to compare: the session was dead already."
        after = self._witness.fingerprint()
        if after == self._before:
            return f"Unchanged: {after}"
        ours = self._witness.changed_by_us(self._began) - self._ours
        if ours > 0:
            raise Conflict(
                f"{ours} records were changed by this connection's user since the disconnect began.",
                "Look who else works as this user, then begin again.",
            )
        return f"No record was changed by this connection; others went on working. {after}"

    def _can_unmake(self) -> str:
        return would_be_removed(self._removable())

    def _unmake(self) -> None:
        self._unmade = unmake(
            self._removable(),
            self._connections.cache_path(self._settings.name),
            self._settings.org_id,
            self._witness.salesforce,
        )

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
            with self._witness.salesforce(access) as client:
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

    def _cache(self) -> Cache | None:
        path = self._connections.cache_path(self._settings.name)
        if not path.exists():
            return None
        try:
            return Cache.open(path, org_id=self._settings.org_id, read_only=True)
        except ConsoleError:
            # A cache that can't be read must not keep anyone from leaving.
            return None

    def _removable(self) -> list[Noted]:
        cache = self._cache()
        if cache is None:
            return []
        with cache:
            return removable_in(cache)

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
