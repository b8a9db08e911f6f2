"""Refusals of the Bulk API, which name their code first.

Codes and texts: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_reference_errors.htm
"""

from __future__ import annotations

from typing import Any

from console.rehearsal.salesforce.errors import ApiError


class BulkError(ApiError):
    """A refused call: the code before the message, and never fields."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(status, code, message)

    def body(self) -> list[dict[str, Any]]:
        """`[{"errorCode", "message"}]`."""
        return [{"errorCode": self.code, "message": self.message}]


class JobFailure(Exception):
    """The job as a whole cannot go on; the text becomes its `errorMessage`."""


def wrong_state(message: str) -> BulkError:
    """A step that the job's state does not allow."""
    return BulkError("INVALIDJOBSTATE", message)


def row_error(error: ApiError) -> str:
    """A refused record as `failedResults` says it: `CODE:message:FIELD --`, `CODE:message:--` without one, `;` between several."""
    return ";".join(_one(each["statusCode"], each["message"], each["fields"]) for each in error.items())


def _one(code: str, message: str, fields: list[str]) -> str:
    code = "INVALID_TYPE" if code == "NOT_FOUND" else code
    return f"{code}:{message}:{' '.join(fields)} --" if fields else f"{code}:{message}:--"
