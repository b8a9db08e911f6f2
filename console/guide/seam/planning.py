"""What the next pass would do: looked at, kept, carried out; and what a brake stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One change of a plan, for people."""

    customer_id: str
    name: str
    side: str
    field: str
    """Key of the field, or ``new Account``, ``new Contact``."""
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanHead:
    """A plan without its changes."""

    hash: str
    made_at: str
    changes: int
    customers: int
    cost: str
    """What carrying it out takes, in a sentence."""
    stops: Sequence[str] = ()
    """What each brake says that would stop a pass which is about to do this; none where it goes on."""


@dataclass(frozen=True, slots=True)
class Braking:
    """One brake that stopped the last pass, with a sample of what it was about to do."""

    brake: str
    count: int
    sentence: str
    sample: tuple[tuple[str, str], ...] = ()
    """(customer's id, what would be done to it)."""


class Plans(Protocol):
    """Of an open connection. The plan that was looked at last is kept in memory until another one is."""

    def stopped(self) -> Sequence[Braking]:
        """The brakes that stop the connection now; none in ordinary days. Blocks (milliseconds)."""
        ...

    def release(self) -> None:
        """Let go once what is stopped, and start a pass. Does not block.

        :raises UsageError: nothing can be written from this console.
        """
        ...

    def look(self) -> PlanHead:
        """Read both systems and plan; writes nothing anywhere. Blocks (seconds, by the engine's thread).

        :raises UsageError: nothing can be planned from this console.
        :raises ConsoleError: one side can't be read.
        """
        ...

    def page(self, start: int, count: int) -> Sequence[PlanLine]:
        """A page of the plan that was looked at. Blocks (milliseconds)."""
        ...

    def save(self) -> str:
        """Write that plan into the connection's folder; returns the file's path. Blocks (seconds for a very large plan).

        :raises StoreError: it can't be written.
        """
        ...

    def apply(self) -> None:
        """Do exactly what that plan says; told by events like any run. Does not block.

        :raises UsageError: nothing can be written from this console.
        """
        ...
