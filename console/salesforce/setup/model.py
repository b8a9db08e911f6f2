"""What set-up is about: items, plans, and what is left of them in the org."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from console.domain.fields import CUSTOMER_ID

Action = Literal["create", "grant", "exists", "mismatch", "blocked"]
Kind = Literal[
    "field",
    "channel",
    "channel_member",
    "permission_set",
    "object_permission",
    "field_permission",
    "license",
    "assignment",
]

SET = "Alguna_Sync"
"""The permission set."""
CHANNEL = "Alguna_Sync__chn"
"""The channel of change events; its topic is ``/data/Alguna_Sync__chn``."""
EVENTS = ("AccountChangeEvent", "ContactChangeEvent")


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One thing the org needs, and what is to be done about it.

    ``create``: will be made. ``grant``: a right will be given. ``exists``: nothing to do. ``mismatch``: something of that name is
    there and does not fit; it is left alone. ``blocked``: the signed-in user lacks the permission to make it, and it is left out.
    """

    kind: Kind
    api_name: str
    """``Account.Field__c`` for fields and field permissions, the object's or the set's name, the user name for the assignment."""
    action: Action
    detail: str
    """One sentence for the screen."""
    sf_id: str | None = None
    target: str | None = None
    """Id of the user of an assignment."""


@dataclass(frozen=True, slots=True)
class Assignee:
    """A user who gets the permission set."""

    user_id: str
    username: str


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """Everything the org needs, in the order in which it will be made."""

    items: tuple[SetupItem, ...]
    permission_set: str = SET
    felt: bool = False
    """The signed-in user sees and edits the field that identifies customers, whatever grants it."""

    @property
    def changes(self) -> tuple[SetupItem, ...]:
        """What will be made or granted."""
        return tuple(item for item in self.items if item.action in ("create", "grant"))

    @property
    def problems(self) -> tuple[SetupItem, ...]:
        """What a person has to settle: mismatches and missing permissions. All but an obstacle is only left out."""
        return tuple(item for item in self.items if item.action in ("mismatch", "blocked"))

    @property
    def obstacle(self) -> SetupItem | None:
        """The first problem that the sync cannot do without: nobody could be told apart by the customer's id."""
        identity = f"Account.{CUSTOMER_ID}"
        for item in self.problems:
            if (item.kind, item.api_name) == ("field", identity):
                return item
            if self.felt or item.action == "mismatch":
                continue
            if item.kind in ("permission_set", "assignment") or (item.kind, item.api_name) == (
                "field_permission",
                identity,
            ):
                return item
        return None

    @property
    def streams(self) -> bool:
        """Change events will be received through the channel."""
        mine: Sequence[SetupItem] = [
            item for item in self.items if item.kind in ("channel", "channel_member")
        ]
        return bool(mine) and all(item.action in ("create", "exists") for item in mine)


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something in the org that the connection relies on; `created` when we made it, and may remove it."""

    kind: Kind
    api_name: str
    sf_id: str
    created: bool
