"""EntityDefinition and FieldDefinition: tables that repeat the schema, so that queries can ask for it.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_entitydefinition.htm
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .store import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .schema import Field, Schema, SObject
    from .store import Store


def define(store: Store, schema: Schema) -> None:
    """Fills EntityDefinition and FieldDefinition from the schema."""
    execute = store.connection.execute
    execute('DELETE FROM "EntityDefinition"')
    execute('DELETE FROM "FieldDefinition"')
    number = 0
    for sobject in schema.objects.values():
        _put(store, "EntityDefinition", _entity_row(sobject), number)
        for each in sobject.fields.values():
            number += 1
            _put(store, "FieldDefinition", _field_row(sobject, each), number)
        number += 1


def _put(store: Store, table: str, row: Mapping[str, Any], number: int) -> None:
    names = ", ".join(map(quoted, row))
    marks = ", ".join("?" * len(row))
    store.connection.execute(
        f"INSERT INTO {quoted(table)} (_n, {names}) VALUES (?, {marks})", (number, *row.values())
    )


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
