"""The guide to making the app in Salesforce."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One thing to do in Setup."""

    title: str
    text: str
    copy: str = ""
    """What can be taken over as it is; empty where nothing can."""

    @property
    def whole(self) -> str:
        """The step as plain text."""
        more = f"\n{self.copy}" if self.copy and self.copy not in self.text else ""
        return f"{self.title}\n{self.text}{more}"
