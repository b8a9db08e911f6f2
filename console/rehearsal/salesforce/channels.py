"""Channels of change events: what a new one must say, and which changes go where.

An entity is selected by a member of a channel: of the standard channel `ChangeEvents`, which is always there, or
of a custom one (`Name__chn`). A member may enrich its events with further fields and let only some of them pass.
See https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-select-objects-section.html.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, field_integrity, required_missing
from console.rehearsal.salesforce.values import unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.rehearsal.salesforce.schema import Schema, SObject
    from console.rehearsal.salesforce.store import Store

STANDARD = "ChangeEvents"
ENTITIES = 5
"""How many objects may be selected without the add-on."""
CUSTOM_CHANNELS = 100
ENRICHED = 10
_EVENT = "ChangeEvent"
_NOTHING = "Id = null"
"""A condition that no record meets."""
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_BAD_NAME = (
    "{0}: The {0} can only contain underscores and alphanumeric characters. It must be unique, begin with a "
    "letter, not include spaces, not end with an underscore, and not contain two consecutive underscores."
)


@dataclass(frozen=True, slots=True)
class Member:
    """An object that a channel streams."""

    channel: str
    """API name: `ChangeEvents` or `Name__chn`."""
    enriched: tuple[str, ...]
    """Fields that updates and deletions carry although they did not change."""
    filter: str | None


def captured(sobject: SObject) -> bool:
    """Whether an object has change events at all."""
    return sobject.soft_delete and not sobject.setup


def event_name(sobject: SObject) -> str:
    """`AccountChangeEvent` for `Account`, `Foo__ChangeEvent` for `Foo__c`."""
    return f"{sobject.name.removesuffix('c') if sobject.name.endswith('__c') else sobject.name}{_EVENT}"


def entity_of(schema: Schema, event: str) -> SObject | None:
    """The object of a change event's name, or None."""
    return next(
        (each for each in schema.objects.values() if captured(each) and event_name(each) == event), None
    )


class Channels:
    """The rows of PlatformEventChannel and PlatformEventChannelMember, and what follows from them."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        self._schema = schema
        self._selected: dict[str, list[Member]] | None = None
        self.most_entities = ENTITIES
        self.check_filter: Callable[[str, str], tuple[str, ...]] = _no_filters
        """Reads a filter expression for an object; answers the fields that it names, raises ApiError."""
        self.ask_filter: Callable[[str, str, str], bool] = lambda sobject, record_id, condition: False
        """Whether a record passes a filter expression."""

    # -- what others ask

    def forget(self) -> None:
        """To be called when members were written, or a write of them was taken back."""
        self._selected = None

    def members(self, sobject: str) -> list[Member]:
        """The selections of an object, at most one for each channel."""
        if self._selected is None:
            self._selected = self._read()
        return self._selected.get(sobject, [])

    def exists(self, channel: str) -> bool:
        """Whether there is a channel of this API name."""
        if channel == STANDARD:
            return True
        return bool(self._store.find('SELECT 1 FROM "PlatformEventChannel" WHERE "FullName" = ?', (channel,)))

    def as_dict(self) -> dict[str, list[str]]:
        """The selected objects by channel."""
        listed: dict[str, list[str]] = {STANDARD: []}
        for (name,) in self._store.find('SELECT "FullName" FROM "PlatformEventChannel" ORDER BY _n'):
            listed[name] = []
        for channel, event in self._store.find(
            'SELECT "EventChannel", "SelectedEntity" FROM "PlatformEventChannelMember" ORDER BY _n'
        ):
            listed.setdefault(channel, []).append(event)
        return listed

    def _read(self) -> dict[str, list[Member]]:
        selected: dict[str, list[Member]] = {}
        for event, channel, text in self._store.find(
            'SELECT "SelectedEntity", "EventChannel", "Metadata" FROM "PlatformEventChannelMember" ORDER BY _n'
        ):
            sobject = entity_of(self._schema, event)
            if sobject is None:
                continue
            metadata = json.loads(text)
            condition = metadata.get("filterExpression") or None
            enriched = _enriched(metadata)
            if condition is not None:
                try:
                    named = self.check_filter(sobject.name, condition)
                except ApiError:  # a field that it names was deleted since
                    named, condition = (), _NOTHING
                # https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-filters.html
                enriched += tuple(each for each in named if each not in enriched)
            selected.setdefault(sobject.name, []).append(Member(channel, enriched, condition))
        return selected

    # -- around writes of PlatformEventChannel

    def before_channel(
        self, row: dict[str, Any], values: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> None:
        """Checks a new channel, or a change of `old`, and fills the columns that follow from its metadata."""
        if row["FullName"] is None:
            return  # the check of required fields names it
        name = _same_name(row, old).removesuffix("__chn")
        metadata = _metadata(values, row, ("channelType", "label", "eventType"))
        _names_needed(metadata, "channelType", "label")
        if not row["FullName"].endswith("__chn") or not _NAME.fullmatch(name):
            raise field_integrity(_BAD_NAME.format("Platform Event Channel Name"), ["DeveloperName"])
        kind = metadata["channelType"]
        if kind not in ("data", "event"):
            message = f"Channel Type: bad value for restricted picklist field: {kind}"
            raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["ChannelType"])
        if kind == "event":
            raise field_integrity(
                "This org has no platform events: a channel must be of type data", ["ChannelType"]
            )
        if old is None and self.exists(row["FullName"]):
            raise _duplicate("Platform Event Channel", name)
        if old is None and self._count("PlatformEventChannel") >= CUSTOM_CHANNELS:
            raise ApiError(400, "LIMIT_EXCEEDED", f"You can have at most {CUSTOM_CHANNELS} custom channels")
        row.update(
            DeveloperName=name,
            MasterLabel=metadata["label"],
            ChannelType=kind,
            Language="en_US",
            ManageableState="unmanaged",
        )

    def before_channel_delete(self, old: Mapping[str, Any]) -> None:
        """A channel with members stays."""
        if self._store.find(
            'SELECT 1 FROM "PlatformEventChannelMember" WHERE "EventChannel" = ?', (old["FullName"],)
        ):
            message = (
                "Your attempt to delete the channel could not be completed because it is associated with "
                "channel members. Delete the channel members first."
            )
            raise ApiError(400, "DELETE_FAILED", message, [])

    # -- around writes of PlatformEventChannelMember

    def before_member(
        self, row: dict[str, Any], values: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> None:
        """Checks a new member, or a change of `old`, and fills the columns that follow from its metadata."""
        if row["FullName"] is None:
            return
        name = _same_name(row, old)
        metadata = _metadata(
            values, row, ("eventChannel", "selectedEntity", "enrichedFields", "filterExpression")
        )
        _names_needed(metadata, "eventChannel", "selectedEntity")
        if "__" in name:
            space = name.rpartition("__")[0]
            message = (
                f"Cannot create a new component with the namespace: {space}.  Only components in the same "
                "namespace as the organization can be created through the API"
            )
            raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [])
        if not _NAME.fullmatch(name):
            raise field_integrity(_BAD_NAME.format("Platform Event Channel Member Name"), ["DeveloperName"])
        channel, event = metadata["eventChannel"], metadata["selectedEntity"]
        if old is not None and (channel, event) != (old["EventChannel"], old["SelectedEntity"]):
            raise field_integrity(
                "The event channel and the selected entity of a member can't be changed",
                ["EventChannel", "SelectedEntity"],
            )
        sobject = entity_of(self._schema, event)
        if not self.exists(channel):
            raise field_integrity(f"The channel {channel} does not exist", ["EventChannel"])
        if sobject is None:
            message = f"Selected Entity: bad value for restricted picklist field: {event}"
            raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["SelectedEntity"])
        if old is None:
            self._check_new(name, channel, event)
        self._check_enriched(sobject, _enriched(metadata))
        condition = metadata.get("filterExpression") or None
        if condition is not None:
            self.check_filter(sobject.name, condition)
        row.update(
            DeveloperName=name,
            MasterLabel=name,
            EventChannel=channel,
            SelectedEntity=event,
            FilterExpression=condition,
            Language="en_US",
            ManageableState="unmanaged",
        )

    def _check_new(self, name: str, channel: str, event: str) -> None:
        members = self._store.find(
            'SELECT "DeveloperName", "EventChannel", "SelectedEntity" FROM "PlatformEventChannelMember"'
        )
        if any(each[0].lower() == name.lower() for each in members):
            raise _duplicate("Platform Event Channel Member", name)
        if any((each[1], each[2]) == (channel, event) for each in members):
            message = f"The entity {event} is already selected in the channel {channel}"
            raise ApiError(400, "DUPLICATE_VALUE", message, ["EventChannel", "SelectedEntity"])
        if len({each[2] for each in members} | {event}) > self.most_entities:
            message = (
                f"You've reached the maximum of {self.most_entities} entities that can be selected for Change "
                "Data Capture"
            )
            raise ApiError(400, "LIMIT_EXCEEDED", message)

    @staticmethod
    def _check_enriched(sobject: SObject, names: tuple[str, ...]) -> None:
        if len(names) > ENRICHED:
            raise field_integrity(f"A channel member can have at most {ENRICHED} enriched fields")
        for name in names:
            field = sobject.get(name)
            if field is None or field.name != name:
                message = f"The field {name} of {sobject.name} does not exist and can't be an enriched field"
                raise field_integrity(message, ["EnrichedFields"])
            if field.long or field.type == "id" or field.compound:
                message = f"The field {name} is of a type that can't be an enriched field"
                raise field_integrity(message, ["EnrichedFields"])

    def _count(self, name: str) -> int:
        ((count,),) = self._store.find(f'SELECT count(*) FROM "{name}"')  # noqa: S608 - one of two names
        return int(count)


def _no_filters(sobject: str, condition: str) -> tuple[str, ...]:
    raise field_integrity("Filter expressions are not available in this org", ["FilterExpression"])


def _same_name(row: Mapping[str, Any], old: Mapping[str, Any] | None) -> str:
    if old is not None and row["FullName"] != old["FullName"]:
        raise field_integrity("The full name can't be changed", ["FullName"])
    return str(row["FullName"])


def _metadata(values: Mapping[str, Any], row: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """The metadata of a request, or for an update without any, what is stored."""
    given = next((value for name, value in values.items() if name.lower() == "metadata"), None)
    if given is None:
        if row["Metadata"] is None:
            raise required_missing(["Metadata"])
        return dict(json.loads(row["Metadata"]))
    if not isinstance(given, dict):
        raise unreadable("complexvalue", given)
    unknown = [name for name in given if name not in (*known, "urls")]
    if unknown:
        message = f"Cannot deserialize instance of complexvalue: the metadata has no property {unknown[0]}"
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    return given


def _names_needed(metadata: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if not metadata.get(name)]
    if missing:
        raise required_missing(missing)
    for name in names:
        if not isinstance(metadata[name], str):
            raise unreadable("string", metadata[name])


def _enriched(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    given = metadata.get("enrichedFields") or []
    if not isinstance(given, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in given
    ):
        raise unreadable("enrichedFields", given)
    return tuple(dict.fromkeys(each["name"] for each in given))


def _duplicate(kind: str, name: str) -> ApiError:
    message = f"The {kind} Name you entered is already in use. Enter a unique name. {name}"
    return ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"])
