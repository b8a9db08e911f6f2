"""Filter expressions of channel members: a part of SOQL's WHERE, asked of the changed record.

https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-filter-expression-format.html. Conditions
on ChangeEventHeader are refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.errors import field_integrity
from console.rehearsal.salesforce.ids import EMPTY_ID
from console.rehearsal.salesforce.soql.ast import And, Comparison, FieldPath, InList, Not, Or
from console.rehearsal.salesforce.soql.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.rehearsal.salesforce.query import Queries
    from console.rehearsal.salesforce.soql.ast import Condition

_VERSION = "62.0"


class Filters:
    """Reads and asks them."""

    def __init__(self, queries: Queries, user_id: str) -> None:
        self._queries = queries
        self._caller = Caller(user_id, system=True)

    def fields(self, sobject: str, condition: str) -> tuple[str, ...]:
        """The fields that an expression names; ApiError when it can't be used."""
        query = parse(f"SELECT Id FROM {sobject} WHERE {condition}")  # noqa: S608 - SOQL, and it is checked below
        further = (query.alias, query.group_by, query.having, query.order_by, query.offset)
        if query.where is None or query.limit is not None or query.all_rows or any(further):
            raise _refused("it must be a condition alone")
        names = tuple(dict.fromkeys(_names(query.where)))
        self.passes(sobject, EMPTY_ID, condition)
        return names

    def passes(self, sobject: str, record_id: str, condition: str) -> bool:
        """Whether the condition is true of a record as it is now, deleted or not."""
        soql = f"SELECT Id FROM {sobject} WHERE Id = '{record_id}' AND ({condition})"  # noqa: S608 - SOQL of a checked condition
        found = self._queries.query(
            self._caller,
            soql,
            version=_VERSION,
            all_rows=True,
            tooling=False,
            batch_size=200,
            session_key="filter",
        )
        return bool(found["totalSize"])


def _names(condition: Condition) -> Iterator[str]:
    match condition:
        case And(items) | Or(items):
            for item in items:
                yield from _names(item)
        case Not(item):
            yield from _names(item)
        case Comparison(FieldPath() as path) | InList(path):
            if len(path.names) != 1:
                raise _refused(f"{path.text} is no field of the object itself")
            yield path.names[0]
        case _:
            raise _refused("it may hold comparisons, IN lists, AND, OR, NOT and brackets only")


def _refused(why: str) -> Exception:
    return field_integrity(f"The filter expression can't be used: {why}", ["FilterExpression"])
