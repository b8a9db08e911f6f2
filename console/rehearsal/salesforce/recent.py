"""What a user looked at last.

Salesforce notes what is opened in its user interface; the API notes nothing unless a call says `Sforce-Mru: updateMru=true`. See
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_recent_items.htm and
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_mru.htm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.routing import Call, Reply, Route

if TYPE_CHECKING:
    from console.rehearsal.salesforce.org import Org

KEPT = 200
_UPDATE = re.compile(r"\bupdateMru\s*=\s*true\b", re.IGNORECASE)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recent_view (
    number INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, sobject TEXT NOT NULL, record_id TEXT NOT NULL,
    UNIQUE (user_id, record_id)
) STRICT;
"""


class Recent:
    """`/recent`, and the recent items of one object."""

    def __init__(self, org: Org) -> None:
        self._org = org
        org.store.connection.executescript(_SCHEMA)

    def routes(self) -> list[Route]:
        """The path of recent items."""
        return [Route("recent", GET=self.recent)]

    def recent(self, call: Call) -> Reply:
        text = call.query.get("limit", str(KEPT))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= KEPT):
            raise ApiError(
                400, "INVALID_QUERY_FILTER_OPERATOR", f"limit must be a number from 1 to {KEPT}: {text}"
            )
        return Reply(200, self.items(call)[: int(text)])

    def note(self, call: Call, sobject: str, record_id: str) -> None:
        """Remembers that the caller looked at a record, if the call says so."""
        if not _UPDATE.search(call.headers.get("sforce-mru", "")):
            return
        with self._org.transaction():
            execute = self._org.store.connection.execute
            execute(
                "INSERT OR REPLACE INTO recent_view (user_id, sobject, record_id) VALUES (?, ?, ?)",
                (call.caller.user_id, sobject, record_id),
            )
            execute(
                "DELETE FROM recent_view WHERE user_id = ?1 AND number NOT IN"
                " (SELECT number FROM recent_view WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2)",
                (call.caller.user_id, KEPT),
            )

    def items(self, call: Call, sobject: str = "") -> list[dict[str, Any]]:
        """The caller's recent records (of one object) with Id and Name, the latest first."""
        return list(self._items(call, sobject))

    def _items(self, call: Call, sobject: str) -> Iterator[dict[str, Any]]:
        rows = self._org.store.find(
            "SELECT sobject, record_id FROM recent_view WHERE user_id = ? AND ? IN ('', sobject)"
            " ORDER BY number DESC",
            (call.caller.user_id, sobject),
        )
        for name, record_id in rows:
            view = self._org.view(call.caller, name)
            if view is None:
                continue
            named = [field.name for field in view.fields.values() if field.name_field]
            try:
                yield self._org.reading.read(
                    call.caller, name, record_id, ["Id", *named], version=call.version
                )
            except ApiError as error:
                if error.status != 404:  # it was deleted meanwhile
                    raise
