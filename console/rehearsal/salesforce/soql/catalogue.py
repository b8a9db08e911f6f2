"""The part of SOQL that objects of the metadata catalogue take.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/reference_objects_soql_limits.htm
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.soql.ast import Aggregate, And, Comparison, InList, InQuery, Not, Or

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.rehearsal.salesforce.schema import SObject
    from console.rehearsal.salesforce.soql.ast import Condition, Query

_NOT_YET = (
    "The requested operation is not yet supported by this SObject storage type, contact salesforce.com "
    "support for more information."
)


def check(sobject: SObject, query: Query) -> Query:
    """The query as such an object understands it: LIMIT and OFFSET are ignored. Raises for what it refuses."""
    if query.is_count or query.is_aggregate or any(isinstance(each, Aggregate) for each in query.select):
        raise ApiError(400, "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", _NOT_YET)
    filters = list(_filters(query.where)) if query.where is not None else []
    if sobject.reified and not any(_narrows(sobject, each) for each in filters):
        columns = ",".join(sobject.reified)
        message = f"{sobject.name}: a filter on a reified column is required [{columns}]"
        raise ApiError(400, "MALFORMED_QUERY", message)
    return replace(query, limit=None, offset=0)


def _filters(condition: Condition) -> Iterator[Comparison | InList | InQuery]:
    match condition:
        case And(items):
            for item in items:
                yield from _filters(item)
        case Or():
            raise ApiError(400, "MALFORMED_QUERY", "Disjunctions not supported")
        case Not() | Comparison(operator="!=") | InList(negated=True) | InQuery(negated=True):
            raise ApiError(400, "MALFORMED_QUERY", "Only equals comparisons permitted")
        case _:
            yield condition


def _narrows(sobject: SObject, condition: Comparison | InList | InQuery) -> bool:
    """Whether a filter names one of the columns, itself or through the relationship behind it."""
    if isinstance(condition.left, Aggregate):
        return False
    if isinstance(condition, Comparison) and condition.operator != "=":
        return False
    path = [each.lower() for each in condition.left.names]
    if path[0] == sobject.name.lower() and len(path) > 1:
        path = path[1:]
    for name in sobject.reified:
        lower = name.lower()
        by_name = [lower.removesuffix("id"), "qualifiedapiname"]
        if path == [lower] or (lower.endswith("definitionid") and path == by_name):
            return True
    return False
