"""Decisions and matches compared whole, sentence and all: what a person reads is as much a promise as what is written."""

from dataclasses import replace

import pytest

from console.domain.decisions import latest_sides, question, refusal
from console.domain.matching import match, without_rivals
from console.domain.merge import UNKNOWN, merge
from console.domain.planner import plan, waits
from console.domain.records import (
    Choice,
    Decided,
    Decision,
    Direction,
    Lookalike,
    Match,
    MatchedBy,
    Rule,
    State,
)

from .test_matching import FIRST, SECOND, THIRD, Accounts, account

OWNED, CUSTOMER = "Alguna_Subscription_Name__c", "Alguna_Customer_ID__c"
SF, AL = Direction.TO_SALESFORCE, Direction.TO_ALGUNA


def decision(key, reason, **more):
    """A field that differs."""
    return Decision(key, reason, differs=True, **more)


# -- merging --------------------------------------------------------------------------------------------------------

OWNED_CASES = [
    (
        ("A", None, UNKNOWN, {}),
        {"direction": SF, "value": "A"},
        "Salesforce has no value yet; Alguna has “A”.",
    ),
    (
        ("A", "S", UNKNOWN, {}),
        {"direction": SF, "value": "A", "lost": "S"},
        "Only Alguna fills this field: it has “A”, Salesforce “S”.",
    ),
    (
        ("A", "S", "B", {}),
        {"direction": SF, "value": "A", "lost": "S"},
        "Edited in Salesforce from “B” to “S”; only Alguna fills this field, so “A” is put back.",
    ),
    (
        ("A", "B", "B", {}),
        {"direction": SF, "value": "A"},
        "Alguna moved from “B” to “A”; Salesforce still has “B”.",
    ),
    (
        ("A", "S", "B", {"answer": "alguna"}),
        {"direction": SF, "value": "A", "lost": "S"},
        "Alguna's value was chosen: “A” instead of “S”.",
    ),
    ((None, "S", "B", {"answer": "salesforce"}), {}, "Salesforce's value was kept: “S”; Alguna has nothing."),
    (
        (None, "S", "B", {}),
        {"asks": True},
        "Alguna has nothing, Salesforce has “S”; emptying a field stops and asks a person.",
    ),
    (
        (None, "B", "B", {"may_empty": True}),
        {"direction": SF},
        "Alguna moved from “B” to nothing; Salesforce still has “B”.",
    ),
    (
        (None, "S", "B", {"may_empty": True}),
        {"asks": True},
        "Alguna has nothing, Salesforce has “S”; emptying a field stops and asks a person.",
    ),
]


@pytest.mark.parametrize(("given", "wanted", "reason"), OWNED_CASES, ids=map(str, range(len(OWNED_CASES))))
def test_a_field_that_only_alguna_fills(given, wanted, reason):
    alguna, salesforce, base, how = given
    found = merge(OWNED, alguna, salesforce, base, Rule.ALGUNA_WINS, **how)
    assert replace(found, rule="") == decision(OWNED, reason, **wanted)


def test_an_account_that_carries_another_customers_id_is_a_question():
    reason = "The account carries the id “other” of another customer; a person decides whose it is."
    found = merge(CUSTOMER, "mine", "other", UNKNOWN, Rule.ALGUNA_WINS)
    assert replace(found, rule="") == decision(CUSTOMER, reason, asks=True)
    assert merge(CUSTOMER, "mine", "other", "mine", Rule.ALGUNA_WINS).direction is SF
    assert merge(CUSTOMER, "mine", "other", UNKNOWN, Rule.ALGUNA_WINS, answer="alguna").direction is SF


@pytest.mark.parametrize("base", [UNKNOWN, "old"])
def test_a_rule_that_fills_blanks_fills_the_empty_side_and_no_other(base):
    def found(alguna, salesforce):
        return replace(merge("BillingCity", alguna, salesforce, base, Rule.FILL_BLANKS), rule="")

    assert found("A", None) == decision(
        "BillingCity", "Salesforce has no value; Alguna has “A”.", direction=SF, value="A"
    )
    assert found(None, "S") == decision(
        "BillingCity", "Alguna has no value; Salesforce has “S”.", direction=AL, value="S"
    )
    reason = "Alguna has “A” and Salesforce “S”; the rule only fills blanks."
    assert found("A", "S") == decision("BillingCity", reason)


@pytest.mark.parametrize(
    ("alguna", "salesforce", "emptied", "holder", "left"),
    [(None, "old", "Alguna", "Salesforce", "old"), ("old", None, "Salesforce", "Alguna", "old")],
)
def test_a_value_that_somebody_emptied_is_asked_about(alguna, salesforce, emptied, holder, left):
    reason = f"{emptied} has nothing, {holder} has “{left}”; emptying a field stops and asks a person."
    found = merge("BillingCity", alguna, salesforce, "old", Rule.ALGUNA_WINS)
    assert replace(found, rule="") == decision("BillingCity", reason, asks=True)


# -- single decisions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("turn", "mark"), [(question, "asks"), (refusal, "refused")])
def test_a_decision_that_is_taken_back_writes_and_loses_nothing(turn, mark):
    before = decision("Name", "Copied.", direction=SF, value="A", lost="S", rule="some")
    assert turn(before, "Wait.") == decision("Name", "Wait.", rule="", **{mark: True})


def test_which_record_changed_last_is_told_by_object_and_not_when_it_cannot_be_told(make):
    early, late = "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"
    customer = make.customer(updated_at=late)
    assert latest_sides(customer, make.account(modstamp=early), None) == {"Account": "alguna"}
    both = latest_sides(customer, make.account(modstamp="2026-02-03T00:00:00Z"), make.contact(modstamp=early))
    assert both == {"Account": "salesforce", "Contact": "alguna"}
    assert latest_sides(customer, make.account(modstamp=late), make.contact(modstamp="?")) == {}
    assert latest_sides(make.customer(updated_at=""), make.account(modstamp=late), None) == {}


# -- planning -------------------------------------------------------------------------------------------------------


def test_an_account_without_its_name_or_id_is_not_created_and_says_so(make):
    planned = plan(make.unmatched({"Name": "x" * 300}), make.policy())
    assert planned.state is State.REFUSED
    assert planned.changes == ()
    assert (
        planned.why[0] == "The account can't be created: it needs both its name and its Alguna customer id."
    )
    assert any("300 characters" in sentence for sentence in planned.why[1:])
    assert planned.differs == sum(each.differs for each in planned.decisions) > 0


def test_a_new_account_comes_with_its_contact_and_each_says_why(make):
    account_, contact, alias = plan(make.unmatched(), make.policy()).changes
    assert (account_.entity, contact.entity, alias.key) == ("Account", "Contact", "aliases")
    assert contact.reason == "The new account's contact."
    assert "Website" in account_.after
    customer = make.customer(without=("Website",), aliases=())
    without = plan(replace(make.unmatched(), customer=customer), make.policy())
    assert "Website" not in without.changes[0].after
    assert "Alguna doesn't return this value" in make.decision(without, "Website").reason


def test_the_id_is_not_written_while_an_account_that_was_unlinked_still_carries_it(make):
    mine = make.in_sync(salesforce={CUSTOMER: None})
    assert make.decision(plan(mine, make.policy()), CUSTOMER).direction is SF
    kept = make.decision(plan(replace(mine, carriers=(SECOND,)), make.policy()), CUSTOMER)
    assert kept.refused
    assert kept.reason == (
        f"Account {SECOND} still carries this customer's id, and Salesforce keeps it once: clear it there."
    )
    moved = replace(make.in_sync(alguna={"BillingCity": "Moved"}), carriers=(SECOND,))
    assert make.decision(plan(moved, make.policy()), "BillingCity").direction is SF
    own = plan(replace(mine, carriers=(make.account_id,)), make.policy())
    assert make.decision(own, CUSTOMER).direction is SF


def test_who_waits_and_for_what_is_known_without_comparing_fields(make):
    policy = make.policy()
    assert waits(make.in_sync(), policy) is None
    assert waits(make.unmatched(), policy) is None
    nameless = {"Contact.Email": None, "Contact.LastName": None}
    assert waits(make.unmatched(nameless), policy) is State.INCOMPLETE
    assert waits(make.unmatched(match=None), policy) is State.NEW
    old = replace(make.unmatched(), customer=make.customer(nameless, created_at=make.before, aliases=()))
    assert waits(old, policy) is State.NOT_IMPORTED
    assert waits(old, make.policy(import_choice="all")) is State.INCOMPLETE
    linked = make.in_sync(customer=make.customer(nameless))
    assert waits(linked, policy) is None, "a linked customer is compared, however incomplete it is"


# -- matching -------------------------------------------------------------------------------------------------------


@pytest.fixture
def acme(make):
    return make.customer(aliases=())


def created(*apart, choice=None, **lookalikes):
    """A person decided: the accounts that a rule matched, `FIRST` with its rule and so on, come by keyword."""
    ids = {"first": FIRST, "second": SECOND, "third": THIRD}
    found = {ids[name]: Lookalike(rule, may_save) for name, (rule, may_save) in lookalikes.items()}
    return Decided(choice=choice, apart=frozenset(apart), lookalikes=found)


def test_what_a_duplicate_rule_matched_is_a_candidate_with_the_rule_as_evidence(acme):
    there = Accounts(account(FIRST, "Elsewhere"), account(SECOND, "Nowhere"))
    found = match(acme, there, created(first=("Strict\x1b[31m", True), second=("", True)))
    assert [(each.account_id, each.score, each.evidence) for each in found.candidates] == [
        (FIRST, 40, ("Salesforce's duplicate rule Strict␛[31m matched it", "another name")),
        (SECOND, 40, ("Salesforce's duplicate rule of the org matched it", "another name")),
    ]


def test_the_account_that_was_found_stays_the_best_when_a_person_is_asked(acme):
    there = Accounts(account(FIRST, "Acme Corp", website="acme.example"), account(SECOND, "Elsewhere"))
    assert match(acme, there).account_id == FIRST
    asked = match(acme, there, Decided(apart=frozenset({SECOND})))
    assert asked.account_id is None
    assert [each.account_id for each in asked.candidates] == [FIRST, SECOND]
    assert asked.candidates[0].evidence == (
        "Only “Acme Corp” has the domain acme.example and a name like “Acme Corp”",
        "same domain acme.example",
        "a name that fits",
    )
    assert asked.candidates[0].score == 100 + 50 + 30
    assert asked.candidates[1].evidence[-1] == "unlinked by a person"


def test_nothing_speaks_for_an_account_that_a_person_unlinked_but_what_it_has_itself(acme):
    there = Accounts(account(FIRST, "Acme Corp", website="acme.example"))
    (candidate,) = match(acme, there, Decided(apart=frozenset({FIRST}))).candidates
    assert candidate.evidence == ("same domain acme.example", "a name that fits", "unlinked by a person")
    assert candidate.score == 50 + 30 - 120


def test_names_that_others_gave_are_cut_at_sixty_signs(acme):
    there, cut = Accounts(account(FIRST, "Elsewhere")), f"{'x' * 59}…"
    chosen = Decided(Choice("link", "2026-02-01T00:00:00Z", "x" * 300, FIRST))
    assert match(acme, there, chosen).evidence == f"{cut} chose this account at 2026-02-01."
    (candidate,) = match(acme, there, created(first=("x" * 300, True))).candidates
    assert candidate.evidence[0] == f"Salesforce's duplicate rule {cut} matched it"


def test_a_choice_to_link_that_names_no_account_chooses_none(acme):
    there = Accounts(account(FIRST, "Acme Corp", website="acme.example"))
    nameless = Decided(Choice("link", "2026-02-01T00:00:00Z", "ada"))
    assert match(acme, there, nameless).how is MatchedBy.DOMAIN_AND_NAME


def test_what_a_rule_matched_does_not_keep_an_account_that_is_proven_away(acme):
    there = Accounts(account(FIRST, "Acme Corp", customer_id=acme.id), account(SECOND, "Elsewhere"))
    assert match(acme, there, created(second=("Rule", True))).account_id == FIRST


@pytest.mark.parametrize(
    ("may_save", "seen", "free"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_new_account_is_made_only_where_no_rule_refuses_and_the_person_saw_what_it_matched(
    acme, may_save, seen, free
):
    choice = Choice("create", "2026-02-01T00:00:00Z", "ada", question=f"{THIRD} {FIRST}" if seen else THIRD)
    found = match(
        acme, Accounts(account(FIRST, "Elsewhere")), created(choice=choice, first=("Rule", may_save))
    )
    assert found == Match() if free else [each.account_id for each in found.candidates] == [FIRST]


def test_a_person_account_is_never_linked_and_says_so(acme):
    there = Accounts(account(FIRST, "Acme Corp", customer_id=acme.id, person=True))
    (candidate,) = match(acme, there).candidates
    assert candidate.evidence == (
        f"the account carries the customer id “{acme.id}”",
        "a name that fits",
        "a person account, which is never linked",
    )
    assert candidate.score == 100 + 30 - 60


def test_a_proof_is_told_as_a_sentence(acme):
    found = match(acme, Accounts(account(FIRST, "Acme Corp", customer_id=acme.id)))
    assert (found.how, found.evidence) == (
        MatchedBy.CUSTOMER_ID,
        f"The account carries the customer id “{acme.id}”.",
    )
    by_alias = match(replace(acme, aliases=(FIRST,)), Accounts(account(FIRST, "Other")))
    assert (by_alias.how, by_alias.evidence) == (
        MatchedBy.ALIAS,
        "The account's id is an alias of the customer.",
    )


def test_of_two_that_claim_one_account_the_stronger_claim_stands_and_equal_ones_are_both_asked():
    there = Accounts(account(FIRST, "Acme"), account(SECOND, "Beta"))
    alias = Match(FIRST, MatchedBy.ALIAS, "By alias.")
    alike = Match(FIRST, MatchedBy.DOMAIN_AND_NAME, "By likeness.")
    alone = Match(SECOND, MatchedBy.DOMAIN_AND_NAME, "Alone.")
    settled = without_rivals({"alone": alone, "one": alias, "two": alike}, there)
    assert settled["alone"] == alone
    assert settled["one"] == alias
    (left,) = settled["two"].candidates
    assert (left.account_id, left.name, left.score) == (FIRST, "Acme", 50)
    assert left.evidence == ("By likeness", "also claimed by customer “one”")
    both = without_rivals({"one": alike, "two": alike}, there)
    assert not any(found.account_id for found in both.values())
    three = without_rivals({"one": alike, "two": alike, "three": alike}, there)
    assert three["one"].candidates[0].evidence[1] == "also claimed by customer “two”, “three”"
    unknown = without_rivals({"one": alike, "two": alike}, Accounts())
    assert unknown["one"].candidates[0].name == FIRST


@pytest.mark.parametrize(("name", "website"), [("Acme Corp", None), ("Gone", "acme.example")])
def test_an_account_that_one_like_the_customer_was_merged_into_is_asked_about(acme, name, website):
    gone = account(FIRST, name, website=website, deleted=True, merged_into=SECOND)
    there = Accounts(gone, account(SECOND, "Elsewhere"), account(THIRD, "Chosen"))
    assert match(acme, there) == Match()
    asked = match(acme, there, Decided(asked=frozenset({FIRST})))
    (heir,) = asked.candidates
    assert (heir.account_id, heir.score) == (SECOND, 0)
    assert heir.evidence == ("an account like it was merged into this one", "another name")
    choice = Choice("link", "2026-02-01T00:00:00Z", "ada", THIRD)
    taken = Accounts(account(THIRD, "Chosen"), links={THIRD: "other"})
    (chosen,) = match(acme, taken, Decided(choice=choice)).candidates
    assert chosen.evidence[0] == "the account that a person chose"


@pytest.mark.parametrize(
    ("merged_into", "deleted", "found"), [(SECOND, True, SECOND), (SECOND, False, FIRST), (None, True, None)]
)
def test_an_alias_that_names_the_loser_of_a_merge_leads_to_the_account_that_is_left(
    acme, merged_into, deleted, found
):
    there = Accounts(
        account(FIRST, "Loser", merged_into=merged_into, deleted=deleted), account(SECOND, "Winner")
    )
    assert match(replace(acme, aliases=(FIRST,)), there).account_id == found


def test_a_website_and_an_address_each_speak_for_a_customer(make):
    values = {"Website": "https://acme.example", "Contact.Email": "ada@mail.test"}
    customer = make.customer(values, aliases=())
    for domain in ("acme.example", "mail.test"):
        assert match(customer, Accounts(account(FIRST, "Acme Corp", website=domain))).account_id == FIRST
