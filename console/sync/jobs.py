"""One customer's plan while it is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from console.domain.changes import NEW_ACCOUNT
from console.domain.fields import ALIASES, CONTACT_ACCOUNT, FIELD
from console.domain.records import Account, Change, Contact, LinkPlan, Subject, Value, Values


@dataclass(slots=True)
class Job:
    """The changes of one customer, and its records as last seen.

    A change leaves `changes` when it is settled.
    """

    subject: Subject
    plan: LinkPlan
    changes: list[Change]
    account: Account | None = None
    contact: Contact | None = None

    @property
    def customer_id(self) -> str:
        """Alguna's id of the customer."""
        return self.subject.customer.id

    @property
    def creation(self) -> Change | None:
        """The account to create, if any."""
        return next((c for c in self.changes if c.entity == "Account" and c.creates), None)

    @property
    def wanted(self) -> bool:
        """Whether a person decided that a new account is to be created."""
        choice = self.subject.decided.choice
        return choice is not None and choice.what == "create"

    @property
    def contact_creation(self) -> Change | None:
        """The contact to create, if any."""
        return next((c for c in self.changes if c.entity == "Contact" and c.creates), None)

    def deletion(self, entity: str) -> Change | None:
        """The account or contact to take away again, if any: only an undo has that."""
        return next((c for c in self.changes if c.entity == entity and c.deletes), None)

    @property
    def alias(self) -> Change | None:
        """The alias to add, or to take back, if any."""
        return next((c for c in self.changes if c.key == ALIASES), None)

    def fields_of(self, entity: str) -> list[Change]:
        """The changed fields of one record."""
        return [c for c in self.changes if c.entity == entity and c.key is not None and c.key != ALIASES]

    def lost(self, change: Change) -> Value:
        """The value that loses when a change is made, kept for the history."""
        return next((d.lost for d in self.plan.decisions if d.key == change.key), None)

    def settled(self, changes: Sequence[Change]) -> None:
        """These need nothing more."""
        ids = {change.id for change in changes}
        self.changes = [change for change in self.changes if change.id not in ids]

    def know_account(self, account: Account) -> None:
        """The account exists now: changes that waited for its id get it. Their own ids stay."""
        self.account = account
        self.changes = [placed(change, account.id) for change in self.changes]


def placed(change: Change, account_id: str) -> Change:
    """The change with the account's id in the place that was kept for it."""
    after = change.after
    if isinstance(after, Mapping) and after.get(CONTACT_ACCOUNT) == NEW_ACCOUNT:
        return replace(change, after={**after, CONTACT_ACCOUNT: account_id})
    if isinstance(after, (list, tuple)) and NEW_ACCOUNT in after:
        return replace(change, after=[account_id if each == NEW_ACCOUNT else each for each in after])
    return change


def text_of(change: Change) -> Value:
    """The value that a field change writes."""
    return cast("Value", change.after)


def values_of(change: Change) -> dict[str, Value]:
    """The field values of a record to create, without the place of its account."""
    after = cast("Values", change.after)
    return {key: value for key, value in after.items() if key in FIELD}


def account_of(change: Change) -> str | None:
    """The account that a contact to create belongs to; None while that isn't created."""
    found = cast("Values", change.after).get(CONTACT_ACCOUNT)
    return None if found == NEW_ACCOUNT else found


def new_alias(change: Change) -> str:
    """The alias that a change of aliases adds, or takes back: the account's id."""
    before, after = cast("Sequence[str]", change.before or ()), cast("Sequence[str]", change.after)
    return next(alias for alias in (*after, *before) if (alias in before) is not (alias in after))


def takes_alias(change: Change) -> bool:
    """Whether a change of aliases takes one back."""
    return new_alias(change) not in cast("Sequence[str]", change.after)
