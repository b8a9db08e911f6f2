"""What people decide: it settles what was asked, and nothing else; and it never outlives what it was decided for."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.decisions import open_to, standing
from console.domain.fields import FIELD, FIELDS, Flow
from console.domain.matching import match, question, without_rivals
from console.domain.normal import same
from console.domain.planner import plan
from console.domain.records import (
    UNDECIDED,
    Account,
    Answer,
    Choice,
    Customer,
    Decided,
    Decision,
    Match,
    MatchedBy,
    Rule,
    State,
)
from console.domain.view import alguna_values, salesforce_values

AT = "2026-03-01T00:00:00Z"
IDS = ("001000000000001AAA", "001000000000002AAA", "001000000000003AAA")
BOTH_WAYS = [spec.key for spec in FIELDS if spec.direction is Flow.BOTH]


class Lookup:
    """Accounts in a list, some of them linked."""

    def __init__(self, *accounts, linked=None):
        self.accounts, self.owners = accounts, linked or {}

    def by_customer_id(self, customer_id):
        return [a for a in self.accounts if a.values.get("Alguna_Customer_ID__c") == customer_id]

    def by_ids(self, ids):
        return [a for a in self.accounts if a.id in ids]

    def by_domain(self, domain):
        return [a for a in self.accounts if domain in (a.values.get("Website") or "")]

    def by_name_key(self, key):
        return [a for a in self.accounts if a.name.casefold().startswith(key)]

    def by_merged(self, domains, key):
        return []

    def linked(self, account_id):
        return self.owners.get(account_id)


def account(number, name="Acme", **values):
    return Account(IDS[number], name, AT, {"Name": name, **values})


def customer(**changes):
    given = Customer("c1", "Acme", AT, AT, {"Name": "Acme", "Website": "https://acme.example"})
    return replace(given, **changes)


def chose(what, account_id=None, **more):
    return Decided(Choice(what, AT, "ada", account_id, **more))


TWINS = (account(0, Website="https://acme.example"), account(1, Website="https://acme.example"))

# --- matching ----------------------------------------------------------------------------------------------------


def test_the_account_that_a_person_chose_is_the_match():
    assert match(customer(), Lookup(*TWINS)).candidates
    found = match(customer(), Lookup(*TWINS), chose("link", IDS[1]))
    assert (found.account_id, found.how) == (IDS[1], MatchedBy.PERSON)
    assert "ada chose this account" in found.evidence


def test_a_choice_goes_before_proof():
    proof = account(2, Alguna_Customer_ID__c="c1")
    assert match(customer(), Lookup(*TWINS, proof)).account_id == IDS[2]
    assert match(customer(), Lookup(*TWINS, proof), chose("link", IDS[0])).account_id == IDS[0]


@pytest.mark.parametrize(
    "lookup",
    [
        Lookup(replace(TWINS[0], deleted=True), TWINS[1], account(2, Website="https://acme.example")),
        Lookup(TWINS[1], account(2, Website="https://acme.example")),
        Lookup(*TWINS, linked={IDS[0]: "c2"}),
    ],
)
def test_a_choice_that_is_gone_or_taken_is_asked_again_with_its_reason(make, lookup):
    decided = chose("link", IDS[0])
    found = match(customer(), lookup, decided)
    assert found.account_id in (None, IDS[1])
    subject = replace(make.unmatched(), decided=decided, match=Match(candidates=found.candidates))
    if found.candidates:
        assert any("gone, or another customer's" in line for line in plan(subject, make.policy()).why)


def test_a_new_account_is_what_was_chosen_unless_one_carries_the_customers_id():
    assert match(customer(), Lookup(*TWINS), chose("create")) == Match()
    own = account(2, Alguna_Customer_ID__c="c1")
    assert match(customer(), Lookup(*TWINS, own), chose("create")).account_id == IDS[2]


def test_a_customer_that_was_unlinked_is_never_matched_by_itself():
    """Neither with the account it was unlinked from, whatever speaks for that, nor with any other."""
    own = account(0, Website="https://acme.example", Alguna_Customer_ID__c="c1")
    apart = Decided(apart=frozenset({IDS[0]}))
    for one in (customer(), customer(aliases=(IDS[0],))):
        found = match(one, Lookup(own), apart)
        assert found.account_id is None
        (candidate,) = found.candidates
        assert "unlinked by a person" in candidate.evidence
    other = account(1, Website="https://acme.example")
    found = match(customer(), Lookup(account(0, "Elsewhere"), other), apart)
    assert [candidate.account_id for candidate in found.candidates] == [IDS[1], IDS[0]]
    assert match(customer(), Lookup(own), replace(apart, choice=Choice("link", AT, "ada", IDS[0]))).account_id


def test_a_persons_choice_stands_against_rivals():
    mine = Match(IDS[0], MatchedBy.PERSON, "Chosen.")
    theirs = Match(IDS[0], MatchedBy.DOMAIN_AND_NAME, "Like it.")
    settled = without_rivals({"c1": mine, "c2": theirs}, Lookup(*TWINS))
    assert settled["c1"] == mine
    assert settled["c2"].account_id is None


def test_the_question_is_another_one_when_identity_or_candidates_change():
    asked = question(customer(), match(customer(), Lookup(*TWINS)))
    assert asked == question(customer(updated_at="later"), match(customer(), Lookup(*TWINS)))
    for one, lookup in (
        (customer(name="Acme Holding"), Lookup(*TWINS)),
        (customer(aliases=("cus_9",)), Lookup(*TWINS)),
        (customer(), Lookup(*TWINS, account(2, Website="https://acme.example"))),
        (customer(), Lookup(TWINS[0], replace(TWINS[1], name="Acme Inc"))),
    ):
        assert question(one, match(one, lookup)) != asked


# --- planning a customer without an account ------------------------------------------------------------------------


def test_left_alone_holds_for_this_question_only(make):
    candidates = match(customer(), Lookup(*TWINS))
    subject = replace(make.unmatched(), match=candidates)
    left = chose("leave", question=question(subject.customer, candidates))
    planned = plan(replace(subject, decided=left), make.policy())
    assert (planned.state, planned.changes) == (State.NOT_IMPORTED, ())
    assert planned.why == ("Left alone by ada at 2026-03-01, until something about it changes.",)
    renamed = replace(subject, decided=left, customer=replace(subject.customer, name="Renamed"))
    planned = plan(renamed, make.policy())
    assert planned.state is State.REVIEW
    assert any("changed since" in line for line in planned.why)


@pytest.mark.parametrize(
    "changes",
    [{"create_accounts": False}, {"connected_at": ""}, {"connected_at": "", "import_choice": "matching"}],
)
def test_a_new_account_that_a_person_chose_is_created_whatever_the_policy(make, changes):
    subject = make.unmatched()
    assert not plan(subject, make.policy(**changes)).changes
    planned = plan(replace(subject, decided=chose("create")), make.policy(**changes))
    assert planned.state is State.PENDING
    assert "ada chose that" in planned.why[0]
    assert planned.changes[0].reason == planned.why[0]


def test_an_incomplete_customer_waits_even_when_its_account_was_chosen_to_be_new(make):
    subject = make.unmatched({key: None for key in make.customer().values if key.startswith("Billing")})
    planned = plan(replace(subject, decided=chose("create")), make.policy())
    assert (planned.state, planned.changes) == (State.INCOMPLETE, ())


def test_a_decision_about_an_existing_customer_has_it_looked_for(make):
    subject = replace(make.unmatched(), match=None)
    outside = make.policy(connected_at="")
    assert plan(subject, outside).state is State.NOT_IMPORTED
    assert plan(replace(subject, decided=chose("link", IDS[0])), outside).state is State.NEW


# --- answers -------------------------------------------------------------------------------------------------------

VALUES = st.sampled_from([None, "Berlin", "BERLIN", "Bonn", "Rome"])


def sides_of(subject, policy):
    return (
        alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values,
        salesforce_values(subject.account, subject.contact),
    )


@settings(max_examples=150)
@given(
    st.data(),
    st.dictionaries(st.sampled_from(["BillingCity", "Name", "Contact.Title", "BillingState"]), VALUES),
    st.dictionaries(st.sampled_from(["BillingCity", "Name", "Contact.Title", "BillingState"]), VALUES),
    st.dictionaries(
        st.sampled_from(["BillingCity", "Name", "Contact.Title", "BillingState"]), st.sampled_from(Rule)
    ),
)
def test_an_answered_conflict_converges(make, data, alguna, salesforce, rules):
    """The side that was kept is what both hold afterwards; then nothing is left to do and the answer is void."""
    subject, policy = make.in_sync(alguna=alguna, salesforce=salesforce), make.policy(rules=rules)
    asked = [decision.key for decision in plan(subject, policy).decisions if decision.asks]
    kept = {key: data.draw(st.sampled_from(["alguna", "salesforce"])) for key in asked}
    answered = make.answered(subject, policy, kept)
    planned = plan(answered, policy)
    ours, theirs = sides_of(subject, policy)
    for decision in planned.decisions:
        if decision.key in kept and not decision.refused:
            assert decision.value == (ours if kept[decision.key] == "alguna" else theirs)[decision.key]
            assert "Decided by ada" in decision.reason
    after = answered
    for change in planned.changes:
        assert change.key is not None
        if change.side == "alguna":
            values = {**after.customer.values, change.key: change.after}
            after = replace(after, customer=replace(after.customer, values=values))
        elif change.entity == "Account":
            after = replace(
                after,
                account=replace(after.account, values={**after.account.values, change.key: change.after}),
            )
        else:
            after = replace(
                after,
                contact=replace(after.contact, values={**after.contact.values, change.key: change.after}),
            )
        after = replace(after, link=replace(after.link, base={**after.link.base, change.key: change.after}))
    again = plan(after, policy)
    assert again.changes == ()
    written = {change.key for change in planned.changes}
    assert set(again.void) == written & kept.keys()


@settings(max_examples=150)
@given(VALUES, VALUES, VALUES, VALUES, st.sampled_from(["alguna", "salesforce"]), st.sampled_from(BOTH_WAYS))
def test_an_answer_holds_for_the_two_values_it_was_given_for(alguna, salesforce, was, had, side, key):
    given_for = {key: Answer(side, was, had, AT, "ada")}
    holding, void = standing(given_for, {key: alguna}, {key: salesforce})
    moved = not (same(FIELD[key].kind, alguna, was) and same(FIELD[key].kind, salesforce, had))
    assert (key in void) == moved
    assert (key in holding) == (not moved)
    for ours, theirs in (({}, {key: salesforce}), ({key: alguna}, {})):
        assert standing(given_for, ours, theirs) == ({}, ()), "unknown is no move"


def test_an_answer_stands_beside_one_whose_value_is_not_known():
    answers = {key: Answer("alguna", "A", "S", AT, "ada") for key in ("Website", "BillingCity")}
    holding, void = standing(answers, {"BillingCity": "A"}, {"Website": "S", "BillingCity": "S"})
    assert (list(holding), void) == (["BillingCity"], ())


def test_without_an_answer_nothing_is_emptied_and_with_one_only_that_field(make):
    subject = make.in_sync(salesforce={"BillingCity": None, "Website": None})
    policy = make.policy()
    assert plan(subject, policy).changes == ()
    (change,) = plan(make.answered(subject, policy, {"BillingCity": "salesforce"}), policy).changes
    assert (change.side, change.key, change.after) == ("alguna", "BillingCity", None)


@pytest.mark.parametrize(
    ("key", "emptied", "side"),
    [
        ("Name", "alguna", "Salesforce"),
        ("Name", "salesforce", "Alguna"),
        ("Contact.LastName", "alguna", "Salesforce"),
        ("Contact.Email", "salesforce", "Alguna"),
        ("CurrencyIsoCode", "salesforce", "Alguna"),
    ],
)
def test_what_may_not_be_empty_is_not_emptied_even_when_asked(make, key, emptied, side):
    subject, policy = make.in_sync(**{emptied: {key: None}}), make.policy()
    planned = plan(make.answered(subject, policy, {key: emptied}), policy)
    decision = make.decision(planned, key)
    assert decision.refused
    assert f"may not be empty in {side}" in decision.reason
    assert planned.changes == ()


def test_a_value_that_only_alguna_fills_may_be_let_be_where_alguna_has_none(make):
    key = "Alguna_Legal_Entity__c"
    subject, policy = make.in_sync(salesforce={key: "Acme Ltd"}, alguna={key: None}), make.policy()
    assert plan(subject, policy).state is State.CONFLICT
    planned = plan(make.answered(subject, policy, {key: "salesforce"}), policy)
    assert (planned.state, planned.changes) == (State.IN_SYNC, ())
    assert "was kept" in make.decision(planned, key).reason
    (change,) = plan(make.answered(subject, policy, {key: "alguna"}), policy).changes
    assert change.after is None


def test_what_may_be_chosen_is_what_differs_and_is_known(make):
    differs = Decision("BillingCity", "They differ.", differs=True)
    assert open_to(differs, {"BillingCity": "A"}, {"BillingCity": "B"}) == ("alguna", "salesforce")
    assert open_to(differs, {}, {"BillingCity": "B"}) == ()
    email = Decision("Contact.Email", "They differ.", differs=True)
    assert open_to(email, {email.key: "a@b.example"}, {email.key: "c@d.example"}) == ("alguna", "salesforce")
    assert open_to(Decision("BillingCity", "Same."), {"BillingCity": "A"}, {"BillingCity": "A"}) == ()
    owned = Decision("Alguna_Customer_Link__c", "They differ.", differs=True)
    assert open_to(owned, {owned.key: "A"}, {owned.key: "B"}) == ("alguna",)
    assert open_to(owned, {owned.key: None}, {owned.key: "B"}) == ("alguna", "salesforce")
    id_ = Decision("Alguna_Customer_ID__c", "Another's.", differs=True)
    assert open_to(id_, {id_.key: "c1"}, {id_.key: "c2"}) == ("alguna",)


def test_nothing_decided_is_false():
    assert not UNDECIDED
    assert not Decided()
    assert Decided(apart=frozenset({IDS[0]}))
    assert chose("create")
