"""Names of people from several cultures, their roles, and the spelling that an e-mail address can hold."""

from __future__ import annotations

import csv
import unicodedata
from importlib import resources
from random import Random


def _read() -> tuple[list[tuple[list[str], list[str]]], list[int]]:
    text = resources.files(__package__).joinpath("data/people.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return [(row["given"].split(), row["family"].split()) for row in rows], [
        int(row["weight"]) for row in rows
    ]


_POOL, _WEIGHTS = _read()
"""Given and family names by culture; one that is not in Latin letters carries its romanisation after a bar."""
ROLES = (
    "Chief Financial Officer", "VP Finance", "Head of Procurement", "Accounts Payable Manager", "Billing Specialist", "Controller",
    "IT Director", "Chief Technology Officer", "Operations Manager", "Office Manager", "Legal Counsel", "Head of Engineering",
    "Purchasing Agent", "Treasurer", "Data Protection Officer", "Founder & CEO", "Leiter Einkauf", "Directrice financière",
)  # fmt: skip

# Letters that have no accent to take off.
_LETTERS = str.maketrans({
    "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "ð": "d", "æ": "ae", "Æ": "Ae",
    "ı": "i", "’": "", "'": "", "–": "-", "&": " and ", "œ": "oe",
})  # fmt: skip


def person(rng: Random) -> tuple[str, str, str]:
    """A given name, a family name, and the local part of an e-mail address for them."""
    given_names, family_names = rng.choices(_POOL, _WEIGHTS)[0]
    given, _, given_latin = rng.choice(given_names).partition("|")
    family, _, family_latin = rng.choice(family_names).partition("|")
    first, last = slug(given_latin or given), slug(family_latin or family)
    local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}", f"{last}.{first}"))
    return given, family, local


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single hyphens: a piece of a domain name or of an address."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())
