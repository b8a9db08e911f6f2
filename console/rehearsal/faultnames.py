"""The errors that can be ordered by name, as each service writes them.

Salesforce: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm and the SOAP API's list of
status codes. Alguna: https://alguna.com/docs/api-reference/v2/overview
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from console.rehearsal.faults import Answer, Fault
from console.rehearsal.salesforce.errors import ApiError

# Code -> HTTP status, text, and fields (None: the key is absent from the body).
_SALESFORCE: dict[str, tuple[int, str, list[str] | None]] = {
    "INVALID_SESSION_ID": (401, "Session expired or invalid", None),
    "INVALID_AUTH_HEADER": (401, "INVALID_HEADER_TYPE", None),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded.", None),
    "CONCURRENT_REQUESTS": (403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", None),
    "CONCURRENT_LONG_TXN": (403, "ConcurrentPerOrgLongTxn Limit exceeded.", None),
    "API_DISABLED_FOR_ORG": (403, "The REST API is not enabled for this Organization.", None),
    "API_CURRENTLY_DISABLED": (403, "API is currently disabled for this user.", None),
    "INSUFFICIENT_ACCESS": (403, "Access denied.", None),
    "INSUFFICIENT_ACCESS_OR_READONLY": (403, "insufficient access rights on object id", []),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (403, "insufficient access rights on cross-reference id", []),
    "NOT_FOUND": (404, "The requested resource does not exist", None),
    "ENTITY_IS_DELETED": (404, "entity is deleted", []),
    "INVALID_CROSS_REFERENCE_KEY": (404, "invalid cross reference id", []),
    "METHOD_NOT_ALLOWED": (405, "HTTP Method not allowed. Allowed are HEAD,GET", None),
    "UNSUPPORTED_API_VERSION": (410, "The requested API version is no longer supported.", None),
    "INVALID_FIELD": (400, "No such column 'X__c' on sobject of type Account", None),
    "INVALID_TYPE": (400, "sObject type 'X' is not supported.", None),
    "MALFORMED_QUERY": (400, "unexpected token: SELEKT", None),
    "MALFORMED_ID": (400, "Record ID: id value of incorrect type: 001", ["Id"]),
    "INVALID_QUERY_LOCATOR": (400, "invalid query locator", None),
    "QUERY_TIMEOUT": (400, "Your query request was running for too long.", None),
    "REQUIRED_FIELD_MISSING": (400, "Required fields are missing: [Name]", ["Name"]),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (400, "Clean Status: bad value for restricted picklist field: Odd", ["CleanStatus"]),
    "STRING_TOO_LONG": (400, "Account Name: data value too large (max length=255)", ["Name"]),
    "NUMBER_OUTSIDE_VALID_RANGE": (400, "value outside of valid range on numeric field", []),
    "INVALID_EMAIL_ADDRESS": (400, "Email: invalid email address", ["Email"]),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        400,
        "Unable to create/update fields: X__c. Please check the security settings of this field and verify that it is "
        "read/write for your profile or permission set.",
        ["X__c"],
    ),
    "DUPLICATE_VALUE": (400, "duplicate value found: X__c duplicates value on record with id: 001000000000001", []),
    "DUPLICATE_EXTERNAL_ID": (400, "X: more than one record found for external id field: [001, 001]", []),
    "DUPLICATES_DETECTED": (400, "Use one of these records?", []),
    "DUPLICATE_DEVELOPER_NAME": (400, "There is already a field named X on Account.", ["DeveloperName"]),
    "FIELD_INTEGRITY_EXCEPTION": (400, "There is a problem with this record.", []),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (400, "Only Finance may change this account after the quarter is closed.", []),
    "FIELD_FILTER_VALIDATION_EXCEPTION": (400, "Value does not exist or does not match filter criteria.", []),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        400,
        "AccountTrigger: execution of BeforeUpdate\n\ncaused by: System.NullPointerException: Attempt to de-reference a null object"
        "\n\nTrigger.AccountTrigger: line 12, column 1",
        [],
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (
        400,
        "We can't save this record because the “Account Routing” process failed. Give your Salesforce admin these details.",
        [],
    ),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record or 1 records: 001", []),
    "JSON_PARSER_ERROR": (400, "Unexpected character ('}' (code 125)) at [line:1, column:18]", None),
    "INVALID_REPLICATION_DATE": (400, "startDate before org replication enabled date", None),
    "EXCEEDED_ID_LIMIT": (400, "Exceeded the maximum number of ids", None),
    "STORAGE_LIMIT_EXCEEDED": (400, "storage limit exceeded", []),
    "LIMIT_EXCEEDED": (400, "You have reached the limit.", []),
    "PROCESSING_HALTED": (
        400, "The transaction was rolled back since another operation in the same transaction failed.", None,
    ),
    "UNKNOWN_EXCEPTION": (500, "An unexpected error occurred. Please include this ErrorId if you contact support: 0-0 (0)", None),
    "APEX_ERROR": (500, "System.LimitException: Apex CPU time limit exceeded", None),
    "SERVER_UNAVAILABLE": (503, "Server too busy", None),
}  # fmt: skip
# What the list calls by a name of ours because real codes share one word.
_CODES = {"CONCURRENT_REQUESTS": "REQUEST_LIMIT_EXCEEDED", "CONCURRENT_LONG_TXN": "REQUEST_LIMIT_EXCEEDED"}
_JSON = ("Content-Type", "application/json;charset=UTF-8")
_HTML = ("Content-Type", "text/html; charset=UTF-8")
_BUSY_PAGE = b"<html><head><title>Maintenance</title></head><body>We are down for maintenance.</body></html>"
_LOGIN_PAGE = (
    b"<html><head><title>Login</title></head><body><form action='/login'>Please log in</form></body></html>"
)
_PAGES = {
    "HTML_503": Answer(503, _BUSY_PAGE, (_HTML,)),
    "HTML_200": Answer(200, _LOGIN_PAGE, (_HTML,)),
    "HTML_404": Answer(404, b"<html><body>URL No Longer Exists</body></html>", (_HTML,)),
    "EMPTY_406": Answer(406, b"", ()),
    "STATUS_420": Answer(420, b"", ()),
}
SALESFORCE_NAMES = (*_SALESFORCE, *_PAGES)
ROW_NAMES = tuple(
    name for name, (status, _, fields) in _SALESFORCE.items() if fields is not None and status != 401
)
"""Errors that a single row of a collection can meet."""

_ALGUNA = {
    "400": "The request is invalid",
    "401": "Invalid or missing API key",
    "403": "This API key is not allowed to perform this operation",
    "404": "Not found",
    "409": "A request with this idempotency key is currently being processed",
    "422": "Validation failed: the request could not be processed",
    "429": "Rate limit exceeded",
    "500": "Internal server error",
    "502": "Bad gateway",
    "503": "Service unavailable",
}
ALGUNA_NAMES = (*_ALGUNA, "NOT_JSON", "HTML_503", "HTML_200")


def salesforce_error(name: str) -> ApiError:
    """The named error as the org would raise it; KeyError for an unknown name."""
    status, message, fields = _SALESFORCE[name]
    return ApiError(status, _CODES.get(name, name), message, fields)


def salesforce_answer(fault: Fault, request: Mapping[str, str]) -> Answer:
    """The HTTP answer of a named Salesforce error. Salesforce sends no Retry-After with its limits."""
    if fault.error in _PAGES:
        return _PAGES[fault.error]
    error = salesforce_error(fault.error)
    headers = [_JSON] if fault.retry_after is None else [_JSON, ("Retry-After", str(fault.retry_after))]
    if error.status == 401:
        headers.append(("WWW-Authenticate", "Token"))
    return Answer(
        error.status,
        json.dumps(error.body(), ensure_ascii=False, separators=(",", ":")).encode(),
        tuple(headers),
    )


def alguna_answer(fault: Fault, request: Mapping[str, str]) -> Answer:
    """The HTTP answer of a named Alguna error, with the idempotency headers where a key was sent.

    `Transient-Error` says that the key was released. That holds for a fault before the effect; after it only a program in
    between has failed, and the account knows the answer to the key.
    """
    if fault.error == "NOT_JSON":
        return Answer(
            200,
            b"upstream connect error or disconnect/reset before headers",
            (("Content-Type", "text/plain"),),
        )
    if fault.error in _PAGES:
        return _PAGES[fault.error]
    status = int(fault.error)
    headers = [("Content-Type", "application/json")]
    if fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    key = request.get("idempotency-key")
    if key is not None and not fault.after_effect:
        headers += [("Idempotency-Key", key), ("Idempotent-Replayed", "false")]
        if status == 429 or status >= 500:
            headers.append(("Transient-Error", "true"))
    body = json.dumps({"status": status, "detail": _ALGUNA[fault.error]}, separators=(",", ":"))
    return Answer(status, body.encode(), tuple(headers))
