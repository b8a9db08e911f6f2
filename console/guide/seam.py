"""What the screens may ask of the core: protocols and the frozen values they return, nothing else.

    Desk ── connections(), open() ─▶ Connection   events, controls, grid, accounts, import
         ── wizard()             ─▶ Wizard        a draft that keeps its input until it is saved or abandoned
         ── sign_in_again()      ─▶ SignIn        the browser round trip, shared with the wizard
         ── disconnect()         ─▶ Disconnecting a guided procedure: check, do, verify
         ── rehearsal()          ─▶ Rehearsal     the practice org's switches, None on real systems

Every method says whether it *blocks*. What blocks is called from worker threads only; what does not block may
be called from the event loop. Blocking methods raise :class:`console.errors.ConsoleError` and nothing else
for what can be expected to go wrong. Instants are ``2026-01-02T03:04:05Z``. No value ever holds a secret,
except :class:`PracticeLogin`, which is worth nothing outside the rehearsal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from console.domain.records import Candidate, Direction, Side, State, Value
from console.domain.verdicts import Verdict
from console.sync.events import Event

Environment = Literal["rehearsal", "sandbox", "production", "my_domain"]
Health = Literal["ok", "attention", "sign_in", "failed", "disconnected", "unknown"]
ImportChoice = Literal["none", "matching", "all"]
WizardStep = Literal["environment", "sign_in", "alguna", "name", "source", "import", "setup", "summary"]
Sort = Literal["name", "state", "differs", "changed"]
StepState = Literal["waiting", "doing", "done", "failed", "skipped"]

WIZARD_STEPS: tuple[WizardStep, ...] = (
    "environment",
    "sign_in",
    "alguna",
    "name",
    "source",
    "import",
    "setup",
    "summary",
)


# --- connections -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """One connection as Home shows it, read from its files without calling either system."""

    name: str
    environment: Environment
    production: bool
    """True when the org is a production org, whatever way it was chosen."""
    org_name: str = ""
    org_id: str = ""
    health: Health = "unknown"
    health_text: str = ""
    """One sentence: what is wrong, empty when nothing is."""
    last_sync_at: str | None = None
    counts: Mapping[State, int] = field(default_factory=dict)
    problems: int = 0
    disconnected_at: str | None = None
    held_by: str = ""
    """Who else writes this connection's cache now ("another console, process 4711"), empty when nobody does."""


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What stays on screen while a connection is open."""

    name: str
    environment: Environment
    production: bool
    org_name: str
    org_id: str
    username: str
    instance_url: str
    alguna_url: str
    creates_accounts: bool
    import_choice: ImportChoice
    secrets: str
    """Where the tokens and the key are kept, in words: "the system's keyring", "memory, until the console quits"."""
    read_only: str = ""
    """Why nothing can be written from this console (one sentence), empty when it can."""
    last_sync_at: str | None = None
    interval_seconds: float = 0.0


class GridRow(Protocol):
    """One row of the Accounts screen (``console.store.grid.GridRow``)."""

    @property
    def pos(self) -> int: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def account_id(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def differs(self) -> int: ...
    @property
    def why(self) -> str: ...
    @property
    def subscription(self) -> str: ...
    @property
    def changed_at(self) -> str: ...


class Grid(Protocol):
    """Pages of rows by position (``console.store.grid.Grid``). Blocks; may be used by several threads."""

    def arrange(
        self, sort: Sort = "name", *, descending: bool = False, text: str = "", state: State | None = None
    ) -> int:
        """Sort and filter; how many rows there are. A newer call ends an older one with ``Superseded``."""
        ...

    def page(self, start: int, count: int, /) -> Sequence[GridRow]:
        """Rows by position; one that is gone since is left out."""
        ...

    def position(self, id_: str, /) -> int | None:
        """Where a customer's or an account's row is, None when it is not shown."""
        ...

    def close(self) -> None:
        """End what is being read and let go of the file."""
        ...


# --- one account -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on one side. ``known`` is False when that side does not say: nothing is concluded from it."""

    value: Value = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of one account, three values wide."""

    key: str
    label: str
    group: str
    """The heading it stands under: "Account", "Contact", "Subscription" ..."""
    alguna: Cell
    base: Cell
    """What both sides last agreed on."""
    salesforce: Cell
    differs: bool
    direction: Direction | None
    reason: str
    rule: str = ""
    """The field's rule in words: "Alguna wins", "off" ..."""
    alguna_name: str = ""
    salesforce_name: str = ""
    waits: bool = False
    """True when it differs and a person has to decide: it would be blanked, does not fit, or the rule is manual."""
    open_to: tuple[Side, ...] = ()
    """The sides whose value a person may choose to keep now."""


@dataclass(frozen=True, slots=True)
class SubscriptionLine:
    """One of the customer's subscriptions; exactly one is ``shown`` in Salesforce."""

    id: str
    name: str
    status: str
    starts_at: Value
    shown: bool


@dataclass(frozen=True, slots=True)
class SubscriptionNote:
    """Which subscription the account shows, and by which rule."""

    position: str
    """"1 of 3"."""
    rule: str
    """One sentence."""
    subscriptions: tuple[SubscriptionLine, ...] = ()
    pinned: bool = False
    """A person chose it; the rule did not."""


@dataclass(frozen=True, slots=True)
class LinkOut:
    """An address to open in the browser."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change that was made or refused."""

    at: str
    run: int
    side: str
    customer_id: str
    name: str
    field: str
    before: str
    after: str
    outcome: str
    """``applied``, ``refused`` or ``stale``."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """All that is known of one customer, one account, or the two linked."""

    customer_id: str | None
    account_id: str | None
    name: str
    state: State
    why: tuple[str, ...]
    fields: tuple[FieldRow, ...] = ()
    matched: str = ""
    """How the two were found to be the same, by whom and when, one sentence; empty while they are not linked."""
    subscription: SubscriptionNote | None = None
    links: tuple[LinkOut, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    """Newest first."""
    candidates: tuple[Candidate, ...] = ()
    """Accounts that may be the customer's, best first: a person chooses."""
    linked: bool = False
    decided: tuple[str, ...] = ()
    """What people decided about it, by whom and when, in sentences."""
    revocable: bool = False
    """Something that was decided can be taken back."""
    alguna_seen_at: str | None = None
    salesforce_seen_at: str | None = None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One thing that needs a person."""

    id: str
    category: str
    title: str
    advice: str
    count: int
    state: str
    """``open``, ``muted`` or ``resolved``."""
    opened_at: str
    updated_at: str
    customer_id: str | None = None
    """The customer to open, when it concerns one."""


# --- import ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountLine:
    """One number with its name and what it means."""

    label: str
    count: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What importing would do, in numbers. Nothing was written to find out."""

    choice: ImportChoice
    title: str
    lines: tuple[CountLine, ...]
    total: int
    """Customers that would come into scope."""
    note: str = ""
    """One sentence: calls it may cost, or why a number is not known yet."""


# --- an open connection ------------------------------------------------------------------------------------


class Connection(Protocol):
    """One open connection: its engine runs in its own thread until :meth:`close`."""

    def facts(self) -> ConnectionFacts:
        """The latest facts. Does not block: kept in memory, refreshed when a run ends."""
        ...

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, on the engine's thread; first the last one of each kind, at once.

        Returns the function that ends the subscription. Does not block.
        """
        ...

    def paused(self) -> bool:
        """Whether the engine waits for :meth:`resume`. Does not block."""
        ...

    def pause(self) -> None:
        """Finish the call in flight, then wait. Does not block."""
        ...

    def resume(self) -> None:
        """Go on, with a pass at once. Does not block."""
        ...

    def sync_now(self) -> None:
        """Start the next pass at once (also while paused: one pass, then paused again). Does not block."""
        ...

    def sync_one(self, customer_id: str) -> None:
        """Look at one customer on both sides now and bring it in step; told by events. Does not block."""
        ...

    def outlook(self, customer_id: str, verdict: Verdict) -> AccountDetail:
        """The customer as it would be planned after a decision. Writes nothing. Blocks (milliseconds).

        :raises UsageError: it can't be decided like this now; the message says why.
        """
        ...

    def decide(self, customer_id: str, verdict: Verdict) -> None:
        """Keep a decision; the next pass acts on it. `Noted` tells when it is kept. Blocks (milliseconds).

        :raises UsageError: it can't be decided like this now, or nothing can be written from this console.
        """
        ...

    def retry(self, customer_id: str | None = None) -> None:
        """Try what was refused once more, of one customer or of all, with a pass at once. Does not block.

        :raises UsageError: nothing can be written from this console.
        """
        ...

    def grid(self) -> Grid:
        """Open the rows of the Accounts screen over a read-only connection of its own. Blocks (milliseconds)."""
        ...

    def account(self, ident: str) -> AccountDetail:
        """Everything about one account. `ident` is a customer's or an account's id. Blocks (milliseconds).

        :raises UsageError: there is no such customer or account (any more).
        """
        ...

    def recent(self, limit: int = 50) -> Sequence[HistoryLine]:
        """The newest changes of all accounts, newest first. Blocks (milliseconds)."""
        ...

    def problems(self) -> Sequence[ProblemLine]:
        """What is open and needs a person, most serious first. Blocks (milliseconds)."""
        ...

    def import_preview(self, choice: ImportChoice) -> ImportPreview:
        """Count what importing would do, from the cache; writes nothing. Blocks (seconds on a large cache)."""
        ...

    def start_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope from the next pass on, which starts at once. Blocks (milliseconds)."""
        ...

    def close(self) -> None:
        """Stop the engine and let go of the cache. Blocks, at most 2 seconds."""
        ...


# --- signing in --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PracticeLogin:
    """The rehearsal's log-in, shown so that a person can type it; worth nothing anywhere else."""

    username: str
    password: str
    alguna_key: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """The browser was asked to open `address`; a person can also copy it to another browser."""

    address: str
    callback: str
    """The address the browser comes back to: what the app in Salesforce must allow."""
    opened: bool
    note: str = ""
    """One sentence when the browser could not be opened."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in to which org."""

    username: str
    org_name: str
    org_id: str
    instance_url: str
    production: bool
    note: str = ""
    """One sentence to be aware of: "this is a production org although Sandbox was chosen"; empty as a rule."""


class SignIn(Protocol):
    """One browser round trip. A second :meth:`begin` ends the first."""

    def begin(self) -> Invitation:
        """Listen on 127.0.0.1, open the browser. Blocks (milliseconds).

        :raises ConsoleError: no callback port is free, the log-in address can't be reached, no consumer key.
        """
        ...

    def wait(self, cancelled: threading.Event) -> SignedIn | None:
        """Wait until the browser comes back, then get the token and ask who it is. Blocks (until then).

        :returns: None when `cancelled` was set or :meth:`cancel` was called.
        :raises ConsoleError: consent refused, state mismatch, code used twice, wrong kind of org ...
        """
        ...

    def paste(self, address: str) -> SignedIn:
        """Finish with the address that the browser ended on, copied by hand. Blocks (seconds)."""
        ...

    def cancel(self) -> None:
        """Stop waiting and close the port. Does not block; harmless when nothing is under way."""
        ...


# --- the wizard --------------------------------------------------------------------------------------------


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
    """"Field", "Permission set", "Permission", "Assignment"."""
    title: str
    api_name: str
    state: Literal["create", "exists", "mismatch", "doing", "done", "failed"]
    detail: str = ""
    """What it is for, or what is wrong with it."""


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
    setup_done: bool = False


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


# --- disconnecting -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inventory:
    """What disconnecting means, before it starts."""

    goes: tuple[str, ...]
    """Sentences: the token, the key, the cache ..."""
    stays: tuple[str, ...]
    """Sentences: every account and contact, the 13 fields and their data, the permission set ..."""
    made: tuple[tuple[str, str], ...] = ()
    """What the console created in the org: kind, API name."""


@dataclass(frozen=True, slots=True)
class DisconnectStep:
    """One step: what it does, and after it ran, what was found."""

    name: str
    title: str
    explanation: str
    state: StepState = "waiting"
    detail: str = ""
    """What was done and how it was verified, or why it failed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The end of it."""

    complete: bool
    path: str
    """The receipt's file, empty while there is none."""
    sentence: str


class Disconnecting(Protocol):
    """Leaving a connection, step by step; nothing happens before :meth:`run`."""

    def inventory(self) -> Inventory:
        """What goes and what stays. Blocks (milliseconds to seconds); changes nothing."""
        ...

    def steps(self) -> Sequence[DisconnectStep]:
        """All steps with their present state. Does not block."""
        ...

    def run(self, on_step: Callable[[DisconnectStep], None], cancelled: threading.Event) -> Receipt:
        """Do the steps that are not done; `on_step` is called in the caller's thread. Blocks.

        Stops after a failed step; called again, it goes on there.
        """
        ...


# --- the rehearsal -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exercise:
    """Something that can go wrong, to be practised."""

    key: str
    title: str
    sentence: str


class Rehearsal(Protocol):
    """Switches of the practice org and the practice Alguna."""

    def login(self) -> PracticeLogin:
        """What to type on the log-in page. Does not block."""
        ...

    def activity(self) -> bool:
        """Whether records keep changing on both sides. Does not block."""
        ...

    def set_activity(self, on: bool) -> None:
        """Start or stop changing records. Blocks (milliseconds)."""
        ...

    def exercises(self) -> Sequence[Exercise]:
        """What can be practised. Does not block."""
        ...

    def practise(self, key: str) -> str:
        """Make it go wrong; returns one sentence on what will be seen. Blocks (milliseconds)."""
        ...


# --- all of it ---------------------------------------------------------------------------------------------


class Desk(Protocol):
    """The whole console as the screens see it."""

    def now(self) -> str:
        """The present instant, for ages on screen. Does not block."""
        ...

    def secrets(self) -> str:
        """Where new secrets will be kept, in words. Does not block (the answer may change once it was tried)."""
        ...

    def connections(self) -> Sequence[ConnectionCard]:
        """All connections, by name; a damaged one is listed with health ``failed``. Blocks (milliseconds)."""
        ...

    def open(self, name: str) -> Connection:
        """Open a connection and start its engine; read-only when another console holds it. Blocks (milliseconds).

        Opening what is open already returns the same connection.

        :raises ConsoleError: unknown name, damaged cache, cache of another org, disk full.
        """
        ...

    def wizard(self) -> Wizard:
        """The wizard; the same one, with its draft, until it was finished or abandoned. Does not block."""
        ...

    def sign_in_again(self, name: str) -> SignIn:
        """A new sign-in for an existing connection, refused when it leads to another org. Does not block."""
        ...

    def disconnect(self, name: str) -> Disconnecting:
        """The leaving procedure of one connection; the same one until it is complete. Does not block."""
        ...

    def rehearsal(self) -> Rehearsal | None:
        """The practice org's switches, or None. Does not block."""
        ...

    def close(self) -> None:
        """Stop everything that runs. Blocks, at most 2 seconds."""
        ...
