"""What an org holds before anybody has worked in it: its organization, profiles, permission sets and people.

The integration user has the licence and the profile that Salesforce offers for integrations: they open the API and
nothing else, see https://help.salesforce.com/s/articleView?id=platform.integration_user.htm.
"""

# ruff: noqa: S608 - what is not bound is made here

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.permission_objects import OBJECT_RIGHTS, USER_PERMISSIONS
from console.rehearsal.salesforce.rules import seed as rules_seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.rules.setup_objects import Rules
    from console.rehearsal.salesforce.schema import Schema
    from console.rehearsal.salesforce.store import Store

FOUNDED = "2026-01-05T08:00:00.000+0000"
ADMIN = "admin@rehearsal.example"
INTEGRATION = "integration@rehearsal.example"
INTEGRATION_EMAIL = "crm-integrations@rehearsal.example"
MINIMUM_ACCESS = "Minimum Access - API Only Integrations"
INTEGRATION_LICENSE = "SalesforceAPIIntegrationPsl"

_SALES_RIGHTS = frozenset({"Create", "Read", "Edit", "Delete"})

PROFILES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "System Administrator": (
        frozenset(USER_PERMISSIONS) - {"ApiUserOnly", "BulkApiHardDelete", "PasswordNeverExpires"},
        frozenset(OBJECT_RIGHTS),
    ),
    "Standard User": (
        frozenset({"ApiEnabled", "ExportReport", "LightningExperienceUser", "RunReports", "ViewRoles"}),
        _SALES_RIGHTS,
    ),
    MINIMUM_ACCESS: (frozenset({"ApiEnabled", "ApiUserOnly"}), frozenset()),
}
"""User permissions, and rights on every business object, by profile."""

USER_LICENSES = (
    ("SFDC", "Salesforce", 10, ("System Administrator", "Standard User")),
    ("SFDC_INTEGRATION", "Salesforce Integration", 5, (MINIMUM_ACCESS,)),
)
"""Key, name, how many the org has, and the profiles that take one."""

PEOPLE = (
    ("Robin", "Adler", ADMIN, "System Administrator", "Salesforce Administrator"),
    ("Alguna", "Sync", INTEGRATION, MINIMUM_ACCESS, "Integration"),
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

    def put(name: str, values: Mapping[str, Any]) -> None:
        _put(store, schema, admin_id, name, values)

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
            if sobject.setup or not rights:
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


def equip(store: Store, schema: Schema) -> None:
    """Licences, and the rules and automations that every org has to switch on: once, also in a file of earlier days."""
    if store.find('SELECT 1 FROM "UserLicense" LIMIT 1'):
        return
    admin_id = str(store.recall("admin_id"))

    def put(name: str, values: Mapping[str, Any]) -> str:
        new_id = store.new_id(schema.objects[name].key_prefix or "")
        _put(store, schema, admin_id, name, {"Id": new_id, **values})
        return new_id

    for key, label, total, profiles in USER_LICENSES:
        marks = ",".join("?" * len(profiles))
        ((used,),) = store.find(
            'SELECT count(*) FROM "User" u JOIN "Profile" p ON p."Id" = u."ProfileId"'
            f' WHERE p."Name" IN ({marks})',
            profiles,
        )
        license_id = put(
            "UserLicense",
            {
                "LicenseDefinitionKey": key,
                "Name": label,
                "MasterLabel": label,
                "Status": "Active",
                "TotalLicenses": total,
                "UsedLicenses": used,
            },
        )
        for profile in profiles:
            store.connection.execute(
                'UPDATE "Profile" SET "UserLicenseId" = ? WHERE "Name" = ?', (license_id, profile)
            )
    license_id = put(
        "PermissionSetLicense",
        {
            "DeveloperName": INTEGRATION_LICENSE,
            "MasterLabel": "Salesforce API Integration",
            "PermissionSetLicenseKey": INTEGRATION_LICENSE,
            "Status": "Active",
            "TotalLicenses": 5,
            "UsedLicenses": 1,
        },
    )
    for (user_id,) in store.find('SELECT "Id" FROM "User" WHERE "Username" = ?', (INTEGRATION,)):
        put("PermissionSetLicenseAssign", {"PermissionSetLicenseId": license_id, "AssigneeId": user_id})
    for name, rows in rules_seed.rows(store.new_id).items():
        for row in rows:
            put(name, row)


def _put(store: Store, schema: Schema, admin_id: str, name: str, values: Mapping[str, Any]) -> None:
    sobject = schema.objects[name]
    row = {
        each.name: int(each.default) if isinstance(each.default, bool) else each.default
        for each in sobject.stored_fields()
        if not each.generated
    }
    audit = {
        "CreatedDate": FOUNDED,
        "CreatedById": admin_id,
        "LastModifiedDate": FOUNDED,
        "LastModifiedById": admin_id,
        "SystemModstamp": FOUNDED,
    }
    row.update({each: value for each, value in audit.items() if each in row})
    row.update(values)
    store.insert(sobject, row)


def _user(user_id: str, first: str, last: str, username: str, profile_id: str, title: str) -> dict[str, Any]:
    return {
        "Id": user_id,
        "FirstName": first,
        "LastName": last,
        "Username": username,
        "Email": INTEGRATION_EMAIL if username == INTEGRATION else username,
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
