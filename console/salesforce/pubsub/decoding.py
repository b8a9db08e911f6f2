"""Avro payloads of change events, each read with the schema that it was written with.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-avro-serialization.html
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro

from console.domain.ids import to_18
from console.salesforce.pubsub.bitmaps import HEADER, named, parts_of
from console.salesforce.pubsub.events import ChangeEvent

_GAP = "GAP_"


class Undecodable(ValueError):
    """A payload or a schema is not what the Pub/Sub API sends."""


@dataclass(frozen=True, slots=True)
class Schema:
    """An event schema, parsed once."""

    raw: Mapping[str, Any]
    parsed: Any
    compounds: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> Schema:
        """:raises Undecodable: it is no Avro schema of a change event."""
        try:
            raw = json.loads(text)
            parsed = fastavro.parse_schema(raw)
            names = [field["name"] for field in raw["fields"]]
            if HEADER not in names:
                raise Undecodable("the schema is not of a change event")
            return cls(raw, parsed, parts_of(raw))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise Undecodable(f"the schema can't be read ({type(error).__name__})") from None
        except Exception as error:
            # fastavro's own errors have no common class.
            raise Undecodable(f"the schema can't be used ({type(error).__name__})") from None


def decode(schema: Schema, payload: bytes) -> ChangeEvent:
    """The change that a payload tells.

    :raises Undecodable: it doesn't fit its schema.
    """
    try:
        body = fastavro.schemaless_reader(io.BytesIO(payload), schema.parsed, None)
        return _event(schema, body)
    except Undecodable:
        raise
    except Exception as error:
        # Whatever a hostile or cut payload makes of the reader; its text could hold values.
        raise Undecodable(f"the payload can't be read ({type(error).__name__})") from None


def _event(schema: Schema, body: Any) -> ChangeEvent:
    header = body.pop(HEADER)
    kind = header["changeType"]
    empty: frozenset[str] = frozenset()
    gap = kind.startswith(_GAP)
    changed = empty if gap else named(schema.raw, header.get("changedFields") or ())
    emptied = empty if gap else named(schema.raw, header.get("nulledFields") or ())
    partly = empty if gap else named(schema.raw, header.get("diffFields") or ())
    leaves = {} if gap else dict(_leaves(body))
    values: dict[str, object] = {name: value for name, value in leaves.items() if value is not None}
    for name in emptied:
        values.update(dict.fromkeys(_parts(schema, name)))
    told = {part for name in emptied for part in _parts(schema, name)} | values.keys()
    # A compound that is named as such, without its parts, and a change without its value, are not told whole.
    untold = {name for name in changed - emptied if name not in told and not _named_by_parts(name, changed)}
    unclear = partly | untold
    return ChangeEvent(
        entity=header["entityName"],
        kind=kind,
        record_ids=tuple(_id(id_) for id_ in header["recordIds"]),
        origin=header["changeOrigin"] or "",
        user=header["commitUser"] or "",
        committed_ms=header["commitTimestamp"],
        commit_number=header["commitNumber"],
        sequence=header["sequenceNumber"],
        values={name: value for name, value in values.items() if name not in unclear},
        unclear=frozenset(unclear),
    )


def _leaves(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in body.items():
        if isinstance(value, dict):
            for part, inner in value.items():
                yield f"{name}.{part}", inner
        else:
            yield name, value


def _parts(schema: Schema, name: str) -> list[str]:
    """The name itself, or the dotted names of its parts where it is a compound field."""
    return [f"{name}.{part}" for part in schema.compounds.get(name, ())] or [name]


def _named_by_parts(name: str, changed: frozenset[str]) -> bool:
    return any(other.startswith(f"{name}.") for other in changed)


def _id(text: str) -> str:
    try:
        return to_18(text)
    except ValueError:
        return text
