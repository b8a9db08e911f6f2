"""The parts of a query, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FieldPath:
    """`Name`, `Owner.Profile.Name`."""

    names: tuple[str, ...]
    start: int
    alias: str | None = None

    @property
    def text(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`COUNT(Id) total`; a path of None is COUNT()."""

    function: str
    path: FieldPath | None
    start: int
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`."""

    kind: str
    start: int


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind` is string, number, boolean, null, date, datetime or range (TODAY, LAST_N_DAYS:3)."""

    kind: str
    value: str | Decimal | bool | None
    start: int
    pattern: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of = != < <= > >= LIKE."""

    left: FieldPath | Aggregate
    operator: str
    right: Literal
    start: int


@dataclass(frozen=True, slots=True)
class InList:
    left: FieldPath
    values: tuple[Literal, ...]
    negated: bool
    start: int


@dataclass(frozen=True, slots=True)
class InQuery:
    left: FieldPath
    query: Query
    negated: bool
    start: int


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    item: Condition


Condition = Comparison | InList | InQuery | And | Or | Not


@dataclass(frozen=True, slots=True)
class Order:
    by: FieldPath | Aggregate
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query, or one inside another (in the select list or behind IN)."""

    select: tuple[SelectItem, ...]
    source: str
    source_start: int
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[FieldPath, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    offset_start: int = 0
    all_rows: bool = False
    start: int = field(default=0)

    @property
    def is_count(self) -> bool:
        """SELECT COUNT() FROM ..."""
        first = self.select[0]
        return isinstance(first, Aggregate) and first.path is None

    @property
    def is_aggregate(self) -> bool:
        return bool(self.group_by) or any(isinstance(each, Aggregate) for each in self.select)


SelectItem = FieldPath | Aggregate | FieldGroup | Query
