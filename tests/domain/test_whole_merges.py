"""The rarer ways of merging one field, compared whole: fields that go one way only, values that an undo left apart."""

from dataclasses import replace

import pytest

from console.domain.fields import Flow
from console.domain.merge import EMPTY, SAME, UNKNOWN, merge
from console.domain.records import Decision, Direction, Held, Rule

KEY, OWNED = "BillingCity", "Alguna_Subscription_Name__c"
SF, AL = Direction.TO_SALESFORCE, Direction.TO_ALGUNA


def found(alguna, salesforce, base, rule, key=KEY, **how):
    """The decision, but for which rule it was."""
    return replace(merge(key, alguna, salesforce, base, rule, **how), rule="")


def differs(reason, key=KEY, **more):
    return Decision(key, reason, differs=True, **more)


@pytest.mark.parametrize(
    ("value", "base", "wanted"),
    [
        ("X", "X", Decision(KEY, SAME)),
        (None, None, Decision(KEY, EMPTY)),
        ("X", UNKNOWN, Decision(KEY, SAME, agreed=True)),
        (None, UNKNOWN, Decision(KEY, EMPTY, agreed=True)),
        ("X", "W", Decision(KEY, "Both sides moved from “W” to “X”.", agreed=True)),
    ],
)
def test_equal_values(value, base, wanted):
    assert found(value, value, base, Rule.ALGUNA_WINS) == wanted


def test_a_persons_choice_names_both_values():
    assert found("A", "S", "B", Rule.MANUAL, answer="salesforce") == differs(
        "Salesforce's value was chosen: Alguna has “A”, Salesforce “S”.", direction=AL, value="S", lost="A"
    )
    assert found("A", "S", "B", Rule.MANUAL, answer="alguna") == differs(
        "Alguna's value was chosen: Alguna has “A”, Salesforce “S”.", direction=SF, value="A", lost="S"
    )


def test_a_value_that_one_side_does_not_show_is_not_compared_and_that_is_said():
    assert found(UNKNOWN, "S", "B", Rule.ALGUNA_WINS) == Decision(
        KEY, "Alguna doesn't return this value: nothing is compared or written."
    )
    assert found("A", UNKNOWN, "B", Rule.ALGUNA_WINS) == Decision(
        KEY, "Salesforce doesn't show this field to the signed-in user: nothing is compared or written."
    )


@pytest.mark.parametrize(("latest", "name"), [("alguna", "Alguna"), ("salesforce", "Salesforce")])
def test_the_record_that_changed_last_is_named(latest, name):
    decision = found("A", "S", "B", Rule.LATEST_WINS, latest=latest)
    assert decision.reason == (
        f"Both moved from “B”: Alguna to “A”, Salesforce to “S”; {name}'s record changed last and wins by the field's rule."
    )
    assert (decision.direction, decision.lost) == ((SF, "S") if latest == "alguna" else (AL, "A"))


@pytest.mark.parametrize(
    ("rule", "emptied", "values"),
    [
        (Rule.ALGUNA_WINS, "Alguna has nothing, Salesforce has “S”", (None, "S")),
        (Rule.SALESFORCE_WINS, "Salesforce has nothing, Alguna has “A”", ("A", None)),
    ],
)
def test_a_winner_that_is_empty_is_asked_about(rule, emptied, values):
    reason = f"{emptied}; emptying a field stops and asks a person."
    assert found(*values, "B", rule) == differs(reason, asks=True)


# -- one way only -----------------------------------------------------------------------------------------------------

MOVED_A = "Alguna moved from “B” to “A”; Salesforce still has “B”"
MOVED_S = "Salesforce moved from “B” to “S”; Alguna still has “B”"
ONE_WAY = [
    ("A", "B", Flow.TO_SALESFORCE, Rule.ALGUNA_WINS, differs(f"{MOVED_A}.", direction=SF, value="A")),
    ("B", "S", Flow.TO_ALGUNA, Rule.ALGUNA_WINS, differs(f"{MOVED_S}.", direction=AL, value="S")),
    (
        "A", "B", Flow.TO_ALGUNA, Rule.SALESFORCE_WINS,
        differs(f"{MOVED_A}; Salesforce wins by the field's rule.", direction=AL, value="B", lost="A"),
    ),
    (
        "A", "B", Flow.TO_ALGUNA, Rule.ALGUNA_WINS,
        differs(f"{MOVED_A}; Alguna wins by the field's rule; this field only goes to Alguna, so it may differ."),
    ),
    (
        "B", "S", Flow.TO_SALESFORCE, Rule.ALGUNA_WINS,
        differs(f"{MOVED_S}; Alguna wins by the field's rule.", direction=SF, value="B", lost="S"),
    ),
    (
        "B", "S", Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS,
        differs(f"{MOVED_S}; Salesforce wins by the field's rule; this field only goes to Salesforce, so it may differ."),
    ),
    (
        "A", "B", Flow.TO_ALGUNA, Rule.LATEST_WINS,
        differs(f"{MOVED_A}; Salesforce's record changed last and wins by the field's rule.", direction=AL, value="B", lost="A"),
    ),
    (
        "B", "S", Flow.TO_SALESFORCE, Rule.LATEST_WINS,
        differs(
            f"{MOVED_S}; Salesforce's record changed last and wins by the field's rule; this field only goes to Salesforce,"
            " so it may differ."
        ),
    ),
    (
        "B", "S", Flow.TO_SALESFORCE, Rule.MANUAL,
        differs(f"{MOVED_S}; the field's rule leaves it to a person.", asks=True),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("alguna", "salesforce", "flow", "rule", "wanted"), ONE_WAY, ids=map(str, range(len(ONE_WAY)))
)
def test_a_field_that_goes_one_way_only(alguna, salesforce, flow, rule, wanted):
    assert found(alguna, salesforce, "B", rule, flow=flow, latest="salesforce") == wanted


@pytest.mark.parametrize(
    ("alguna", "salesforce", "flow", "rule"),
    [
        (None, "B", Flow.TO_ALGUNA, Rule.ALGUNA_WINS),
        (None, "S", Flow.TO_ALGUNA, Rule.ALGUNA_WINS),
        ("B", None, Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS),
        ("A", None, Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS),
    ],
)
@pytest.mark.parametrize("how", [{}, {"held": Held("B", "B", 7)}], ids=["agreed", "held"])
def test_a_value_that_its_winning_side_emptied_is_let_be_where_the_field_does_not_go_there(
    alguna, salesforce, flow, rule, how
):
    decision = found(alguna, salesforce, "B", rule, flow=flow, **how)
    side = "Alguna" if flow is Flow.TO_ALGUNA else "Salesforce"
    assert (decision.direction, decision.asks, decision.differs) == (None, False, True)
    assert decision.reason.endswith(f"; this field only goes to {side}, so it may differ.")


def test_a_blank_is_not_filled_on_the_side_to_which_the_field_does_not_go():
    assert found("A", None, "B", Rule.FILL_BLANKS, flow=Flow.TO_ALGUNA) == differs(
        "Salesforce has no value; Alguna has “A”; this field only goes to Alguna, so it may differ."
    )
    assert found(None, "S", "B", Rule.FILL_BLANKS, flow=Flow.TO_SALESFORCE) == differs(
        "Alguna has no value; Salesforce has “S”; this field only goes to Salesforce, so it may differ."
    )


# -- left apart by an undo ----------------------------------------------------------------------------------------------

HELD = Held("A", "S", 7)
APART = [
    (
        "A", "S", Rule.ALGUNA_WINS, {},
        differs(
            "Held since run 7 was undone: Alguna has “A”, Salesforce “S”. Nothing is written until one of them moves, "
            "or a person chooses.",
            asks=True,
        ),
    ),
    (
        "A2", "S", Rule.SALESFORCE_WINS, {},
        differs("Alguna moved from “A” to “A2”; Salesforce still has “S”.", direction=SF, value="A2"),
    ),
    (
        "A", "S2", Rule.ALGUNA_WINS, {},
        differs("Salesforce moved from “S” to “S2”; Alguna still has “A”.", direction=AL, value="S2"),
    ),
    (
        "A2", "S2", Rule.ALGUNA_WINS, {},
        differs(
            "Both moved since run 7 was undone: Alguna from “A” to “A2”, Salesforce from “S” to “S2”; "
            "Alguna wins by the field's rule.",
            direction=SF, value="A2", lost="S2",
        ),
    ),
    (
        "A2", "S2", Rule.FILL_BLANKS, {},
        differs("Alguna has “A2” and Salesforce “S2”; the rule only fills blanks."),
    ),
    (
        "A2", "S", Rule.SALESFORCE_WINS, {"flow": Flow.TO_ALGUNA},
        differs(
            "Alguna moved from “A” to “A2”; Salesforce still has “S”; Salesforce wins by the field's rule.",
            direction=AL, value="S", lost="A2",
        ),
    ),
    (
        "A", "S2", Rule.ALGUNA_WINS, {"flow": Flow.TO_SALESFORCE},
        differs(
            "Salesforce moved from “S” to “S2”; Alguna still has “A”; Alguna wins by the field's rule.",
            direction=SF, value="A", lost="S2",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("alguna", "salesforce", "rule", "how", "wanted"), APART, ids=map(str, range(len(APART)))
)
def test_values_that_an_undo_left_apart(alguna, salesforce, rule, how, wanted):
    assert found(alguna, salesforce, "B", rule, held=HELD, **how) == wanted


def test_the_record_that_changed_last_wins_where_both_moved_since_an_undo():
    decision = found("A2", "S2", "B", Rule.LATEST_WINS, held=HELD, latest="salesforce")
    assert (decision.direction, decision.value, decision.lost) == (AL, "S2", "A2")


@pytest.mark.parametrize(
    ("alguna", "salesforce", "direction"), [("Germany", "FR", AL), ("FR", "United States", SF)]
)
def test_another_spelling_is_no_move_since_an_undo(alguna, salesforce, direction):
    held = Held("DE", "US", 7)
    decision = found(alguna, salesforce, UNKNOWN, Rule.MANUAL, "BillingCountry", held=held)
    assert decision.direction is direction


def test_a_field_that_only_alguna_fills_left_apart():
    moved = found("A2", "S", "B", Rule.ALGUNA_WINS, OWNED, held=HELD)
    story = "Alguna moved from “A” to “A2”; Salesforce still has “S”."
    assert moved == differs(story, OWNED, direction=SF, value="A2")
    emptied = found(None, "S", "B", Rule.ALGUNA_WINS, OWNED, held=HELD)
    asked = "Alguna has nothing, Salesforce has “S”; emptying a field stops and asks a person."
    assert emptied == differs(asked, OWNED, asks=True)
    assert found(None, "S", "B", Rule.ALGUNA_WINS, OWNED, held=HELD, may_empty=True).direction is SF
