"""What other rules would do, and that sparing what is there leaves exactly that out: nothing is rewritten unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.fields import FIELD, Flow
from console.domain.planner import plan
from console.domain.records import SPARED_ACCOUNT, SPARED_CONTACT, Direction, Rule, Spared, State
from console.domain.whatif import NOTHING, Ruling, effect, spared, unspared

from .planner_world import policies, subjects

AT = "2026-03-01T10:00:00Z"
RULINGS = st.builds(
    Ruling,
    st.dictionaries(st.sampled_from(list(FIELD)), st.sampled_from(list(Rule)), max_size=8),
    st.dictionaries(
        st.sampled_from([key for key, spec in FIELD.items() if spec.direction is Flow.BOTH]),
        st.sampled_from(list(Flow)),
        max_size=4,
    ),
    st.booleans(),
)


def what(changes):
    """Changes by what they do; a record to create whatever its fields."""
    return {
        (each.side, each.entity, each.key, None if each.key is None else str(each.after)) for each in changes
    }


@settings(max_examples=150)
@given(subjects(), policies(), RULINGS)
def test_with_what_is_spared_other_rules_write_nothing_that_the_old_ones_would_not(subject, now, ruling):
    then = ruling.within(now)
    before = plan(subject, now)
    left = spared(subject, effect(subject, before, now, then), then, AT)
    after = plan(replace(subject, decided=replace(subject.decided, spared=left)), then)
    if subject.link is not None or SPARED_ACCOUNT in left:
        assert what(after.changes) <= what(before.changes)


@settings(max_examples=150)
@given(subjects(), policies(), RULINGS)
def test_the_effect_is_all_that_the_new_rules_write_and_the_old_ones_do_not(subject, now, ruling):
    then = ruling.within(now)
    if subject.link is None and now.create_accounts == then.create_accounts:
        return  # a new pair begins with the rules of its day
    before, after = plan(subject, now), plan(subject, then)
    found = effect(subject, before, now, then)
    assert what(found.writes) == what(after.changes) - what(before.changes)
    assert what(found.dropped) == what(before.changes) - what(after.changes)


@given(subjects(), policies())
def test_the_same_rules_do_nothing(subject, policy):
    assert not effect(subject, plan(subject, policy), policy, policy)


@given(policies(), RULINGS)
def test_rulings_survive_being_kept(policy, ruling):
    told = Ruling.of(ruling.within(policy))
    assert Ruling.from_json(told.as_json()) == told
    assert Ruling.of(told.within(policy)) == told


def test_a_rule_that_is_named_but_is_the_default_changes_nothing(make):
    assert Ruling.of(make.policy(rules={"Name": Rule.ALGUNA_WINS}, flows={"Name": Flow.BOTH})) == Ruling.of(
        make.policy()
    )


def apart(make):
    return make.in_sync(alguna={"BillingCity": "Bree"}, salesforce={"BillingCity": "Moria"})


def test_a_spared_difference_says_since_when_and_ends_with_a_move_or_a_persons_choice(make):
    hold = {"BillingCity": Spared("Bree", "Moria", AT)}
    subject = apart(make)
    subject = replace(subject, decided=replace(subject.decided, spared=hold))
    planned = plan(subject, make.policy())
    assert (planned.state, planned.changes, planned.differs, planned.void) == (State.IN_SYNC, (), 1, ())
    assert "since the rules were changed at 2026-03-01" in make.decision(planned, "BillingCity").reason
    moved = make.in_sync(alguna={"BillingCity": "Rohan"}, salesforce={"BillingCity": "Moria"})
    planned = plan(replace(moved, decided=subject.decided), make.policy())
    assert ([each.after for each in planned.changes], planned.void) == (["Rohan"], ("BillingCity",))
    chosen = plan(make.answered(subject, make.policy(), {"BillingCity": "salesforce"}), make.policy())
    assert [(each.side, each.after) for each in chosen.changes] == [("alguna", "Moria")]
    assert unspared(subject.decided).spared == {}


def test_a_contact_that_is_switched_on_later_is_not_created_unasked(make):
    subject = replace(make.in_sync(), contact=None)
    subject = replace(subject, link=replace(subject.link, contact_id=None))
    off = make.policy(rules={"Contact.LastName": Rule.OFF})
    on = make.policy()
    done = effect(subject, plan(subject, off), off, on)
    assert [(each.entity, each.key) for each in done.writes] == [("Contact", None)]
    left = spared(subject, done, on, AT)
    assert list(left) == [SPARED_CONTACT]
    held = replace(subject, decided=replace(subject.decided, spared=left))
    assert plan(held, on).changes == ()
    renamed = replace(held, customer=make.customer({"Contact.LastName": "King"}))
    assert [each.entity for each in plan(renamed, on).changes] == ["Contact"]


def test_nothing_is_looked_at_twice_where_both_sides_agree(make):
    subject, now = make.in_sync(), make.policy()
    then = make.policy(rules={"BillingCity": Rule.MANUAL, "Name": Rule.OFF})
    assert effect(subject, plan(subject, now), now, then) is NOTHING


# --- one way only ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "rule", "alguna", "salesforce", "written"),
    [
        (Flow.TO_SALESFORCE, Rule.ALGUNA_WINS, "Bree", "Ulm", "to_salesforce"),
        (Flow.TO_SALESFORCE, Rule.ALGUNA_WINS, "Ulm", "Moria", "to_salesforce"),
        (Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS, "Ulm", "Moria", None),
        (Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS, "Bree", "Moria", None),
        (Flow.TO_SALESFORCE, Rule.MANUAL, "Ulm", "Moria", "asks"),
        (Flow.TO_SALESFORCE, Rule.FILL_BLANKS, None, "Moria", None),
        (Flow.TO_SALESFORCE, Rule.SALESFORCE_WINS, "Bree", None, None),
        (Flow.TO_ALGUNA, Rule.SALESFORCE_WINS, "Ulm", "Moria", "to_alguna"),
        (Flow.TO_ALGUNA, Rule.SALESFORCE_WINS, "Bree", "Ulm", "to_alguna"),
        (Flow.TO_ALGUNA, Rule.ALGUNA_WINS, "Bree", "Ulm", None),
        (Flow.TO_ALGUNA, Rule.FILL_BLANKS, "Bree", None, None),
    ],
)
def test_a_closed_way_is_never_written_and_never_asked_about(make, flow, rule, alguna, salesforce, written):
    subject = make.in_sync(
        alguna={"BillingCity": alguna}, salesforce={"BillingCity": salesforce}, base={"BillingCity": "Ulm"}
    )
    planned = plan(subject, make.policy(rules={"BillingCity": rule}, flows={"BillingCity": flow}))
    decision = make.decision(planned, "BillingCity")
    assert decision.differs
    assert ("asks" if decision.asks else decision.direction) == written
    if written is None:
        assert "only goes to" in decision.reason or rule is Rule.FILL_BLANKS


@settings(max_examples=150)
@given(subjects(kinds=("linked",)), policies(), st.sampled_from([Flow.TO_SALESFORCE, Flow.TO_ALGUNA]))
def test_whatever_the_rules_nothing_travels_a_closed_way(subject, policy, flow):
    keys = [key for key, spec in FIELD.items() if spec.direction is Flow.BOTH]
    planned = plan(subject, replace(policy, flows=dict.fromkeys(keys, flow)))
    closed = Direction.TO_ALGUNA if flow is Flow.TO_SALESFORCE else Direction.TO_SALESFORCE
    linked = [each for each in planned.decisions if each.key in keys and FIELD[each.key].entity == "Account"]
    assert not [each for each in linked if each.direction is closed]
