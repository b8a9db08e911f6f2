"""The select list: columns to read, and the shape of the records that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.soql.ast import Aggregate, FieldGroup, FieldPath, Query
from console.rehearsal.salesforce.soql.plan import Child, Shape
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.values import renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.schema import Field
    from console.rehearsal.salesforce.soql.scope import Scope

ADDRESS_KEYS = {
    "City": "city",
    "Country": "country",
    "CountryCode": "countryCode",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "StateCode": "stateCode",
    "Street": "street",
}
"""Keys of a compound address in their order, by the part they come from."""


class Selection:
    """What one select list comes to. `child` compiles a query inside it."""

    def __init__(self, scope: Scope, child: Callable[[Query], Child]) -> None:
        self.columns: list[str] = []
        self.children: list[Child] = []
        self._scope = scope
        self._child = child
        self.shape = self._new_shape(scope.view, scope.alias)
        self._shapes: dict[tuple[str, ...], Shape] = {(): self.shape}
        self._seen: set[tuple[str, ...]] = set()
        for item in scope.query.select:
            self._add(item)

    def _add(self, item: FieldPath | Aggregate | FieldGroup | Query) -> None:
        scope = self._scope
        match item:
            case FieldGroup():
                for found in self._group_fields(item):
                    self._once((found.name.lower(),), item.start, found.name)
                    self._put_field(self.shape, scope.view, scope.alias, found)
            case Query():
                child = self._child(item)
                self.children.append(child)
                self.shape.items.append((child.relationship, child))
            case Aggregate():
                raise scope.context.fail(item.start, f"unexpected token: '{item.function}'")
            case FieldPath(alias=str()):
                raise scope.context.fail(item.start, "only aggregate expressions use field aliasing")
            case FieldPath():
                names = scope.names(item)
                self._once(tuple(each.lower() for each in names), item.start, item.names[-1])
                column = scope.column(item)
                alias, view = scope.reach(names[:-1], item)
                self._put_field(self._shape_of(names[:-1], item), view, alias, column.field)

    def _once(self, key: tuple[str, ...], start: int, name: str) -> None:
        if key in self._seen:
            raise self._scope.context.fail(start, f"duplicate field selected: {name}")
        self._seen.add(key)

    def _new_shape(self, view: View, alias: str) -> Shape:
        self.columns.append(f'{alias}."Id"')
        area = "" if view.sobject.rest else "/tooling"
        return Shape(view.sobject.name, f"{area}/sobjects/{view.sobject.name}/", len(self.columns) - 1)

    def _shape_of(self, names: Sequence[str], path: FieldPath) -> Shape:
        """The shape of the parent at the end of a chain of relationships, put into that of its child."""
        key = tuple(each.lower() for each in names)
        found = self._shapes.get(key)
        if found is not None:
            return found
        outer = self._shape_of(names[:-1], path)
        _, outer_view = self._scope.reach(names[:-1], path)
        alias, view = self._scope.reach(names, path)
        shape = self._shapes[key] = self._new_shape(view, alias)
        shown = outer_view.relationships[key[-1]].relationship_name
        outer.items.append((shown or names[-1], shape))
        return shape

    def _put_field(self, shape: Shape, view: View, alias: str, found: Field) -> None:
        columns = self.columns
        if found.type != "address":
            columns.append(f"{alias}.{quoted(found.name)}")
            shape.items.append((found.name, (len(columns) - 1, renderer(found))))
            return
        parts = view.sobject.parts_of(found.name)
        whole: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        for name, key in ADDRESS_KEYS.items():
            part = parts.get(name)
            if part is None:
                continue
            columns.append(f"{alias}.{quoted(part.name)}")
            whole.append((key, len(columns) - 1, renderer(part)))
        shape.items.append((found.name, whole))

    def _group_fields(self, group: FieldGroup) -> Iterable[Field]:
        for each in self._scope.view.fields.values():
            if each.type == "complexvalue":
                continue
            if group.kind == "ALL" or (group.kind == "CUSTOM") == each.custom:
                yield each
