"""A pass that is held in the middle of a piece of work: decisions are kept there, and what they overtake is not sent."""

from __future__ import annotations

import threading

import pytest

from console.domain.records import State
from console.domain.verdicts import LeaveAlone, Unlink
from console.errors import Cancelled
from console.sync.events import Noted, Progress, RunFinished, Waiting
from console.sync.gate import Gate, Note
from console.sync.runner import EngineThread
from console.sync.session import open_session

from .conftest import RATE, until

BY = "ada"


class Watch:
    """An engine thread that pauses itself when a phase is told for the nth time."""

    def __init__(self, world, phase, nth=1):
        self.events = []
        self._left = nth

        def opened(publish, cancelled, gate):
            def listen(event):  # in the engine's thread: the next call is held
                if isinstance(event, Progress) and event.phase.startswith(phase):
                    self._left -= 1
                    if self._left == 0:
                        self.thread.pause()
                publish(event)

            return open_session(
                world.settings, world.connections, world.secrets,
                publish=listen, cancelled=cancelled, gate=gate, alguna_rate=RATE,
            )  # fmt: skip

        self.thread = EngineThread(opened, self.events.append, interval=3600.0)
        self.thread.start()

    def of(self, kind):
        return [event for event in list(self.events) if isinstance(event, kind)]

    def held(self):
        until(lambda: [each for each in self.of(Waiting) if "where it stands" in each.reason])

    def noted(self, count=1):
        return until(lambda: len(self.of(Noted)) >= count and self.of(Noted))

    def finished(self):
        until(lambda: self.of(RunFinished))


@pytest.fixture
def watch():
    watches = []

    def make(*args, **how):
        watches.append(Watch(*args, **how))
        return watches[-1]

    yield make
    for each in watches:
        assert each.thread.stop(5.0)


def complete(world):
    return sorted(id_ for id_, c in world.customers().items() if c["billing_address"] and c["contacts"])


def aliases(world, customer_id):
    return world.customer(customer_id)["aliases"] or []


def state(world, customer_id):
    with world.open() as session:
        return session.cache.entries.get(customer_id).state


def test_a_decision_made_while_prices_are_read_overtakes_the_plan_that_was_being_made(build, watch):
    world = build(customers=40, org="empty")
    chosen, *others = complete(world)
    runner = watch(world, "Reading prices", nth=2)
    runner.held()
    runner.thread.decide(chosen, LeaveAlone(), BY)
    assert runner.noted() == [Noted(chosen)]
    assert runner.thread.paused
    assert not world.accounts()
    runner.thread.resume()
    runner.finished()
    assert set(world.accounts()) == set(others)
    runner.thread.stop()
    assert state(world, chosen) is State.NOT_IMPORTED
    assert world.sync().planned == 0


def test_a_row_that_has_not_left_is_not_sent_after_a_decision(build, watch):
    """The accounts are there, the contacts are next: the unlinked customer's is not created, nor its alias."""
    world = build(customers=40, org="empty")
    chosen, *others = complete(world)
    runner = watch(world, "Writing to Salesforce")
    runner.held()
    account_id = world.accounts()[chosen]["Id"]
    runner.thread.decide(chosen, Unlink(), BY)
    assert runner.noted() == [Noted(chosen)]
    runner.thread.resume()
    runner.finished()
    accounts = world.accounts()
    assert world.contacts(account_id) == []
    assert aliases(world, chosen) == []
    for id_ in others:
        assert len(world.contacts(accounts[id_]["Id"])) == 1
        assert accounts[id_]["Id"] in aliases(world, id_)


def test_whatever_was_sent_is_settled_before_it_is_held_so_that_any_decision_can_be_kept(build, watch):
    world = build(customers=60, org="empty")
    world.control("POST", "alguna/options", {"latency_ms": 100})
    runner = watch(world, "Writing to Alguna", nth=3)
    runner.held()
    accounts = world.accounts()
    written = [id_ for id_ in accounts if aliases(world, id_)]
    waiting = [id_ for id_ in accounts if id_ not in written]
    assert written
    assert waiting
    for id_ in (written[0], waiting[0], waiting[-1]):
        runner.thread.decide(id_, Unlink(), BY)
    assert {(each.customer_id, each.error) for each in runner.noted(3)} == {
        (written[0], None), (waiting[0], None), (waiting[-1], None),
    }  # fmt: skip
    runner.thread.resume()
    runner.finished()
    for id_ in accounts:
        assert bool(aliases(world, id_)) == (id_ not in (waiting[0], waiting[-1]))


def test_rows_set_aside_for_a_job_are_taken_back_by_a_decision(build, watch):
    world = build(customers=60, org="empty", bulk_from=10)
    chosen, *others = complete(world)
    # Told before and after each look: to plan, and once more before the first job is created.
    runner = watch(world, "Reading accounts and contacts", nth=4)
    runner.held()
    runner.thread.decide(chosen, LeaveAlone(), BY)
    assert runner.noted() == [Noted(chosen)]
    runner.thread.resume()
    runner.finished()
    assert set(world.accounts()) == set(others)


def test_a_decision_about_changes_that_are_on_their_way_waits_until_it_is_known_how_they_ended(build, watch):
    """A job carries the new account: leaving the customer alone comes too late, and that is said."""
    world = build(customers=60, org="empty", bulk_from=10)
    chosen = complete(world)[0]
    world.control("POST", "salesforce/options", {"bulk_stall": True})
    runner = watch(world, "Salesforce works on bulk jobs")
    runner.held()
    runner.thread.decide(chosen, LeaveAlone(), BY)
    runner.thread.retry()
    assert [each.customer_id for each in runner.noted()] == [None], "what can be kept does not wait behind it"
    world.control("POST", "salesforce/options", {"bulk_stall": False})
    runner.thread.resume()
    runner.finished()
    late = until(lambda: [each for each in runner.of(Noted) if each.customer_id == chosen])
    assert "is linked with account" in late[0].error.message
    assert chosen in world.accounts()


@pytest.mark.parametrize(
    ("phase", "nth"),
    [
        ("Reading accounts and contacts", 1),
        ("Reading prices", 2),
        ("Writing to Salesforce", 1),
        ("Writing to Alguna", 3),
        ("Salesforce works on bulk jobs", 1),
    ],
)
def test_what_is_asked_for_does_not_wait_for_a_pass_that_is_held(build, watch, phase, nth):
    """The pass ends where it is held; what it had not done is done by the next one, once each."""
    in_jobs = phase.endswith("jobs")
    world = build(customers=60, org="empty", bulk_from=10 if in_jobs else 0)
    world.control("POST", "alguna/options", {"latency_ms": 20})
    ids = complete(world)
    runner = watch(world, phase, nth=nth)
    runner.held()
    runner.thread.sync_one(ids[-1])
    until(lambda: ids[-1] in world.accounts() and aliases(world, ids[-1]), 60.0)
    assert runner.thread.paused
    runner.thread.resume()
    until(lambda: len(runner.of(RunFinished)) >= 2, 60.0)
    accounts = world.accounts()
    assert set(accounts) == set(ids)
    for id_ in ids:
        assert len(world.contacts(accounts[id_]["Id"])) == 1
        assert aliases(world, id_).count(accounts[id_]["Id"]) == 1
    assert runner.thread.stop(5.0)
    assert world.sync().planned == 0


# --- the gate by itself -----------------------------------------------------------------------------------------


class Notebook:
    """An engine that keeps notes and knows whose changes are under way."""

    def __init__(self):
        self.kept = []
        self.under_way = set()

    def may_note(self, customer_id):
        return customer_id not in self.under_way


@pytest.fixture
def gate():
    engine = Notebook()
    made = Gate(threading.Event(), lambda event: None, lambda: engine, lambda: None)
    made.engine = engine
    return made


def keeping(word, customer_id=None):
    return Note(lambda engine: engine.kept.append(word), customer_id)


def test_before_a_call_only_notes_are_served_and_at_a_boundary_everything_in_turn(gate):
    gate.ask(lambda engine: engine.kept.append("a pass for one"))
    gate.ask(keeping("a note"))
    gate()
    assert gate.engine.kept == ["a note"]
    gate(boundary=True)
    assert gate.engine.kept == ["a note", "a pass for one"]
    assert gate.next() is None


def test_a_pass_that_is_held_gives_way_to_what_is_no_note_unless_changes_are_on_their_way(gate):
    gate.paused = True
    gate.ask(lambda engine: engine.kept.append("a pass for one"))
    gate(hold=False)
    assert gate.engine.kept == []
    with pytest.raises(Cancelled):
        gate()
    gate.serve(gate.next(), gate.engine)
    assert gate.engine.kept == ["a pass for one"]


def test_a_note_about_what_is_under_way_lets_the_others_by(gate):
    gate.engine.under_way = {"c1"}
    gate.ask(keeping("c1", "c1"))
    gate.ask(keeping("c2", "c2"))
    gate()
    assert gate.engine.kept == ["c2"]
    gate.engine.under_way.clear()
    gate()
    assert gate.engine.kept == ["c2", "c1"]


def test_what_is_served_is_not_held_and_a_note_within_it_does_not_change_that(gate):
    gate.paused = True

    def request(engine):
        gate.ask(keeping("meanwhile"))
        gate()
        assert not gate.holding
        gate()
        engine.kept.append("done")

    gate.serve(request, gate.engine)
    assert gate.engine.kept == ["meanwhile", "done"]
    assert gate.holding


def test_told_to_stop_it_lets_nothing_pass_and_hands_over_the_notes(gate):
    gate._cancelled.set()
    note = keeping("kept at the end")
    gate.ask(lambda engine: None)
    gate.ask(note)
    with pytest.raises(Cancelled):
        gate()
    assert gate.notes() == [note]
    assert gate.next() is None
