"""The standard objects that hold business records: Account and Contact.

Names, types, lengths and order are those of a describe, see
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_account.htm
and ..._contact.htm.
"""

from __future__ import annotations

from typing import Any

from console.rehearsal.salesforce.fields import (
    address,
    audit,
    deleted_flag,
    named,
    picklist,
    read_only,
    record_id,
    reference,
    text,
)
from console.rehearsal.salesforce.schema import Field, SObject

INDUSTRIES = (
    "Agriculture",
    "Apparel",
    "Banking",
    "Biotechnology",
    "Chemicals",
    "Communications",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Entertainment",
    "Environmental",
    "Finance",
    "Food & Beverage",
    "Government",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Machinery",
    "Manufacturing",
    "Media",
    "Not For Profit",
    "Recreation",
    "Retail",
    "Shipping",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Utilities",
    "Other",
)
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
CLEAN_STATUS = (
    "Matched",
    "Different",
    "Acknowledged",
    "NotFound",
    "Inactive",
    "Pending",
    "SelectMatch",
    "Skipped",
)


def photo(label: str = "Photo URL") -> Field:
    return Field(
        "PhotoUrl",
        label,
        "url",
        255,
        createable=False,
        updateable=False,
        generated="'/services/images/photo/' || substr(\"Id\", 1, 15)",
    )


def _viewed() -> list[Field]:
    return [
        read_only("date", "LastActivityDate", "Last Activity"),
        read_only("datetime", "LastViewedDate", "Last Viewed Date"),
        read_only("datetime", "LastReferencedDate", "Last Referenced Date"),
    ]


def account() -> SObject:
    fields = [
        record_id("Account ID"),
        deleted_flag(),
        read_only(
            "reference",
            "MasterRecordId",
            "Master Record ID",
            length=18,
            reference_to="Account",
            relationship_name="MasterRecord",
        ),
        text("Name", "Account Name", 255, nillable=False, name_field=True, indexed=True),
        picklist(
            "Type",
            "Account Type",
            (
                "Prospect",
                "Customer - Direct",
                "Customer - Channel",
                "Channel Partner / Reseller",
                "Installation Partner",
                "Technology Partner",
                "Other",
            ),
        ),
        reference(
            "ParentId",
            "Parent Account ID",
            "Account",
            "Parent",
            child_relationship="ChildAccounts",
            indexed=True,
        ),
        *address("Billing"),
        *address("Shipping"),
        Field("Phone", "Account Phone", "phone", 40),
        Field("Fax", "Account Fax", "phone", 40),
        text("AccountNumber", "Account Number", 40),
        Field("Website", "Website", "url", 255),
        photo(),
        text("Sic", "SIC Code", 20),
        picklist("Industry", "Industry", INDUSTRIES),
        Field("AnnualRevenue", "Annual Revenue", "currency", precision=18),
        Field("NumberOfEmployees", "Employees", "int", digits=8),
        picklist("Ownership", "Ownership", ("Public", "Private", "Subsidiary", "Other")),
        text("TickerSymbol", "Ticker Symbol", 20),
        Field("Description", "Account Description", "textarea", 32000, extra_type="plaintextarea"),
        picklist("Rating", "Account Rating", ("Hot", "Warm", "Cold")),
        text("Site", "Account Site", 80),
        reference("OwnerId", "Owner ID", "User", "Owner", nillable=False, defaulted=True, permission=False),
        *audit(),
        *_viewed(),
        text("Jigsaw", "Data.com Key", 20),
        Field("JigsawCompanyId", "Jigsaw Company ID", "string", 20, createable=False, updateable=False),
        picklist("CleanStatus", "Clean Status", CLEAN_STATUS, restricted=True),
        picklist("AccountSource", "Account Source", SOURCES),
        text("DunsNumber", "D-U-N-S Number", 9),
        text("Tradestyle", "Tradestyle", 255),
        text("NaicsCode", "NAICS Code", 8),
        text("NaicsDesc", "NAICS Description", 120),
        text("YearStarted", "Year Started", 4),
        text("SicDesc", "SIC Description", 80),
    ]
    return SObject(
        "Account",
        "Account",
        "Accounts",
        "001",
        named(fields),
        soft_delete=True,
        layoutable=True,
        searchable=True,
        mergeable=True,
    )


def contact() -> SObject:
    person: dict[str, Any] = {"compound": "Name", "extra_type": "personname", "permission": False}
    fields = [
        record_id("Contact ID"),
        deleted_flag(),
        read_only(
            "reference",
            "MasterRecordId",
            "Master Record ID",
            length=18,
            reference_to="Contact",
            relationship_name="MasterRecord",
        ),
        reference(
            "AccountId",
            "Account ID",
            "Account",
            "Account",
            child_relationship="Contacts",
            cascade_delete=True,
            indexed=True,
        ),
        text("LastName", "Last Name", 80, nillable=False, **person),
        text("FirstName", "First Name", 40, **person),
        picklist("Salutation", "Salutation", ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."), **person),
        Field(
            "Name",
            "Full Name",
            "string",
            121,
            nillable=False,
            createable=False,
            updateable=False,
            name_field=True,
            extra_type="personname",
            generated="ltrim(coalesce(\"FirstName\", '') || ' ' || \"LastName\")",
            indexed=True,
        ),
        *address("Other"),
        *address("Mailing"),
        Field("Phone", "Business Phone", "phone", 40),
        Field("Fax", "Business Fax", "phone", 40),
        Field("MobilePhone", "Mobile Phone", "phone", 40),
        Field("HomePhone", "Home Phone", "phone", 40),
        Field("OtherPhone", "Other Phone", "phone", 40),
        Field("AssistantPhone", "Asst. Phone", "phone", 40),
        reference("ReportsToId", "Reports To ID", "Contact", "ReportsTo", indexed=True),
        Field("Email", "Email", "email", 80, id_lookup=True, indexed=True),
        text("Title", "Title", 128),
        text("Department", "Department", 80),
        text("AssistantName", "Assistant's Name", 40),
        picklist("LeadSource", "Lead Source", SOURCES),
        Field("Birthdate", "Birthdate", "date"),
        Field("Description", "Contact Description", "textarea", 32000, extra_type="plaintextarea"),
        reference("OwnerId", "Owner ID", "User", "Owner", nillable=False, defaulted=True, permission=False),
        *audit(),
        read_only("date", "LastActivityDate", "Last Activity"),
        read_only("datetime", "LastCURequestDate", "Last Stay-in-Touch Request Date"),
        read_only("datetime", "LastCUUpdateDate", "Last Stay-in-Touch Save Date"),
        *_viewed()[1:],
        Field("EmailBouncedReason", "Email Bounced Reason", "string", 255),
        Field("EmailBouncedDate", "Email Bounced Date", "datetime"),
        read_only(
            "boolean",
            "IsEmailBounced",
            "Is Email Bounced",
            nillable=False,
            default=False,
            defaulted=True,
            generated='"EmailBouncedReason" IS NOT NULL',
        ),
        photo(),
        text("Jigsaw", "Data.com Key", 20),
        Field("JigsawContactId", "Jigsaw Contact ID", "string", 20, createable=False, updateable=False),
        picklist("CleanStatus", "Clean Status", CLEAN_STATUS, restricted=True),
    ]
    return SObject(
        "Contact",
        "Contact",
        "Contacts",
        "003",
        named(fields),
        soft_delete=True,
        layoutable=True,
        searchable=True,
        mergeable=True,
    )
