"""Avro's binary encoding, as far as change events need it.

https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

from __future__ import annotations

import struct
from typing import Any

Json = dict[str, Any]


class Writer:
    """Encodes data of one schema."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._named: dict[str, Json] = {}
        _gather(schema, self._named)

    def encode(self, datum: Json) -> bytes:
        """One datum without container or schema. A missing optional field is null. Raises ValueError."""
        out = bytearray()
        _write(out, self._schema, datum, self._named, "")
        return bytes(out)


def _gather(schema: Any, named: dict[str, Json]) -> None:
    """Every type with a name: after its first use a schema only names it."""
    if isinstance(schema, list):
        for branch in schema:
            _gather(branch, named)
    elif isinstance(schema, dict):
        if "name" in schema:
            named[schema["name"]] = schema
        _gather(schema.get("items"), named)
        for field in schema.get("fields", ()):
            _gather(field["type"], named)


def _write(out: bytearray, schema: Any, datum: Any, named: dict[str, Json], path: str) -> None:
    if isinstance(schema, list):
        branch = _branch(schema, datum, named, path)
        _long(out, branch)
        _write(out, schema[branch], datum, named, path)
        return
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind in named:
        schema, kind = named[kind], named[kind]["type"]
    match kind:
        case "record":
            for field in schema["fields"]:
                name = field["name"]
                _write(out, field["type"], datum.get(name), named, f"{path}.{name}")
        case "null":
            pass
        case "string":
            raw = _expect(datum, str, path).encode()
            _long(out, len(raw))
            out += raw
        case "int" | "long":
            _long(out, _expect(datum, int, path))
        case "double":
            out += struct.pack("<d", _expect(datum, int | float, path))
        case "boolean":
            out.append(int(_expect(datum, bool, path)))
        case "enum":
            _long(out, schema["symbols"].index(datum))
        case "array":
            if datum:
                _long(out, len(datum))
                for item in datum:
                    _write(out, schema["items"], item, named, path)
            out.append(0)
        case _:
            raise ValueError(f"{path}: there is no encoding for {kind}")


def _branch(union: list[Any], datum: Any, named: dict[str, Json], path: str) -> int:
    """Which branch of a union a value belongs to."""
    for number, branch in enumerate(union):
        kind = branch["type"] if isinstance(branch, dict) else branch
        if kind in named:
            kind = named[kind]["type"]
        fits = {
            "null": datum is None,
            "string": isinstance(datum, str),
            "boolean": isinstance(datum, bool),
            "int": isinstance(datum, int) and not isinstance(datum, bool),
            "long": isinstance(datum, int) and not isinstance(datum, bool),
            "double": isinstance(datum, int | float) and not isinstance(datum, bool),
            "record": isinstance(datum, dict),
        }
        if fits.get(kind, False):
            return number
    raise ValueError(f"{path}: no branch takes a {type(datum).__name__}")


def _expect(datum: Any, kind: Any, path: str) -> Any:
    if not isinstance(datum, kind):
        raise ValueError(f"{path}: {type(datum).__name__} is no value of that type")
    return datum


def _long(out: bytearray, number: int) -> None:
    """A zigzag variable-length number of at most 64 bits."""
    rest = (number << 1) ^ (number >> 63)
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
