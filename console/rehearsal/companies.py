"""The companies of the seeded world: 503 real ones, and as many more as asked for, made from them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from console.rehearsal import places
from console.rehearsal.names import slug
from console.rehearsal.places import Country

_DESKS = (
    "Analytics", "Energy", "Logistics", "Capital", "Digital", "Health", "Labs", "Retail", "Foods", "Systems", "Media", "Motors",
    "Robotics", "Textiles", "Aviation", "Ceramics", "Chemicals", "Cloud", "Consulting", "Design", "Education", "Events", "Farming",
    "Films", "Fisheries", "Forestry", "Games", "Gardens", "Glass", "Hospitality", "Housing", "Insurance", "Lighting", "Marine",
    "Mining", "Optics", "Packaging", "Paper", "Payments", "Printing", "Rail", "Recycling", "Research", "Security", "Services",
    "Solar", "Steel", "Tools", "Toys", "Water",
)  # fmt: skip
_MARKS = (
    "North", "South", "East", "West", "Central", "Pacific", "Atlantic", "Alpine", "Nordic", "Baltic", "Iberia", "Gulf", "Delta",
    "Prairie", "Harbor", "Summit", "Valley", "Lake", "Coastal", "Metro", "Capital City", "Border", "Island", "Desert", "Forest",
    "River", "Canyon", "Bay", "Plains", "Highland", "Polar", "Tropic", "Orient", "Anden", "Sahel", "Caucasus", "Balkan", "Aegean",
    "Adria", "Celtic",
)  # fmt: skip
MOST = 503 * (1 + len(_DESKS) * len(_MARKS))
"""So many companies can be told apart by name and domain."""


@dataclass(frozen=True, slots=True)
class Company:
    """One company, real or made."""

    index: int
    name: str
    short: str
    """The name without legal form, share class or article."""
    symbol: str
    sector: str
    industry: str
    city: str
    state: str
    country: Country
    domain: str
    """On the reserved top-level domain `example` (RFC 2606)."""
    founded: int


@cache
def _real() -> tuple[Company, ...]:
    text = resources.files(__package__).joinpath("data/companies.csv").read_text(encoding="utf-8")
    found = []
    for index, row in enumerate(csv.DictReader(text.splitlines())):
        city, state, country = places.locate(row["Headquarters Location"])
        short = shorten(row["Security"])
        found.append(
            Company(
                index, row["Security"], short, row["Symbol"], row["GICS Sector"], row["GICS Sub-Industry"], city, state, country,
                f"{slug(short)}.example", int("".join(c for c in row["Founded"][:4] if c.isdigit()) or 1990),
            )
        )  # fmt: skip
    return tuple(found)


def shorten(name: str) -> str:
    """A company's name without share class, article and legal form."""
    short = name.split(" (Class")[0].removesuffix(" (The)")
    for form in (
        ", Inc.",
        " Inc.",
        " plc",
        " PLC",
        " Corporation",
        " Corp",
        " Company",
        " Companies",
        " Group",
        " & Co.",
        " N.V.",
    ):
        short = short.removesuffix(form)
    return short.strip(" ,") or name


def company(index: int) -> Company:
    """The company with this number: a real one below 503, else a made one with a name and a domain of its own."""
    real = _real()
    generation, place = divmod(index, len(real))
    parent = real[place]
    if generation == 0:
        return parent
    desk, mark = divmod(generation - 1, len(_MARKS))
    if desk >= len(_DESKS):
        raise ValueError(f"there are {MOST} companies")
    label = f"{_MARKS[mark]} {_DESKS[desk]}"
    country = places.USA if index % 3 == 0 else places.ABROAD[index % len(places.ABROAD)]
    city, state = (
        (parent.city, parent.state) if country is places.USA else country.cities[index % len(country.cities)]
    )
    if country is places.USA and parent.country is not places.USA:
        city, state = "Columbus", "Ohio"
    return Company(
        index, f"{parent.short} {label}", f"{parent.short} {label}", f"{parent.symbol}.{generation}", parent.sector,
        parent.industry, city, state, country, f"{slug(parent.symbol)}-{slug(label)}.example", 1950 + index % 70,
    )  # fmt: skip


def companies(count: int) -> Iterator[Company]:
    """The first `count` companies, one at a time."""
    return (company(index) for index in range(count))
