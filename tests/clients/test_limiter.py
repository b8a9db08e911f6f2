from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alguna.limiter import RateLimiter
from console.errors import Cancelled


class Clock(threading.Event):
    """Time that passes only by waiting (or by `tick`), from one thread."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


@given(
    rate=st.floats(min_value=0.5, max_value=100),
    gaps=st.lists(st.floats(min_value=0, max_value=0.5), min_size=1, max_size=300),
)
def test_no_second_ever_holds_more_than_alguna_allows(rate: float, gaps: list[float]) -> None:
    clock = Clock()
    limiter = RateLimiter(rate, clock=lambda: clock.now, cancelled=clock)
    started: list[float] = []
    for gap in gaps:
        clock.now += gap
        limiter.acquire()
        started.append(clock.now)
    for index, start in enumerate(started):
        inside = sum(1 for other in started[index:] if other < start + 1 - 1e-6)
        assert inside <= 100


def test_a_steady_stream_reaches_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(50, clock=lambda: clock.now, cancelled=clock)
    for _ in range(501):
        limiter.acquire()
    assert clock.now - 1000.0 == pytest.approx(10, abs=0.3)


def test_a_few_calls_after_a_rest_are_not_held_up() -> None:
    clock = Clock()
    limiter = RateLimiter(10, clock=lambda: clock.now, cancelled=clock)
    for _ in range(10):
        limiter.acquire()
    assert clock.now == pytest.approx(1000.0)


def test_a_hold_stops_everybody_until_it_is_over() -> None:
    clock = Clock()
    limiter = RateLimiter(90, clock=lambda: clock.now, cancelled=clock)
    limiter.hold(2.5)
    limiter.hold(1.0)
    limiter.acquire()
    assert clock.now == pytest.approx(1002.5)


def test_eight_threads_together_keep_the_rate() -> None:
    limiter = RateLimiter(100)
    starts: list[float] = []
    lock = threading.Lock()
    import time

    def work() -> None:
        for _ in range(10):
            limiter.acquire()
            with lock:
                starts.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(starts) == 80
    assert max(starts) - min(starts) >= 0.7


def test_cancelling_ends_the_wait() -> None:
    stop = threading.Event()
    limiter = RateLimiter(90, cancelled=stop)
    limiter.hold(60)
    stop.set()
    with pytest.raises(Cancelled):
        limiter.acquire()


@pytest.mark.parametrize("rate", [0, -1, 101])
def test_a_rate_above_alguna_s_own_is_not_accepted(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        RateLimiter(rate)
