"""Field rules through an open connection: looked at from the cache, kept by the engine, acted on by its next pass."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from console.domain.records import Rule
from console.domain.verdicts import PinField
from console.errors import Cancelled, Conflict
from console.guide.rules import with_rule
from console.sync.events import RunFinished
from tests.practising import Ear


@pytest.fixture
def opened(bench):
    """A connection whose first pass is over, a customer in it that both sides moved apart, and what it tells."""
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    connection.pause()
    rules = connection.rules()
    rules.keep(with_rule(rules.ruling(), "BillingCity", Rule.MANUAL))
    row = bench.query(
        "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Name LIMIT 1"
    )[0]
    customer_id = row["Alguna_Customer_ID__c"]
    address = bench.control("GET", f"alguna/customers/{customer_id}")["billing_address"]
    bench.control(
        "PATCH", f"alguna/customers/{customer_id}", {"billing_address": {**address, "city": "Bree"}}
    )
    bench.control("PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Moria"}})
    connection.sync_one(customer_id)
    ear.until(lambda: connection.account(customer_id).state == "conflict")
    return connection, ear, customer_id, row["Id"]


def look(rules, ruling):
    return rules.look(ruling, threading.Event(), lambda number: None)


def city(bench, account_id):
    return bench.query(f"SELECT BillingCity FROM Account WHERE Id = '{account_id}'")[0]["BillingCity"]


def test_rules_are_tried_kept_and_existing_records_written_when_chosen(bench, opened):
    connection, ear, customer_id, account_id = opened
    rules = connection.rules()
    assert rules.ruling().rules == {"BillingCity": Rule.MANUAL}
    wanted = with_rule(rules.ruling(), "BillingCity", Rule.ALGUNA_WINS)
    seen = look(rules, wanted)
    assert (seen.values, seen.accounts) == (1, 1)
    assert seen.sample[0].endswith("Billing City in Salesforce: Moria → Bree")
    rules.keep(wanted)
    assert rules.ruling().rules == {}
    connection.sync_one(customer_id)
    ear.until(lambda: "left as they are since the rules were changed" in reason(connection, customer_id))
    assert city(bench, account_id) == "Moria"
    again = look(rules, rules.ruling())
    assert next(line.spared for line in again.lines if line.key == "BillingCity") == 1
    with pytest.raises(Conflict, match="not what was shown"):
        rules.keep(wanted, "another")
    rules.keep(wanted, again.hash)
    connection.sync_one(customer_id)
    ear.until(lambda: connection.account(customer_id).state == "in_sync")
    assert city(bench, account_id) == "Bree"
    row = connection.account(customer_id).history[0]
    assert (row.field, row.before, row.after, row.lost) == ("BillingCity", "Moria", "Bree", "Moria")


def reason(connection, customer_id):
    return next(row.reason for row in connection.account(customer_id).fields if row.key == "BillingCity")


def test_looking_is_stopped_when_asked_and_changes_nothing(bench, opened):
    connection, _, _, _ = opened
    rules, stop = connection.rules(), threading.Event()
    before = rules.ruling()
    stop.set()
    with pytest.raises(Cancelled):
        rules.look(replace(before, create_accounts=not before.create_accounts), stop, lambda number: None)
    assert rules.ruling() == before


def test_the_exercise_makes_a_loop_that_is_stopped_shown_and_pinned(bench):
    connection = bench.desk.open(bench.connected())
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    room = bench.desk.rehearsal()
    assert "three turns" in room.practise("rewritten")

    def stopped():
        connection.sync_now()
        return [each for each in connection.problems() if each.category == "loop"]

    ear.until(stopped)
    (problem,) = stopped()
    assert "Alguna Tax Rate" in problem.title
    customer_id = problem.advice.split("customer ")[1].split(":")[0]
    row = next(row for row in connection.account(customer_id).fields if row.key == "Alguna_Tax_Rate__c")
    assert row.waits
    assert len([turn for turn in row.turns if "stood there next" in turn]) == 3
    assert "flow, trigger or rule of the org" in row.turns[-1]
    connection.decide(customer_id, PinField("Alguna_Tax_Rate__c", "off"))
    ear.until(lambda: connection.account(customer_id).decided)
    assert "not written here any more" in connection.account(customer_id).decided[0]
    room.practise("calm")
