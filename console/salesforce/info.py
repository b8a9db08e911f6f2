"""What an org says of itself: who it is, its fields, its allocations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OrgInfo:
    """What the org says of itself."""

    id: str
    """18 characters."""
    name: str
    is_sandbox: bool
    edition: str = ""
    """Salesforce's own word: ``Developer Edition``, ``Enterprise Edition`` ..."""
    instance: str = ""
    trial_ends: str | None = None


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as describe shows it to the signed-in user; a field that is hidden from them has no such entry."""

    name: str
    label: str
    type: str
    """Describe's own word: ``string``, ``url``, ``datetime``, ``currency`` ..."""
    length: int
    precision: int
    scale: int
    createable: bool
    updateable: bool
    nillable: bool
    unique: bool
    external_id: bool
    custom: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of an allocation is used."""

    used: int
    limit: int


def field_info(field: Mapping[str, Any]) -> FieldInfo:
    """A field of a describe's answer.

    :raises KeyError: it has no name, label or type.
    """
    return FieldInfo(
        name=str(field["name"]),
        label=str(field["label"]),
        type=str(field["type"]),
        length=int(field.get("length") or 0),
        precision=int(field.get("precision") or 0),
        scale=int(field.get("scale") or 0),
        createable=bool(field.get("createable")),
        updateable=bool(field.get("updateable")),
        nillable=bool(field.get("nillable")),
        unique=bool(field.get("unique")),
        external_id=bool(field.get("externalId")),
        custom=bool(field.get("custom")),
    )
