"""Changing the field rules: what moves from then on goes by the new ones, records as they are stay so until somebody chooses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.fields import Flow
from console.domain.records import Rule, State
from console.domain.whatif import Ruling
from console.errors import Conflict
from console.sync.cursors import text, utc_now
from console.sync.policy import policy_for
from console.sync.ruling import change_rules, what_if, with_ruling


def linked(world):
    return next((key, row["Id"]) for key, row in sorted(world.accounts().items()))


def set_city(world, customer_id, name):
    address = world.customer(customer_id)["billing_address"]
    world.edit_customer(customer_id, billing_address={**address, "city": name})


def cities(world, customer_id):
    there = world.accounts()[customer_id]["BillingCity"]
    return world.customer(customer_id)["billing_address"]["city"], there


@pytest.fixture
def apart(world):
    """A linked pair whose city both sides moved while the rule left it to a person."""
    world.sync()
    world.choose(rules={"BillingCity": Rule.MANUAL})
    customer_id, account_id = linked(world)
    set_city(world, customer_id, "Bree")
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Moria")
    return customer_id, account_id


def change(world, rules, *, chosen=None, **more):
    """Keep other rules, as the command does."""
    with world.open() as session:
        ruling = replace(Ruling.of(policy_for(world.settings, session.cache)), rules=rules, **more)
        wanted = with_ruling(world.settings, ruling)
        at = text(utc_now())
        found = change_rules(session.cache, world.connections, world.settings, wanted, at, chosen=chosen)
    world.settings = wanted
    return found


def look(world, rules, **more):
    """What other rules would do."""
    with world.open() as session:
        now = policy_for(world.settings, session.cache)
        return what_if(session.cache, now, replace(Ruling.of(now), rules=rules, **more).within(now))


def state(world, customer_id):
    with world.open() as session:
        return session.cache.entries.get(customer_id)


def test_what_another_rule_would_do_is_told_before_anything_happens(world, apart):
    customer_id, _ = apart
    found = look(world, {})
    assert found.differs["BillingCity"] == 1
    assert (found.accounts, found.values, dict(found.writes)) == (1, 1, {"BillingCity": 1})
    ((_, change),) = found.sample
    assert (change.customer_id, change.before, change.after) == (customer_id, "Moria", "Bree")
    other = look(world, {"BillingCity": Rule.SALESFORCE_WINS})
    assert other.sides == {"alguna": 1}
    assert other.hash != found.hash
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Moria")


def test_a_changed_rule_leaves_existing_differences_as_they_are(world, apart):
    customer_id, _ = apart
    change(world, {})
    summary = world.sync()
    assert summary.planned == 0
    assert cities(world, customer_id) == ("Bree", "Moria")
    entry = state(world, customer_id)
    assert (entry.state, entry.differs) == (State.IN_SYNC, 1)
    assert world.sync().planned == 0


@pytest.mark.parametrize("mover", ["alguna", "salesforce"])
def test_the_new_rule_decides_once_one_of_the_values_moves(world, apart, mover):
    customer_id, account_id = apart
    change(world, {})
    world.sync()
    if mover == "alguna":
        set_city(world, customer_id, "Rohan")
    else:
        world.edit_account(account_id, BillingCity="Rohan")
    world.sync()
    won = "Rohan" if mover == "alguna" else "Bree"
    assert cities(world, customer_id) == (won, won)
    with world.open() as session:
        assert session.cache.decisions.spared() == {}


def test_another_field_that_moves_does_not_take_the_spared_one_along(world, apart):
    customer_id, account_id = apart
    change(world, {})
    world.edit_account(account_id, BillingPostalCode="99999")
    assert world.sync().applied == 1
    assert cities(world, customer_id) == ("Bree", "Moria")


def test_settings_that_were_edited_by_hand_rewrite_nothing_either(world, apart):
    customer_id, _ = apart
    world.choose(rules={})
    assert world.sync().planned == 0
    assert cities(world, customer_id) == ("Bree", "Moria")


def test_what_moves_in_the_very_pass_that_meets_the_new_rules_goes_by_them(world, apart):
    customer_id, _ = apart
    world.choose(rules={})
    set_city(world, customer_id, "Rohan")
    world.sync()
    assert cities(world, customer_id) == ("Rohan", "Rohan")


def test_the_plan_that_was_shown_is_done_to_existing_records_when_it_is_chosen(world, apart):
    customer_id, _ = apart
    shown = look(world, {"BillingCity": Rule.SALESFORCE_WINS})
    change(world, {"BillingCity": Rule.SALESFORCE_WINS}, chosen=shown.hash)
    summary = world.sync()
    assert summary.applied == shown.values
    assert cities(world, customer_id) == ("Moria", "Moria")
    with world.open() as session:
        (row,) = [row for row in session.cache.history.of(customer_id) if row.run == summary.run]
    assert (row.key, row.before, row.after, row.lost) == ("BillingCity", "Bree", "Moria", "Bree")


def test_a_plan_that_is_another_by_now_is_not_taken_for_the_one_that_was_shown(world, apart):
    customer_id, account_id = apart
    shown = look(world, {})
    world.edit_account(account_id, BillingCity="Rohan")
    world.sync()
    with pytest.raises(Conflict, match="not what was shown"):
        change(world, {}, chosen=shown.hash)
    assert world.connections.load("practice").rules == {"BillingCity": Rule.MANUAL}
    assert world.sync().planned == 0
    assert cities(world, customer_id) == ("Bree", "Rohan")


def test_what_is_held_can_be_chosen_later(world, apart):
    customer_id, _ = apart
    change(world, {})
    world.sync()
    spared = look(world, {})
    assert dict(spared.writes) == {"BillingCity": 1}
    change(world, {}, chosen=spared.hash)
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Bree")


def test_a_field_that_is_switched_on_again_leaves_what_differs(world):
    world.choose(rules={"BillingCity": Rule.OFF, "Alguna_Tax_Rate__c": Rule.OFF})
    world.sync()
    customer_id, account_id = linked(world)
    set_city(world, customer_id, "Bree")
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    found = look(world, {})
    assert found.writes["BillingCity"] >= 1
    assert found.writes["Alguna_Tax_Rate__c"] > 1
    change(world, {})
    assert world.sync().planned == 0
    assert cities(world, customer_id) == ("Bree", "Moria")
    with world.open() as session:
        assert session.cache.decisions.spared()["Alguna_Tax_Rate__c"] == found.writes["Alguna_Tax_Rate__c"]


def test_a_change_that_was_due_before_the_rules_changed_is_still_made(world):
    world.sync()
    customer_id, _ = linked(world)
    set_city(world, customer_id, "Bree")
    with world.open() as session:
        assert [each.after for each in session.engine.dry_run()] == ["Bree"]
    change(world, {"BillingPostalCode": Rule.MANUAL})
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Bree")


def test_alguna_as_the_source_of_accounts_creates_none_for_customers_that_had_none(build):
    world = build(org="empty", source_of_truth="salesforce")
    world.sync()
    assert world.accounts() == {}
    found = look(world, {}, create_accounts=True)
    assert found.writes["new Account"] == found.accounts > 1
    change(world, {}, create_accounts=True)
    fresh = world.add_customer()
    world.sync()
    assert list(world.accounts()) == [fresh]
    assert world.sync().planned == 0
    again = look(world, {}, create_accounts=True)
    assert again.writes["new Account"] == found.writes["new Account"]
    change(world, {}, create_accounts=True, chosen=again.hash)
    world.sync()
    assert len(world.accounts()) == 1 + found.writes["new Account"]


def test_a_field_that_goes_to_salesforce_only_is_put_back_there(world):
    world.choose(directions={"BillingCity": Flow.TO_SALESFORCE})
    world.sync()
    customer_id, account_id = linked(world)
    ours, _ = cities(world, customer_id)
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    assert cities(world, customer_id) == (ours, ours)
    assert world.sync().planned == 0


def test_a_field_that_goes_to_alguna_only_is_never_written_to_salesforce(world):
    world.choose(directions={"BillingCity": Flow.TO_ALGUNA}, rules={"BillingCity": Rule.ALGUNA_WINS})
    world.sync()
    customer_id, account_id = linked(world)
    _, theirs = cities(world, customer_id)
    set_city(world, customer_id, "Bree")
    assert world.sync().planned == 0
    assert cities(world, customer_id) == ("Bree", theirs)
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Moria"), "both moved, and Alguna wins: it is let be"
