"""One change of records in the org, as its event tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OVERFLOW: Final = "GAP_OVERFLOW"
UNREADABLE: Final = "UNREADABLE"
"""Our own kind, for an event that can't be decoded: nobody knows what changed."""
LOST_PLACE: Final = "REPLAY_LOST"
"""Code of the error that tells: the place to go on from is refused, or older than the 72 hours that are kept."""
OBJECTS: Final = ("Account", "Contact")

COMPOUND: Final = {"BillingAddress": "Billing", "Name": ""}
"""Compound fields that the sync looks into, and what their parts are called outside of events: prefix and part."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """What happened to one or more records in one transaction.

    https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm
    """

    entity: str
    """The object: ``Account``."""
    kind: str
    """``CREATE``, ``UPDATE``, ``DELETE``, ``UNDELETE``, the same with ``GAP_``, `OVERFLOW` or `UNREADABLE`."""
    record_ids: tuple[str, ...] = ()
    """18 characters; may hold a wildcard such as ``001*``."""
    origin: str = ""
    user: str = ""
    committed_ms: int = 0
    """Milliseconds since 1970, by Salesforce's clock."""
    commit_number: int = 0
    sequence: int = 0
    """Place within the transaction."""
    values: Mapping[str, object] = field(default_factory=dict)
    """By name or dotted part (``BillingAddress.City``): only what the event says; None for what was emptied."""
    unclear: frozenset[str] = frozenset()
    """Fields that changed in a way that the event doesn't tell whole: sent as a difference, or a compound as such."""

    @property
    def is_whole_object(self) -> bool:
        """Whether any record of the object may have changed: only comparing all of them tells."""
        return self.kind in (OVERFLOW, UNREADABLE) or any(id_.endswith("*") for id_ in self.record_ids)

    def made_by(self, client: str) -> bool:
        """Whether the write that caused it named this client in its ``Sforce-Call-Options``."""
        return f"client={client}" in self.origin.split(";")

    def row(self) -> dict[str, object]:
        """The values under the names that the REST API gives them: ``BillingCity`` for ``BillingAddress.City``."""
        return {plain_name(name): value for name, value in self.values.items()}


def plain_name(name: str) -> str:
    """The REST API's name of a field or of a part of a compound field."""
    parent, dot, part = name.partition(".")
    if not dot:
        return name
    return COMPOUND.get(parent, f"{parent}.") + part
