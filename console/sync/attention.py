"""What waits for a person, one problem for each kind of waiting, with how many wait."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.fields import FIELD
from console.domain.records import State
from console.store.cache import Cache
from console.store.problems import Problem
from console.sync.ledger import REFUSED

STOPPED = "deleted"
"""Category of the problem about links whose account is gone."""
LOOP = "loop"
"""Category of the problems about fields that are rewritten again and again; their subject is the field's key."""

WAITING: dict[State, tuple[str, str, str]] = {
    State.REVIEW: (
        "1 customer could belong to an account, and only a person can tell.",
        "{n} customers could belong to an account, and only a person can tell.",
        "Open the accounts in state review and choose.",
    ),
    State.CONFLICT: (
        "1 customer holds a value that only a person can decide on.",
        "{n} customers hold a value that only a person can decide on.",
        "Open the accounts in state conflict: each says what has to be decided.",
    ),
    State.REFUSED: (
        "1 customer holds a value that the other side does not take.",
        "{n} customers hold a value that the other side does not take.",
        "Open the accounts in state refused: each says what is wrong. Correct it, then retry.",
    ),
    State.INCOMPLETE: (
        "1 customer waits for a billing address or a contact.",
        "{n} customers wait for a billing address or a contact.",
        "Complete the customer's profile in Alguna; the account is created by itself then.",
    ),
}
"""Title for one, title for several, advice."""


def note_states(cache: Cache, at: str) -> None:
    """Open, renew or resolve the problems that stand for states; refusals that nobody has any more are resolved."""
    counts = cache.entries.counts()
    open_ = {(problem.category, problem.subject): problem for problem in cache.problems.open()}
    for state, (one, several, advice) in WAITING.items():
        number = counts.get(state, 0)
        title = one if number == 1 else several.format(n=number)
        known = open_.get((state, ""))
        if number and (known is None or known.title != title):
            cache.problems.report(state, "", title, advice, at)
        elif not number and known is not None:
            cache.problems.resolve(state, "")
    _note_stopped(cache, open_.get((STOPPED, "")), at)
    _note_loops(cache, {key: each for (category, key), each in open_.items() if category == LOOP}, at)
    left = cache.journal.refused_categories()
    for category, subject in open_:
        if category == REFUSED and subject and subject not in left:
            cache.problems.resolve(category, subject)


def _note_loops(cache: Cache, known: Mapping[str, Problem], at: str) -> None:
    """Fields that something outside keeps rewriting: one problem for each field."""
    stopped = cache.loops.open()
    for key, (number, first, side) in stopped.items():
        which = "1 account" if number == 1 else f"{number} accounts"
        title = f"Something keeps rewriting {FIELD[key].label} of {which} in {side.capitalize()}: it is not written there any more."
        if key not in known or known[key].title != title:
            advice = f"Open customer {first}: it shows each turn and who did it. Have that changed, or pin the field there (o)."
            cache.problems.report(LOOP, key, title, advice, at)
    for key in known.keys() - stopped.keys():
        cache.problems.resolve(LOOP, key)


def _note_stopped(cache: Cache, known: Problem | None, at: str) -> None:
    """Links that stopped because their account was deleted or merged away: a person is asked, nothing is done by itself."""
    number = cache.links.stopped()
    if not number:
        if known is not None:
            cache.problems.resolve(STOPPED, "")
        return
    title = (
        "The account of 1 customer was deleted in Salesforce, or merged into another customer's: its link has stopped."
        if number == 1
        else f"The accounts of {number} customers were deleted in Salesforce, or merged into others': their links have stopped."
    )
    if known is None or known.title != title:
        advice = "Open the customer: it says what happened. Unlink it, create a new account, or restore one that was deleted."
        cache.problems.report(STOPPED, "", title, advice, at)
