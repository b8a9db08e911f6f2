"""EntityDefinition, FieldDefinition and EntityParticle: tables that repeat the schema, so that queries can ask for it.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_entitydefinition.htm
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.schema import TEXT_TYPES
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.store import Store


MOST = 10_000
"""Places kept for each object: its rows stay in order when it alone is defined anew."""


def define(store: Store, schema: Schema) -> None:
    """Fills EntityDefinition, FieldDefinition and EntityParticle from the schema."""
    for table in (*_OWNERS, "EntityDefinition"):
        store.connection.execute(f"DELETE FROM {quoted(table)}")
    _put(store, schema, list(schema.objects.values()))


def define_again(store: Store, schema: Schema, sobject: SObject) -> None:
    """The same for one object whose fields are others now."""
    for table, owner in {**_OWNERS, "EntityDefinition": "Id"}.items():
        store.connection.execute(f"DELETE FROM {quoted(table)} WHERE {quoted(owner)} = ?", (sobject.name,))
    _put(store, schema, [sobject])


_OWNERS = {"FieldDefinition": "EntityDefinitionId", "EntityParticle": "EntityDefinitionId"}


def _put(store: Store, schema: Schema, sobjects: Sequence[SObject]) -> None:
    places = {name: place * MOST for place, name in enumerate(schema.objects)}
    custom = dict(store.find('SELECT "FullName", "Id" FROM "CustomField"'))
    entities, definitions, particles = [], [], []
    for sobject in sobjects:
        place = places[sobject.name]
        entities.append({"_n": place, **_entity_row(sobject)})
        for number, each in enumerate(sobject.fields.values(), place):
            row = {"_n": number, **_field_row(sobject, each)}
            custom_id = custom.get(row["Id"])
            if custom_id is not None:
                row["DurableId"] = f"{sobject.name}.{custom_id[:15]}"
            definitions.append({**row, **_definition_part(each)})
            particles.append({**row, **_particle_part(sobject, each, row["Id"])})
    _insert(store, "EntityDefinition", entities)
    _insert(store, "FieldDefinition", definitions)
    _insert(store, "EntityParticle", particles)


def _insert(store: Store, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = ", ".join(map(quoted, rows[0]))
    marks = ", ".join("?" * len(rows[0]))
    store.connection.executemany(
        f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", [tuple(row.values()) for row in rows]
    )


def _entity_row(sobject: SObject) -> dict[str, Any]:
    business = not sobject.setup
    return {
        "Id": sobject.name,
        "DurableId": sobject.name,
        "QualifiedApiName": sobject.name,
        "DeveloperName": sobject.name,
        "MasterLabel": sobject.label,
        "Label": sobject.label,
        "PluralLabel": sobject.label_plural,
        "KeyPrefix": sobject.key_prefix,
        "DeploymentStatus": None,
        "InternalSharingModel": "ReadWrite" if business else None,
        "ExternalSharingModel": "Private" if business else None,
        "IsCustomizable": int(business),
        "IsQueryable": 1,
        "IsLayoutable": int(sobject.layoutable),
        "IsApexTriggerable": int(business),
        "IsCompactLayoutable": int(sobject.layoutable),
        "IsEverCreatable": int(sobject.createable),
        "IsEverDeletable": int(sobject.deletable),
        "IsEverUpdatable": int(sobject.updateable),
        "IsFlsEnabled": int(business),
        "IsIdEnabled": 1,
        "IsReplicateable": int(sobject.soft_delete),
        "IsRetrieveable": 1,
        "IsSearchable": int(sobject.searchable),
        "IsTriggerable": int(business),
        "IsWorkflowEnabled": int(business),
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
    "encryptedstring": "Text (Encrypted)({length})",
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
        "ExtraTypeInfo": field.extra_type,
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "RelationshipName": field.relationship_name,
        "ReferenceTo": json.dumps({"referenceTo": [field.reference_to] if field.reference_to else None}),
        "IsNillable": int(field.nillable),
        "IsNameField": int(field.name_field),
        "IsApiFilterable": int(field.filterable),
        "IsApiGroupable": int(field.groupable),
        "IsApiSortable": int(field.sortable),
        "IsCalculated": int(bool(field.generated) and field.name != "Name"),
    }


def _definition_part(field: Field) -> dict[str, Any]:
    return {
        "IsIndexed": int(field.unique or field.external_id or field.indexed or field.type == "id"),
        "IsCompound": int(field.type == "address"),
        "IsSearchPrefilterable": int(field.type == "reference" and field.createable and field.nillable),
    }


def _particle_part(sobject: SObject, field: Field, definition: str) -> dict[str, Any]:
    """What only a particle says. Its data type is that of a describe."""
    text = field.type in TEXT_TYPES
    return {
        "FieldDefinitionId": definition,
        "Name": field.name,
        "DataType": field.type,
        "ByteLength": field.length * 3 if text else field.length,
        "Digits": field.digits,
        "InlineHelpText": field.help,
        "IsCaseSensitive": int(field.case_sensitive),
        "IsComponent": int(bool(field.compound) and field.name != field.compound),
        "IsCompound": int(field.type == "address"),
        "IsCreatable": int(field.createable and sobject.createable),
        "IsDefaultedOnCreate": int(field.defaulted),
        "IsEncrypted": int(field.encrypted),
        "IsIdLookup": int(field.id_lookup),
        "IsPermissionable": int(field.permissionable),
        "IsUnique": int(field.unique),
        "IsUpdatable": int(field.updateable and sobject.updateable),
    }
