"""The older Bulk API (`/services/async`): switched off in this org, and it says so in its own form.

Errors of that API: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_reference_errors.htm
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.rehearsal.salesforce import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Send

CODE, MESSAGE = "FeatureNotEnabled", "Async API not enabled"
_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
    f"<exceptionCode>{CODE}</exceptionCode><exceptionMessage>{MESSAGE}</exceptionMessage></error>"
)


async def refuse(send: Send, method: str, headers: Mapping[str, str]) -> None:
    """400 with code and message: as JSON to a client that speaks JSON, else as XML."""
    kinds = f"{headers.get('content-type', '')} {headers.get('accept', '')}".lower()
    as_json = "json" in kinds
    body = json.dumps({"exceptionCode": CODE, "exceptionMessage": MESSAGE}) if as_json else _XML
    kind = "application/json;charset=UTF-8" if as_json else "application/xml"
    await wire.send_bytes(send, 400, body.encode(), {"content-type": kind}, headers, head=method == "HEAD")
