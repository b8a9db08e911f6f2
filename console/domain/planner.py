"""What the sync is about to do to one customer, and why: a pure function of what is known.

`plan` reads no clock and no store: the same subject and policy always give the same plan, so that a plan can be
shown first, hashed, and applied later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from console.domain import contacts, masked, why
from console.domain.changes import (
    NEW_ACCOUNT,
    account_creation,
    alias_addition,
    alias_held,
    contact_creation,
    field_change,
    plan_hash,
)
from console.domain.decisions import NOTHING_HELD, decide, latest_sides, refusal, standing
from console.domain.fields import ACCOUNT_FIELDS, ALIASES, CUSTOMER_ID, FIELD, FIELDS, NAME
from console.domain.ids import same_id
from console.domain.matching import question
from console.domain.merge import UNKNOWN, Known, merge
from console.domain.picklists import taken
from console.domain.policy import Policy
from console.domain.records import (
    SPARED_ACCOUNT,
    SPARED_CONTACT,
    Account,
    Change,
    Contact,
    Customer,
    Decision,
    Direction,
    LinkPlan,
    Rule,
    State,
    Subject,
    Value,
    Values,
)
from console.domain.view import AlgunaView, alguna_values, salesforce_values

__all__ = ["NEW_ACCOUNT", "UNKNOWN", "Known", "merge", "plan", "plan_hash", "waits"]


def plan(subject: Subject, policy: Policy) -> LinkPlan:
    """The plan for one customer: its state, every field's decision, the changes, and sentences that say why.

    A subject without a `match` hasn't been looked for in Salesforce yet, so nothing is created for it.
    `subject.subscriptions` are all of the customer's: an empty tuple means that there is none. `subject.decided` is what
    people decided when they were asked; it goes before what the policy says of customers in general.
    """
    waiting = _waiting(subject, policy)
    if waiting is not None:
        return waiting
    account = _account(subject)
    if account is not None:
        return _linked(subject, account, policy)
    return _unmatched(subject, policy, why.created(subject.decided.choice))


def waits(subject: Subject, policy: Policy) -> State | None:
    """The state of a customer whose fields are not compared, or None for one whose plan depends on them.

    What `plan` answers without looking at any field, for a small part of its price.
    """
    waiting = _waiting(subject, policy)
    if waiting is not None:
        return waiting.state
    if _account(subject) is None and alguna_values(subject.customer, (), None, policy).missing:
        return State.INCOMPLETE
    return None


def _account(subject: Subject) -> Account | None:
    """The account that a customer is linked with or was matched to."""
    matched = subject.match is not None and subject.match.account_id is not None
    return subject.account if matched or subject.link is not None else None


def _waiting(subject: Subject, policy: Policy) -> LinkPlan | None:
    """The plan for a customer whose fields are not compared; None where an account is linked or to be created."""
    merged = why.merged_away(subject)
    if merged is not None:
        return LinkPlan(State.REVIEW, merged)
    person = why.person_account(subject)
    if person is not None:
        return LinkPlan(State.REVIEW, person)
    gone = why.gone(subject)
    if gone is not None:
        return LinkPlan(State.GONE, gone)
    if subject.link is not None and subject.account is not None:
        return None
    customer, match, choice = subject.customer, subject.match, subject.decided.choice
    asked_for = choice is not None and choice.what != "leave"
    existing = not policy.is_new(customer) and customer.id not in policy.imported and not asked_for
    outside = existing and policy.import_choice == "none"
    if not policy.may_read(CUSTOMER_ID) and not (outside and not subject.decided):
        return LinkPlan(State.NEW, (_NAMELESS,))
    if match is None:
        if outside and not subject.decided:
            return LinkPlan(State.NOT_IMPORTED, (_LEFT_ALONE,))
        return LinkPlan(State.NEW, ("Not looked for in Salesforce yet.",))
    if choice is not None and choice.what == "leave" and choice.question == question(customer, match):
        return LinkPlan(State.NOT_IMPORTED, (why.left_alone(choice),))
    if outside and not (subject.decided.apart and match.candidates):
        return LinkPlan(State.NOT_IMPORTED, (_LEFT_ALONE,))
    if match.account_id is not None:
        account = subject.account
        if account is None or not same_id(account.id, match.account_id):
            return LinkPlan(
                State.NEW, (f"Matched to account {match.account_id}, which hasn't been read yet.",)
            )
        return None
    if match.candidates:
        return LinkPlan(State.REVIEW, why.review(match, choice))
    if existing and policy.import_choice == "matching":
        return LinkPlan(State.NOT_IMPORTED, (_NO_MATCH,))
    if not policy.create_accounts and not asked_for:
        return LinkPlan(State.NOT_CREATED, (_NO_CREATION,))
    if not policy.may_create("Account"):
        return LinkPlan(State.NOT_CREATED, (_NO_RIGHT,))
    spared = subject.decided.spared.get(SPARED_ACCOUNT)
    if spared is not None and not asked_for and spared.alguna == question(customer, match):
        return LinkPlan(State.NOT_CREATED, (why.not_created(spared),))
    return None


_NAMELESS = (
    "Not looked for in Salesforce: the signed-in user can't see there which customer an account carries, so that another's could be"
    " taken, or a second one made."
)
_LEFT_ALONE = "This customer was there before the connection, and existing customers are not imported."
_NO_MATCH = (
    "No account matches, and of the existing customers only those with a matching account are imported."
)
_NO_CREATION = "No account matches, and creating accounts from Alguna is switched off."
_NO_RIGHT = "No account matches, and the signed-in user may not create accounts in Salesforce."
_NEW_CONTACT = "The account has no contact with this e-mail address: Alguna's contact is created."


def _unmatched(subject: Subject, policy: Policy, reason: str) -> LinkPlan:
    """A new account with everything known, its contact, and its id among the customer's aliases."""
    customer = subject.customer
    view = alguna_values(customer, subject.subscriptions, None, policy)
    if view.missing:
        parts = " and ".join(view.missing)
        return LinkPlan(
            State.INCOMPLETE,
            (
                f"Waiting for the {parts}: an account is created once the customer's profile in Alguna has that.",
            ),
        )
    decisions = [
        contacts.new_field(spec, view.values.get(spec.key, UNKNOWN), policy) for spec in ACCOUNT_FIELDS
    ]
    decisions = taken(decisions, {}, policy.picklists)
    values = _written(decisions)
    if NAME not in values or CUSTOMER_ID not in values:
        head = "The account can't be created: it needs both its name and its Alguna customer id."
        return LinkPlan(
            State.REFUSED,
            (head, *why.of_troubles(decisions)),
            tuple(decisions),
            differs=_differing(decisions),
        )
    changes = [account_creation(customer, values, reason)]
    contact = contacts.new_contact(view.values, None, policy)
    if person := _written(contact):
        changes.append(contact_creation(customer, NEW_ACCOUNT, person, "The new account's contact."))
    changes.append(alias_addition(customer, NEW_ACCOUNT))
    decisions = _in_order([*decisions, *contact])
    return LinkPlan(
        State.PENDING,
        (reason, *why.of_troubles(decisions), *why.notes(view, decisions)),
        tuple(decisions),
        tuple(changes),
        differs=_differing(decisions),
    )


def _linked(subject: Subject, account: Account, policy: Policy) -> LinkPlan:
    """Field changes both ways, the contact where there is none, and the alias."""
    customer, link = subject.customer, subject.link
    view = alguna_values(customer, subject.subscriptions, link, policy)
    contact = subject.contact if subject.contact is not None and not subject.contact.deleted else None
    there = salesforce_values(account, contact)
    held = link.held if link is not None else NOTHING_HELD
    base: Values = link.base if link is not None else {}
    if held:
        base = {key: value for key, value in base.items() if key not in held}
    answers, void = standing(subject.decided.answers, view.values, there)
    spared, moved = standing(subject.decided.spared, view.values, there)
    decisions = decide(
        ACCOUNT_FIELDS if contact is None else FIELDS,
        view.values,
        there,
        base,
        policy,
        answers,
        latest_sides(customer, account, contact) if Rule.LATEST_WINS in policy.rules.values() else {},
        subscribed=view.primary is not None,
        held=held,
        spared=spared,
        loops=subject.decided.loops,
    )
    decisions = taken(decisions, there, policy.picklists)
    if subject.carriers:
        decisions = [_kept_elsewhere(decision, subject, account) for decision in decisions]
    created: list[Change] = []
    if contact is not None:
        decisions = contacts.of_one_person(decisions, view.values, masked.lifted(there), base, answers)
        decisions = masked.keep_out(decisions, customer, view.values, there, answers)
        decisions = contacts.for_alguna(decisions, customer, view.values)
        changes = _field_changes(decisions, customer, account.id, contact.id, view.values, there)
    else:
        changes = _field_changes(decisions, customer, account.id, "", view.values, there)
        fresh = contacts.new_contact(view.values, link, policy)
        uncreated = subject.decided.spared.get(SPARED_CONTACT)
        if uncreated is not None and uncreated.alguna == contacts.said(view.values):
            fresh = contacts.left_uncreated(fresh, uncreated)
        if person := _written(fresh):
            created = [contact_creation(customer, account.id, person, _NEW_CONTACT)]
        decisions = _in_order([*decisions, *fresh])
    if account.id not in customer.aliases and not alias_held(customer, account.id, held.get(ALIASES)):
        changes.append(alias_addition(customer, account.id))
    return replace(
        _result(subject, view, decisions, [*created, *changes]),
        void=(*void, *moved, *_over(subject, contact)),
    )


def _over(subject: Subject, contact: Contact | None) -> Iterator[str]:
    """Keys of records that changed rules spared, and that are there by now."""
    if SPARED_ACCOUNT in subject.decided.spared:
        yield SPARED_ACCOUNT
    if contact is not None and SPARED_CONTACT in subject.decided.spared:
        yield SPARED_CONTACT


def _field_changes(
    decisions: Sequence[Decision],
    customer: Customer,
    account_id: str,
    contact_id: str,
    alguna: Values,
    salesforce: Values,
) -> list[Change]:
    """A change for each decision with a direction: those in Salesforce first."""
    to_salesforce: list[Change] = []
    to_alguna: list[Change] = []
    for decision in decisions:
        if decision.direction is Direction.TO_SALESFORCE:
            record = account_id if FIELD[decision.key].entity == "Account" else contact_id
            to_salesforce.append(field_change(customer, decision, record, salesforce.get(decision.key)))
        elif decision.direction is Direction.TO_ALGUNA:
            to_alguna.append(field_change(customer, decision, customer.id, alguna.get(decision.key)))
    return to_salesforce + to_alguna


def _kept_elsewhere(decision: Decision, subject: Subject, account: Account) -> Decision:
    """The decision itself, but Salesforce keeps a customer id once: with it, the whole record would be refused."""
    others = [id_ for id_ in subject.carriers if not same_id(id_, account.id)]
    if decision.key != CUSTOMER_ID or decision.direction is None or not others:
        return decision
    reason = (
        f"Account {others[0]} still carries this customer's id, and Salesforce keeps it once: clear it there."
    )
    return refusal(decision, reason)


def _result(
    subject: Subject, view: AlgunaView, decisions: Sequence[Decision], changes: Sequence[Change]
) -> LinkPlan:
    state = State.IN_SYNC
    if changes:
        state = State.PENDING
    elif any(decision.asks for decision in decisions):
        state = State.CONFLICT
    elif any(decision.refused for decision in decisions):
        state = State.REFUSED
    differs = _differing(decisions)
    sentences = (
        why.head(decisions, changes, differs),
        *(why.of_decisions(decisions) if differs else ()),
        *why.linked(subject),
        *why.notes(view, decisions),
    )
    agreed: dict[str, Value] = {
        decision.key: view.values[decision.key] for decision in decisions if decision.agreed
    }
    return LinkPlan(state, sentences, tuple(decisions), tuple(changes), agreed, differs)


def _written(decisions: Iterable[Decision]) -> Values:
    return {decision.key: decision.value for decision in decisions if decision.direction is not None}


def _differing(decisions: Iterable[Decision]) -> int:
    return sum(decision.differs for decision in decisions)


def _in_order(decisions: Iterable[Decision]) -> list[Decision]:
    return sorted(decisions, key=lambda decision: _PLACE[decision.key])


_PLACE: Final = {spec.key: place for place, spec in enumerate(FIELDS)}
