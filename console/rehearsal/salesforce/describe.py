"""Describes: what an object and its fields are, as one caller sees them.

Keys and their order: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
and https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.access import may
from console.rehearsal.salesforce.schema import SOAP_TYPES, TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.rehearsal.salesforce.access import Access, View
    from console.rehearsal.salesforce.schema import Field, Schema, SObject

LAST_WITHOUT_ASSOCIATES = 48.0
"""Up to this version a describe has three keys less."""


def _base(version: str, *, tooling: bool) -> str:
    return f"/services/data/v{version.removeprefix('v')}/{'tooling/' if tooling else ''}sobjects/"


def describe_global(access: Access, schema: Schema, *, version: str, tooling: bool) -> dict[str, Any]:
    """All objects that exist for the caller."""
    views = [access.view(name, tooling=tooling) for name in sorted(schema.objects)]
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(view, version=version, tooling=tooling) for view in views if view is not None],
    }


def summary(view: View, *, version: str, tooling: bool) -> dict[str, Any]:
    """The item of the global describe: 28 keys."""
    flags = _flags(view)
    names = (
        "activateable",
        "associateEntityType",
        "associateParentEntity",
        "createable",
        "custom",
        "customSetting",
        "deepCloneable",
        "deletable",
        "deprecatedAndHidden",
        "feedEnabled",
        "hasSubtypes",
        "isInterface",
        "isSubtype",
        "keyPrefix",
        "label",
        "labelPlural",
        "layoutable",
        "mergeable",
        "mruEnabled",
        "name",
        "queryable",
        "replicateable",
        "retrieveable",
        "searchable",
        "triggerable",
        "undeletable",
        "updateable",
    )
    return {
        **{name: flags[name] for name in names},
        "urls": _urls(view.sobject, _base(version, tooling=tooling), full=False),
    }


def _flags(view: View) -> dict[str, Any]:
    sobject = view.sobject
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": may(view, "Create"),
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": may(view, "Delete"),
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.layoutable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": sobject.layoutable,
        "mergeable": sobject.mergeable and may(view, "Delete"),
        "mruEnabled": sobject.layoutable,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.soft_delete or sobject.name in {"User", "Organization"},
        "retrieveable": True,
        "searchable": sobject.searchable,
        "triggerable": sobject.layoutable,
        "undeletable": sobject.soft_delete and may(view, "Delete"),
        "updateable": may(view, "Edit"),
    }


def _urls(sobject: SObject, base: str, *, full: bool) -> dict[str, str]:
    own = f"{base}{sobject.name}"
    urls = {"rowTemplate": f"{own}/{{ID}}"}
    if sobject.layoutable:
        urls = {"compactLayouts": f"{own}/describe/compactLayouts", **urls}
        urls["approvalLayouts"] = f"{own}/describe/approvalLayouts"
        if full:
            urls["uiDetailTemplate"] = "/{ID}"
            urls["uiEditTemplate"] = "/{ID}/e"
            urls["defaultValues"] = f"{own}/defaultValues?recordTypeId&fields"
        urls["listviews"] = f"{own}/listviews"
    urls["describe"] = f"{own}/describe"
    if sobject.layoutable:
        if full:
            urls["uiNewRecord"] = f"/{sobject.key_prefix}/e"
        urls["quickActions"] = f"{own}/quickActions"
        urls["layouts"] = f"{own}/describe/layouts"
    urls["sobject"] = own
    return urls


def describe(
    access: Access, view: View, record_types: Sequence[Mapping[str, Any]], *, version: str, tooling: bool
) -> dict[str, Any]:
    """Everything about one object, keys in alphabetical order. `record_types` are those beside the master."""
    sobject = view.sobject
    base = _base(version, tooling=tooling)
    whole = {
        **_flags(view),
        "actionOverrides": [],
        "childRelationships": _children(access, sobject, tooling=tooling),
        "compactLayoutable": sobject.layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(view, each) for each in view.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(sobject, record_types, base),
        "searchLayoutable": sobject.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(sobject),
        "urls": _urls(sobject, base, full=True),
    }
    if float(version.removeprefix("v")) <= LAST_WITHOUT_ASSOCIATES:
        for name in ("associateEntityType", "associateParentEntity", "sobjectDescribeOption"):
            del whole[name]
    return {name: whole[name] for name in sorted(whole)}


def _children(access: Access, sobject: SObject, *, tooling: bool) -> list[dict[str, Any]]:
    found = []
    for child, reference in access.children_of(sobject.name):
        seen = access.view(child.name, tooling=tooling)
        if seen is None or seen.get(reference.name) is None:
            continue
        found.append(
            {
                "cascadeDelete": reference.cascade_delete,
                "childSObject": child.name,
                "deprecatedAndHidden": False,
                "field": reference.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": reference.child_relationship,
                "restrictedDelete": False,
            }
        )
    return sorted(found, key=lambda each: (each["childSObject"], each["field"]))


def _record_types(
    sobject: SObject, record_types: Sequence[Mapping[str, Any]], base: str
) -> list[dict[str, Any]]:
    if not sobject.layoutable:
        return []
    active = [each["Id"] for each in record_types if each["IsActive"]]
    master = {"Id": ids.MASTER_RECORD_TYPE, "Name": "Master", "DeveloperName": "Master", "IsActive": True}
    default = active[0] if active else master["Id"]
    return [
        {
            "active": bool(each["IsActive"]),
            "available": bool(each["IsActive"]),
            "defaultRecordTypeMapping": each["Id"] == default,
            "developerName": each["DeveloperName"],
            "master": each is master,
            "name": each["Name"],
            "recordTypeId": each["Id"],
            "urls": {"layout": f"{base}{sobject.name}/describe/layouts/{each['Id']}"},
        }
        for each in (*record_types, master)
    ]


def _scopes(sobject: SObject) -> list[dict[str, str]]:
    plural = sobject.label_plural.lower()
    scopes = [{"label": f"All {plural}", "name": "everything"}]
    if sobject.layoutable and "OwnerId" in sobject.fields:
        scopes.append({"label": f"My {plural}", "name": "mine"})
        scopes.append({"label": f"My team's {plural}", "name": "team"})
    return scopes


def describe_field(view: View, field: Field) -> dict[str, Any]:
    """One field: 57 keys in alphabetical order."""
    text = field.type in TEXT_TYPES or field.type in {"id", "reference"}
    writable = field.name in view.writable
    return {
        "aggregatable": field.aggregatable,
        "aiPredictionField": False,
        "autoNumber": False,
        "byteLength": _byte_length(field) if text else 0,
        "calculated": field.generated != "" and field.name not in {"Name"},
        "calculatedFormula": None,
        "cascadeDelete": field.cascade_delete,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound,
        "controllerName": field.controller,
        "createable": field.createable and writable and view.sobject.createable,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted,
        "dependentPicklist": field.controller is not None,
        "deprecatedAndHidden": False,
        "digits": field.digits,
        "displayLocationInDecimal": False,
        "encrypted": field.encrypted,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.groupable,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": field.help,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": False,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": value == field.default,
                "label": label,
                "validFor": valid_for,
                "value": value,
            }
            for value, label, valid_for in zip_longest(
                field.picklist, field.labels or field.picklist, field.valid_for
            )
        ],
        "polymorphicForeignKey": False,
        "precision": field.precision,
        "queryByDistance": field.type == "address",
        "referenceTargetField": None,
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship_name,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference" and field.createable and field.nillable,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and writable and view.sobject.updateable,
        "writeRequiresMasterRead": False,
    }


def _byte_length(field: Field) -> int:
    return field.length if field.type in {"id", "reference"} else field.length * 3
