"""Cutting a failing scenario down: what still fails with less in it is easier to understand.

Whole stretches of steps are left out first, then shorter ones, then single ones, as long as it still fails in the same way
(https://www.st.cs.uni-saarland.de/dd/ddusage.php3 describes the idea); then what is special about the world is taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .play import play
from .scenario import Scenario
from .truth import Violation

Fails = Callable[[Scenario], str]
"""How a scenario fails; empty where it doesn't."""


def failure(scenario: Scenario) -> str:
    """Play a scenario; the sentence of what went wrong, or an empty one."""
    try:
        play(scenario)
    except Violation as violation:
        return str(violation)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def shrunk(scenario: Scenario, fails: Fails = failure) -> Scenario:
    """The smallest scenario found that fails like this one."""
    kind = _kind(fails(scenario))
    if not kind:
        raise ValueError("the scenario does not fail")

    def still(smaller: Scenario) -> bool:
        return _kind(fails(smaller)) == kind

    size = max(1, len(scenario.steps) // 2)
    while True:
        start, cut = 0, False
        while start < len(scenario.steps):
            smaller = scenario.without(range(start, start + size))
            if still(smaller):
                scenario, cut = smaller, True
            else:
                start += size
        if size == 1 and not cut:
            break
        size = max(1, size // 2)
    plain = Scenario(scenario.seed)
    for name in ("rules", "hidden", "skew", "page", "sorts", "website", "accounts"):
        smaller = replace(scenario, **{name: getattr(plain, name) if name != "accounts" else 0})
        if smaller != scenario and still(smaller):
            scenario = smaller
    return scenario


def _kind(sentence: str) -> str:
    """What of a sentence stays the same when ids and values differ."""
    return sentence.partition(":")[0]
