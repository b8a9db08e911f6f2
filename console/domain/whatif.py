"""What other field rules would do to customers as they are now: found by planning each of them twice, with nothing written.

A change of the rules is good for what moves from then on. What it would do to records as they stand is shown first, and done
only when that is chosen; else each difference is spared (`Spared`), until one of its two values moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.contacts import said
from console.domain.fields import ALIASES, FIELD, Flow
from console.domain.matching import question
from console.domain.normal import same
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import (
    SPARED_ACCOUNT,
    SPARED_CONTACT,
    Change,
    Decided,
    LinkPlan,
    Rule,
    Spared,
    Subject,
)
from console.domain.view import alguna_values, salesforce_values


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person chooses of a policy: whose value wins, which way fields go, who is the source of new accounts."""

    rules: Mapping[str, Rule]
    flows: Mapping[str, Flow]
    create_accounts: bool

    @classmethod
    def of(cls, policy: Policy) -> Ruling:
        """What was chosen, without what is so anyway: two rulings that mean the same are equal."""
        return cls(
            {
                key: rule
                for key, rule in policy.rules.items()
                if key in FIELD and rule is not FIELD[key].default_rule
            },
            {
                key: flow
                for key, flow in policy.flows.items()
                if key in FIELD and flow is not FIELD[key].direction
            },
            policy.create_accounts,
        )

    def within(self, policy: Policy) -> Policy:
        """The policy with this instead of what was chosen."""
        return replace(policy, rules=self.rules, flows=self.flows, create_accounts=self.create_accounts)

    def as_json(self) -> dict[str, object]:
        """As kept in the cache."""
        return {
            "rules": dict(self.rules),
            "flows": dict(self.flows),
            "create_accounts": self.create_accounts,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, dict[str, str]]) -> Ruling:
        """As `as_json` gave it."""
        return cls(
            {key: Rule(rule) for key, rule in kept["rules"].items()},
            {key: Flow(flow) for key, flow in kept["flows"].items()},
            bool(kept["create_accounts"]),
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What other rules would do to one customer."""

    writes: tuple[Change, ...] = ()
    """Changes that are not planned as it is."""
    dropped: tuple[Change, ...] = ()
    """Changes that are planned as it is, and would not be any more."""
    asks: tuple[str, ...] = ()
    """Fields that would begin to wait for a person."""

    def __bool__(self) -> bool:
        return bool(self.writes or self.dropped or self.asks)


NOTHING = Effect()


def effect(subject: Subject, planned: LinkPlan, now: Policy, then: Policy) -> Effect:
    """What `then` instead of `now` would do to a customer as it is, with what was spared when rules changed before.

    :param planned: its plan by `now`.
    """
    if not _may_differ(subject, planned, now, then):
        return NOTHING
    other = plan(replace(subject, decided=unspared(subject.decided)), then)
    before = {_what(change) for change in planned.changes}
    after = {_what(change) for change in other.changes}
    asked = {decision.key for decision in planned.decisions if decision.asks}
    return Effect(
        tuple(change for change in other.changes if _what(change) not in before),
        tuple(change for change in planned.changes if _what(change) not in after),
        tuple(decision.key for decision in other.decisions if decision.asks and decision.key not in asked),
    )


def spared(subject: Subject, done: Effect, then: Policy, at: str) -> dict[str, Spared]:
    """What leaves everything as it is that an effect would write, by key; bound to the values that stand there now."""
    left: dict[str, Spared] = {}
    if not done.writes:
        return left
    ours = alguna_values(subject.customer, subject.subscriptions, subject.link, then).values
    theirs = salesforce_values(subject.account, subject.contact)
    for change in done.writes:
        if change.key is None and change.entity == "Account":
            asked = question(subject.customer, subject.match) if subject.match is not None else ""
            left[SPARED_ACCOUNT] = Spared(asked, None, at)
        elif change.key is None:
            left[SPARED_CONTACT] = Spared(said(ours), None, at)
        elif change.key != ALIASES:
            left[change.key] = Spared(ours[change.key], theirs[change.key], at)
    if SPARED_ACCOUNT in left:
        return {SPARED_ACCOUNT: left[SPARED_ACCOUNT]}  # nothing else is written without the account
    return left


def unspared(decided: Decided) -> Decided:
    """What was decided, without what changed rules spared."""
    if not decided.spared:
        return decided
    return replace(decided, spared={})


def _may_differ(subject: Subject, planned: LinkPlan, now: Policy, then: Policy) -> bool:
    """Whether planning once more is worth it: not where both sides agree in every field that is compared by either."""
    if subject.link is None:
        return now.create_accounts != then.create_accounts or SPARED_ACCOUNT in subject.decided.spared
    if planned.differs or planned.changes or subject.decided.spared:
        return True
    switched_on = [
        key for key, rule in now.rules.items() if rule is Rule.OFF and then.rules.get(key) is not Rule.OFF
    ]
    if not switched_on or subject.account is None:
        return False
    ours = alguna_values(subject.customer, subject.subscriptions, subject.link, now).values
    theirs = salesforce_values(subject.account, subject.contact)
    no_contact = subject.contact is None or subject.contact.deleted
    return any(
        (no_contact and FIELD[key].entity == "Contact")
        or (key in ours and key in theirs and not same(FIELD[key].kind, ours[key], theirs[key]))
        for key in switched_on
    )


def _what(change: Change) -> tuple[object, ...]:
    """What a change does; a record to create is the same one whatever its fields."""
    return (change.side, change.entity, change.key, None if change.key is None else str(change.after))
