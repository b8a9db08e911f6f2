"""One account, its history, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.contact_duplicates import ContactCandidate
from console.domain.records import Candidate, Direction, Side, State, Value


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
    turns: tuple[str, ...] = ()
    """Where something outside keeps rewriting it: each turn, a sentence, and who."""
    pin: str = ""
    """What a person settled that with: ``off``, ``theirs``, ``on``, ``watch``; empty: it is stopped."""


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
    """``applied``, ``refused``, ``stale``; ``kept`` by an undo; ``seen``: somebody else changed it."""
    reason: str = ""
    lost: str = ""
    """The value that lost a conflict, where one did."""
    rule: str = ""
    """What decided: the field's rule, ``answer`` for a person's, ``undo``."""


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
    contacts: tuple[ContactCandidate, ...] = ()
    """Contacts that a duplicate rule of the org took for the customer's: a person chooses."""
    contact_creatable: bool = False
    """The rule only alerts: a new contact may be created all the same."""
    linked: bool = False
    stopped: bool = False
    """It is linked with an account that was deleted, or merged into another customer's: a person decides what then."""
    decided: tuple[str, ...] = ()
    """What people decided about it, by whom and when, in sentences."""
    revocable: bool = False
    """Something that was decided can be taken back."""
    alguna_seen_at: str | None = None
    salesforce_seen_at: str | None = None
    verified_at: str | None = None
    """When the values of both sides were last read and found equal: another thing than when it was synced."""


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
