"""The seeded world: one Alguna account and one Salesforce org that know (some of) the same companies.

Everything follows from `(seed, number of the company)`: the same seed gives the same world, a smaller world is the beginning of a
larger one, and a million customers are made one after the other without being held in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from console.rehearsal import codes, contracts, profiles, stamps
from console.rehearsal.alguna.customers import keys
from console.rehearsal.alguna.store import Store, dump
from console.rehearsal.companies import MOST
from console.rehearsal.orgseed import OrgSeed
from console.rehearsal.profiles import BASE
from console.rehearsal.salesforce.org import Caller, Org

Rows = dict[str, list[tuple[Any, ...]]]
BATCH = 2000


@dataclass(frozen=True, slots=True)
class World:
    """`customers` companies of seed `seed`; `org` is how the org begins: "half" of them known, or "empty"."""

    customers: int = 503
    seed: int = 1
    org: str = "half"
    prefixed_ids: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.customers <= MOST:
            raise ValueError(f"a world has 0 to {MOST} customers")
        if self.org not in ("half", "empty"):
            raise ValueError("the org begins half or empty")

    def fill(self, alguna: Store, org: Org) -> None:
        """Load both sides; they must be empty of business records."""
        self.fill_alguna(alguna)
        self.fill_org(org)

    def fill_alguna(self, store: Store) -> None:
        """Load the Alguna account."""
        store.load(self.batches())

    def fill_org(self, org: Org) -> None:
        """Load the org."""
        if self.org == "empty" or not self.customers:
            return
        seed = OrgSeed(self.customers, self.seed, sales_users(org))
        org.load("Account", seed.accounts())
        org.load("Contact", seed.contacts())

    def batches(self) -> Iterator[Rows]:
        """Rows for the tables of the Alguna account, some thousand at a time."""
        yield self._catalogue()
        links = OrgSeed(self.customers, self.seed, ("",)) if self.org == "half" else None
        rows: Rows = {}
        subscriptions = versions = 0
        for index in range(self.customers):
            profile = profiles.profile(index, self.seed)
            customer_id = profiles.customer_id(index, self.seed, prefixed=self.prefixed_ids)
            document = profiles.document(profile, self.seed, links.linked(index) if links else None)
            active = 0
            for contract in contracts.contracts(profile, self.seed):
                subscriptions += 1
                subscription_id = "sub_" + codes.code(subscriptions, seed=self.seed, length=14)
                active |= contract.status == "active"
                rows.setdefault("subscriptions", []).append((
                    subscriptions, subscription_id, customer_id, contract.name, contract.status, contract.created_at,
                    contract.updated_at, contract.activated_at, contract.due_at, dump(contract.document),
                ))  # fmt: skip
                for version in contract.versions:
                    versions += 1
                    rows.setdefault("versions", []).append((
                        versions, "subv_" + codes.code(versions, seed=self.seed, length=14), subscription_id, version.status,
                        version.start_at, version.end_at, version.created_at, version.created_at, dump(version.document),
                    ))  # fmt: skip
            rows.setdefault("customers", []).append((
                index + 1, customer_id, profile.name, profile.created_at, profile.updated_at, int(active), dump(document),
            ))  # fmt: skip
            rows.setdefault("customer_keys", []).extend(
                (kind, value, index + 1) for kind, value in sorted(keys(document))
            )
            if len(rows["customers"]) >= BATCH:
                yield rows
                rows = {}
        yield rows

    def _catalogue(self) -> Rows:
        made = BASE - 6 * 365 * stamps.DAY
        plans, products = [], []
        for number, name in enumerate(contracts.PLANS):
            items = contracts.plan_items(number, self.seed)
            document: dict[str, Any] = {"description": f"{name} plan", "currency": "USD", "_items": items}
            plans.append(
                (
                    number + 1,
                    contracts.plan_id(number, self.seed),
                    name,
                    made + number,
                    made + number,
                    dump(document),
                )
            )
        for number, (name, fee, frequency) in enumerate(contracts.PRODUCTS):
            document = {
                "description": None,
                "fee_type": fee,
                "payment_terms": "advance" if fee == "fixed" else "arrears",
                "billing_frequency": frequency,
                "sku": f"SKU-{number + 1:03}",
            }
            products.append(
                (
                    number + 1,
                    contracts.product_id(number, self.seed),
                    name,
                    made + number,
                    made + number,
                    dump(document),
                )
            )
        return {"plans": plans, "products": products}

    def digest(self) -> str:
        """A fingerprint of the Alguna side's data."""
        sum_ = hashlib.sha256()
        for batch in self.batches():
            for table in sorted(batch):
                for row in batch[table]:
                    sum_.update(repr((table, row)).encode())
        return sum_.hexdigest()


def sales_users(org: Org) -> Sequence[str]:
    """The ids of the people who work with accounts: active users whose profile is the standard one."""
    soql = "SELECT Id FROM User WHERE IsActive = true AND Profile.Name = 'Standard User' ORDER BY Username"
    found = org.query(Caller(org.admin_id, system=True), soql, version="62.0")["records"]
    return [record["Id"] for record in found] or [org.admin_id]
