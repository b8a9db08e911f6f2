"""The desks of the org's core, at an org in memory."""

from __future__ import annotations

from tests.rehearsal.salesforce_core.conftest import (
    admin,
    bare_integration,
    clock,
    integration,
    org,
    sales,
    system,
)

__all__ = ["admin", "bare_integration", "clock", "integration", "org", "sales", "system"]
