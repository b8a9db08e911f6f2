"""Tooling's view of the schema: custom fields, and definitions of objects and fields.

See https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ (CustomField, EntityDefinition,
FieldDefinition, EntityParticle).
"""

from __future__ import annotations

import re
from dataclasses import replace

from console.rehearsal.salesforce.fields import audit, named, read_only, record_id, text
from console.rehearsal.salesforce.schema import Field, SObject


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


def _flags(*names: str) -> list[Field]:
    """Flags that can only be read; the label is the name in words."""
    return [read_only("boolean", name, _words(name), nillable=False, default=False) for name in names]


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _catalogue(
    name: str, label: str, key_prefix: str | None, fields: list[Field], needed: tuple[str, ...] = ()
) -> SObject:
    """An object of the metadata catalogue: read only, with the limits of queries that it has."""
    return SObject(
        name,
        label,
        f"{label}s",
        key_prefix,
        named(fields),
        tooling=True,
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
        reified=needed,
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
        read_only("picklist", "DeploymentStatus", "Deployment Status", length=40),
        read_only("picklist", "InternalSharingModel", "Default Internal Access", length=40),
        read_only("picklist", "ExternalSharingModel", "Default External Access", length=40),
        *_flags(
            "IsCustomizable",
            "IsQueryable",
            "IsLayoutable",
            "IsApexTriggerable",
            "IsCompactLayoutable",
            "IsCustomSetting",
            "IsDeprecatedAndHidden",
            "IsEverCreatable",
            "IsEverDeletable",
            "IsEverUpdatable",
            "IsFlsEnabled",
            "IsIdEnabled",
            "IsReplicateable",
            "IsRetrieveable",
            "IsSearchable",
            "IsTriggerable",
            "IsWorkflowEnabled",
        ),
    ]
    return _catalogue("EntityDefinition", "Entity Definition", "4ie", fields)


def _of_a_field() -> list[Field]:
    """What FieldDefinition and EntityParticle have in common."""
    return [
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
        read_only("string", "ExtraTypeInfo", "Extra Type Info", length=40),
        read_only("int", "Length", "Length", digits=9),
        read_only("int", "Precision", "Precision", digits=9),
        read_only("int", "Scale", "Scale", digits=9),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "RelationshipName", "Relationship Name", length=80),
        read_only("complexvalue", "ReferenceTo", "Reference To"),
        *_flags(
            "IsNillable",
            "IsNameField",
            "IsApiFilterable",
            "IsApiGroupable",
            "IsApiSortable",
            "IsCalculated",
            "IsHighScaleNumber",
            "IsHtmlFormatted",
            "IsFieldHistoryTracked",
        ),
    ]


def field_definition() -> SObject:
    fields = [
        record_id("Field Definition ID"),
        *_of_a_field(),
        *_flags("IsIndexed", "IsCompound", "IsPolymorphicForeignKey", "IsSearchPrefilterable"),
        read_only("string", "ComplianceGroup", "Compliance Group", length=255),
        read_only("picklist", "SecurityClassification", "Security Classification", length=40),
        read_only("string", "Description", "Description", length=1000),
    ]
    needed = ("EntityDefinitionId", "DurableId")
    return _catalogue("FieldDefinition", "Field Definition", "4fe", fields, needed)


def entity_particle() -> SObject:
    common = [
        replace(each, child_relationship="Particles") if each.reference_to else each for each in _of_a_field()
    ]
    fields = [
        record_id("Entity Particle ID"),
        *common,
        read_only(
            "reference",
            "FieldDefinitionId",
            "Field Definition ID",
            length=80,
            reference_to="FieldDefinition",
            relationship_name="FieldDefinition",
            indexed=True,
        ),
        read_only("string", "Name", "Name", length=80),
        read_only("int", "ByteLength", "Byte Length", digits=9),
        read_only("int", "Digits", "Digits", digits=9),
        read_only("string", "DefaultValueFormula", "Default Value", length=255),
        read_only("string", "InlineHelpText", "Help Text", length=510),
        *_flags(
            "IsAutonumber",
            "IsCaseSensitive",
            "IsComponent",
            "IsCompound",
            "IsCreatable",
            "IsDefaultedOnCreate",
            "IsDependentPicklist",
            "IsDeprecatedAndHidden",
            "IsEncrypted",
            "IsIdLookup",
            "IsPermissionable",
            "IsUnique",
            "IsUpdatable",
        ),
    ]
    needed = ("EntityDefinitionId", "FieldDefinitionId", "DurableId")
    return _catalogue("EntityParticle", "Entity Particle", None, fields, needed)
