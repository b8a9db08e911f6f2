"""An account that a person is asked about becomes another customer's: the person is still asked, and no account is made."""

import pytest

from console.domain.records import State
from console.domain.verdicts import CreateNew, LeaveAlone, LinkWith
from console.sync.deciding import known, planned
from console.sync.policy import policy_for


@pytest.fixture
def asked(build):
    """Two customers in step with the org; a third waits for a person, because of an account with its domain and another name."""
    world = build(customers=6, org="empty")
    world.sync()
    account = world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Harad Trading", "Website": "https://tinware-and-sons.example"}},
    )["Id"]
    customer_id = world.add_customer()
    world.sync()
    assert state(world, customer_id)[0] is State.REVIEW
    return world, customer_id, account


def state(world, customer_id):
    with world.open() as session:
        entry = session.cache.entries.get(customer_id)
        return entry.state, entry.why


def candidates(world, customer_id):
    with world.open() as session:
        return known(session.cache, customer_id).match.candidates


def session_why(world, customer_id):
    with world.open() as session:
        subject = known(session.cache, customer_id)
        return planned(session.cache, subject, policy_for(world.settings, session.cache)).why


def merge(world, survivor, loser):
    who = world.rehearsal.handout["salesforce"]["username"]
    world.control("POST", f"salesforce/records/Account/{survivor}/merge", {"losers": [loser], "as": who})


def count(world):
    return len(world.query("SELECT Id FROM Account"))


def linked(world):
    return next((id_, row["Id"]) for id_, row in world.accounts().items())


def test_a_merge_that_takes_the_candidate_leaves_the_customer_in_review(asked):
    world, customer_id, account = asked
    owner, loser = linked(world)
    merge(world, account, loser)
    before = count(world)
    for _ in range(3):
        world.sync()
        assert count(world) == before
        assert state(world, customer_id)[0] is State.REVIEW
    assert world.accounts()[owner]["Id"] == account
    (candidate,) = candidates(world, customer_id)
    assert candidate.account_id == account
    assert f"already linked to customer “{owner}”" in " ".join(candidate.evidence)


def test_an_edit_of_the_customer_afterwards_makes_no_account_either(asked):
    world, customer_id, account = asked
    merge(world, account, linked(world)[1])
    world.sync()
    before = count(world)
    world.edit_customer(customer_id, phone="+1 555 0100")
    world.sync()
    assert (count(world), state(world, customer_id)[0]) == (before, State.REVIEW)


def test_a_person_may_still_have_a_new_account_made(asked):
    world, customer_id, account = asked
    merge(world, account, linked(world)[1])
    world.sync()
    before = count(world)
    with world.open() as session:
        session.engine.decide(customer_id, CreateNew(), "ada")
    world.sync()
    assert (count(world), state(world, customer_id)[0]) == (before + 1, State.IN_SYNC)


def test_what_was_left_alone_is_asked_about_again_and_stays_so_once_it_is_left_alone_again(asked):
    world, customer_id, account = asked
    with world.open() as session:
        session.engine.decide(customer_id, LeaveAlone(), "ada")
    world.sync()
    assert state(world, customer_id)[0] is State.NOT_IMPORTED
    merge(world, account, linked(world)[1])
    before = count(world)
    world.sync()
    assert state(world, customer_id)[0] is State.REVIEW
    with world.open() as session:
        session.engine.decide(customer_id, LeaveAlone(), "ada")
    for _ in range(2):
        world.sync()
        assert (count(world), state(world, customer_id)[0]) == (before, State.NOT_IMPORTED)
        world.edit_account(account, Phone="+1 555 0101")


def test_an_account_that_was_chosen_and_then_taken_asks_again(asked):
    world, customer_id, account = asked
    with world.open() as session:
        session.engine.decide(customer_id, LinkWith(account), "ada")
    _, heir = linked(world)
    merge(world, heir, account)
    before = count(world)
    world.sync()
    assert (count(world), state(world, customer_id)[0]) == (before, State.REVIEW)
    (candidate,) = candidates(world, customer_id)
    assert candidate.account_id == heir
    assert "it is gone, or another customer's" in " ".join(session_why(world, customer_id))


def test_a_candidate_that_is_merged_away_leaves_the_customer_in_review_with_the_one_that_is_left(asked):
    world, customer_id, account = asked
    owner, heir = linked(world)
    merge(world, heir, account)
    before = count(world)
    for _ in range(2):
        world.sync()
        assert (count(world), state(world, customer_id)[0]) == (before, State.REVIEW)
    (candidate,) = candidates(world, customer_id)
    assert candidate.account_id == heir
    assert "an account like it was merged into this one" in candidate.evidence
    assert world.accounts()[owner]["Id"] == heir
