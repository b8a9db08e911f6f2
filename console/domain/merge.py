"""The three-way merge of one field: what Alguna has, what Salesforce has, and what both last agreed on.

Without the third value nobody can tell "Alguna changed it" from "Salesforce changed it", and one side's edit is lost. Every
outcome carries a sentence, "nothing to do" included: the sentence is what a person reads on the why panel.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import cache
from typing import Final

from console.domain.fields import CUSTOMER_ID, FIELD, FieldSpec, Flow
from console.domain.normal import same, shown
from console.domain.records import Decision, Direction, Held, Rule, Side, Value


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that a side did not return: not empty, simply not known."""
Known = Value | Unknown

OFF: Final = "This field is switched off."
SAME: Final = "Both sides hold the same value."
EMPTY: Final = "Empty on both sides."
ALGUNA_UNKNOWN: Final = "Alguna doesn't return this value: nothing is compared or written."
SALESFORCE_UNKNOWN: Final = (
    "Salesforce doesn't show this field to the signed-in user: nothing is compared or written."
)


def merge(
    key: str,
    alguna: Known,
    salesforce: Known,
    base: Known,
    rule: Rule,
    *,
    latest: Side | None = None,
    answer: Side | None = None,
    held: Held | None = None,
    may_empty: bool = False,
    flow: Flow = Flow.BOTH,
) -> Decision:
    """Decide one field. Values are canonical; `UNKNOWN` stands for one that isn't known.

    `latest` is the side whose record changed last, for ``latest_wins``; `answer` the side whose value a person chose to
    keep; `held` what an undo left apart, in place of `base`; `may_empty` lets a field that only Alguna fills become empty
    where Salesforce still holds what was written there. Whether the value fits the field, or may be written at all, is not
    judged here.

    `flow` closes one way of a field that could go both: a value that moved on the side that is not followed is not copied; like a
    conflict it is put back, let be or left to a person, as the rule says.
    """
    if rule is Rule.OFF:
        return settled(key, OFF)
    if alguna is UNKNOWN:
        return settled(key, ALGUNA_UNKNOWN)
    if salesforce is UNKNOWN:
        return settled(key, SALESFORCE_UNKNOWN)
    spec = FIELD[key]
    if same(spec.kind, alguna, salesforce):
        return _agreement(spec, alguna, base)
    if held is not None and answer is None:
        return _open(_apart(spec, alguna, salesforce, held, rule, latest, may_empty, flow), flow)
    if spec.direction is Flow.TO_SALESFORCE:
        return _owned(spec, alguna, salesforce, base, answer, may_empty)
    return _open(_two_way(spec, alguna, salesforce, base, rule, latest, answer, flow), flow)


def _two_way(
    spec: FieldSpec,
    alguna: Value,
    salesforce: Value,
    base: Known,
    rule: Rule,
    latest: Side | None,
    answer: Side | None,
    flow: Flow,
) -> Decision:
    """A field that both sides fill, and in which they differ."""
    key = spec.key
    if answer is not None:
        reason = (
            f"{_name(answer)}'s value was chosen: Alguna has {shown(alguna)}, Salesforce {shown(salesforce)}."
        )
        return _win(key, answer, alguna, salesforce, reason)
    if rule is Rule.FILL_BLANKS:
        return _only_blanks(key, alguna, salesforce)
    if base is UNKNOWN:
        return _fill(key, alguna, salesforce) or _conflict(
            key,
            alguna,
            salesforce,
            f"Alguna has {shown(alguna)}, Salesforce has {shown(salesforce)}, and they never agreed on a value",
            rule,
            latest,
            flow,
        )
    return _moved(spec, alguna, salesforce, base, rule, latest, flow)


def _open(decision: Decision, flow: Flow) -> Decision:
    """The decision itself, or nothing written where the field doesn't go that way."""
    if decision.direction is None or flow is Flow.BOTH or flow is Flow(decision.direction):
        return decision
    return _let_be(decision.key, decision.reason, flow)


def _let_be(key: str, reason: str, flow: Flow) -> Decision:
    side = "Salesforce" if flow is Flow.TO_SALESFORCE else "Alguna"
    return Decision(
        key, f"{reason.removesuffix('.')}; this field only goes to {side}, so it may differ.", differs=True
    )


@cache
def settled(key: str, reason: str) -> Decision:
    """The decision that there is nothing to do. Shared, because a pass makes millions of them."""
    return Decision(key, reason)


def _agreement(spec: FieldSpec, value: Value, base: Known) -> Decision:
    if base is not UNKNOWN and same(spec.kind, value, base):
        return settled(spec.key, SAME if value is not None else EMPTY)
    if base is UNKNOWN:
        return Decision(spec.key, SAME if value is not None else EMPTY, agreed=True)
    return Decision(spec.key, f"Both sides moved from {shown(base)} to {shown(value)}.", agreed=True)


def _moved(
    spec: FieldSpec,
    alguna: Value,
    salesforce: Value,
    base: Value,
    rule: Rule,
    latest: Side | None,
    flow: Flow,
) -> Decision:
    """Values differ and the agreed one is known: see who moved."""
    alguna_moved = not same(spec.kind, alguna, base)
    salesforce_moved = not same(spec.kind, salesforce, base)
    if alguna_moved and not salesforce_moved:
        reason = (
            f"Alguna moved from {shown(base)} to {shown(alguna)}; Salesforce still has {shown(salesforce)}."
        )
        if flow is Flow.TO_ALGUNA:
            return _conflict(spec.key, alguna, salesforce, reason.removesuffix("."), rule, latest, flow)
        return _copy(spec.key, "alguna", alguna, salesforce, reason)
    if salesforce_moved and not alguna_moved:
        reason = (
            f"Salesforce moved from {shown(base)} to {shown(salesforce)}; Alguna still has {shown(alguna)}."
        )
        if flow is Flow.TO_SALESFORCE:
            return _conflict(spec.key, alguna, salesforce, reason.removesuffix("."), rule, latest, flow)
        return _copy(spec.key, "salesforce", alguna, salesforce, reason)
    story = f"Both moved from {shown(base)}: Alguna to {shown(alguna)}, Salesforce to {shown(salesforce)}"
    return _conflict(spec.key, alguna, salesforce, story, rule, latest, flow)


def _apart(
    spec: FieldSpec,
    alguna: Value,
    salesforce: Value,
    held: Held,
    rule: Rule,
    latest: Side | None,
    may_empty: bool,
    flow: Flow,
) -> Decision:
    """Values that an undo left apart: each is its side's own base, so that the undone copy isn't made again, and an edit flows."""
    key = spec.key
    alguna_moved = not same(spec.kind, alguna, held.alguna)
    salesforce_moved = not same(spec.kind, salesforce, held.salesforce)
    if not alguna_moved and not salesforce_moved:
        reason = (
            f"Held since run {held.run} was undone: Alguna has {shown(alguna)}, Salesforce {shown(salesforce)}."
            " Nothing is written until one of them moves, or a person chooses."
        )
        return Decision(key, reason, differs=True, asks=True)
    if alguna_moved and not salesforce_moved:
        story = f"Alguna moved from {shown(held.alguna)} to {shown(alguna)}; Salesforce still has {shown(salesforce)}"
    elif salesforce_moved and not alguna_moved:
        story = f"Salesforce moved from {shown(held.salesforce)} to {shown(salesforce)}; Alguna still has {shown(alguna)}"
    else:
        story = (
            f"Both moved since run {held.run} was undone: Alguna from {shown(held.alguna)} to {shown(alguna)},"
            f" Salesforce from {shown(held.salesforce)} to {shown(salesforce)}"
        )
    if spec.direction is Flow.TO_SALESFORCE:
        decision = _owned(spec, alguna, salesforce, held.salesforce, None, may_empty)
        return replace(decision, reason=f"{story}.") if decision.direction is not None else decision
    if rule is Rule.FILL_BLANKS:
        return _only_blanks(key, alguna, salesforce)
    closed = flow is (Flow.TO_ALGUNA if alguna_moved else Flow.TO_SALESFORCE)
    if closed or (alguna_moved and salesforce_moved):
        return _conflict(key, alguna, salesforce, story, rule, latest, flow)
    return _copy(key, "alguna" if alguna_moved else "salesforce", alguna, salesforce, f"{story}.")


def _only_blanks(key: str, alguna: Value, salesforce: Value) -> Decision:
    return _fill(key, alguna, salesforce) or Decision(
        key,
        f"Alguna has {shown(alguna)} and Salesforce {shown(salesforce)}; the rule only fills blanks.",
        differs=True,
    )


def _owned(
    spec: FieldSpec,
    alguna: Value,
    salesforce: Value,
    base: Known,
    answer: Side | None,
    may_empty: bool,
) -> Decision:
    """A field that only Alguna fills: its value is always the one, and an edit in Salesforce is put back."""
    key = spec.key
    if key == CUSTOMER_ID and base is UNKNOWN and salesforce is not None and answer != "alguna":
        reason = f"The account carries the id {shown(salesforce)} of another customer; a person decides whose it is."
        return Decision(key, reason, differs=True, asks=True)
    if alguna is None and answer == "salesforce":
        reason = f"Salesforce's value was kept: {shown(salesforce)}; Alguna has nothing."
        return Decision(key, reason, differs=True)
    edited = base is UNKNOWN or not same(spec.kind, salesforce, base)
    if alguna is None and answer != "alguna" and not (may_empty and not edited):
        return _asks_to_empty(key, "alguna", salesforce)
    if answer == "alguna":
        reason = f"Alguna's value was chosen: {shown(alguna)} instead of {shown(salesforce)}."
    elif salesforce is None and not (edited and base is not UNKNOWN):
        reason = f"Salesforce has no value yet; Alguna has {shown(alguna)}."
    elif base is UNKNOWN:
        reason = f"Only Alguna fills this field: it has {shown(alguna)}, Salesforce {shown(salesforce)}."
    elif edited:
        reason = (
            f"Edited in Salesforce from {shown(base)} to {shown(salesforce)}; "
            f"only Alguna fills this field, so {shown(alguna)} is put back."
        )
    else:
        reason = (
            f"Alguna moved from {shown(base)} to {shown(alguna)}; Salesforce still has {shown(salesforce)}."
        )
    return Decision(
        key,
        reason,
        differs=True,
        direction=Direction.TO_SALESFORCE,
        value=alguna,
        lost=salesforce if edited else None,
    )


def _fill(key: str, alguna: Value, salesforce: Value) -> Decision | None:
    """The copy into whichever side is empty, or None when both have a value."""
    if salesforce is None:
        reason = f"Salesforce has no value; Alguna has {shown(alguna)}."
        return Decision(key, reason, differs=True, direction=Direction.TO_SALESFORCE, value=alguna)
    if alguna is None:
        reason = f"Alguna has no value; Salesforce has {shown(salesforce)}."
        return Decision(key, reason, differs=True, direction=Direction.TO_ALGUNA, value=salesforce)
    return None


def _conflict(
    key: str, alguna: Value, salesforce: Value, story: str, rule: Rule, latest: Side | None, flow: Flow
) -> Decision:
    """Both sides have a claim: the rule decides, and the losing value is kept."""
    winner: Side
    if rule is Rule.ALGUNA_WINS:
        winner, words = "alguna", "Alguna wins by the field's rule"
    elif rule is Rule.SALESFORCE_WINS:
        winner, words = "salesforce", "Salesforce wins by the field's rule"
    elif rule is Rule.LATEST_WINS and latest is not None:
        winner, words = latest, f"{_name(latest)}'s record changed last and wins by the field's rule"
    elif rule is Rule.LATEST_WINS:
        return Decision(
            key,
            f"{story}; which record changed last can't be told, so a person decides.",
            differs=True,
            asks=True,
        )
    else:
        return Decision(key, f"{story}; the field's rule leaves it to a person.", differs=True, asks=True)
    value, losing = (alguna, salesforce) if winner == "alguna" else (salesforce, alguna)
    if flow is (Flow.TO_ALGUNA if winner == "alguna" else Flow.TO_SALESFORCE):
        return _let_be(key, f"{story}; {words}", flow)
    if value is None:
        return _asks_to_empty(key, winner, losing)
    return _win(key, winner, alguna, salesforce, f"{story}; {words}.")


def _win(key: str, winner: Side, alguna: Value, salesforce: Value, reason: str) -> Decision:
    """The winner's value goes to the other side, and the other side's is kept as lost."""
    if winner == "alguna":
        return Decision(
            key, reason, differs=True, direction=Direction.TO_SALESFORCE, value=alguna, lost=salesforce
        )
    return Decision(key, reason, differs=True, direction=Direction.TO_ALGUNA, value=salesforce, lost=alguna)


def _copy(key: str, source: Side, alguna: Value, salesforce: Value, reason: str) -> Decision:
    """One side moved alone: nothing is lost, unless the move was to nothing."""
    value, other = (alguna, salesforce) if source == "alguna" else (salesforce, alguna)
    if value is None:
        return _asks_to_empty(key, source, other)
    direction = Direction.TO_SALESFORCE if source == "alguna" else Direction.TO_ALGUNA
    return Decision(key, reason, differs=True, direction=direction, value=value)


def _asks_to_empty(key: str, emptied: Side, other: Value) -> Decision:
    holder = "Salesforce" if emptied == "alguna" else "Alguna"
    return Decision(
        key,
        f"{_name(emptied)} has nothing, {holder} has {shown(other)}; emptying a field stops and asks a person.",
        differs=True,
        asks=True,
    )


def _name(side: Side) -> str:
    return "Alguna" if side == "alguna" else "Salesforce"
