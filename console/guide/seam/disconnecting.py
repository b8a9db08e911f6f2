"""Leaving: a guided procedure with a receipt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from console.guide.seam.words import StepState


@dataclass(frozen=True, slots=True)
class Inventory:
    """What disconnecting means, before it starts."""

    goes: tuple[str, ...]
    """Sentences: the token, the key, the cache ..."""
    stays: tuple[str, ...]
    """Sentences: every account and contact, the 13 fields and their data, the permission set ..."""
    made: tuple[tuple[str, str], ...] = ()
    """What the console created in the org: kind, API name."""


@dataclass(frozen=True, slots=True)
class DisconnectStep:
    """One step: what it does, and after it ran, what was found."""

    name: str
    title: str
    explanation: str
    state: StepState = "waiting"
    detail: str = ""
    """What was done and how it was verified, or why it failed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The end of it."""

    complete: bool
    path: str
    """The receipt's file, empty while there is none."""
    sentence: str


class Disconnecting(Protocol):
    """Leaving a connection, step by step; nothing happens before :meth:`run`."""

    def inventory(self) -> Inventory:
        """What goes and what stays. Blocks (milliseconds to seconds); changes nothing."""
        ...

    def steps(self) -> Sequence[DisconnectStep]:
        """All steps with their present state. Does not block."""
        ...

    def run(self, on_step: Callable[[DisconnectStep], None], cancelled: threading.Event) -> Receipt:
        """Do the steps that are not done; `on_step` is called in the caller's thread. Blocks.

        Stops after a failed step; called again, it goes on there.
        """
        ...
