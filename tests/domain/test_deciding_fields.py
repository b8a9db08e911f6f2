"""What stands beside the merge of a field: what changed rules spare, pins of loops, holds, rights, lists; alone and in a plan."""

from dataclasses import replace

import pytest

from console.domain import contacts
from console.domain.decisions import decide
from console.domain.fields import FIELD, Flow
from console.domain.loops import Loop
from console.domain.merge import EMPTY, SAME
from console.domain.picklists import Picklists
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import (
    SPARED_CONTACT,
    Answer,
    Decided,
    Decision,
    Direction,
    Held,
    Match,
    MatchedBy,
    Rule,
    Spared,
    State,
)

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
    assert one("A", "A", "A", held=held).agreed, "what was held is settled"


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


# -- of a whole customer ----------------------------------------------------------------------------------------------


def written(planned):
    return [(change.side, change.record, change.key, change.after) for change in planned.changes]


def test_fields_that_an_undo_did_not_hold_keep_what_was_agreed(make):
    subject = make.in_sync(alguna={KEY: "Bree", "Website": "https://new.example"}, salesforce={KEY: "Moria"})
    held = {KEY: Held("Bree", "Moria", 3)}
    planned = plan(replace(subject, link=replace(subject.link, held=held)), make.policy())
    assert written(planned) == [("salesforce", make.account_id, "Website", "https://new.example")]
    assert make.decision(planned, "Website").reason.startswith("Alguna moved from")
    assert "Held since run 3" in make.decision(planned, KEY).reason


def test_on_a_fresh_match_nobody_is_said_to_have_moved(make):
    match = Match(make.account_id, MatchedBy.ALIAS, "Its alias.")
    subject = make.unmatched(match=match, account=make.account({"Name": "Acme Corp", KEY: "Moria"}))
    planned = plan(subject, make.policy())
    assert make.decision(planned, "Name").reason == SAME
    assert "they never agreed on a value" in make.decision(planned, KEY).reason


def test_a_difference_that_changed_rules_spare_is_left_until_a_side_moves(make):
    subject = make.in_sync(alguna={KEY: "Bree"}, salesforce={KEY: "Moria"})
    spared = {KEY: Spared("Bree", "Moria", AT)}
    planned = plan(replace(subject, decided=Decided(spared=spared)), make.policy())
    assert (planned.state, planned.changes, planned.void) == (State.IN_SYNC, (), ())
    assert "left as they are since the rules were changed" in make.decision(planned, KEY).reason
    moved = {KEY: Spared("Bree", "Lorien", AT)}
    planned = plan(replace(subject, decided=Decided(spared=moved)), make.policy())
    assert (written(planned), planned.void) == ([("salesforce", make.account_id, KEY, "Bree")], (KEY,))


def test_the_pinned_subscription_is_the_one_that_is_shown(make):
    subject = make.in_sync()
    older = make.subscription(id="sub_0", name="Older", starts_at="2025-01-01T00:00:00Z")
    subject = replace(subject, subscriptions=(*subject.subscriptions, older))
    assert plan(subject, make.policy()).changes == ()
    pinned = plan(replace(subject, link=replace(subject.link, pinned_subscription="sub_0")), make.policy())
    assert make.decision(pinned, "Alguna_Subscription_Name__c").value == "Older"
    assert any("because it was pinned" in sentence for sentence in pinned.why)


def test_what_an_orgs_lists_do_not_have_is_refused_with_what_they_have(make):
    policy = make.policy(picklists=Picklists(currencies=("EUR", "GBP")))
    new = plan(make.unmatched(), policy)
    assert "CurrencyIsoCode" not in new.changes[0].after
    assert make.decision(new, "CurrencyIsoCode").reason == (
        "Account Currency “USD” is no active currency of this org, which takes EUR and GBP: activate it in Setup,"
        " Manage Currencies."
    )
    assert "in the org's own currency" in make.decision(new, "Alguna_Subscription_Value__c").reason
    subject = make.in_sync(
        salesforce={"CurrencyIsoCode": "EUR", "Alguna_Subscription_Value__c": "1.00"},
        base={"CurrencyIsoCode": "EUR"},
    )
    linked = plan(subject, policy)
    assert (linked.state, linked.changes) == (State.REFUSED, ())
    assert "in “EUR” instead of USD" in make.decision(linked, "Alguna_Subscription_Value__c").reason


def test_who_may_edit_accounts_only_has_contacts_refused(make):
    subject = make.in_sync(alguna={"Name": "New", "Contact.LastName": "King"})
    planned = plan(subject, make.policy(edits=frozenset({"Account"})))
    assert written(planned) == [("salesforce", make.account_id, "Name", "New")]
    refused = make.decision(planned, "Contact.LastName")
    assert refused.reason == "The signed-in user may not edit contacts in Salesforce."
    planned = plan(subject, make.policy(writable=frozenset({"Contact.LastName"})))
    assert make.decision(planned, "Name").reason == (
        "The signed-in user may read this field in Salesforce but not edit it."
    )


# -- an account without a contact -------------------------------------------------------------------------------------


def bare(make, **sides):
    """A linked customer whose account has no contact yet."""
    subject = make.in_sync(**sides)
    return replace(subject, contact=None, link=replace(subject.link, contact_id=None))


def test_beside_a_new_contact_the_accounts_fields_go_both_ways(make):
    planned = plan(bare(make, alguna={"Name": "New"}, salesforce={KEY: "Moria"}), make.policy())
    created, *changes = planned.changes
    assert created.reason == (
        "The account has no contact with this e-mail address: Alguna's contact is created."
    )
    assert [(each.record, each.key, each.before, each.after) for each in changes] == [
        (make.account_id, "Name", "Acme Corp", "New"),
        ("wcqYrqfE", KEY, "San Francisco", "Moria"),
    ]


def test_a_contact_that_was_missing_when_rules_changed_is_created_once_algunas_changes(make):
    subject = bare(make)
    spared = {SPARED_CONTACT: Spared(contacts.said(subject.customer.values), None, AT)}
    left = replace(subject, decided=Decided(spared=spared))
    planned = plan(left, make.policy())
    assert (planned.state, planned.changes, planned.void) == (State.IN_SYNC, (), ())
    assert make.decision(planned, "Contact.LastName").reason == (
        "The account has no contact, and gets none because the rules were changed at 2026-02-01: left as it is until"
        " Alguna's contact changes."
    )
    renamed = replace(left, customer=make.customer({"Contact.LastName": "King"}))
    assert [(each.entity, each.key) for each in plan(renamed, make.policy()).changes] == [("Contact", None)]
