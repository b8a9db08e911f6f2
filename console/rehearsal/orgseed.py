"""What the Salesforce org holds before any sync: accounts that people typed in over the years.

About half of the customers are there, under other legal forms, spellings and older addresses; some twice; some next to another
company of nearly the same name. A share of the accounts are no customers at all. Deterministic and streamed: an account's id
follows from its number, so contacts can be written in a second pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from console.rehearsal import codes, names, places, stamps
from console.rehearsal.companies import Company, company
from console.rehearsal.profiles import BASE, Profile, profile, random_for
from console.rehearsal.salesforce import ids

Row = dict[str, Any]
MAIN, TWIN, LOOKALIKE, STRANGER = range(4)
"""The account of a customer, a second one of the same company, a different company of a similar name, no customer."""
_INDUSTRIES = {
    "Communication Services": "Communications", "Consumer Discretionary": "Retail", "Consumer Staples": "Food & Beverage",
    "Energy": "Energy", "Financials": "Finance", "Health Care": "Healthcare", "Industrials": "Manufacturing",
    "Information Technology": "Technology", "Materials": "Chemicals", "Real Estate": "Construction", "Utilities": "Utilities",
}  # fmt: skip
_FORMS = (
    "Inc.",
    "Inc",
    "Corp.",
    "Corporation",
    "LLC",
    "Ltd.",
    "PLC",
    "Company",
    "Group",
    "Holdings",
    "GmbH",
    "S.A.",
    "B.V.",
)
_OTHER_TRADES = (
    "Bakery",
    "Plumbing",
    "Dental Care",
    "Travel",
    "Florists",
    "Auto Repair",
    "Yoga Studio",
    "Roofing",
    "Tutoring",
)
_STRANGERS = (
    "Blue Heron",
    "Quiet Harbor",
    "Nine Pines",
    "Copper Kettle",
    "Silver Birch",
    "Old Mill",
    "Fairweather",
    "Lantern",
)

# Every row names the same fields: the org takes such rows in one statement.
_BLANK_ACCOUNT: Row = dict.fromkeys((
    "Id", "OwnerId", "CreatedById", "LastModifiedById", "CreatedDate", "LastModifiedDate", "SystemModstamp", "Name", "Website",
    "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "Industry", "Type", "Phone",
    "TickerSymbol",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrgSeed:
    """The org's share of a world of `customers` companies."""

    customers: int
    seed: int
    users: Sequence[str]
    """18-character ids of the people who own and edit records."""

    def account_id(self, index: int, kind: int) -> str:
        """The id of one account around customer number `index`: below all that the org counts out by itself."""
        return ids.make("001", ids.instance_of(self.seed), 1 + index * 4 + kind)

    def contact_id(self, index: int, kind: int, number: int) -> str:
        """The id of one contact of such an account."""
        return ids.make("003", ids.instance_of(self.seed), 1 + index * 12 + (0, 4, 8, 10)[kind] + number)

    def linked(self, index: int) -> str | None:
        """The account that the customer was linked with in earlier days: its id is among the customer's aliases."""
        if not has_account(index, self.seed) or codes.chance(index, seed=self.seed, part=4) >= 0.08:
            return None
        return self.account_id(index, MAIN)

    def accounts(self) -> Iterator[Row]:
        """Every account, one at a time."""
        for index in range(self.customers):
            for kind in kinds(index, self.seed):
                yield self._account(index, kind)

    def contacts(self) -> Iterator[Row]:
        """Every contact, one at a time."""
        for index in range(self.customers):
            for kind in kinds(index, self.seed):
                yield from self._contacts(index, kind)

    def _account(self, index: int, kind: int) -> Row:
        rng = random_for(self.seed, index, 8 + kind)
        row: Row = {**_BLANK_ACCOUNT, "Id": self.account_id(index, kind), **_history(rng, self.users)}
        if kind == STRANGER:
            return row | _stranger(rng, index)
        if kind == LOOKALIKE:
            return row | _lookalike(rng, company(index))
        of = profile(index, self.seed)
        row["Name"] = _typed_name(rng, of, twin=kind == TWIN)
        row["Website"] = _typed_website(rng, of)
        row |= _typed_address(rng, of)
        row["Industry"] = _INDUSTRIES.get(of.company.sector, "Other")
        row["Type"] = rng.choice(("Customer - Direct", "Customer - Direct", "Prospect", "Customer - Channel"))
        if rng.random() < 0.5:
            row["Phone"] = f"+1 555 01{rng.randint(0, 99):02}"
        if rng.random() < 0.3:
            row["TickerSymbol"] = of.company.symbol
        return row

    def _contacts(self, index: int, kind: int) -> Iterator[Row]:
        rng = random_for(self.seed, index, 12 + kind)
        known: list[Row] = []
        domain = "example.net"
        if kind in (MAIN, TWIN):
            of = profile(index, self.seed)
            known, domain = list(of.contacts or ()), of.company.domain
        rng.shuffle(known)
        people: list[tuple[str, str, str, str | None]] = []
        for contact in known[: rng.randint(0, 2)]:
            if contact.get("last_name") is None:
                continue
            # People move up; a CRM hears of it later than the invoice.
            title = rng.choice((None, contact.get("title"), contact.get("title"), rng.choice(names.ROLES)))
            people.append((contact["first_name"], contact["last_name"], contact["email"], title))
        for _ in range(rng.choices((0, 1, 2), (50, 40, 10))[0]):
            given, family, local = names.person(rng)
            people.append((given, family, f"{local}@{domain}", rng.choice(names.ROLES)))
        for number, (given, family, email, title) in enumerate(people):
            if number < (4 if kind in (MAIN, TWIN) else 2):
                yield {
                    "Id": self.contact_id(index, kind, number),
                    "AccountId": self.account_id(index, kind),
                    **_history(rng, self.users),
                    "FirstName": given,
                    "LastName": family,
                    "Email": email.lower(),
                    "Title": title,
                }


def has_account(index: int, seed: int) -> bool:
    """Whether the org knows the company of customer number `index`."""
    return index == 0 or codes.chance(index, seed=seed, part=3) < 0.5


def kinds(index: int, seed: int) -> list[int]:
    """The accounts around one customer."""
    found = []
    if has_account(index, seed):
        found.append(MAIN)
        if index and codes.chance(index, seed=seed, part=5) < 0.035:
            found.append(TWIN)
    if index and codes.chance(index, seed=seed, part=6) < 0.04:
        found.append(LOOKALIKE)
    if codes.chance(index, seed=seed, part=7) < 0.12:
        found.append(STRANGER)
    return found


def _typed_name(rng: Random, of: Profile, *, twin: bool) -> str:
    firm = of.company
    way = rng.random()
    if twin:
        way = 0.5 + way / 2
    if way < 0.30:
        return of.name.strip()[:255].strip()
    if way < 0.55:
        return f"{firm.short} {rng.choice(_FORMS)}"
    if way < 0.70:
        return firm.short
    if way < 0.80:
        return firm.short.upper()
    if way < 0.88:
        return (
            f"{firm.short}, {rng.choice(_FORMS)}".lower()
            if twin
            else f"The {firm.short} {rng.choice(_FORMS)}"
        )
    if way < 0.94:
        return firm.short.replace(" & ", " and ").replace("-", " ").replace("’", "'")
    return f"{firm.short} (US)"


def _typed_website(rng: Random, of: Profile) -> str | None:
    domain = of.company.domain
    spellings = (
        f"www.{domain}",
        f"http://www.{domain}/",
        f"https://{domain}",
        domain,
        domain.upper(),
        f"HTTPS://WWW.{domain}/",
        f"https://www.{domain}/en/home?ref=crm",
    )
    return None if rng.random() < 0.15 else rng.choice(spellings)


def _typed_address(rng: Random, of: Profile) -> Row:
    address = of.address
    if address is None or rng.random() < 0.12:
        return {}
    row = {
        "BillingStreet": "\n".join(filter(None, (address["line1"], address.get("line2")))),
        "BillingCity": address["city"],
        "BillingState": address.get("state"),
        "BillingPostalCode": address.get("postal_code"),
        "BillingCountry": {"USA": "United States"}.get(address["country"], address["country"]),
    }
    if rng.random() < 0.35:
        # The office before the last move.
        row["BillingStreet"] = places.street(rng, of.company.country)
        row["BillingPostalCode"] = places.postal_code(rng, of.company.country)
    if rng.random() < 0.2:
        row["BillingCity"] = str(row["BillingCity"]).upper()
    return {name: value for name, value in row.items() if value}


def _lookalike(rng: Random, firm: Company) -> Row:
    first = firm.short.split()[0].strip(",")
    trade = rng.choice(_OTHER_TRADES)
    website = f"www.{names.slug(first) or 'shop'}-{names.slug(trade)}.example"
    return {
        "Name": f"{first} {trade}",
        "Website": website,
        "BillingCity": firm.city,
        "Type": "Prospect",
    }


def _stranger(rng: Random, index: int) -> Row:
    name = f"{rng.choice(_STRANGERS)} {rng.choice(_OTHER_TRADES)} {codes.code(index, seed=3, length=3)}"
    row = {"Name": name, "Type": "Prospect", "BillingCountry": "United States", "BillingCity": "Springfield"}
    return row if rng.random() < 0.4 else {**row, "Website": f"https://{names.slug(name)}.example"}


def _history(rng: Random, users: Sequence[str]) -> Row:
    """Who typed it in, who touched it last, and when: before anything was synced."""
    created = BASE - rng.randint(200 * stamps.DAY, 3300 * stamps.DAY)
    changed = created if rng.random() < 0.3 else rng.randint(created, BASE - 30 * stamps.DAY)
    owner = rng.choice(users)
    return {
        "OwnerId": owner,
        "CreatedById": owner if rng.random() < 0.6 else rng.choice(users),
        "LastModifiedById": rng.choice(users),
        "CreatedDate": _rest(created),
        "LastModifiedDate": _rest(changed),
        "SystemModstamp": _rest(changed),
    }


def _rest(stamp: int) -> str:
    """A date-time as REST writes it; the org keeps whole seconds."""
    return stamps.text(stamp)[:-1] + ".000+0000"
