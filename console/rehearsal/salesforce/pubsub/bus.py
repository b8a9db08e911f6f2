"""Who listens to the event bus, and what each of them gets next."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.pubsub.avro import Writer
from console.rehearsal.salesforce.pubsub.bitmaps import bitmaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.rehearsal.salesforce.access import Caller, View
    from console.rehearsal.salesforce.journal import Change
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.pubsub.log import Event
    from console.rehearsal.salesforce.pubsub.topics import Topic

Json = dict[str, Any]
CEILING = 100
"""The most events that a stream can ask for at a time."""
KEEP_ALIVE = 270.0
"""Seconds within which a stream that is owed events hears something."""
_SCANNED = 100
_RESPONSE_BYTES = 3_000_000


@dataclass(slots=True)
class Delivery:
    """How the bus treats its subscribers; the control address changes it."""

    delay_ms: int = 0
    held: bool = False
    copies: int = 1
    keep_alive_s: float = KEEP_ALIVE


@dataclass(slots=True, eq=False)
class Stream:
    """One open subscription."""

    caller: Caller
    topic: Topic
    cursor: int
    """The replay id behind which it goes on."""
    owed: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, count: int) -> None:
        """A request for that many more events; 100 open ones are the most."""
        self.owed = min(self.owed + count, CEILING)
        self.wake.set()


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event as one subscriber gets it."""

    replay: int
    schema_id: str
    payload: bytes


class Bus:
    """Hands the org's events out. Asked on the loop that owns the org."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.delivery = Delivery()
        self.streams: set[Stream] = set()
        self.opened = 0
        """How many streams there ever were."""
        self.cuts = 0
        """How often all streams were cut; one that sees it grow ends itself."""
        self._closed_until = 0.0
        self._schemas: dict[str, tuple[Json, Writer]] = {}
        org.listeners.append(self._changed)

    # -- what wakes subscribers

    def _changed(self, changes: Sequence[Change]) -> None:
        self.stir()

    def stir(self) -> None:
        """Let every stream look again."""
        for stream in self.streams:
            stream.wake.set()

    def open(self, stream: Stream) -> None:
        """A subscription begins."""
        self.streams.add(stream)
        self.opened += 1

    def cut(self, seconds: float = 0) -> int:
        """End all streams, as an outage would, and refuse calls for a while; how many streams there were."""
        self.cuts += 1
        self._closed_until = time.monotonic() + seconds
        self.stir()
        return len(self.streams)

    @property
    def closed(self) -> bool:
        """Whether an outage lasts."""
        return time.monotonic() < self._closed_until

    # -- what they get

    def visible_until(self) -> int:
        """Events committed after this moment are not delivered yet."""
        return self.org.events.now() - self.delivery.delay_ms

    def newest(self) -> int:
        """Where a subscription to whatever comes next begins."""
        return self.org.events.position(self.visible_until())

    def next(self, stream: Stream) -> tuple[list[Parcel], bool]:
        """The next events of a stream, and whether there may be more at once. Moves its cursor and what it is owed."""
        if self.delivery.held or not stream.owed:
            return [], False
        until = self.visible_until()
        events = self.org.events.after(stream.cursor, until, _SCANNED)
        parcels: list[Parcel] = []
        size = 0
        for event in events:
            parcel = self._parcel(stream, event)
            if parcel is not None:
                if size and size + len(parcel.payload) > _RESPONSE_BYTES:
                    break
                copies = min(self.delivery.copies, stream.owed)
                parcels += [parcel] * copies
                stream.owed -= copies
                size += len(parcel.payload) * copies
            stream.cursor = event.replay
            if not stream.owed:
                break
        if not events:
            stream.cursor = max(stream.cursor, self.org.events.position(until))
        return parcels, len(events) == _SCANNED or size > 0

    def _parcel(self, stream: Stream, event: Event) -> Parcel | None:
        """An event for a subscriber, or None when it is not for them."""
        if not stream.topic.carries(event):
            return None
        view = self.org.event_view(stream.caller, event.entity)
        if view is None:
            return None
        schema, writer = self._schema(event.schema_id)
        payload = writer.encode(_datum(schema, event, view, stream.topic))
        return Parcel(event.replay, event.schema_id, payload)

    def _schema(self, schema_id: str) -> tuple[Json, Writer]:
        """A schema that events were written with."""
        if schema_id not in self._schemas:
            text = self.org.events.schema(schema_id)
            if text is None:
                raise LookupError(f"the org has lost the schema {schema_id}")
            schema = json.loads(text)
            self._schemas[schema_id] = schema, Writer(schema)
        return self._schemas[schema_id]


def _datum(schema: Json, event: Event, view: View, topic: Topic) -> Json:
    """The event's fields as far as the subscriber may see them."""
    document = event.document
    enriched = document["channels"].get(topic.channel, ())

    def seen(path: str) -> bool:
        return view.get(path.partition(".")[0]) is not None

    shown = {name: value for name, value in document.get("enriched", {}).items() if name in enriched}
    shown.update(document.get("values", {}))
    header = {
        **document["header"],
        "nulledFields": bitmaps(schema, filter(seen, document.get("nulled", ()))),
        "diffFields": [],
        "changedFields": bitmaps(schema, filter(seen, document.get("changed", ()))),
    }
    return {
        "ChangeEventHeader": header,
        **{name: value for name, value in shown.items() if seen(name)},
    }
