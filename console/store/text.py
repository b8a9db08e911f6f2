"""How records are written down: compact JSON, and names folded for searching and sorting."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode
_scan = json.JSONDecoder().raw_decode


def encode(value: Any) -> str:
    """JSON as ASCII in one order of keys: equal records are equal texts, and NUL or half a surrogate pair does no harm."""
    return "null" if value is None else _encode(value)


FOLDED = 255
"""Characters of a name that are searched: as many as Salesforce keeps of an account's name."""


def decode(text: str) -> Any:
    """The JSON value of a text of `encode`."""
    return _scan(text)[0]


def id_list(ids: Iterable[str]) -> str:
    """Ids as the parameter of ``IN (SELECT value FROM json_each(?))``: one statement for any number of them."""
    return encode(list(ids))


def column(text: str) -> str:
    """`text` as SQLite can hold it in a column: half a surrogate pair becomes the replacement character."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def name_in(content: str) -> str:
    """The name in a record's JSON. (SQLite's own ``->>`` stops at a NUL.)"""
    return column(decode(content)["name"])


def fold(text: str) -> str:
    """`text` without case, accents and outer blanks: what two people may type for the same name.

    >>> fold(" Société Générale ")
    'societe generale'
    """
    text = text[:FOLDED].strip()
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", column(text))
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()
