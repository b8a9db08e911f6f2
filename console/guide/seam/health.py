"""How the access of a connection stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionHealth:
    """What is known of the Salesforce session and its secrets; None where it is not known."""

    user: str = ""
    org_id: str = ""
    org_name: str = ""
    kind: str = ""
    """What kind of org it is, in words."""
    how: str = ""
    """How the session came, in words."""
    secrets: str = ""
    """Where tokens and key are kept, in words."""
    scopes: tuple[str, ...] = ()
    signed_in_at: str | None = None
    refreshed_at: str | None = None
    """When the access token came that is used now."""
    rotates: bool | None = None
    """Whether the org gives a new refresh token with each renewal."""
    profile: str | None = None
    idle_seconds: int | None = None
    """How long the access token may idle before it is renewed, as the org says."""
    app: str | None = None
    """The app of the session, as the org calls it."""
    approvals: int | None = None
    """Open approvals of the app by this user, of five."""
    ends: str = ""
    """When the app's refresh token ends, in words."""
    looked_at: str | None = None
    """When the org was asked last."""
    warnings: tuple[str, ...] = ()
    """What will end the access, or has; most serious first."""
