"""Caches on real files, and short ways to make records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.domain.ids import to_18
from console.domain.records import (
    Account,
    Change,
    Contact,
    Customer,
    Link,
    MatchedBy,
    Subscription,
    SubscriptionDetails,
)
from console.store.cache import Cache

ORG = "00D5g000004HkPZ"
AT = "2026-01-02T03:04:05Z"


@dataclass(frozen=True)
class Make:
    """Records with as little to say as possible."""

    org: str = ORG
    at: str = AT
    later: str = "2026-02-03T04:05:06Z"

    def account_id(self, number: int) -> str:
        return to_18(f"001{number:012d}")

    def contact_id(self, number: int) -> str:
        return to_18(f"003{number:012d}")

    def customer(self, id_: str = "cus_1", name: str = "Acme", **more: Any) -> Customer:
        values = {"Name": name, **more.pop("values", {})}
        return Customer(id_, name, AT, more.pop("updated_at", AT), values, **more)

    def account(self, number: int = 1, name: str = "Acme", **more: Any) -> Account:
        values = {"Name": name, **more.pop("values", {})}
        return Account(self.account_id(number), name, more.pop("modstamp", AT), values, **more)

    def contact(self, number: int = 1, account: int = 1, email: str | None = None, **more: Any) -> Contact:
        values = {"Contact.LastName": "Doe", "Contact.Email": email}
        return Contact(
            self.contact_id(number), self.account_id(account), more.pop("modstamp", AT), values, **more
        )

    def subscription(self, id_: str = "sub_1", customer: str = "cus_1", **more: Any) -> Subscription:
        return Subscription(
            id_,
            customer,
            more.pop("name", "Gold"),
            more.pop("status", "active"),
            "EUR",
            more.pop("updated_at", AT),
            **more,
        )

    def details(self, of_update: str = AT, value: str = "100.00") -> SubscriptionDetails:
        return SubscriptionDetails(of_update, "monthly", value, "2026-03-01")

    def link(self, customer: str = "cus_1", account: int = 1, **more: Any) -> Link:
        return Link(
            customer, self.account_id(account), MatchedBy.ALIAS, "The id is an alias.", AT, "engine", **more
        )

    def change(self, id_: str = "ch_1", customer: str = "cus_1", **more: Any) -> Change:
        given: dict[str, Any] = {
            "side": "salesforce",
            "entity": "Account",
            "record": self.account_id(1),
            "key": "Name",
            "field": "Name",
            "before": "Old",
            "after": "New",
            "reason": "Alguna moved.",
        }
        return Change(id_, customer, **{**given, **more})


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def opened(path: Path, make: Make) -> Iterator[Callable[..., Cache]]:
    """Opens caches (of `path` and the usual org) and closes them in the end."""
    caches: list[Cache] = []

    def open_(**more: Any) -> Cache:
        cache = Cache.open(more.pop("path", path), org_id=more.pop("org_id", make.org), **more)
        caches.append(cache)
        return cache

    yield open_
    for cache in caches:
        cache.close()


@pytest.fixture
def cache(opened: Callable[..., Cache]) -> Cache:
    """A new cache, open for writing."""
    return opened()
