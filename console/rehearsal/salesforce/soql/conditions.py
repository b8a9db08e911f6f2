"""WHERE and HAVING.

Nothing is null in a condition of SOQL: `!=` and NOT IN find rows without a value, and NOT turns false into true.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema, every value is bound

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.schema import ID_TYPES, TEXT_TYPES
from console.rehearsal.salesforce.soql.aggregates import aggregate
from console.rehearsal.salesforce.soql.ast import (
    Aggregate,
    And,
    Comparison,
    Condition,
    FieldPath,
    InList,
    InQuery,
    Literal,
    Not,
    Or,
)
from console.rehearsal.salesforce.soql.literals import glob, plain, stored, wrong_type
from console.rehearsal.salesforce.soql.plan import Column, Sql
from console.rehearsal.salesforce.soql.scope import Scope
from console.rehearsal.salesforce.store import fold
from console.rehearsal.salesforce.textmatch import equals, spellings

if TYPE_CHECKING:
    from collections.abc import Sequence


def where(scope: Scope) -> tuple[list[str], list[Any]]:
    """The conditions of a query, that of the recycle bin among them, and their values."""
    conditions = scope.context.live(scope.view, scope.alias)
    values: list[Any] = []
    if scope.query.where is not None:
        sql, values = compile_condition(scope, scope.query.where, top=True)
        conditions.append(sql)
    return conditions, values


def compile_condition(scope: Scope, condition: Condition, *, top: bool = False) -> Sql:
    """SQL of a condition; `top` while only ANDs stand above it, where semi-joins are allowed."""
    match condition:
        case And(items):
            return _joined(scope, items, " AND ", top=top)
        case Or(items):
            return _joined(scope, items, " OR ", top=False)
        case Not(item):
            sql, values = compile_condition(scope, item)
            return f"({sql}) IS NOT TRUE", values
        case Comparison():
            return _comparison(scope, condition)
        case InList():
            return _in_list(scope, condition)
        case InQuery():
            if not top:
                message = "Semi join sub-selects are only allowed at the top level WHERE expressions"
                raise scope.context.fail(condition.start, message)
            return _in_query(scope, condition)


def _joined(scope: Scope, items: Sequence[Condition], word: str, *, top: bool) -> Sql:
    parts: list[str] = []
    values: list[Any] = []
    for item in items:
        sql, more = compile_condition(scope, item, top=top)
        parts.append(sql)
        values.extend(more)
    return f"({word.join(parts)})", values


def _filter_column(scope: Scope, path: FieldPath) -> Column:
    column = scope.column(path)
    if not column.field.filterable:
        message = f"field '{column.field.name}' can not be filtered in a query call"
        raise scope.context.fail(path.start, message, "INVALID_FIELD")
    return column


def _comparison(scope: Scope, condition: Comparison) -> Sql:
    operator, literal = condition.operator, condition.right
    if isinstance(condition.left, Aggregate):
        return _having(scope, condition.left, operator, literal)
    column = _filter_column(scope, condition.left)
    sql, kind = column.sql, column.field.type
    empty = literal.kind == "string" and literal.value == "" and operator != "LIKE"
    if literal.kind == "null" or (empty and (kind in TEXT_TYPES or kind in ID_TYPES)):
        if operator not in {"=", "!="}:
            raise scope.context.fail(literal.start, "null can be compared with = and != only")
        return f"{sql} IS {'NOT ' if operator == '!=' else ''}NULL", []
    if operator == "LIKE":
        return _like(scope, column, condition)
    if kind == "boolean" and operator not in {"=", "!="}:
        message = f"invalid operator on boolean field: {operator}"
        raise scope.context.fail(condition.start, message, "INVALID_QUERY_FILTER_OPERATOR")
    if literal.kind == "range":
        return _in_range(scope, column, operator, literal)
    if kind in TEXT_TYPES and operator in {"=", "!="}:
        text = stored(scope.context, column, literal)
        where, values = equals(sql, text, case_sensitive=column.field.collation == "BINARY")
        return (where if operator == "=" else f"({where}) IS NOT TRUE"), list(values)
    value = stored(scope.context, column, literal)
    if operator == "!=":
        return f"({sql} = ?) IS NOT TRUE", [value]
    return f"{sql} {operator} ?", [value]


def _like(scope: Scope, column: Column, condition: Comparison) -> Sql:
    kind, pattern = column.field.type, condition.right.pattern
    if kind not in TEXT_TYPES:
        word = "id" if kind in ID_TYPES else kind
        message = f"invalid operator on {word} field"
        raise scope.context.fail(condition.start, message, "INVALID_QUERY_FILTER_OPERATOR")
    if column.field.collation == "BINARY":
        return f"{column.sql} GLOB ?", [glob(pattern)]
    if pattern.isascii():
        return f"{column.sql} LIKE ? ESCAPE '\\'", [pattern]
    return f"fold({column.sql}) LIKE ? ESCAPE '\\'", [fold(pattern)]


def _having(scope: Scope, left: Aggregate, operator: str, literal: Literal) -> Sql:
    sql, _ = aggregate(scope, left)
    path = left.path
    if path is None or operator == "LIKE":
        raise scope.context.fail(left.start, f"unexpected token: '{left.function}'")
    column = scope.column(path)
    if left.function in {"COUNT", "COUNT_DISTINCT"}:
        if literal.kind != "number":
            raise scope.context.fail(literal.start, "value of filter criterion must be a number")
        return f"{sql} {operator} ?", [plain(Decimal(str(literal.value)))]
    if literal.kind == "null" and operator in {"=", "!="}:
        return f"{sql} IS {'NOT ' if operator == '!=' else ''}NULL", []
    if literal.kind == "range":
        return _in_range(scope, Column(sql, column.field, column.owner, parent=True), operator, literal)
    value = stored(scope.context, column, literal)
    if operator == "!=":
        return f"({sql} = ?) IS NOT TRUE", [value]
    return f"{sql} {operator} ?", [value]


def _in_range(scope: Scope, column: Column, operator: str, literal: Literal) -> Sql:
    kind, sql = column.field.type, column.sql
    if kind not in {"date", "datetime"}:
        raise wrong_type(scope.context, column, literal)
    first, after = scope.context.span(literal)
    try:
        low, high = (
            (first.isoformat(), after.isoformat())
            if kind == "date"
            else (scope.context.midnight(first), scope.context.midnight(after))
        )
    except OverflowError:
        raise scope.context.fail(literal.start, "date literal is out of range") from None
    match operator:
        case "=":
            return f"({sql} >= ? AND {sql} < ?)", [low, high]
        case "!=":
            return f"({sql} >= ? AND {sql} < ?) IS NOT TRUE", [low, high]
        case "<":
            return f"{sql} < ?", [low]
        case "<=":
            return f"{sql} < ?", [high]
        case ">":
            return f"{sql} >= ?", [high]
    return f"{sql} >= ?", [low]


def _in_list(scope: Scope, condition: InList) -> Sql:
    column = _filter_column(scope, condition.left)
    sql, found = column.sql, column.field
    wanted: list[Any] = []
    folded: list[str] = []
    parts: list[str] = []
    nothing = ""
    ranges: list[Any] = []
    for literal in condition.values:
        empty = literal.kind == "string" and literal.value == ""
        if literal.kind == "null" or (empty and (found.type in TEXT_TYPES or found.type in ID_TYPES)):
            nothing = f"{sql} IS NULL"
            continue
        if literal.kind == "range":
            part, more = _in_range(scope, column, "=", literal)
            parts.append(part)
            ranges.extend(more)
            continue
        value = stored(scope.context, column, literal)
        if found.type not in TEXT_TYPES or found.collation == "BINARY" or value.isascii():
            wanted.append(value)
            continue
        forms = spellings(value)
        if forms is None:
            folded.append(fold(value) or "")
        else:
            wanted.extend(forms)
    values: list[Any] = []
    if wanted:
        parts.insert(0, f"{sql} IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(wanted, ensure_ascii=False))
    values.extend(ranges)
    if folded:
        parts.append(f"fold({sql}) IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(folded, ensure_ascii=False))
    if nothing:
        parts.append(nothing)
    whole = parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"
    return (f"({whole}) IS NOT TRUE" if condition.negated else whole), values


def _in_query(scope: Scope, condition: InQuery) -> Sql:
    column = _filter_column(scope, condition.left)
    query = condition.query
    view = scope.context.view_named(query)
    inner, values = _ids(Scope(scope.context, view, query, f"{scope.alias}s"), column, condition)
    sql = f"{column.sql} IN ({inner})"
    return (f"({sql}) IS NOT TRUE" if condition.negated else sql), values


def _ids(scope: Scope, outer: Column, condition: InQuery) -> Sql:
    """For a query behind IN: its one column of ids."""
    query = scope.query
    item = query.select[0]
    if len(query.select) != 1 or not isinstance(item, FieldPath):
        message = "The inner select must have exactly one field"
        raise scope.context.fail(query.start, message)
    if query.group_by or query.order_by or query.offset or query.limit is not None:
        message = "The inner select of a semi join takes WHERE only"
        raise scope.context.fail(query.start, message)
    column = scope.column(item)
    if not column.target or column.target != outer.target:
        message = (
            f"The selected field '{column.field.name}' in the subquery and the left operand field in the "
            f"where expression in the outer query '{outer.field.name}' should point to the same object type"
        )
        raise scope.context.fail(condition.start, message)
    conditions, values = where(scope)
    conditions.append(f"{column.sql} IS NOT NULL")
    return f"SELECT {column.sql}{scope.from_(conditions)}", [*scope.source_values(), *values]
