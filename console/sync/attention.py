"""What waits for a person, one problem for each kind of waiting, with how many wait."""

from __future__ import annotations

from console.domain.records import State
from console.store.cache import Cache
from console.sync.ledger import REFUSED

WAITING: dict[State, tuple[str, str]] = {
    State.REVIEW: (
        "{n} could be several accounts, or an account that may not be theirs.",
        "Open the accounts in state review and choose.",
    ),
    State.CONFLICT: (
        "{n} hold a value that only a person can decide on.",
        "Open the accounts in state conflict: each says what has to be decided.",
    ),
    State.REFUSED: (
        "{n} hold a value that the other side does not take.",
        "Open the accounts in state refused: each says what is wrong. Correct it, then retry.",
    ),
    State.INCOMPLETE: (
        "{n} wait for a billing address or a contact.",
        "Complete the customer's profile in Alguna; the account is created by itself then.",
    ),
}


def note_states(cache: Cache, at: str) -> None:
    """Open, renew or resolve the problems that stand for states; refusals that nobody has any more are resolved."""
    counts = cache.entries.counts()
    open_ = {(problem.category, problem.subject): problem for problem in cache.problems.open()}
    for state, (sentence, advice) in WAITING.items():
        number = counts.get(state, 0)
        title = sentence.format(n=f"{number} customer{'s' if number != 1 else ''}")
        known = open_.get((state, ""))
        if number and (known is None or known.title != title):
            cache.problems.report(state, "", title, advice, at)
        elif not number and known is not None:
            cache.problems.resolve(state, "")
    left = cache.journal.refused_categories()
    for category, subject in open_:
        if category == REFUSED and subject and subject not in left:
            cache.problems.resolve(category, subject)
