"""What an administrator has set up to judge and change records: rules, flows, triggers, record types, licences.

See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (DuplicateRule, MatchingRule,
FlowDefinitionView, RecordType, UserLicense, PermissionSetLicense) and
https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ (ValidationRule, ApexTrigger).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.fields import (
    audit,
    flag,
    named,
    picklist,
    read_only,
    record_id,
    reference,
    text,
)
from console.rehearsal.salesforce.schema import Field, SObject

if TYPE_CHECKING:
    from typing import Any

TRIGGER_USES = (
    "BeforeInsert",
    "AfterInsert",
    "BeforeUpdate",
    "AfterUpdate",
    "BeforeDelete",
    "AfterDelete",
    "AfterUndelete",
)
READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False, "deletable": False, "setup": True}


def _entity(name: str, relationship: str, **more: Any) -> Field:
    """The object that a definition is about; its id is the object's API name."""
    return Field(
        name,
        f"{relationship} ID",
        "reference",
        18,
        reference_to="EntityDefinition",
        relationship_name=relationship,
        indexed=True,
        permission=False,
        **more,
    )


def duplicate_rule() -> SObject:
    fields = [
        record_id("Duplicate Rule ID"),
        read_only("boolean", "IsDeleted", "Deleted", nillable=False, default=False),
        read_only("string", "DeveloperName", "Object Name", length=80, nillable=False),
        read_only("picklist", "Language", "Master Language", length=40, picklist=("en_US",)),
        read_only("string", "MasterLabel", "Rule Name", length=80, nillable=False),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        *audit(),
        read_only("picklist", "SobjectType", "Object", length=40, nillable=False),
        read_only("boolean", "IsActive", "Active", nillable=False, default=False),
        read_only(
            "picklist", "SobjectSubtype", "Object Subtype", length=40, picklist=("None", "PersonAccount")
        ),
        read_only("datetime", "LastViewedDate", "Last Viewed Date"),
    ]
    return SObject(
        "DuplicateRule", "Duplicate Rule", "Duplicate Rules", "0Bm", named(fields), tooling=True, **READ_ONLY
    )


def matching_rule() -> SObject:
    fields = [
        record_id("Matching Rule ID"),
        read_only("boolean", "IsDeleted", "Deleted", nillable=False, default=False),
        read_only("picklist", "SobjectType", "Object", length=40, nillable=False),
        read_only("string", "DeveloperName", "Unique Name", length=80, nillable=False),
        read_only("picklist", "Language", "Master Language", length=40, picklist=("en_US",)),
        read_only("string", "MasterLabel", "Rule Name", length=80, nillable=False),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        *audit(),
        read_only(
            "picklist",
            "MatchEngine",
            "Matching Engine",
            length=40,
            picklist=("ExactMatchEngine", "FuzzyMatchEngine"),
        ),
        read_only("string", "BooleanFilter", "Advanced Logic", length=255),
        read_only("string", "Description", "Description", length=255),
        read_only(
            "picklist",
            "RuleStatus",
            "Status",
            length=40,
            picklist=(
                "Inactive",
                "DeactivationFailed",
                "Activating",
                "Deactivating",
                "Active",
                "ActivationFailed",
            ),
        ),
        read_only(
            "picklist", "SobjectSubtype", "Object Subtype", length=40, picklist=("None", "PersonAccount")
        ),
    ]
    return SObject(
        "MatchingRule", "Matching Rule", "Matching Rules", "0JD", named(fields), tooling=True, **READ_ONLY
    )


def validation_rule() -> SObject:
    fields = [
        record_id("Validation Rule ID"),
        _entity("EntityDefinitionId", "EntityDefinition", createable=False, updateable=False),
        read_only("string", "ValidationName", "Rule Name", length=40),
        read_only("boolean", "Active", "Active", nillable=False, default=False),
        read_only("string", "Description", "Description", length=255),
        read_only("string", "ErrorDisplayField", "Error Location", length=120),
        read_only("string", "ErrorMessage", "Error Message", length=255),
        read_only("string", "ManageableState", "Manageable State", length=40),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        *audit(),
        text("FullName", "Full Name", 255, nillable=False, permission=False),
        Field("Metadata", "Metadata", "complexvalue", permission=False),
    ]
    return SObject(
        "ValidationRule",
        "Validation Rule",
        "Validation Rules",
        "03d",
        named(fields),
        rest=False,
        tooling=True,
        setup=True,
    )


def flow_definition_view() -> SObject:
    fields = [
        record_id("Flow Definition View ID"),
        read_only("string", "DurableId", "Durable ID", length=40),
        read_only("string", "ApiName", "API Name", length=80),
        read_only("string", "Label", "Label", length=255),
        read_only("string", "Description", "Description", length=255),
        read_only(
            "picklist", "ProcessType", "Process Type", length=40, picklist=("AutoLaunchedFlow", "Flow")
        ),
        read_only(
            "picklist",
            "TriggerType",
            "Trigger Type",
            length=40,
            picklist=(
                "RecordAfterSave",
                "RecordBeforeDelete",
                "RecordBeforeSave",
                "Scheduled",
                "PlatformEvent",
            ),
        ),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "ActiveVersionId", "Active Version ID", length=18),
        read_only("string", "LatestVersionId", "Latest Version ID", length=18),
        read_only("string", "LastModifiedBy", "Last Modified By", length=121),
        read_only("boolean", "IsActive", "Is Active", nillable=False, default=False),
        read_only("boolean", "IsOutOfDate", "Is Out Of Date", nillable=False, default=False),
        read_only("datetime", "LastModifiedDate", "Last Modified Date"),
        read_only("boolean", "IsTemplate", "Is Template", nillable=False, default=False),
        read_only("boolean", "IsSwingFlow", "Is Swing Flow", nillable=False, default=False),
        read_only("string", "Builder", "Builder", length=40),
        read_only("string", "ManageableState", "Manageable State", length=40),
        read_only("string", "InstalledPackageName", "Package Name", length=255),
        read_only("string", "TriggerObjectOrEventLabel", "Trigger Object Or Event Label", length=80),
        _entity("TriggerObjectOrEventId", "TriggerObjectOrEvent", createable=False, updateable=False),
        read_only(
            "picklist",
            "RecordTriggerType",
            "Record Trigger Type",
            length=40,
            picklist=("Create", "CreateAndUpdate", "Delete", "None", "Update"),
        ),
        read_only("boolean", "HasAsyncAfterCommitPath", "Has Async Path", nillable=False, default=False),
        read_only("int", "VersionNumber", "Version Number", digits=9),
        read_only("int", "TriggerOrder", "Trigger Order", digits=9),
    ]
    return SObject(
        "FlowDefinitionView",
        "Flow Definition View",
        "Flow Definition Views",
        "3dd",
        named(fields),
        tooling=True,
        **READ_ONLY,
    )


def apex_trigger() -> SObject:
    fields = [
        record_id("Trigger ID"),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "Name", "Name", length=255, nillable=False, name_field=True),
        read_only("picklist", "TableEnumOrId", "Custom Object Definition ID", length=40, nillable=False),
        *[
            read_only("boolean", f"Usage{each}", each, nillable=False, default=False)
            for each in (*TRIGGER_USES, "IsBulk")
        ],
        read_only("double", "ApiVersion", "Api Version", precision=18, scale=1, nillable=False),
        read_only(
            "picklist",
            "Status",
            "Status",
            length=40,
            picklist=("Inactive", "Active", "Deleted"),
            nillable=False,
        ),
        read_only("boolean", "IsValid", "Is Valid", nillable=False, default=True),
        read_only("double", "BodyCrc", "Body CRC", precision=18),
        read_only("textarea", "Body", "Body", length=1_000_000),
        read_only("int", "LengthWithoutComments", "Size Without Comments", digits=9, nillable=False),
        *audit(),
    ]
    return SObject(
        "ApexTrigger", "Apex Trigger", "Apex Triggers", "01q", named(fields), tooling=True, **READ_ONLY
    )


def record_type() -> SObject:
    fields = [
        record_id("Record Type ID"),
        text("Name", "Name", 80, nillable=False, name_field=True),
        text("DeveloperName", "Record Type Name", 80, nillable=False, permission=False),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        text("Description", "Description", 255, permission=False),
        picklist("SobjectType", "SObject Type Name", (), nillable=False, updateable=False, permission=False),
        flag("IsActive", "Active", permission=False, default=True),
        *audit(),
    ]
    return SObject(
        "RecordType",
        "Record Type",
        "Record Types",
        "012",
        named(fields),
        tooling=True,
        deletable=False,
        setup=True,
    )


def user_license() -> SObject:
    fields = [
        record_id("User License ID"),
        read_only("string", "LicenseDefinitionKey", "License Definition Key", length=40, nillable=False),
        read_only("int", "TotalLicenses", "Total Licenses", digits=9, nillable=False),
        read_only("picklist", "Status", "Status", length=40, picklist=("Active", "Disabled"), nillable=False),
        read_only("int", "UsedLicenses", "Used Licenses", digits=9, nillable=False),
        read_only("datetime", "UsedLicensesLastUpdated", "Used Licenses Last Updated"),
        read_only("string", "Name", "Name", length=40, nillable=False, name_field=True),
        read_only("string", "MasterLabel", "Master Label", length=40),
        *audit(),
    ]
    return SObject("UserLicense", "User License", "User Licenses", "100", named(fields), **READ_ONLY)


def permission_set_license() -> SObject:
    fields = [
        record_id("Permission Set License ID"),
        read_only("string", "DeveloperName", "Permission Set License Name", length=80, nillable=False),
        read_only("string", "MasterLabel", "Permission Set License Label", length=80, nillable=False),
        read_only("string", "PermissionSetLicenseKey", "Permission Set License Key", length=80),
        read_only("picklist", "Status", "Status", length=40, picklist=("Active", "Disabled"), nillable=False),
        read_only("int", "TotalLicenses", "Total Licenses", digits=9, nillable=False),
        read_only("int", "UsedLicenses", "Used Licenses", digits=9, nillable=False),
        read_only("date", "ExpirationDate", "Expiration Date"),
        *audit(),
    ]
    return SObject(
        "PermissionSetLicense",
        "Permission Set License",
        "Permission Set Licenses",
        "0PL",
        named(fields),
        **READ_ONLY,
    )


def permission_set_license_assign() -> SObject:
    fields = [
        record_id("Permission Set License Assignment ID"),
        reference(
            "PermissionSetLicenseId",
            "Permission Set License ID",
            "PermissionSetLicense",
            "PermissionSetLicense",
            nillable=False,
            updateable=False,
            indexed=True,
            permission=False,
        ),
        reference(
            "AssigneeId",
            "Assignee ID",
            "User",
            "Assignee",
            nillable=False,
            updateable=False,
            child_relationship="PermissionSetLicenseAssignments",
            indexed=True,
            permission=False,
        ),
        *audit(),
    ]
    return SObject(
        "PermissionSetLicenseAssign",
        "Permission Set License Assignment",
        "Permission Set License Assignments",
        "2LA",
        named(fields),
        updateable=False,
        setup=True,
    )


ALL = (
    duplicate_rule,
    matching_rule,
    validation_rule,
    flow_definition_view,
    apex_trigger,
    record_type,
    user_license,
    permission_set_license,
    permission_set_license_assign,
)
