"""Fields that something outside keeps rewriting: a flow on save, or another integration. Noticed, stopped, pinned by a person.

We write A, someone sets B, we write A: that is a turn. After three of them the fourth A isn't written. Turns are found in the
history of what was written, not in what was seen: a poll may miss any number of rewritings, but not that its own value is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from console.domain.fields import FIELD, Flow
from console.domain.normal import same, shown
from console.domain.plain import plain, readable
from console.domain.records import Decision, Side, Value

TURNS: Final = 3
"""So many turns are a loop."""
WINDOW: Final = timedelta(days=7)
"""Turns that lie further back don't count: a flow turns with every pass, a nightly integration with every night."""

PinWord = Literal["off", "theirs", "on", "watch"]
PINS: Final[Mapping[PinWord, str]] = {
    "off": "our value is not written here any more",
    "theirs": "the value that is set there is kept, and copied where the field goes",
    "on": "it goes on: ours is written each time, and nobody is asked",
    "watch": "it goes on, and is stopped again after three more turns",
}
"""What a person may settle a loop with, and what that means."""


@dataclass(frozen=True, slots=True)
class Write:
    """One value that was written to one side."""

    at: str
    run: int
    before: Value
    """What stood there before."""
    after: Value


@dataclass(frozen=True, slots=True)
class Turn:
    """A value of ours that somebody replaced, and that we would have put back."""

    at: str
    """When we wrote it."""
    run: int
    wrote: Value
    found: Value
    """What stood in its place when we looked next."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A field of one account that keeps being rewritten, with the evidence."""

    side: Side
    """Where it is rewritten."""
    turns: tuple[Turn, ...]
    who: str = ""
    """Who changed the record last there, in words, where that side tells."""
    pin: PinWord | None = None
    """What a person settled it with; None: it is stopped, and asks."""
    at: str = ""
    by: str = ""

    @property
    def watched(self) -> bool:
        """Whether more turns would stop it (again)."""
        return self.pin in ("theirs", "watch")


def turns(writes: Sequence[Write], key: str, wanted: Value, present: Value) -> tuple[Turn, ...]:
    """How often a value was written and replaced, by somebody else, with the oldest first.

    A value that we ourselves replaced is none: that was an edit that was copied.

    :param writes: what was written to this field on one side, the oldest first.
    :param wanted: what is to be written now. :param present: what stands there now.
    """
    kind = FIELD[key].kind
    found_next = [*(write.before for write in writes[1:]), present]
    return tuple(
        Turn(write.at, write.run, write.after, found)
        for write, found in zip(writes, found_next, strict=False)
        if same(kind, write.after, wanted) and not same(kind, found, write.after)
    )


def judged(decision: Decision, loop: Loop) -> Decision:
    """A field's decision in the light of a loop: stopped until a person pins it, then as it was pinned.

    Only what would be written is stopped; where both sides agree there is nothing to stop. ``theirs`` is an answer that holds
    whatever the values (`kept`); what would overwrite theirs is let be.
    """
    if decision.direction is None or loop.pin in ("on", "watch"):
        return decision
    if loop.pin is None:
        return replace(decision, reason=stopped(loop), direction=None, value=None, lost=None, asks=True)
    if loop.pin == "theirs" and decision.direction != f"to_{loop.side}":
        return decision
    words = (
        "our value is not written any more" if loop.pin == "off" else f"{_name(loop.side)}'s value is let be"
    )
    reason = f"Rewritten in {_name(loop.side)} again and again: {words}. Pinned by {plain(loop.by, 60)} at {readable(loop.at)}."
    return Decision(decision.key, reason, differs=True)


def kept(key: str, loop: Loop, theirs: Value) -> Side | None:
    """The side whose value a pin keeps, whatever it is; nothing is emptied because of it."""
    if loop.pin != "theirs" or theirs is None or FIELD[key].direction is not Flow.BOTH:
        return None
    return loop.side


def stopped(loop: Loop) -> str:
    """Why nothing is written, with the evidence."""
    first, last = loop.turns[0], loop.turns[-1]
    who = f" {loop.who}." if loop.who else ""
    return (
        f"Something keeps rewriting this field in {_name(loop.side)}: {shown(last.wrote)} was written {len(loop.turns)} times"
        f" between {readable(first.at)} and {readable(last.at)}, and {shown(last.found)} stood there next.{who}"
        " It is stopped, and a person decides."
    )


def evidence(loop: Loop) -> tuple[str, ...]:
    """Each turn in a sentence."""
    return tuple(
        f"{readable(turn.at)}, run {turn.run}: {shown(turn.wrote)} was written, {shown(turn.found)} stood there next."
        for turn in loop.turns
    )


def _name(side: Side) -> str:
    return "Alguna" if side == "alguna" else "Salesforce"
