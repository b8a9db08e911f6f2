"""Customers whose fields are not compared: their state, what is said of them, and that nothing is written."""

from dataclasses import replace

import pytest

from console.domain.fields import CUSTOMER_ID, FIELD
from console.domain.matching import question
from console.domain.planner import plan
from console.domain.records import (
    SPARED_ACCOUNT,
    SPARED_CONTACT,
    Candidate,
    Choice,
    Decided,
    LinkPlan,
    Match,
    MatchedBy,
    Spared,
    State,
)

AT = "2026-03-01T00:00:00Z"
LEFT_ALONE = "This customer was there before the connection, and existing customers are not imported."
NAMELESS = (
    "Not looked for in Salesforce: the signed-in user can't see there which customer an account carries, so that another's"
    " could be taken, or a second one made."
)
NO_RIGHT = "No account matches, and the signed-in user may not create accounts in Salesforce."


@pytest.fixture
def existing(make):
    """A customer from before the connection, for whom no account was found."""
    return replace(make.unmatched(), customer=make.customer(aliases=(), created_at=make.before))


# -- linked with what is no business account --------------------------------------------------------------------------


def test_an_account_that_became_a_persons_is_left_alone_and_a_person_asked(make):
    linked = make.in_sync(alguna={"Name": "New"})
    linked = replace(linked, account=replace(linked.account, person=True))
    assert plan(linked, make.policy()) == LinkPlan(
        State.REVIEW,
        (
            f"Account {make.account_id} is a person account now, and customers are kept in step with business accounts only:"
            " nothing is written to it.",
            "Unlink the two, and choose or create a business account.",
        ),
    )


# -- before Salesforce was searched -----------------------------------------------------------------------------------


def test_a_customer_that_was_not_looked_for_says_so(make, existing):
    new = replace(make.unmatched(), match=None)
    assert plan(new, make.policy()) == LinkPlan(State.NEW, ("Not looked for in Salesforce yet.",))
    old = plan(replace(existing, match=None), make.policy())
    assert old == LinkPlan(State.NOT_IMPORTED, (LEFT_ALONE,))


def test_a_match_whose_account_is_not_read_yet_says_so(make):
    match = Match(make.account_id, MatchedBy.ALIAS, "Its alias.")
    assert plan(make.unmatched(match=match), make.policy()) == LinkPlan(
        State.NEW, (f"Matched to account {make.account_id}, which hasn't been read yet.",)
    )


def test_whoever_cannot_see_the_customer_ids_links_and_creates_nothing(make, existing):
    blind = make.policy(readable=frozenset(FIELD) - {CUSTOMER_ID})
    assert plan(make.unmatched(), blind) == LinkPlan(State.NEW, (NAMELESS,))
    assert plan(existing, blind) == LinkPlan(State.NOT_IMPORTED, (LEFT_ALONE,))
    unlinked = replace(existing, decided=Decided(apart=frozenset({make.account_id})))
    assert plan(unlinked, blind) == LinkPlan(State.NEW, (NAMELESS,))


# -- not imported -----------------------------------------------------------------------------------------------------


def test_an_existing_customer_is_asked_about_only_where_it_was_unlinked_and_something_is_like_it(
    make, existing
):
    alike = replace(existing, match=Match(candidates=(Candidate(make.account_id, "Acme", 30, ("alike",)),)))
    apart = Decided(apart=frozenset({make.account_id}))
    left = LinkPlan(State.NOT_IMPORTED, (LEFT_ALONE,))
    assert plan(alike, make.policy()) == left
    assert plan(replace(existing, decided=apart), make.policy()) == left
    assert plan(replace(alike, decided=apart), make.policy()).state is State.REVIEW


def test_an_existing_customer_without_an_account_is_not_imported_where_only_matching_ones_are(make, existing):
    sentence = (
        "No account matches, and of the existing customers only those with a matching account are imported."
    )
    assert plan(existing, make.policy(import_choice="matching")) == LinkPlan(State.NOT_IMPORTED, (sentence,))


# -- not created ------------------------------------------------------------------------------------------------------


def test_where_creating_is_switched_off_no_account_is_created_and_that_is_said(make):
    sentence = "No account matches, and creating accounts from Alguna is switched off."
    off = make.policy(create_accounts=False)
    assert plan(make.unmatched(), off) == LinkPlan(State.NOT_CREATED, (sentence,))
    overtaken = Decided(Choice("leave", AT, "ada", question="another"))
    assert plan(make.unmatched(decided=overtaken), off).state is State.NOT_CREATED


def test_without_the_right_to_create_accounts_none_is_created_and_that_is_said(make):
    refused = plan(make.unmatched(), make.policy(creates=frozenset({"Contact"})))
    assert refused == LinkPlan(State.NOT_CREATED, (NO_RIGHT,))
    planned = plan(make.unmatched(), make.policy(creates=frozenset({"Account"})))
    assert [change.entity for change in planned.changes] == ["Account", "customer"]


def test_a_customer_that_was_without_an_account_when_rules_changed_gets_one_once_it_moves_or_is_asked_for(
    make,
):
    subject = make.unmatched()
    spared = {SPARED_ACCOUNT: Spared(question(subject.customer, subject.match), None, AT)}
    left = replace(subject, decided=Decided(spared=spared))
    assert plan(left, make.policy()) == LinkPlan(
        State.NOT_CREATED,
        (
            "No account matches. It had none when the rules were changed at 2026-03-01, and none is created because of that:"
            " something about it has to change, or a person to choose.",
        ),
    )
    renamed = replace(left, customer=replace(subject.customer, name="Renamed"))
    assert plan(renamed, make.policy()).state is State.PENDING
    chosen = replace(left, decided=Decided(Choice("create", AT, "ada"), spared=spared))
    assert plan(chosen, make.policy()).state is State.PENDING


# -- created ----------------------------------------------------------------------------------------------------------


def test_an_account_that_was_neither_matched_nor_linked_is_not_written_to(make):
    planned = plan(make.unmatched(account=make.account({"Name": "Else"})), make.policy())
    first = planned.changes[0]
    assert (first.entity, first.creates) == ("Account", True)


# -- no longer spared -------------------------------------------------------------------------------------------------


def test_what_was_not_created_when_rules_changed_is_forgotten_once_it_is_there(make):
    spared = {key: Spared("as it was", None, AT) for key in (SPARED_ACCOUNT, SPARED_CONTACT)}
    linked = make.in_sync(decided=Decided(spared=spared))
    assert plan(linked, make.policy()).void == (SPARED_ACCOUNT, SPARED_CONTACT)
    bare = replace(linked, contact=None)
    assert plan(bare, make.policy()).void == (SPARED_ACCOUNT,)
