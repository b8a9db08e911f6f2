"""People, their profiles, and the organization that they work in.

See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (User, Profile, Organization).
"""

from __future__ import annotations

from console.rehearsal.salesforce.fields import (
    address,
    audit,
    flag,
    named,
    picklist,
    read_only,
    record_id,
    reference,
    text,
)
from console.rehearsal.salesforce.permission_objects import user_permissions
from console.rehearsal.salesforce.schema import Field, SObject

TIME_ZONES = (
    "GMT",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
)
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "ja_JP")
LANGUAGES = ("en_US", "de", "fr", "ja")


def user() -> SObject:
    fields = [
        record_id("User ID"),
        text("Username", "Username", 80, nillable=False, unique=True, id_lookup=True, permission=False),
        text("LastName", "Last Name", 80, nillable=False, compound="Name", permission=False),
        text("FirstName", "First Name", 40, compound="Name", permission=False),
        Field(
            "Name",
            "Full Name",
            "string",
            121,
            nillable=False,
            createable=False,
            updateable=False,
            name_field=True,
            generated="ltrim(coalesce(\"FirstName\", '') || ' ' || \"LastName\")",
        ),
        text("CompanyName", "Company Name", 80),
        text("Division", "Division", 80),
        text("Department", "Department", 80),
        text("Title", "Title", 80),
        *address("", ""),
        Field("Email", "Email", "email", 128, nillable=False, permission=False, id_lookup=True),
        Field("Phone", "Phone", "phone", 40),
        Field("Fax", "Fax", "phone", 40),
        Field("MobilePhone", "Mobile", "phone", 40),
        text("Alias", "Alias", 8, nillable=False, permission=False),
        text("CommunityNickname", "Nickname", 40, nillable=False, unique=True, permission=False),
        flag("IsActive", "Active", default=True, permission=False),
        picklist(
            "TimeZoneSidKey", "Time Zone", TIME_ZONES, restricted=True, nillable=False, permission=False
        ),
        picklist("LocaleSidKey", "Locale", LOCALES, restricted=True, nillable=False, permission=False),
        flag("ReceivesInfoEmails", "Info Emails", permission=False),
        flag("ReceivesAdminInfoEmails", "Admin Info Emails", permission=False),
        picklist(
            "EmailEncodingKey",
            "Email Encoding",
            ("UTF-8", "ISO-8859-1"),
            restricted=True,
            nillable=False,
            permission=False,
        ),
        reference("ProfileId", "Profile ID", "Profile", "Profile", nillable=False, permission=False),
        picklist(
            "UserType",
            "User Type",
            ("Standard", "PowerPartner", "CsnOnly", "CspLitePortal", "Guest"),
            createable=False,
            updateable=False,
            permission=False,
            default="Standard",
            defaulted=True,
        ),
        picklist(
            "LanguageLocaleKey", "Language", LANGUAGES, restricted=True, nillable=False, permission=False
        ),
        text("EmployeeNumber", "Employee Number", 20),
        reference("ManagerId", "Manager ID", "User", "Manager"),
        read_only("datetime", "LastLoginDate", "Last Login"),
        read_only("datetime", "LastPasswordChangeDate", "Last Password Change or Reset"),
        *audit(),
        text("FederationIdentifier", "SAML Federation ID", 512, permission=False),
        Field("AboutMe", "About Me", "textarea", 1000),
    ]
    return SObject(
        "User",
        "User",
        "Users",
        "005",
        named(fields),
        tooling=True,
        deletable=False,
        layoutable=True,
        searchable=True,
        setup=True,
    )


def profile() -> SObject:
    fields = [
        record_id("Profile ID"),
        text("Name", "Name", 255, nillable=False, name_field=True),
        *user_permissions(writable=True),
        reference(
            "UserLicenseId",
            "User License ID",
            "UserLicense",
            "UserLicense",
            permission=False,
            createable=False,
        ),
        picklist(
            "UserType",
            "User Type",
            ("Standard", "Guest"),
            createable=False,
            updateable=False,
            permission=False,
            default="Standard",
            defaulted=True,
        ),
        *audit(),
        text("Description", "Description", 255, permission=False),
        *[
            read_only("datetime", "LastViewedDate", "Last Viewed Date"),
            read_only("datetime", "LastReferencedDate", "Last Referenced Date"),
        ],
    ]
    return SObject(
        "Profile",
        "Profile",
        "Profile",
        "00e",
        named(fields),
        tooling=True,
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
    )


def organization() -> SObject:
    def access(name: str, label: str) -> Field:
        levels = ("None", "Read", "Edit", "ControlledByParent")
        return picklist(name, label, levels, createable=False, updateable=False, permission=False)

    fields = [
        record_id("Organization ID"),
        read_only("string", "Name", "Name", length=80, nillable=False, name_field=True),
        read_only("string", "Division", "Division", length=80),
        *address("", ""),
        Field("Phone", "Phone", "phone", 40),
        Field("Fax", "Fax", "phone", 40),
        text("PrimaryContact", "Primary Contact", 80),
        picklist("DefaultLocaleSidKey", "Locale", LOCALES, restricted=True, nillable=False, permission=False),
        picklist(
            "TimeZoneSidKey", "Time Zone", TIME_ZONES, restricted=True, nillable=False, permission=False
        ),
        picklist(
            "LanguageLocaleKey", "Language", LANGUAGES, restricted=True, nillable=False, permission=False
        ),
        flag("ReceivesInfoEmails", "Info Emails", permission=False),
        flag("ReceivesAdminInfoEmails", "Info Emails Admin", permission=False),
        flag(
            "PreferencesRequireOpportunityProducts",
            "RequireOpportunityProducts",
            createable=False,
            updateable=False,
            permission=False,
        ),
        read_only("int", "FiscalYearStartMonth", "Fiscal Year Starts In"),
        read_only("boolean", "UsesStartDateAsFiscalYearName", "Fiscal Year Name by Start", nillable=False),
        access("DefaultAccountAccess", "Default Account Access"),
        access("DefaultContactAccess", "Default Contact Access"),
        access("DefaultOpportunityAccess", "Default Opportunity Access"),
        access("DefaultLeadAccess", "Default Lead Access"),
        access("DefaultCaseAccess", "Default Case Access"),
        access("DefaultCalendarAccess", "Default Calendar Access"),
        access("DefaultPricebookAccess", "Default Price Book Access"),
        access("DefaultCampaignAccess", "Default Campaign Access"),
        read_only(
            "url", "DelegatedAuthenticationServiceUrl", "Delegated Authentication Service URL", length=255
        ),
        read_only("datetime", "SystemModstamp", "System Modstamp", nillable=False),
        read_only("email", "ComplianceBccEmail", "Compliance BCC Email", length=80),
        picklist(
            "UiSkin",
            "UI Skin",
            ("Theme1", "Theme2", "PortalDefault", "Webstore", "Theme3"),
            restricted=True,
            permission=False,
        ),
        read_only("string", "SignupCountryIsoCode", "Signup Country", length=2),
        read_only("datetime", "TrialExpirationDate", "Trial Expiration Date"),
        read_only("int", "NumKnowledgeService", "Knowledge Licenses"),
        picklist(
            "OrganizationType",
            "Edition",
            (
                "Team Edition",
                "Professional Edition",
                "Enterprise Edition",
                "Developer Edition",
                "Personal Edition",
                "Unlimited Edition",
                "Contact Manager Edition",
                "Base Edition",
            ),
            createable=False,
            updateable=False,
            permission=False,
        ),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "InstanceName", "Instance Name", length=5),
        read_only("boolean", "IsSandbox", "Is Sandbox", nillable=False),
        picklist(
            "WebToCaseDefaultOrigin",
            "Web to Cases Default Origin",
            ("Web",),
            permission=False,
        ),
        read_only("int", "MonthlyPageViewsUsed", "Monthly Page Views Used"),
        read_only("int", "MonthlyPageViewsEntitlement", "Monthly Page Views Allowed"),
        read_only("boolean", "IsReadOnly", "Is Read Only", nillable=False),
        *audit()[:4],
    ]
    return SObject(
        "Organization",
        "Organization",
        "Organizations",
        "00D",
        named(fields),
        tooling=True,
        createable=False,
        deletable=False,
        setup=True,
    )
