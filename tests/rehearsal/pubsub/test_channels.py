"""Channels and their members as Tooling objects."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from console.rehearsal.salesforce.access import Caller

MEMBER = "tooling/sobjects/PlatformEventChannelMember"
CHANNEL = "tooling/sobjects/PlatformEventChannel"


def soql(rig: Any, text: str) -> list[dict[str, Any]]:
    found = rig.rest("GET", f"tooling/query?q={quote(text)}")["records"]
    return [{name: value for name, value in each.items() if name != "attributes"} for each in found]


def refused(rig: Any, method: str, path: str, body: Any, status: int = 400) -> str:
    return str(rig.rest(method, path, body, status=status)[0]["errorCode"])


def member(event: str = "AccountChangeEvent", channel: str = "ChangeEvents", **more: Any) -> dict[str, Any]:
    name = f"{channel.replace('__', '_')}_{event}"
    return {"FullName": name, "Metadata": {"eventChannel": channel, "selectedEntity": event, **more}}


def test_a_channel_can_be_made_found_read_relabelled_and_deleted(bare):
    made = bare.channel("Sales__chn")
    assert made.startswith("0YL")
    columns = "Id, DeveloperName, ChannelType, MasterLabel"
    assert soql(bare, f"SELECT {columns} FROM PlatformEventChannel") == [
        {"Id": made, "DeveloperName": "Sales", "ChannelType": "data", "MasterLabel": "Sales__chn"}
    ]
    read = bare.rest("GET", f"{CHANNEL}/{made}")
    assert read["FullName"] == "Sales__chn"
    assert read["Metadata"]["channelType"] == "data"
    bare.rest("PATCH", f"{CHANNEL}/{made}", {"Metadata": {"channelType": "data", "label": "Other"}})
    assert soql(bare, "SELECT MasterLabel FROM PlatformEventChannel") == [{"MasterLabel": "Other"}]
    bare.rest("DELETE", f"{CHANNEL}/{made}")
    assert soql(bare, "SELECT Id FROM PlatformEventChannel") == []


def test_a_member_says_its_channel_entity_filter_and_enriched_fields(bare):
    made = bare.rest(
        "POST", MEMBER, member(enrichedFields=[{"name": "Phone"}], filterExpression="Industry = 'Energy'")
    )["id"]
    assert made.startswith("0v8")
    columns = "Id, DeveloperName, EventChannel, FilterExpression, SelectedEntity"
    assert soql(bare, f"SELECT {columns} FROM PlatformEventChannelMember") == [{
        "Id": made, "DeveloperName": "ChangeEvents_AccountChangeEvent", "EventChannel": "ChangeEvents",
        "FilterExpression": "Industry = 'Energy'", "SelectedEntity": "AccountChangeEvent",
    }]  # fmt: skip
    assert bare.rest("GET", f"{MEMBER}/{made}")["Metadata"]["enrichedFields"] == [{"name": "Phone"}]
    bare.rest("PATCH", f"{MEMBER}/{made}", member(enrichedFields=[{"name": "Fax"}]))
    after = bare.rest("GET", f"{MEMBER}/{made}")
    assert after["Metadata"]["enrichedFields"] == [{"name": "Fax"}]
    assert after["FilterExpression"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (member(event="LeadChangeEvent"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (member(event="Account"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (member(channel="Nowhere__chn"), "FIELD_INTEGRITY_EXCEPTION"),
        (member(enrichedFields=[{"name": "Nonsense"}]), "FIELD_INTEGRITY_EXCEPTION"),
        (member(enrichedFields=[{"name": "Description"}]), "FIELD_INTEGRITY_EXCEPTION"),
        (member(enrichedFields="Phone"), "JSON_PARSER_ERROR"),
        (member(filterExpression="Nonsense = 1"), "INVALID_FIELD"),
        (member(filterExpression="Name = 'x' LIMIT 1"), "FIELD_INTEGRITY_EXCEPTION"),
        (member(filterExpression="Name = "), "MALFORMED_QUERY"),
        (member(filterExpression="Owner.Name = 'x'"), "FIELD_INTEGRITY_EXCEPTION"),
        (member(filterExpression="ChangeEventHeader.changeType = 'UPDATE'"), "FIELD_INTEGRITY_EXCEPTION"),
        (member(nonsense=True), "JSON_PARSER_ERROR"),
        ({**member(), "FullName": "X__AccountChangeEvent"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({**member(), "FullName": "9bad"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"FullName": "ChangeEvents_AccountChangeEvent"}, "REQUIRED_FIELD_MISSING"),
        ({"Metadata": member()["Metadata"]}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_a_member_that_makes_no_sense_is_refused(bare, body, code):
    assert refused(bare, "POST", MEMBER, body) == code
    assert soql(bare, "SELECT Id FROM PlatformEventChannelMember") == []


@pytest.mark.parametrize(
    ("full_name", "metadata", "code"),
    [
        ("Sales", {"channelType": "data", "label": "x"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Sa__les__chn", {"channelType": "data", "label": "x"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Sales__chn", {"channelType": "event", "label": "x"}, "FIELD_INTEGRITY_EXCEPTION"),
        (
            "Sales__chn",
            {"channelType": "other", "label": "x"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ),
        ("Sales__chn", {"channelType": "data"}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused(bare, full_name, metadata, code):
    assert refused(bare, "POST", CHANNEL, {"FullName": full_name, "Metadata": metadata}) == code


def test_a_name_that_is_taken_is_refused_with_the_code_that_says_so(rig):
    label = {"channelType": "data", "label": "x"}
    assert (
        refused(rig, "POST", CHANNEL, {"FullName": "Practice__chn", "Metadata": label})
        == "DUPLICATE_DEVELOPER_NAME"
    )
    again = member(channel="Practice__chn")
    assert refused(rig, "POST", MEMBER, again) == "DUPLICATE_DEVELOPER_NAME"
    assert refused(rig, "POST", MEMBER, {**again, "FullName": "Other_Name"}) == "DUPLICATE_VALUE"


def test_channel_and_entity_of_a_member_and_type_and_name_of_a_channel_stay(rig):
    (found,) = soql(
        rig, "SELECT Id FROM PlatformEventChannelMember WHERE SelectedEntity = 'AccountChangeEvent'"
    )
    for changed in (
        {"Metadata": {"eventChannel": "ChangeEvents", "selectedEntity": "AccountChangeEvent"}},
        {"Metadata": {"eventChannel": "Practice__chn", "selectedEntity": "ContactChangeEvent"}},
        {"FullName": "Another_Name"},
    ):
        assert refused(rig, "PATCH", f"{MEMBER}/{found['Id']}", changed) == "FIELD_INTEGRITY_EXCEPTION"
    assert len(soql(rig, "SELECT Id FROM PlatformEventChannelMember")) == 2


def test_a_channel_with_members_stays_until_they_are_gone(rig):
    (channel,) = soql(rig, "SELECT Id FROM PlatformEventChannel")
    assert refused(rig, "DELETE", f"{CHANNEL}/{channel['Id']}", None) == "DELETE_FAILED"
    for each in soql(rig, "SELECT Id FROM PlatformEventChannelMember"):
        rig.rest("DELETE", f"{MEMBER}/{each['Id']}")
    rig.rest("DELETE", f"{CHANNEL}/{channel['Id']}")


def test_writing_needs_customize_application_and_reading_needs_view_setup(rig):
    token = rig.session_of("admin@rehearsal.example")
    path = "users/admin@rehearsal.example/permissions"
    rig.control("POST", path, {"CustomizeApplication": False})
    assert (
        rig.rest("POST", MEMBER, member(), token=token, status=403)[0]["errorCode"]
        == "INSUFFICIENT_ACCESS_OR_READONLY"
    )
    assert len(soql(rig, "SELECT Id FROM PlatformEventChannelMember")) == 2
    rig.control("POST", path, {"ViewSetup": False})
    query = f"tooling/query?q={quote('SELECT Id FROM PlatformEventChannelMember')}"
    assert rig.rest("GET", query, token=token, status=400)[0]["errorCode"] == "INVALID_TYPE"


def test_only_so_many_entities_can_be_selected_without_the_add_on(bare):
    bare.control("POST", "events/options", {"entity_limit": 1})
    bare.select("AccountChangeEvent", "ChangeEvents")
    assert refused(bare, "POST", MEMBER, member(event="ContactChangeEvent")) == "LIMIT_EXCEEDED"
    bare.channel()
    bare.select("AccountChangeEvent")  # the same entity in another channel counts once


def test_a_transaction_that_fails_takes_a_selection_back(bare):
    bare.rest("POST", MEMBER, member(event="ContactChangeEvent"))
    subscription = bare.client().subscribe("/data/ChangeEvents")
    (found,) = soql(bare, "SELECT Id FROM PlatformEventChannelMember")

    def deselect_and_fail() -> None:
        org = bare.rehearsal.org
        with org.transaction():
            org.delete(Caller(org.admin_id), "PlatformEventChannelMember", found["Id"], tooling=True)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        bare.rehearsal.run(deselect_and_fail)
    bare.create("Contact", LastName="Still heard")
    assert subscription.events(1)[0].body["Name"]["LastName"] == "Still heard"
