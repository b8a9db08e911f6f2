"""A query's table and the parents that it reaches: from paths of names to columns and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.soql import caret
from console.rehearsal.salesforce.soql.plan import Column, Sql
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.soql.ast import FieldPath, Query
    from console.rehearsal.salesforce.soql.context import Context

MAX_PARENTS = 5


class Scope:
    """The names that one statement of a query can use; joins come with the names that need them."""

    def __init__(self, context: Context, view: View, query: Query, alias: str = "t") -> None:
        self.context = context
        self.view = view
        self.query = query
        self.alias = alias
        self._joins: dict[tuple[str, ...], tuple[str, View, str]] = {}

    def names(self, path: FieldPath) -> tuple[str, ...]:
        """The path without the object's own name or alias in front."""
        if len(path.names) > 1:
            first = path.names[0].lower()
            own = {self.view.sobject.name.lower(), (self.query.alias or "").lower()}
            if first in own and first not in self.view.relationships:
                return path.names[1:]
        return path.names

    def reach(self, names: Sequence[str], path: FieldPath) -> tuple[str, View]:
        """The alias and the view of the parent at the end of a chain of relationships."""
        alias, view = self.alias, self.view
        if len(names) > MAX_PARENTS:
            message = "SOQL statements cannot query relationships with more than 5 levels"
            raise self.context.fail(path.start, message)
        for depth, name in enumerate(names, 1):
            key = tuple(each.lower() for each in names[:depth])
            known = self._joins.get(key)
            if known is None:
                reference = view.relationships.get(key[-1])
                parent = self.context.view_of(reference) if reference else None
                if reference is None or parent is None:
                    message = (
                        f"Didn't understand relationship '{name}' in field path. "
                        f"{caret.CUSTOM_RELATIONSHIP_HINT}"
                    )
                    raise self.context.fail(path.start, message, "INVALID_FIELD")
                joined = f"{self.alias}{len(self._joins) + 1}"
                join = (
                    f" LEFT JOIN {quoted(parent.sobject.name)} {joined}"
                    f' ON {joined}."Id" = {alias}.{quoted(reference.name)}'
                )
                known = self._joins[key] = (joined, parent, join)
            alias, view, _ = known
        return alias, view

    def column(self, path: FieldPath) -> Column:
        """The column of a path; INVALID_FIELD for what does not exist for the caller."""
        *parents, last = self.names(path)
        alias, view = self.reach(parents, path)
        found = view.get(last)
        if found is None:
            message = f"No such column '{last}' on entity '{view.sobject.name}'. {caret.CUSTOM_FIELD_HINT}"
            raise self.context.fail(path.start, message, "INVALID_FIELD")
        return Column(f"{alias}.{quoted(found.name)}", found, view.sobject.name, bool(parents))

    def joins(self) -> str:
        """The joins that the names used so far need."""
        return "".join(join for _, _, join in self._joins.values())

    def from_(self, conditions: list[str]) -> str:
        """FROM, joins and WHERE; to be asked for after all names were resolved."""
        source, _ = self.context.source(self.view)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f" FROM {source} {self.alias}{self.joins()}{where}"

    def source_values(self) -> list[Any]:
        """What FROM has bound before the conditions."""
        return self.context.source(self.view)[1]

    def bounds(self) -> Sql:
        """LIMIT and OFFSET."""
        query = self.query
        if query.limit is None and not query.offset:
            return "", []
        return " LIMIT ? OFFSET ?", [-1 if query.limit is None else query.limit, query.offset]
