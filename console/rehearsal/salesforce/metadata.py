"""Custom fields: from the metadata of a Tooling request to a field with a column, and away again.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.definitions import define, define_again
from console.rehearsal.salesforce.errors import ApiError, field_integrity, string_too_long
from console.rehearsal.salesforce.field_metadata import columns, given_metadata, make_field
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.store import Store

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
        define(self._store, self._schema)

    # -- around writes of CustomField

    def before_insert(self, row: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Checks `FullName` and `Metadata` and fills the columns that follow from them."""
        full_name = row["FullName"]
        if full_name is None:
            return  # the check of required fields names it
        sobject, name = self._split(full_name)
        metadata = given_metadata(values)
        developer_name = name.removesuffix("__c")
        if sobject.get(name) is not None:
            message = f"There is already a field named {developer_name} on {sobject.label}."
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, [])
        make_field(name, metadata)
        row.update(
            columns(metadata),
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
        define_again(self._store, self._schema, sobject)

    def before_update(self, old: Mapping[str, Any], given: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Type, name and decimals stay; a length may only grow; a unique field must have no duplicates."""
        if given.get("FullName", old["FullName"]) != old["FullName"]:
            raise field_integrity("Cannot rename a custom field through this call", ["FullName"])
        if "Metadata" not in given:
            return
        owner, _, name = old["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        metadata = given_metadata(values)
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
        given.update(columns(metadata))

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
        define_again(self._store, self._schema, sobject)

    def after_delete(self, old: Mapping[str, Any]) -> None:
        """The field goes with its values and with everything that was granted on it."""
        owner, _, name = old["FullName"].partition(".")
        sobject = self._schema.objects[owner]
        self._store.drop_column(sobject, name)
        sobject.drop(name)
        self._revoke(old["FullName"])
        define_again(self._store, self._schema, sobject)

    def _revoke(self, full_name: str) -> None:
        self._store.connection.execute('DELETE FROM "FieldPermissions" WHERE "Field" = ?', (full_name,))
