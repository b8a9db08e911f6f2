"""What stands beside the merge of a field: differences that changed rules spare, pins of loops, equal fields and their words."""

from dataclasses import replace

import pytest

from console.domain.decisions import decide
from console.domain.fields import FIELD, Flow
from console.domain.loops import Loop
from console.domain.merge import EMPTY, SAME
from console.domain.policy import Policy
from console.domain.records import Answer, Decision, Direction, Held, Rule, Spared

KEY = "BillingCity"
SPEC = FIELD[KEY]
AT = "2026-02-01T00:00:00Z"


def one(alguna, salesforce, base=None, rules=None, answers=None, key=KEY, **more):
    """The decision on one field."""
    policy = Policy(rules=rules or {})
    more = {"subscribed": True, **more}
    sides = ({key: alguna}, {key: salesforce}, {} if base is None else {key: base})
    (decision,) = decide([FIELD[key]], *sides, policy, answers or {}, {}, **more)
    return decision


@pytest.mark.parametrize(("value", "words"), [("X", SAME), (None, EMPTY)])
def test_a_field_on_which_all_agree_needs_no_merge(value, words):
    sides = ({KEY: value}, {KEY: value}, {KEY: value})
    (decision,) = decide([SPEC], *sides, Policy(), {}, {}, subscribed=True)
    assert decision == Decision(KEY, words)


def test_a_difference_that_changed_rules_spare_stays_until_a_person_decides():
    spared = {KEY: Spared("A", "S", AT)}
    left = one("A", "S", "B", spared=spared)
    assert left.reason == (
        "Alguna has “A”, Salesforce “S”: left as they are since the rules were changed at 2026-02-01,"
        " until one of them moves or a person decides."
    )
    assert (left.differs, left.direction, left.asks) == (True, None, False)
    answered = one("A", "S", "B", spared=spared, answers={KEY: Answer("alguna", "A", "S", AT, "ada")})
    assert answered.direction is Direction.TO_SALESFORCE
    other = one("A", "S", "B", spared={"Name": Spared("A", "S", AT)})
    assert other.direction is Direction.TO_SALESFORCE
    asked = one("A", "S", "B", {KEY: Rule.MANUAL}, spared=spared)
    assert asked.asks, "nothing is to be written: the question stays"
    assert one("A", "A", "B", spared=spared).agreed


@pytest.mark.parametrize(("side", "direction"), [("salesforce", "to_alguna"), ("alguna", "to_salesforce")])
def test_a_pin_to_theirs_keeps_the_value_of_the_side_that_rewrites(side, direction):
    loops = {KEY: Loop(side, (), pin="theirs")}
    assert one("A", "S", "B", loops=loops).direction == direction
    emptied = one(None if side == "alguna" else "A", None if side == "salesforce" else "S", "B", loops=loops)
    assert emptied.direction is None, "nothing is emptied because of a pin"


def test_what_an_undo_left_apart_goes_in_place_of_the_base():
    held = {KEY: Held("A", "S", 3)}
    assert one("A", "S", "A", held=held).asks
    assert one("A", "S", "S", held=held).asks


def test_a_field_that_goes_one_way_goes_no_other():
    policy = Policy(flows={KEY: Flow.TO_ALGUNA})
    (decision,) = decide([SPEC], {KEY: "A"}, {KEY: "B"}, {KEY: "B"}, policy, {}, {}, subscribed=True)
    assert decision.direction is None
    assert decision.reason.endswith("this field only goes to Alguna, so it may differ.")


def test_who_decided_is_told_in_at_most_sixty_signs_and_only_where_something_is_written():
    answer = Answer("alguna", "A", "S", AT, "x" * 80)
    decision = one("A", "S", "B", answers={KEY: answer})
    assert decision.reason.endswith(f" Decided by {'x' * 59}… at 2026-02-01.")
    assert decision.rule == "answer"
    assert "Decided" not in one("A", "A", "A", answers={KEY: replace(answer, salesforce="A")}).reason
