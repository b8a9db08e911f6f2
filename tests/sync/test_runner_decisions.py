"""Decisions reach the cache through the engine's thread, whatever it is doing, and are not lost when it stops."""

from __future__ import annotations

import pytest

from console.domain.records import State
from console.domain.verdicts import CreateNew, LeaveAlone, LinkWith
from console.sync.events import Noted, RunFinished
from console.sync.runner import EngineThread
from console.sync.session import opener

from .conftest import RATE, until

BY = "ada"


class Watch:
    """An engine thread on a world, and what it told."""

    def __init__(self, world, **how):
        self.events = []
        opening = opener(world.settings, world.connections, world.secrets, alguna_rate=RATE)
        self.thread = EngineThread(opening, self.events.append, **{"interval": 3600.0, **how})
        self.thread.start()

    def of(self, kind):
        return [event for event in list(self.events) if isinstance(event, kind)]

    def finished(self, passes=1):
        until(lambda: len(self.of(RunFinished)) >= passes)


@pytest.fixture
def asked(world):
    """A customer in review, and the two accounts it may be; synced once."""
    ids = [
        world.control(
            "POST",
            "salesforce/records/Account",
            {"fields": {"Name": f"Twin Peaks {n}", "Website": "https://twin-peaks.example"}},
        )["Id"]
        for n in range(2)
    ]
    customer_id = world.add_customer(name="Twin Peaks", website="twin-peaks.example")
    world.sync()
    return customer_id, ids


def decided(world, customer_id):
    with world.open() as session:
        return session.cache.decisions.of(customer_id)


def test_a_decision_is_kept_while_paused_and_acted_on_by_the_next_pass(world, asked):
    customer_id, (first, _) = asked
    runner = Watch(world, paused=True)
    try:
        runner.thread.decide(customer_id, LinkWith(first), BY)
        assert until(lambda: runner.of(Noted))[0] == Noted(customer_id)
        assert customer_id not in world.accounts()
        runner.thread.resume()
        runner.finished()
        assert world.accounts()[customer_id]["Id"] == first
    finally:
        assert runner.thread.stop(5.0)


def test_what_was_decided_right_before_the_end_is_kept(world, asked):
    """Told to stop in the middle of a call: the pass breaks off, the decision does not."""
    customer_id, _ = asked
    world.fault("salesforce", "STALL", share=1.0)
    before = world.total("salesforce")
    runner = Watch(world)
    until(lambda: world.total("salesforce") > before)
    runner.thread.decide(customer_id, LeaveAlone(), BY)
    assert runner.of(Noted) == []
    assert runner.thread.stop(5.0)
    world.heal()
    assert runner.of(Noted) == [Noted(customer_id)]
    assert decided(world, customer_id).choice.what == "leave"
    world.sync()
    with world.open() as session:
        assert session.cache.entries.get(customer_id).state is State.NOT_IMPORTED


def test_a_decision_that_came_too_late_is_told_with_its_reason(world, asked):
    customer_id, (first, _) = asked
    runner = Watch(world, paused=True)
    try:
        for verdict in (LinkWith(first), LinkWith("001000000000000AAA")):
            runner.thread.decide(customer_id, verdict, BY)
        runner.thread.sync_now()
        runner.finished()
        runner.thread.decide(customer_id, CreateNew(), BY)
        until(lambda: len(runner.of(Noted)) == 3)
        errors = [event.error and event.error.message for event in runner.of(Noted)]
        assert errors[0] is None
        assert "no account" in errors[1]
        assert "is linked with account" in errors[2]
    finally:
        assert runner.thread.stop(5.0)


def test_trying_again_starts_a_pass_at_once(world):
    world.sync()
    customer_id = next(iter(world.accounts()))
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=1)
    world.edit_customer(customer_id, name="Refused at First")
    assert world.sync().refused == 1
    runner = Watch(world)
    try:
        runner.finished()
        assert world.accounts()[customer_id]["Name"] != "Refused at First"
        runner.thread.retry([customer_id])
        runner.finished(2)
        assert world.accounts()[customer_id]["Name"] == "Refused at First"
    finally:
        assert runner.thread.stop(5.0)
