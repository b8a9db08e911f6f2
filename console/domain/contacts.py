"""The customer's contact: when it is created, and when it must not be turned into somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps

from console.domain.decisions import REQUIRED, Answers, permitted, question, refusal
from console.domain.fields import (
    CONTACT_EMAIL,
    CONTACT_FIELDS,
    CONTACT_FIRST_NAME,
    CONTACT_LAST_NAME,
    FIELD,
    FieldSpec,
    Flow,
)
from console.domain.merge import ALGUNA_UNKNOWN, OFF, SALESFORCE_UNKNOWN, UNKNOWN, Known, settled
from console.domain.normal import same, shown
from console.domain.plain import readable
from console.domain.policy import Policy
from console.domain.records import Customer, Decision, Direction, Link, Rule, Spared, Values


def new_field(spec: FieldSpec, value: Known, policy: Policy) -> Decision:
    """One field of a record that is about to be created in Salesforce."""
    if policy.rule(spec) is Rule.OFF:
        return settled(spec.key, OFF)
    if policy.flow(spec) is Flow.TO_ALGUNA and spec.key not in REQUIRED[Direction.TO_SALESFORCE]:
        return settled(spec.key, "By its rule, this field only goes to Alguna.")
    if value is UNKNOWN:
        return settled(spec.key, ALGUNA_UNKNOWN)
    if not policy.may_read(spec.key):
        return settled(spec.key, SALESFORCE_UNKNOWN)
    if value is None:
        return settled(spec.key, "Alguna has no value for the new record.")
    reason = f"The new record gets {shown(value)} from Alguna."
    decision = Decision(spec.key, reason, differs=True, direction=Direction.TO_SALESFORCE, value=value)
    return permitted(decision, spec, policy, new=True)


def new_contact(alguna: Values, link: Link | None, policy: Policy) -> list[Decision]:
    """Decisions for a contact that isn't there in Salesforce: those with a direction make the new one.

    Salesforce takes no contact without a last name, so nothing is created until Alguna has one. A contact that was linked and is
    gone was removed by somebody, and is not brought back.
    """
    if link is not None and link.contact_id is not None:
        reason = f"Contact {link.contact_id} was deleted, or the signed-in user lost sight of it: it isn't created again."
        return [settled(spec.key, reason) for spec in CONTACT_FIELDS]
    if not any(alguna.get(spec.key) for spec in CONTACT_FIELDS):
        return [
            settled(spec.key, "Alguna has no contact." if spec.key in alguna else ALGUNA_UNKNOWN)
            for spec in CONTACT_FIELDS
        ]
    if not policy.may_read(CONTACT_LAST_NAME):
        return [settled(spec.key, SALESFORCE_UNKNOWN) for spec in CONTACT_FIELDS]
    decisions = [new_field(spec, alguna.get(spec.key, UNKNOWN), policy) for spec in CONTACT_FIELDS]
    if not policy.may_create("Contact"):
        reason = "The signed-in user may not create contacts in Salesforce: none is created."
        return [refusal(each, reason) if each.direction is not None else each for each in decisions]
    last_name = next(decision for decision in decisions if decision.key == CONTACT_LAST_NAME)
    if last_name.direction is not None or policy.rule(FIELD[CONTACT_LAST_NAME]) is Rule.OFF:
        return decisions if last_name.direction is not None else _none_written(decisions, last_name)
    if not last_name.refused:
        who = shown(alguna.get(CONTACT_EMAIL) or alguna.get(CONTACT_FIRST_NAME))
        reason = f"Salesforce takes no contact without a last name, and Alguna has none for {who}."
        last_name = Decision(CONTACT_LAST_NAME, reason, differs=True, refused=True)
    return _none_written(decisions, last_name)


def said(alguna: Values) -> str:
    """What Alguna says of the contact, as a text to compare."""
    return dumps([alguna.get(spec.key) for spec in CONTACT_FIELDS])


def left_uncreated(decisions: Sequence[Decision], spared: Spared) -> list[Decision]:
    """The same decisions, but the contact isn't created: it had none when the rules were changed."""
    reason = (
        f"The account has no contact, and gets none because the rules were changed at {readable(spared.at)}: left as it is until"
        " Alguna's contact changes."
    )
    return [
        Decision(each.key, reason, differs=True) if each.direction is not None else each for each in decisions
    ]


def _none_written(decisions: Sequence[Decision], last_name: Decision) -> list[Decision]:
    waiting = "The contact isn't created, so this waits: see its last name."
    return [
        last_name
        if decision.key == CONTACT_LAST_NAME
        else Decision(decision.key, waiting, differs=True)
        if decision.direction is not None
        else decision
        for decision in decisions
    ]


def of_one_person(
    decisions: Sequence[Decision], alguna: Values, salesforce: Values, base: Values, answers: Answers
) -> list[Decision]:
    """The same decisions, but a contact that seems to have become another person is left to people.

    When e-mail and last name both moved on one side only, its primary contact was probably exchanged, and copying the new
    name over the other side's contact would destroy a person's record.
    """
    reason = None
    if _another_person(alguna, salesforce, base):
        reason = f"Alguna's contact seems to be another person now: {_person(base)} became {_person(alguna)}."
    elif _another_person(salesforce, alguna, base):
        reason = f"Salesforce's contact seems to be another person now: {_person(base)} became {_person(salesforce)}."
    if reason is None:
        return list(decisions)
    reason += " A person decides whether the other side follows."
    return [
        question(decision, reason)
        if decision.direction is not None
        and FIELD[decision.key].entity == "Contact"
        and decision.key not in answers
        else decision
        for decision in decisions
    ]


def _another_person(values: Values, other: Values, base: Values) -> bool:
    """Whether e-mail and last name both moved away from the base, and the other side followed in neither."""
    for key in (CONTACT_EMAIL, CONTACT_LAST_NAME):
        now, before, there = values.get(key), base.get(key), other.get(key)
        kind = FIELD[key].kind
        if now is None or before is None or same(kind, now, before) or same(kind, now, there):
            return False
    return True


def _person(values: Values) -> str:
    parts = (values.get(CONTACT_FIRST_NAME), values.get(CONTACT_LAST_NAME), values.get(CONTACT_EMAIL))
    return shown(" ".join(part for part in parts if part), 80)


def for_alguna(decisions: Sequence[Decision], customer: Customer, alguna: Values) -> list[Decision]:
    """The same decisions, but a contact without an e-mail address isn't made in Alguna, which identifies contacts by it."""
    to_alguna = {
        decision.key: decision
        for decision in decisions
        if decision.direction is Direction.TO_ALGUNA and FIELD[decision.key].entity == "Contact"
    }
    if not to_alguna or customer.contact_id is not None or alguna.get(CONTACT_EMAIL) is not None:
        return list(decisions)
    if CONTACT_EMAIL in to_alguna:
        return list(decisions)
    reason = "Alguna takes no contact without an e-mail address, and Salesforce has none."
    return [refusal(decision, reason) if decision.key in to_alguna else decision for decision in decisions]
