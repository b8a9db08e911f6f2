"""From the changes of a transaction to its change events.

Merging, sequence numbers, overflow: https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-other-events.html
and https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm
"""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.channels import captured
from console.rehearsal.salesforce.ids import EMPTY_ID
from console.rehearsal.salesforce.pubsub.schemas import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from console.rehearsal.salesforce.access import Caller
    from console.rehearsal.salesforce.channels import Channels, Member
    from console.rehearsal.salesforce.journal import Change
    from console.rehearsal.salesforce.pubsub.log import EventLog
    from console.rehearsal.salesforce.schema import Schema, SObject
    from console.rehearsal.salesforce.store import Store

Json = dict[str, Any]
OVERFLOW = 100_000
"""Changes of one transaction that are told one by one; each changed field of an update counts."""
_PURGE_EVERY = 50


class Capture:
    """Writes the events of a transaction down before it is committed."""

    def __init__(self, store: Store, schema: Schema, channels: Channels, log: EventLog) -> None:
        self._store = store
        self._schema = schema
        self._channels = channels
        self._log = log
        self._shapes: dict[str, Shape] = {}
        self.overflow = OVERFLOW

    def seal(self, changes: Sequence[Change]) -> None:
        """The events of a transaction's changes, in their order."""
        telling = [each for each in changes if captured(self._schema.objects[each.sobject])]
        if not any(self._channels.members(each.sobject) for each in telling):
            return
        transaction = _Transaction(self._log.now(), self._log.take_commit_number())
        if transaction.commit_number % _PURGE_EVERY == 0:
            self._log.purge()
        told = _told(telling, self.overflow)
        for sequence, (name, kind, body, ids, caller) in enumerate(self._merged(telling[:told]), 1):
            self._tell(transaction, sequence, name, kind, body, ids, caller)
        for change in {each.sobject: each for each in telling[told:]}.values():
            self._tell(transaction, 1, change.sobject, "GAP_OVERFLOW", None, [EMPTY_ID], change.caller)

    def gap(self, sobject: str, kind: str, ids: Sequence[str], caller: Caller) -> Json:
        """An event without fields, out of nowhere; its header. Raises ValueError when nobody selected the object."""
        if not self._channels.members(sobject):
            raise ValueError(f"{sobject} is selected in no channel, so nobody would hear of it")
        with self._store.transaction():
            transaction = _Transaction(self._log.now(), self._log.take_commit_number())
            return self._tell(transaction, 1, sobject, kind, None, ids, caller)

    # -- what a change tells

    def shape(self, sobject: SObject) -> Shape:
        """How events of an object look now; another one as soon as its fields are others."""
        shape = self._shapes.get(sobject.name)
        if shape is None or shape.made_of != tuple(sobject.fields.values()):
            rows = self._store.find(
                'SELECT "DeveloperName", "Id" FROM "CustomField" WHERE "TableEnumOrId" = ?', (sobject.name,)
            )
            shape = Shape(sobject, {f"{name}__c": record_id for name, record_id in rows})
            self._shapes[sobject.name] = shape
        # Always: a schema that was kept by a transaction that was rolled back is not kept.
        self._log.keep_schema(shape, sobject.name)
        return shape

    def _merged(self, changes: Iterable[Change]) -> Iterator[tuple[str, str, Json | None, list[str], Caller]]:
        """Neighbours that changed alike are one event with several record ids."""
        for _, group in groupby(((each, self._body(each)) for each in changes), key=_likeness):
            told = list(group)
            change, body = told[0]
            yield change.sobject, change.kind, body, [each.record_id for each, _ in told], change.caller

    def _body(self, change: Change) -> Json | None:
        """What the event says beside its header; None when the object is selected nowhere."""
        members = self._channels.members(change.sobject)
        if not members:
            return None
        sobject = self._schema.objects[change.sobject]
        shape = self.shape(sobject)
        row = self._store.row(sobject, change.record_id)
        if row is None:
            raise LookupError(f"{change.sobject} {change.record_id} changed and is not there")
        body: Json = {"values": {}, "changed": [], "nulled": [], "channels": {}, "enriched": {}}
        if change.kind in ("CREATE", "UNDELETE"):
            body["values"] = shape.values(row)
        elif change.kind == "UPDATE":
            names = [each for each in sobject.fields if each in change.fields and shape.path(each)]
            if row["LastModifiedDate"] == change.stamp:
                names.append("LastModifiedDate")
            body["values"] = shape.values(row, names)
            body["changed"] = [shape.path(each) for each in names]
            body["nulled"] = [shape.path(each) for each in names if row[each] is None]
        passing = [each for each in members if self._passes(each, change)]
        body["channels"] = {
            each.channel: each.enriched if change.kind in ("UPDATE", "DELETE") else () for each in passing
        }
        wanted = {part for names in body["channels"].values() for name in names for part in shape.parts(name)}
        body["enriched"] = shape.values(row, sorted(wanted))
        return body

    def _passes(self, member: Member, change: Change) -> bool:
        return member.filter is None or self._channels.ask_filter(
            change.sobject, change.record_id, member.filter
        )

    def _tell(
        self,
        transaction: _Transaction,
        sequence: int,
        name: str,
        kind: str,
        body: Json | None,
        ids: Sequence[str],
        caller: Caller,
    ) -> Json:
        header = {
            "entityName": name,
            "recordIds": list(ids),
            "changeType": kind,
            "changeOrigin": origin(caller),
            "transactionKey": transaction.key,
            "sequenceNumber": sequence,
            "commitTimestamp": transaction.at,
            "commitNumber": transaction.commit_number,
            "commitUser": caller.user_id,
        }
        if body is None:
            body = {"channels": {each.channel: () for each in self._channels.members(name)}}
        if body["channels"]:
            shape = self.shape(self._schema.objects[name])
            self._log.append(transaction.at, shape.id, {"header": header, **body})
        return header


def _told(changes: Sequence[Change], most: int) -> int:
    """How many of the changes are told before it becomes too much."""
    weight = 0
    for number, change in enumerate(changes):
        weight += max(1, len(change.fields)) if change.kind == "UPDATE" else 1
        if weight > most:
            return number
    return len(changes)


def _likeness(told: tuple[Change, Json | None]) -> tuple[Any, ...]:
    """What neighbours must have in common to be told together: the change, the same second, the same author."""
    change, body = told
    if body is None or change.kind in ("CREATE", "UNDELETE"):  # a whole record is like no other
        return change.sobject, change.kind, change.record_id
    values = body["values"]
    second = values.get("LastModifiedDate", 0) // 1000
    return (
        change.sobject,
        change.kind,
        change.caller,
        {**body, "values": {**values, "LastModifiedDate": second}},
    )


class _Transaction:
    """What all events of a transaction share."""

    def __init__(self, at: int, commit_number: int) -> None:
        self.at = at
        self.commit_number = commit_number
        self.key = str(uuid.uuid4())


def origin(caller: Caller) -> str:
    """`com/salesforce/api/rest/62.0;client=NAME`; empty for what no API client and no browser did."""
    if not caller.version:
        return ""
    client = f";client={caller.client}" if caller.client else ""
    return f"com/salesforce/api/{caller.api}/{caller.version}{client}"
