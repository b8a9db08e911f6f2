"""Both systems and the people who use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from console.domain.fields import ACCOUNT_FIELDS, FIELD
from console.domain.records import Rule

from .billing import Billing, person_of
from .machine import Clock, Disk
from .org import CONSOLE, CUSTOMER_ID, PERSON, Org, Record, RowError
from .scenario import Scenario, Step
from .truth import KEY_OF_FIELD, KEY_OF_PLACE, PLACES, Pair, Truth

TOPIC = "/data/Simulated__chn"
TABLES = (
    "customers",
    "accounts",
    "contacts",
    "links",
    "entries",
    "journal",
    "history",
    "problems",
    "runs",
    "answers",
    "choices",
    "apart",
)


class World:
    """Everything outside of the console.

    :param pairs: the links of the console's cache, as committed.
    """

    def __init__(
        self, scenario: Scenario, clock: Clock, pairs: Callable[[], Iterable[Pair]], rules: dict[str, Rule]
    ) -> None:
        self.scenario = scenario
        self.truth = Truth(pairs, self.heir, rules)
        self.org = Org(clock, self._salesforce_moved, skew=scenario.skew[0])
        self.billing = Billing(
            clock, self._alguna_moved, skew=scenario.skew[1], sorts=scenario.sorts, page=scenario.page
        )
        self.made_for: dict[str, list[str]] = {}
        """Accounts that the console created, by customer."""
        self.added: dict[tuple[str, str], int] = {}
        """When somebody gave a customer an alias."""
        self.remade: set[str] = set()
        """Customers about whose account a person decided."""
        for number in range(scenario.customers):
            self._new_customer(number % 4 != 3, False)
        for number in range(scenario.accounts):
            self._new_account(number, number % 3)
        clock.tick(60)

    # --- what is told ----------------------------------------------------------------------------------------

    def _salesforce_moved(self, row: Record, name: str, before: object, after: object, by: str) -> None:
        key = KEY_OF_FIELD.get((row.sobject, name))
        if key is not None:
            self.truth.put(row.id, key, before, after, by != CONSOLE)

    def _alguna_moved(self, id_: str, place: str, before: object, after: object, by_console: bool) -> None:
        key = KEY_OF_PLACE.get(place)
        if key is not None:
            self.truth.put(id_, key, before, after, not by_console)

    def heir(self, account_id: str) -> str:
        """The account that is left of merges."""
        while (row := self.org.records.get(account_id)) is not None and row.master is not None:
            account_id = row.master
        return account_id

    def relink(self, customer_id: str) -> None:
        """A person decides which account is a customer's."""
        self.truth.forget(customer_id)
        self.remade.add(customer_id)

    # --- what people do --------------------------------------------------------------------------------------

    def edit(self, step: Step) -> None:
        """One step of a person; what can't be done now is not done."""
        name, *args = step
        match name:
            case "salesforce":
                self._edit_salesforce(*args)
            case "alguna":
                self._edit_alguna(*args)
            case "both":
                self._edit_salesforce(*args, 0)
                self._edit_alguna(*args)
            case "owned":
                if account := _pick(self.org.alive("Account"), args[0]):
                    self._try(account.id, {args[1]: args[2]})
            case "new customer":
                self._new_customer(*args)
            case "new account":
                self._new_account(*args)
            case "new contact":
                if account := _pick(self.org.alive("Account"), args[0]):
                    person = {"LastName": f"Person {args[1]}", "Email": f"p{args[1]}@people.example"}
                    self.org.create("Contact", {**person, "AccountId": account.id}, PERSON)
            case "alias":
                if customer := _pick(list(self.billing.customers.values()), args[0]):
                    customer["aliases"] = [*customer["aliases"], args[1]]
                    customer["updated_at"] = self.billing.now()
                    self.truth.now += 1
                    self.added[customer["id"], args[1]] = self.truth.now
            case "subscribe":
                if customer := _pick(list(self.billing.customers), args[0]):
                    self.billing.subscribe(customer)
            case "resubscribe":
                if id_ := _pick(list(self.billing.subscriptions), args[0]):
                    self.billing.resubscribe(id_, args[1], _subscribed(args[1], args[2]))
            case "customer gone":
                if id_ := _pick(list(self.billing.customers), args[0]):
                    self.billing.remove(id_)
            case "customer back":
                if id_ := _pick(list(self.billing.gone), args[0]):
                    self.billing.bring_back(id_)
            case "delete account" | "delete contact":
                if row := _pick(self.org.alive(name.split()[1].capitalize()), args[0]):
                    self.org.delete(row)
            case "undelete":
                gone = [row for row in self.org.records.values() if row.deleted and row.master is None]
                if row := _pick(gone, args[0]):
                    self.org.undelete(row)
            case "merge":
                self._merge(*args)
            case _:
                raise ValueError(name)

    def _edit_salesforce(self, at: int, key: str, value: str | None, late: int) -> None:
        spec = FIELD[key]
        row = _pick(self.org.alive("Account"), at)
        if row is not None and spec.entity == "Contact":
            row = _pick(self.org.contacts_of(row.id), 0)
        if row is None:
            return
        if late:
            self.org.later(row.id, {spec.sf_name: value}, late)
        else:
            self._try(row.id, {spec.sf_name: value})

    def _try(self, id_: str, fields: dict) -> None:
        """A person's edit that Salesforce refuses did not happen."""
        with suppress(RowError):
            self.org.update(id_, fields, PERSON)

    def _edit_alguna(self, at: int, key: str, value: str | None) -> None:
        customer = _pick(list(self.billing.customers.values()), at)
        if customer is None or (not self.scenario.website and key in ("Website", "Contact.Title")):
            return
        if value is None and key in ("Name", "CurrencyIsoCode", "Contact.Email"):
            return  # Alguna asks for these
        if key.startswith("Contact.") and person_of(customer) is None and key != "Contact.Email":
            return
        self.billing.edit(customer["id"], PLACES[key], value)

    def _new_customer(self, complete: bool, alike: bool) -> None:
        """A customer; `complete`: with an address and a contact; `alike`: of the same domain as the newest account."""
        number = len(self.billing.customers) + len(self.billing.gone) + 1
        domain = f"company{number}.example"
        newest = _pick(self.org.alive("Account"), -1)
        if alike and newest is not None:
            domain = str(newest.fields.get("Website") or domain).removeprefix("https://").strip("/")
        content: dict = {"name": f"Company {number}", "currency": "USD", "tax_rate": "0.20"}
        if self.scenario.website:
            content["website"] = f"https://{domain}"
        if complete:
            person = {
                "id": f"cont_{number}",
                "is_primary": True,
                "first_name": "Ada",
                "last_name": f"Nr {number}",
            }
            person["email"] = f"ada@{domain}"
            if self.scenario.website:
                person["title"] = "CFO"
            content["contacts"] = [person]
            content["billing_address"] = {
                "line1": f"{number} Main Street", "city": f"City {number}", "state": "CA",
                "postal_code": f"{number:05d}", "country": "USA",
            }  # fmt: skip
        else:
            content |= {"contacts": [], "billing_address": None}
        self.billing.add(f"cus{number:05d}", content)

    def _new_account(self, at: int, kind: int) -> None:
        """An account that somebody makes by hand: of a customer's name and domain, of its domain only, or of nobody's."""
        customer = _pick(list(self.billing.customers.values()), at)
        number = len(self.org.records) + 1
        fields = {"Name": f"Account {number}", "Website": f"https://account{number}.example"}
        if customer is not None and kind < 2:
            number_of = customer["id"].removeprefix("cus").lstrip("0")
            fields["Website"] = f"https://company{number_of}.example"
            if kind == 0:
                fields["Name"] = customer["name"]
        fields = {name: value for name, value in fields.items() if value and "refused" not in value}
        if "Name" in fields:
            account = self.org.create("Account", fields, PERSON)
            if kind == 0:
                person = {"LastName": f"Hand {number}", "Email": f"hand{number}@company.example"}
                self.org.create("Contact", {**person, "AccountId": account.id}, PERSON)

    def _merge(self, at: int, other: int, take: bool) -> None:
        alive = [row for row in self.org.alive("Account") if not row.locked]
        winner, loser = _pick(alive, at), _pick(alive, other)
        if winner is None or loser is None or winner is loser:
            return
        names = ("BillingCity", "Website", CUSTOMER_ID) if take else ()
        takes = {name: loser.fields[name] for name in names if loser.fields.get(name)}
        self.org.merge(winner, loser, takes)
        self.truth.merged(winner.id, {s.key for s in ACCOUNT_FIELDS if winner.fields.get(s.sf_name) is None})

    # --- what is left ----------------------------------------------------------------------------------------

    def state(self) -> list:
        """Both systems, as JSON takes it."""
        rows = [[row.id, row.fields, row.deleted, row.master] for row in self.org.records.values()]
        return [rows, self.billing.customers, self.billing.subscriptions]

    def dump(self, disk: Disk, tables: Iterable[str] = TABLES) -> list:
        """The rows of a cache's tables."""
        return [disk._raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]


def _pick(items: list, at: int):
    return items[at % len(items)] if items else None


def _subscribed(what: str, number: int) -> object:
    match what:
        case "status":
            return ("active", "paused", "draft", "canceled")[number % 4]
        case "price":
            return 100 + number
        case "renews":
            return f"2027-0{1 + number % 9}-01"
    return f"Plan {number}"
