"""Custom fields: from the metadata of a Tooling request to a field with a column, and away again.

Metadata keys and what each type asks for:
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm and
https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ApiError, field_integrity, required_missing, string_too_long
from .schema import Field
from .store import quoted
from .values import length_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .schema import Schema, SObject
    from .store import Store

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
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_BAD_NAME = (
    "Field Name: The Field Name field can only contain underscores and alphanumeric characters. It must be "
    "unique, begin with a letter, not include spaces, not end with an underscore, and not contain two "
    "consecutive underscores."
)


class CustomFields:
    """The rows of CustomField and what they do to the schema."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        self._schema = schema

    # -- loading

    def load(self) -> None:
        """Makes the schema's custom fields those that the store holds."""
        for sobject in self._schema.objects.values():
            for name in [each.name for each in sobject.fields.values() if each.custom]:
                sobject.drop(name)
        for full_name, metadata in self._store.find('SELECT "FullName", "Metadata" FROM "CustomField"'):
            owner, _, name = full_name.partition(".")
            self._schema.objects[owner].put(make_field(name, json.loads(metadata)))
        self.define()

    def define(self) -> None:
        """Fills EntityDefinition and FieldDefinition from the schema."""
        execute = self._store.connection.execute
        execute('DELETE FROM "EntityDefinition"')
        execute('DELETE FROM "FieldDefinition"')
        number = 0
        for sobject in self._schema.objects.values():
            self._put("EntityDefinition", _entity_row(sobject), number)
            for each in sobject.fields.values():
                number += 1
                self._put("FieldDefinition", _field_row(sobject, each), number)
            number += 1

    def _put(self, table: str, row: Mapping[str, Any], number: int) -> None:
        names = ", ".join(map(quoted, row))
        marks = ", ".join("?" * len(row))
        self._store.connection.execute(
            f"INSERT INTO {quoted(table)} (_n, {names}) VALUES (?, {marks})", (number, *row.values())
        )

    # -- around writes of CustomField

    def before_insert(self, row: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Checks `FullName` and `Metadata` and fills the columns that follow from them."""
        full_name = row["FullName"]
        if full_name is None:
            return  # the check of required fields names it
        sobject, name = self._split(full_name)
        metadata = _metadata(values)
        developer_name = name.removesuffix("__c")
        if sobject.get(name) is not None:
            message = f"There is already a field named {developer_name} on {sobject.label}."
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, [])
        make_field(name, metadata)
        row.update(
            _columns(metadata),
            TableEnumOrId=sobject.name,
            DeveloperName=developer_name,
            FullName=f"{sobject.name}.{name}",
            ManageableState="unmanaged",
        )

    def _split(self, full_name: str) -> tuple[SObject, str]:
        owner, _, name = full_name.partition(".")
        sobject = self._schema.get(owner)
        if sobject is None or sobject.setup:
            message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}"
            raise field_integrity(message, ["TableEnumOrId"])
        developer_name = name.removesuffix("__c")
        if not name.endswith("__c") or not _NAME.fullmatch(developer_name):
            raise field_integrity(_BAD_NAME, ["DeveloperName"])
        if len(developer_name) > 40:
            raise string_too_long("Field Name", developer_name, 40, "DeveloperName")
        return sobject, name

    def after_insert(self, row: Mapping[str, Any]) -> None:
        """The field comes to life, seen by nobody yet."""
        owner, _, name = row["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        field = make_field(name, json.loads(row["Metadata"]))
        self._store.add_column(sobject, field)
        sobject.put(field)
        self.define()

    def before_update(self, old: Mapping[str, Any], given: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Type, name and decimals stay; a length may only grow; a unique field must have no duplicates."""
        if given.get("FullName", old["FullName"]) != old["FullName"]:
            raise field_integrity("Cannot rename a custom field through this call", ["FullName"])
        if "Metadata" not in given:
            return
        owner, _, name = old["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        metadata = _metadata(values)
        before, after = sobject.fields[name], make_field(name, metadata)
        if after.type != before.type or after.long != before.long:
            message = f"Cannot change the type of the custom field {old['FullName']}"
            raise field_integrity(message, ["Type"])
        if after.length < before.length or after.precision < before.precision or after.scale != before.scale:
            message = f"Cannot make the custom field {old['FullName']} smaller"
            raise field_integrity(message, ["Length"])
        if after.unique and not before.unique and self._has_duplicates(sobject, after):
            message = f"Cannot set {after.label} to unique: there are records with duplicate values"
            raise field_integrity(message, ["IsUnique"])
        given.update(_columns(metadata))

    def _has_duplicates(self, sobject: SObject, field: Field) -> bool:
        name = quoted(field.name)
        live = ' AND "IsDeleted" = 0' if sobject.soft_delete else ""
        return bool(
            self._store.find(
                f"SELECT 1 FROM {quoted(sobject.name)} WHERE {name} IS NOT NULL{live}"
                f" GROUP BY {name} COLLATE {field.collation} HAVING count(*) > 1 LIMIT 1"
            )
        )

    def after_update(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        owner, _, name = new["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        before, after = sobject.fields[name], make_field(name, json.loads(new["Metadata"]))
        if (before.collation, before.unique, before.external_id) != (
            after.collation,
            after.unique,
            after.external_id,
        ):
            self._store.rebuild_column(sobject, after)
        sobject.put(after)
        if not after.permissionable:
            self._revoke(new["FullName"])
        self.define()

    def after_delete(self, old: Mapping[str, Any]) -> None:
        """The field goes with its values and with everything that was granted on it."""
        owner, _, name = old["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        self._store.drop_column(sobject, name)
        sobject.drop(name)
        self._revoke(old["FullName"])
        self.define()

    def _revoke(self, full_name: str) -> None:
        self._store.connection.execute('DELETE FROM "FieldPermissions" WHERE "Field" = ?', (full_name,))


def _metadata(values: Mapping[str, Any]) -> dict[str, Any]:
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


def _columns(metadata: Mapping[str, Any]) -> dict[str, Any]:
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


def _entity_row(sobject: SObject) -> dict[str, Any]:
    return {
        "Id": sobject.name,
        "DurableId": sobject.name,
        "QualifiedApiName": sobject.name,
        "DeveloperName": sobject.name,
        "MasterLabel": sobject.label,
        "Label": sobject.label,
        "PluralLabel": sobject.label_plural,
        "KeyPrefix": sobject.key_prefix,
        "IsCustomizable": int(not sobject.setup),
        "IsQueryable": 1,
        "IsLayoutable": int(sobject.layoutable),
    }


_DATA_TYPES = {
    "string": "Text({length})",
    "textarea": "Text Area({length})",
    "url": "URL({length})",
    "phone": "Phone",
    "email": "Email",
    "picklist": "Picklist",
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "currency": "Currency({whole}, {scale})",
    "double": "Number({whole}, {scale})",
    "percent": "Percent({whole}, {scale})",
    "int": "Number({digits}, 0)",
    "reference": "Lookup({reference_to})",
    "address": "Address",
    "id": "Lookup()",
    "complexvalue": "Complex Value",
}


def _field_row(sobject: SObject, field: Field) -> dict[str, Any]:
    data_type = _DATA_TYPES[field.type].format(
        length=field.length,
        whole=field.precision - field.scale,
        scale=field.scale,
        digits=field.digits,
        reference_to=field.reference_to,
    )
    if field.external_id:
        data_type += " (External ID)"
    if field.unique:
        data_type += " (Unique Case Sensitive)" if field.case_sensitive else " (Unique Case Insensitive)"
    return {
        "Id": f"{sobject.name}.{field.name}",
        "DurableId": f"{sobject.name}.{field.name}",
        "QualifiedApiName": field.name,
        "EntityDefinitionId": sobject.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "MasterLabel": field.label,
        "Label": field.label,
        "DataType": data_type,
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "IsNillable": int(field.nillable),
        "IsIndexed": int(field.unique or field.external_id or field.indexed or field.type == "id"),
        "IsNameField": int(field.name_field),
    }
