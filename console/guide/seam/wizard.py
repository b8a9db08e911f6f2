"""The wizard: a draft that keeps its input until it is saved or abandoned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from console.guide.seam.importing import ImportPreview
from console.guide.seam.signing_in import SignedIn, SignIn
from console.guide.seam.words import Environment, ImportChoice, WizardStep


@dataclass(frozen=True, slots=True)
class EnvironmentOffer:
    """One choice of the first step."""

    key: Environment
    title: str
    sentence: str
    recommended: bool = False
    question: str = ""
    """What must be answered with yes before it is taken (production), empty when nothing is asked."""
    needs_address: bool = False
    """My Domain: the org's own log-in address must be given."""
    needs_client_id: bool = True
    """The consumer key of the org's External Client App must be given at the sign-in step."""


@dataclass(frozen=True, slots=True)
class AlgunaChecked:
    """The key works."""

    url: str
    sentence: str
    """"The key works: 503 customers." """


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One thing that set-up would create, grant or leave as it is in the org."""

    key: str
    kind: str
    """"Field", "Channel", "Channel member", "Permission set", "Permission", "Assignment"."""
    title: str
    api_name: str
    state: Literal["create", "exists", "mismatch", "doing", "done", "failed", "left_out"]
    detail: str = ""
    """What it is for, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    key: str
    light: Literal["green", "amber", "red", "note"]
    """How much of a capability there is; ``note`` for what is only to be known."""
    title: str
    sentence: str
    lacking: tuple[tuple[str, str], ...] = ()
    """Permissions that are missing, as Setup names them, each with the page where it is granted."""


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What set-up would do."""

    items: tuple[SetupItem, ...]
    summary: str
    """"13 fields, 1 permission set and 1 assignment will be created." """
    changes: int
    """How many items would be created or granted; 0 when the org is ready."""
    blocked: str = ""
    """Why it can't be applied, with what to do; empty when it can."""
    sign_in: str = ""
    """Who has to sign in, where it is made for another user than the signed-in one."""
    findings: tuple[Finding, ...] = ()
    """What was seen of the org: what can't be done there, and what the first writes will meet."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of the summary, with the step where it can be changed."""

    label: str
    value: str
    step: WizardStep


@dataclass(frozen=True, slots=True)
class Draft:
    """What was entered so far. Secrets are held by the wizard and never shown."""

    environment: Environment | None = None
    my_domain: str = ""
    client_id: str = ""
    signed_in: SignedIn | None = None
    alguna_url: str = ""
    alguna: AlgunaChecked | None = None
    name: str = ""
    creates_accounts: bool | None = None
    import_choice: ImportChoice | None = None
    integration_user: str = ""
    """Who gets the permission set, as it was typed; empty: the signed-in user."""
    setup_done: bool = False
    sealed: bool = False
    """The secrets will be kept in an encrypted file."""
    kept: str = ""
    """Where tokens and key will be kept, in words; empty where it was not looked up yet."""


class Wizard(Protocol):
    """The connect procedure. It lives as long as the desk, keeps its draft, and is saved or abandoned."""

    def draft(self) -> Draft:
        """What was entered so far. Does not block."""
        ...

    def missing(self, step: WizardStep) -> str:
        """What this step still needs, one sentence; empty when it is complete. Does not block."""
        ...

    def environments(self) -> Sequence[EnvironmentOffer]:
        """The choices of the first step, recommended first. Does not block."""
        ...

    def choose_environment(self, key: Environment, *, my_domain: str = "", confirmed: bool = False) -> None:
        """Take an environment. Another one than before drops the sign-in, the key and the set-up. Does not block.

        :raises UsageError: the address is no log-in address, or production was not confirmed.
        """
        ...

    def set_client_id(self, client_id: str) -> None:
        """The External Client App's consumer key. Does not block. :raises UsageError: it can't be one."""
        ...

    def sign_in(self) -> SignIn:
        """The Salesforce round trip for this draft; what it ends with becomes part of the draft. Does not block."""
        ...

    def sign_in_with_cli(self, alias: str) -> SignedIn:
        """Take the session that the Salesforce CLI has for an org. Blocks (seconds: it starts the CLI).

        :raises ConsoleError: the CLI is not there, does not know the org, or its session has ended.
        """
        ...

    def sign_in_with_key(self, username: str, key_file: str) -> SignedIn:
        """Sign in for a user with a server's private key, which is read where it is. Blocks (seconds).

        :raises ConsoleError: others can read the key, it is none, or Salesforce refuses it.
        """
        ...

    def seal_secrets(self, passphrase: str) -> None:
        """Keep the secrets in an encrypted file; empty: where others are kept. Does not block.

        :raises UsageError: the passphrase is too short.
        """
        ...

    def check_alguna(self, key: str, url: str = "") -> AlgunaChecked:
        """Try the key with one call and keep it. Blocks (seconds).

        :raises ConsoleError: the key is refused, belongs to another environment, or the host can't be reached.
        """
        ...

    def suggested_name(self) -> str:
        """A name that is free. Does not block."""
        ...

    def set_name(self, name: str) -> None:
        """Name the connection. Does not block. :raises UsageError: taken, or not usable as a name."""
        ...

    def set_source_of_truth(self, creates_accounts: bool) -> None:
        """Whether new Alguna customers become Salesforce accounts. Does not block."""
        ...

    def set_import(self, choice: ImportChoice) -> None:
        """What happens to the customers that exist already. Does not block."""
        ...

    def preview_import(self, choice: ImportChoice, cancelled: threading.Event) -> ImportPreview:
        """Count what the choice would bring in; writes nothing. Blocks (seconds: it asks both systems)."""
        ...

    def set_integration_user(self, name: str) -> None:
        """Who gets the permission set, by user name or e-mail address; empty: the signed-in user. Does not block."""
        ...

    def plan_setup(self) -> SetupPlan:
        """Look at the org and say what set-up would do. Blocks (seconds)."""
        ...

    def apply_setup(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> SetupPlan:
        """Do what :meth:`plan_setup` said, then verify. `on_item` is called in the caller's thread. Blocks.

        Stops between two items when `cancelled` is set; again goes on where it stopped.
        """
        ...

    def summary(self) -> Sequence[SummaryLine]:
        """All choices in words. Does not block."""
        ...

    def finish(self) -> str:
        """Save the connection and its secrets; returns its name, ready for :meth:`Desk.open`. Blocks."""
        ...

    def leftovers(self) -> Sequence[str]:
        """What would stay behind if it were abandoned now, in sentences; empty when nothing would. Does not block."""
        ...

    def abandon(self) -> Sequence[str]:
        """Revoke the token, forget the key, drop the draft; returns what was done and what stays. Blocks (seconds)."""
        ...
