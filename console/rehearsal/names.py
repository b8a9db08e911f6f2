"""Names of people from several cultures, their roles, and the spelling that an e-mail address can hold."""

from __future__ import annotations

import csv
import unicodedata
from importlib import resources
from random import Random

Name = tuple[str, str]
"""A name as it is written, and the spelling that an e-mail address can hold."""


def _names(text: str) -> list[Name]:
    found = []
    for name in text.split():
        written, _, latin = name.partition("|")
        found.append((written, slug(latin or written)))
    return found


def _read() -> tuple[list[tuple[list[Name], list[Name]]], list[int]]:
    text = resources.files(__package__).joinpath("data/people.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return [(_names(row["given"]), _names(row["family"])) for row in rows], [
        int(row["weight"]) for row in rows
    ]


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
    given, first = rng.choice(given_names)
    family, last = rng.choice(family_names)
    local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}", f"{last}.{first}"))
    return given, family, local


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single hyphens: a piece of a domain name or of an address."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())


_POOL, _WEIGHTS = _read()
"""Given and family names by culture, and how frequent each culture is."""
