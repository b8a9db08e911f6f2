"""Which fields a change event is about: hexadecimal bitmaps over the fields of the schema that it was written with.

``0x400000`` names the field at place 22; ``4-0x01`` names, inside the record at place 4, its first part
(https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]
HEADER = "ChangeEventHeader"


def named(schema: Schema, bitmaps: Iterable[str]) -> frozenset[str]:
    """Names of the fields whose bits are set: ``Website``, and ``BillingAddress.City`` for a part of a compound field.

    :param schema: an Avro record schema as JSON.
    :param bitmaps: the entries of ``changedFields``, ``nulledFields`` or ``diffFields``.
    :raises ValueError: an entry is no bitmap, or names a place that the schema doesn't have.
    """
    records = _records(schema)
    found: set[str] = set()
    for entry in bitmaps:
        place, dash, bits = entry.rpartition("-")
        fields = schema["fields"]
        if not dash:
            found.update(_set_bits(fields, bits, ""))
            continue
        try:
            parent = fields[_place(place)]
            if parent["name"] == HEADER:
                raise LookupError("the header is no field of the record")
            parts = _branch(parent["type"], records)["fields"]
        except (IndexError, LookupError):
            raise ValueError("a bitmap names a part of a field that has none") from None
        found.update(_set_bits(parts, bits, f"{parent['name']}."))
    return frozenset(found)


def parts_of(schema: Schema) -> dict[str, tuple[str, ...]]:
    """The compound fields of a schema, each with the names of its parts."""
    records = _records(schema)
    found: dict[str, tuple[str, ...]] = {}
    for field in schema["fields"]:
        try:
            record = _branch(field["type"], records)
        except LookupError:
            continue
        found[field["name"]] = tuple(part["name"] for part in record["fields"])
    return found


def _set_bits(fields: list[Schema], text: str, prefix: str) -> list[str]:
    if text[:2].lower() != "0x":
        raise ValueError("a bitmap is not hexadecimal")
    bits = int(text[2:], 16)
    if bits.bit_length() > len(fields):
        raise ValueError("a bitmap names a field that the schema doesn't have")
    return [prefix + field["name"] for place, field in enumerate(fields) if bits >> place & 1]


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a bitmap has no place")
    return int(text)


def _branch(kind: Any, records: Mapping[str, Schema]) -> Schema:
    """The record among the branches of a field's type. :raises LookupError: there is none."""
    for branch in kind if isinstance(kind, list) else [kind]:
        if isinstance(branch, dict) and branch.get("type") == "record":
            return branch
        if isinstance(branch, str) and branch.rpartition(".")[2] in records:
            return records[branch.rpartition(".")[2]]
    raise LookupError("no record")


def _records(schema: Schema) -> dict[str, Schema]:
    """Record types that are defined inside fields, by name: a later field names them only."""
    found: dict[str, Schema] = {}
    for field in schema["fields"]:
        for branch in field["type"] if isinstance(field["type"], list) else [field["type"]]:
            if isinstance(branch, dict) and branch.get("type") == "record":
                found[branch["name"]] = branch
    return found
