"""The practice org's switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from console.guide.seam.signing_in import PracticeLogin


@dataclass(frozen=True, slots=True)
class Exercise:
    """Something that can go wrong, to be practised."""

    key: str
    title: str
    sentence: str


class Rehearsal(Protocol):
    """Switches of the practice org and the practice Alguna."""

    def login(self) -> PracticeLogin:
        """What to type on the log-in page. Does not block."""
        ...

    def activity(self) -> bool:
        """Whether records keep changing on both sides. Does not block."""
        ...

    def set_activity(self, on: bool) -> None:
        """Start or stop changing records. Blocks (milliseconds)."""
        ...

    def exercises(self) -> Sequence[Exercise]:
        """What can be practised. Does not block."""
        ...

    def practise(self, key: str) -> str:
        """Make it go wrong; returns one sentence on what will be seen. Blocks (milliseconds)."""
        ...
