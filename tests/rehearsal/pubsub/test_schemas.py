"""Schemas of change events: order, names, types, ids, and their past."""

from __future__ import annotations

import re
from typing import Any

ACCOUNT = """
    ChangeEventHeader Name Type ParentId BillingAddress ShippingAddress Phone Fax AccountNumber Website Sic Industry
    AnnualRevenue NumberOfEmployees Ownership TickerSymbol Description Rating Site OwnerId CreatedDate CreatedById
    LastModifiedDate LastModifiedById Jigsaw JigsawCompanyId CleanStatus AccountSource DunsNumber Tradestyle
    NaicsCode NaicsDesc YearStarted SicDesc
"""


def fields(schema: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in schema["fields"]}


def current(client: Any, topic: str = "/data/AccountChangeEvent") -> Any:
    return client.schema(client.topic(topic).schema_id)


def add_field(rig: Any, **metadata: Any) -> str:
    return rig.tooling(
        "CustomField", "Account.Alguna_ID__c", **{"type": "Text", "label": "A", "length": 20, **metadata}
    )


def test_the_fields_of_an_account_event_are_in_their_order_with_types_and_docs(rig):
    schema = current(rig.client())
    assert (schema["name"], schema["namespace"]) == ("AccountChangeEvent", "com.sforce.eventbus")
    assert [each["name"] for each in schema["fields"]] == ACCOUNT.split()
    named = fields(schema)
    assert named["ChangeEventHeader"]["doc"] == "Data:ComplexValueType"
    for name, kind, doc in (
        ("Phone", "string", "Data:Phone"),
        ("Website", "string", "Data:Url"),
        ("Industry", "string", "Data:DynamicEnum"),
        ("CleanStatus", "string", "Data:StaticEnum"),
        ("AnnualRevenue", "double", "Data:Currency"),
        ("NumberOfEmployees", "int", "Data:Integer"),
        ("Description", "string", "Data:StringPlusClob"),
        ("CreatedDate", "long", "CreatedDate:DateTime"),
        ("ParentId", "string", "ForeignKey:EntityId"),
    ):
        assert named[name] == {"name": name, "type": ["null", kind], "doc": doc, "default": None}
    null, text, person = named["Name"]["type"]
    assert (null, text, person["name"]) == ("null", "string", "Switchable_PersonName")
    assert [each["name"] for each in person["fields"]] == ["Salutation", "FirstName", "LastName"]
    address = named["BillingAddress"]["type"][1]
    assert address["name"] == "Address"
    assert [each["name"] for each in address["fields"]] == [
        "Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode", "Latitude", "Longitude",
        "GeocodeAccuracy",
    ]  # fmt: skip
    assert named["ShippingAddress"]["type"] == ["null", "Address"]


def test_a_contact_event_has_a_persons_name_and_nothing_that_is_derived(rig):
    named = fields(current(rig.client(), "/data/ContactChangeEvent"))
    assert named["Name"]["type"][1]["name"] == "PersonName"
    assert not {"LastName", "FirstName", "IsEmailBounced", "PhotoUrl", "SystemModstamp", "IsDeleted"} & set(
        named
    )
    assert named["Birthdate"]["doc"] == "Data:DateOnly"
    assert named["Email"]["doc"] == "Data:Email"


def test_a_new_field_makes_another_schema_and_the_earlier_one_still_reads_earlier_events(rig):
    client = rig.client()
    before = client.topic("/data/AccountChangeEvent").schema_id
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", before)
    subscription = client.subscribe()
    rig.create("Account", Name="Early")
    subscription.events(1)
    field_id = add_field(rig)
    rig.create("Account", Name="Late")
    early, late = subscription.events(2)
    after = client.topic("/data/AccountChangeEvent").schema_id
    assert (early.schema_id, late.schema_id) == (before, after)
    assert before != after
    added = client.schema(after)["fields"][-1]
    assert added == {
        "name": "Alguna_ID__c", "type": ["null", "string"], "doc": f"Data:Text:{field_id[:15]}", "default": None,
    }  # fmt: skip
    assert client.schema(before)["fields"] == client.schema(after)["fields"][:-1]


def test_an_event_written_before_a_field_went_is_read_with_its_own_schema(rig):
    field_id = add_field(rig)
    rig.rest("DELETE", f"tooling/sobjects/CustomField/{field_id}", status=204)
    add_field(rig, length=30)
    client = rig.client()
    rig.create("Account", Name="Now")
    (event,) = client.subscribe(replay_preset="EARLIEST").events(1)
    assert event.schema_id == client.topic("/data/AccountChangeEvent").schema_id
    assert "Alguna_ID__c" in fields(client.schema(event.schema_id))


def test_a_schema_of_a_transaction_that_failed_is_kept_by_the_next_one(rig):
    # The first event of a shape is rolled back, and with it the schema that was written down for it.
    client = rig.client()
    subscription = client.subscribe()
    add_field(rig)
    body = {"allOrNone": True, "records": [
        {"attributes": {"type": "Account"}, "Name": "Good"}, {"attributes": {"type": "Account"}},
    ]}  # fmt: skip
    rig.rest("POST", "composite/sobjects", body)
    rig.create("Account", Name="Next")
    (event,) = subscription.events(1)
    assert "Alguna_ID__c" in fields(client.schema(event.schema_id))


def test_a_channel_of_many_objects_has_no_schema_of_its_own(rig):
    info = rig.client().topic("/data/Practice__chn")
    assert info.schema_id == ""
    assert (info.can_subscribe, info.can_publish) == (True, False)
    assert info.topic_name == "/data/Practice__chn"
    assert rig.rehearsal.org.org_id in info.tenant_guid
    assert info.rpc_id
