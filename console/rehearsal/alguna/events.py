"""Usage events: https://alguna.com/docs/api-reference/v2/2026-04-01/billing-events-and-metrics/ingest-billable-events"""

from __future__ import annotations

from typing import Any

from console.rehearsal import stamps
from console.rehearsal.alguna import customers, reading
from console.rehearsal.alguna.errors import AlgunaError, invalid
from console.rehearsal.alguna.store import Store, dump

Json = dict[str, Any]
MOST = 100


def read(sent: Any) -> list[Json]:
    """The events of a request: 1 to 100 objects, each with a `unique_id`."""
    events = reading.items(reading.mapping(sent, "body").get("events"), "events")
    if not 1 <= len(events) <= MOST:
        raise invalid(f"events must hold 1 to {MOST} events")
    for index, event in enumerate(events):
        unique_id = reading.text(
            reading.mapping(event, f"events[{index}]").get("unique_id"), f"events[{index}].unique_id"
        )
        if len(unique_id) > 255:
            raise invalid(f"events[{index}].unique_id must not be longer than 255 characters")
    return events


def ingest(store: Store, events: list[Json]) -> Json:
    """Store each event once. Which events are wrong is said (`failed`), why is not."""
    ingested: list[str] = []
    failed: list[str] = []
    with store.transaction():
        for event in events:
            (ingested if _take(store, event) else failed).append(event["unique_id"])
    return {"ingested": ingested, "failed": failed}


def _take(store: Store, event: Json) -> bool:
    if store.one("SELECT 1 FROM events WHERE unique_id = ?", (event["unique_id"],)) is not None:
        return True
    try:
        customer = customers.find(store, reading.text(event.get("account"), "account"))
        name = reading.text(event.get("event_name"), "event_name")
        properties = reading.mapping(event.get("properties", {}), "properties")
        if len(properties) > 50 or not all(
            isinstance(value, str | int | float) for value in properties.values()
        ):
            return False
        at = store.now() if event.get("timestamp") is None else reading.day(event["timestamp"], "timestamp")
    except AlgunaError:
        # The reference knows no reasons here: the event is listed as failed and nothing else is said.
        return False
    document = dump({"properties": properties, "timestamp": stamps.text(at)})
    store.run(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
        (event["unique_id"], customer["id"], name, store.now(), document),
    )
    return True
