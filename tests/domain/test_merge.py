import pytest

from console.domain.merge import UNKNOWN, merge
from console.domain.records import Direction, Rule

BOTH, OWNED = "Name", "Alguna_Subscription_Name__c"
ALL_RULES = list(Rule)
TO_SALESFORCE, TO_ALGUNA = Direction.TO_SALESFORCE, Direction.TO_ALGUNA


def wins(decision):
    return decision.direction, decision.value, decision.lost


# -- nothing to do ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ALL_RULES)
@pytest.mark.parametrize("key", [BOTH, OWNED])
@pytest.mark.parametrize(
    ("alguna", "salesforce"), [(UNKNOWN, "X"), ("X", UNKNOWN), (UNKNOWN, UNKNOWN), (UNKNOWN, None)]
)
def test_an_unknown_value_is_never_compared_or_written(key, alguna, salesforce, rule):
    decision = merge(key, alguna, salesforce, "old", rule, answer="alguna", may_empty=True)
    assert wins(decision) == (None, None, None)
    assert not decision.differs
    assert not decision.agreed
    assert not decision.asks


@pytest.mark.parametrize("rule", ALL_RULES)
def test_values_that_mean_the_same_are_left_alone(rule):
    decision = merge("BillingCountry", "USA", "United States", "US", rule)
    assert decision.direction is None
    assert not decision.differs
    assert not decision.agreed, "the base means the same already"


def test_both_sides_moving_to_one_value_agree_without_a_write():
    decision = merge(BOTH, "New", "New", "Old", Rule.ALGUNA_WINS)
    assert decision.agreed
    assert decision.direction is None
    assert decision.reason == "Both sides moved from “Old” to “New”."


@pytest.mark.parametrize("value", ["X", None])
def test_the_first_time_that_both_agree_sets_the_base(value):
    decision = merge(BOTH, value, value, UNKNOWN, Rule.ALGUNA_WINS)
    assert decision.agreed
    assert not decision.differs


def test_a_field_that_is_off_is_not_even_looked_at():
    decision = merge(BOTH, "A", "B", "C", Rule.OFF, answer="alguna")
    assert wins(decision) == (None, None, None)
    assert not decision.differs
    assert "switched off" in decision.reason


# -- one side moved ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [rule for rule in ALL_RULES if rule not in (Rule.OFF, Rule.FILL_BLANKS)])
def test_the_side_that_moved_alone_is_copied_whatever_the_rule(rule):
    forth = merge(BOTH, "New", "Old", "Old", rule)
    assert wins(forth) == (TO_SALESFORCE, "New", None)
    assert forth.reason == "Alguna moved from “Old” to “New”; Salesforce still has “Old”."
    back = merge(BOTH, "Old", "New", "Old", rule)
    assert wins(back) == (TO_ALGUNA, "New", None)
    assert back.reason == "Salesforce moved from “Old” to “New”; Alguna still has “Old”."


def test_another_spelling_is_no_move():
    decision = merge("BillingCountry", "DE", "US", "Germany", Rule.ALGUNA_WINS)
    assert wins(decision) == (TO_ALGUNA, "US", None), "only Salesforce moved: Alguna's DE is Germany"
    decision = merge("BillingCountry", "DE", "US", "USA", Rule.SALESFORCE_WINS)
    assert wins(decision) == (TO_SALESFORCE, "DE", None), "only Alguna moved: Salesforce's US is USA"
    renewal = "Alguna_Subscription_Renewal_Date__c"
    there, base = "2027-01-01T00:00:00.000+0000", "2027-01-01T00:00:00Z"
    decision = merge(renewal, "2028-01-01T00:00:00Z", there, base, Rule.ALGUNA_WINS)
    assert decision.lost is None, "nobody edited it in Salesforce"


def test_a_value_where_there_was_none_is_copied():
    assert wins(merge(BOTH, "New", None, None, Rule.SALESFORCE_WINS)) == (TO_SALESFORCE, "New", None)
    assert wins(merge(BOTH, None, "New", None, Rule.ALGUNA_WINS)) == (TO_ALGUNA, "New", None)


# -- both moved -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "latest", "expected"),
    [
        (Rule.ALGUNA_WINS, None, (TO_SALESFORCE, "A", "S")),
        (Rule.SALESFORCE_WINS, None, (TO_ALGUNA, "S", "A")),
        (Rule.LATEST_WINS, "alguna", (TO_SALESFORCE, "A", "S")),
        (Rule.LATEST_WINS, "salesforce", (TO_ALGUNA, "S", "A")),
    ],
)
@pytest.mark.parametrize("base", ["B", None, UNKNOWN])
def test_the_rule_decides_and_the_losing_value_is_kept(rule, latest, expected, base):
    decision = merge(BOTH, "A", "S", base, rule, latest=latest)
    assert wins(decision) == expected
    assert "“A”" in decision.reason
    assert "“S”" in decision.reason
    assert "rule" in decision.reason


@pytest.mark.parametrize(("rule", "latest"), [(Rule.MANUAL, "alguna"), (Rule.LATEST_WINS, None)])
@pytest.mark.parametrize("base", ["B", UNKNOWN])
def test_a_conflict_that_no_rule_decides_waits_for_a_person(rule, latest, base):
    decision = merge(BOTH, "A", "S", base, rule, latest=latest)
    assert decision.asks
    assert decision.differs
    assert wins(decision) == (None, None, None)


@pytest.mark.parametrize(
    ("answer", "expected"), [("alguna", (TO_SALESFORCE, "A", "S")), ("salesforce", (TO_ALGUNA, "S", "A"))]
)
@pytest.mark.parametrize("rule", [rule for rule in ALL_RULES if rule is not Rule.OFF])
def test_a_persons_answer_stands_above_the_rule(rule, answer, expected):
    assert wins(merge(BOTH, "A", "S", "B", rule, answer=answer)) == expected


def test_fill_blanks_fills_either_side_and_never_overwrites():
    rule = Rule.FILL_BLANKS
    assert wins(merge(BOTH, "A", None, None, rule)) == (TO_SALESFORCE, "A", None)
    assert wins(merge(BOTH, None, "S", UNKNOWN, rule)) == (TO_ALGUNA, "S", None)
    left = merge(BOTH, "New", "Old", "Old", rule)
    assert left.differs
    assert not left.asks
    assert wins(left) == (None, None, None)


def test_the_first_comparison_fills_blanks_before_any_rule():
    assert wins(merge(BOTH, None, "S", UNKNOWN, Rule.ALGUNA_WINS)) == (TO_ALGUNA, "S", None)
    assert wins(merge(BOTH, "A", None, UNKNOWN, Rule.SALESFORCE_WINS)) == (TO_SALESFORCE, "A", None)


# -- emptying ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alguna", "salesforce", "rule"),
    [
        (None, "Old", Rule.ALGUNA_WINS),
        ("Old", None, Rule.ALGUNA_WINS),
        (None, "New", Rule.ALGUNA_WINS),
        ("New", None, Rule.SALESFORCE_WINS),
        (None, "New", Rule.MANUAL),
    ],
)
def test_emptying_a_field_stops_and_asks(alguna, salesforce, rule):
    decision = merge(BOTH, alguna, salesforce, "Old", rule, may_empty=True)
    assert decision.asks
    assert wins(decision) == (None, None, None)


def test_a_value_beats_an_emptied_field_where_its_side_wins():
    assert wins(merge(BOTH, "New", None, "Old", Rule.ALGUNA_WINS)) == (TO_SALESFORCE, "New", None)
    assert wins(merge(BOTH, None, "New", "Old", Rule.SALESFORCE_WINS)) == (TO_ALGUNA, "New", None)


def test_a_person_may_have_a_field_emptied():
    assert wins(merge(BOTH, None, "Old", "Old", Rule.ALGUNA_WINS, answer="alguna")) == (
        TO_SALESFORCE,
        None,
        "Old",
    )
    assert wins(merge(BOTH, None, "Old", "Old", Rule.ALGUNA_WINS, answer="salesforce")) == (
        TO_ALGUNA,
        "Old",
        None,
    )


# -- fields that only Alguna fills ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [rule for rule in ALL_RULES if rule is not Rule.OFF])
def test_an_edit_of_an_alguna_field_is_put_back_and_kept(rule):
    decision = merge(OWNED, "Pro", "Hacked", "Pro", rule)
    assert wins(decision) == (TO_SALESFORCE, "Pro", "Hacked")
    assert decision.reason == (
        "Edited in Salesforce from “Pro” to “Hacked”; only Alguna fills this field, so “Pro” is put back."
    )


def test_an_account_that_carries_another_customers_id_is_not_taken_over():
    key = "Alguna_Customer_ID__c"
    decision = merge(key, "mine", "theirs", UNKNOWN, Rule.ALGUNA_WINS)
    assert decision.asks
    assert "“theirs” of another customer" in decision.reason
    assert wins(merge(key, "mine", "theirs", UNKNOWN, Rule.ALGUNA_WINS, answer="alguna")) == (
        TO_SALESFORCE,
        "mine",
        "theirs",
    )
    assert wins(merge(key, "mine", "theirs", "mine", Rule.ALGUNA_WINS)) == (TO_SALESFORCE, "mine", "theirs")


def test_an_alguna_field_that_was_emptied_is_filled_again():
    decision = merge(OWNED, "Pro", None, "Pro", Rule.ALGUNA_WINS)
    assert wins(decision) == (TO_SALESFORCE, "Pro", None)
    assert "Edited in Salesforce from “Pro” to nothing" in decision.reason


def test_an_alguna_field_follows_alguna():
    moved = merge(OWNED, "Max", "Pro", "Pro", Rule.ALGUNA_WINS)
    assert wins(moved) == (TO_SALESFORCE, "Max", None)
    assert "Alguna moved from “Pro” to “Max”" in moved.reason
    fresh = merge(OWNED, "Max", None, UNKNOWN, Rule.ALGUNA_WINS)
    assert fresh.reason == "Salesforce has no value yet; Alguna has “Max”."
    assert wins(merge(OWNED, "Max", "Older tool's", UNKNOWN, Rule.ALGUNA_WINS)) == (
        TO_SALESFORCE,
        "Max",
        "Older tool's",
    )


def test_what_was_written_there_may_become_empty_when_alguna_says_so():
    decision = merge(OWNED, None, "Pro", "Pro", Rule.ALGUNA_WINS, may_empty=True)
    assert wins(decision) == (TO_SALESFORCE, None, None)
    assert decision.differs


@pytest.mark.parametrize(
    ("base", "may_empty"), [("Pro", False), ("Basic", True), (UNKNOWN, True), (None, True)]
)
def test_what_a_person_wrote_there_is_not_emptied_unasked(base, may_empty):
    decision = merge(OWNED, None, "Pro", base, Rule.ALGUNA_WINS, may_empty=may_empty)
    assert decision.asks
    assert decision.direction is None
    chosen = merge(OWNED, None, "Pro", base, Rule.ALGUNA_WINS, may_empty=may_empty, answer="alguna")
    assert chosen.direction is TO_SALESFORCE
    assert chosen.value is None


@pytest.mark.parametrize("base", ["Pro", "Basic", UNKNOWN])
def test_nothing_in_salesforce_ever_flows_into_a_field_that_only_alguna_fills(base):
    for answer in ("salesforce", None):
        decision = merge(OWNED, "Pro", "Hacked", base, Rule.SALESFORCE_WINS, answer=answer)
        assert decision.direction is not TO_ALGUNA


def test_hostile_values_are_harmless_in_reasons():
    reason = merge(BOTH, "a\x1b[2Jb\u202e", "x" * 5000, "B", Rule.ALGUNA_WINS).reason
    assert reason.isprintable()
    assert len(reason) < 400
