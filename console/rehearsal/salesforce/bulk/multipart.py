"""A job and its data in one request.

The form: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/walkthrough_upload_multipart_data.htm
"""

from __future__ import annotations

import re
from typing import Any

from console.rehearsal.salesforce import wire
from console.rehearsal.salesforce.bulk.errors import BulkError

MAX_CONTENT = 100_000
"""Characters of data that may come with the job."""
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_NAME = re.compile(rb'name="?([^";\r\n]+)"?', re.IGNORECASE)


def parts(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The parts `job` (JSON) and `content` (CSV) of a body; raises BulkError where one is missing."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise BulkError("CLIENTINPUTERROR", "The Content-Type names no boundary")
    found: dict[str, bytes] = {}
    for part in (b"\n" + body).split(b"\n--" + boundary[1].strip().encode())[1:]:
        head, *content = re.split(rb"\r?\n\r?\n", part, maxsplit=1)
        name = _NAME.search(head)
        if name is not None and content:
            found[name[1].decode("utf-8", "replace").strip()] = content[0].removesuffix(b"\r")
    if "job" not in found or "content" not in found:
        raise BulkError("CLIENTINPUTERROR", "A multipart request needs the parts job and content")
    job = wire.parse_json(found["job"])
    if not isinstance(job, dict):
        raise BulkError("INVALIDJOB", "The part job must be a JSON object")
    if len(found["content"]) > MAX_CONTENT:
        message = f"The part content is longer than {MAX_CONTENT} characters; upload it by itself"
        raise BulkError("CLIENTINPUTERROR", message)
    return job, found["content"]
