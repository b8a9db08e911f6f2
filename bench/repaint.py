"""Repainting a scrolled page of the accounts grid: as cheap with a million rows as with a thousand?

In a process of its own (``python -m bench.repaint``), because the terminal app's memory must not be counted elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import NotMade, Taken
from bench.practice import ROOT, last_words

if TYPE_CHECKING:
    from bench.scrolling import Scrolling

FEW, MANY = 1_000, 1_000_000
ROUNDS = 20
PAGES = 10
"""Pages painted in a row before it is the other cache's turn."""
WARM_UP = 2
"""Rounds that are not counted."""


def repaint() -> Taken:
    """The median of many pages with `MANY` rows against the one with `FEW`."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.repaint"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise NotMade(f"The grid could not be painted: {last_words(done.stderr)}")
    few, many = json.loads(done.stdout)
    return Taken(many / few, f"{many * 1000:.2f} ms against {few * 1000:.2f} ms")


async def _paint(folder: Path) -> tuple[float, float]:
    from bench.scrolling import scrolling

    async with scrolling([folder / "few.db", folder / "many.db"]) as grids:
        return await _alternate(*grids)


async def _alternate(few: Scrolling, many: Scrolling) -> tuple[float, float]:
    """Seconds for a page, each the median of all."""
    pick = random.Random(1)
    taken: dict[Scrolling, list[float]] = {few: [], many: []}
    for turn in range(WARM_UP + ROUNDS):
        for grid in (few, many):
            await grid.show()
            seconds = [await grid.page(pick) for _ in range(PAGES)]
            if turn >= WARM_UP:
                taken[grid] += seconds
    return statistics.median(taken[few]), statistics.median(taken[many])


def main() -> int:
    """Make both caches, paint, print both medians."""
    from bench.filled import fill

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        fill(Path(folder) / "few.db", FEW, linked=False)
        fill(Path(folder) / "many.db", MANY, linked=False)
        began = time.monotonic()
        print(json.dumps(asyncio.run(_paint(Path(folder)))))
        print(f"Painted in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
