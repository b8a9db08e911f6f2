"""What holds for every plan, whatever both sides hold."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.changes import plan_hash
from console.domain.fields import (
    ALIASES,
    CONTACT_ACCOUNT,
    CUSTOMER_ID,
    FIELD,
    FIELDS,
    SUBSCRIPTION_KEYS,
    Flow,
)
from console.domain.masked import is_masked
from console.domain.normal import fits, same
from console.domain.planner import plan, waits
from console.domain.records import (
    Direction,
    Rule,
    State,
)

from .planner_world import applied, policies, sides, subjects


@settings(max_examples=150)
@given(subjects(), policies())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(subject, policy):
    planned = plan(subject, policy)
    after = applied(subject, planned, policy)
    again = plan(after, policy)
    assert again.changes == ()
    assert again.state is not State.PENDING
    third = plan(applied(after, again, policy), policy)
    assert third.changes == ()
    assert third.agreed == {}


@settings(max_examples=60)
@given(subjects(), policies())
def test_who_waits_is_known_without_comparing_fields(subject, policy):
    state = plan(subject, policy).state
    compared = (State.PENDING, State.IN_SYNC, State.CONFLICT, State.REFUSED)
    assert waits(subject, policy) == (None if state in compared else state)


@given(subjects(), policies(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_known_does_not_matter(subject, policy, random):
    def shuffled(values):
        keys = list(values)
        random.shuffle(keys)
        return {key: values[key] for key in keys}

    other = replace(
        subject,
        customer=replace(subject.customer, values=shuffled(subject.customer.values)),
        subscriptions=tuple(random.sample(subject.subscriptions, len(subject.subscriptions))),
        account=subject.account and replace(subject.account, values=shuffled(subject.account.values)),
        contact=subject.contact and replace(subject.contact, values=shuffled(subject.contact.values)),
        link=subject.link and replace(subject.link, base=shuffled(subject.link.base)),
    )
    one, two = plan(subject, policy), plan(other, policy)
    assert one == two
    assert plan_hash(one.changes) == plan_hash(two.changes)


@settings(max_examples=60)
@given(subjects(), policies())
def test_nothing_unknown_is_written_and_nothing_is_written_over_the_unknown(subject, policy):
    alguna, salesforce = sides(subject, policy)
    for change in plan(subject, policy).changes:
        if change.key == ALIASES:
            continue
        if change.key is None:
            written = {key: value for key, value in change.after.items() if key != CONTACT_ACCOUNT}
            assert written
            assert all(alguna[key] == value is not None for key, value in written.items())
            continue
        source, target = (alguna, salesforce) if change.side == "salesforce" else (salesforce, alguna)
        assert source[change.key] == change.after
        assert target[change.key] == change.before
        assert not same(FIELD[change.key].kind, change.before, change.after)


@settings(max_examples=150)
@given(subjects(kinds=("linked", "matched")), policies())
def test_no_masked_address_ever_goes_to_alguna(subject, policy):
    for change in plan(subject, policy).changes:
        if change.side == "alguna" and change.key == "Contact.Email":
            assert not is_masked(change.after)


@settings(max_examples=60)
@given(subjects(kinds=("linked", "matched")), policies())
def test_an_edit_that_is_overwritten_is_kept(subject, policy):
    base = subject.link.base if subject.link else {}
    planned = plan(subject, policy)
    lost = {decision.key: decision.lost for decision in planned.decisions}
    for change in planned.changes:
        if change.key in (None, ALIASES) or change.before is None:
            continue
        edited = change.key not in base or not same(FIELD[change.key].kind, change.before, base[change.key])
        if edited:
            assert lost[change.key] == change.before


@settings(max_examples=60)
@given(subjects(), policies())
def test_only_what_fits_and_is_allowed_is_written_to_salesforce(subject, policy):
    for change in plan(subject, policy).changes:
        if change.side == "alguna":
            continue
        after = change.after if change.key is None else {change.key: change.after}
        for key, value in after.items():
            if key == CONTACT_ACCOUNT:
                continue
            assert fits(FIELD[key], value) is None
            assert policy.may_write(key)
            assert policy.rule(FIELD[key]) is not Rule.OFF
        if change.key is None and change.entity == "Account":
            assert {"Name", CUSTOMER_ID} <= after.keys()
        if change.key is None and change.entity == "Contact":
            assert "Contact.LastName" in after


@settings(max_examples=60)
@given(subjects(kinds=("linked", "matched")), policies())
def test_no_value_of_a_person_is_ever_emptied(subject, policy):
    base = subject.link.base if subject.link else {}
    for change in plan(subject, policy).changes:
        if change.after is None:
            assert FIELD[change.key].direction is Flow.TO_SALESFORCE
            assert same(FIELD[change.key].kind, change.before, base[change.key])
            assert subject.subscriptions or change.key not in SUBSCRIPTION_KEYS


@settings(max_examples=60)
@given(subjects(), policies())
def test_every_field_is_decided_once_with_a_reason_and_no_difference_is_dropped(subject, policy):
    planned = plan(subject, policy)
    assert planned.why
    assert all(planned.why)
    if planned.decisions and planned.state is not State.REFUSED:
        assert [decision.key for decision in planned.decisions] == [spec.key for spec in FIELDS]
    assert planned.differs == sum(decision.differs for decision in planned.decisions)
    for decision in planned.decisions:
        assert decision.reason.endswith((".", "…"))
        assert sum((decision.direction is not None, decision.asks, decision.refused, decision.agreed)) <= 1
        if decision.differs:
            assert (
                decision.direction
                or decision.asks
                or decision.refused
                or "only fills blanks" in decision.reason
                or "waits" in decision.reason
                or "masked" in decision.reason
            )
        else:
            assert decision.direction is None
        if decision.direction is Direction.TO_ALGUNA:
            assert FIELD[decision.key].direction is Flow.BOTH


@settings(max_examples=60)
@given(subjects(kinds=("linked", "matched")), policies())
def test_a_state_says_what_waits(subject, policy):
    planned = plan(subject, policy)
    asked = any(decision.asks for decision in planned.decisions)
    refused = any(decision.refused for decision in planned.decisions)
    if planned.changes:
        assert planned.state is State.PENDING
    elif planned.decisions:
        assert planned.state is (State.CONFLICT if asked else State.REFUSED if refused else State.IN_SYNC)
    assert len({change.id for change in planned.changes}) == len(planned.changes)
