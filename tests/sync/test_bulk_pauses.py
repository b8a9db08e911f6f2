"""When a bulk job is looked at again."""

from __future__ import annotations

from console.sync.bulk.pauses import Pauses
from console.sync.bulk.size import LONGEST_PAUSE, looks


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def looked_at(rows: int, rows_a_second: float, wakes_after: float = 0.0) -> list[float]:
    """Seconds of each look at a job of an org with such a pace, until it has ended."""
    clock = Clock()
    pauses, seen = Pauses(clock), [0.0]
    while (processed := int(max(0.0, seen[-1] - wakes_after) * rows_a_second)) < rows:
        clock.now = 100.0 + seen[-1]
        pauses.saw("750", processed, rows)
        seen.append(seen[-1] + pauses.next())
    return seen


def test_without_a_word_on_progress_pauses_double_up_to_the_longest() -> None:
    pauses = Pauses(Clock())
    assert [pauses.next() for _ in range(6)] == [1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_job_is_looked_at_soon_after_its_end_not_when_a_long_pause_is_over() -> None:
    for rows in (5_000, 17_000, 50_000):
        took = rows / 1_000
        assert took <= looked_at(rows, 1_000)[-1] <= took + 1


def test_that_takes_no_more_than_one_look_more_than_is_reckoned_with() -> None:
    for rows in (1_000, 5_000, 17_000, 50_000, 150_000):
        assert len(looked_at(rows, 1_000)) <= looks(rows) + 1


def test_a_job_that_stands_still_is_not_asked_every_second() -> None:
    assert looked_at(10_000, 1_000, wakes_after=60)[:6] == [0, 1, 3, 7, 15, 30]


def test_of_several_jobs_the_next_to_end_counts_and_an_ended_one_no_more() -> None:
    clock = Clock()
    pauses = Pauses(clock)
    for job_id in ("slow", "quick"):
        pauses.saw(job_id, 0, 10_000)
    assert [pauses.next() for _ in range(4)] == [1, 2, 4, 8]
    clock.now += 10
    pauses.saw("slow", 1_000, 10_000)
    pauses.saw("quick", 8_000, 10_000)
    assert pauses.next() == 2.5
    pauses.ended("quick")
    assert pauses.next() == LONGEST_PAUSE
