"""Brakes: what stops a run is a function of what it would do, of limits, and of what was let go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.brakes import KEY_FIELDS, LEEWAY, SAMPLE, Effect, Limits, dropped
from console.domain.changes import NEW_ACCOUNT
from console.domain.planner import plan
from console.domain.records import Choice, Rule

LIMITS = Limits(share=0.2, least=50, creates=100, drop=0.2)


def renamed(make, number=1, linked=1000, **alguna):
    """The effect of changing so many linked accounts."""
    effect = Effect(linked)
    subject = make.in_sync(alguna=alguna or {"Name": "Acme Two"})
    for n in range(number):
        one = replace(subject, customer=replace(subject.customer, id=f"c{n}", name=f"Company {n}"))
        effect.add(one, plan(one, make.policy()).changes, make.policy())
    return effect


def created(make, number, **changes):
    effect = Effect(0)
    for n in range(number):
        subject = make.unmatched()
        subject = replace(subject, customer=replace(subject.customer, id=f"c{n}"), **changes)
        effect.add(subject, plan(subject, make.policy(import_choice="all")).changes, make.policy())
    return effect


# --- how many are changed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("linked", "number", "stopped"),
    [(5, 3, False), (60, 50, False), (60, 51, True), (1000, 200, False), (1000, 201, True), (0, 50, False)],
)
def test_more_than_the_share_is_stopped_but_never_a_few(make, linked, number, stopped):
    stops = renamed(make, number, linked).stops(LIMITS, {})
    assert [stop.brake for stop in stops] == (["changed"] if stopped else [])


def test_a_stop_says_how_many_and_shows_a_sample(make):
    (stop,) = renamed(make, 300).stops(LIMITS, {})
    assert stop.count == 300
    assert "300 of 1,000 linked accounts would be changed (30%)" in stop.sentence
    assert len(stop.sample) == SAMPLE
    assert stop.sample[0] == ("c0", "Company 0: Account Name in Salesforce from “Acme Corp” to “Acme Two”")


def test_what_moves_by_itself_is_no_change(make):
    """Renewal dates move for everybody when a period ends."""
    subject = make.in_sync()
    moved = replace(subject, subscriptions=(make.subscription(details=make.details(renews_on="2027-02-01")),))
    changes = plan(moved, make.policy()).changes
    assert changes
    effect = Effect(1)
    effect.add(moved, changes, make.policy())
    assert effect.changed == 0


def test_bringing_a_new_pair_in_step_is_no_change(make):
    """An account that was found for a customer a moment ago: nothing was ever agreed on."""
    subject = make.in_sync(alguna={"Name": "Acme Two"})
    fresh = replace(subject, link=replace(subject.link, base={}))
    changes = plan(fresh, make.policy()).changes
    assert changes
    effect = Effect(1)
    effect.add(fresh, changes, make.policy())
    assert effect.changed == 0


def test_a_customer_with_many_changed_fields_counts_once(make):
    assert renamed(make, 1, Name="Two", BillingCity="Ghent", Website="https://two.example").changed == 1


# --- how many are created ------------------------------------------------------------------------------------


def test_new_customers_become_accounts_up_to_a_number(make):
    assert created(make, 100).stops(LIMITS, {}) == ()
    (stop,) = created(make, 101).stops(LIMITS, {})
    assert (stop.brake, stop.count) == ("created", 101)


def test_the_first_pass_after_connecting_was_shown(make):
    assert created(make, 500).stops(LIMITS, {}, first=True) == ()


def test_customers_that_a_person_chose_to_import_are_no_surprise(make):
    existing = make.unmatched().customer
    existing = replace(existing, created_at=make.before)
    effect = Effect(0)
    for n in range(500):
        subject = replace(make.unmatched(), customer=replace(existing, id=f"c{n}"))
        changes = plan(subject, make.policy(import_choice="all")).changes
        assert changes[0].creates
        effect.add(subject, changes, make.policy(import_choice="all"))
    assert effect.created == 0


def test_an_account_that_a_person_asked_for_is_no_surprise(make):
    wanted = replace(make.unmatched().decided, choice=Choice("create", make.after, "ada"))
    assert created(make, 200, decided=wanted).created == 0


# --- what is emptied -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEY_FIELDS)
def test_a_key_field_that_would_be_emptied_stops_at_once(make, key):
    subject = make.in_sync(alguna={"Name": "Acme Two"})
    (change,) = plan(subject, make.policy()).changes
    effect = Effect(1000)
    effect.add(subject, [replace(change, key=key, before="something", after=None)], make.policy())
    (stop,) = effect.stops(LIMITS, {})
    assert (stop.brake, stop.count) == ("blanked", 1)
    assert "to nothing" in stop.sample[0][1]


@given(data=st.data())
def test_the_planner_never_empties_a_key_field_unasked(make, data):
    """Whatever both sides hold, whatever was agreed, whatever the rules: only a person's answer empties it."""
    values = st.sampled_from([None, "Acme Corp", "x@acme.example", "wcqYrqfE"])
    sides = st.dictionaries(st.sampled_from(KEY_FIELDS), values)
    alguna = {key: value for key, value in data.draw(sides).items() if not key.startswith("Alguna_")}
    subject = make.in_sync(alguna=alguna, salesforce=data.draw(sides), base=data.draw(sides))
    rules = data.draw(st.dictionaries(st.sampled_from(KEY_FIELDS), st.sampled_from(list(Rule))))
    policy = make.policy(rules=rules)
    effect = Effect(1)
    effect.add(subject, plan(subject, policy).changes, policy)
    assert effect.blanked == 0


def test_what_a_person_answered_may_be_emptied(make):
    policy = make.policy()
    subject = make.in_sync(alguna={"Contact.Email": None})
    subject = make.answered(subject, policy, {"Contact.Email": "alguna"})
    changes = plan(subject, policy).changes
    assert [(change.key, change.after) for change in changes] == [("Contact.Email", None)]
    effect = Effect(1)
    effect.add(subject, changes, policy)
    assert effect.stops(LIMITS, {}) == ()


# --- what is missing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "missing", "stopped"),
    [(10, 10, False), (40, 25, False), (40, 26, True), (1000, 200, False), (1000, 201, True), (0, 0, False)],
)
def test_a_sudden_drop_is_stopped_but_never_a_few(known, missing, stopped):
    assert (dropped("customers in Alguna", known, missing, LIMITS, {}) is not None) is stopped


def test_a_drop_says_what_is_missing():
    stop = dropped("customers in Alguna", 1000, 400, LIMITS, {})
    assert stop.sentence.startswith("400 of 1,000 customers in Alguna are missing all at once (40%)")


# --- limits and letting go -----------------------------------------------------------------------------------


def test_every_brake_can_be_switched_off(make):
    off = Limits(share=1, least=0, creates=0, drop=1)
    assert renamed(make, 300, 300).stops(off, {}) == ()
    assert created(make, 300).stops(off, {}) == ()
    assert dropped("customers in Alguna", 10_000, 10_000, off, {}) is None


@given(shown=st.integers(201, 400), now=st.integers(201, 500))
def test_what_was_let_go_is_what_was_shown_and_little_more(make, shown, now):
    effect = Effect(1000, changed=now)
    assert bool(effect.stops(LIMITS, {"changed": shown})) is (now > shown * LEEWAY)
    assert effect.stops(LIMITS, {"created": 1000}), "one brake let go lets go no other"


@given(
    linked=st.integers(0, 5000),
    changed=st.integers(0, 5000),
    share=st.floats(0.01, 1),
    least=st.integers(0, 500),
)
def test_doing_less_is_never_stopped_where_doing_more_is_not(linked, changed, share, least):
    limits = Limits(share=share, least=least)
    if not Effect(linked, changed=changed).stops(limits, {}):
        assert not Effect(linked, changed=max(0, changed - 1)).stops(limits, {})


def test_records_of_a_contact_alone_are_counted_with_their_account(make):
    subject = make.unmatched()
    changes = plan(subject, make.policy()).changes
    effect = Effect(0)
    effect.add(subject, changes, make.policy())
    assert effect.created == 1
    assert NEW_ACCOUNT in str([change.after for change in changes])
