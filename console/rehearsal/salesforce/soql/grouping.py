"""Queries with aggregates: one statement whose rows are the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.soql.aggregates import aggregate
from console.rehearsal.salesforce.soql.ast import Aggregate, FieldPath
from console.rehearsal.salesforce.soql.conditions import compile_condition, where
from console.rehearsal.salesforce.soql.ordering import order_by
from console.rehearsal.salesforce.soql.plan import Grouped
from console.rehearsal.salesforce.values import renderer

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.soql.scope import Scope


def grouped(scope: Scope) -> Grouped:
    """The one statement of a query with aggregates."""
    context = scope.context
    query = scope.query
    groups = {tuple(n.lower() for n in scope.names(each)): scope.column(each) for each in query.group_by}
    for path, column in zip(query.group_by, groups.values(), strict=False):
        if not column.field.groupable:
            message = f"field '{column.field.name}' can not be grouped in a query call"
            raise context.fail(path.start, message, "INVALID_FIELD")
    columns: list[str] = []
    keys: list[tuple[str, Callable[[Any], Any] | None]] = []
    aliases: dict[str, str] = {}
    unnamed = 0
    for item in query.select:
        if isinstance(item, Aggregate):
            sql, convert = aggregate(scope, item)
            name = item.alias or f"expr{unnamed}"
            unnamed += item.alias is None
        elif isinstance(item, FieldPath):
            key = tuple(each.lower() for each in scope.names(item))
            if key not in groups:
                message = f"Field must be grouped or aggregated: {item.names[-1]}"
                raise context.fail(item.start, message)
            found = groups[key]
            sql, convert, name = found.sql, renderer(found.field), item.alias or found.field.name
        else:
            start = item.start
            raise context.fail(start, "a grouped query selects grouped fields and aggregates only")
        if name.lower() in aliases:
            raise context.fail(item.start, f"duplicate alias: {name}")
        aliases[name.lower()] = sql
        columns.append(sql)
        keys.append((name, convert))
    conditions, values = where(scope)
    having = ""
    if query.having is not None:
        having_sql, having_values = compile_condition(scope, query.having, top=True)
        having = f" HAVING {having_sql}"
        values = [*values, *having_values]
    order_sql: list[tuple[str, bool]] = []
    for each in query.order_by:
        if isinstance(each.by, Aggregate):
            order_sql.append((aggregate(scope, each.by)[0], True))
            continue
        key = tuple(name.lower() for name in scope.names(each.by))
        if key in groups:
            order_sql.append((groups[key].sql, True))
        elif len(key) == 1 and key[0] in aliases:
            order_sql.append((aliases[key[0]], True))
        else:
            message = f"Ordered field must be grouped or aggregated: {each.by.names[-1]}"
            raise context.fail(each.by.start, message)
    order = order_by(order_sql, query.order_by)
    bounds, limits = scope.bounds()
    group = f" GROUP BY {', '.join(each.sql for each in groups.values())}" if groups else ""
    sql = f"SELECT {', '.join(columns)}{scope.from_(conditions)}{group}{having}{order}{bounds}"
    return Grouped((sql, [*scope.source_values(), *values, *limits]), keys)
