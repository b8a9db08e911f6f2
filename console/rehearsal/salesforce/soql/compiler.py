"""From the parts of a query to SQL with bound values, and to the shape of its records.

A query becomes two statements: one that tells which rows, in which order, and one that reads what was asked for of
some of them. So a page of a long result costs the same wherever it lies.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema, every value is bound

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.soql import catalogue
from console.rehearsal.salesforce.soql.ast import FieldGroup, FieldPath, Query
from console.rehearsal.salesforce.soql.conditions import where
from console.rehearsal.salesforce.soql.grouping import grouped
from console.rehearsal.salesforce.soql.ordering import order_by, order_column
from console.rehearsal.salesforce.soql.plan import Child, Count, Grouped, Plan, Sql
from console.rehearsal.salesforce.soql.scope import Scope
from console.rehearsal.salesforce.soql.select import Selection
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.schema import Field
    from console.rehearsal.salesforce.soql.context import Context

MAX_OFFSET = 2000
MAX_FIELDS_LIMIT = 200
ONE_ROW_FIELDS = frozenset({"Metadata", "FullName"})
"""Fields of Tooling objects that are given for one row at a time."""


def compile_query(context: Context, query: Query) -> Plan | Count | Grouped:
    """The whole query; raises ApiError for what does not exist for the caller or is not allowed."""
    view = context.view_named(query)
    _check_bounds(context, query)
    if view.sobject.catalogue:
        query = catalogue.check(view.sobject, query)
    if query.all_rows:
        context = replace(context, all_rows=True)
    scope = Scope(context, view, query)
    if query.is_count:
        return Count(_count(scope))
    if query.is_aggregate:
        return grouped(scope)
    return _plan(scope)


def compile_reading(context: Context, view: View, names: Sequence[str]) -> Plan:
    """The plan that reads some fields, parents' fields among them, of records known by row number."""
    paths = tuple(FieldPath(tuple(name.split(".")), 0) for name in names)
    return _plan(Scope(context, view, Query(paths, view.sobject.name, 0)))


def _check_bounds(context: Context, query: Query) -> None:
    if query.offset > MAX_OFFSET:
        message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
        raise context.fail(query.offset_start, message, "NUMBER_OUTSIDE_VALID_RANGE")
    for each in query.select:
        unbounded = isinstance(each, FieldGroup) and each.kind != "STANDARD"
        if unbounded and (query.limit is None or query.limit > MAX_FIELDS_LIMIT):
            message = "The SOQL FIELDS function must have a LIMIT of at most 200"
            raise ApiError(400, "MALFORMED_QUERY", message)


def _count(scope: Scope) -> Sql:
    conditions, values = where(scope)
    bounds, limits = scope.bounds()
    inner = scope.from_(conditions)
    if not bounds:
        return f"SELECT count(*){inner}", [*scope.source_values(), *values]
    sql = f"SELECT count(*) FROM (SELECT 1{inner}{bounds})"
    return sql, [*scope.source_values(), *values, *limits]


def _order(scope: Scope) -> str:
    orders = scope.query.order_by
    return order_by([order_column(scope, each.by) for each in orders], orders)


def _plan(scope: Scope) -> Plan:
    conditions, values = where(scope)
    order = _order(scope)
    bounds, limits = scope.bounds()
    keys = f"SELECT {scope.alias}._n{scope.from_(conditions)}{order}{bounds}"
    return _shaped(scope, (keys, [*scope.source_values(), *values, *limits]))


def _shaped(scope: Scope, keys: Sql) -> Plan:
    """The plan of a query whose rows are known: reading them needs joins of its own."""
    context, view = scope.context, scope.view
    reading = Scope(context, view, scope.query, scope.alias)
    selection = Selection(reading, lambda inner: _child(context, view, inner))
    source, source_values = context.source(view)
    names = (name for name, _ in selection.shape.items if name in ONE_ROW_FIELDS)
    return Plan(
        view,
        source,
        source_values,
        keys,
        selection.columns,
        reading.joins(),
        selection.shape,
        selection.children,
        ordered=bool(scope.query.order_by),
        single=next(names, None) if "Metadata" in view.sobject.fields else None,
    )


def _child(context: Context, parent: View, query: Query) -> Child:
    """A query inside a select list. Its rows are those of many parents, each with its parent's id.

    The first parameter of its statement is not bound yet: a JSON array of the parents' ids.
    """
    view, reference = context.child_of(parent, query.source, query.source_start)
    if query.is_aggregate:
        raise context.fail(query.start, "aggregates are not allowed in a sub-query of the select list")
    plan = _shaped(scope := Scope(context, view, query), _rows_of_parents(scope, reference))
    return Child(reference.child_relationship or query.source, plan, query.limit, query.offset)


def _rows_of_parents(scope: Scope, reference: Field) -> Sql:
    conditions, values = where(scope)
    order = _order(scope)
    parent = f"{scope.alias}.{quoted(reference.name)}"
    wanted = f"{parent} IN (SELECT value FROM json_each(?))"
    return f"SELECT {parent}, {scope.alias}._n{scope.from_([wanted, *conditions])}{order}", values
