"""All fields of a linked customer, decided one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from console.domain.fields import SUBSCRIPTION_KEYS, FieldSpec, Kind
from console.domain.merge import EMPTY, SAME, UNKNOWN, merge, settled
from console.domain.normal import canonical, fits
from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Contact,
    Customer,
    Decision,
    Direction,
    Rule,
    Side,
    Values,
)

Answers = Mapping[str, Side]
"""Field key -> the side whose value a person chose to keep."""


def decide(
    specs: Iterable[FieldSpec],
    alguna: Values,
    salesforce: Values,
    base: Values,
    policy: Policy,
    answers: Answers,
    latest: Mapping[str, Side],
    *,
    subscribed: bool,
) -> list[Decision]:
    """One decision for each of `specs`, in their order.

    `latest` says, by Salesforce object, on which side the record changed last. `subscribed` tells whether there is a
    subscription to show: when all of them vanished, its fields are not emptied unasked.
    """
    rules = policy.rules
    decisions: list[Decision] = []
    for spec in specs:
        key = spec.key
        ours, theirs = alguna.get(key, UNKNOWN), salesforce.get(key, UNKNOWN)
        agreed = base.get(key, UNKNOWN)
        rule = rules.get(key, spec.default_rule)
        if ours == theirs == agreed and ours is not UNKNOWN and rule is not Rule.OFF:
            # Nearly every field of nearly every pass.
            decisions.append(settled(key, EMPTY if ours is None else SAME))
            continue
        decision = merge(
            key,
            ours,
            theirs,
            agreed,
            rule,
            latest=latest.get(spec.entity) if rule is Rule.LATEST_WINS else None,
            answer=answers.get(key),
            may_empty=subscribed or key not in SUBSCRIPTION_KEYS,
        )
        decisions.append(permitted(decision, spec, policy))
    return decisions


def permitted(decision: Decision, spec: FieldSpec, policy: Policy) -> Decision:
    """The decision itself, or a refusal where Salesforce would not take the value from this user."""
    if decision.direction is not Direction.TO_SALESFORCE:
        return decision
    if not policy.may_write(spec.key):
        return refusal(decision, "The signed-in user may read this field in Salesforce but not edit it.")
    misfit = fits(spec, decision.value)
    return decision if misfit is None else refusal(decision, misfit)


def refusal(decision: Decision, reason: str) -> Decision:
    """The same field with nothing written, because it would not be taken."""
    return replace(decision, reason=reason, direction=None, value=None, lost=None, refused=True)


def question(decision: Decision, reason: str) -> Decision:
    """The same field with nothing written, because a person has to decide."""
    return replace(decision, reason=reason, direction=None, value=None, lost=None, asks=True)


def latest_sides(customer: Customer, account: Account, contact: Contact | None) -> dict[str, Side]:
    """By Salesforce object: the side whose record changed last. Left out where the instants are equal or unreadable.

    Whole records are compared, since neither API says when a single field changed.
    """
    sides: dict[str, Side] = {}
    alguna = _instant(customer.updated_at)
    for entity, record in (("Account", account), ("Contact", contact)):
        salesforce = _instant(record.modstamp) if record is not None else None
        if alguna is not None and salesforce is not None and alguna != salesforce:
            sides[entity] = "alguna" if alguna > salesforce else "salesforce"
    return sides


def _instant(text: str) -> str | None:
    try:
        return canonical(Kind.INSTANT, text)
    except ValueError:
        return None  # an instant that can't be read decides nothing
