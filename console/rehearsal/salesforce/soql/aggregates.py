"""COUNT, SUM and their like, as they stand in a select list, behind HAVING and behind ORDER BY."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.schema import NUMBER_TYPES
from console.rehearsal.salesforce.values import Scaled, renderer

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.soql.ast import Aggregate
    from console.rehearsal.salesforce.soql.scope import Scope


def aggregate(scope: Scope, item: Aggregate) -> tuple[str, Callable[[Any], Any] | None]:
    """SQL of an aggregate, and what turns its stored value into what REST shows."""
    if item.path is None:
        raise scope.context.fail(item.start, f"unexpected token: '{item.function}'")
    column = scope.column(item.path)
    found = column.field
    numeric = found.type in NUMBER_TYPES or found.type == "int"
    allowed = found.aggregatable or (item.function == "COUNT" and found.sortable)
    if not allowed or (item.function in {"SUM", "AVG"} and not numeric):
        message = f"field {found.name} does not support aggregate operator {item.function}"
        raise scope.context.fail(item.start, message)
    match item.function:
        case "COUNT":
            return f"count({column.sql})", None
        case "COUNT_DISTINCT":
            return f"count(DISTINCT {column.sql})", None
        case "SUM":
            return f"sum({column.sql})", renderer(found)
        case "AVG":
            return f"avg({column.sql})", _Average(found.scale)
    return f"{item.function.lower()}({column.sql}) COLLATE {found.collation}", renderer(found)


class _Average:
    """An average of whole numbers of smallest units, as a number."""

    __slots__ = ("_scaled",)

    def __init__(self, scale: int) -> None:
        self._scaled = Scaled(scale)

    def __call__(self, value: float | None) -> float | None:
        return None if value is None else float(Decimal(repr(value)) * (self._scaled(1) or 1))
