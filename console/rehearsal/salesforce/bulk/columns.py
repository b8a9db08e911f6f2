"""From the header and the cells of a file to the fields and values of records.

Header rows, relationships and null values:
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_csv_preparing.htm;
dates and flags: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_date_format.htm
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.bulk import csvtext
from console.rehearsal.salesforce.bulk.errors import JobFailure
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.schema import NUMBER_TYPES
from console.rehearsal.salesforce.values import to_stored

if TYPE_CHECKING:
    from console.rehearsal.salesforce.bulk.jobs import Job
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.schema import Field

NULL = "#N/A"
_YES = frozenset({"yes", "y", "true", "on", "1"})
_NO = frozenset({"no", "n", "false", "off", "0"})
_XSD = {"boolean": "boolean", "int": "int", "date": "date", "datetime": "dateTime"}
_CHECKED = frozenset(_XSD) | NUMBER_TYPES


@dataclass(frozen=True, slots=True)
class Column:
    """What the cells below a name of the header stand for."""

    name: str
    """The field's name as the org spells it, or that of the relationship."""
    field: Field
    key: str = ""
    """The field of the parent that names it, when the column is a relationship."""


def columns(org: Org, job: Job, header: Sequence[str]) -> list[Column]:
    """The columns of a header; raises JobFailure for one that the job can't have."""
    if len(header) > csvtext.MAX_COLUMNS or sum(map(len, header)) + len(header) > csvtext.MAX_HEADER:
        raise JobFailure("InvalidBatch : The header row is too long")
    names = [name.strip() for name in header]
    if job.operation in ("delete", "hardDelete") and [name.lower() for name in names] != ["id"]:
        raise JobFailure("InvalidBatch : Delete batch must contain only ids")
    found = [_column(org, job, name) for name in names]
    seen: set[tuple[str, str]] = set()
    for name, column in zip(names, found, strict=True):
        if (column.name, column.key) in seen:
            raise JobFailure(f"InvalidBatch : Duplicate field name : {name}")
        seen.add((column.name, column.key))
    if job.operation == "upsert" and (str(job.external_id), "") not in seen:
        raise JobFailure(f"InvalidBatch : Field name not found : {job.external_id}")
    return found


def _column(org: Org, job: Job, name: str) -> Column:
    view = org.view(job.caller, job.object)
    if view is None:
        raise JobFailure(f"InvalidEntity : Entity '{job.object}' is not supported by the Bulk API.")
    if "." not in name:
        field = view.get(name)
        if field is None:
            raise JobFailure(f"InvalidBatch : Field name not found : {name}")
        return Column(field.name, field)
    # A relationship that can lead to several objects is written Type:Relationship.Field.
    path = name.partition(":")[2] or name
    relationship, _, key = path.partition(".")
    reference = view.relationships.get(relationship.lower())
    target = org.view(job.caller, reference.reference_to) if reference is not None else None
    parent = target.get(key) if target is not None else None
    if reference is None or parent is None:
        raise JobFailure(f"InvalidBatch : Field name not found : {name}")
    return Column(str(reference.relationship_name), reference, parent.name)


def values(found: Sequence[Column], cells: Sequence[str]) -> dict[str, Any]:
    """The values of one record. An empty cell says nothing, `#N/A` says null. Raises ApiError."""
    if len(cells) != len(found):
        message = f"The record has {len(cells)} fields where the header has {len(found)}"
        raise ApiError(400, "INVALID_CSV_RECORD", message)
    record: dict[str, Any] = {}
    for place, (column, cell) in enumerate(zip(found, cells, strict=True)):
        if cell == "":
            continue
        if len(cell) > csvtext.MAX_FIELD:
            message = f"The field {column.name} is longer than {csvtext.MAX_FIELD} characters"
            raise ApiError(400, "INVALID_CSV_RECORD", message, [column.name])
        if cell == NULL:
            record[column.name] = None
        elif column.key:
            record[column.name] = {column.key: cell}
        elif column.field.type in _CHECKED:
            record[column.name] = _typed(place, column.field, cell)
        else:
            record[column.name] = cell
    return record


def _typed(place: int, field: Field, cell: str) -> Any:
    word = cell.strip().lower()
    if field.type == "boolean" and word in _YES | _NO:
        return word in _YES
    try:
        to_stored(field, cell)
    except ApiError as error:
        if error.code != "JSON_PARSER_ERROR":
            raise
        kind = _XSD.get(field.type, "double")
        message = (
            f"Failed to deserialize field at col {place}. Due to, '{cell}' is not a valid value for the type "
            f"xsd:{kind}"
        )
        raise ApiError(400, "INVALID_FIELD", message, [field.name]) from None
    return cell
