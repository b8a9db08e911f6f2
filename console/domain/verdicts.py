"""What a person may decide about one customer."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.loops import PinWord
from console.domain.records import Side


@dataclass(frozen=True, slots=True)
class LinkWith:
    """This account is the customer's."""

    account_id: str


@dataclass(frozen=True, slots=True)
class CreateNew:
    """None of the accounts is the customer's: it gets a new one."""


@dataclass(frozen=True, slots=True)
class LinkContact:
    """This contact of the linked account, which a duplicate rule matched, is the customer's."""

    contact_id: str


@dataclass(frozen=True, slots=True)
class CreateContact:
    """None of the contacts that a duplicate rule matched is the customer's: it gets a new one."""


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Nothing is done about the customer, and nobody is asked, until something about it changes."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """What was decided about the customer is taken back."""


@dataclass(frozen=True, slots=True)
class Unlink:
    """The two are not the same: the link and what was agreed are forgotten, and the pair isn't matched again."""


@dataclass(frozen=True, slots=True)
class Keep:
    """One side's value of a field is kept, as both sides hold it now."""

    key: str
    side: Side


@dataclass(frozen=True, slots=True)
class PinField:
    """How a field goes on that something outside keeps rewriting (`console.domain.loops.PINS`)."""

    key: str
    how: PinWord


@dataclass(frozen=True, slots=True)
class Pin:
    """The subscription that the account shows; None lets the rule choose."""

    subscription_id: str | None


Verdict = (
    LinkWith
    | CreateNew
    | LinkContact
    | CreateContact
    | LeaveAlone
    | AskAgain
    | Unlink
    | Keep
    | Pin
    | PinField
)
