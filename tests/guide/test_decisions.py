"""Deciding through an open connection: what would follow is told first, and read-only refuses with its reason."""

from __future__ import annotations

import pytest

from console.domain.records import Direction, State
from console.domain.verdicts import AskAgain, CreateNew, Keep, LeaveAlone, LinkWith, Unlink
from console.errors import UsageError
from console.guide.connection import OpenConnection
from console.guide.person import person
from console.sync.events import Noted, RunFinished
from tests.practising import Ear

CUSTOMER = {
    "name": "Twin Peaks",
    "currency": "USD",
    "website": "twin-peaks.example",
    "billing_address": {
        "line1": "1 Way",
        "city": "Ulm",
        "state": "",
        "postal_code": "89073",
        "country": "DE",
    },
    "contacts": [
        {"email": "ada@twin-peaks.example", "first_name": "Ada", "last_name": "Peak", "is_primary": True}
    ],
}


@pytest.fixture
def asked(bench):
    """An open connection after a pass, a customer in review, and the ids of the two accounts it may be."""
    name = bench.connected()
    for number in range(2):
        fields = {"Name": f"Twin Peaks {number}", "Website": "https://twin-peaks.example"}
        bench.control("POST", "salesforce/records/Account", {"fields": fields})
    customer_id = bench.control("POST", "alguna/customers", CUSTOMER)["id"]
    connection = bench.desk.open(name)
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    connection.pause()
    return connection, ear, customer_id


def test_candidates_come_with_evidence_and_the_outlook_tells_what_would_be_planned(bench, asked):
    connection, _, customer_id = asked
    detail = connection.account(customer_id)
    assert (detail.state, detail.linked, len(detail.candidates)) == (State.REVIEW, False, 2)
    assert all(candidate.evidence for candidate in detail.candidates)
    chosen = detail.candidates[1]
    outlook = connection.outlook(customer_id, LinkWith(chosen.account_id))
    assert (outlook.state, outlook.account_id) == (State.PENDING, chosen.account_id)
    name = next(row for row in outlook.fields if row.key == "Name")
    assert (name.direction, name.salesforce.value) == (Direction.TO_SALESFORCE, chosen.name)
    assert person() in outlook.decided[0]
    assert "new account" in connection.outlook(customer_id, CreateNew()).why[0]
    assert connection.outlook(customer_id, LeaveAlone()).state is State.NOT_IMPORTED
    assert connection.account(customer_id) == detail, "looking ahead decides nothing"


def test_a_decision_is_kept_told_and_taken_back(bench, asked):
    connection, ear, customer_id = asked
    connection.decide(customer_id, LeaveAlone())
    ear.wait_for(Noted)
    detail = connection.account(customer_id)
    assert detail.state is State.NOT_IMPORTED
    assert detail.revocable
    assert person() in detail.decided[0]
    connection.decide(customer_id, AskAgain())
    ear.wait_for(Noted, 2)
    assert connection.account(customer_id).state is State.REVIEW


def test_what_cannot_be_decided_is_refused_before_anything_is_asked_of_the_engine(bench, asked):
    connection, ear, customer_id = asked
    for verdict in (Unlink(), Keep("Name", "alguna"), LinkWith("001000000000000AAA"), AskAgain()):
        for ask in (connection.outlook, connection.decide):
            with pytest.raises(UsageError):
                ask(customer_id, verdict)
    with pytest.raises(UsageError, match="no customer"):
        connection.decide("nobody", LeaveAlone())
    assert not any(isinstance(event, Noted) for event in ear.events)


def test_where_nothing_can_be_written_nothing_can_be_decided(bench, asked):
    _, _, customer_id = asked
    settings = bench.connections.load("practice")
    second = OpenConnection(settings, bench.connections, bench.secrets)
    try:
        reason = second.facts().read_only
        assert reason
        for ask in (lambda: second.decide(customer_id, LeaveAlone()), second.retry):
            with pytest.raises(UsageError) as refusal:
                ask()
            assert refusal.value.message == reason
        assert second.outlook(customer_id, LeaveAlone()).state is State.NOT_IMPORTED
    finally:
        second.close()


def test_a_name_stands_beside_a_decision_even_where_the_system_has_none(monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert person() == "a person"
