"""Tooling's view of the schema: custom fields, and definitions of objects and fields.

See https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ (CustomField, EntityDefinition,
FieldDefinition).
"""

from __future__ import annotations

from .fields import audit, named, read_only, record_id, text
from .schema import Field, SObject


def custom_field() -> SObject:
    fields = [
        record_id("Custom Field Definition ID"),
        read_only("string", "TableEnumOrId", "Entity Enum Or ID", length=40, nillable=False, indexed=True),
        read_only("string", "DeveloperName", "Field Name", length=40, nillable=False),
        Field(
            "Description",
            "Description",
            "textarea",
            1000,
            createable=False,
            updateable=False,
            permission=False,
        ),
        read_only("string", "InlineHelpText", "Help Text", length=510),
        read_only("int", "Length", "Length", digits=9),
        read_only("int", "Precision", "Precision", digits=9),
        read_only("int", "Scale", "Scale", digits=9),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "ManageableState", "Manageable State", length=40),
        *audit(),
        text("FullName", "Full Name", 255, nillable=False, permission=False),
        Field("Metadata", "Metadata", "complexvalue", permission=False),
    ]
    return SObject(
        "CustomField",
        "Custom Field Definition",
        "Custom Field Definitions",
        "00N",
        named(fields),
        rest=False,
        tooling=True,
        setup=True,
    )


def entity_definition() -> SObject:
    fields = [
        record_id("Entity Definition ID"),
        read_only("string", "DurableId", "Durable ID", length=40),
        read_only("string", "QualifiedApiName", "Qualified API Name", length=70),
        read_only("string", "DeveloperName", "Developer Name", length=40),
        read_only("string", "MasterLabel", "Master Label", length=40),
        read_only("string", "Label", "Label", length=40),
        read_only("string", "PluralLabel", "Plural Label", length=40),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "KeyPrefix", "Key Prefix", length=3),
        read_only("boolean", "IsCustomizable", "Is Customizable", nillable=False),
        read_only("boolean", "IsQueryable", "Is Queryable", nillable=False),
        read_only("boolean", "IsLayoutable", "Is Layoutable", nillable=False),
    ]
    return SObject(
        "EntityDefinition",
        "Entity Definition",
        "Entity Definitions",
        "4ie",
        named(fields),
        tooling=True,
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
    )


def field_definition() -> SObject:
    fields = [
        record_id("Field Definition ID"),
        read_only("string", "DurableId", "Durable ID", length=80),
        read_only("string", "QualifiedApiName", "Qualified API Name", length=70),
        read_only(
            "reference",
            "EntityDefinitionId",
            "Entity Definition ID",
            length=18,
            reference_to="EntityDefinition",
            relationship_name="EntityDefinition",
            child_relationship="Fields",
            indexed=True,
        ),
        read_only("string", "DeveloperName", "Developer Name", length=40),
        read_only("string", "MasterLabel", "Master Label", length=40),
        read_only("string", "Label", "Label", length=40),
        read_only("string", "DataType", "Data Type", length=80),
        read_only("int", "Length", "Length", digits=9),
        read_only("int", "Precision", "Precision", digits=9),
        read_only("int", "Scale", "Scale", digits=9),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("boolean", "IsNillable", "Is Nillable", nillable=False),
        read_only("boolean", "IsIndexed", "Is Indexed", nillable=False),
        read_only("boolean", "IsNameField", "Is Name Field", nillable=False),
    ]
    return SObject(
        "FieldDefinition",
        "Field Definition",
        "Field Definitions",
        "4fe",
        named(fields),
        tooling=True,
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
    )
