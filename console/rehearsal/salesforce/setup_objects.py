"""The objects of Setup: people, profiles, permission sets, the organization, and Tooling's view of the schema.

See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (User, Profile,
Organization, PermissionSet, FieldPermissions, ObjectPermissions, PermissionSetAssignment, UserPermissionAccess)
and https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ (CustomField,
EntityDefinition, FieldDefinition).
"""

from __future__ import annotations

from .objects import address, audit, flag, named, picklist, read_only, record_id, reference, text
from .schema import Field, SObject

USER_PERMISSIONS = {
    "ApiEnabled": "API Enabled",
    "ApiUserOnly": "API Only User",
    "AssignPermissionSets": "Assign Permission Sets",
    "AuthorApex": "Author Apex",
    "BulkApiHardDelete": "Bulk API Hard Delete",
    "CustomizeApplication": "Customize Application",
    "EditReadonlyFields": "Edit Read Only Fields",
    "ExportReport": "Export Reports",
    "LightningExperienceUser": "Lightning Experience User",
    "ManageCustomPermissions": "Manage Custom Permissions",
    "ManageInternalUsers": "Manage Internal Users",
    "ManageProfilesPermissionsets": "Manage Profiles and Permission Sets",
    "ManageRemoteAccess": "Manage Connected Apps",
    "ManageUsers": "Manage Users",
    "ModifyAllData": "Modify All Data",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "PasswordNeverExpires": "Password Never Expires",
    "RunReports": "Run Reports",
    "UseAnyApiClient": "Use Any API Client",
    "ViewAllData": "View All Data",
    "ViewAllUsers": "View All Users",
    "ViewDataAssessment": "View Field Completeness",
    "ViewRoles": "View Roles and Role Hierarchy",
    "ViewSetup": "View Setup and Configuration",
}

OBJECT_RIGHTS = {
    "Create": "Create Records",
    "Read": "Read Records",
    "Edit": "Edit Records",
    "Delete": "Delete Records",
    "ViewAllRecords": "Read All Records",
    "ModifyAllRecords": "Edit All Records",
}

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


def _permissions(*, writable: bool) -> list[Field]:
    return [
        flag(
            f"Permissions{name}",
            label,
            createable=writable,
            updateable=writable,
            permission=False,
        )
        for name, label in USER_PERMISSIONS.items()
    ]


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
        *_permissions(writable=True),
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


def permission_set() -> SObject:
    fields = [
        record_id("PermissionSet ID"),
        text("Name", "Permission Set Name", 80, nillable=False, name_field=True, unique=True),
        text("Label", "Permission Set Label", 80, nillable=False, permission=False),
        text("LicenseId", "License ID", 18, updateable=False, permission=False),
        reference("ProfileId", "Profile ID", "Profile", "Profile", createable=False, updateable=False),
        read_only("boolean", "IsOwnedByProfile", "Is Owned By Profile", nillable=False, default=False),
        read_only("boolean", "IsCustom", "Custom", nillable=False, default=True),
        *_permissions(writable=True),
        text("Description", "Description", 255, permission=False),
        *audit(),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        flag("HasActivationRequired", "Has Activation Required", permission=False),
        read_only("string", "PermissionSetGroupId", "Permission Set Group ID", length=18),
        read_only(
            "picklist",
            "Type",
            "Permission Set Type",
            length=40,
            picklist=("Regular", "Standard", "Session", "Profile", "Group"),
            default="Regular",
        ),
    ]
    return SObject(
        "PermissionSet",
        "Permission Set",
        "Permission Sets",
        "0PS",
        named(fields),
        tooling=True,
        setup=True,
    )


def field_permissions() -> SObject:
    fields = [
        record_id("Field Permissions ID"),
        reference(
            "ParentId",
            "Parent ID",
            "PermissionSet",
            "Parent",
            nillable=False,
            updateable=False,
            child_relationship="FieldPerms",
            cascade_delete=True,
            indexed=True,
            permission=False,
        ),
        picklist("SobjectType", "Sobject Type Name", (), nillable=False, updateable=False, permission=False),
        picklist("Field", "Field Name", (), 255, nillable=False, updateable=False, permission=False),
        flag("PermissionsEdit", "Edit Field", permission=False),
        flag("PermissionsRead", "Read Field", permission=False),
        *audit(modified=False),
    ]
    return SObject(
        "FieldPermissions",
        "Field Permissions",
        "Field Permissions",
        "01k",
        named(fields),
        tooling=True,
        setup=True,
    )


def object_permissions() -> SObject:
    fields = [
        record_id("Object Permissions ID"),
        reference(
            "ParentId",
            "Parent ID",
            "PermissionSet",
            "Parent",
            nillable=False,
            updateable=False,
            child_relationship="ObjectPerms",
            cascade_delete=True,
            indexed=True,
            permission=False,
        ),
        picklist("SobjectType", "Sobject Type Name", (), nillable=False, updateable=False, permission=False),
        *[flag(f"Permissions{name}", label, permission=False) for name, label in OBJECT_RIGHTS.items()],
        *audit(),
    ]
    return SObject(
        "ObjectPermissions",
        "Object Permissions",
        "Object Permissions",
        "110",
        named(fields),
        tooling=True,
        setup=True,
    )


def permission_set_assignment() -> SObject:
    fields = [
        record_id("PermissionSetAssignment ID"),
        reference(
            "PermissionSetId",
            "PermissionSet ID",
            "PermissionSet",
            "PermissionSet",
            nillable=False,
            updateable=False,
            child_relationship="Assignments",
            indexed=True,
            permission=False,
        ),
        text("PermissionSetGroupId", "Permission Set Group ID", 18, updateable=False, permission=False),
        reference(
            "AssigneeId",
            "Assignee ID",
            "User",
            "Assignee",
            nillable=False,
            updateable=False,
            child_relationship="PermissionSetAssignments",
            indexed=True,
            permission=False,
        ),
        *audit(modified=False),
        Field("ExpirationDate", "Expiration Date", "datetime", permission=False),
        read_only("boolean", "IsActive", "Is Active", nillable=False, default=True),
    ]
    return SObject(
        "PermissionSetAssignment",
        "Permission Set Assignment",
        "Permission Set Assignments",
        "0Pa",
        named(fields),
        tooling=True,
        setup=True,
    )


def user_permission_access() -> SObject:
    fields = [
        record_id("User Permission Access ID"),
        read_only("datetime", "LastCacheUpdate", "Last Cache Update"),
        *_permissions(writable=False),
    ]
    return SObject(
        "UserPermissionAccess",
        "User Permission Access",
        "User Permission Access",
        None,
        named(fields),
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
        virtual=True,
    )


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
