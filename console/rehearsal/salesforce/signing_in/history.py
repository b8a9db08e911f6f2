"""The log-in history: each log-in and each attempt, as Setup shows it and LoginHistory answers it.

See https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_loginhistory.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.signing_in.vault import Vault

SUCCESS = "Success"
BROWSER, OAUTH = "Application", "Remote Access 2.0"
KEPT = 20_000
"""So many log-ins does Setup show."""


class History:
    """Writes log-ins down, and tells `logged_in` of a user who came in."""

    def __init__(self, vault: Vault, logged_in: Callable[[str], None]) -> None:
        self._vault = vault
        self._logged_in = logged_in

    def note(
        self, user_id: str, login_type: str, status: str, *, source_ip: str, application: str, url: str
    ) -> None:
        """One attempt of a user; one that succeeded also moves their last log-in."""
        now = self._vault.now()
        with self._vault.writing() as db:
            db.execute(
                "INSERT INTO access_history "
                "(record_id, user_id, at, login_type, source_ip, status, application, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._vault.new_id("0Ya"), user_id, now, login_type, source_ip, status, application, url),
            )
            db.execute(
                "DELETE FROM access_history WHERE rowid <= (SELECT max(rowid) FROM access_history) - ?",
                (KEPT,),
            )
        if status == SUCCESS:
            self._logged_in(user_id)
