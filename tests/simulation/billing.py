"""A model of an Alguna account: customers and subscriptions, changed by people and by calls.

What it takes and answers is what Alguna's v2 reference says: aliases and contacts are replaced whole, a request under a known
idempotency key is answered again without a second effect, an alias belongs to one customer.
https://alguna.com/docs/api-reference/v2/2026-04-01/customers/update-a-customer
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


class Refusal(Exception):
    """An answer of 400 or above."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


@dataclass
class Billing:
    """The records.

    :param told: called with (customer id, place, before, after, by console) for each value that moved.
    """

    clock: Callable[[], datetime]
    told: Callable[[str, str, object, object, bool], None]
    skew: float = 0.0
    sorts: bool = True
    """Whether lists come newest change first when asked to; the reference doesn't promise it."""
    page: int = 100
    customers: dict[str, dict] = field(default_factory=dict)
    subscriptions: dict[str, dict] = field(default_factory=dict)
    gone: dict[str, dict] = field(default_factory=dict)
    keys: dict[str, tuple[object, dict]] = field(default_factory=dict)

    def now(self) -> str:
        """By Alguna's own clock, in whole seconds."""
        return (self.clock() + timedelta(seconds=self.skew)).strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- what people do --------------------------------------------------------------------------------------

    def add(self, id_: str, content: dict) -> None:
        """A new customer."""
        now = self.now()
        self.customers[id_] = {"id": id_, "aliases": [], "created_at": now, "updated_at": now, **content}
        for place, value in places(self.customers[id_]).items():
            self.told(id_, place, None, value, False)

    def edit(self, id_: str, place: str, value) -> None:
        """A person changes one value; `place` is dotted, ``contact.email`` means the primary contact's."""
        before = copy.deepcopy(self.customers[id_])
        _put(self.customers[id_], place, value)
        self._moved(id_, before, False)

    def subscribe(self, customer_id: str) -> None:
        """A new subscription."""
        id_ = f"sub_{len(self.subscriptions) + 1:04d}"
        self.subscriptions[id_] = {
            "id": id_, "customer_id": customer_id, "name": f"Plan {id_}", "status": "active", "currency": "USD",
            "created_at": self.now(), "updated_at": self.now(), "contract": {"start_date": self.now()},
            "price": 100, "renews": "2027-06-01",
        }  # fmt: skip

    def resubscribe(self, id_: str, what: str, value) -> None:
        """A person changes a subscription."""
        self.subscriptions[id_] |= {what: value, "updated_at": self.now()}

    def remove(self, id_: str) -> None:
        """A customer vanishes."""
        self.gone[id_] = self.customers.pop(id_)

    def bring_back(self, id_: str) -> None:
        """It is there again."""
        self.customers[id_] = {**self.gone.pop(id_), "updated_at": self.now()}

    # --- what calls do ---------------------------------------------------------------------------------------

    def get(self, path: str, params: dict) -> object:
        """Answer a GET. :raises Refusal: it is refused, or nothing is there."""
        parts = path.strip("/").split("/")
        if parts[0] == "customers" and len(parts) == 2:
            return copy.deepcopy(self._customer(parts[1]))
        if parts in (["customers"], ["subscriptions"]):
            return self._list(parts[0], params)
        if parts[0] == "subscriptions" and len(parts) >= 3 and parts[1] in self.subscriptions:
            its = self.subscriptions[parts[1]]
            if parts[2] == "billing-dates":
                return {"next_renewal_date": its["renews"]}
            model = {"total": str(its["price"])}
            price = {"type": "fixed", "billing_interval": "monthly", "fixed_pricing_model": model}
            return {"id": f"ver_{its['id']}", "items": [{"price": price}]}
        raise Refusal(404)

    def patch(self, id_: str, body: dict, key: str) -> tuple[dict, bool]:
        """Answer a PATCH with the customer, and whether it is an earlier answer. :raises Refusal: it is refused."""
        known = self.keys.get(key)
        if known is not None:
            if known[0] != body:
                raise Refusal(422, "The idempotency key was used for another request.")
            return copy.deepcopy(known[1]), True
        if id_ not in self.customers:
            raise Refusal(404)
        if any("refused" in str(value) for value in places(body).values()):
            raise Refusal(422, "No such value here.")
        taken = {alias for other, each in self.customers.items() if other != id_ for alias in each["aliases"]}
        if taken & set(body.get("aliases", ())):
            raise Refusal(422, "Another customer has this alias.")
        before = copy.deepcopy(self.customers[id_])
        for name, value in body.items():
            self.customers[id_][name] = copy.deepcopy(value)
        self._moved(id_, before, True)
        self.keys[key] = (copy.deepcopy(body), copy.deepcopy(self.customers[id_]))
        return copy.deepcopy(self.customers[id_]), False

    # --- inside ----------------------------------------------------------------------------------------------

    def _moved(self, id_: str, before: dict, by_console: bool) -> None:
        now = self.customers[id_]
        old, new = places(before), places(now)
        moved = {place for place in old.keys() | new.keys() if old.get(place) != new.get(place)}
        if moved or before["aliases"] != now["aliases"]:
            now["updated_at"] = self.now()
        for place in sorted(moved):
            self.told(id_, place, old.get(place), new.get(place), by_console)

    def _customer(self, id_: str) -> dict:
        for customer in self.customers.values():
            if id_ == customer["id"] or id_ in customer["aliases"]:
                return customer
        raise Refusal(404)

    def _list(self, what: str, params: dict) -> dict:
        newest_first = params["sort"] == "updated_at:desc"
        if newest_first and not self.sorts:
            raise Refusal(400, "This list can't be sorted by updated_at.")
        rows = list((self.customers if what == "customers" else self.subscriptions).values())
        if "customer_id" in params:
            rows = [row for row in rows if row["customer_id"] == params["customer_id"]]
        stamp = "updated_at" if newest_first else "created_at"
        rows.sort(key=lambda row: (row[stamp], row["id"]), reverse=newest_first)
        size = min(self.page, int(params["limit"]))
        start = int(params["offset"])
        page = copy.deepcopy(rows[start : start + size])
        return {"data": page, "pagination": {"per_page": size}}


def person_of(customer: dict) -> dict | None:
    """The primary contact; without a mark the first one."""
    people = customer.get("contacts") or []
    return next((each for each in people if each.get("is_primary")), people[0] if people else None)


def places(customer: dict) -> dict:
    """Every value of a customer that the sync may be interested in, by its dotted place."""
    found = {name: customer[name] for name in ("name", "currency", "website", "tax_rate") if name in customer}
    for name, value in (customer.get("billing_address") or {}).items():
        found[f"billing_address.{name}"] = value
    for name, value in (person_of(customer) or {}).items():
        if name not in ("id", "is_primary"):
            found[f"contact.{name}"] = value
    return found


def _put(customer: dict, place: str, value) -> None:
    group, _, name = place.rpartition(".")
    if group == "contact":
        person = person_of(customer)
        if person is None:
            person = {"id": f"cont_{customer['id']}", "is_primary": True, "email": "someone@example.org"}
            customer["contacts"] = [person]
        person[name] = value
    elif group == "billing_address":
        customer["billing_address"] = {**(customer.get("billing_address") or {}), name: value}
    else:
        customer[place] = value
