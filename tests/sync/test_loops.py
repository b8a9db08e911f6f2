"""A flow that keeps rewriting what is written: noticed after three turns, stopped for that field of that account, and pinned."""

from __future__ import annotations

import pytest

from console.domain.fields import Flow
from console.domain.records import State
from console.domain.verdicts import AskAgain, PinField
from console.errors import UsageError
from console.sync.cursors import text, utc_now
from console.sync.deciding import decide
from console.sync.policy import policy_for

CITY, TAX = "BillingCity", "Alguna_Tax_Rate__c"


@pytest.fixture
def rewritten(world):
    """A linked pair whose city the org's flow writes in capitals with every save; the field only goes to Salesforce."""
    world.choose(directions={CITY: Flow.TO_SALESFORCE})
    world.sync()
    world.control("POST", "salesforce/rules/Account_City_Upper_Case", {"active": True})
    customer_id, account_id = next((key, row["Id"]) for key, row in sorted(world.accounts().items()))
    address = world.customer(customer_id)["billing_address"]
    world.edit_customer(customer_id, billing_address={**address, "city": "Bree"})
    return customer_id, account_id


def there(world, customer_id, field=CITY):
    return world.accounts()[customer_id][field]


def turn_until_stopped(world, customer_id, most=8):
    """Passes until one writes nothing; how many wrote something."""
    for number in range(most):
        if world.sync().planned == 0 and entry(world, customer_id).state is State.CONFLICT:
            return number
    raise AssertionError("it was never stopped")


def entry(world, customer_id):
    with world.open() as session:
        return session.cache.entries.get(customer_id)


def known(world, customer_id):
    with world.open() as session:
        return session.cache.decisions.of(customer_id).loops


def problems(world):
    with world.open() as session:
        return [each for each in session.cache.problems.open() if each.category == "loop"]


def say(world, customer_id, verdict):
    with world.open() as session:
        policy = policy_for(world.settings, session.cache)
        decide(session.cache, policy, customer_id, verdict, text(utc_now()), "ada")


def test_a_field_that_a_flow_rewrites_is_stopped_after_three_turns_and_shown_with_the_evidence(
    world, rewritten
):
    customer_id, _ = rewritten
    assert turn_until_stopped(world, customer_id) == 3
    assert there(world, customer_id) == "BREE"
    loop = known(world, customer_id)[CITY]
    assert (loop.side, loop.pin) == ("salesforce", None)
    assert [(turn.wrote, turn.found) for turn in loop.turns] == [("Bree", "BREE")] * 3
    assert len({turn.run for turn in loop.turns}) == 3
    assert "Robin Adler" in loop.who or "changed last by" in loop.who
    (problem,) = problems(world)
    assert "rewriting Billing City of 1 account in Salesforce" in problem.title
    assert customer_id in problem.advice
    assert world.sync().planned == 0
    assert [each.count for each in problems(world)] == [1], "one problem, not one with each pass"


def test_all_other_fields_of_the_account_go_on(world, rewritten):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    world.edit_customer(customer_id, name="Moria Mining")
    assert world.sync().applied == 1
    assert there(world, customer_id, "Name") == "Moria Mining"
    assert there(world, customer_id) == "BREE"


def test_another_account_is_not_stopped_with_it(world, rewritten):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    other = next(key for key in sorted(world.accounts()) if key != customer_id)
    address = world.customer(other)["billing_address"]
    world.edit_customer(other, billing_address={**address, "city": "Rohan"})
    assert world.sync().applied == 1


def test_pinned_off_nothing_is_written_and_nothing_is_asked(world, rewritten):
    customer_id, account_id = rewritten
    turn_until_stopped(world, customer_id)
    say(world, customer_id, PinField(CITY, "off"))
    assert world.sync().planned == 0
    assert entry(world, customer_id).state is State.IN_SYNC
    assert problems(world) == []
    world.edit_account(account_id, BillingCity="Moria")
    assert world.sync().planned == 0
    assert there(world, customer_id) == "MORIA"


def test_pinned_to_theirs_a_field_that_goes_both_ways_takes_their_value(world, rewritten):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    world.choose(directions={})
    say(world, customer_id, PinField(CITY, "theirs"))
    world.sync()
    assert world.customer(customer_id)["billing_address"]["city"] == "BREE"
    assert world.sync().planned == 0
    assert entry(world, customer_id).state is State.IN_SYNC


def test_pinned_on_it_goes_on_and_nobody_is_asked(world, rewritten):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    say(world, customer_id, PinField(CITY, "on"))
    for _ in range(5):
        assert world.sync().applied == 1
    assert problems(world) == []


def test_watched_it_is_stopped_again_after_three_more_turns_and_only_if_it_is_still_rewritten(
    world, rewritten
):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    world.control("POST", "salesforce/rules/Account_City_Upper_Case", {"active": False})
    say(world, customer_id, PinField(CITY, "watch"))
    world.sync()
    assert there(world, customer_id) == "Bree"
    assert world.sync().planned == 0
    assert entry(world, customer_id).state is State.IN_SYNC


def test_what_was_pinned_can_be_taken_back_and_is_stopped_again(world, rewritten):
    customer_id, _ = rewritten
    turn_until_stopped(world, customer_id)
    say(world, customer_id, PinField(CITY, "off"))
    world.sync()
    say(world, customer_id, AskAgain())
    world.sync()
    assert entry(world, customer_id).state is State.CONFLICT
    assert len(problems(world)) == 1


def test_only_what_loops_can_be_pinned(world, rewritten):
    customer_id, _ = rewritten
    with pytest.raises(UsageError, match="nothing keeps rewriting"):
        say(world, customer_id, PinField("Name", "off"))


def test_a_field_that_only_alguna_fills_is_stopped_too(world):
    world.sync()
    world.control("POST", "salesforce/rules/Account_Tax_Rate_As_Percent", {"active": True})
    customer_id, account_id = next(
        (key, row["Id"]) for key, row in sorted(world.accounts().items()) if row[TAX]
    )
    ours = there(world, customer_id, TAX)
    world.edit_account(account_id, Phone="+1 555 0100")
    assert turn_until_stopped(world, customer_id) == 3
    say(world, customer_id, PinField(TAX, "theirs"))
    assert world.sync().planned == 0
    assert there(world, customer_id, TAX) != ours


def test_two_integrations_that_fight_over_a_field_are_noticed(world):
    world.sync()
    customer_id, account_id = next((key, row["Id"]) for key, row in sorted(world.accounts().items()))
    address = world.customer(customer_id)["billing_address"]
    written = 0
    for _ in range(12):
        world.edit_customer(customer_id, billing_address={**address, "city": "Bree"})
        written += world.sync().applied
        world.edit_account(account_id, BillingCity="Moria")
        written += world.sync().applied
        if CITY in known(world, customer_id):
            break
    else:
        raise AssertionError("it was never noticed")
    assert written <= 8
    assert there(world, customer_id) == "Moria"


def test_a_person_who_edits_to_and_fro_on_one_side_is_no_loop(world):
    world.sync()
    customer_id, _ = next((key, row["Id"]) for key, row in sorted(world.accounts().items()))
    address = world.customer(customer_id)["billing_address"]
    for number in range(10):
        city = ("Bree", "Moria")[number % 2]
        world.edit_customer(customer_id, billing_address={**address, "city": city})
        assert world.sync().applied == 1
        assert there(world, customer_id) == city
    assert known(world, customer_id) == {}


def test_a_dry_run_notices_without_keeping_anything(world, rewritten):
    customer_id, _ = rewritten
    for _ in range(3):
        assert world.sync().applied == 1
    with world.open() as session:
        assert list(session.engine.dry_run()) == []
        assert session.cache.decisions.of(customer_id).loops == {}
