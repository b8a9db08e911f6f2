"""The engine's thread: it stops at any moment, holds when paused, and never dies silently."""

import threading
import time

import pytest

from console.domain.records import State
from console.errors import StoreError, Unreachable
from console.salesforce.info import Usage
from console.sync import runner as runner_module
from console.sync.events import Counts, Progress, RunFailed, RunFinished, Waiting
from console.sync.runner import EngineThread, unexpected
from console.sync.session import open_session

from .conftest import RATE, until


class Watch:
    """An engine thread on a world, and what it told."""

    def __init__(self, world, **how):
        self.world = world
        self.events = []
        self.sessions = []
        how = {"interval": 3600.0, **how}
        self.thread = EngineThread(self.open, self.events.append, **how)

    def open(self, publish, cancelled, gate):
        world = self.world
        session = open_session(
            world.settings,
            world.connections,
            world.secrets,
            publish=publish,
            cancelled=cancelled,
            gate=gate,
            alguna_rate=RATE,
        )
        self.sessions.append(session)
        return session

    def of(self, kind):
        return [event for event in list(self.events) if isinstance(event, kind)]

    def finished(self, passes=1):
        return until(lambda: len(self.of(RunFinished)) >= passes and self.of(RunFinished)[passes - 1])


@pytest.fixture
def watch():
    watches = []

    def make(world, **how):
        watches.append(Watch(world, **how))
        return watches[-1]

    yield make
    for each in watches:
        each.world.heal()
        assert each.thread.stop(5.0)


def struck(world, service):
    return sum(fault["struck"] for fault in world.control("GET", f"{service}/faults")["faults"])


def test_it_makes_a_pass_when_it_starts_and_tells_about_it(world, watch):
    runner = watch(world)
    runner.thread.start()
    summary = runner.finished().summary
    assert summary.applied > 0
    assert runner.of(Progress)
    assert runner.of(Counts)[-1].states["in_sync"] > 0
    waiting = until(lambda: runner.of(Waiting))[-1]
    assert 3500 < waiting.seconds <= 3600


def test_it_makes_the_next_pass_after_the_interval(world, watch):
    runner = watch(world, interval=0.05)
    runner.thread.start()
    assert runner.finished(3).summary.planned == 0


def test_events_come_at_most_twenty_a_second(build, watch):
    world = build(customers=100, org="empty")
    runner = watch(world)
    before = time.monotonic()
    runner.thread.start()
    runner.finished()
    lasted = time.monotonic() - before
    assert len(runner.events) <= 20 * lasted + 8


STALLS = [
    ("salesforce", "composite"),
    ("alguna", "GET /customers"),
    ("alguna", "GET /subscriptions?"),
    ("alguna", "billing-dates"),
    ("alguna", "PATCH"),
]


@pytest.mark.parametrize(("service", "match"), STALLS)
def test_it_stops_within_two_seconds_whatever_it_waits_for_and_the_next_start_goes_on(
    build, watch, service, match
):
    world = build(org="empty")
    world.fault(service, "STALL", share=1.0, match=match)
    runner = watch(world)
    runner.thread.start()
    until(lambda: struck(world, service))
    before = time.monotonic()
    assert runner.thread.stop(2.0)
    assert time.monotonic() - before < 2.0
    world.heal()
    world.sync()
    complete = {i for i, c in world.customers().items() if c["billing_address"] and c["contacts"]}
    assert set(world.accounts()) == complete
    for account in world.accounts().values():
        assert len(world.contacts(account["Id"])) == 1
    assert world.sync().planned == 0


@pytest.mark.parametrize("nth", [3, 4, 5])
def test_it_stops_within_two_seconds_while_a_write_hangs_and_its_fate_is_looked_up(build, watch, nth):
    """The call took effect or it did not: the next start finds out by reading."""
    world = build(org="empty")
    runner = watch(world)
    opened, count = runner.open, 0

    def stalling(publish, cancelled, gate):
        session = opened(publish, cancelled, gate)
        call = session.salesforce.composite

        def composite(requests):
            nonlocal count
            count += 1
            if count == nth:
                world.fault("salesforce", "STALL", next=1, match="composite")
            return call(requests)

        session.salesforce.composite = composite
        return session

    runner.thread = EngineThread(stalling, runner.events.append, interval=3600.0)
    runner.thread.start()
    until(lambda: struck(world, "salesforce"))
    before = time.monotonic()
    assert runner.thread.stop(2.0)
    assert time.monotonic() - before < 2.0
    world.heal()
    world.sync()
    for account in world.accounts().values():
        assert len(world.contacts(account["Id"])) == 1
    assert world.sync().planned == 0


PHASES = [
    "Reading accounts",
    "Reading customers",
    "Reading subscriptions",
    "Reading prices",
    "Planning",
    "Writing to Salesforce",
    "Writing to Alguna",
]


@pytest.mark.parametrize("phase", PHASES)
def test_it_stops_within_two_seconds_in_every_phase(build, watch, phase):
    world = build(customers=300, org="half")
    runner = watch(world)
    reached = threading.Event()

    def opened(publish, cancelled, gate):
        def listen(event):  # to every event, not only to what an eye can follow
            if isinstance(event, Progress) and event.phase.startswith(phase):
                reached.set()
            publish(event)

        return runner.open(listen, cancelled, gate)

    runner.thread = EngineThread(opened, runner.events.append, interval=3600.0)
    runner.thread.start()
    assert reached.wait(60)
    before = time.monotonic()
    assert runner.thread.stop(2.0)
    assert time.monotonic() - before < 2.0


def test_it_stops_within_two_seconds_while_it_only_waits(world, watch):
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    before = time.monotonic()
    assert runner.thread.stop(2.0)
    assert time.monotonic() - before < 1.0
    assert not runner.thread.alive


def test_the_cache_is_free_again_once_it_stopped(world, watch):
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    with pytest.raises(StoreError):
        world.open()
    runner.thread.stop()
    world.open().close()


def test_paused_from_the_start_it_does_nothing_until_it_is_resumed(world, watch):
    runner = watch(world, paused=True)
    runner.thread.start()
    assert until(lambda: runner.of(Waiting))[-1].seconds is None
    assert runner.thread.paused
    assert world.total("salesforce") == 0
    runner.thread.resume()
    assert runner.finished().summary.applied > 0


def held_in_a_write(build, watch):
    """A runner whose first pass is held while it writes to Alguna."""
    world = build(customers=100, org="empty")
    world.control("POST", "alguna/options", {"latency_ms": 20})
    runner = watch(world)
    runner.thread.start()
    until(lambda: [p for p in runner.of(Progress) if p.phase == "Writing to Alguna"])
    runner.thread.pause()
    until(lambda: [w for w in runner.of(Waiting) if "Paused" in w.reason])
    return runner


def test_paused_in_the_middle_it_finishes_the_calls_in_flight_and_goes_on_where_it_stood(build, watch):
    runner = held_in_a_write(build, watch)
    world = runner.world
    until(lambda: quiet(world))
    assert not runner.of(RunFinished)
    runner.thread.resume()
    runner.finished()
    assert len(runner.of(RunFinished)) == 1, "the held pass went on; no second one was needed"


def test_sync_now_while_a_pass_is_held_lets_it_end_and_then_looks_anew(build, watch):
    runner = held_in_a_write(build, watch)
    world = runner.world
    customer_id = next(iter(world.accounts()))
    world.edit_customer(customer_id, name="Edited Meanwhile")
    runner.thread.sync_now()
    runner.finished(2)
    assert world.accounts()[customer_id]["Name"] == "Edited Meanwhile"
    assert runner.thread.paused
    until(lambda: runner.of(Waiting)[-1].reason == "Paused.")
    assert len(runner.of(RunFinished)) == 2


def quiet(world):
    """Whether Alguna was not called for a moment."""
    before = world.total("alguna")
    threading.Event().wait(0.3)
    return world.total("alguna") == before


def test_sync_now_while_paused_makes_one_pass_and_is_paused_again(world, watch):
    runner = watch(world, paused=True, interval=0.05)
    runner.thread.start()
    runner.thread.sync_now()
    runner.finished()
    until(lambda: runner.of(Waiting) and runner.of(Waiting)[-1].seconds is None)
    assert len(runner.of(RunFinished)) == 1
    assert runner.thread.paused


def test_sync_now_makes_the_next_pass_at_once(world, watch):
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    runner.thread.sync_now()
    assert runner.finished(2).summary.planned == 0


def test_sync_one_works_while_paused(world, watch):
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    runner.thread.pause()
    id_ = next(iter(world.accounts()))
    world.edit_customer(id_, name="While Paused")
    runner.thread.sync_one(id_)
    until(lambda: world.accounts()[id_]["Name"] == "While Paused")
    assert runner.thread.paused


def test_an_import_is_taken_up_at_once(build, watch):
    world = build(import_choice="none", connected_at="2099-01-01T00:00:00Z")
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    runner.thread.request_import("all")
    assert runner.finished(2).summary.applied > 0
    assert State.NOT_IMPORTED.value not in runner.of(Counts)[-1].states


def test_a_failed_pass_is_told_and_the_next_one_comes_by_itself(world, watch):
    world.fault("alguna", "500", share=1.0)
    runner = watch(world, interval=0.05)
    runner.thread.start()
    failure = until(lambda: runner.of(RunFailed))[0]
    assert failure.error.category == "unreachable"
    assert runner.thread.alive
    world.heal()
    assert runner.finished().summary.applied > 0


def test_after_a_refused_sign_in_it_waits_and_a_resume_tries_again(world, watch):
    world.control("POST", "alguna/options", {"key_rights": "revoked"})
    runner = watch(world, interval=0.05)
    runner.thread.start()
    assert until(lambda: runner.of(RunFailed))[0].error.category == "sign_in"
    until(lambda: runner.of(Waiting) and runner.of(Waiting)[-1].seconds > 100)
    world.control("POST", "alguna/options", {"key_rights": "full"})
    runner.thread.resume()
    runner.finished()


def test_a_key_that_another_process_brought_is_taken_with_the_next_pass(world, watch):
    good = world.secrets.get(world.settings.name, "alguna_key")
    world.secrets.set(world.settings.name, "alguna_key", "sk_old")
    runner = watch(world)
    runner.thread.start()
    assert until(lambda: runner.of(RunFailed))[0].error.category == "sign_in"
    world.secrets.set(world.settings.name, "alguna_key", good)
    runner.thread.sync_now()
    runner.finished()
    assert len(runner.sessions) == 2


def test_another_org_is_told_and_not_asked_again_and_again(world, watch):
    renewed = world.control("POST", "salesforce/org", {"new_id": True})
    world.secrets.set("practice", "salesforce_access", renewed["access_token"])
    runner = watch(world, interval=0.05)
    runner.thread.start()
    assert until(lambda: runner.of(RunFailed))[0].error.category == "conflict"
    waiting = until(lambda: runner.of(Waiting))[-1]
    assert (waiting.seconds, waiting.reason) == (None, "Waiting for a person.")


def test_an_error_that_nobody_foresaw_is_told_without_its_text_and_does_not_end_the_thread(world, watch):
    runner = watch(world, interval=0.05)
    opened = runner.open

    def broken(publish, cancelled, gate):
        session = opened(publish, cancelled, gate)
        run, first = session.engine.run, []

        def fail(**how):
            if not first:
                first.append(1)
                raise KeyError("ada@example.com")
            return run(**how)

        session.engine.run = fail
        return session

    runner.thread = EngineThread(broken, runner.events.append, interval=0.05)
    runner.thread.start()
    error = until(lambda: runner.of(RunFailed))[0].error
    assert "KeyError" in error.message
    assert "ada@" not in error.message
    runner.finished()


def test_a_session_that_cannot_be_opened_is_an_error_of_start(world, watch):
    held = world.open()
    runner = watch(world)
    with pytest.raises(StoreError):
        runner.thread.start()
    held.close()
    until(lambda: not runner.thread.alive)


def test_unexpected_names_the_place():
    with pytest.raises(KeyError) as caught:
        {}["missing"]
    assert "test_runner.py" in unexpected(caught.value).message


def test_sync_now_looks_at_once_whether_a_limit_that_was_used_up_was_raised(world, watch):
    world.choose(api_share=0.5, api_floor=0)
    runner = watch(world)
    runner.thread.start()
    runner.finished()
    runner.sessions[0].engine._budget.told(Usage(1, 2))
    assert runner.sessions[0].engine.budget.left == 0
    runner.thread.sync_now()
    runner.finished(2)
    assert runner.sessions[0].engine.budget.left > 0


def test_a_side_that_is_gone_for_an_hour_is_asked_less_and_less_often_and_found_again(
    world, watch, monkeypatch
):
    """In a time a thousand times as fast: the pauses double up to the longest one, and the first answer ends them."""
    interval, longest, hour = 0.06, 0.9, 3.6
    monkeypatch.setattr(runner_module, "LONGEST_BACKOFF", longest)
    runner = watch(world, interval=interval)
    gone = threading.Event()
    opened = runner.open

    def cut_off(publish, cancelled, gate):
        session = opened(publish, cancelled, gate)
        run = session.engine.run

        def unless_gone(**how):
            if gone.is_set():
                failure = Unreachable("Alguna does not answer.", "It is tried again.")
                publish(RunFailed(None, failure))
                raise failure
            return run(**how)

        session.engine.run = unless_gone
        return session

    gone.set()
    runner.thread = EngineThread(cut_off, runner.events.append, interval=interval)
    runner.thread.start()
    began = time.monotonic()
    until(lambda: time.monotonic() - began > hour)
    pauses = [round(event.seconds, 2) for event in runner.of(Waiting)]
    assert pauses == sorted(pauses)
    assert longest - 0.1 < max(pauses) <= longest
    assert len(pauses) <= hour / longest + 6, "nobody is asked all the time who does not answer"
    gone.clear()
    assert runner.finished().summary.applied > 0
    until(lambda: runner.of(Waiting)[-1].seconds <= interval)


@pytest.mark.parametrize("where", ["start", "finish"])
def test_a_disk_that_refuses_before_or_after_a_pass_is_told_too(world, watch, monkeypatch, where):
    """Not only what fails in the middle of the work: else the screens would show an old pass, and no reason."""
    runner = watch(world, interval=0.05)
    full = threading.Event()
    opened = runner.open

    def filling(publish, cancelled, gate):
        session = opened(publish, cancelled, gate)
        real = getattr(session.cache.runs, where)

        def refuse(*args):
            if full.is_set():
                raise StoreError("There is no room left for the cache.", "Free some disk space and go on.")
            return real(*args)

        monkeypatch.setattr(session.cache.runs, where, refuse)
        return session

    runner.thread = EngineThread(filling, runner.events.append, interval=0.05)
    runner.thread.start()
    runner.finished()
    full.set()
    failure = until(lambda: runner.of(RunFailed))[0]
    assert "no room" in failure.error.message
    passes = len(runner.of(RunFinished))
    full.clear()
    runner.finished(passes + 1)
