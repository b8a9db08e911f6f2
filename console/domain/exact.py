"""What of a frozen plan can still be done exactly as it was planned, customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from console.domain.changes import NEW_ACCOUNT
from console.domain.fields import ALIASES, CONTACT_ACCOUNT, CUSTOMER_ID, FIELD
from console.domain.ids import same_id
from console.domain.merge import UNKNOWN, Known
from console.domain.normal import same, shown
from console.domain.prints import fingerprint
from console.domain.records import Account, Change, Contact, LinkPlan, Subject, Value, Values

DELETES: Final = "What a run created is deleted only by undoing that run, by its name."
GONE: Final = "Alguna no longer lists this customer."
MOVED: Final = "The customer or its account moved since the plan was made."


@dataclass(frozen=True, slots=True)
class Exact:
    """One customer's changes, each in exactly one of three places."""

    todo: tuple[Change, ...] = ()
    already: tuple[Change, ...] = ()
    """What they were to write stands there: this plan was carried out before, or somebody did the same."""
    stale: tuple[tuple[Change, str], ...] = ()
    """With a sentence that says what moved."""


def exact(found: tuple[Subject, LinkPlan] | None, changes: Sequence[Change], print_: str | None) -> Exact:
    """Part a customer's frozen changes by what can be done with them now.

    :param found: the customer as it is now, and what would be planned for it: a record is created only where it still would
        be. None: there is no such customer.
    :param print_: of its records when the plan was made; None: only the values that are written count.
    """
    if found is None:
        return Exact(stale=tuple((change, GONE) for change in changes))
    subject, planned = found
    moved = print_ is not None and fingerprint(subject, changes) != print_
    todo: list[Change] = []
    already: list[Change] = []
    stale: list[tuple[Change, str]] = []
    homeless = ""
    for change in changes:
        if _stands(change, subject):
            already.append(change)
        elif moved:
            stale.append((change, MOVED))
        elif obstacle := (homeless if _of_a_new_account(change) else "") or _obstacle(
            change, subject, planned
        ):
            stale.append((change, obstacle))
            if change.creates and change.entity == "Account":
                homeless = obstacle
        else:
            todo.append(change)
    return Exact(tuple(todo), tuple(already), tuple(stale))


def _stands(change: Change, subject: Subject) -> bool:
    """Whether what a change was to write is there."""
    if change.key is None:
        return change.creates and _created(change, subject)
    if change.key == ALIASES:
        return _listed(change, subject)
    found = _held(change, subject)
    return found is not UNKNOWN and same(FIELD[change.key].kind, found, cast("Value", change.after))


def _listed(change: Change, subject: Subject) -> bool:
    """Whether the aliases that a change adds are there, and none that it takes away."""
    account = subject.account.id if subject.account is not None else NEW_ACCOUNT
    before = set(cast("Sequence[str]", change.before or ()))
    after = {account if each == NEW_ACCOUNT else each for each in cast("Sequence[str]", change.after)}
    there = set(subject.customer.aliases)
    return after - before <= there and not (before - after) & there


def _created(change: Change, subject: Subject) -> bool:
    record = _record(change, subject)
    if record is None or record.deleted:
        return False
    if change.entity == "Account":
        return record.values.get(CUSTOMER_ID) == change.customer_id
    wanted = cast("Values", change.after)
    return all(
        key in record.values and same(FIELD[key].kind, value, record.values[key])
        for key, value in wanted.items()
        if key != CONTACT_ACCOUNT
    )


def _of_a_new_account(change: Change) -> bool:
    """Whether a change needs the account that the same plan creates."""
    if change.key == ALIASES:
        return NEW_ACCOUNT in cast("Sequence[str]", change.after)
    return change.creates and _home(change) == NEW_ACCOUNT


def _home(change: Change) -> Value:
    """The account that a contact to create belongs to; None for any other record."""
    return cast("Values", change.after).get(CONTACT_ACCOUNT)


def _obstacle(change: Change, subject: Subject, planned: LinkPlan) -> str:
    """Why a change can't be done as planned any more, empty where it can."""
    if change.deletes:
        return DELETES
    if change.key is None:
        wanted = any(each.creates and each.entity == change.entity for each in planned.changes)
        home = _home(change)
        there = subject.account.id if subject.account is not None else NEW_ACCOUNT
        if wanted and home in (None, NEW_ACCOUNT, there):
            return ""
        return f"It would not be created any more: {planned.why[0]}"
    if change.key == ALIASES:
        return ""  # the account's id is added to whatever aliases there are
    found = _held(change, subject)
    if found is UNKNOWN:
        return "The record is gone, or doesn't show this field any more."
    if same(FIELD[change.key].kind, found, cast("Value", change.before)):
        return ""
    return f"It holds {shown(found)} now; the plan found {shown(cast('Value', change.before))}."


def _held(change: Change, subject: Subject) -> Known:
    """What the place that a field change writes holds now."""
    if change.side == "alguna":
        customer = subject.customer
        return UNKNOWN if customer.gone else customer.values.get(cast("str", change.key), UNKNOWN)
    record = _record(change, subject)
    if record is None or record.deleted or not same_id(record.id, change.record):
        return UNKNOWN
    return record.values.get(cast("str", change.key), UNKNOWN)


def _record(change: Change, subject: Subject) -> Account | Contact | None:
    return subject.account if change.entity == "Account" else subject.contact


def by_customer(changes: Iterable[Change]) -> Mapping[str, Sequence[Change]]:
    """The changes of each customer in their order, customers in the order of their first."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.customer_id, []).append(change)
    return found
