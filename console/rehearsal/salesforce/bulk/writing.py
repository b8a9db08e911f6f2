"""Carrying out the records of an ingest job, up to two hundred in a transaction, each with a result of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.bulk import csvtext
from console.rehearsal.salesforce.bulk.columns import Column, values
from console.rehearsal.salesforce.bulk.errors import row_error
from console.rehearsal.salesforce.errors import ApiError

if TYPE_CHECKING:
    from console.rehearsal.salesforce.bulk.csvtext import Line
    from console.rehearsal.salesforce.bulk.jobs import Job
    from console.rehearsal.salesforce.org import Org

BATCH = 200
"""Records that triggers, rules and flows see together."""

Result = tuple[bool, str, bool, str]
"""Whether it went well, the record's id, whether it was created, the error."""


def write(org: Org, job: Job, found: Sequence[Column], lines: Sequence[Line]) -> list[Result]:
    """The results of some records, in order. Inside a transaction; every record is one of its own."""
    work = _Work(org, job, found)
    return [work.one(line) for line in lines]


class _Work:
    def __init__(self, org: Org, job: Job, found: Sequence[Column]) -> None:
        self._org = org
        self._job = job
        self._columns = found
        self._caller = job.caller
        self._seen: set[str] = set()
        self._id = next((place for place, each in enumerate(found) if each.name == "Id"), None)

    def one(self, line: Line) -> Result:
        given = self._given_id(line)
        try:
            if line.fault:
                raise ApiError(400, "INVALID_CSV_RECORD", line.fault)
            if sum(map(len, line.cells)) > csvtext.MAX_RECORD:
                raise ApiError(
                    400, "INVALID_CSV_RECORD", f"The record is longer than {csvtext.MAX_RECORD} characters"
                )
            record = values(self._columns, line.cells)
            fault = self._org.row_fault(self._job.object) if self._org.row_fault is not None else None
            if fault is not None:
                raise fault
            record_id, created = self._carry_out(record)
        except ApiError as error:
            return False, given, False, row_error(error)
        return True, record_id, created, ""

    def _given_id(self, line: Line) -> str:
        if self._id is None or self._id >= len(line.cells):
            return ""
        return ids.normalise(line.cells[self._id]) or ""

    def _carry_out(self, record: dict[str, Any]) -> tuple[str, bool]:
        org, caller, sobject = self._org, self._caller, self._job.object
        match self._job.operation:
            case "insert":
                return org.insert(caller, sobject, record), True
            case "upsert":
                return self._upsert(record)
        record_id = _valid_id(record.pop("Id", None), self._job.operation)
        match self._job.operation:
            case "update":
                org.update(caller, sobject, record_id, record)
            case "delete":
                org.delete(caller, sobject, record_id)
            case _:
                org.hard_delete(caller, sobject, record_id)
        return record_id, False

    def _upsert(self, record: dict[str, Any]) -> tuple[str, bool]:
        field = str(self._job.external_id)
        key = record.pop(field, None)
        if key is None and field == "Id":
            return self._org.insert(self._caller, self._job.object, record), True
        if key is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"{field} not specified", [])
        if field == "Id":
            key = _valid_id(key, "upsert")
        if str(key) in self._seen:
            raise ApiError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {key}", [field])
        self._seen.add(str(key))
        return self._org.upsert(self._caller, self._job.object, field, key, record)


def _valid_id(value: object, operation: str) -> str:
    if value is None:
        raise ApiError(400, "MISSING_ARGUMENT", f"Id not specified in an {operation} call", [])
    record_id = ids.normalise(value)
    if record_id is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {value}", [])
    return record_id
