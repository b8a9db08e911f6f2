"""The standard objects that hold business records: Account and Contact.

Names, types, lengths and order are those of a describe, see
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_account.htm
and ..._contact.htm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .schema import Field, SObject

GEOCODE_ACCURACY = (
    "Address",
    "NearAddress",
    "Block",
    "Street",
    "ExtendedZip",
    "Zip",
    "Neighborhood",
    "City",
    "County",
    "State",
    "Unknown",
)
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


def text(name: str, label: str, length: int, **more: Any) -> Field:
    return Field(name, label, "string", length=length, **more)


def picklist(name: str, label: str, values: Iterable[str], length: int = 40, **more: Any) -> Field:
    return Field(name, label, "picklist", length=length, picklist=tuple(values), **more)


def flag(name: str, label: str, *, default: bool = False, **more: Any) -> Field:
    return Field(name, label, "boolean", nillable=False, default=default, defaulted=True, **more)


def reference(name: str, label: str, to: str, relationship: str, **more: Any) -> Field:
    return Field(name, label, "reference", 18, reference_to=to, relationship_name=relationship, **more)


def read_only(kind: str, name: str, label: str, **more: Any) -> Field:
    return Field(name, label, kind, createable=False, updateable=False, permission=False, **more)


def record_id(label: str) -> Field:
    return read_only("id", "Id", label, length=18, nillable=False, defaulted=True, id_lookup=True)


def deleted_flag() -> Field:
    return read_only("boolean", "IsDeleted", "Deleted", nillable=False, default=False, defaulted=True)


def audit(*, modified: bool = True, children: str = "") -> list[Field]:
    """Who made and changed a record, and when."""
    created = [
        read_only("datetime", "CreatedDate", "Created Date", nillable=False, defaulted=True),
        _user("CreatedById", "Created By ID", "CreatedBy"),
    ]
    changed = [
        read_only("datetime", "LastModifiedDate", "Last Modified Date", nillable=False, defaulted=True),
        _user("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
    ]
    stamp = read_only("datetime", "SystemModstamp", "System Modstamp", nillable=False, defaulted=True)
    return [*created, *changed, stamp] if modified else [stamp]


def _user(name: str, label: str, relationship: str) -> Field:
    return read_only(
        "reference",
        name,
        label,
        length=18,
        nillable=False,
        defaulted=True,
        reference_to="User",
        relationship_name=relationship,
    )


def address(start: str, label: str | None = None) -> list[Field]:
    """The parts of an address and the address as a whole, which can only be read."""
    spoken = start if label is None else label
    blank = f"{spoken} " if spoken else ""
    whole = f"{start}Address"

    def part(name: str, words: str, kind: str, length: int = 0, **more: Any) -> Field:
        return Field(f"{start}{name}", f"{blank}{words}", kind, length=length, compound=whole, **more)

    return [
        part("Street", "Street", "textarea", 255, extra_type="plaintextarea"),
        part("City", "City", "string", 40),
        part("State", "State/Province", "string", 80),
        part("PostalCode", "Zip/Postal Code", "string", 20),
        part("Country", "Country", "string", 80),
        part("Latitude", "Latitude", "double", precision=18, scale=15),
        part("Longitude", "Longitude", "double", precision=18, scale=15),
        part(
            "GeocodeAccuracy", "Geocode Accuracy", "picklist", 40, picklist=GEOCODE_ACCURACY, restricted=True
        ),
        Field(whole, f"{blank}Address", "address", createable=False, updateable=False),
    ]


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


def named(fields: Iterable[Field]) -> dict[str, Field]:
    """Fields by their name, in their order."""
    return {each.name: each for each in fields}


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
