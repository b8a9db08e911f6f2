"""Jobs of the Bulk API 2.0: one step each, so that whoever drives them can write down where a job stands.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm. simple-salesforce can drive a job as
a whole, but doesn't tell its id before everything is over, and keeps whole files in memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Literal

from console.errors import ConsoleError
from console.salesforce.errors import error_of
from console.salesforce.soql import name as api_name
from console.salesforce.wire import Wire

Operation = Literal["insert", "update", "upsert"]
Kind = Literal["ingest", "query"]
Results = Literal["successfulResults", "failedResults"]

NULL = "#N/A"
"""Empties a field; an empty cell leaves it as it is."""
PAGE = 50_000
"""Rows of a query's result that are asked for at once."""
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
_CSV = "text/csv; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands. Failed rows do not make it ``Failed``: that is the job as such, and `error` says why."""

    state: str
    processed: int = 0
    """Failed rows included."""
    failed: int = 0
    error: str = ""

    @property
    def ended(self) -> bool:
        """True when its results can be read."""
        return self.state in ENDED


class BulkJobs:
    """The jobs of one org. Every method is one call and blocks; safe to use from several threads."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(self, operation: Operation, sobject: str, external_id: str = "") -> str:
        """A job for rows to write; returns its id. Nothing happens before it is closed.

        :raises ConsoleError: as every call; a job that was made and not told stays empty, and Salesforce removes it.
        """
        body = {"operation": operation, "object": api_name(sobject), "contentType": "CSV", "lineEnding": "LF"}
        if operation == "upsert":
            body["externalIdFieldName"] = api_name(external_id)
        return self._id(self._wire.call("POST", "jobs/ingest", body=body, writing=True))

    def upload(self, job_id: str, data: IO[bytes]) -> None:
        """The rows, once, as CSV text; `data` is read from its beginning."""
        path = f"jobs/ingest/{_safe(job_id)}/batches"
        with self._wire.open("PUT", path, data=data, headers={"Content-Type": _CSV}, writing=True):
            pass

    def close(self, job_id: str) -> None:
        """All rows are there: Salesforce may begin."""
        self._patch(job_id, "UploadComplete")

    def abort(self, job_id: str) -> None:
        """What was not done is not done any more."""
        self._patch(job_id, "Aborted")

    def query(self, soql: str) -> str:
        """A job that reads; returns its id."""
        return self._reading("query", soql)

    def query_all(self, soql: str) -> str:
        """The same for deleted and merged rows too."""
        return self._reading("queryAll", soql)

    def _reading(self, operation: str, soql: str) -> str:
        body = {"operation": operation, "query": soql, "lineEnding": "LF"}
        return self._id(self._wire.call("POST", "jobs/query", body=body))

    def state(self, job_id: str, kind: Kind = "ingest") -> JobState:
        """How the job stands. :raises Refused: there is no such job (any more)."""
        answer = self._wire.read("GET", f"jobs/{kind}/{_safe(job_id)}")
        try:
            return JobState(
                str(answer["state"]),
                int(answer.get("numberRecordsProcessed") or 0),
                int(answer.get("numberRecordsFailed") or 0),
                str(answer.get("errorMessage") or ""),
            )
        except (KeyError, TypeError, ValueError):
            raise self._wire.strange("a bulk job", False) from None

    def results(self, job_id: str, which: Results, into: IO[bytes]) -> None:
        """What became of rows, as CSV text into a file: in no order, with ``sf__Id`` and ``sf__Created`` or ``sf__Error``."""
        self._download(f"jobs/ingest/{_safe(job_id)}/{which}", {}, into)

    def rows(self, job_id: str, into: IO[bytes], locator: str = "") -> str:
        """A page of a query's result into a file; returns the locator of the next page, empty after the last."""
        params = {"maxRecords": str(PAGE), **({"locator": locator} if locator else {})}
        told = self._download(f"jobs/query/{_safe(job_id)}/results", params, into)
        following = str(told.get("Sforce-Locator") or "null")
        return "" if following == "null" else following

    def _download(self, path: str, params: Mapping[str, str], into: IO[bytes]) -> Mapping[str, str]:
        with self._wire.open("GET", path, params=params, headers={"Accept": _CSV}) as response:
            for piece in response.iter_content(1 << 16):
                into.write(piece)
            headers: Mapping[str, str] = response.headers
        into.seek(0)
        return headers

    def _patch(self, job_id: str, state: str) -> None:
        self._wire.call("PATCH", f"jobs/ingest/{_safe(job_id)}", body={"state": state}, writing=True)

    def _id(self, answer: Any) -> str:
        job_id = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(job_id, str) or not job_id.isalnum():
            raise self._wire.strange("a bulk job", True)
        return job_id


def written(columns: Sequence[str], bodies: Iterable[Mapping[str, Any]], into: IO[bytes]) -> int:
    """Records as the CSV of a job; returns how many. A column that a record lacks stays as it is in the org."""
    text = io.TextIOWrapper(into, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    lines.writerow(columns)
    count = 0
    for body in bodies:
        lines.writerow([_cell(body, column) for column in columns])
        count += 1
    text.detach()
    into.seek(0)
    return count


def fits(body: Mapping[str, Any]) -> bool:
    """Whether a job can carry this record: not when a value of it is the very text that means null there."""
    return NULL not in body.values()


def table(source: IO[bytes]) -> Iterator[dict[str, str]]:
    """The rows of a CSV text by column, one at a time."""
    csv.field_size_limit(1 << 20)
    text = io.TextIOWrapper(source, encoding="utf-8", newline="")
    try:
        yield from csv.DictReader(text)
    finally:
        text.detach()


def as_json(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of a query's result as the REST API would have answered it: empty is null, and flags are flags."""
    found: dict[str, Any] = {column: value or None for column, value in row.items()}
    if "IsDeleted" in found:
        found["IsDeleted"] = found["IsDeleted"] == "true"
    return found


def error_in(text: str) -> ConsoleError:
    """The typed error in an ``sf__Error``: ``CODE:message:FIELD,FIELD --``."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    named = [each.strip() for each in fields.replace("--", "").split(",") if each.strip()]
    return error_of(200, code.strip(), message, named)


def _cell(body: Mapping[str, Any], column: str) -> str:
    if column not in body:
        return ""
    value = body[column]
    if value is None:
        return NULL
    return str(value)


def _safe(job_id: str) -> str:
    if not job_id.isalnum():
        raise ValueError("this is no id of a job")
    return job_id
