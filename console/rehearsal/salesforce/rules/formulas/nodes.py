"""The parts of a compiled formula: the kind of their value, and how it is worked out.

Kinds are text, number, boolean, date, datetime, picklist and null. A text without a value is empty, every other
kind is None then: https://help.salesforce.com/s/articleView?id=platform.tips_on_building_formulas.htm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.rules.formulas.words import FormulaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.rules.formulas.words import Save

_SPOKEN = {
    "text": "Text",
    "number": "Number",
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "DateTime",
    "picklist": "Picklist",
    "null": "Null",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a formula."""

    kind: str
    value: Callable[[Save], Any]
    prior: Callable[[Save], Any] | None = None
    """The value before the save: of fields of the record itself only."""
    fixed: Any = None
    """The value of a constant."""


def constant(kind: str, value: Any) -> Node:
    return Node(kind, lambda save: value, fixed=value)


def spoken(kind: str) -> str:
    """The kind as messages name it."""
    return _SPOKEN[kind]


def expect(where: str, node: Node, *kinds: str) -> None:
    """Refuses a part of another kind. `where` is a function or an operator."""
    if node.kind in kinds or node.kind == "null":
        return
    if node.kind == "picklist":
        raise FormulaError("Picklist fields are only supported in certain functions.")
    wanted = ", ".join(_SPOKEN[kind] for kind in kinds)
    raise FormulaError(
        f"Incorrect parameter type for {where}. Expected {wanted}, received {_SPOKEN[node.kind]}"
    )


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
