"""Events are thinned out, but the last word of each kind always arrives."""

from console.sync.events import Calls, Progress, RunFinished, RunSummary, Waiting
from console.sync.stream import Stream


class Ear:
    def __init__(self):
        self.heard = []
        self.now = 100.0
        self.stream = Stream(self.heard.append, lambda: self.now)


def test_a_burst_of_one_kind_becomes_its_first_and_its_newest_event():
    ear = Ear()
    for done in range(1000):
        ear.stream(Progress(1, "plan", done))
    ear.stream.flush()
    assert ear.heard == [Progress(1, "plan", 0), Progress(1, "plan", 999)]


def test_no_more_than_twenty_events_a_second_pass():
    ear = Ear()
    for step in range(1000):
        ear.now = 100.0 + step / 1000
        ear.stream(Progress(1, "apply", step))
        ear.stream(Calls(step, step))
    assert len(ear.heard) <= 20


def test_kinds_do_not_replace_each_other():
    ear = Ear()
    ear.stream(Progress(1, "apply"))
    ear.stream(Progress(1, "apply", 1))
    ear.stream(Calls(1, 1))
    ear.stream.flush()
    assert ear.heard[1:] == [Progress(1, "apply", 1), Calls(1, 1)]


def test_the_end_of_a_run_comes_at_once_and_after_what_was_held_back():
    ear = Ear()
    ear.stream(Progress(1, "apply"))
    ear.stream(Progress(1, "apply", 5))
    end = RunFinished(RunSummary(1))
    ear.stream(end)
    ear.stream(Waiting(60.0))
    assert ear.heard[1:] == [Progress(1, "apply", 5), end, Waiting(60.0)]
