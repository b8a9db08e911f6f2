"""Topics of change events: the standard channel, one object's events, and custom channels.

https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-subscribe-channels.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.channels import STANDARD, entity_of

if TYPE_CHECKING:
    from console.rehearsal.salesforce.channels import Channels
    from console.rehearsal.salesforce.pubsub.log import Event
    from console.rehearsal.salesforce.schema import Schema, SObject


@dataclass(frozen=True, slots=True)
class Topic:
    """What can be subscribed to."""

    name: str
    """`/data/...`"""
    channel: str
    """Whose enriched fields its events carry."""
    sobject: SObject | None = None
    """The one object of a single-entity topic."""

    def carries(self, event: Event) -> bool:
        """Whether an event belongs here."""
        if self.sobject is not None:
            return event.entity == self.sobject.name
        return self.channel in event.document.get("channels", ())


def find_topic(schema: Schema, channels: Channels, name: str) -> Topic | None:
    """The topic of a name, or None."""
    if not name.startswith("/data/"):
        return None
    wanted = name.removeprefix("/data/")
    sobject = entity_of(schema, wanted)
    if sobject is not None:
        return Topic(name, STANDARD, sobject)
    if channels.exists(wanted):
        return Topic(name, wanted)
    return None
