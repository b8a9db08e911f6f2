"""What the console knows of both systems, as frozen values.

Field values are canonical text everywhere inside the console (`Value`): instants are ``2026-01-02T03:04:05Z``, dates
``2026-01-02``, amounts plain decimals such as ``1234.50``. ``None`` means *known to be empty*. A key that is
missing from a mapping of values is *unknown*: the system did not return that field, and nothing may be
concluded or written from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from console.domain.loops import Loop

Value = str | None
Values = Mapping[str, Value]
Side = Literal["salesforce", "alguna"]


@dataclass(frozen=True, slots=True)
class Customer:
    """An Alguna customer as last seen.

    `values` holds, by field key, what Alguna returned: Name, Billing..., CurrencyIsoCode, Website, Contact...,
    Alguna_Legal_Entity__c, Alguna_Tax_Rate__c. A field that the answer left out is missing here.
    """

    id: str
    name: str
    created_at: str
    updated_at: str
    values: Values = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    contact_id: str | None = None
    """Alguna's id of the primary contact, if there is one."""
    contacts: int = 0
    gone: bool = False
    """True when a complete pull no longer listed it."""


@dataclass(frozen=True, slots=True)
class SubscriptionDetails:
    """What must be asked for separately: the current version's price and the billing dates."""

    of_update: str
    """The subscription's `updated_at` that these details belong to: when it moves, they are fetched again."""
    interval: Value = None
    """``monthly``, ``quarterly``, ``semi_annual``, ``yearly`` or Alguna's own word; None when nothing recurs."""
    value: Value = None
    """What is billed each interval, a decimal in major units."""
    renews_on: Value = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An Alguna subscription as last seen."""

    id: str
    customer_id: str
    name: str
    status: str
    currency: str
    updated_at: str
    starts_at: Value = None
    ends_at: Value = None
    activated_at: Value = None
    canceled_at: Value = None
    """When it was canceled, where Alguna says so (not part of the public v2 reference)."""
    knows_canceled_at: bool = False
    version_id: str | None = None
    details: SubscriptionDetails | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A Salesforce account as last seen; `values` by field key, only what the signed-in user may read."""

    id: str
    name: str
    modstamp: str
    values: Values = field(default_factory=dict)
    modified_by: str = ""
    created_at: str = ""
    deleted: bool = False
    merged_into: str | None = None
    person: bool = False
    """A person account: never a customer's."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A Salesforce contact as last seen; `values` by field key (``Contact.Email`` ...)."""

    id: str
    account_id: str
    modstamp: str
    values: Values = field(default_factory=dict)
    created_at: str = ""
    deleted: bool = False


class MatchedBy(StrEnum):
    """How a customer and an account were found to be the same company."""

    CUSTOMER_ID = "customer_id"
    ALIAS = "alias"
    DOMAIN_AND_NAME = "domain_and_name"
    CREATED = "created"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Held:
    """The values of one field that an undo left apart: what each side holds counts as settled, until one of them moves."""

    alguna: Value
    salesforce: Value
    run: int
    """The run that was undone."""


@dataclass(frozen=True, slots=True)
class Link:
    """One customer paired with one account, with the value of each field that both sides last agreed on."""

    customer_id: str
    account_id: str
    how: MatchedBy
    evidence: str
    """One sentence: what made them the same."""
    linked_at: str
    linked_by: str
    contact_id: str | None = None
    base: Values = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)
    """By field key, in place of `base`: what an undo left apart. `fields.ALIASES`: the alias isn't added again."""
    pinned_subscription: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that may be a customer's, with the evidence for and against."""

    account_id: str
    name: str
    score: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found: exactly one of a link, candidates for a person to choose from, or nothing."""

    account_id: str | None = None
    how: MatchedBy | None = None
    evidence: str = ""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for a customer that has no account yet."""

    what: Literal["link", "create", "leave"]
    at: str
    by: str
    account_id: str | None = None
    """The account to link with, for ``link``."""
    question: str = ""
    """For ``leave``: what was asked (`matching.question`). Another question is asked again. For ``create``: the ids of the accounts
    that were shown, with blanks between."""

    def covers(self, account_ids: Iterable[str]) -> bool:
        """Whether a new account was chosen in the face of all of these."""
        return self.what == "create" and set(account_ids) <= set(self.question.split())


@dataclass(frozen=True, slots=True)
class Answer:
    """Whose value of a field a person keeps, good for the two values that were looked at and for no others."""

    side: Side
    alguna: Value
    salesforce: Value
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Spared:
    """A difference that changed rules leave as it stands, good for the two values that stood there and for no others."""

    alguna: Value
    salesforce: Value
    at: str


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Why a record stands in the way of a new one: a duplicate rule of the org matched it."""

    rule: str
    may_save: bool
    """The rule alerts only: a person may have the record created all the same."""


@dataclass(frozen=True, slots=True)
class Decided:
    """All that people decided about one customer, and what they are asked."""

    choice: Choice | None = None
    apart: frozenset[str] = frozenset()
    """Accounts that it was unlinked from: never matched with it again unless a person links them."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By field key."""
    lookalikes: Mapping[str, Lookalike] = field(default_factory=dict)
    """By account: what Salesforce took for the same when the customer's account was to be created. Not a person's
    decision, but what one is asked about."""
    contacts: Mapping[str, Lookalike] = field(default_factory=dict)
    """By contact: the same for the customer's contact."""
    contact_choice: Choice | None = None
    """A new contact is wanted whatever the org took for the same: `what` is ``create``."""
    asked: frozenset[str] = frozenset()
    """Accounts that a person is asked about, since a pass ended. No decision either."""
    spared: Mapping[str, Spared] = field(default_factory=dict)
    """By field key, or `SPARED_ACCOUNT`, `SPARED_CONTACT`: what is left as it is until it moves."""
    loops: Mapping[str, Loop] = field(default_factory=dict)
    """By field key: what something outside keeps rewriting, and what a person settled that with."""

    def __bool__(self) -> bool:
        return self.choice is not None or bool(self.apart) or bool(self.answers)


UNDECIDED: Final = Decided()
SPARED_ACCOUNT: Final = "@account"
"""Key of an account that isn't created; `Spared.alguna` is what was asked about the customer then."""
SPARED_CONTACT: Final = "@contact"
"""The same for a contact; `Spared.alguna` is what Alguna said of it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything known about one customer: what the planner is given."""

    customer: Customer
    subscriptions: tuple[Subscription, ...] = ()
    account: Account | None = None
    contact: Contact | None = None
    link: Link | None = None
    match: Match | None = None
    decided: Decided = UNDECIDED
    carriers: tuple[str, ...] = ()
    """Accounts that the customer was unlinked from and that still carry its id."""


class State(StrEnum):
    """Where a customer or an account stands. The words are shown as they are."""

    IN_SYNC = "in_sync"
    PENDING = "pending"
    INCOMPLETE = "incomplete"
    REVIEW = "review"
    CONFLICT = "conflict"
    REFUSED = "refused"
    NOT_IMPORTED = "not_imported"
    NOT_CREATED = "not_created"
    GONE = "gone"
    SALESFORCE_ONLY = "salesforce_only"
    NEW = "new"
    """Seen, not planned yet."""


class Rule(StrEnum):
    """Who wins when both sides moved a field apart."""

    ALGUNA_WINS = "alguna_wins"
    SALESFORCE_WINS = "salesforce_wins"
    LATEST_WINS = "latest_wins"
    MANUAL = "manual"
    FILL_BLANKS = "fill_blanks"
    OFF = "off"


class Direction(StrEnum):
    """Which way a value will go."""

    TO_SALESFORCE = "to_salesforce"
    TO_ALGUNA = "to_alguna"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one field, "nothing to do" included, and why."""

    key: str
    reason: str
    differs: bool = False
    direction: Direction | None = None
    value: Value = None
    """The value to write, when `direction` is set."""
    lost: Value = None
    """The value that loses a conflict, kept for the history."""
    agreed: bool = False
    """Both sides hold the same value: base may move to it without a write."""
    asks: bool = False
    """Nothing is written because a person has to decide (a conflict left to people, a value that would be emptied)."""
    refused: bool = False
    """Nothing is written because the other side would not take the value; `reason` says why."""
    rule: str = ""
    """What decided, where something is written: the field's rule, or ``answer`` for a person's."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field, or one record to create, on one side.

    `before` and `after` are JSON values: text or None for a field, a list of texts for aliases, an object of
    field values for a record to create. `field` is that side's own name of the field, None for a record to
    create. `record` is the id on that side; for a record to create, the customer's id.
    """

    id: str
    customer_id: str
    side: Side
    entity: Literal["Account", "Contact", "customer"]
    record: str
    key: str | None
    field: str | None
    before: object
    after: object
    reason: str
    rule: str = ""
    """What decided: the field's rule, ``answer`` for a person's, ``undo``; empty for what no rule is about."""
    undoes: int | None = None
    """The run that this takes back; `key` and `after` None then: the record that the run created is deleted."""
    beside: Value = None
    """With `undoes`: what the other side is left with. For aliases: the one that is taken away."""

    @property
    def creates(self) -> bool:
        """A record is made."""
        return self.key is None and self.undoes is None

    @property
    def deletes(self) -> bool:
        """A record that a run made is taken away again."""
        return self.key is None and self.undoes is not None

    def as_json(self) -> dict[str, object]:
        """The shape that ``plan --json`` prints."""
        return {
            "id": self.id,
            "customer_id": self.customer_id,
            "side": self.side,
            "object": self.entity,
            "record": self.record,
            "key": self.key,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "rule": self.rule,
            **({"undoes": self.undoes, "beside": self.beside} if self.undoes is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """The planner's answer for one customer."""

    state: State
    why: tuple[str, ...]
    """Sentences for the *why* panel, most important first; never empty."""
    decisions: tuple[Decision, ...] = ()
    changes: tuple[Change, ...] = ()
    agreed: Values = field(default_factory=dict)
    """Base values that move without a write."""
    differs: int = 0
    """How many fields differ now."""
    void: tuple[str, ...] = ()
    """Keys of fields whose answer, or whose being spared, no longer stands, because a value moved since it was given."""
