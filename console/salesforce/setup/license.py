"""The permission set licence that an integration user needs before a permission set may open records to it.

A user with the licence Salesforce Integration may call the API and nothing else until the permission set licence Salesforce API
Integration is given too: https://help.salesforce.com/s/articleView?id=platform.integration_user.htm.
"""

from __future__ import annotations

from console.domain.ids import to_18
from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.model import Assignee, SetupItem
from console.salesforce.setup.rows import all_rows, if_allowed
from console.salesforce.soql import soql

USER_LICENSE = "Salesforce Integration"
LICENSE = "SalesforceAPIIntegrationPsl"
LICENSE_LABEL = "Salesforce API Integration"
WHERE = "Setup, Users, the user, Permission Set License Assignments"


def license_item(client: SalesforceClient, user: Assignee) -> SetupItem | None:
    """What is to be done about the licence; None for a user who needs none, or where that can't be looked at."""
    query = soql("SELECT Profile.UserLicense.Name FROM User WHERE Id = {}", user.user_id)
    rows = if_allowed(lambda: all_rows(client, query)) or []
    profile = (rows[0].get("Profile") if rows else None) or {}
    if (profile.get("UserLicense") or {}).get("Name") != USER_LICENSE:
        return None
    name = user.username
    found = if_allowed(lambda: (license_assignment_id(client, user.user_id),))
    if found is None:
        return None
    if found[0] is not None:
        said = f"{name} has the permission set licence '{LICENSE_LABEL}'."
        return SetupItem("license", name, "exists", said, found[0], user.user_id)
    free = _free(client)
    if free is not None and free < 1:
        said = (
            f"{name} needs the permission set licence '{LICENSE_LABEL}', and the org has none left:"
            " take one from another user, or ask Salesforce for more (Setup, Company Information)."
        )
        return SetupItem("license", name, "blocked", said, None, user.user_id)
    said = f"{name} will get the permission set licence '{LICENSE_LABEL}', without which its licence opens no records."
    return SetupItem("license", name, "create", said, None, user.user_id)


def license_id(client: SalesforceClient) -> str:
    """Id of the permission set licence.

    :raises Refused: the org does not have it.
    """
    query = soql("SELECT Id FROM PermissionSetLicense WHERE PermissionSetLicenseKey = {}", LICENSE)
    rows = all_rows(client, query)
    if not rows:
        raise Refused(
            f"This org has no permission set licence '{LICENSE_LABEL}'.",
            "Name a user whose own licence allows accounts and contacts.",
        )
    return to_18(rows[0]["Id"])


def license_assignment_id(client: SalesforceClient, user_id: str) -> str | None:
    """Id of the licence's assignment to the user, None when there is none.

    :raises Refused: the signed-in user may not look.
    """
    query = soql(
        "SELECT Id FROM PermissionSetLicenseAssign WHERE AssigneeId = {} "
        "AND PermissionSetLicense.PermissionSetLicenseKey = {}",
        user_id,
        LICENSE,
    )
    rows = all_rows(client, query)
    return to_18(rows[0]["Id"]) if rows else None


def _free(client: SalesforceClient) -> int | None:
    """Licences that are left; None where the org does not tell."""
    query = soql(
        "SELECT TotalLicenses, UsedLicenses FROM PermissionSetLicense WHERE PermissionSetLicenseKey = {}",
        LICENSE,
    )
    rows = if_allowed(lambda: all_rows(client, query)) or []
    return int(rows[0]["TotalLicenses"]) - int(rows[0]["UsedLicenses"]) if rows else None
