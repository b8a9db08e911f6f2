"""Customers so alike that one's new account would be a candidate for the other: they have their turn one after the other.

Planned together, neither sees an account of the other's, and both would get one; planned apart, the second is left to a
person. Which of the two it is must not depend on how many customers are planned at once: the first by id gets its account,
whoever is like it waits until that account is there, and is planned then.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.matching import domains_of
from console.domain.names import name_key, names_compatible, near_keys
from console.domain.records import Customer
from console.sync.jobs import Job


class Doubles:
    """The customers whose new accounts are under way."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Customer]] = {}
        self._by_domain: dict[tuple[str, str], list[Customer]] = {}

    def part(self, jobs: Sequence[Job]) -> tuple[list[Job], list[str]]:
        """The jobs that may be carried out now, and the customers that have to wait for an account that is under way.

        A person who wants a new account for a customer has seen what is like it: it doesn't wait.
        """
        now: list[Job] = []
        later: list[str] = []
        for job in jobs:
            if job.creation is None:
                now.append(job)
            elif not job.wanted and self._has_like(job.subject.customer):
                later.append(job.customer_id)
            else:
                self._note(job.subject.customer)
                now.append(job)
        return now, later

    def clear(self) -> None:
        """What was under way is there now, or was refused."""
        self._by_name.clear()
        self._by_domain.clear()

    def _note(self, customer: Customer) -> None:
        self._by_name.setdefault(name_key(customer.name), []).append(customer)
        for place in _places(customer):
            self._by_domain.setdefault(place, []).append(customer)

    def _has_like(self, customer: Customer) -> bool:
        if any(other.id != customer.id for other in self._by_name.get(name_key(customer.name), ())):
            return True
        return any(
            other.id != customer.id and names_compatible(customer.name, other.name)
            for place in _places(customer)
            for other in self._by_domain.get(place, ())
        )


def _places(customer: Customer) -> list[tuple[str, str]]:
    """Where to look for customers with the same domain and a compatible name: hundreds may share a domain."""
    return [(domain, key) for domain in domains_of(customer) for key in near_keys(customer.name)]
