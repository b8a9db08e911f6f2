"""What the operators of formulas do."""

from __future__ import annotations

import operator
from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.rules.formulas.nodes import Node, expect, spoken
from console.rehearsal.salesforce.rules.formulas.words import FormulaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.rehearsal.salesforce.rules.formulas.words import Save

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def both(nodes: Sequence[Node]) -> Node:
    """AND."""
    for node in nodes:
        expect("function 'AND()'", node, "boolean")
    return Node("boolean", lambda save: all(node.value(save) for node in nodes))


def either(nodes: Sequence[Node]) -> Node:
    """OR."""
    for node in nodes:
        expect("function 'OR()'", node, "boolean")
    return Node("boolean", lambda save: any(node.value(save) for node in nodes))


def comparison(sign: str, left: Node, right: Node) -> Node:
    """A comparison of two values of one kind. Nothing is greater or less than blank."""
    where = f"operator '{sign}'"
    for node, other in ((left, right), (right, left)):
        if node.kind == "picklist":
            raise FormulaError("Picklist fields are only supported in certain functions.")
        if node.kind != "null" and other.kind not in (node.kind, "null"):
            raise FormulaError(
                f"Incorrect parameter type for {where}. Expected {spoken(left.kind)}, received {spoken(right.kind)}"
            )
    if sign in ("=", "==", "<>", "!="):
        wanted = sign in ("=", "==")

        def equal(save: Save) -> bool:
            return (_blank(left.value(save)) == _blank(right.value(save))) is wanted

        return Node("boolean", equal)
    expect(where, left, "text", "number", "date", "datetime")
    compare = _COMPARE[sign]

    def ordered(save: Save) -> bool:
        first, second = left.value(save), right.value(save)
        return first is not None and second is not None and compare(first, second)

    return Node("boolean", ordered)


def _blank(value: Any) -> Any:
    return None if value == "" else value


def concatenation(left: Node, right: Node) -> Node:
    for node in (left, right):
        expect("operator '&'", node, "text")
    return Node("text", lambda save: (left.value(save) or "") + (right.value(save) or ""))


def negative(node: Node) -> Node:
    expect("operator '-'", node, "number")

    def value(save: Save) -> Any:
        found = node.value(save)
        return None if found is None else -found

    return Node("number", value)


def arithmetic(sign: str, left: Node, right: Node) -> Node:
    """Numbers with numbers; days with a number of days; two days or two moments to a number of days."""
    if sign == "+" and "text" in (left.kind, right.kind):
        expect("operator '+'", left, "text")
        expect("operator '+'", right, "text")
        return concatenation(left, right)
    if left.kind in ("date", "datetime") and sign in "+-":
        if right.kind == left.kind and sign == "-":
            return _numeric(left, right, lambda a, b: _days(a - b))
        expect(f"operator '{sign}'", right, "number")
        factor = 1 if sign == "+" else -1
        moved = _numeric(left, right, lambda a, b: _moved(a, factor * b))
        return Node(left.kind, moved.value)
    for node in (left, right):
        expect(f"operator '{sign}'", node, "number")
    work = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow}
    return _numeric(left, right, work[sign])


def _numeric(left: Node, right: Node, work: Callable[[Any, Any], Any]) -> Node:
    def value(save: Save) -> Any:
        first, second = left.value(save), right.value(save)
        if first is None or second is None:
            return None
        try:
            return work(first, second)
        except (DecimalException, ArithmeticError):
            return None  # Salesforce shows #Error!, which no condition holds for

    return Node("number", value)


def _days(span: timedelta) -> Decimal:
    return Decimal(span.days) + Decimal(span.seconds) / 86400


def _moved(moment: date, days: Decimal) -> date:
    if isinstance(moment, datetime):
        return moment + timedelta(days=float(days))
    return moment + timedelta(days=int(days))
