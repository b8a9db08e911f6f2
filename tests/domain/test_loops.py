"""Turns, told from what was written; and what a pin makes of a decision."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.loops import PINS, TURNS, Loop, Turn, Write, evidence, judged, kept, turns
from console.domain.planner import plan
from console.domain.records import Decision, Direction, State

CITY, TAX = "BillingCity", "Alguna_Tax_Rate__c"
AT = "2026-03-01T10:00:00Z"


def write(number, before, after):
    return Write(f"2026-03-01T10:00:{number:02}Z", number, before, after)


def looping(side="salesforce", **changes):
    turn = Turn(AT, 1, "Bree", "BREE")
    return replace(Loop(side, (turn, turn, turn), "The record was changed last by Eva."), **changes)


def test_a_value_that_somebody_replaced_and_that_is_put_back_is_a_turn():
    writes = [write(1, "Ulm", "Bree"), write(2, "BREE", "Bree"), write(3, "BREE", "Bree")]
    found = turns(writes, CITY, "Bree", "BREE")
    assert [(turn.run, turn.wrote, turn.found) for turn in found] == [
        (1, "Bree", "BREE"),
        (2, "Bree", "BREE"),
        (3, "Bree", "BREE"),
    ]


def test_whatever_it_was_replaced_by_counts():
    writes = [write(1, "Ulm", "Bree"), write(2, "BREE 1", "Bree"), write(3, "BREE 2", "Bree")]
    assert [turn.found for turn in turns(writes, CITY, "Bree", "BREE 3")] == ["BREE 1", "BREE 2", "BREE 3"]


def test_a_value_that_we_replaced_ourselves_is_no_turn():
    writes = [
        write(1, "Ulm", "Bree"),
        write(2, "Bree", "Ulm"),
        write(3, "Ulm", "Bree"),
        write(4, "Bree", "Ulm"),
    ]
    assert turns(writes, CITY, "Bree", "Ulm") == ()


def test_another_spelling_of_the_same_value_is_no_turn():
    writes = [
        write(1, "x", "https://Acme.example/"),
        write(2, "https://acme.example", "https://Acme.example/"),
    ]
    assert turns(writes, "Website", "https://acme.example", "https://acme.example/") == ()


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=12), st.sampled_from(["a", "b", "c"]))
def test_edits_on_the_other_side_alone_are_never_turns(values, wanted):
    """What stands before a write is what the write before it left: nobody else writes here."""
    writes, there = [], "start"
    for number, value in enumerate(values):
        writes.append(write(number, there, value))
        there = value
    assert turns(writes, CITY, wanted, there) == ()


@given(st.integers(0, 9))
def test_each_rewriting_is_counted_once(number):
    writes = [write(each, "theirs", "ours") for each in range(number)]
    assert len(turns(writes, CITY, "ours", "theirs")) == number


WRITES = Decision(CITY, "because", differs=True, direction=Direction.TO_SALESFORCE, value="Bree", lost="BREE")


def test_a_stopped_field_asks_and_shows_when_what_and_who():
    decision = judged(WRITES, looping())
    assert (decision.direction, decision.value, decision.lost, decision.asks) == (None, None, None, True)
    for part in (
        "in Salesforce",
        "“Bree” was written 3 times",
        "“BREE”",
        "changed last by Eva",
        "a person decides",
    ):
        assert part in decision.reason
    assert all("run 1" in line for line in evidence(looping()))


@pytest.mark.parametrize("how", ["on", "watch"])
def test_pinned_to_go_on_the_decision_stays(how):
    assert judged(WRITES, looping(pin=how)) == WRITES


@pytest.mark.parametrize("how", ["off", "theirs"])
def test_pinned_off_or_to_theirs_ours_is_not_written_over_it(how):
    decision = judged(WRITES, looping(pin=how, at=AT, by="ada"))
    assert (decision.direction, decision.asks, decision.differs) == (None, False, True)
    assert "Pinned by ada" in decision.reason


def test_theirs_is_copied_where_the_field_goes_both_ways_and_never_empties():
    assert kept(CITY, looping(pin="theirs"), "BREE") == "salesforce"
    assert kept(CITY, looping(pin="theirs"), None) is None
    assert kept(TAX, looping(pin="theirs"), "20 %") is None
    assert kept(CITY, looping(pin="off"), "BREE") is None
    assert set(PINS) == {"off", "theirs", "on", "watch"}
    assert TURNS == 3


@pytest.mark.parametrize(
    ("pin", "state", "written"),
    [(None, State.CONFLICT, []), ("off", State.IN_SYNC, []), ("on", State.PENDING, ["salesforce"]),
     ("theirs", State.PENDING, ["alguna"])],
)  # fmt: skip
def test_a_plan_is_made_in_the_light_of_the_loop(make, pin, state, written):
    subject = make.in_sync(alguna={CITY: "Bree"}, salesforce={CITY: "BREE"})
    decided = replace(subject.decided, loops={CITY: looping(pin=pin)})
    planned = plan(replace(subject, decided=decided), make.policy())
    assert planned.state is state
    assert [change.side for change in planned.changes] == written


def test_a_persons_answer_goes_before_the_loop(make):
    subject = make.in_sync(alguna={CITY: "Bree"}, salesforce={CITY: "BREE"})
    subject = replace(subject, decided=replace(subject.decided, loops={CITY: looping()}))
    planned = plan(make.answered(subject, make.policy(), {CITY: "alguna"}), make.policy())
    assert [change.after for change in planned.changes] == ["Bree"]
