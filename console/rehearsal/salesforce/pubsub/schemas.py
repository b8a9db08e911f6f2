"""The Avro schema of an object's change events, and a record's values as such an event carries them.

Order, names and types as in https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-message-structure.html
and the schemas that orgs answer; types of fields: .../cdc-field-conversion-and-supported-types.html.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.channels import event_name
from console.rehearsal.salesforce.values import parse_date, parse_moment, renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from console.rehearsal.salesforce.schema import Field, SObject

Json = dict[str, Any]

CHANGE_TYPES = (
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
)
_LEFT_OUT = frozenset({
    "Id", "IsDeleted", "SystemModstamp", "MasterRecordId", "LastActivityDate", "LastViewedDate", "LastReferencedDate",
})  # fmt: skip
_NAME_PARTS = ("Salutation", "FirstName", "LastName")
_ADDRESS_PARTS = (
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "StateCode",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
)
_DOCS = {
    "CreatedDate": "CreatedDate:DateTime",
    "CreatedById": "CreatedBy:EntityId",
    "LastModifiedDate": "LastModifiedDate:DateTime",
    "LastModifiedById": "LastModifiedBy:EntityId",
}
_TYPES = {
    "string": ("string", "Text"),
    "combobox": ("string", "Text"),
    "phone": ("string", "Phone"),
    "email": ("string", "Email"),
    "url": ("string", "Url"),
    "textarea": ("string", "Text"),
    "picklist": ("string", "DynamicEnum"),
    "multipicklist": ("string", "MultiEnum"),
    "currency": ("double", "Currency"),
    "double": ("double", "Double"),
    "percent": ("double", "Percent"),
    "int": ("int", "Integer"),
    "boolean": ("boolean", "Boolean"),
    "date": ("long", "DateOnly"),
    "datetime": ("long", "DateTime"),
    "time": ("long", "TimeOnly"),
}


def header_schema() -> Json:
    """ChangeEventHeader, in its documented order."""

    def texts(name: str) -> Json:
        return {"name": name, "type": {"type": "array", "items": "string"}}

    return {
        "type": "record",
        "name": "ChangeEventHeader",
        "fields": [
            {"name": "entityName", "type": "string"},
            texts("recordIds"),
            {
                "name": "changeType",
                "type": {"type": "enum", "name": "ChangeType", "symbols": list(CHANGE_TYPES)},
            },
            {"name": "changeOrigin", "type": "string"},
            {"name": "transactionKey", "type": "string"},
            {"name": "sequenceNumber", "type": "int"},
            {"name": "commitTimestamp", "type": "long"},
            {"name": "commitNumber", "type": "long"},
            {"name": "commitUser", "type": "string"},
            texts("nulledFields"),
            texts("diffFields"),
            texts("changedFields"),
        ],
    }


class Shape:
    """What the change events of an object look like, as long as its fields stay as they are."""

    def __init__(self, sobject: SObject, custom_ids: Mapping[str, str]) -> None:
        """`custom_ids`: the ids of the custom fields by their API names."""
        self.made_of = tuple(sobject.fields.values())
        self._person = sobject.get("LastName") is not None
        self._paths: dict[str, str] = {}
        """From the API name of a field to its path in the event."""
        self._shown: dict[str, Callable[[Any], Any]] = {}
        fields = [
            {"name": "ChangeEventHeader", "type": header_schema(), "doc": "Data:ComplexValueType"},
            *self._fields(sobject, custom_ids),
        ]
        schema = {
            "type": "record",
            "name": event_name(sobject),
            "namespace": "com.sforce.eventbus",
            "fields": fields,
        }
        self.json = json.dumps(schema, separators=(",", ":"))
        digest = hashlib.md5(self.json.encode(), usedforsecurity=False).digest()
        self.id = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        """22 url-safe characters that follow from the schema."""

    def _fields(self, sobject: SObject, custom_ids: Mapping[str, str]) -> Iterable[Json]:
        named: set[str] = set()

        def compound(name: str, kind: str, doc: str, record: str, parts: Iterable[Json]) -> Json:
            branch: Any = record
            if record not in named:
                named.add(record)
                branch = {"type": "record", "name": record, "fields": list(parts)}
            text = ["string"] if kind == "switchable" else []
            return {"name": name, "type": ["null", *text, branch], "doc": doc, "default": None}

        placed: set[str] = set()
        for field in sobject.fields.values():
            whole = self._whole(sobject, field)
            if whole is None:
                continue
            path = field.name if whole == field.name else f"{whole}.{self._part(whole, field.name)}"
            if field.stored and not (whole == field.name and field.generated):
                self._paths[field.name] = path
                self._shown[field.name] = _shown(field)
            if whole in placed:
                continue
            placed.add(whole)
            if whole == "Name":
                if self._person:
                    yield compound("Name", "", "Data:PersonName", "PersonName", _name_parts())
                else:
                    doc = "Data:Switchable_PersonName"
                    yield compound("Name", "switchable", doc, "Switchable_PersonName", _name_parts())
            elif whole.endswith("Address") and field.compound:
                yield compound(whole, "", "Data:Address", "Address", _address_parts())
            else:
                yield _simple(field, custom_ids.get(field.name))

    @staticmethod
    def _whole(sobject: SObject, field: Field) -> str | None:
        """The event's field that holds a field of the record, or None when events leave it out."""
        if field.name in _LEFT_OUT:
            return None
        if field.compound:
            return field.compound
        if field.type == "address":
            return None  # its parts have placed it
        if field.generated and not field.name_field:
            return None
        return field.name

    @staticmethod
    def _part(whole: str, name: str) -> str:
        return name.removeprefix(whole.removesuffix("Address")) if whole != "Name" else name

    # -- values

    def path(self, name: str) -> str | None:
        """Where a field of the record is in the event (`Phone`, `BillingAddress.Street`), or None."""
        return self._paths.get(name)

    def values(self, row: Mapping[str, Any], names: Iterable[str] | None = None) -> Json:
        """The filled ones among the named fields (all without names) of a stored row, as events carry them."""
        found: Json = {}
        for name in self._paths if names is None else names:
            path = self._paths.get(name)
            if path is None or row[name] is None:
                continue
            whole, _, part = path.partition(".")
            value = self._shown[name](row[name])
            if part:
                # Where a name has parts, it is a person's, and the text that they make up is not told beside them.
                parts = found.get(whole)
                found[whole] = {**(parts if isinstance(parts, dict) else {}), part: value}
            elif not isinstance(found.get(whole), dict):
                found[whole] = value
        return found

    def parts(self, name: str) -> list[str]:
        """The record's fields that make up a field of the event."""
        return [each for each, path in self._paths.items() if path.partition(".")[0] == name]


def _name_parts() -> list[Json]:
    return [_optional(name, "string", "Data:Text") for name in _NAME_PARTS]


def _address_parts() -> list[Json]:
    def part(name: str) -> Json:
        if name in ("Latitude", "Longitude"):
            return _optional(name, "double", "Data:Double")
        return _optional(name, "string", "Data:StaticEnum" if name == "GeocodeAccuracy" else "Data:Text")

    return [part(name) for name in _ADDRESS_PARTS]


def _optional(name: str, kind: str, doc: str) -> Json:
    return {"name": name, "type": ["null", kind], "doc": doc, "default": None}


def _simple(field: Field, custom_id: str | None) -> Json:
    if field.type == "reference":
        kind, doc = "string", "ForeignKey:EntityId"
    else:
        kind, what = _TYPES[field.type]
        if field.long:
            what = "StringPlusClob"
        elif field.type == "picklist" and field.restricted and not field.custom:
            what = "StaticEnum"
        doc = f"Data:{what}"
    doc = _DOCS.get(field.name, doc)
    if custom_id is not None:
        doc += f":{custom_id[:15]}"
    return _optional(field.name, kind, doc)


def _shown(field: Field) -> Callable[[Any], Any]:
    """From a stored value to one of the event: moments in milliseconds, numbers as floats."""
    if field.type == "date":
        return _day
    if field.type == "datetime":
        return milliseconds
    convert = renderer(field)
    if _TYPES.get(field.type, ("string", ""))[0] == "double":
        return lambda value: float(value if convert is None else convert(value))
    return convert if convert is not None else lambda value: value


def _day(value: str) -> int:
    day = parse_date(value)
    if day is None:
        raise ValueError(f"the org holds an unreadable date: {value}")
    return (day.toordinal() - _EPOCH) * 86_400_000


def milliseconds(stamp: str) -> int:
    """A stamp as REST writes it, in milliseconds since 1970."""
    moment = parse_moment(stamp)
    if moment is None:
        raise ValueError(f"the org holds an unreadable moment: {stamp}")
    return round(moment.timestamp() * 1000)


_EPOCH = 719_163
"""The number of 1970-01-01 among days."""
