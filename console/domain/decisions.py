"""All fields of a linked customer, decided one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from console.domain.fields import (
    CONTACT_EMAIL,
    CONTACT_LAST_NAME,
    CURRENCY,
    CUSTOMER_ID,
    FIELD,
    NAME,
    SUBSCRIPTION_KEYS,
    FieldSpec,
    Flow,
    Kind,
)
from console.domain.loops import Loop, judged, kept
from console.domain.masked import is_masked
from console.domain.merge import EMPTY, SAME, UNKNOWN, merge, settled
from console.domain.normal import canonical, fits, same, shown
from console.domain.plain import plain, readable
from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Answer,
    Contact,
    Customer,
    Decision,
    Direction,
    Held,
    Rule,
    Side,
    Spared,
    Values,
)

Answers = Mapping[str, Answer]
"""Field key -> the side whose value a person chose to keep."""

ANSWER: Final = "answer"
"""In place of a rule: a person's answer decided."""
NOTHING_HELD: Final[Mapping[str, Held]] = {}

REQUIRED: Final[Mapping[Direction, frozenset[str]]] = {
    Direction.TO_SALESFORCE: frozenset({NAME, CONTACT_LAST_NAME}),
    Direction.TO_ALGUNA: frozenset({NAME, CURRENCY, CONTACT_EMAIL}),
}
"""What may not be empty on the side that is written."""


Bound = TypeVar("Bound", Answer, Spared)
"""What is good for the two values that stood there, and for no others."""


def standing(
    answers: Mapping[str, Bound], alguna: Values, salesforce: Values
) -> tuple[Mapping[str, Bound], tuple[str, ...]]:
    """The answers (or what is spared) that stand for these values, and the keys of those that a move since made void.

    While a side doesn't say what it holds, an answer neither stands nor is void. Keys that are no field's are passed over.
    """
    if not answers:
        return answers, ()
    holding: dict[str, Bound] = {}
    void: list[str] = []
    for key, answer in answers.items():
        if key not in alguna or key not in salesforce:
            continue
        kind = FIELD[key].kind
        if same(kind, alguna[key], answer.alguna) and same(kind, salesforce[key], answer.salesforce):
            holding[key] = answer
        else:
            void.append(key)
    return holding, tuple(void)


def open_to(decision: Decision, alguna: Values, salesforce: Values) -> tuple[Side, ...]:
    """The sides whose value a person may choose to keep in this field now; none where nothing differs."""
    key = decision.key
    if not decision.differs or key not in alguna or key not in salesforce:
        return ()
    if FIELD[key].direction is Flow.BOTH:
        return (
            ("alguna",) if is_masked(salesforce[key]) and key == CONTACT_EMAIL else ("alguna", "salesforce")
        )
    # Only Alguna fills it: Salesforce's value can be let be where Alguna has none, never copied back.
    return ("alguna", "salesforce") if alguna[key] is None and key != CUSTOMER_ID else ("alguna",)


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
    held: Mapping[str, Held] = NOTHING_HELD,
    spared: Mapping[str, Spared] | None = None,
    loops: Mapping[str, Loop] | None = None,
) -> list[Decision]:
    """One decision for each of `specs`, in their order.

    `answers` and `spared` are those that stand for these values.

    `latest` says, by Salesforce object, on which side the record changed last. `subscribed` tells whether there is a
    subscription to show: when all of them vanished, its fields are not emptied unasked. `held` goes in place of `base`.
    """
    rules = policy.rules
    decisions: list[Decision] = []
    for spec in specs:
        key = spec.key
        ours, theirs = alguna.get(key, UNKNOWN), salesforce.get(key, UNKNOWN)
        apart = held.get(key)
        agreed = base.get(key, UNKNOWN) if apart is None else UNKNOWN
        rule = rules.get(key, spec.default_rule)
        if ours == theirs == agreed and ours is not UNKNOWN and rule is not Rule.OFF:
            # Nearly every field of nearly every pass.
            decisions.append(settled(key, EMPTY if ours is None else SAME))
            continue
        answer, loop = answers.get(key), loops.get(key) if loops else None
        keeps = answer.side if answer is not None else None
        if loop is not None and keeps is None and ours is not UNKNOWN and theirs is not UNKNOWN:
            keeps = kept(key, loop, theirs if loop.side == "salesforce" else ours)
        decision = merge(
            key,
            ours,
            theirs,
            agreed,
            rule,
            latest=latest.get(spec.entity),
            answer=keeps,
            held=apart,
            may_empty=subscribed or key not in SUBSCRIPTION_KEYS,
            flow=policy.flow(spec),
        )
        if answer is not None and decision.differs and not decision.asks:
            decided = f"{decision.reason} Decided by {plain(answer.by, 60)} at {readable(answer.at)}."
            decision = replace(decision, reason=decided)
        if decision.direction is not None:
            decision = replace(decision, rule=ANSWER if answer is not None else str(rule))
        decision = permitted(decision, spec, policy)
        if spared and keeps is None and key in spared and decision.direction is not None:
            decision = spare(decision, spared[key])
        if loop is not None and answer is None:
            decision = judged(decision, loop)
        decisions.append(decision)
    return decisions


def spare(decision: Decision, spared: Spared) -> Decision:
    """The same field with nothing written, because changed rules leave its difference as it stands."""
    reason = (
        f"Alguna has {shown(spared.alguna)}, Salesforce {shown(spared.salesforce)}: left as they are since the rules were changed"
        f" at {readable(spared.at)}, until one of them moves or a person decides."
    )
    return Decision(decision.key, reason, differs=True)


def permitted(decision: Decision, spec: FieldSpec, policy: Policy, *, new: bool = False) -> Decision:
    """The decision itself, or a refusal where the value would not be taken, from this user or at all.

    `new`: the record is about to be created, which takes another right than changing it.
    """
    direction = decision.direction
    if direction is not None and decision.value is None and spec.key in REQUIRED[direction]:
        name = "Salesforce" if direction is Direction.TO_SALESFORCE else "Alguna"
        return refusal(decision, f"{spec.label} may not be empty in {name}.")
    if direction is not Direction.TO_SALESFORCE:
        return decision
    if not new and not policy.may_edit(spec.entity):
        return refusal(decision, f"The signed-in user may not edit {spec.entity.lower()}s in Salesforce.")
    if not policy.may_write(spec.key):
        return refusal(decision, "The signed-in user may read this field in Salesforce but not edit it.")
    misfit = fits(spec, decision.value)
    return decision if misfit is None else refusal(decision, misfit)


def refusal(decision: Decision, reason: str) -> Decision:
    """The same field with nothing written, because it would not be taken."""
    return replace(decision, reason=reason, direction=None, value=None, lost=None, refused=True, rule="")


def question(decision: Decision, reason: str) -> Decision:
    """The same field with nothing written, because a person has to decide."""
    return replace(decision, reason=reason, direction=None, value=None, lost=None, asks=True, rule="")


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
