"""People at work on both sides: small plausible changes, one after the other, so that a sync has something to do."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from random import Random
from typing import Any

from console.rehearsal import names, places, stamps
from console.rehearsal.alguna import changes, customers, lifecycle, subscriptions
from console.rehearsal.alguna.errors import AlgunaError
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Order
from console.rehearsal.alguna.store import Row, Store
from console.rehearsal.contracts import PLANS, plan_id
from console.rehearsal.salesforce.access import in_browser
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.org import Caller, Org
from console.rehearsal.world import sales_users

Json = dict[str, Any]
_log = logging.getLogger(__name__)
DEFAULT_PER_MINUTE = 30
MOST_PER_MINUTE = 6000
_BY_CREATION = Order("created_at")


class Activity:
    """A task that changes a record every now and then. One change at a time can be asked for with `step`."""

    def __init__(self, org: Org, alguna: Store, options: Options, *, seed: int = 1) -> None:
        self.per_minute = DEFAULT_PER_MINUTE
        self.changes = 0
        self.last: str | None = None
        self._org = org
        self._alguna = alguna
        self._options = options
        self._rng = Random(seed)  # noqa: S311 - plausible changes, no secrets
        self._task: asyncio.Task[None] | None = None
        self._kinds: list[tuple[int, Callable[[], str | None]]] = [
            (4, self._change_contact), (3, self._change_address), (2, self._rename), (3, self._new_customer),
            (3, self._start_subscription), (2, self._cancel_subscription), (3, self._change_price), (2, self._plan_change),
            (4, self._edit_account), (3, self._edit_person), (1, self._new_account),
        ]  # fmt: skip

    @property
    def on(self) -> bool:
        """Whether it is running."""
        return self._task is not None and not self._task.done()

    def start(self, per_minute: int | None = None) -> None:
        """Begin, or go on at another pace. Must be called in the event loop."""
        if per_minute is not None:
            if not 1 <= per_minute <= MOST_PER_MINUTE:
                raise ValueError(f"per_minute must be from 1 to {MOST_PER_MINUTE}")
            self.per_minute = per_minute
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def as_dict(self) -> Json:
        """What it is doing."""
        return {"on": self.on, "per_minute": self.per_minute, "changes": self.changes, "last": self.last}

    async def _run(self) -> None:
        while True:
            self.step()
            await asyncio.sleep(60 / self.per_minute)

    def step(self) -> str | None:
        """One change; what it was, or None when there was nothing to change or a rule stood against it."""
        weights = [weight for weight, _ in self._kinds]
        _, change = self._rng.choices(self._kinds, weights)[0]
        try:
            done = change()
        except (AlgunaError, ApiError) as refusal:
            # People run into rules as well; they leave it and do something else.
            _log.info("%s was refused: %s", change.__name__, refusal)
            return None
        if done is not None:
            self.changes += 1
            self.last = done
        return done

    # -- in Alguna

    def _customer(self) -> Row | None:
        total = self._alguna.total("customers")
        if not total:
            return None
        offset = self._rng.randrange(total)
        rows, _ = self._alguna.page("customers", [], _BY_CREATION, 1, offset)
        return rows[0]

    def _change_contact(self) -> str | None:
        row = self._customer()
        if row is None:
            return None
        document = json.loads(row["document"])
        contacts = [dict(contact) for contact in document["contacts"] or ()]
        given, family, local = names.person(self._rng)
        domain = _domain(contacts)
        if contacts and self._rng.random() < 0.5:
            contacts[0].update(title=self._rng.choice(names.ROLES), last_name=family)
        else:
            email = f"{local}.{self._rng.randint(10, 99)}@{domain}"
            person = {
                "email": email,
                "first_name": given,
                "last_name": family,
                "title": self._rng.choice(names.ROLES),
            }
            contacts.append({**person, "is_primary": not any(contact["is_primary"] for contact in contacts)})
        customers.change(self._alguna, row, {"contacts": contacts}, self._options)
        return f"Alguna: contacts of {row['name']}"

    def _change_address(self) -> str | None:
        row = self._customer()
        if row is None:
            return None
        country = self._rng.choice(list(places.COUNTRIES.values()))
        city, state = self._rng.choice(country.cities)
        address = {
            "line1": places.street(self._rng, country), "city": city, "state": state,
            "postal_code": places.postal_code(self._rng, country), "country": country.alpha3,
        }  # fmt: skip
        customers.change(self._alguna, row, {"billing_address": address}, self._options)
        return f"Alguna: address of {row['name']}"

    def _rename(self) -> str | None:
        row = self._customer()
        if row is None:
            return None
        name = row["name"].strip()
        for ending in (" Holdings", " Group", " International"):
            if name.endswith(ending):
                name = name.removesuffix(ending)
                break
        else:
            name += self._rng.choice((" Holdings", " Group", " International"))
        customers.change(self._alguna, row, {"name": name}, self._options)
        return f"Alguna: {row['name']} is now {name}"

    def _new_customer(self) -> str:
        number = self._alguna.total("customers") + self._rng.randint(1, 9) * 1_000_000
        given, family, local = names.person(self._rng)
        name = f"{family} & {self._rng.choice(('Sons', 'Partners', 'Daughters', 'Co'))} {number % 1000}"
        domain = f"{names.slug(name) or 'company'}-{number}.example"
        country = self._rng.choice(list(places.COUNTRIES.values()))
        city, state = self._rng.choice(country.cities)
        contact = {
            "email": f"{local}@{domain}",
            "first_name": given,
            "last_name": family,
            "is_primary": True,
            "title": "Controller",
        }
        address = {
            "line1": places.street(self._rng, country), "city": city, "state": state,
            "postal_code": places.postal_code(self._rng, country), "country": country.alpha3,
        }  # fmt: skip
        values: Json = {
            "name": name, "currency": country.currency, "contacts": [contact], "billing_address": address,
            "website": f"https://www.{domain}", "legal_entity": "Cumulus Metering, Inc.",
            "tax_country": country.alpha2, "tax_rate": country.tax_rate, "tax_status": "taxable", "tax_reason": "standard_rated",
        }  # fmt: skip
        with self._alguna.transaction():
            row = customers.add(self._alguna, values, self._options)
            self._subscribe(row, active=True)
        return f"Alguna: new customer {name}"

    def _subscribe(self, customer: Row, *, active: bool) -> Row:
        number = self._rng.randrange(len(PLANS))
        months = self._rng.choice((12, 24))
        today = stamps.day_of(self._alguna.now()).isoformat()
        body = {
            "customer_id": customer["id"], "plan_id": plan_id(number, self._alguna.seed), "auto_activate": active,
            "contract": {"period_type": "fixed", "duration_months": months, "start_date": today},
        }  # fmt: skip
        return subscriptions.create(self._alguna, body)

    def _subscription(self, *statuses: str) -> Row | None:
        total = self._alguna.total("subscriptions")
        for _ in range(20 if total else 0):
            rows, _total = self._alguna.page("subscriptions", [], _BY_CREATION, 1, self._rng.randrange(total))
            if rows[0]["status"] in statuses:
                return rows[0]
        return None

    def _start_subscription(self) -> str | None:
        waiting = self._subscription("draft")
        if waiting is not None and self._rng.random() < 0.6:
            subscriptions.activate(self._alguna, waiting)
            return f"Alguna: activated {waiting['name']}"
        customer = self._customer()
        if customer is None:
            return None
        row = self._subscribe(customer, active=self._rng.random() < 0.7)
        return f"Alguna: new subscription {row['name']}"

    def _cancel_subscription(self) -> str | None:
        row = self._subscription("active", "paused")
        if row is None:
            return None
        effective = self._rng.choice(("immediate", "end_of_term"))
        subscriptions.cancel(
            self._alguna, row, {"reason": self._rng.choice(("pricing", "features")), "effective": effective}
        )
        return f"Alguna: canceled {row['name']} ({effective})"

    def _change_price(self) -> str | None:
        row = self._subscription("active")
        if row is None:
            return None
        version = lifecycle.current_version(self._alguna, row["id"], self._alguna.now())
        items = [] if version is None else json.loads(version["document"])["items"]
        fixed = [item for item in items if "price" in item and item["price"]["fee_type"] == "fixed"]
        if not fixed:
            return None
        units = self._rng.randint(1, 50)
        update = {"product_id": fixed[0]["product_id"], "adjust": {"fixed_pricing_model": {"units": units}}}
        changes.change(
            self._alguna, row, {"update": [update], "description": f"{units} units"}, preview=False
        )
        return f"Alguna: {units} units for {row['name']}"

    def _plan_change(self) -> str | None:
        row = self._subscription("active")
        if row is None:
            return None
        number = self._rng.randrange(len(PLANS))
        body = {"plan_id": plan_id(number, self._alguna.seed), "description": f"Moved to {PLANS[number]}"}
        changes.change(self._alguna, row, body, preview=False)
        return f"Alguna: {row['name']} moved to {PLANS[number]}"

    # -- in Salesforce

    def _caller(self) -> Caller:
        return in_browser(self._rng.choice(sales_users(self._org)))

    def _record(self, sobject: str, fields: str) -> Json | None:
        """A record by chance: the first one touched since a random moment, so that a large org costs no more than a small one."""
        ends = [
            self._one(sobject, "SystemModstamp", f"ORDER BY SystemModstamp {way}") for way in ("ASC", "DESC")
        ]
        if ends[0] is None or ends[1] is None:
            return None
        first, last = (stamps.parse(end["SystemModstamp"]) for end in ends if end is not None)
        since = stamps.text(self._rng.randint(first, last))
        return self._one(
            sobject, f"Id, {fields}", f"WHERE SystemModstamp >= {since} ORDER BY SystemModstamp ASC"
        )

    def _one(self, sobject: str, fields: str, rest: str) -> Json | None:
        system = Caller(self._org.admin_id, system=True)
        soql = f"SELECT {fields} FROM {sobject} {rest} LIMIT 1"  # noqa: S608 - SOQL of our own names
        found = self._org.query(system, soql, version="62.0")["records"]
        return found[0] if found else None

    def _edit_account(self) -> str | None:
        record = self._record("Account", "Name, Website")
        if record is None:
            return None
        host = names.slug(record["Name"]) or "company"
        city, code = self._rng.choice((("Springfield", "62701"), ("Lyon", "69001"), ("Gdańsk", "80-001")))
        changes = (
            {"Website": f"https://www.{host[:40]}.example"},
            {"Website": f"http://{host[:40]}.example/"},
            {"Phone": f"+1 555 01{self._rng.randint(0, 99):02}"},
            {"BillingCity": city, "BillingPostalCode": code},
        )
        change = self._rng.choice(changes)
        self._org.update(self._caller(), "Account", record["Id"], change)
        return f"Salesforce: {', '.join(change)} of {record['Name']}"

    def _edit_person(self) -> str | None:
        record = self._record("Contact", "Name")
        if record is None:
            return None
        self._org.update(self._caller(), "Contact", record["Id"], {"Title": self._rng.choice(names.ROLES)})
        return f"Salesforce: title of {record['Name']}"

    def _new_account(self) -> str:
        _given, family, _local = names.person(self._rng)
        name = f"{family} Trading {self._rng.randint(100, 999)}"
        self._org.insert(self._caller(), "Account", {"Name": name, "Type": "Prospect"})
        return f"Salesforce: new account {name}"


def _domain(contacts: list[Json]) -> str:
    for contact in contacts:
        return str(contact["email"]).rpartition("@")[2]
    return "example.com"
