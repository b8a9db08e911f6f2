"""The org's budget of API calls: how many were made in the last 24 hours, and how many may be.

Salesforce counts over a window of 24 hours that moves, and says the count on every reply. See
https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.errors import ApiError

if TYPE_CHECKING:
    from console.rehearsal.salesforce.signing_in.vault import Vault

DEFAULT_DAILY_LIMIT = 100_000
_HOURS = 24


class Usage:
    """Calls by hour in the org's file, so that a restart forgets none."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    @property
    def limit(self) -> int:
        """How many calls 24 hours allow."""
        return int(self._vault.setting("daily_api_limit", str(DEFAULT_DAILY_LIMIT)))

    @limit.setter
    def limit(self, calls: int) -> None:
        if calls < 0:
            raise ValueError("a limit of API calls is not negative")
        self._vault.set("daily_api_limit", str(calls))

    @property
    def used(self) -> int:
        """How many calls were made in the last 24 hours."""
        row = self._vault.one("SELECT sum(calls) FROM access_usage WHERE hour > ?", (self._hour() - _HOURS,))
        return int(row[0] or 0) if row else 0

    @used.setter
    def used(self, calls: int) -> None:
        if calls < 0:
            raise ValueError("a count of API calls is not negative")
        with self._vault.writing() as db:
            db.execute("DELETE FROM access_usage")
            db.execute("INSERT INTO access_usage (hour, calls) VALUES (?, ?)", (self._hour(), calls))

    def count(self, calls: int = 1) -> None:
        """Take `calls` from the budget; raises REQUEST_LIMIT_EXCEEDED when it is spent."""
        if self.used >= self.limit:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        hour = self._hour()
        with self._vault.writing() as db:
            db.execute("DELETE FROM access_usage WHERE hour <= ?", (hour - _HOURS,))
            db.execute(
                "INSERT INTO access_usage (hour, calls) VALUES (?, ?) "
                "ON CONFLICT (hour) DO UPDATE SET calls = calls + excluded.calls",
                (hour, calls),
            )

    def header(self) -> str:
        """The value of `Sforce-Limit-Info`."""
        return f"api-usage={self.used}/{self.limit}"

    def _hour(self) -> int:
        return int(self._vault.now() // 3600)
