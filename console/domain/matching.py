"""Which account is a customer's: found with proof, or left to a person with the evidence.

A person's choice stands above all. Else, in order: our customer id on the account; the account's id among the customer's
aliases; one single free account with the same domain and a compatible name. Linking the wrong pair would overwrite one
company's record with another's, so whatever is less clear than that is ambiguous, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from json import dumps
from typing import Final, Protocol

from console.domain.domains import business_domain
from console.domain.fields import CONTACT_EMAIL, CUSTOMER_ID, FIELD, WEBSITE
from console.domain.ids import account_id
from console.domain.names import name_key, names_compatible
from console.domain.normal import same, shown
from console.domain.plain import plain, readable
from console.domain.records import UNDECIDED, Account, Candidate, Customer, Decided, Match, MatchedBy

MOST_CANDIDATES: Final = 10


class AccountLookup(Protocol):
    """Where accounts are found. Deleted accounts may be among the answers; they are told by `Account.deleted`."""

    def by_customer_id(self, customer_id: str) -> Sequence[Account]:
        """Accounts whose Alguna customer id is exactly this."""

    def by_ids(self, ids: Sequence[str]) -> Sequence[Account]:
        """Accounts with these 18-character ids, those that are known."""

    def by_domain(self, domain: str) -> Sequence[Account]:
        """Accounts whose website, or a contact's business e-mail address, has this domain."""

    def by_name_key(self, key: str) -> Sequence[Account]:
        """Accounts whose name has this `name_key`."""

    def by_merged(self, domains: Sequence[str], key: str) -> Sequence[Account]:
        """Accounts that one with such a domain or `name_key` was merged into."""

    def linked(self, account_id: str) -> str | None:
        """The customer that the account is linked to, or that a person chose it for, if any."""


def match(customer: Customer, lookup: AccountLookup, decided: Decided = UNDECIDED) -> Match:
    """The customer's account, or candidates for a person to choose from, best first, or nothing.

    What a person chose is done where it is still possible. A customer that a person unlinked is never linked by itself,
    whatever is found: all of it goes to the person.
    """
    choice = decided.choice
    if choice is not None and choice.what == "link" and (chosen := _chosen(customer, lookup, decided)):
        return chosen
    proven = _by_customer_id(customer, lookup, decided)
    if choice is not None and choice.what == "create":
        # Salesforce keeps a customer id once: an account that carries it stands in the way of a new one, or is it.
        # So does an account that a duplicate rule matched, where the rule refuses, or matched it only after a person chose.
        refused = any(not each.may_save for each in decided.lookalikes.values())
        if proven is None and (refused or not choice.covers(decided.lookalikes)):
            return _for_a_person(Match(), customer, lookup, decided)
        return proven or Match()
    found = proven or _by_alias(customer, lookup, decided) or _by_likeness(customer, lookup, decided)
    asked = decided.apart or (decided.lookalikes and found.account_id is None)
    return _for_a_person(found, customer, lookup, decided) if asked else found


def question(customer: Customer, match: Match) -> str:
    """What a person is asked about a customer, as a text to compare: its identity, and what may be its account."""
    identity = [customer.name, *domains_of(customer), *sorted(customer.aliases)]
    found = [[each.account_id, each.name, *each.evidence] for each in match.candidates]
    return sha256(dumps([identity, match.account_id, found]).encode("ascii")).hexdigest()


def _chosen(customer: Customer, lookup: AccountLookup, decided: Decided) -> Match | None:
    """The account that a person chose; None when it is gone, or somebody else's by now."""
    choice = decided.choice
    if choice is None or choice.account_id is None:
        return None
    found = _alive(lookup.by_ids([choice.account_id]))
    if len(found) != 1 or found[0].person or lookup.linked(found[0].id) not in (None, customer.id):
        return None
    by = plain(choice.by, 60)
    return Match(found[0].id, MatchedBy.PERSON, f"{by} chose this account at {readable(choice.at)}.")


def _for_a_person(found: Match, customer: Customer, lookup: AccountLookup, decided: Decided) -> Match:
    """What was found, what a duplicate rule matched, and the accounts that the customer was unlinked from, as candidates."""
    known = list(found.candidates)
    listed = {candidate.account_id for candidate in known}
    others = [*filter(None, [found.account_id]), *decided.lookalikes, *sorted(decided.apart)]
    accounts = _alive(lookup.by_ids([id_ for id_ in others if id_ not in listed]))
    weighed = []
    for account in accounts:
        evidence = _Evidence(account)
        if account.id == found.account_id:
            evidence.add(_PROOF, found.evidence.rstrip("."))
        weighed.append(_weigh(evidence, customer, domains_of(customer), lookup, decided))
    candidates = [*known, *_ranked(one for one in weighed if one.account.id not in listed)]
    best = sorted(candidates, key=lambda candidate: -candidate.score)
    return replace(Match(), candidates=tuple(best[:MOST_CANDIDATES]))


def without_rivals(matches: Mapping[str, Match], lookup: AccountLookup) -> dict[str, Match]:
    """`matches` by customer id, where customers that claim the same account are left to a person.

    Which of two customers comes first must not decide whose account it is: the strongest claim stands (a person's choice and our
    customer id before an alias, that before likeness), and of several that are as strong as each other none.
    """
    claims: dict[str, list[str]] = {}
    for customer_id, found in matches.items():
        if found.account_id is not None:
            claims.setdefault(found.account_id, []).append(customer_id)
    settled = dict(matches)
    for claimed, customers in claims.items():
        if len(customers) == 1:
            continue
        name = next((account.name for account in lookup.by_ids([claimed])), claimed)
        strength = {customer_id: _STRENGTH.get(matches[customer_id].how, 0) for customer_id in customers}
        strongest = [
            customer_id for customer_id in customers if strength[customer_id] == max(strength.values())
        ]
        for customer_id in customers:
            claim = matches[customer_id]
            if strongest == [customer_id] or claim.how in (MatchedBy.CUSTOMER_ID, MatchedBy.PERSON):
                continue
            others = ", ".join(shown(other) for other in customers if other != customer_id)
            evidence = (claim.evidence.rstrip("."), f"also claimed by customer {others}")
            candidate = Candidate(claimed, name, _DOMAIN, evidence)
            settled[customer_id] = Match(candidates=(candidate,))
    return settled


_STRENGTH: Final[Mapping[MatchedBy | None, int]] = {
    MatchedBy.CUSTOMER_ID: 2,
    MatchedBy.PERSON: 2,
    MatchedBy.ALIAS: 1,
}
_PROOF: Final = 100
_DOMAIN: Final = 50
_NAME: Final = 30
_RULE: Final = 40
"""An administrator of the org has defined what is the same there."""
_PLACE: Final = 5
_TAKEN: Final = -60
_APART: Final = -120


@dataclass(slots=True)
class _Evidence:
    """What speaks for and against one account."""

    account: Account
    domain: str | None = None
    """The domain that account and customer share."""
    compatible: bool = False
    free: bool = True
    score: int = 0
    sentences: list[str] = field(default_factory=list)

    def add(self, score: int, sentence: str) -> None:
        self.score += score
        self.sentences.append(sentence)


def _by_customer_id(customer: Customer, lookup: AccountLookup, decided: Decided) -> Match | None:
    sentence = f"the account carries the customer id {shown(customer.id)}"
    return _proven(
        customer, _alive(lookup.by_customer_id(customer.id)), lookup, decided, MatchedBy.CUSTOMER_ID, sentence
    )


def _by_alias(customer: Customer, lookup: AccountLookup, decided: Decided) -> Match | None:
    ids = list(dict.fromkeys(filter(None, map(account_id, customer.aliases))))
    if not ids:
        return None
    found = list(lookup.by_ids(ids))
    winners = [account.merged_into for account in found if account.deleted and account.merged_into]
    if winners:  # an alias may name the loser of a merge: the account lives on under the winner's id
        found.extend(lookup.by_ids(winners))
    sentence = "the account's id is an alias of the customer"
    return _proven(customer, _alive(found), lookup, decided, MatchedBy.ALIAS, sentence)


def _proven(
    customer: Customer,
    accounts: Sequence[Account],
    lookup: AccountLookup,
    decided: Decided,
    how: MatchedBy,
    sentence: str,
) -> Match | None:
    """One free account is a match; several, or one that is somebody else's, are candidates; none is no answer."""
    if not accounts:
        return None
    first = accounts[0]
    free = _taken(customer, first, lookup) is None and first.id not in decided.apart and not first.person
    if len(accounts) == 1 and free:
        return Match(first.id, how, f"{sentence[0].upper()}{sentence[1:]}.")
    domains = domains_of(customer)
    weighed = []
    for account in accounts:
        evidence = _Evidence(account)
        evidence.add(_PROOF, sentence)
        weighed.append(_weigh(evidence, customer, domains, lookup, decided))
    return Match(candidates=_ranked(weighed))


def _by_likeness(customer: Customer, lookup: AccountLookup, decided: Decided) -> Match:
    """Same domain and compatible name, if that is one single free account; else what may be the one."""
    domains = domains_of(customer)
    at_domain: dict[str, str] = {}
    accounts: dict[str, Account] = {}
    for domain in domains:
        for account in _companies(lookup.by_domain(domain)):
            at_domain.setdefault(account.id, domain)
            accounts[account.id] = account
    for account in _companies(lookup.by_name_key(name_key(customer.name))):
        accounts.setdefault(account.id, account)
    weighed: list[_Evidence] = []
    sisters: list[_Evidence] = []
    for account in accounts.values():
        evidence = _weigh(_Evidence(account, at_domain.get(account.id)), customer, domains, lookup, decided)
        # A sister company has the same domain, another name, and is already somebody's: no candidate, unless a person was asked
        # about it while it was free.
        candidate = evidence.compatible or evidence.free or account.id in decided.asked
        (weighed if candidate else sisters).append(evidence)
    if not weighed and (decided.asked or decided.choice is not None):
        # What a person was asked about is somebody else's by now, or was merged: that answers nothing, the person is still asked.
        return Match(
            candidates=_ranked([*sisters, *_merged(customer, set(accounts), domains, lookup, decided)])
        )
    sure = [one for one in weighed if one.domain is not None and one.compatible]
    if len(sure) == 1 and sure[0].free:
        sentence = f"Only {shown(sure[0].account.name)} has the domain {sure[0].domain} and a name like {shown(customer.name)}."
        return Match(sure[0].account.id, MatchedBy.DOMAIN_AND_NAME, sentence)
    return Match(candidates=_ranked(weighed))


def _merged(
    customer: Customer, known: Container[str], domains: Sequence[str], lookup: AccountLookup, decided: Decided
) -> Iterable[_Evidence]:
    """Accounts that one like the customer, or the one that a person chose, was merged into."""
    chosen = decided.choice.account_id if decided.choice is not None else None
    heirs = [*lookup.by_merged(domains, name_key(customer.name)), *lookup.by_ids([chosen] if chosen else [])]
    for account in _companies(heirs):
        if account.id not in known:
            evidence = _Evidence(account)
            evidence.add(
                0,
                "the account that a person chose"
                if account.id == chosen
                else "an account like it was merged into this one",
            )
            yield _weigh(evidence, customer, domains, lookup, decided)


def _weigh(
    evidence: _Evidence,
    customer: Customer,
    domains: Sequence[str],
    lookup: AccountLookup,
    decided: Decided,
) -> _Evidence:
    """Add what the account's domain, name, place and present link say, and whether Salesforce took it for the same."""
    account = evidence.account
    lookalike = decided.lookalikes.get(account.id)
    if lookalike is not None:
        evidence.add(
            _RULE, f"Salesforce's duplicate rule {plain(lookalike.rule, 60) or 'of the org'} matched it"
        )
    if evidence.domain is None:
        own = business_domain(account.values.get(WEBSITE))
        evidence.domain = own if own in domains else None
    if evidence.domain is not None:
        evidence.add(_DOMAIN, f"same domain {evidence.domain}")
    evidence.compatible = names_compatible(customer.name, account.name)
    if evidence.compatible:
        evidence.add(_NAME, "a name that fits")
    else:
        evidence.add(0, "another name")
    for key, words in (("BillingCountry", "same country"), ("BillingCity", "same city")):
        here, there = customer.values.get(key), account.values.get(key)
        if (
            here is not None
            and there is not None
            and same(FIELD[key].kind, here.casefold(), there.casefold())
        ):
            evidence.add(_PLACE, words)
    taken = _taken(customer, account, lookup)
    if taken is not None:
        evidence.free = False
        evidence.add(_TAKEN, taken)
    if account.person:
        evidence.free = False
        evidence.add(_TAKEN, "a person account, which is never linked")
    if account.id in decided.apart:
        evidence.free = False
        evidence.add(_APART, "unlinked by a person")
    return evidence


def _taken(customer: Customer, account: Account, lookup: AccountLookup) -> str | None:
    """Whose the account is, if it is another customer's already."""
    owner = lookup.linked(account.id)
    if owner is not None and owner != customer.id:
        return f"already linked to customer {shown(owner)}"
    stamp = account.values.get(CUSTOMER_ID)
    if stamp is not None and stamp != customer.id:
        return f"carries the customer id {shown(stamp)}"
    return None


def domains_of(customer: Customer) -> list[str]:
    """Domains that speak for the customer: its website's, and its contact's where that is no free mail."""
    found = (
        business_domain(customer.values.get(WEBSITE)),
        business_domain(customer.values.get(CONTACT_EMAIL)),
    )
    return list(dict.fromkeys(domain for domain in found if domain is not None))


def _alive(accounts: Iterable[Account]) -> list[Account]:
    alive = {account.id: account for account in accounts if not account.deleted}
    return list(alive.values())


def _companies(accounts: Iterable[Account]) -> list[Account]:
    """Accounts that are alive and no person's: a person who happens to have the company's domain is not the company."""
    return [account for account in _alive(accounts) if not account.person]


def _ranked(weighed: Iterable[_Evidence]) -> tuple[Candidate, ...]:
    best = sorted(weighed, key=lambda one: (-one.score, one.account.name.casefold(), one.account.id))
    return tuple(
        Candidate(one.account.id, one.account.name, one.score, tuple(one.sentences))
        for one in best[:MOST_CANDIDATES]
    )
