"""Thousands of steps in simulated worlds; the same seed gives the same trace; scenarios that failed once stay."""

from pathlib import Path

import pytest

from .play import play
from .scenario import Scenario, kept, made
from .shrink import shrunk

KEPT = kept(Path(__file__).with_name("kept.jsonl"))
GROUPS, SEEDS = 8, 10
"""Groups for the test processes to share, and seeds in each."""


@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_is_lost_repeated_or_left_unexplained(group, tmp_path):
    for seed in range(group * SEEDS, (group + 1) * SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        play(made(seed), folder)


@pytest.mark.parametrize("scenario", KEPT, ids=lambda scenario: str(scenario.seed))
def test_what_failed_once_holds(scenario, tmp_path):
    play(scenario, tmp_path)


@pytest.mark.parametrize("seed", [3, 28, 41])
def test_the_same_seed_gives_the_same_trace(seed, tmp_path):
    traces = set()
    for time in range(2):
        folder = tmp_path / str(time)
        folder.mkdir()
        traces.add(play(made(seed), folder).trace)
    assert len(traces) == 1


def test_a_scenario_survives_being_written_down():
    scenario = made(7)
    assert Scenario.from_json(scenario.as_json()) == scenario


def test_seeds_between_them_meet_everything_that_can_happen():
    steps = {step[0] for seed in range(GROUPS * SEEDS) for step in made(seed).steps}
    faults = {step[2] for seed in range(GROUPS * SEEDS) for step in made(seed).steps if step[0] == "fault"}
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
