"""The pool: results in the order in which they end, and a way out at any moment."""

import os
import signal
import sys
import threading
import time

import pytest

from console.errors import Cancelled, Unreachable
from console.sync.workers import AHEAD, TURN, Workers


@pytest.fixture
def cancelled():
    return threading.Event()


@pytest.fixture
def workers(cancelled):
    pool = Workers(4, cancelled, grace=0.1)
    yield pool
    pool.close()


def test_a_call_returns_what_the_function_returned(workers):
    assert workers.call(pow, 2, 10) == 1024


def test_a_call_raises_what_the_function_raised(workers):
    def fail():
        raise Unreachable("No answer.")

    with pytest.raises(Unreachable, match="No answer"):
        workers.call(fail)


def test_each_runs_all_items_and_keeps_failures_with_their_item(workers):
    def odd(number):
        if number % 2:
            raise ValueError(number)
        return number * 10

    done = dict(workers.each(odd, range(100)))
    assert len(done) == 100
    assert done[4].result() == 40
    with pytest.raises(ValueError, match="5"):
        done[5].result()


def test_each_uses_several_threads_but_never_more_than_its_size(workers):
    together = threading.Barrier(4, timeout=5)
    names = set()

    def meet(_):
        together.wait()
        names.add(threading.current_thread().name)

    for _, future in workers.each(meet, range(8)):
        future.result()
    assert len(names) == 4


def test_each_takes_items_only_when_a_thread_will_soon_be_free_for_them(workers):
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    for _ in workers.each(lambda number: number, items()):
        assert len(taken) <= 1000
        if len(taken) < 1000:
            break
    assert len(taken) <= 4 * AHEAD


def test_a_call_that_never_ends_is_left_behind_when_cancelled(workers, cancelled):
    stalled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    before = time.monotonic()
    with pytest.raises(Cancelled):
        workers.call(stalled.wait, 30)
    assert time.monotonic() - before < 2
    stalled.set()


def test_what_ends_within_the_grace_is_still_yielded_and_nothing_new_begins(cancelled):
    workers = Workers(2, cancelled, grace=5)
    begun = []

    def work(number):
        begun.append(number)
        if number == 1:
            cancelled.set()
        return number

    results = []

    def take_all():
        for item, future in workers.each(work, range(100)):
            results.append((item, future.result()))

    with pytest.raises(Cancelled):
        take_all()
    assert sorted(results) == [(number, number) for number in sorted(begun)]
    assert len(begun) <= 4
    workers.close()


def test_while_the_engine_is_busy_with_one_result_its_threads_go_on_with_what_was_handed_out(cancelled):
    workers = Workers(1, cancelled)
    ended = threading.Semaphore(0)
    results = workers.each(lambda number: ended.release() or number, range(100))
    next(results)
    for _ in range(AHEAD):
        assert ended.acquire(timeout=5)
    assert len(list(results)) == 99
    workers.close()


def test_what_was_handed_out_and_had_not_begun_when_cancelled_never_does(cancelled):
    workers = Workers(1, cancelled, grace=5)
    begun = []

    def work(number):
        begun.append(number)
        cancelled.set()

    results = workers.each(work, range(100))
    assert next(results)[0] == 0
    with pytest.raises(Cancelled):
        next(results)
    assert begun == [0]
    workers.close()


def test_nothing_begins_once_cancelled(workers, cancelled):
    cancelled.set()
    with pytest.raises(Cancelled):
        workers.call(pytest.fail, "began")
    with pytest.raises(Cancelled):
        list(workers.each(pytest.fail, ["began"]))
    with pytest.raises(Cancelled):
        workers.sleep(0)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix's")
def test_told_to_stop_by_a_signal_that_takes_its_time_it_stops():
    """The handler lasts longer than a turn: the wait that it interrupted is over its time when it goes on."""
    cancelled, never = threading.Event(), threading.Event()

    def told(number, frame):
        time.sleep(2 * TURN)
        cancelled.set()

    before = signal.signal(signal.SIGUSR1, told)
    workers = Workers(1, cancelled, grace=0.1)
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            workers.call(never.wait, 20)
        assert time.monotonic() - began < 10
    finally:
        signal.signal(signal.SIGUSR1, before)
        never.set()
        workers.close()
