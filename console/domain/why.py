"""The sentences of the why panel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from console.domain.fields import FIELD
from console.domain.merge import ALGUNA_UNKNOWN, OFF, SALESFORCE_UNKNOWN
from console.domain.normal import shown
from console.domain.plain import plain, readable
from console.domain.records import Change, Choice, Decision, Match, Spared, Subject
from console.domain.status import is_known
from console.domain.view import AlgunaView


def gone(subject: Subject) -> tuple[str, ...] | None:
    """Why one side is no longer there, or None. Nothing is ever deleted on the other side because of it."""
    link, account = subject.link, subject.account
    if subject.customer.gone:
        left = " Its Salesforce account is left as it is." if link is not None else ""
        return (f"Alguna no longer lists this customer.{left}",)
    if link is None:
        return None
    if account is None:
        return (
            f"Account {link.account_id} can't be seen any more: it was deleted, or the signed-in user lost sight of it."
            " The customer is left as it is.",
        )
    if account.deleted:
        return (f"Account {account.id} was deleted in Salesforce. The customer is left as it is.", *RESTORE)
    return None


RESTORE = (
    "Restore it from Salesforce's Recycle Bin within 15 days and the link goes on by itself.",
    "Or unlink the two, and the customer is left alone; or create a new account for it.",
)
"""What can be done about an account that was deleted."""


def merged_away(subject: Subject) -> tuple[str, ...] | None:
    """Why a merge of the account needs a person, or None: the link could not follow it."""
    account = subject.account
    if subject.customer.gone or subject.link is None or account is None:
        return None
    if not account.deleted or account.merged_into is None:
        return None
    return (
        f"Account {account.id} was merged into {account.merged_into} in Salesforce, and that account is another customer's,"
        " or can't be seen: a person decides, nothing is guessed.",
        "If both customers are the same company, unlink one of them; else create a new account for this one.",
    )


def person_account(subject: Subject) -> tuple[str, ...] | None:
    """Why a linked account that is a person's is left alone, or None."""
    account = subject.account
    if (
        subject.customer.gone
        or subject.link is None
        or account is None
        or account.deleted
        or not account.person
    ):
        return None
    return (
        f"Account {account.id} is a person account now, and customers are kept in step with business accounts only:"
        " nothing is written to it.",
        "Unlink the two, and choose or create a business account.",
    )


def left_alone(choice: Choice) -> str:
    """Why nothing is done about a customer."""
    return f"Left alone by {plain(choice.by, 60)} at {readable(choice.at)}, until something about it changes."


def not_created(spared: Spared) -> str:
    """Why no account is created although Alguna is the source of new ones."""
    return (
        f"No account matches. It had none when the rules were changed at {readable(spared.at)}, and none is created because"
        " of that: something about it has to change, or a person to choose."
    )


def created(choice: Choice | None) -> str:
    """Why an account is created."""
    if choice is not None and choice.what == "create":
        return f"A new account is created: {plain(choice.by, 60)} chose that at {readable(choice.at)}."
    return "No account matches this customer: one is created, because Alguna is the source of new accounts."


def review(match: Match, choice: Choice | None = None) -> tuple[str, ...]:
    """What a person needs in order to choose between candidates; and why an earlier choice settles nothing."""
    number = len(match.candidates)
    head = (
        "One account may be this customer's" if number == 1 else f"{number} accounts may be this customer's"
    )
    return (
        f"{head}: a person chooses, nothing is guessed.",
        *_overtaken(match, choice),
        *(
            f"{shown(candidate.name)} ({candidate.account_id}): {'; '.join(candidate.evidence)}."
            for candidate in match.candidates
        ),
    )


def _overtaken(match: Match, choice: Choice | None) -> tuple[str, ...]:
    if choice is None:
        return ()
    by = plain(choice.by, 60)
    if choice.what == "leave":
        return (f"{by} left it alone at {readable(choice.at)}; something about it changed since.",)
    if choice.what == "link":
        return (
            f"{by} chose account {choice.account_id} at {readable(choice.at)}; it is gone, or another customer's,"
            " or a person account now.",
        )
    ruled = [
        each.account_id
        for each in match.candidates
        if any("duplicate rule" in said for said in each.evidence)
    ]
    if ruled and not choice.covers(ruled):
        return (
            f"{by} chose a new account at {readable(choice.at)}, but was not shown all of these then: Salesforce's duplicate rule"
            " has matched one since.",
        )
    if ruled:
        return (
            f"{by} chose a new account at {readable(choice.at)}, but the org's duplicate rule refuses one:"
            " link with the account that it matched, or have the rule changed.",
        )
    return (
        f"{by} chose a new account at {readable(choice.at)}, but Salesforce keeps a customer id once:"
        " clear it on the account that carries it, or link with that account.",
    )


def of_decisions(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """Questions first, then refusals, then what is written, each under its field's label."""
    asks = [decision for decision in decisions if decision.asks]
    refused = [decision for decision in decisions if decision.refused]
    written = [decision for decision in decisions if decision.direction is not None]
    return tuple(_labelled(decision) for decision in (*asks, *refused, *written))


def of_troubles(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """Only what is asked or refused, each under its field's label."""
    return tuple(_labelled(decision) for decision in decisions if decision.asks or decision.refused)


def head(decisions: Sequence[Decision], changes: Sequence[Change], differs: int) -> str:
    """One sentence on where a linked customer stands."""
    if changes:
        to_salesforce = sum(change.side == "salesforce" for change in changes)
        to_alguna = len(changes) - to_salesforce
        parts = [
            f"{number} in {name}"
            for number, name in ((to_salesforce, "Salesforce"), (to_alguna, "Alguna"))
            if number
        ]
        return f"{_count(len(changes), 'change')} planned: {', '.join(parts)}."
    asks = sum(decision.asks for decision in decisions)
    refused = sum(decision.refused for decision in decisions)
    if asks:
        return f"{_count(asks, 'field')} waiting for a person to decide."
    if refused:
        return f"{_count(refused, 'field')} can't be written."
    if differs:
        return f"Nothing to do: {_count(differs, 'field')} may differ by rule, all others agree."
    return "Nothing to do: all fields that can be compared agree."


def linked(subject: Subject) -> tuple[str, ...]:
    """How customer and account were paired."""
    if subject.link is not None:
        by = f" by {plain(subject.link.linked_by, 60)}" if subject.link.linked_by else ""
        return (f"Linked{by}: {plain(subject.link.evidence)}",) if subject.link.evidence else ()
    if subject.match is not None and subject.match.evidence:
        return (f"Matched: {plain(subject.match.evidence)}",)
    return ()


def notes(view: AlgunaView, decisions: Sequence[Decision]) -> tuple[str, ...]:
    """Which subscription is shown and why, words nobody knows, and what can't be compared."""
    lines: list[str] = []
    if view.primary is not None:
        subscription = view.primary.subscription
        lines.append(
            f"Shows subscription {view.primary.position}, {shown(subscription.name)}, because {view.primary.rule}."
        )
        if not is_known(subscription.status):
            lines.append(
                f"Alguna's status {shown(subscription.status)} isn't a known word: it is written as it is."
            )
    lines.extend(
        _blind(tuple((decision.key, decision.reason) for decision in decisions if decision.reason in _BLIND))
    )
    return tuple(lines)


_BLIND = {
    ALGUNA_UNKNOWN: "Not returned by Alguna, so not compared",
    SALESFORCE_UNKNOWN: "Not visible in Salesforce, so not compared",
    OFF: "Switched off",
}


@lru_cache(maxsize=1024)
def _blind(fields: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    lines: list[str] = []
    for reason, words in _BLIND.items():
        labels = [FIELD[key].label for key, why in fields if why == reason]
        if labels:
            lines.append(f"{words}: {', '.join(labels)}.")
    return tuple(lines)


def _labelled(decision: Decision) -> str:
    label = FIELD[decision.key].label
    return decision.reason if decision.reason.startswith(label) else f"{label}: {decision.reason}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
