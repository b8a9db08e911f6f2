"""The Alguna v2 API as the console uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import httpx

from console.domain.records import Customer, Subscription, SubscriptionDetails, Value, Values
from console.net import Call


class AlgunaClient:
    """Calls one Alguna account. Safe to use from several threads; close it when done (or use `with`)."""

    calls: int

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        rate: float = 90.0,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def check(self) -> None:
        """One small read: SignInNeeded for a wrong key, Unreachable for an address that is not Alguna's API."""
        raise NotImplementedError

    def customers(self, newest_first: bool) -> Iterator[list[Customer]]:
        """Pages of customers. `newest_first` sorts by newest change (Refused where Alguna takes no such sort), else by creation."""
        raise NotImplementedError

    def customer(self, customer_id: str) -> Customer:
        """One customer by id or alias; Refused with code ``404`` when there is none."""
        raise NotImplementedError

    def subscriptions(self, newest_first: bool) -> Iterator[list[Subscription]]:
        """Pages of subscriptions, as `customers`."""
        raise NotImplementedError

    def subscriptions_of(self, customer_id: str) -> list[Subscription]:
        """All subscriptions of one customer."""
        raise NotImplementedError

    def details(self, subscription: Subscription) -> SubscriptionDetails:
        """Price of the version in force and the renewal date; known to be empty where no version is in force."""
        raise NotImplementedError

    def add_alias(self, customer_id: str, alias: str, idempotency_key: str) -> Customer:
        """Read, merge, write, check. Nothing is written when the alias is there already."""
        raise NotImplementedError

    def update(
        self, customer_id: str, changes: Mapping[str, Value], expect: Values, idempotency_key: str
    ) -> Customer:
        """Read again, then write. Conflict when a value moved from `expect`; Refused (`fields`) for what is not taken."""
        raise NotImplementedError
