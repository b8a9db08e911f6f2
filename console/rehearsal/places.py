"""Countries with their cities, ways to write an address, currency and tax."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from random import Random


@dataclass(frozen=True, slots=True)
class Country:
    """A country as billing sees it."""

    name: str
    alpha2: str
    alpha3: str
    currency: str
    tax_type: str
    tax_rate: str
    """The standard rate as a decimal fraction."""
    street: str
    """A street address with {n} for a number and {s} for a street's name."""
    streets: tuple[str, ...]
    postal: str
    """A pattern: 9 is any digit, A any letter."""
    cities: tuple[tuple[str, str], ...]
    """City and state or province (may be empty)."""


def _read() -> dict[str, Country]:
    text = resources.files(__package__).joinpath("data/countries.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        cities = [city.partition("|") for city in row.pop("cities").split(";")]
        found[row["alpha2"]] = Country(
            streets=tuple(row.pop("streets").split(";")),
            cities=tuple((name, state) for name, _, state in cities),
            **row,
        )
    return found


COUNTRIES = _read()
"""By ISO 3166-1 alpha-2 code."""
USA = COUNTRIES["US"]
ABROAD = tuple(country for country in COUNTRIES.values() if country.alpha2 not in ("US", "BM"))
_BY_NAME = {country.name: country for country in COUNTRIES.values()}

_STATES = """
Alabama=AL Arizona=AZ Arkansas=AR California=CA Colorado=CO Connecticut=CT D.C.=DC Delaware=DE Florida=FL Georgia=GA
Idaho=ID Illinois=IL Indiana=IN Iowa=IA Kentucky=KY Louisiana=LA Maine=ME Maryland=MD Massachusetts=MA Michigan=MI
Minnesota=MN Missouri=MO Montana=MT Nebraska=NE Nevada=NV New_Hampshire=NH New_Jersey=NJ New_York=NY North_Carolina=NC
Ohio=OH Oklahoma=OK Oregon=OR Pennsylvania=PA Rhode_Island=RI Tennessee=TN Texas=TX Utah=UT Virginia=VA Washington=WA
Wisconsin=WI
"""
STATES = {name.replace("_", " "): code for name, _, code in (pair.partition("=") for pair in _STATES.split())}
"""US postal codes of the states where headquarters are."""


def locate(headquarters: str) -> tuple[str, str, Country]:
    """City, state and country of a headquarters such as `Saint Paul, Minnesota` or `Dublin, Ireland`."""
    place = headquarters.split(";")[0].split("[")[0].strip()
    city, _, region = place.rpartition(", ")
    if not city:
        return "Wilmington", "Delaware", USA
    if region in _BY_NAME:
        country = _BY_NAME[region]
        known = dict(country.cities)
        return city, known.get(city, ""), country
    return city, region, USA


def street(rng: Random, country: Country) -> str:
    """A street and a number, as that country writes them."""
    return country.street.format(n=rng.randint(1, 2400), s=rng.choice(country.streets))


def postal_code(rng: Random, country: Country) -> str:
    """A code of the country's pattern."""
    letters = "ABCDEFGHJKLMNPRSTVWXY"
    return "".join(
        rng.choice("123456789") if c == "9" else rng.choice(letters) if c == "A" else c
        for c in country.postal
    )
