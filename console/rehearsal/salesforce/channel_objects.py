"""Objects of the Tooling API that select which change events are streamed: channels and their members.

See https://developer.salesforce.com/docs/platform/api-tooling/references/tooling-objects/tooling-platformeventchannel.html
and .../tooling-platformeventchannelmember.html.
"""

from __future__ import annotations

from console.rehearsal.salesforce.fields import audit, named, read_only, record_id, text
from console.rehearsal.salesforce.schema import Field, SObject


def event_channel() -> SObject:
    fields = [
        record_id("Platform Event Channel ID"),
        read_only("string", "DeveloperName", "Platform Event Channel Name", length=80, nillable=False),
        read_only("string", "Language", "Master Language", length=40),
        read_only("string", "MasterLabel", "Label", length=80),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "ManageableState", "Manageable State", length=40),
        read_only("picklist", "ChannelType", "Channel Type", length=40, picklist=("data", "event")),
        *audit(),
        text("FullName", "Full Name", 255, nillable=False, permission=False),
        Field("Metadata", "Metadata", "complexvalue", permission=False),
    ]
    return _setup("PlatformEventChannel", "Platform Event Channel", "0YL", fields)


def event_channel_member() -> SObject:
    fields = [
        record_id("Platform Event Channel Member ID"),
        read_only(
            "string", "DeveloperName", "Platform Event Channel Member Name", length=255, nillable=False
        ),
        read_only("string", "Language", "Master Language", length=40),
        read_only("string", "MasterLabel", "Label", length=255),
        read_only("string", "NamespacePrefix", "Namespace Prefix", length=15),
        read_only("string", "ManageableState", "Manageable State", length=40),
        read_only("string", "EventChannel", "Event Channel", length=255, nillable=False, indexed=True),
        read_only("string", "SelectedEntity", "Selected Entity", length=255, nillable=False, indexed=True),
        Field(
            "FilterExpression",
            "Filter Expression",
            "textarea",
            131072,
            createable=False,
            updateable=False,
            permission=False,
        ),
        *audit(),
        text("FullName", "Full Name", 255, nillable=False, permission=False),
        Field("Metadata", "Metadata", "complexvalue", permission=False),
    ]
    return _setup("PlatformEventChannelMember", "Platform Event Channel Member", "0v8", fields)


def _setup(name: str, label: str, key_prefix: str, fields: list[Field]) -> SObject:
    return SObject(name, label, f"{label}s", key_prefix, named(fields), rest=False, tooling=True, setup=True)
