"""Custom fields as Salesforce wants them described, and whether one that is there already will do.

Metadata of a field: https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.domain.fields import CUSTOM_FIELDS, CustomField
from console.domain.plain import plain
from console.salesforce.client import FieldInfo

# Describe's word for each type that the Tooling API creates.
_DESCRIBED = {"string": "Text", "url": "Url", "datetime": "DateTime", "currency": "Currency"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What matters of a field that is there: a type word (the Tooling API's where we use it), sizes, and uniqueness."""

    type: str
    length: int
    precision: int
    scale: int
    unique: bool
    external_id: bool

    @classmethod
    def described(cls, info: FieldInfo) -> Shape:
        """From describe, for a field that the signed-in user may see."""
        return cls(
            _DESCRIBED.get(info.type, info.type),
            info.length,
            info.precision,
            info.scale,
            info.unique,
            info.external_id,
        )

    @classmethod
    def stored(cls, metadata: Mapping[str, Any]) -> Shape:
        """From the Tooling API's Metadata, for a field that is hidden from the signed-in user."""
        kind = str(metadata.get("type") or "unknown")
        # Url fields carry no length in their metadata: they always hold 255.
        return cls(
            kind,
            int(metadata.get("length") or (255 if kind == "Url" else 0)),
            int(metadata.get("precision") or 0),
            int(metadata.get("scale") or 0),
            bool(metadata.get("unique")),
            bool(metadata.get("externalId")),
        )


def metadata(field: CustomField) -> dict[str, Any]:
    """The body that creates the field on Account."""
    described: dict[str, Any] = {
        "type": field.type,
        "label": field.label,
        "description": field.description,
        "inlineHelpText": field.help_text,
        "required": False,
    }
    if field.length is not None:
        described["length"] = field.length
    if field.precision is not None:
        described |= {"precision": field.precision, "scale": field.scale}
    if field.external_id or field.unique:
        described |= {
            "externalId": field.external_id,
            "unique": field.unique,
            "caseSensitive": field.case_sensitive,
        }
    return {"FullName": f"Account.{field.api_name}", "Metadata": described}


def summary(field: CustomField) -> str:
    """The field in a few words, as Setup writes them."""
    match field.type:
        case "Text":
            words = f"Text({field.length})"
        case "Url":
            words = "URL(255)"
        case "DateTime":
            words = "Date/Time"
        case "Currency":
            words = f"Currency({(field.precision or 0) - (field.scale or 0)},{field.scale})"
    return words + (", external id" if field.external_id else "") + (", unique" if field.unique else "")


def misfit(field: CustomField, there: Shape) -> str | None:
    """None when the field that is there will do, else a sentence that says why not and what to do.

    A field of another shape is never changed: it may hold somebody's data.
    """
    named = f"{field.api_name} exists"
    if there.type != field.type:
        return f"{named} as {plain(there.type, 40)} and is needed as {summary(field)}: rename or remove it in Setup."
    if field.length is not None and there.length < field.length:
        return f"{named} with {there.length} characters and needs {field.length}: lengthen it in Setup."
    if field.precision is not None and field.scale is not None:
        before = there.precision - there.scale
        if there.scale < field.scale or before < field.precision - field.scale:
            return f"{named} with room for {before} digits and {there.scale} decimals, and needs {summary(field)}."
    if field.external_id and not there.external_id:
        return f"{named} but is no External ID, which creating accounts depends on: tick 'External ID' on it in Setup."
    if field.unique and not there.unique:
        return (
            f"{named} but is not unique, so an account could be created twice: tick 'Unique' on it in Setup."
        )
    return None


def without_misfits(described: Mapping[str, FieldInfo]) -> dict[str, FieldInfo]:
    """Account's fields without those of ours that are there in a shape we cannot use.

    They are to be left alone altogether: neither read, compared nor written.

    :param described: as `SalesforceClient.describe` returns them.
    """
    ours = {field.api_name: field for field in CUSTOM_FIELDS}
    return {
        name: info
        for name, info in described.items()
        if name not in ours or misfit(ours[name], Shape.described(info)) is None
    }
