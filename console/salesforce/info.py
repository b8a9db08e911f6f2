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
class Choice:
    """A value of a picklist."""

    value: str
    label: str
    active: bool = True
    valid_for: str = ""
    """Where the picklist depends on another one: a bitmap in base64, one bit for each value of that one."""


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
    filterable: bool = True
    """False: no condition of a query may name it, as with fields under probabilistic encryption."""
    encrypted: bool = False
    defaulted: bool = False
    """The org fills it in where a new record does not say."""
    choices: tuple[Choice, ...] = ()
    """All values of a picklist, inactive ones included."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as describe shows it to the signed-in user."""

    label: str
    createable: bool
    updateable: bool
    queryable: bool
    fields: Mapping[str, FieldInfo]
    record_types: tuple[RecordType, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordType:
    """One of an object's record types, apart from the master."""

    name: str
    available: bool
    """The signed-in user may use it."""
    default: bool
    """New records get it where they do not say."""


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
        filterable=field.get("filterable") is not False,
        encrypted=bool(field.get("encrypted")),
        defaulted=bool(field.get("defaultedOnCreate")),
        choices=tuple(
            Choice(
                str(choice.get("value")),
                str(choice.get("label") or choice.get("value")),
                bool(choice.get("active")),
                str(choice.get("validFor") or ""),
            )
            for choice in field.get("picklistValues") or ()
        ),
    )


def object_info(answer: Mapping[str, Any]) -> ObjectInfo:
    """A describe's answer.

    https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm

    :raises KeyError: it is none.
    """
    return ObjectInfo(
        label=str(answer.get("label") or answer.get("name") or ""),
        createable=answer.get("createable") is not False,
        updateable=answer.get("updateable") is not False,
        queryable=answer.get("queryable") is not False,
        fields={field["name"]: field_info(field) for field in answer["fields"]},
        record_types=tuple(
            RecordType(
                str(each.get("name") or ""),
                bool(each.get("available")),
                bool(each.get("defaultRecordTypeMapping")),
            )
            for each in answer.get("recordTypeInfos") or ()
            if not each.get("master")
        ),
    )
