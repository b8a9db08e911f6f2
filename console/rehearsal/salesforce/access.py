"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, through which program and which API."""

    user_id: str
    """18 characters."""
    client: str = ""
    """What `Sforce-Call-Options: client=` said."""
    api: str = "rest"
    """rest, toolingrest or bulkapi: part of a change's origin."""
    system: bool = False
    """No permission and no field-level security is looked at: for seeding and for truth in tests."""
