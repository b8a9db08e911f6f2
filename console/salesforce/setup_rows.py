"""What the org's set-up holds of ours: fields, permission set, rights, assignment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.domain.fields import CUSTOM_FIELDS
from console.domain.ids import to_18
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.soql import names, soql


def stored_fields(client: SalesforceClient) -> dict[str, str]:
    """Ids of our fields that the org has, hidden ones included; none where the user may not look at the set-up."""
    wanted = [field.api_name.removesuffix("__c") for field in CUSTOM_FIELDS]
    query = soql(
        "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Account' AND NamespacePrefix = null "
        "AND DeveloperName IN {}",
        wanted,
    )
    try:
        rows = all_rows(client, query, tooling=True)
    except Refused as error:
        if error.code != "INVALID_TYPE" and not error.code.startswith("INSUFFICIENT_ACCESS"):
            raise
        return {}
    return {f"{row['DeveloperName']}__c": to_18(row["Id"]) for row in rows}


def metadata_of(client: SalesforceClient, field_id: str) -> Mapping[str, Any]:
    """Salesforce gives Metadata for one row at a time only."""
    rows = all_rows(
        client, soql("SELECT Id, Metadata FROM CustomField WHERE Id = {}", field_id), tooling=True
    )
    found = rows[0].get("Metadata") if rows else None
    return found if isinstance(found, dict) else {}


def permission_set_id(client: SalesforceClient, name: str) -> str | None:
    """Id of the permission set of this name, None when there is none."""
    rows = all_rows(
        client, soql("SELECT Id FROM PermissionSet WHERE Name = {} AND NamespacePrefix = null", name)
    )
    return to_18(rows[0]["Id"]) if rows else None


def assignment_id(client: SalesforceClient, user_id: str, set_id: str | None) -> str | None:
    """Id of the assignment of the set to the user, None when there is none."""
    if set_id is None:
        return None
    query = "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {} AND PermissionSetId = {}"
    rows = all_rows(client, soql(query, user_id, set_id))
    return to_18(rows[0]["Id"]) if rows else None


def object_rows(client: SalesforceClient, set_id: str | None) -> dict[str, dict[str, Any]]:
    """The set's rights on objects, by object."""
    if set_id is None:
        return {}
    query = (
        "SELECT Id, SobjectType, PermissionsRead, PermissionsCreate, PermissionsEdit FROM ObjectPermissions "
        "WHERE ParentId = {}"
    )
    return {row["SobjectType"]: row for row in all_rows(client, soql(query, set_id))}


def field_rows(client: SalesforceClient, set_id: str | None) -> dict[str, dict[str, Any]]:
    """The set's rights on fields of Account, by ``Account.Field__c``."""
    if set_id is None:
        return {}
    query = (
        "SELECT Id, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        "WHERE ParentId = {} AND SobjectType = 'Account'"
    )
    return {row["Field"]: row for row in all_rows(client, soql(query, set_id))}


def permissions_held(client: SalesforceClient, wanted: Iterable[str]) -> Mapping[str, Any]:
    """The signed-in user's own permissions; empty where the org does not tell, and then the attempt will."""
    query = soql("SELECT {} FROM UserPermissionAccess", names(sorted(wanted)))
    try:
        rows = all_rows(client, query)
    except Refused:
        return {}
    return rows[0] if rows else {}


def all_rows(client: SalesforceClient, query: str, *, tooling: bool = False) -> list[dict[str, Any]]:
    """All rows of a query over the set-up, of which there are few."""
    return [row for page in client.query(query, tooling=tooling) for row in page]
