"""Customers as a billing system holds them: who they are, where they are billed, whom one writes to."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from console.rehearsal import codes, names, places, stamps
from console.rehearsal.companies import Company, company

Json = dict[str, Any]
BASE = stamps.parse("2026-10-01T06:00:00Z")
"""The moment at which the seeded world stands: nothing in it was created or changed later."""
ISSUERS = {
    "USD": "Cumulus Metering, Inc.",
    "GBP": "Cumulus Metering Ltd",
    "EUR": "Cumulus Metering GmbH",
    "JPY": "クムルス株式会社",
}
"""The legal entities that bill, by currency; the first one bills all others."""
INTEGRATION = "intg_salesforce01"
_ALPHABET = codes.ALPHABET

# Where the odd cases stand: early enough for a small world, rare enough for a large one.
_NO_ADDRESS = (23, 11)
_NO_CONTACT = (31, 17)
_HOSTILE = {
    7: "{name} [b]North[/b]",
    19: "{name} [link=file:///etc/hosts]EMEA",
    29: "شركة {name} العالمية",
    37: "{name} \u202eDTL gnidaerT\u202c",
    43: "{name}   ",
    53: "{name} & Söhne <b>\"Großhandel\"</b> 'Ltd'; -- 'x' OR 1=1",
    67: "{name} " + "International Holdings and Subsidiaries " * 7,
    79: "\t{name}\u200b Zero-Width",
}  # fmt: skip
"""Names that are legal and that a careless program breaks on, by company number."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer before it has an id in any system."""

    company: Company
    name: str
    currency: str
    address: Json | None
    contacts: list[Json] | None
    website: str | None
    legal_entity: str | None
    tax: Json
    created_at: int
    updated_at: int


def random_for(seed: int, index: int, part: int) -> Random:
    """The source of chance for one part of one customer: the same whatever was generated before."""
    return Random((seed * 1_000_003 + index) * 16 + part)  # noqa: S311 - plausible data, no secrets


def profile(index: int, seed: int) -> Profile:
    """Customer number `index` of the world."""
    rng = random_for(seed, index, 0)
    firm = company(index)
    country = firm.country
    billed_abroad = index > 0 and rng.random() < 0.12
    if billed_abroad:
        country = rng.choice(places.ABROAD)
    created_at = BASE - rng.randint(20 * stamps.DAY, 5 * 365 * stamps.DAY)
    updated_at = rng.randint(max(created_at, BASE - 400 * stamps.DAY), BASE - stamps.DAY)
    return Profile(
        firm,
        _HOSTILE.get(index, "{name}").format(name=firm.name),
        country.currency if rng.random() < 0.85 else "USD",
        None
        if index % _NO_ADDRESS[0] == _NO_ADDRESS[1]
        else _address(rng, firm, country, abroad=billed_abroad),
        _contacts(rng, index, firm, seed),
        _website(rng, index, firm),
        None if rng.random() < 0.04 else ISSUERS.get(country.currency, ISSUERS["USD"]),
        _tax(rng, country, firm),
        created_at,
        updated_at,
    )


def _address(rng: Random, firm: Company, country: places.Country, *, abroad: bool) -> Json:
    city, state = rng.choice(country.cities) if abroad else (firm.city, firm.state)
    if country is places.USA:
        state = places.STATES.get(state, state) if rng.random() < 0.7 else state
    spelling = rng.random()
    address: Json = {"line1": places.street(rng, country)}
    if rng.random() < 0.3:
        address["line2"] = rng.choice(
            ("Suite {}", "Floor {}", "Building {}", "c/o Accounts Payable, Room {}")
        ).format(rng.randint(1, 60))
    address["city"] = city
    # Where a country has no states the field is an empty text here and missing there.
    if state or rng.random() < 0.5:
        address["state"] = state
    if rng.random() < 0.96:
        address["postal_code"] = places.postal_code(rng, country)
    address["country"] = (
        country.alpha3 if spelling < 0.75 else country.alpha2 if spelling < 0.9 else country.name
    )
    return address


def _contacts(rng: Random, index: int, firm: Company, seed: int) -> list[Json] | None:
    if index % _NO_CONTACT[0] == _NO_CONTACT[1]:
        return None if rng.random() < 0.5 else []
    contacts: list[Json] = []
    used = set()
    for number in range(rng.choices((1, 2, 3), (60, 30, 10))[0]):
        given, family, local = names.person(rng)
        if local in used:
            local = f"{local}{number + 1}"
        used.add(local)
        contact: Json = {
            "id": "cont_" + codes.code(index * 4 + number, seed=seed, length=10),
            "email": f"{local}@{firm.domain}" if rng.random() < 0.97 else f"{local}.{firm.index}@example.com",
            "is_primary": number == 0,
            "first_name": given,
            "last_name": family,
        }
        if rng.random() < 0.6:
            contact["email_preferences"] = rng.choice((["billing"], ["updates"], ["billing", "updates"], []))
        if rng.random() < 0.9:
            contact["title"] = rng.choice(names.ROLES)
        if index and rng.random() < 0.03:
            # A shared mailbox has no family name, and a CRM asks for one.
            contact = {**contact, "email": f"invoices@{firm.domain}", "first_name": "Accounts Payable"}
            del contact["last_name"]
        contacts.append(contact)
    if index and rng.random() < 0.04:
        contacts[0]["is_primary"] = False
    if len(contacts) > 1 and rng.random() < 0.2:
        # The primary contact is not always the first of the list.
        contacts.reverse()
    return contacts


def _website(rng: Random, index: int, firm: Company) -> str | None:
    if index and rng.random() < 0.05:
        return None
    return rng.choice(("https://www.{}", "https://www.{}", "https://{}", "www.{}")).format(firm.domain)


def _tax(rng: Random, country: places.Country, firm: Company) -> Json:
    if firm.index and rng.random() < 0.15:
        return {}
    if rng.random() < 0.1:
        return {
            "tax_country": country.alpha2,
            "tax_rate": "0.00",
            "tax_reason": "customer_exempt",
            "tax_status": "exempt",
        }
    tax: Json = {
        "tax_country": country.alpha2,
        "tax_rate": country.tax_rate,
        "tax_reason": "standard_rated",
        "tax_status": "taxable",
    }
    if country.tax_type != "other":
        tax["tax_type"] = country.tax_type
    if country.tax_type == "vat":
        tax["tax_id"] = country.alpha2 + "".join(rng.choices("0123456789", k=9))
    return tax


def customer_id(index: int, seed: int, *, prefixed: bool = False) -> str:
    """The Alguna id of customer number `index`."""
    code = codes.code(index, seed=seed)
    return f"cust_{code}" if prefixed else code


def document(profile_: Profile, seed: int, account_id: str | None) -> Json:
    """The customer as Alguna keeps it. `account_id`: a Salesforce account that was linked in earlier days."""
    firm = profile_.company
    rng = random_for(seed, firm.index, 1)
    aliases: list[str] | None = None
    connected: list[Json] = []
    if rng.random() < 0.3:
        external = "cus_" + codes.code(firm.index, seed=seed + 7, length=14)
        connected = [{"provider": "stripe", "external_id": external}]
    if rng.random() < 0.6:
        aliases = [account["external_id"] for account in connected]
        if rng.random() < 0.5:
            aliases.append(f"ext_{firm.symbol.lower()}")
        if rng.random() < 0.3:
            aliases.append(f"ERP-{10_000 + firm.index:07}")
    if account_id is not None:
        # Both forms are in use; the API says nothing about which.
        aliases = [*(aliases or ()), account_id if rng.random() < 0.5 else account_id[:15]]
    record: Json = {
        "currency": profile_.currency,
        "aliases": aliases,
        "billing_address": profile_.address,
        "contacts": profile_.contacts,
        "website": profile_.website,
        "legal_entity": profile_.legal_entity,
        **profile_.tax,
        "_tags": [tag for tag in ("tag_keyaccount", "tag_selfserve", "tag_partner") if rng.random() < 0.1],
        "_csm": [f"usr_{rng.choice(('ada', 'grace', 'linus'))}01"],
    }
    if connected:
        record["_connected"] = connected
    if account_id is not None:
        record["_integrations"] = [INTEGRATION]
    return record
