"""``make simulate N=...``: play many seeds, side by side, and say in one line what that was.

A seed that fails is cut down and printed with how to play it again; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .play import play
from .scenario import Scenario, kept, made
from .shrink import failure, shrunk
from .truth import Violation


def one(seed: int) -> tuple[int, str, Counter]:
    """Play a seed: what went wrong, if anything, and the numbers."""
    try:
        return seed, "", play(made(seed)).counts
    except Violation as violation:
        return seed, str(violation), Counter([_TOLD.get(violation.kind.split()[0], "others")])
    except Exception as error:  # anything that the engine doesn't expect is a finding too
        return seed, f"{type(error).__name__}: {error}", Counter()


_TOLD = {"lost": "losses", "emptied": "losses", "duplicate": "duplicates"}


def simulate(seeds: range, processes: int) -> int:
    """Play these seeds; the number of those that failed."""
    began = time.monotonic()
    total: Counter = Counter()
    failed: list[int] = []
    with ProcessPoolExecutor(processes) as pool:
        for place, (seed, wrong, counts) in enumerate(pool.map(one, seeds, chunksize=4), 1):
            total.update(counts)
            if wrong:
                failed.append(seed)
                print(f"seed {seed}: {wrong}", file=sys.stderr)
            if sys.stderr.isatty():
                print(f"\r{place:,} of {len(seeds):,}", end="", file=sys.stderr, flush=True)
    for seed in failed[:3]:
        small = shrunk(made(seed))
        print(f"\nseed {seed}, cut down to {len(small.steps)} steps: {failure(small)}")
        print(
            f"  play it again:  make simulate SEED={seed}   or, with the steps in a file:  make simulate FILE=..."
        )
        print(f"  {small.as_json()}")
    seconds = time.monotonic() - began
    print(
        f"{len(seeds):,} seeds, {len(seeds) / seconds:.1f} a second; {total['steps']:,} steps, {total['passes']:,} passes, "
        f"{total['edits']:,} edits, {total['writes']:,} writes, {total['conflicts']:,} conflicts, {total['crashes']:,} crashes, "
        f"{total['failed passes']:,} failed passes, {total['overtaken']:,} overtaken; "
        f"losses = {total['losses']}, duplicates = {total['duplicates']}, failed seeds = {len(failed)}"
    )
    return len(failed)


def again(scenarios: list[Scenario]) -> int:
    """Play single scenarios; the number of those that fail."""
    wrong = [(scenario, sentence) for scenario in scenarios if (sentence := failure(scenario))]
    for scenario, sentence in wrong:
        print(f"seed {scenario.seed}: {sentence}")
    print(f"{len(scenarios)} played, {len(wrong)} failed")
    return len(wrong)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--file", type=Path, help="the scenarios of a file, one a line")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    how = parser.parse_args()
    if how.file is not None:
        return min(1, again(kept(how.file)))
    if how.seed is not None:
        return min(1, simulate(range(how.seed, how.seed + 1), 1))
    if how.seeds < 1:
        parser.error("at least one seed")
    return min(1, simulate(range(how.first, how.first + how.seeds), how.processes))


if __name__ == "__main__":
    sys.exit(main())
