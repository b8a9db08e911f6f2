"""Addresses that a sandbox masks: nobody's edit, never Alguna's, and not written over by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.decisions import open_to
from console.domain.fields import CONTACT_EMAIL
from console.domain.masked import is_masked, lifted, unmasked
from console.domain.planner import plan
from console.domain.records import Direction, Rule, State
from console.domain.view import alguna_values, salesforce_values

MASKED = "ada@acme.example.invalid"


@given(st.emails())
def test_lifting_the_mask_gives_back_the_address(email):
    bare = unmasked(email)
    assert not is_masked(bare)
    assert unmasked(bare + ".invalid") == unmasked(bare + ".INVALID.invalid ") == bare
    assert lifted({CONTACT_EMAIL: bare + ".invalid"}) == {CONTACT_EMAIL: bare}


def test_other_values_and_unknown_ones_are_left_as_they_are():
    for values in ({}, {CONTACT_EMAIL: None}, {CONTACT_EMAIL: "a@b.example", "Name": "x.invalid"}):
        assert lifted(values) == values
    assert not is_masked(None)


def email(subject, policy):
    planned = plan(subject, policy)
    return planned, next(each for each in planned.decisions if each.key == CONTACT_EMAIL)


@pytest.mark.parametrize("rule", [Rule.ALGUNA_WINS, Rule.SALESFORCE_WINS, Rule.LATEST_WINS, Rule.MANUAL])
@pytest.mark.parametrize("known", [True, False])
def test_the_same_address_masked_is_written_nowhere_whatever_the_rule(make, rule, known):
    base = {} if known else {CONTACT_EMAIL: None}
    subject = make.in_sync(salesforce={CONTACT_EMAIL: MASKED}, base=base)
    planned, decision = email(subject, make.policy(rules={CONTACT_EMAIL: rule}))
    assert planned.changes == ()
    assert planned.state is State.IN_SYNC
    assert decision.differs
    assert "masked" in decision.reason


def test_where_alguna_moved_on_its_address_is_not_written_over_the_mask_by_itself(make):
    subject = make.in_sync(alguna={CONTACT_EMAIL: "new@acme.example"}, salesforce={CONTACT_EMAIL: MASKED})
    planned, decision = email(subject, make.policy())
    assert planned.changes == ()
    assert "never written to Alguna" in decision.reason


def test_a_person_may_have_algunas_address_written_over_it_and_not_the_other_way(make):
    policy = make.policy()
    subject = make.in_sync(alguna={CONTACT_EMAIL: "new@acme.example"}, salesforce={CONTACT_EMAIL: MASKED})
    _, decision = email(subject, policy)
    ours = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
    there = salesforce_values(subject.account, subject.contact)
    assert open_to(decision, ours, there) == ("alguna",)
    _, kept = email(make.answered(subject, policy, {CONTACT_EMAIL: "alguna"}), policy)
    assert (kept.direction, kept.value) == (Direction.TO_SALESFORCE, "new@acme.example")
    _, refused = email(make.answered(subject, policy, {CONTACT_EMAIL: "salesforce"}), policy)
    assert refused.direction is None


def test_no_contact_is_made_in_alguna_from_one_whose_address_is_masked(make):
    person = {"Contact.FirstName": None, "Contact.LastName": None, CONTACT_EMAIL: None}
    subject = make.in_sync(alguna=person, salesforce={CONTACT_EMAIL: MASKED}, base=person)
    subject = subject.__class__(
        **{
            **{name: getattr(subject, name) for name in subject.__slots__},
            "customer": make.customer(person, contact_id=None, contacts=0),
        }
    )
    planned, _ = email(subject, make.policy())
    assert [change for change in planned.changes if change.side == "alguna"] == []
    assert planned.state is State.IN_SYNC


def test_a_masked_address_does_not_make_the_contact_another_person(make):
    subject = make.in_sync(salesforce={CONTACT_EMAIL: MASKED, "Contact.LastName": "King"})
    planned, _ = email(subject, make.policy())
    assert [(change.side, change.key, change.after) for change in planned.changes] == [
        ("alguna", "Contact.LastName", "King")
    ]
