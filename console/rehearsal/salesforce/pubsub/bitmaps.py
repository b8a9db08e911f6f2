"""Names of changed fields as bitmaps over the fields of a schema.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def bitmaps(schema: dict[str, Any], paths: Iterable[str]) -> list[str]:
    """`["0x0400", "5-0x03"]` for paths such as `Phone` or `BillingAddress.Street`; top level first."""
    top = 0
    inside: dict[int, int] = {}
    places = {field["name"]: number for number, field in enumerate(schema["fields"])}
    for path in paths:
        name, _, part = path.partition(".")
        place = places[name]
        if part:
            children = _children(schema, schema["fields"][place]["type"])
            inside[place] = inside.get(place, 0) | 1 << children.index(part)
        else:
            top |= 1 << place
    listed = [_hex(top)] if top else []
    return listed + [f"{place}-{_hex(bits)}" for place, bits in sorted(inside.items())]


def _hex(bits: int) -> str:
    return "0x" + bits.to_bytes((bits.bit_length() + 7) // 8, "big").hex().upper()


def _children(schema: dict[str, Any], union: Any) -> list[str]:
    """The names of a record's fields; later uses of a record only name it."""
    branch = union[-1]
    if isinstance(branch, str):
        branch = next(
            each["type"][-1]
            for each in schema["fields"]
            if isinstance(each["type"], list)
            and isinstance(each["type"][-1], dict)
            and each["type"][-1]["name"] == branch
        )
    return [each["name"] for each in branch["fields"]]
