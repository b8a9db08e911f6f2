"""From the parts of a query to SQL with bound values, and to the shape of its records.

A query becomes two statements: one that tells which rows, in which order, and one that reads what was asked for of
some of them. So a page of a long result costs the same wherever it lies.

Nothing is null in a condition of SOQL: `!=` and NOT IN find rows without a value, and NOT turns false into true.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema, every value is bound

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import ids
from ..errors import ApiError
from ..schema import ID_TYPES, NUMBER_TYPES, TEXT_TYPES
from ..store import fold, quoted
from ..textmatch import equals, spellings
from ..values import Scaled, parse_date, parse_moment, renderer, stamp_text
from . import caret
from .ast import (
    Aggregate,
    And,
    Comparison,
    Condition,
    FieldGroup,
    FieldPath,
    InList,
    InQuery,
    Literal,
    Not,
    Or,
    Query,
)
from .dates import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..access import Access, View
    from ..schema import Field

MAX_OFFSET = 2000
MAX_FIELDS_LIMIT = 200
MAX_PARENTS = 5

_WHOLE_NAMES = {
    "City": "city",
    "Country": "country",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "Street": "street",
}
"""Keys of a compound address in their order, by the part they come from."""

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


class Compiler:
    """Compiles the queries of one caller at one moment."""

    def __init__(
        self,
        text: str,
        access: Access,
        *,
        user_id: str,
        now: datetime,
        zone: tzinfo,
        tooling: bool,
        all_rows: bool,
        sources: Callable[[str, str], tuple[str, list[Any]]],
    ) -> None:
        self._text = text
        self._access = access
        self._user_id = user_id
        self._now = now
        self._zone = zone
        self._tooling = tooling
        self._all_rows = all_rows
        self._sources = sources

    def compile(self, query: Query) -> Plan | Count | Grouped:
        """The whole query; raises ApiError for what does not exist for the caller or is not allowed."""
        view = self.view_named(query)
        self._check_bounds(query)
        self._all_rows = self._all_rows or query.all_rows
        scope = _Scope(self, view, query)
        if query.is_count:
            return Count(scope.count())
        if query.is_aggregate:
            return scope.grouped()
        return scope.plan()

    def _check_bounds(self, query: Query) -> None:
        if query.offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise self.fail(query.offset_start, message, "NUMBER_OUTSIDE_VALID_RANGE")
        for each in query.select:
            unbounded = isinstance(each, FieldGroup) and each.kind != "STANDARD"
            if unbounded and (query.limit is None or query.limit > MAX_FIELDS_LIMIT):
                message = "The SOQL FIELDS function must have a LIMIT of at most 200"
                raise ApiError(400, "MALFORMED_QUERY", message)

    # -- for scopes

    def fail(self, start: int, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
        return caret.at(self._text, start, message, code)

    def view_named(self, query: Query) -> View:
        """The object that a query is about."""
        view = self._access.view(query.source, tooling=self._tooling)
        if view is None:
            message = f"sObject type '{query.source}' is not supported. {caret.CUSTOM_OBJECT_HINT}"
            raise self.fail(query.source_start, message, "INVALID_TYPE")
        return view

    def reading(self, view: View, names: Sequence[str]) -> Plan:
        """The plan that reads some fields, parents' fields among them, of records known by row number."""
        paths = tuple(FieldPath(tuple(name.split(".")), 0) for name in names)
        return _Scope(self, view, Query(paths, view.sobject.name, 0)).plan()

    def live(self, view: View, alias: str) -> list[str]:
        """The condition that leaves the recycle bin out."""
        if view.sobject.soft_delete and not self._all_rows:
            return [f'{alias}."IsDeleted" = 0']
        return []

    def source(self, view: View) -> tuple[str, list[Any]]:
        if view.sobject.virtual:
            return self._sources(view.sobject.name, self._user_id)
        return quoted(view.sobject.name), []

    def view_of(self, field_: Field) -> View | None:
        return self._access.view(field_.reference_to, tooling=self._tooling) or self._access.view(
            field_.reference_to
        )

    def child_of(self, view: View, relationship: str, start: int) -> tuple[View, Field]:
        """The object and its reference field behind the name of a child relationship."""
        for sobject, reference in self._access.children_of(view.sobject.name):
            if (reference.child_relationship or "").lower() == relationship.lower():
                child = self._access.view(sobject.name, tooling=self._tooling)
                if child is not None and child.get(reference.name) is not None:
                    return child, reference
        message = (
            f"Didn't understand relationship '{relationship}' in FROM part of query call. "
            f"{caret.CUSTOM_RELATIONSHIP_HINT}"
        )
        raise self.fail(start, message, "INVALID_TYPE")

    def span(self, literal: Literal) -> tuple[date, date]:
        today = self._now.astimezone(self._zone).date()
        try:
            return span(str(literal.value), literal.count, today)
        except (ValueError, OverflowError):
            raise self.fail(literal.start, "date literal is out of range") from None

    def midnight(self, day: date) -> str:
        """The moment at which a day begins for the caller, as stored."""
        return stamp_text(datetime.combine(day, time(), self._zone).astimezone(UTC))


class _Scope:
    """One query: its table, the parents that it reaches, its statements."""

    def __init__(self, compiler: Compiler, view: View, query: Query, prefix: str = "t") -> None:
        self._c = compiler
        self._view = view
        self._query = query
        self._alias = prefix
        self._joins: dict[tuple[str, ...], tuple[str, View, str]] = {}

    # -- fields

    def _names(self, path: FieldPath) -> tuple[str, ...]:
        """The path without the object's own name or alias in front."""
        if len(path.names) > 1:
            first = path.names[0].lower()
            own = {self._view.sobject.name.lower(), (self._query.alias or "").lower()}
            if first in own and first not in self._view.relationships:
                return path.names[1:]
        return path.names

    def _reach(self, names: Sequence[str], path: FieldPath) -> tuple[str, View]:
        """The alias and the view of the parent at the end of a chain of relationships."""
        alias, view = self._alias, self._view
        if len(names) > MAX_PARENTS:
            message = "SOQL statements cannot query relationships with more than 5 levels"
            raise self._c.fail(path.start, message)
        for depth, name in enumerate(names, 1):
            key = tuple(each.lower() for each in names[:depth])
            known = self._joins.get(key)
            if known is None:
                reference = view.relationships.get(key[-1])
                parent = self._c.view_of(reference) if reference else None
                if reference is None or parent is None:
                    message = (
                        f"Didn't understand relationship '{name}' in field path. "
                        f"{caret.CUSTOM_RELATIONSHIP_HINT}"
                    )
                    raise self._c.fail(path.start, message, "INVALID_FIELD")
                joined = f"{self._alias}{len(self._joins) + 1}"
                join = (
                    f" LEFT JOIN {quoted(parent.sobject.name)} {joined}"
                    f' ON {joined}."Id" = {alias}.{quoted(reference.name)}'
                )
                known = self._joins[key] = (joined, parent, join)
            alias, view, _ = known
        return alias, view

    def _column(self, path: FieldPath) -> Column:
        *parents, last = self._names(path)
        alias, view = self._reach(parents, path)
        found = view.get(last)
        if found is None:
            message = f"No such column '{last}' on entity '{view.sobject.name}'. {caret.CUSTOM_FIELD_HINT}"
            raise self._c.fail(path.start, message, "INVALID_FIELD")
        return Column(f"{alias}.{quoted(found.name)}", found, view.sobject.name, bool(parents))

    def _join_sql(self) -> str:
        return "".join(join for _, _, join in self._joins.values())

    # -- statements

    def _from(self, conditions: list[str]) -> str:
        source, _ = self._c.source(self._view)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f" FROM {source} {self._alias}{self._join_sql()}{where}"

    def _conditions(self) -> tuple[list[str], list[Any]]:
        conditions = self._c.live(self._view, self._alias)
        values: list[Any] = []
        if self._query.where is not None:
            sql, values = self._condition(self._query.where, top=True)
            conditions.append(sql)
        return conditions, values

    def _bounds(self) -> Sql:
        query = self._query
        if query.limit is None and not query.offset:
            return "", []
        return " LIMIT ? OFFSET ?", [-1 if query.limit is None else query.limit, query.offset]

    def _source_values(self) -> list[Any]:
        return self._c.source(self._view)[1]

    def count(self) -> Sql:
        conditions, values = self._conditions()
        bounds, limits = self._bounds()
        inner = self._from(conditions)
        if not bounds:
            return f"SELECT count(*){inner}", [*self._source_values(), *values]
        sql = f"SELECT count(*) FROM (SELECT 1{inner}{bounds})"
        return sql, [*self._source_values(), *values, *limits]

    def plan(self) -> Plan:
        """Two statements and the shape of the records."""
        if self._query.having is not None:
            raise self._c.fail(self._query.start, "HAVING needs GROUP BY")
        conditions, values = self._conditions()
        order = self._order([self._order_column(each.by) for each in self._query.order_by])
        bounds, limits = self._bounds()
        keys = f"SELECT {self._alias}._n{self._from(conditions)}{order}{bounds}"
        self._joins = {}
        shape, columns, children = self._select()
        source, source_values = self._c.source(self._view)
        single = next(
            (
                name
                for name, item in shape.items
                if self._view.sobject.name == "CustomField" and name in {"Metadata", "FullName"}
            ),
            None,
        )
        return Plan(
            self._view,
            source,
            source_values,
            (keys, [*source_values, *values, *limits]),
            columns,
            self._join_sql(),
            shape,
            children,
            bool(self._query.order_by),
            single,
        )

    def children_plan(self, reference: Field) -> tuple[Plan, Sql]:
        """For a query inside a select list: its plan, and the rows of many parents with the parent's id.

        The one parameter that is not bound yet, the first, is a JSON array of the parents' ids.
        """
        plan = self.plan()
        self._joins = {}
        conditions, values = self._conditions()
        order = self._order([self._order_column(each.by) for each in self._query.order_by])
        parent = f"{self._alias}.{quoted(reference.name)}"
        wanted = f"{parent} IN (SELECT value FROM json_each(?))"
        return plan, (
            f"SELECT {parent}, {self._alias}._n{self._from([wanted, *conditions])}{order}",
            values,
        )

    # -- the select list

    def _select(self) -> tuple[Shape, list[str], list[Child]]:
        columns: list[str] = []
        children: list[Child] = []
        shapes: dict[tuple[str, ...], Shape] = {}
        root = shapes[()] = self._new_shape(self._view, self._alias, columns)
        seen: set[tuple[str, ...]] = set()
        for item in self._query.select:
            if isinstance(item, FieldGroup):
                for found in self._group_fields(item):
                    seen.add((found.name.lower(),))
                    self._put_field(root, self._view, self._alias, found, columns)
                continue
            if isinstance(item, Query):
                child = self._child(item)
                children.append(child)
                root.items.append((child.relationship, child))
                continue
            if isinstance(item, Aggregate):
                raise self._c.fail(item.start, f"unexpected token: '{item.function}'")
            if item.alias is not None:
                raise self._c.fail(item.start, "only aggregate expressions use field aliasing")
            names = self._names(item)
            key = tuple(each.lower() for each in names)
            if key in seen:
                raise self._c.fail(item.start, f"duplicate field selected: {item.names[-1]}")
            seen.add(key)
            column = self._column(item)
            shape = self._shape_of(names[:-1], item, shapes, columns)
            alias, view = self._reach(names[:-1], item)
            self._put_field(shape, view, alias, column.field, columns)
        return root, columns, children

    def _new_shape(self, view: View, alias: str, columns: list[str]) -> Shape:
        columns.append(f'{alias}."Id"')
        area = "" if view.sobject.rest else "/tooling"
        return Shape(view.sobject.name, f"{area}/sobjects/{view.sobject.name}/", len(columns) - 1)

    def _shape_of(
        self,
        names: Sequence[str],
        path: FieldPath,
        shapes: dict[tuple[str, ...], Shape],
        columns: list[str],
    ) -> Shape:
        key = tuple(each.lower() for each in names)
        found = shapes.get(key)
        if found is not None:
            return found
        outer = self._shape_of(names[:-1], path, shapes, columns)
        _, outer_view = self._reach(names[:-1], path)
        alias, view = self._reach(names, path)
        shape = shapes[key] = self._new_shape(view, alias, columns)
        shown = outer_view.relationships[key[-1]].relationship_name
        outer.items.append((shown or names[-1], shape))
        return shape

    @staticmethod
    def _put_field(shape: Shape, view: View, alias: str, found: Field, columns: list[str]) -> None:
        if found.type != "address":
            columns.append(f"{alias}.{quoted(found.name)}")
            shape.items.append((found.name, (len(columns) - 1, renderer(found))))
            return
        parts = view.sobject.parts_of(found.name)
        whole: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        for name, key in _WHOLE_NAMES.items():
            part = parts[name]
            columns.append(f"{alias}.{quoted(part.name)}")
            whole.append((key, len(columns) - 1, renderer(part)))
        shape.items.append((found.name, whole))

    def _group_fields(self, group: FieldGroup) -> Iterable[Field]:
        for each in self._view.fields.values():
            if each.type == "complexvalue":
                continue
            if group.kind == "ALL" or (group.kind == "CUSTOM") == each.custom:
                yield each

    def _child(self, query: Query) -> Child:
        view, reference = self._c.child_of(self._view, query.source, query.source_start)
        if query.is_aggregate:
            raise self._c.fail(query.start, "aggregates are not allowed in a sub-query of the select list")
        scope = _Scope(self._c, view, query)
        plan, rows = scope.children_plan(reference)
        plan.keys = rows
        name = reference.child_relationship or query.source
        return Child(name, plan, query.limit, query.offset)

    # -- aggregates

    def grouped(self) -> Grouped:
        query = self._query
        groups = {tuple(n.lower() for n in self._names(each)): self._column(each) for each in query.group_by}
        for path, column in zip(query.group_by, groups.values(), strict=False):
            if not column.field.groupable:
                message = f"field '{column.field.name}' can not be grouped in a query call"
                raise self._c.fail(path.start, message, "INVALID_FIELD")
        columns: list[str] = []
        keys: list[tuple[str, Callable[[Any], Any] | None]] = []
        aliases: dict[str, str] = {}
        unnamed = 0
        for item in query.select:
            if isinstance(item, Aggregate):
                sql, convert = self._aggregate(item)
                name = item.alias or f"expr{unnamed}"
                unnamed += item.alias is None
            elif isinstance(item, FieldPath):
                key = tuple(each.lower() for each in self._names(item))
                if key not in groups:
                    message = f"Field must be grouped or aggregated: {item.names[-1]}"
                    raise self._c.fail(item.start, message)
                found = groups[key]
                sql, convert, name = found.sql, renderer(found.field), item.alias or found.field.name
            else:
                start = item.start
                raise self._c.fail(start, "a grouped query selects grouped fields and aggregates only")
            if name.lower() in aliases:
                raise self._c.fail(item.start, f"duplicate alias: {name}")
            aliases[name.lower()] = sql
            columns.append(sql)
            keys.append((name, convert))
        conditions, values = self._conditions()
        having = ""
        if query.having is not None:
            having_sql, having_values = self._condition(query.having, top=True)
            having = f" HAVING {having_sql}"
            values = [*values, *having_values]
        order_sql: list[tuple[str, bool]] = []
        for each in query.order_by:
            if isinstance(each.by, Aggregate):
                order_sql.append((self._aggregate(each.by)[0], True))
                continue
            key = tuple(name.lower() for name in self._names(each.by))
            if key in groups:
                order_sql.append((groups[key].sql, True))
            elif len(key) == 1 and key[0] in aliases:
                order_sql.append((aliases[key[0]], True))
            else:
                message = f"Ordered field must be grouped or aggregated: {each.by.names[-1]}"
                raise self._c.fail(each.by.start, message)
        order = self._order(order_sql)
        bounds, limits = self._bounds()
        group = f" GROUP BY {', '.join(each.sql for each in groups.values())}" if groups else ""
        sql = f"SELECT {', '.join(columns)}{self._from(conditions)}{group}{having}{order}{bounds}"
        return Grouped((sql, [*self._source_values(), *values, *limits]), keys)

    def _aggregate(self, item: Aggregate) -> tuple[str, Callable[[Any], Any] | None]:
        if item.path is None:
            raise self._c.fail(item.start, f"unexpected token: '{item.function}'")
        column = self._column(item.path)
        found = column.field
        numeric = found.type in NUMBER_TYPES or found.type == "int"
        allowed = found.aggregatable or (item.function == "COUNT" and found.sortable)
        if not allowed or (item.function in {"SUM", "AVG"} and not numeric):
            message = f"field {found.name} does not support aggregate operator {item.function}"
            raise self._c.fail(item.start, message)
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

    # -- order

    def _order_column(self, by: FieldPath | Aggregate) -> tuple[str, bool]:
        if isinstance(by, Aggregate):
            raise self._c.fail(by.start, f"unexpected token: '{by.function}'")
        column = self._column(by)
        if not column.field.sortable:
            message = f"field '{column.field.name}' can not be sorted in a query call"
            raise self._c.fail(by.start, message, "INVALID_FIELD")
        return column.sql, column.parent or column.field.nillable

    def _order(self, columns: list[tuple[str, bool]]) -> str:
        """Rows without a value come first, whichever the direction, unless NULLS LAST is said."""
        terms = []
        for (sql, nullable), order in zip(columns, self._query.order_by, strict=True):
            term = f"{sql} DESC" if order.descending else sql
            if nullable:
                term += " NULLS LAST" if order.nulls_last else " NULLS FIRST"
            terms.append(term)
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    # -- conditions

    def _condition(self, condition: Condition, *, top: bool = False) -> Sql:
        match condition:
            case And(items):
                return self._joined(items, " AND ", top=top)
            case Or(items):
                return self._joined(items, " OR ", top=False)
            case Not(item):
                sql, values = self._condition(item)
                return f"({sql}) IS NOT TRUE", values
            case Comparison():
                return self._comparison(condition)
            case InList():
                return self._in_list(condition)
            case InQuery():
                if not top:
                    message = "Semi join sub-selects are only allowed at the top level WHERE expressions"
                    raise self._c.fail(condition.start, message)
                return self._in_query(condition)

    def _joined(self, items: Sequence[Condition], word: str, *, top: bool) -> Sql:
        parts: list[str] = []
        values: list[Any] = []
        for item in items:
            sql, more = self._condition(item, top=top)
            parts.append(sql)
            values.extend(more)
        return f"({word.join(parts)})", values

    def _filter_column(self, path: FieldPath) -> Column:
        column = self._column(path)
        if not column.field.filterable:
            message = f"field '{column.field.name}' can not be filtered in a query call"
            raise self._c.fail(path.start, message, "INVALID_FIELD")
        return column

    def _comparison(self, condition: Comparison) -> Sql:
        operator, literal = condition.operator, condition.right
        if isinstance(condition.left, Aggregate):
            return self._having(condition.left, operator, literal)
        column = self._filter_column(condition.left)
        sql, kind = column.sql, column.field.type
        empty = literal.kind == "string" and literal.value == "" and operator != "LIKE"
        if literal.kind == "null" or (empty and (kind in TEXT_TYPES or kind in ID_TYPES)):
            if operator not in {"=", "!="}:
                raise self._c.fail(literal.start, "null can be compared with = and != only")
            return f"{sql} IS {'NOT ' if operator == '!=' else ''}NULL", []
        if operator == "LIKE":
            return self._like(column, condition)
        if kind == "boolean" and operator not in {"=", "!="}:
            message = f"invalid operator on boolean field: {operator}"
            raise self._c.fail(condition.start, message, "INVALID_QUERY_FILTER_OPERATOR")
        if literal.kind == "range":
            return self._in_range(column, operator, literal)
        if kind in TEXT_TYPES and operator in {"=", "!="}:
            text = self._value(column, literal)
            where, values = equals(sql, text, case_sensitive=column.field.collation == "BINARY")
            return (where if operator == "=" else f"({where}) IS NOT TRUE"), list(values)
        value = self._value(column, literal)
        if operator == "!=":
            return f"({sql} = ?) IS NOT TRUE", [value]
        return f"{sql} {operator} ?", [value]

    def _like(self, column: Column, condition: Comparison) -> Sql:
        kind, pattern = column.field.type, condition.right.pattern
        if kind not in TEXT_TYPES:
            word = "id" if kind in ID_TYPES else kind
            message = f"invalid operator on {word} field"
            raise self._c.fail(condition.start, message, "INVALID_QUERY_FILTER_OPERATOR")
        if column.field.collation == "BINARY":
            return f"{column.sql} GLOB ?", [_glob(pattern)]
        if pattern.isascii():
            return f"{column.sql} LIKE ? ESCAPE '\\'", [pattern]
        return f"fold({column.sql}) LIKE ? ESCAPE '\\'", [fold(pattern)]

    def _having(self, left: Aggregate, operator: str, literal: Literal) -> Sql:
        sql, _ = self._aggregate(left)
        path = left.path
        if path is None or operator == "LIKE":
            raise self._c.fail(left.start, f"unexpected token: '{left.function}'")
        column = self._column(path)
        if left.function in {"COUNT", "COUNT_DISTINCT"}:
            if literal.kind != "number":
                raise self._c.fail(literal.start, "value of filter criterion must be a number")
            return f"{sql} {operator} ?", [_plain(Decimal(str(literal.value)))]
        if literal.kind == "null" and operator in {"=", "!="}:
            return f"{sql} IS {'NOT ' if operator == '!=' else ''}NULL", []
        if literal.kind == "range":
            return self._in_range(Column(sql, column.field, column.owner, parent=True), operator, literal)
        value = self._value(column, literal)
        if operator == "!=":
            return f"({sql} = ?) IS NOT TRUE", [value]
        return f"{sql} {operator} ?", [value]

    def _in_range(self, column: Column, operator: str, literal: Literal) -> Sql:
        kind, sql = column.field.type, column.sql
        if kind not in {"date", "datetime"}:
            raise self._wrong_type(column, literal)
        first, after = self._c.span(literal)
        try:
            low, high = (
                (first.isoformat(), after.isoformat())
                if kind == "date"
                else (self._c.midnight(first), self._c.midnight(after))
            )
        except OverflowError:
            raise self._c.fail(literal.start, "date literal is out of range") from None
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

    def _in_list(self, condition: InList) -> Sql:
        column = self._filter_column(condition.left)
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
                part, more = self._in_range(column, "=", literal)
                parts.append(part)
                ranges.extend(more)
                continue
            value = self._value(column, literal)
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

    def _in_query(self, condition: InQuery) -> Sql:
        column = self._filter_column(condition.left)
        query = condition.query
        view = self._c.view_named(query)
        scope = _Scope(self._c, view, query, f"{self._alias}s")
        inner, values = scope.ids(column, condition)
        sql = f"{column.sql} IN ({inner})"
        return (f"({sql}) IS NOT TRUE" if condition.negated else sql), values

    def ids(self, outer: Column, condition: InQuery) -> Sql:
        """For a query behind IN: its one column of ids."""
        query = self._query
        item = query.select[0]
        if len(query.select) != 1 or not isinstance(item, FieldPath):
            message = "The inner select must have exactly one field"
            raise self._c.fail(query.start, message)
        if query.group_by or query.order_by or query.offset or query.limit is not None:
            message = "The inner select of a semi join takes WHERE only"
            raise self._c.fail(query.start, message)
        column = self._column(item)
        if not column.target or column.target != outer.target:
            message = (
                f"The selected field '{column.field.name}' in the subquery and the left operand field in the "
                f"where expression in the outer query '{outer.field.name}' should point to the same object type"
            )
            raise self._c.fail(condition.start, message)
        conditions, values = self._conditions()
        conditions.append(f"{column.sql} IS NOT NULL")
        return f"SELECT {column.sql}{self._from(conditions)}", [*self._source_values(), *values]

    # -- literals

    def _wrong_type(self, column: Column, literal: Literal) -> ApiError:
        kind = column.field.type
        spoken = {"datetime": "dateTime", "int": "int", "boolean": "boolean", "date": "date"}
        if kind in TEXT_TYPES or kind in ID_TYPES:
            quotes, name = "should be enclosed in quotes", "string"
        else:
            name = spoken.get(kind, "double")
            quotes = "should not be enclosed in quotes"
        message = (
            f"value of filter criterion for field '{column.field.name}' must be of type {name} and {quotes}"
        )
        return self._c.fail(literal.start, message, "INVALID_FIELD")

    def _value(self, column: Column, literal: Literal) -> Any:
        """The stored form of a literal for a field."""
        kind, value = column.field.type, literal.value
        if kind in ID_TYPES and literal.kind == "string":
            record_id = ids.normalise(value)
            if record_id is None:
                message = f"invalid ID field: {value}"
                raise self._c.fail(literal.start, message, "INVALID_QUERY_FILTER_OPERATOR")
            return record_id
        if kind in TEXT_TYPES and literal.kind == "string":
            return value
        if kind == "boolean" and literal.kind == "boolean":
            return int(bool(value))
        if (kind in NUMBER_TYPES or kind == "int") and isinstance(value, Decimal):
            return _plain(value.scaleb(column.field.scale))
        if kind == "date" and literal.kind == "date":
            day = parse_date(str(value))
            if day is not None:
                return day.isoformat()
            raise self._c.fail(literal.start, f"Invalid date: {value}")
        if kind == "datetime" and literal.kind == "datetime":
            moment = parse_moment(str(value))
            if moment is not None:
                return stamp_text(moment)
            raise self._c.fail(literal.start, f"Invalid date: {value}")
        raise self._wrong_type(column, literal)


class _Average:
    """An average of whole numbers of smallest units, as a number."""

    __slots__ = ("_scaled",)

    def __init__(self, scale: int) -> None:
        self._scaled = Scaled(scale)

    def __call__(self, value: float | None) -> float | None:
        return None if value is None else float(Decimal(repr(value)) * (self._scaled(1) or 1))


def _plain(number: Decimal) -> int | float:
    """A number as SQLite compares it with whole numbers: exact where it is whole and fits."""
    if number == number.to_integral_value() and abs(number) < 2**63:
        return int(number)
    return float(number)


def _glob(pattern: str) -> str:
    """A LIKE pattern with its escapes as a GLOB pattern, which tells upper from lower case."""
    out: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            character = next(characters, "")
        elif character in "%_":
            out.append("*" if character == "%" else "?")
            continue
        out.append(f"[{character}]" if character in "*?[" else character)
    return "".join(out)
