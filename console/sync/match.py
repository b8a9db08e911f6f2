"""Finding the accounts of customers that have none, from the cache."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from console.domain import matching
from console.domain.fields import CONTACT_EMAIL
from console.domain.records import UNDECIDED, Link, Match, MatchedBy, Subject
from console.store.accounts import Accounts
from console.store.cache import Cache


class AsBefore:
    """The `AccountLookup` of before some accounts became a customer's."""

    def __init__(self, accounts: Accounts, taken: Collection[str]) -> None:
        self.by_customer_id = accounts.by_customer_id
        self.by_ids = accounts.by_ids
        self.by_domain = accounts.by_domain
        self.by_name_key = accounts.by_name_key
        self.by_merged = accounts.by_merged
        self._accounts = accounts
        self._taken = taken

    def linked(self, account_id: str) -> str | None:
        """The customer that the account was linked to, if any."""
        return None if account_id in self._taken else self._accounts.linked(account_id)


def matched(
    cache: Cache, subjects: Sequence[Subject], check: Callable[[], None] = lambda: None
) -> list[Subject]:
    """The same subjects, each with what matching found; an account that was found comes with its contact.

    Customers that claim the same account are all left to a person, those that are not among `subjects` included:
    which of them comes first must not decide whose account it is.

    :param check: called for each customer; raises to stop.
    """
    found: dict[str, Match] = {}
    for subject in subjects:
        check()
        found[subject.customer.id] = matching.match(subject.customer, cache.accounts, subject.decided)
    claimed = {match.account_id for match in found.values() if match.account_id is not None}
    if claimed:
        found = matching.without_rivals({**_rivals(cache, claimed, found), **found}, cache.accounts)
    accounts = cache.accounts.many(
        match.account_id for match in found.values() if match.account_id is not None
    )
    paired = [
        (place, match.account_id, subject.customer.values.get(CONTACT_EMAIL), None)
        for place, subject in enumerate(subjects)
        if (match := found[subject.customer.id]).account_id is not None
    ]
    answer = [replace(subject, match=found[subject.customer.id]) for subject in subjects]
    contacts = cache.contacts.bests((account, email, linked) for _, account, email, linked in paired)
    for (place, account, *_), contact in zip(paired, contacts, strict=True):
        answer[place] = replace(answer[place], account=accounts.get(account), contact=contact)
    return answer


def _rivals(cache: Cache, accounts: set[str], known: dict[str, Match]) -> dict[str, Match]:
    """What matching finds for the other customers that may belong to these accounts."""
    others = [id_ for id_ in cache.customers.unlinked_like(accounts) if id_ not in known]
    decided = cache.decisions.many(others)
    return {
        id_: matching.match(customer, cache.accounts, decided.get(id_, UNDECIDED))
        for id_, customer in cache.customers.many(others).items()
    }


def new_link(subject: Subject, at: str) -> Link | None:
    """The link that a match leads to; None when there is one already, or no match."""
    match = subject.match
    if subject.link is not None or match is None or match.account_id is None or match.how is None:
        return None
    choice = subject.decided.choice
    by = choice.by if match.how is MatchedBy.PERSON and choice is not None else "console"
    return Link(
        subject.customer.id,
        match.account_id,
        match.how,
        match.evidence,
        at,
        by,
        subject.contact.id if subject.contact is not None else None,
    )
