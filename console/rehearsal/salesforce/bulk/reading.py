"""The result of a query job as CSV.

What a bulk query can't ask for: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.bulk import csvtext
from console.rehearsal.salesforce.bulk.errors import BulkError
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.schema import NUMBER_TYPES
from console.rehearsal.salesforce.soql.ast import Query
from console.rehearsal.salesforce.soql.parser import parse
from console.rehearsal.salesforce.soql.plan import Plan, Shape

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import Caller, View
    from console.rehearsal.salesforce.bulk.jobs import Job
    from console.rehearsal.salesforce.org import Org

PIECE = 1000
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True)
class _Column:
    path: tuple[str, ...]
    type: str


def check(org: Org, caller: Caller, soql: str, *, all_rows: bool) -> str:
    """The name of the object that a query is about; raises what a bulk query is refused with."""
    try:
        parsed = parse(soql)
        _refuse(parsed)
        plan = org.queries.plan(caller, soql, all_rows=all_rows)
    except BulkError:
        raise
    except ApiError as error:
        raise BulkError("API_ERROR" if error.status >= 500 else error.code, error.message) from None
    if not isinstance(plan, Plan):
        raise _unsupported("Aggregate functions")
    if _compound(plan.shape):
        raise BulkError("API_ERROR", "Selecting compound data not supported in Bulk Query")
    return plan.view.sobject.name


def _refuse(parsed: Query) -> None:
    if any(isinstance(each, Query) for each in parsed.select):
        message = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
        raise BulkError("FEATURENOTENABLED", message)
    if parsed.is_aggregate or parsed.is_count:
        raise _unsupported("GROUP BY" if parsed.group_by else "Aggregate functions")
    if parsed.offset:
        raise _unsupported("OFFSET")


def _unsupported(what: str) -> BulkError:
    return BulkError("FEATURENOTENABLED", f"{what} not supported in Bulk V2 Query with CSV content type")


def _compound(shape: Shape) -> bool:
    return any(
        isinstance(item, list) or (isinstance(item, Shape) and _compound(item)) for _, item in shape.items
    )


class Reading:
    """A query that is being read, a piece at a time."""

    def __init__(self, org: Org, job: Job) -> None:
        plan = org.queries.plan(job.caller, str(job.soql), all_rows=job.operation == "queryAll")
        if not isinstance(plan, Plan):
            raise TypeError("the query was checked when the job was created")
        self._org = org
        self._job = job
        self._plan = plan
        self._keys: array[int] = org.queries.keys(plan)
        self._columns = _columns(org, job.caller, plan.shape, plan.view, ())
        self._delimiter = csvtext.DELIMITERS[job.delimiter]

    @property
    def header(self) -> str:
        """The names of the columns, as a CSV record."""
        return csvtext.joined((".".join(column.path) for column in self._columns), self._delimiter)

    def piece(self, start: int, size: int) -> list[tuple[int, str]]:
        """Some records with their places; none at the end."""
        records = self._org.queries.rows(self._plan, self._keys[start : start + size], self._job.version)
        return [(start + place, self._line(record)) for place, record in enumerate(records)]

    def _line(self, record: dict[str, Any]) -> str:
        return csvtext.joined((_text(column, record) for column in self._columns), self._delimiter)


def _columns(org: Org, caller: Caller, shape: Shape, view: View, above: tuple[str, ...]) -> list[_Column]:
    found: list[_Column] = []
    for key, item in shape.items:
        if isinstance(item, Shape):
            target = org.view(caller, view.relationships[key.lower()].reference_to)
            if target is not None:
                found += _columns(org, caller, item, target, (*above, key))
        else:
            field = view.get(key)
            found.append(_Column((*above, key), field.type if field is not None else "string"))
    return found


def _text(column: _Column, record: dict[str, Any]) -> str:
    value: Any = record
    for name in column.path:
        value = None if value is None else value[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.type in NUMBER_TYPES:
        return double_text(float(value))
    if column.type == "datetime":
        return str(value).replace("+0000", "Z")
    return str(value)


def double_text(value: float) -> str:
    """A number as Java prints a double: 50.0, and 9.12260031E8 from ten million on."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, _, exponent = f"{value:.17e}".partition("e")
    for precision in range(1, 17):
        shorter = f"{value:.{precision}e}"
        if float(shorter) == value:
            digits, _, exponent = shorter.partition("e")
            break
    return f"{digits}E{int(exponent)}"
