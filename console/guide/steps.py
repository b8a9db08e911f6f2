"""A guided procedure: a list of steps, each of which can be looked at, done and verified.

    check   reads only: says what the step would do, or raises why it can't
    do      acts
    verify  reads only: says how it was seen to be done, or raises that it wasn't

A procedure stops at the first step that fails; what was done before stays done and is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from console.errors import ConsoleError


class StepState(StrEnum):
    """How far a step is. The words are shown and printed as they are."""

    WAITING = "waiting"
    RUNNING = "running"
    CHECKED = "checked"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step as shown to a person."""

    name: str
    title: str
    state: StepState = StepState.WAITING
    detail: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """``{"name", "state", "detail"}`` and more."""
        return {
            "name": self.name,
            "title": self.title,
            "state": str(self.state),
            "detail": self.detail,
            "advice": self.advice,
        }


def nothing() -> None:
    """The action of a step that only looks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a procedure; `verify` may be left out where `do` already proves itself by `check`."""

    name: str
    title: str
    check: Callable[[], str]
    do: Callable[[], None] = nothing
    verify: Callable[[], str] | None = None


def walk(steps: Sequence[Step], *, rehearse: bool = False) -> Iterator[tuple[StepReport, ...]]:
    """Carry the steps out, yielding all reports after each movement, so that a screen can follow.

    :param rehearse: only check each step; nothing is changed.
    """
    reports = [StepReport(step.name, step.title) for step in steps]
    yield tuple(reports)
    for at, step in enumerate(steps):
        reports[at] = replace(reports[at], state=StepState.RUNNING)
        yield tuple(reports)
        try:
            detail = step.check()
            if rehearse:
                reports[at] = replace(reports[at], state=StepState.CHECKED, detail=detail)
            else:
                step.do()
                if step.verify is not None:
                    detail = step.verify()
                reports[at] = replace(reports[at], state=StepState.DONE, detail=detail)
        except ConsoleError as failure:
            reports[at] = replace(
                reports[at], state=StepState.FAILED, detail=failure.message, advice=failure.advice
            )
            yield tuple(reports)
            return
        yield tuple(reports)
