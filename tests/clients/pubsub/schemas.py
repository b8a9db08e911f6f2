"""Change event schemas as the org writes them, cut to the fields that matter here, and payloads made with them."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import fastavro

HEADER = {
    "name": "ChangeEventHeader",
    "type": {
        "type": "record",
        "name": "ChangeEventHeader",
        "fields": [
            {"name": "entityName", "type": "string"},
            {"name": "recordIds", "type": {"type": "array", "items": "string"}},
            {
                "name": "changeType",
                "type": {
                    "type": "enum",
                    "name": "ChangeType",
                    "symbols": [
                        "CREATE",
                        "UPDATE",
                        "DELETE",
                        "UNDELETE",
                        "GAP_CREATE",
                        "GAP_UPDATE",
                        "GAP_DELETE",
                        "GAP_UNDELETE",
                        "GAP_OVERFLOW",
                        "SNAPSHOT",
                    ],
                },
            },
            {"name": "changeOrigin", "type": "string"},
            {"name": "transactionKey", "type": "string"},
            {"name": "sequenceNumber", "type": "int"},
            {"name": "commitTimestamp", "type": "long"},
            {"name": "commitNumber", "type": "long"},
            {"name": "commitUser", "type": "string"},
            {"name": "nulledFields", "type": {"type": "array", "items": "string"}},
            {"name": "diffFields", "type": {"type": "array", "items": "string"}},
            {"name": "changedFields", "type": {"type": "array", "items": "string"}},
        ],
    },
}


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", kind], "default": None}


ADDRESS = {
    "type": "record",
    "name": "Address",
    "fields": [
        _field(name, "double" if name in ("Latitude", "Longitude") else "string")
        for name in (
            "Street",
            "City",
            "State",
            "PostalCode",
            "Country",
            "StateCode",
            "CountryCode",
            "Latitude",
            "Longitude",
        )
    ],
}
PERSON = {
    "type": "record",
    "name": "Switchable_PersonName",
    "fields": [_field(name, "string") for name in ("Salutation", "FirstName", "LastName")],
}
ACCOUNT = {
    "type": "record",
    "name": "AccountChangeEvent",
    "namespace": "com.sforce.eventbus",
    "fields": [
        HEADER,
        {"name": "Name", "type": ["null", "string", PERSON], "default": None},
        _field("Type", "string"),
        _field("ParentId", "string"),
        _field("BillingAddress", ADDRESS),
        _field("ShippingAddress", "Address"),
        _field("Phone", "string"),
        _field("Website", "string"),
        _field("Description", "string"),
        _field("CreatedDate", "long"),
        _field("LastModifiedDate", "long"),
        _field("LastModifiedById", "string"),
        _field("Alguna_Customer_ID__c", "string"),
        _field("Alguna_Subscription_Value__c", "double"),
        _field("Alguna_Subscription_Renewal_Date__c", "long"),
    ],
}
CONTACT = {
    "type": "record",
    "name": "ContactChangeEvent",
    "namespace": "com.sforce.eventbus",
    "fields": [
        HEADER,
        _field("AccountId", "string"),
        _field("Name", {**PERSON, "name": "PersonName"}),
        _field("Email", "string"),
        _field("Title", "string"),
        _field("CreatedDate", "long"),
        _field("LastModifiedDate", "long"),
    ],
}


def place(schema: dict[str, Any], name: str) -> int:
    """Where a field stands among the schema's fields."""
    return [field["name"] for field in schema["fields"]].index(name)


def bits(schema: dict[str, Any], *names: str) -> list[str]:
    """The bitmap entries that name these fields (``BillingAddress.City`` for a part), as an org writes them."""
    top, parts = 0, {}
    for name in names:
        parent, _, part = name.partition(".")
        at = place(schema, parent)
        if not part:
            top |= 1 << at
            continue
        kind = next(each for each in schema["fields"][at]["type"] if each != "null" and each != "string")
        record = (
            {"Address": ADDRESS, "Switchable_PersonName": PERSON}[kind] if isinstance(kind, str) else kind
        )
        parts[at] = parts.get(at, 0) | 1 << [each["name"] for each in record["fields"]].index(part)
    return ([f"0x{top:X}"] if top else []) + [f"{at}-0x{bit:02X}" for at, bit in parts.items()]


def payload(schema: dict[str, Any], header: dict[str, Any], **values: Any) -> bytes:
    """An event's bytes."""
    full = {
        "entityName": schema["name"].removesuffix("ChangeEvent"),
        "recordIds": ["001000000000001AAA"],
        "changeType": "UPDATE",
        "changeOrigin": "com/salesforce/api/soap/62.0;client=SfdcInternalAPI/",
        "transactionKey": "000de5e8-1f03-4d9c-8a5c-9c9f3a6d8d5f",
        "sequenceNumber": 1,
        "commitTimestamp": 1_767_312_000_000,
        "commitNumber": 10_000_000_000_000_001,
        "commitUser": "005000000000001AAA",
        "nulledFields": [],
        "diffFields": [],
        "changedFields": [],
        **header,
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(
        out, fastavro.parse_schema(copy.deepcopy(schema)), {"ChangeEventHeader": full, **values}
    )
    return out.getvalue()


def text(schema: dict[str, Any]) -> str:
    return json.dumps(schema)
