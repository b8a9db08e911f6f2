"""When a describe last changed, so that a client need not load again what it has.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_conditional_requests.htm.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import jsontext
from console.rehearsal.salesforce.routing import Reply
from console.rehearsal.salesforce.signing_in.vault import digest

if TYPE_CHECKING:
    from console.rehearsal.salesforce.routing import Call
    from console.rehearsal.salesforce.signing_in.vault import Vault


class Freshness:
    """Remembers by hash what each caller was last told, and since when that has been so."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def reply(self, call: Call, subject: str, body: dict[str, Any]) -> Reply:
        """The body, or 304 for a client whose `If-Modified-Since` is not older than the last change."""
        known = digest(jsontext.dumps(body))
        since = self._since(f"{call.caller.user_id} {call.version} {subject}", known)
        headers = {
            "Last-Modified": format_datetime(datetime.fromtimestamp(since, UTC), usegmt=True),
            "ETag": f'"{known.hex()[:16]}"',
        }
        if _seen(call.headers.get("if-modified-since")) >= since:
            return Reply(304, None, headers)
        return Reply(200, body, headers)

    def _since(self, subject: str, known: bytes) -> int:
        row = self._vault.one("SELECT hash, since FROM access_describe WHERE subject = ?", (subject,))
        if row is not None and row[0] == known:
            return int(row[1])
        # HTTP dates have whole seconds; a second change within one must still look newer than the first.
        since = int(self._vault.now())
        if row is not None:
            since = max(since, int(row[1]) + 1)
        with self._vault.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO access_describe (subject, hash, since) VALUES (?, ?, ?)",
                (subject, known, since),
            )
        return since


def _seen(header: str | None) -> float:
    if header is None:
        return float("-inf")
    try:
        return parsedate_to_datetime(header).timestamp()
    except ValueError:
        return float("-inf")
