"""The metadata of a custom field: what each type asks for, and the field that it describes.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, field_integrity, required_missing, string_too_long
from console.rehearsal.salesforce.schema import Field
from console.rehearsal.salesforce.values import length_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = (
    "businessOwnerUserId",
    "businessStatus",
    "caseSensitive",
    "complianceGroup",
    "customDataType",
    "defaultValue",
    "deleteConstraint",
    "deprecated",
    "description",
    "displayFormat",
    "displayLocationInDecimal",
    "encryptionScheme",
    "escapeMarkup",
    "externalDeveloperName",
    "externalId",
    "formula",
    "formulaTreatBlanksAs",
    "inlineHelpText",
    "isAIPredictionField",
    "isConvertLeadDisabled",
    "isFilteringDisabled",
    "isNameField",
    "isSortingDisabled",
    "label",
    "length",
    "lookupFilter",
    "maskChar",
    "maskType",
    "metadataRelationshipControllingField",
    "mktDataLakeFieldAttributes",
    "mktDataModelFieldAttributes",
    "populateExistingRows",
    "precision",
    "readOnlyProxy",
    "referenceTargetField",
    "referenceTo",
    "relationshipLabel",
    "relationshipName",
    "relationshipOrder",
    "reparentableMasterDetail",
    "required",
    "restrictedAdminField",
    "scale",
    "securityClassification",
    "startingNumber",
    "stripMarkup",
    "summarizedField",
    "summaryFilterItems",
    "summaryForeignKey",
    "summaryOperation",
    "trackFeedHistory",
    "trackHistory",
    "trackTrending",
    "trueValueIndexed",
    "type",
    "unique",
    "urls",
    "valueSet",
    "visibleLines",
    "writeRequiresMasterRead",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a metadata type becomes and what its metadata must and may say."""

    type: str
    length: int = 0
    sized: tuple[int, int] | None = None
    """Least and greatest length, where it is asked for."""
    numeric: bool = False
    identifies: bool = False
    """May be unique or an external id."""


KINDS: Mapping[str, Kind] = {
    "Text": Kind("string", sized=(1, 255), identifies=True),
    "Url": Kind("url", 255),
    "Email": Kind("email", 80, identifies=True),
    "Phone": Kind("phone", 40),
    "TextArea": Kind("textarea", 255),
    "LongTextArea": Kind("textarea", sized=(256, 131072)),
    "Picklist": Kind("picklist", 255),
    "Checkbox": Kind("boolean"),
    "Date": Kind("date"),
    "DateTime": Kind("datetime"),
    "Number": Kind("double", numeric=True, identifies=True),
    "Currency": Kind("currency", numeric=True),
    "Percent": Kind("percent", numeric=True),
}


def given_metadata(values: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata among the values of a request; raises for a key that Salesforce does not know."""
    metadata = next((value for name, value in values.items() if name.lower() == "metadata"), None)
    if metadata is None:
        raise required_missing(["Metadata"])
    if not isinstance(metadata, dict):
        raise unreadable("complexvalue", metadata)
    unknown = [name for name in metadata if name not in KEYS]
    if unknown:
        message = f'Unrecognized field "{unknown[0]}" for type CustomField at [line:1, column:2]'
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    return metadata


def columns(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of CustomField that follow from metadata."""
    kept = {name: metadata.get(name) for name in KEYS}
    for name in ("externalId", "required", "unique", "caseSensitive"):
        kept[name] = bool(kept[name]) if name in metadata or name == "externalId" else kept[name]
    return {
        "Metadata": json.dumps(kept),
        "Description": metadata.get("description"),
        "InlineHelpText": metadata.get("inlineHelpText"),
        "Length": metadata.get("length"),
        "Precision": metadata.get("precision"),
        "Scale": metadata.get("scale"),
    }


def _must(metadata: Mapping[str, Any], name: str, kind: str) -> int:
    value = metadata.get(name)
    if value is None:
        raise field_integrity(f"Must specify '{name}' for a CustomField of type {kind}", [])
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise unreadable("int", value)
    return value


def _must_not(metadata: Mapping[str, Any], names: tuple[str, ...], kind: str) -> None:
    for name in names:
        if metadata.get(name) not in (None, False):
            raise field_integrity(f"Can not specify '{name}' for a CustomField of type {kind}", [])


def make_field(name: str, metadata: Mapping[str, Any]) -> Field:
    """The field that some metadata describes; raises ApiError for what contradicts its type."""
    named = metadata.get("type")
    kind = KINDS.get(named) if isinstance(named, str) else None
    if named is None:
        raise required_missing(["Type"])
    if kind is None or metadata.get("formula") is not None:
        raise field_integrity(f"This org does not offer custom fields of type {named}", ["Type"])
    label = metadata.get("label")
    if not isinstance(label, str) or not label.strip():
        raise required_missing(["Label"])
    if length_of(label) > 40:
        raise string_too_long("Field Label", label, 40, "Label")
    length, precision, scale = _size(kind, metadata, str(named))
    if not kind.identifies:
        _must_not(metadata, ("unique", "externalId"), str(named))
    if named != "Text":
        _must_not(metadata, ("caseSensitive",), str(named))
    if named == "Checkbox":
        if "required" in metadata and metadata["required"] is not None:
            raise field_integrity("Can not specify 'required' for a CustomField of type Checkbox", [])
        if metadata.get("defaultValue") is None:
            raise field_integrity("Must specify 'defaultValue' for a CustomField of type Checkbox", [])
    default: object = None
    values: tuple[str, ...] = ()
    restricted = False
    if named == "Picklist":
        values, restricted, default = _picklist(metadata)
    if named == "Checkbox":
        default = str(metadata["defaultValue"]).lower() == "true"
    elif named != "Picklist" and metadata.get("defaultValue") is not None:
        raise field_integrity("This org does not offer formulas as default values", ["DefaultValue"])
    required = bool(metadata.get("required"))
    help_text = metadata.get("inlineHelpText")
    return Field(
        name,
        label.strip(),
        kind.type,
        length=length,
        precision=precision,
        scale=scale,
        nillable=not required and named != "Checkbox",
        custom=True,
        unique=bool(metadata.get("unique")),
        case_sensitive=bool(metadata.get("caseSensitive")),
        external_id=bool(metadata.get("externalId")),
        id_lookup=bool(metadata.get("externalId")),
        picklist=values,
        restricted=restricted,
        default=default,
        defaulted=named == "Checkbox",
        permission=not required,
        extra_type="plaintextarea" if kind.type == "textarea" else None,
        help=help_text if isinstance(help_text, str) else None,
    )


def _size(kind: Kind, metadata: Mapping[str, Any], named: str) -> tuple[int, int, int]:
    if kind.numeric:
        _must_not(metadata, ("length",), named)
        precision, scale = _must(metadata, "precision", named), _must(metadata, "scale", named)
        if not 1 <= precision <= 18:
            raise field_integrity("Precision must be between 1 and 18", ["Precision"])
        if not 0 <= scale <= min(precision, 17):
            raise field_integrity("Scale must be between 0 and the precision, at most 17", ["Scale"])
        return 0, precision, scale
    _must_not(metadata, ("precision", "scale"), named)
    if kind.sized is None:
        _must_not(metadata, ("length",), named)
        return kind.length, 0, 0
    length = _must(metadata, "length", named)
    least, most = kind.sized
    if not least <= length <= most:
        message = f"Length: value outside of valid range {least} to {most} for a CustomField of type {named}"
        raise field_integrity(message, ["Length"])
    return length, 0, 0


def _picklist(metadata: Mapping[str, Any]) -> tuple[tuple[str, ...], bool, str | None]:
    value_set = metadata.get("valueSet")
    definition = value_set.get("valueSetDefinition") if isinstance(value_set, dict) else None
    listed = definition.get("value") if isinstance(definition, dict) else None
    if not isinstance(value_set, dict) or not isinstance(listed, list):
        raise field_integrity("Must specify 'valueSet' for a CustomField of type Picklist", [])
    names: list[str] = []
    default = None
    for each in listed:
        name = (each.get("valueName") or each.get("fullName")) if isinstance(each, dict) else None
        if not isinstance(name, str) or name in names:
            raise field_integrity("A picklist value needs a name of its own", [])
        names.append(name)
        if each.get("default"):
            default = name
    return tuple(names), bool(value_set.get("restricted")), default
