"""Every refusal of the org, with Salesforce's own code, text and HTTP status.

The texts are those that real orgs answer; see "Status Codes and Error Responses" and "Core Data Types Used
in API Calls" in https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class ApiError(Exception):
    """One refusal: HTTP `status`, Salesforce's `code` and `message`, and the API names of the `fields` meant.

    `fields` is None where Salesforce leaves the key out of the body. `extra` holds further keys of the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)
        self.extra = dict(extra or {})
        self.others: list[ApiError] = []
        """Further refusals of the same record: several validation rules, for example."""

    def body(self) -> list[dict[str, Any]]:
        """The body of a REST reply: an array. A missing resource names its code first, a duplicate what it is one of."""
        error: dict[str, Any]
        if self.code == "NOT_FOUND":
            error = {"errorCode": self.code, "message": self.message}
        elif self.code == "DUPLICATES_DETECTED" and self.extra:
            error = {**self.extra, "errorCode": self.code, "message": self.message}
        else:
            error = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [{**error, **self.extra}, *(each for other in self.others for each in other.body())]

    def item(self) -> dict[str, Any]:
        """The error inside one result of a collections call, which says `statusCode` and always `fields`."""
        return {
            "statusCode": self.code,
            **self.extra,
            "message": self.message,
            "fields": list(self.fields or ()),
        }

    def items(self) -> list[dict[str, Any]]:
        """All errors inside one result of a collections call."""
        return [self.item(), *(each for other in self.others for each in other.items())]


class MoreThanOne(ApiError):
    """An external id that several records share: 300 with their paths, or DUPLICATE_EXTERNAL_ID for a row."""

    def __init__(self, sobject: str, label: str, ids: Sequence[str]) -> None:
        listed = ", ".join(ids)
        message = f"{label}: more than one record found for external id field: [{listed}]"
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", message, [])
        self.sobject = sobject
        self.ids = list(ids)


def not_found() -> ApiError:
    """An object type or a path that does not exist, or a record that was never there."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def no_external_id_field(name: str) -> ApiError:
    """A field in a path that is no external id, or is hidden from the caller."""
    message = f"Provided external ID field does not exist or is not accessible: {name}"
    return ApiError(404, "NOT_FOUND", message)


def entity_is_deleted() -> ApiError:
    """A record that lies in the recycle bin."""
    return ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])


def invalid_cross_reference(status: int = 400, message: str = "invalid cross reference id") -> ApiError:
    """An id that leads to no record: 404 for the record in the path, 400 for one inside the values."""
    return ApiError(status, "INVALID_CROSS_REFERENCE_KEY", message, [])


def malformed(message: str) -> ApiError:
    """A body whose shape can't be understood."""
    return ApiError(400, "JSON_PARSER_ERROR", message)


def malformed_id(value: str, label: str = "Record ID", field: str = "Id") -> ApiError:
    """An id of the wrong length, alphabet, check suffix or object."""
    return ApiError(400, "MALFORMED_ID", f"{label}: id value of incorrect type: {value}", [field])


def no_such_column(name: str, sobject: str) -> ApiError:
    """A field in the values of a write that does not exist for the caller."""
    return ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")


def read_only_fields(names: Sequence[str]) -> ApiError:
    """Fields that exist for the caller but may not be written."""
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this "
        "field and verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def required_missing(names: Sequence[str]) -> ApiError:
    """Fields without a value that must have one."""
    return ApiError(
        400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
    )


def string_too_long(label: str, value: str, length: int, field: str) -> ApiError:
    """A text longer than its field."""
    message = f"{label}: data value too large: {value} (max length={length})"
    return ApiError(400, "STRING_TOO_LONG", message, [field])


def insufficient_access(message: str = "insufficient access rights on object id") -> ApiError:
    """An operation that the caller's permissions do not cover."""
    return ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", message, [])


def field_integrity(message: str, fields: Sequence[str] = ()) -> ApiError:
    """Values that contradict each other or the rules of a set-up object."""
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, fields)


def duplicate_value(field: str, record_id: str) -> ApiError:
    """A value of a unique field that another record already has; the record is named with 15 characters."""
    message = f"duplicate value found: {field} duplicates value on record with id: {record_id[:15]}"
    return ApiError(400, "DUPLICATE_VALUE", message, [])
