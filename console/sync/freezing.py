"""A plan as it would be carried out now, frozen: to be looked at, kept, and applied later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.domain.frozen import OF_THE_ORG, Basis, FrozenPlan, policy_prints
from console.domain.policy import Policy
from console.domain.prints import fingerprint
from console.domain.records import Change
from console.store.cache import Cache
from console.store.schema import SCHEMA
from console.sync.access import kept_access
from console.sync.braking import Brakes
from console.sync.jobs import Job


def ground(cache: Cache, policy: Policy, customers: Mapping[str, str] | None = None) -> Basis:
    """What plans are computed from now. `policy` as `console.sync.policy.policy_for` gives it.

    :param customers: customer's id -> print of its records.
    """
    prints = policy_prints(policy)
    if kept_access(cache) is None:
        prints = {name: print_ for name, print_ in prints.items() if name not in OF_THE_ORG}
    return Basis(str(cache.get("org_id")), SCHEMA, prints, customers or {})


class Freezing:
    """Gathers the plan of one customer after the other.

    :param brakes: those of a pass that would do the same; None where a person asks for exactly this.
    """

    def __init__(self, brakes: Brakes | None = None) -> None:
        self.changes: list[Change] = []
        self._brakes = brakes
        self._effect = brakes.effect() if brakes is not None else None
        self._prints: dict[str, str] = {}

    def add(self, jobs: Iterable[Job]) -> None:
        """These come next."""
        jobs = list(jobs)
        if self._brakes is not None and self._effect is not None:
            self._brakes.add(self._effect, jobs)
        for job in jobs:
            self.changes += job.changes
            self._prints[job.customer_id] = fingerprint(job.subject, job.changes)

    def frozen(
        self, cache: Cache, policy: Policy, *, made_at: str, forecast: Mapping[str, Any], kind: str = "sync"
    ) -> FrozenPlan:
        """The plan of all of them."""
        basis = ground(cache, policy, self._prints)
        stops = (
            self._brakes.stops(self._effect) if self._brakes is not None and self._effect is not None else ()
        )
        return FrozenPlan(
            basis, tuple(self.changes), kind, made_at, forecast, tuple(stop.as_json() for stop in stops)
        )
