"""sObject collections: up to 200 records in one call, each with a result of its own.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.rest import valid_id
from console.rehearsal.salesforce.routing import Call, Reply, Route
from console.rehearsal.salesforce.store import RollBack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.rehearsal.salesforce.org import Org

MAX_WRITES = 200
MAX_READS = 2000
_MAX_CHUNKS = 10
_ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}
_SETUP_OBJECTS = {
    "fieldpermissions",
    "group",
    "objectpermissions",
    "permissionset",
    "permissionsetassignment",
    "profile",
    "user",
}

Result = dict[str, Any]
Row = TypeVar("Row")


class Collections:
    """`/composite/sobjects`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """All paths of collections."""
        return [
            Route("composite/sobjects", POST=self.create, PATCH=self.update, DELETE=self.delete),
            Route("composite/sobjects/{sobject}", GET=self.read, POST=self.read),
            Route("composite/sobjects/{sobject}/{field}", PATCH=self.upsert),
        ]

    def create(self, call: Call) -> Reply:
        records, all_or_none = _records(call)

        def work(record: dict[str, Any]) -> Result:
            values = _values(record)
            record_id = self._org.insert(call.caller, _type(record), values)
            return {"id": record_id, "success": True, "errors": []}

        return Reply(200, self._run(records, _type, work, all_or_none=all_or_none))

    def update(self, call: Call) -> Reply:
        records, all_or_none = _records(call)

        def work(record: dict[str, Any]) -> Result:
            values = _values(record)
            given = _take(values, "Id")
            if given is None:
                raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
            record_id = valid_id(given)
            self._org.update(call.caller, _type(record), record_id, values)
            return {"id": record_id, "success": True, "errors": []}

        return Reply(200, self._run(records, _type, work, all_or_none=all_or_none))

    def upsert(self, call: Call) -> Reply:
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        field = call.params["field"]
        records, all_or_none = _records(call)
        seen: set[str] = set()

        def work(record: dict[str, Any]) -> Result:
            if _type(record).lower() != sobject.lower():
                message = f"Record type {_type(record)} does not match the type {sobject} of the request"
                raise ApiError(400, "INVALID_TYPE", message, [])
            values = _values(record)
            value = _take(values, field)
            if value is None and field.lower() == "id":
                created_id = self._org.insert(call.caller, sobject, values)
                return {"id": created_id, "success": True, "errors": [], "created": True}
            if value is None or value == "":
                raise ApiError(400, "MISSING_ARGUMENT", f"{field} not specified", [])
            if field.lower() == "id":
                value = valid_id(value)
            if str(value) in seen:
                message = f"Duplicate external id specified: {value}"
                raise ApiError(400, "DUPLICATE_VALUE", message, [field])
            seen.add(str(value))
            record_id, is_new = self._org.upsert(call.caller, sobject, field, value, values)
            return {"id": record_id, "success": True, "errors": [], "created": is_new}

        results = self._run(records, _type, work, all_or_none=all_or_none)
        for result in results:
            result.setdefault("created", False)
        return Reply(200, results)

    def delete(self, call: Call) -> Reply:
        given = _id_list(call)
        _check_count(given, MAX_WRITES)
        all_or_none = call.query.get("allOrNone", "").lower() == "true"

        def work(value: str) -> Result:
            record_id = valid_id(value)
            self._org.delete(call.caller, self._org.type_of(record_id), record_id)
            return {"id": record_id, "success": True, "errors": []}

        return Reply(200, self._run(given, self._type_of_id, work, all_or_none=all_or_none))

    def read(self, call: Call) -> Reply:
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        if call.method == "POST":
            body = call.json_object()
            given, fields = _texts(body, "ids"), _texts(body, "fields")
        else:
            given, fields = _id_list(call), _split(call.query.get("fields", ""))
        if not fields:
            raise ApiError(400, "MISSING_ARGUMENT", "The fields parameter is required")
        _check_count(given, MAX_READS)
        return Reply(200, [self._read_one(call, sobject, value, fields) for value in given])

    def _read_one(self, call: Call, sobject: str, value: str, fields: Sequence[str]) -> Any:
        try:
            return self._org.reading.read(call.caller, sobject, value, fields, version=call.version)
        except ApiError as error:
            if error.status == 404 or error.code == "MALFORMED_ID":
                return None
            raise

    def _type_of_id(self, value: str) -> str:
        try:
            return self._org.type_of(valid_id(value))
        except ApiError:
            return ""

    def _run(
        self,
        rows: Sequence[Row],
        kind: Callable[[Row], str],
        work: Callable[[Row], Result],
        *,
        all_or_none: bool,
    ) -> list[Result]:
        """A result for each row, in order; with `all_or_none` either all rows count or none does."""
        kinds = [kind(row).lower() for row in rows]
        if sum(1 for _ in groupby(kinds)) > _MAX_CHUNKS:
            message = "Cannot have more than 10 chunks in a single operation."
            message += " Please rearrange the data to reduce chunking."
            raise ApiError(400, "LIMIT_EXCEEDED", message)
        results: list[Result] = []
        try:
            with self._org.transaction():
                for row, name in zip(rows, kinds, strict=True):
                    try:
                        _check_mixing(name, kinds[0])
                        self._injected_fault(name)
                        results.append(work(row))
                    except ApiError as error:
                        results.append({"success": False, "errors": _row_errors(error)})
                if all_or_none and not all(result["success"] for result in results):
                    raise RollBack
        except RollBack:
            return [
                {"success": False, "errors": [dict(_ROLLED_BACK)]} if result["success"] else result
                for result in results
            ]
        return results

    def _injected_fault(self, sobject: str) -> None:
        fault = self._org.row_fault(sobject) if self._org.row_fault is not None else None
        if fault is not None:
            raise fault


def _row_errors(error: ApiError) -> list[dict[str, Any]]:
    if error.code == "NOT_FOUND":
        return [{"statusCode": "INVALID_TYPE", "message": error.message, "fields": []}]
    return error.items()


def _check_mixing(sobject: str, first: str) -> None:
    if (sobject in _SETUP_OBJECTS) != (first in _SETUP_OBJECTS):
        message = "DML operation on setup object is not permitted after you have updated a non-setup object"
        message += f" (or vice versa): {sobject}, original object: {first}"
        raise ApiError(400, "MIXED_DML_OPERATION", message, [])


def _records(call: Call) -> tuple[list[dict[str, Any]], bool]:
    """The records of a body and its `allOrNone`; raises when the body is not a collection."""
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list):
        records = []
    _check_count(records, MAX_WRITES)
    for record in records:
        attributes = record.get("attributes") if isinstance(record, dict) else None
        if not isinstance(attributes, dict) or not isinstance(attributes.get("type"), str):
            message = "Each record of a collection must have attributes with a type"
            raise ApiError(400, "INVALID_INPUT", message)
    return records, body.get("allOrNone") is True


def _check_count(rows: Sequence[Any], limit: int) -> None:
    if not rows:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if len(rows) > limit:
        message = f"record limit reached. cannot submit more than {limit} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _type(record: dict[str, Any]) -> str:
    return str(record["attributes"]["type"])


def _values(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "attributes"}


def _take(values: dict[str, Any], field: str) -> Any:
    """Remove a field by its name in any case and return its value, or None."""
    wanted = field.lower()
    for name in values:
        if name.lower() == wanted:
            return values.pop(name)
    return None


def _texts(body: dict[str, Any], name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ApiError(400, "INVALID_INPUT", f"{name} must be a list of strings")
    return values


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _id_list(call: Call) -> list[str]:
    return _split(call.query.get("ids", ""))
