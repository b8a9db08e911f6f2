"""The custom fields, the permission set that grants them, and its assignment: planned first, then made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from console.salesforce.client import SalesforceClient

Action = Literal["create", "grant", "exists", "mismatch", "blocked"]
Kind = Literal["field", "permission_set", "object_permission", "field_permission", "assignment"]


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One thing the org needs, and what is to be done about it."""

    kind: Kind
    api_name: str
    action: Action
    detail: str
    """One sentence for the screen."""
    sf_id: str | None = None


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """Everything the org needs, in the order it will be made."""

    items: tuple[SetupItem, ...]

    @property
    def changes(self) -> tuple[SetupItem, ...]:
        """What will be made or granted."""
        return tuple(item for item in self.items if item.action in ("create", "grant"))

    @property
    def problems(self) -> tuple[SetupItem, ...]:
        """What a person must settle first: mismatches and missing permissions."""
        return tuple(item for item in self.items if item.action in ("mismatch", "blocked"))


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something in the org that the connection relies on; `created` when we made it."""

    kind: Kind
    api_name: str
    sf_id: str
    created: bool


def plan_setup(client: SalesforceClient, permission_set: str = "Alguna_Sync") -> SetupPlan:
    """Look at the org; changes nothing."""
    raise NotImplementedError


def apply_setup(
    client: SalesforceClient, plan: SetupPlan, on_step: Callable[[SetupItem, str], None] | None = None
) -> list[Artefact]:
    """Make what the plan says; `on_step(item, "doing" | "done")`. Again is no change."""
    raise NotImplementedError


def verify(client: SalesforceClient, permission_set: str = "Alguna_Sync") -> list[SetupItem]:
    """What is still missing after set-up; empty when all is there and visible to the signed-in user."""
    raise NotImplementedError
