"""What the org's set-up holds of ours: fields, permission set, rights, assignments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from console.domain.fields import CUSTOM_FIELDS
from console.domain.ids import to_18
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.permission_set import OBJECT_RIGHTS
from console.salesforce.soql import names, soql

T = TypeVar("T")

USER_RIGHTS = ("PermissionsApiEnabled", "PermissionsViewSetup", "PermissionsViewRoles")


def if_allowed(look: Callable[[], T]) -> T | None:
    """What `look` finds, or None where the user may not look at that part of the set-up.

    Objects of the set-up do not exist for a user without the right to see them.
    """
    try:
        return look()
    except Refused as error:
        if error.code != "INVALID_TYPE" and not error.code.startswith("INSUFFICIENT_ACCESS"):
            raise
        return None


def stored_fields(client: SalesforceClient) -> dict[str, str]:
    """Ids of our fields that the org has, hidden ones included; none where the user may not look at the set-up."""
    wanted = [field.api_name.removesuffix("__c") for field in CUSTOM_FIELDS]
    query = soql(
        "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Account' AND NamespacePrefix = null "
        "AND DeveloperName IN {}",
        wanted,
    )
    rows = if_allowed(lambda: all_rows(client, query, tooling=True)) or []
    return {f"{row['DeveloperName']}__c": to_18(row["Id"]) for row in rows}


def metadata_of(client: SalesforceClient, field_id: str) -> Mapping[str, Any]:
    """Salesforce gives Metadata for one row at a time only."""
    rows = all_rows(
        client, soql("SELECT Id, Metadata FROM CustomField WHERE Id = {}", field_id), tooling=True
    )
    found = rows[0].get("Metadata") if rows else None
    return found if isinstance(found, dict) else {}


def permission_set_row(client: SalesforceClient, name: str) -> dict[str, Any]:
    """The permission set of this name with the user permissions that matter, empty when there is none.

    :raises Refused: the user may not look.
    """
    query = soql(
        "SELECT Id, {} FROM PermissionSet WHERE Name = {} AND NamespacePrefix = null",
        names(USER_RIGHTS),
        name,
    )
    rows = all_rows(client, query)
    return rows[0] if rows else {}


def permission_set_id(client: SalesforceClient, name: str) -> str | None:
    """Id of the permission set of this name, None when there is none."""
    row = permission_set_row(client, name)
    return to_18(row["Id"]) if row else None


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
    columns = names(f"Permissions{right}" for right in (*OBJECT_RIGHTS, "ViewAllRecords"))
    query = soql("SELECT Id, SobjectType, {} FROM ObjectPermissions WHERE ParentId = {}", columns, set_id)
    return {row["SobjectType"]: row for row in all_rows(client, query)}


def field_rows(client: SalesforceClient, set_id: str | None) -> dict[str, dict[str, Any]]:
    """The set's rights on fields, by ``Account.Field__c``."""
    if set_id is None:
        return {}
    query = soql(
        "SELECT Id, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        "WHERE ParentId = {} AND SobjectType IN ('Account', 'Contact')",
        set_id,
    )
    return {row["Field"]: row for row in all_rows(client, query)}


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
