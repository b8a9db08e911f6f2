"""ORDER BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.soql.ast import Aggregate, FieldPath, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.rehearsal.salesforce.soql.scope import Scope


def order_column(scope: Scope, by: FieldPath | Aggregate) -> tuple[str, bool]:
    """SQL of a field to order by, and whether it may be without a value."""
    if isinstance(by, Aggregate):
        raise scope.context.fail(by.start, f"unexpected token: '{by.function}'")
    column = scope.column(by)
    if not column.field.sortable:
        message = f"field '{column.field.name}' can not be sorted in a query call"
        raise scope.context.fail(by.start, message, "INVALID_FIELD")
    return column.sql, column.parent or column.field.nillable


def order_by(columns: Sequence[tuple[str, bool]], orders: Sequence[Order]) -> str:
    """Rows without a value come first, whichever the direction, unless NULLS LAST is said."""
    terms = []
    for (sql, nullable), order in zip(columns, orders, strict=True):
        term = f"{sql} DESC" if order.descending else sql
        if nullable:
            term += " NULLS LAST" if order.nulls_last else " NULLS FIRST"
        terms.append(term)
    return f" ORDER BY {', '.join(terms)}" if terms else ""
