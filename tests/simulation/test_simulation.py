"""Thousands of steps in simulated worlds; the same seed gives the same trace; scenarios that failed once stay."""

from pathlib import Path

import pytest

from .play import play
from .scenario import BRIEF, Scenario, kept, made
from .shrink import shrunk

KEPT = kept(Path(__file__).with_name("kept.jsonl"))
LONG_SEEDS = range(80)
BRIEF_SEEDS = range(BRIEF, BRIEF + 2_000)
AT_ONCE = 50
"""Brief seeds in one test."""


@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_nothing_is_lost_repeated_or_left_unexplained(seed):
    play(made(seed))


@pytest.mark.parametrize("first", BRIEF_SEEDS[::AT_ONCE])
def test_nor_in_any_of_two_thousand_short_stories(first):
    for seed in range(first, first + AT_ONCE):
        try:
            play(made(seed))
        except Exception as failure:
            failure.add_note(f"Play it again:  make simulate SEED={seed}")
            raise


@pytest.mark.parametrize("scenario", KEPT, ids=lambda scenario: str(scenario.seed))
def test_what_failed_once_holds(scenario):
    play(scenario)


@pytest.mark.parametrize("seed", [3, 28, 41])
def test_the_same_seed_gives_the_same_trace(seed):
    assert play(made(seed)).trace == play(made(seed)).trace


def test_a_scenario_survives_being_written_down():
    scenario = made(7)
    assert Scenario.from_json(scenario.as_json()) == scenario


def test_seeds_between_them_meet_everything_that_can_happen():
    steps = {step[0] for seed in LONG_SEEDS for step in made(seed).steps}
    faults = {step[2] for seed in LONG_SEEDS for step in made(seed).steps if step[0] == "fault"}
    assert {
        "crash",
        "meanwhile",
        "merge",
        "undelete",
        "customer gone",
        "events",
        "another org",
        "dry",
    } <= steps
    assert len(faults) == 8


def test_what_fails_is_cut_down_to_what_makes_it_fail():
    def fails(scenario):
        names = [step[0] for step in scenario.steps]
        return "it went wrong" if "merge" in names and "pass" in names[names.index("merge") :] else ""

    seed = next(seed for seed in range(1_000) if fails(made(seed)))
    assert [step[0] for step in shrunk(made(seed), fails).steps] == ["merge", "pass"]
