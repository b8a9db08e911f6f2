"""Salesforce's error codes: what each means for a person, and what is done about it.

Codes: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm and the
status codes of the REST API guide. Messages can hold customer data: only those that an administrator wrote (validation
rules, flows, duplicate rules) are passed on, cleaned and cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from console.domain.ids import to_18
from console.domain.plain import plain
from console.errors import BudgetReached, Conflict, ConsoleError, Refused, SignInNeeded, Unreachable


class DuplicateFound(Refused):
    """A duplicate rule of the org stopped a record, and says which records it takes for the same.

    :param rule: the rule's API name, as the org tells it.
    :param may_save: the rule alerts only: a person may have the record saved all the same.
    :param records: ids of the matching records, 18 characters.
    """

    def __init__(
        self, message: str, advice: str, *, rule: str, may_save: bool, records: tuple[str, ...]
    ) -> None:
        super().__init__(message, advice, code="DUPLICATES_DETECTED")
        self.rule = rule
        self.may_save = may_save
        self.records = records


Policy = Literal["retry_now", "retry_later", "person", "skip"]
"""``retry_now``: in a moment, a few times. ``retry_later``: with the next pass. ``person``: never unchanged. ``skip``: the
record is gone or was not reached; look at it again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table. `quote` passes Salesforce's own words on; ``{fields}`` names the fields."""

    kind: type[ConsoleError]
    policy: Policy
    message: str
    advice: str
    quote: bool = False


_CLEAN_ROW = "Correct the value, then retry."
_ASK_ADMIN = "Run the set-up again, or grant the rights to the signed-in user."
_BUSY = "Try again in a moment; a running sync does so by itself."

TABLE: Mapping[str, Entry] = {
    "INVALID_SESSION_ID": Entry(
        SignInNeeded, "person", "The Salesforce session has ended.", "Sign in to Salesforce again."
    ),
    "INVALID_AUTH_HEADER": Entry(
        SignInNeeded, "person", "Salesforce does not accept the access token.", "Sign in to Salesforce again."
    ),
    "REQUEST_LIMIT_EXCEEDED": Entry(
        BudgetReached,
        "person",
        "The org's API calls of the last 24 hours are used up.",
        "Wait until the window moves, or have the limit raised: Setup, System Overview, API Usage.",
    ),
    "API_DISABLED_FOR_ORG": Entry(
        Refused,
        "person",
        "The API is not enabled for this org or user.",
        "Use an edition with API access, and grant 'API Enabled' to the user.",
    ),
    "API_CURRENTLY_DISABLED": Entry(
        Unreachable, "retry_later", "Salesforce has switched the API off for the moment.", _BUSY
    ),
    "SERVER_UNAVAILABLE": Entry(Unreachable, "retry_now", "Salesforce is too busy.", _BUSY),
    "QUERY_TIMEOUT": Entry(Unreachable, "retry_now", "Salesforce took too long over the query.", _BUSY),
    "UNABLE_TO_LOCK_ROW": Entry(
        Unreachable, "retry_now", "Somebody else is changing the same record in Salesforce.", _BUSY
    ),
    "INVALID_QUERY_LOCATOR": Entry(
        Unreachable,
        "retry_later",
        "Salesforce has forgotten where the query stood.",
        "Sync again: the pass begins anew.",
    ),
    "INVALID_REPLICATION_DATE": Entry(
        Refused, "person", "Salesforce keeps changes for 30 days only.", "A full comparison is made instead."
    ),
    "EXCEEDED_ID_LIMIT": Entry(
        Refused,
        "person",
        "More records changed than Salesforce lists at once.",
        "A full comparison is made instead.",
    ),
    "REQUIRED_FIELD_MISSING": Entry(
        Refused, "person", "Salesforce requires {fields}.", "Fill it in Alguna or Salesforce, then retry."
    ),
    "STRING_TOO_LONG": Entry(
        Refused, "person", "The value of {fields} is too long for Salesforce{limit}.", _CLEAN_ROW
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": Entry(
        Refused, "person", "The value of {fields} is too large for Salesforce.", _CLEAN_ROW
    ),
    "INVALID_EMAIL_ADDRESS": Entry(
        Refused, "person", "Salesforce does not take the e-mail address in {fields}.", _CLEAN_ROW
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Entry(
        Refused,
        "person",
        "The value of {fields} is not in Salesforce's list of allowed values.",
        "Add it to the list in Setup, or correct the value; then retry.",
    ),
    "FIELD_INTEGRITY_EXCEPTION": Entry(
        Refused, "person", "Salesforce finds the values do not fit together{quote}.", _CLEAN_ROW, quote=True
    ),
    "JSON_PARSER_ERROR": Entry(
        Refused, "person", "Salesforce cannot read the value of {fields}.", _CLEAN_ROW
    ),
    "MISSING_ARGUMENT": Entry(Refused, "skip", "A record was sent without its id.", "It is looked up again."),
    "DUPLICATE_DEVELOPER_NAME": Entry(
        Refused,
        "person",
        "The org already has a field, channel or permission set of this name.",
        "Run the set-up again: it takes up what is there.",
    ),
    "METHOD_NOT_ALLOWED": Entry(
        Refused, "person", "Salesforce does not offer this on that address.", "Update the console."
    ),
    "INVALID_ARGUMENT": Entry(
        Refused, "person", "Salesforce cannot read the request.", "Report this with the run's number."
    ),
    "UNKNOWN_EXCEPTION": Entry(
        Unreachable,
        "retry_now",
        "Salesforce met an error of its own.",
        "It is tried again; ask Salesforce if it stays.",
    ),
    "LIMIT_EXCEEDED": Entry(
        Refused, "person", "A limit of the org is reached.", "See Setup, System Overview; then retry."
    ),
    "DUPLICATE_VALUE": Entry(
        Refused,
        "person",
        "Another record in Salesforce has the same unique value of {fields}{record}.",
        "Open both records and decide which one is the customer's.",
    ),
    "DUPLICATE_EXTERNAL_ID": Entry(
        Refused,
        "person",
        "Several records in Salesforce have the same external id.",
        "Open them and keep it on one only.",
    ),
    "DUPLICATES_DETECTED": Entry(
        Refused,
        "person",
        "A duplicate rule of the org stopped the record{quote}.",
        "Link with the record that is there already, or create it all the same where the rule lets you.",
        quote=True,
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Entry(
        Refused,
        "person",
        "A validation rule of the org refuses the record{quote}.",
        "Meet the rule, or change it in Setup; then retry.",
        quote=True,
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Entry(
        Refused,
        "person",
        "A lookup filter of the org refuses the record{quote}.",
        "Meet the filter, or change it in Setup; then retry.",
        quote=True,
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Entry(
        Refused,
        "person",
        "A trigger of the org refuses the record{quote}.",
        "Show the text to whoever looks after the org's automation; then retry.",
        quote=True,
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Entry(
        Refused,
        "person",
        "A flow of the org failed on the record{quote}.",
        "Show the text to whoever looks after the org's automation; then retry.",
        quote=True,
    ),
    "INVALID_FIELD": Entry(
        Refused,
        "person",
        "Salesforce does not know a field, or hides it from the signed-in user{named}.",
        _ASK_ADMIN,
    ),
    "INVALID_TYPE": Entry(
        Refused,
        "person",
        "Salesforce does not know an object, or hides it from the signed-in user.",
        _ASK_ADMIN,
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Entry(
        Refused, "person", "The signed-in user may not write {fields}.", _ASK_ADMIN
    ),
    "INSUFFICIENT_ACCESS": Entry(
        Refused, "person", "The signed-in user may not do this in Salesforce.", _ASK_ADMIN
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Entry(
        Refused, "person", "The signed-in user may not change this record in Salesforce.", _ASK_ADMIN
    ),
    "CANNOT_MODIFY_READ_ONLY": Entry(
        Refused, "person", "Salesforce is read-only at the moment.", "Wait, then retry."
    ),
    "MALFORMED_QUERY": Entry(
        Refused, "person", "Salesforce cannot read the query.", "Report this with the run's number."
    ),
    "MALFORMED_ID": Entry(
        Refused, "person", "Salesforce does not take that for a record's id.", "Check the id."
    ),
    "NOT_FOUND": Entry(
        Refused, "skip", "Salesforce does not have this (any more).", "It is looked up again."
    ),
    "ENTITY_IS_DELETED": Entry(
        Refused,
        "skip",
        "The record was deleted in Salesforce.",
        "Restore it from the recycle bin, or unlink it.",
    ),
    "INVALID_CROSS_REFERENCE_KEY": Entry(
        Refused,
        "skip",
        "Salesforce does not have the record (any more): deleted or merged.",
        "It is looked up again.",
    ),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Entry(
        Conflict, "retry_later", "Salesforce took nothing, because another record of the group failed.", _BUSY
    ),
    "PROCESSING_HALTED": Entry(
        Conflict,
        "retry_later",
        "Salesforce took nothing, because another request of the group failed.",
        _BUSY,
    ),
    "UNSUPPORTED_API_VERSION": Entry(
        Refused, "person", "Salesforce does not offer this version of its API.", "Update the console."
    ),
    "STORAGE_LIMIT_EXCEEDED": Entry(
        Refused, "person", "The org's storage is full.", "Make room: Setup, Storage Usage; then retry."
    ),
}

ABOUT_THE_ORG = frozenset(
    {
        "API_DISABLED_FOR_ORG", "CANNOT_MODIFY_READ_ONLY", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "METHOD_NOT_ALLOWED", "NOT_FOUND",
        "STORAGE_LIMIT_EXCEEDED", "UNSUPPORTED_API_VERSION",
    }
)  # fmt: skip
"""Refusals that no single record is the cause of: a call that met one is not taken apart to find it."""

_MAX_LENGTH = re.compile(r"\(max length=(\d+)\)")
_OTHER_RECORD = re.compile(r"record with id: ([0-9A-Za-z]{15,18})")
_COLUMN = re.compile(r"No such column '([0-9A-Za-z_.]{1,80})'")
_MOST_MATCHES = 50
_PASSING = frozenset({406, 408, 420, 429})


def policy_of(code: str) -> Policy:
    """What to do with a row or call that failed with this code; ``person`` for codes that are not in the table."""
    entry = _entry(code)
    if entry is not None:
        return entry.policy
    return "retry_now" if code.isdigit() and is_passing(int(code)) else "person"


def error_of(
    status: int, code: str, message: str, fields: Sequence[str] = (), *, writing: bool = False
) -> ConsoleError:
    """The typed error for one that Salesforce named.

    :param status: HTTP status, 200 for an item of a collection.
    :param writing: a fault of the server leaves it open whether a write took effect (`maybe_done`).
    """
    named = tuple(plain(name, 80) for name in fields)
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower():
        return Unreachable("Too many requests are open in this org.", _BUSY, code=code)
    entry = _entry(code)
    if entry is None:
        return _unlisted(status, code, named, writing=writing)
    text = entry.message.format(
        fields=", ".join(named) or "a field",
        quote=f": {plain(message, 300)}" if entry.quote and message else "",
        limit=_found(_MAX_LENGTH, message, " (at most {} characters)"),
        record=_found(_OTHER_RECORD, message, " ({})"),
        named=_found(_COLUMN, message, ": {}") or (f": {', '.join(named)}" if named else ""),
    )
    text = text.replace("?.", "?").replace("!.", "!")  # after a quote that ends by itself
    if entry.kind is Refused:
        if code == "INVALID_FIELD" and not named:
            column = _COLUMN.search(message)
            named = (column.group(1),) if column else ()
        return Refused(text, entry.advice, code=code, fields=named)
    if entry.kind is Unreachable:
        return Unreachable(text, entry.advice, code=code, maybe_done=writing and status >= 500)
    return entry.kind(text, entry.advice, code=code)


def error_of_item(status: int, item: Mapping[str, Any], *, writing: bool = False) -> ConsoleError:
    """The typed error for one of Salesforce's error objects, with what belongs to its kind.

    :param item: ``{"message", "errorCode" or "statusCode", "fields"?, "duplicateResult"?}``.
    """
    code = str(item.get("errorCode") or item.get("statusCode") or "UNKNOWN")
    error = error_of(status, code, str(item.get("message") or ""), texts(item.get("fields")), writing=writing)
    # Versions 51 to 56 of the API spell it like this.
    found = item.get("duplicateResult") or item.get("duplicateResut")
    if code == "DUPLICATES_DETECTED" and isinstance(found, dict):
        return DuplicateFound(
            error.message,
            error.advice,
            rule=plain(str(found.get("duplicateRule") or ""), 80),
            may_save=found.get("allowSave") is True,
            records=_matching_records(found),
        )
    return error


def error_of_body(status: int, body: Any, *, writing: bool = False) -> ConsoleError:
    """The typed error for a reply that is an error as a whole.

    :param body: what Salesforce sent: its array of ``{"message", "errorCode", "fields"?}``, or anything else.
    """
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, dict) and isinstance(first.get("errorCode"), str):
        return error_of_item(status, first, writing=writing)
    if status == 300:
        return error_of(status, "DUPLICATE_EXTERNAL_ID", "", writing=writing)
    if status == 401:
        return error_of(status, "INVALID_SESSION_ID", "")
    return _unlisted(status, str(status), (), writing=writing)


def texts(value: Any) -> tuple[str, ...]:
    """The texts in a JSON list, none when it is no list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def is_passing(status: int) -> bool:
    """True for HTTP statuses that a busy org or its front door answers with, whatever the body."""
    return status >= 500 or status in _PASSING


def _entry(code: str) -> Entry | None:
    return TABLE.get("INSUFFICIENT_ACCESS" if code.startswith("INSUFFICIENT_ACCESS_ON") else code)


def _unlisted(status: int, code: str, fields: tuple[str, ...], *, writing: bool) -> ConsoleError:
    shown = plain(code, 80)
    if is_passing(status):
        return Unreachable(f"Salesforce has a fault ({shown}).", _BUSY, code=shown, maybe_done=writing)
    about = f" on {', '.join(fields)}" if fields else ""
    return Refused(
        f"Salesforce refuses with {shown}{about}.",
        "Look the code up in Salesforce's documentation.",
        code=shown,
        fields=fields,
    )


def _matching_records(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids in a duplicate rule's result; what isn't of the documented shape is passed over."""
    ids: list[str] = []
    results = found.get("matchResults")
    for result in results if isinstance(results, list) else ():
        matches = result.get("matchRecords") if isinstance(result, dict) else None
        for match in matches if isinstance(matches, list) else ():
            record = match.get("record") if isinstance(match, dict) else None
            with suppress(ValueError):
                ids.append(to_18(str(record.get("Id") or "") if isinstance(record, dict) else ""))
    return tuple(dict.fromkeys(ids))[:_MOST_MATCHES]


def _found(pattern: re.Pattern[str], message: str, shape: str) -> str:
    match = pattern.search(message)
    return shape.format(match.group(1)) if match else ""
