"""Fields and global variables in formulas: `Name`, `Owner.Username`, `$User.Username`, `$Profile.Name`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.rules.formulas.nodes import Node
from console.rehearsal.salesforce.rules.formulas.words import FormulaError, Save
from console.rehearsal.salesforce.schema import NUMBER_TYPES
from console.rehearsal.salesforce.values import parse_date, parse_moment, renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.rehearsal.salesforce.schema import Field, Schema, SObject

MOST_PARENTS = 10


def kind_of(field: Field) -> str:
    """The kind of a field's values."""
    match field.type:
        case "boolean" | "date" | "datetime" | "picklist":
            return field.type
        case "int":
            return "number"
        case "address" | "complexvalue":
            return ""
    return "number" if field.type in NUMBER_TYPES else "text"


def reader(field: Field) -> Callable[[Mapping[str, Any]], Any]:
    """A function from a row to the value as formulas see it."""
    kind, convert, name = kind_of(field), renderer(field), field.name

    def read(row: Mapping[str, Any]) -> Any:
        value = row.get(name)
        if value is None:
            return "" if kind in ("text", "picklist") else False if kind == "boolean" else None
        match kind:
            case "number":
                return Decimal(convert(value) if convert else value)
            case "boolean":
                return bool(value)
            case "date":
                return parse_date(value)
            case "datetime":
                return parse_moment(value)
        return value

    return read


def field_node(path: str, schema: Schema, sobject: SObject) -> Node:
    """A field of the record, or of one that it refers to. Raises FormulaError."""
    *parents, last = path.split(".")
    if len(parents) > MOST_PARENTS:
        raise FormulaError(f"Field {path} reaches over too many relationships")
    references: list[Field] = []
    target = sobject
    for name in parents:
        found = next(
            (each for each in target.references() if (each.relationship_name or "").lower() == name.lower()),
            None,
        )
        if found is None:
            raise _unknown(path)
        references.append(found)
        target = schema.objects[found.reference_to]
    field = target.get(last)
    if field is None or not kind_of(field):
        raise _unknown(path)
    read = reader(field)
    if not references:
        return Node(
            kind_of(field),
            lambda save: read(save.new),
            prior=lambda save: read(save.old if save.old is not None else save.new),
        )

    def value(save: Save) -> Any:
        row: Mapping[str, Any] | None = save.new
        for reference in references:
            row = (
                None
                if row is None or row.get(reference.name) is None
                else save.parent(reference, row[reference.name])
            )
        return read(row or {})

    return Node(kind_of(field), value)


def global_node(path: str, schema: Schema) -> Node:
    """A field of the user who saves, or the name of their profile."""
    variable, _, name = path.partition(".")
    match variable.lower():
        case "$profile" if name.lower() == "name":
            return Node("text", lambda save: save.profile)
        case "$user":
            field = schema.objects["User"].get(name)
            if field is not None and kind_of(field):
                read = reader(field)
                return Node(kind_of(field), lambda save: read(save.user))
    raise _unknown(path)


def _unknown(path: str) -> FormulaError:
    return FormulaError(f"Field {path} does not exist. Check spelling.")
