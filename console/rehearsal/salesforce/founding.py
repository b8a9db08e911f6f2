"""What an org holds before anybody has worked in it: its organization, profiles, permission sets and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .permission_objects import OBJECT_RIGHTS, USER_PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rules import Rules
    from .schema import Schema
    from .store import Store

FOUNDED = "2026-01-05T08:00:00.000+0000"
ADMIN = "admin@rehearsal.example"
INTEGRATION = "integration@rehearsal.example"

_SALES_RIGHTS = frozenset({"Create", "Read", "Edit", "Delete"})
_SYNC_RIGHTS = frozenset({"Create", "Read", "Edit"})

PROFILES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "System Administrator": (
        frozenset(USER_PERMISSIONS) - {"ApiUserOnly", "BulkApiHardDelete", "PasswordNeverExpires"},
        frozenset(OBJECT_RIGHTS),
    ),
    "Standard User": (
        frozenset({"ApiEnabled", "ExportReport", "LightningExperienceUser", "RunReports", "ViewRoles"}),
        _SALES_RIGHTS,
    ),
    "Integration User": (
        frozenset({"ApiEnabled", "ApiUserOnly", "ViewSetup", "PasswordNeverExpires"}),
        _SYNC_RIGHTS,
    ),
}
"""User permissions, and rights on every business object, by profile."""

PEOPLE = (
    ("Robin", "Adler", ADMIN, "System Administrator", "Salesforce Administrator"),
    ("Alguna", "Sync", INTEGRATION, "Integration User", "Integration"),
    ("Ines", "Marchetti", "ines.marchetti@rehearsal.example", "Standard User", "Account Executive"),
    ("Jonas", "Lindqvist", "jonas.lindqvist@rehearsal.example", "Standard User", "Account Executive"),
    ("Priya", "Raman", "priya.raman@rehearsal.example", "Standard User", "Customer Success Manager"),
)
"""First name, last name, username, profile, title. The first one founds the org."""


def found(store: Store, schema: Schema, rules: Rules) -> None:
    """Fills the tables of a new org; ids follow from the org's seed alone."""
    org_id = store.new_id("00D")
    people = [(store.new_id("005"), *person) for person in PEOPLE]
    admin_id = people[0][0]
    audit = {
        "CreatedDate": FOUNDED,
        "CreatedById": admin_id,
        "LastModifiedDate": FOUNDED,
        "LastModifiedById": admin_id,
        "SystemModstamp": FOUNDED,
    }

    def put(name: str, values: Mapping[str, Any]) -> None:
        sobject = schema.objects[name]
        row = {
            each.name: int(each.default) if isinstance(each.default, bool) else each.default
            for each in sobject.stored_fields()
            if not each.generated
        }
        row.update({each: value for each, value in audit.items() if each in row})
        row.update(values)
        store.insert(sobject, row)

    put("Organization", _organization(org_id))
    profile_ids: dict[str, str] = {}
    for name, (permissions, rights) in PROFILES.items():
        profile_ids[name] = profile_id = store.new_id("00e")
        granted = {f"Permissions{each}": int(each in permissions) for each in USER_PERMISSIONS}
        put("Profile", {"Id": profile_id, "Name": name, "UserType": "Standard", **granted})
        set_id = store.new_id("0PS")
        owned = {
            "Id": set_id,
            "Name": f"X{profile_id}",
            "Label": f"{set_id[:3]}ex{profile_id}",
            "ProfileId": profile_id,
            "IsOwnedByProfile": 1,
            "IsCustom": 0,
            "Type": "Profile",
        }
        put("PermissionSet", {**owned, **granted})
        for sobject in schema.objects.values():
            if sobject.setup:
                continue
            put(
                "ObjectPermissions",
                {
                    "Id": store.new_id("110"),
                    "ParentId": set_id,
                    "SobjectType": sobject.name,
                    **{f"Permissions{each}": int(each in rights) for each in OBJECT_RIGHTS},
                },
            )
            for each in sobject.fields.values():
                if each.permissionable and each.access_key == each.name:
                    put(
                        "FieldPermissions",
                        {
                            "Id": store.new_id("01k"),
                            "ParentId": set_id,
                            "SobjectType": sobject.name,
                            "Field": f"{sobject.name}.{each.name}",
                            "PermissionsRead": 1,
                            "PermissionsEdit": int(each.createable or each.type == "address"),
                        },
                    )
    for user_id, first, last, username, profile, title in people:
        put("User", _user(user_id, first, last, username, profile_ids[profile], title))
        rules.assign_profile(user_id, profile_ids[profile], FOUNDED)
    store.remember("org_id", org_id)
    store.remember("admin_id", admin_id)


def _user(user_id: str, first: str, last: str, username: str, profile_id: str, title: str) -> dict[str, Any]:
    return {
        "Id": user_id,
        "FirstName": first,
        "LastName": last,
        "Username": username,
        "Email": username,
        "Alias": (first[:1] + last).lower()[:8],
        "CommunityNickname": f"{first}.{last}",
        "CompanyName": "Rehearsal",
        "Title": title,
        "IsActive": 1,
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "ProfileId": profile_id,
        "UserType": "Standard",
    }


def _organization(org_id: str) -> dict[str, Any]:
    return {
        "Id": org_id,
        "Name": "Rehearsal",
        "Country": "US",
        "PrimaryContact": "Robin Adler",
        "DefaultLocaleSidKey": "en_US",
        "TimeZoneSidKey": "GMT",
        "LanguageLocaleKey": "en_US",
        "FiscalYearStartMonth": 1,
        "UsesStartDateAsFiscalYearName": 0,
        "DefaultAccountAccess": "Edit",
        "DefaultContactAccess": "ControlledByParent",
        "DefaultOpportunityAccess": "Edit",
        "DefaultLeadAccess": "Edit",
        "DefaultCaseAccess": "Edit",
        "DefaultCalendarAccess": "Edit",
        "DefaultPricebookAccess": "Read",
        "DefaultCampaignAccess": "Edit",
        "UiSkin": "Theme3",
        "SignupCountryIsoCode": "US",
        "NumKnowledgeService": 0,
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "CS42",
        "IsSandbox": 1,
        "IsReadOnly": 0,
        "MonthlyPageViewsUsed": 0,
        "MonthlyPageViewsEntitlement": 250000,
    }
