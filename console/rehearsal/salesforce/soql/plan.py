"""What a query comes to: the statements to run and the shape of its records."""

# ruff: noqa: S608 - every name in the SQL comes from the schema, every value is bound

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.schema import Field

Sql = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """A field in reach of a statement."""

    sql: str
    field: Field
    owner: str
    """The name of its object."""
    parent: bool
    """Reached through a relationship: it may be missing where the field itself could not be."""

    @property
    def target(self) -> str:
        """The object that its ids belong to; empty for other values."""
        return self.owner if self.field.type == "id" else self.field.reference_to


@dataclass(slots=True)
class Shape:
    """What a record of the result looks like: keys in their order."""

    type_name: str
    path: str
    """What comes before the id in the record's url, without the version."""
    id_index: int
    items: list[tuple[str, Any]] = field(default_factory=list)
    """Key and: (index, convert or None) of a value, [(key, index, convert)] of an address, a Shape, a Child."""


@dataclass(frozen=True, slots=True)
class Child:
    """A query inside the select list."""

    relationship: str
    plan: Plan
    limit: int | None
    offset: int
    """Of the records of each parent."""


@dataclass(slots=True)
class Plan:
    """What to run for a query."""

    view: View
    source: str
    """The table, or what stands for it."""
    source_values: list[Any]
    keys: Sql
    """Row numbers in the order of the result."""
    columns: list[str]
    joins: str
    shape: Shape
    children: list[Child] = field(default_factory=list)
    ordered: bool = False
    """Whether the query says an order; rows without one come in the order of their ids."""
    single: str | None = None
    """Set when the query may find one row only: a field that says so."""

    def page(self) -> str:
        """Reads the rows whose numbers are in a JSON array, the first parameter; the number comes last."""
        listed = ", ".join([*self.columns, "k.value"])
        return (
            f"SELECT {listed} FROM json_each(?) k CROSS JOIN {self.source} t ON t._n = k.value"
            f"{self.joins} ORDER BY k.key"
        )


@dataclass(frozen=True, slots=True)
class Count:
    """SELECT COUNT() FROM ..."""

    statement: Sql


@dataclass(frozen=True, slots=True)
class Grouped:
    """A query with aggregates: one statement whose rows are the result."""

    statement: Sql
    keys: list[tuple[str, Callable[[Any], Any] | None]]
