"""What a measure is, and what comes of it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["x", "calls", "s"]
"""``x``: a ratio of two medians or peaks of the same run; ``calls``: API calls; ``s``: seconds."""


class NotMade(Exception):
    """A measure could not be made; the text is one sentence that says why."""


EVERY = 15.0
"""Seconds between two words on how far something is."""


@contextmanager
def telling(what: str, so_far: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Tell on stderr what is going on within the block, again and again: minutes without a word look like a halt."""
    ended = threading.Event()
    began = time.monotonic()

    def tell() -> None:
        while not ended.wait(EVERY):
            print(f"    {time.monotonic() - began:.0f} s {so_far()}".rstrip(), file=sys.stderr, flush=True)

    print(f"  {what} ...", file=sys.stderr, flush=True)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        print(f"    {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was measured, with the numbers it comes from in words."""

    value: float
    detail: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured. `goal` is the most that is allowed, in `unit`; `take` measures, and may take minutes.

    :raises NotMade: (from `take`) it can't be measured here.
    """

    key: str
    name: str
    goal: float
    unit: Unit
    take: Callable[[], Taken]
    at_least: bool = False
    """The goal is the least, not the most."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `measured` is None when the measure could not be made; `detail` then says why."""

    name: str
    measured: float | None
    goal: float
    ok: bool
    unit: Unit
    detail: str
    at_least: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it stands in ``bench/results.json``."""
        return asdict(self)


def judge(measure: Measure) -> Result:
    """Make a measure and hold it against its goal. What goes wrong becomes the result's detail."""
    try:
        taken = measure.take()
    except NotMade as failure:
        return Result(measure.name, None, measure.goal, False, measure.unit, str(failure), measure.at_least)
    value = round(taken.value, 2)
    ok = value >= measure.goal if measure.at_least else value <= measure.goal
    return Result(measure.name, value, measure.goal, ok, measure.unit, taken.detail, measure.at_least)
