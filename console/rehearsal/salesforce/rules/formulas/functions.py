"""The functions of formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.rules.formulas.nodes import Node, expect, is_blank
from console.rehearsal.salesforce.rules.formulas.operators import both, comparison, either
from console.rehearsal.salesforce.rules.formulas.words import FormulaError, Save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ANY = ("text", "number", "boolean", "date", "datetime")
TEXT, NUMBER, BOOLEAN = ("text",), ("number",), ("boolean",)
DAY, DAYS = ("date",), ("date", "datetime")


@dataclass(frozen=True, slots=True)
class _Plain:
    """A function of values: the kinds of its arguments, the kind of its result; blank arguments are passed on."""

    arguments: tuple[tuple[str, ...], ...]
    result: str
    work: Callable[..., Any]
    least: int = -1
    many: bool = False


def call(name: str, arguments: Sequence[Node]) -> Node:
    """The call of a function. Raises FormulaError for one that is unknown, or for wrong arguments."""
    upper = name.upper()
    special = _SPECIAL.get(upper)
    if special is not None:
        least, most, make = special
        _count(upper, arguments, least, most)
        return make(arguments)
    plain = _PLAIN.get(upper)
    if plain is None:
        raise FormulaError(f"Unknown function {name}. Check spelling.")
    least = len(plain.arguments) if plain.least < 0 else plain.least
    _count(upper, arguments, least, None if plain.many else len(plain.arguments))
    for place, node in enumerate(arguments):
        expect(f"function '{upper}()'", node, *plain.arguments[min(place, len(plain.arguments) - 1)])
    work = plain.work

    def value(save: Save) -> Any:
        values = [node.value(save) for node in arguments]
        if any(each is None for each in values):
            return None
        try:
            return work(*values)
        except (ArithmeticError, ValueError):
            return None  # Salesforce shows #Error!, which no condition holds for

    return Node(plain.result, value)


def _count(name: str, arguments: Sequence[Node], least: int, most: int | None) -> None:
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = least if least == most or len(arguments) < least else most
        raise FormulaError(
            f"Incorrect number of parameters for function '{name}()'. Expected {wanted}, received {len(arguments)}"
        )


# -- plain functions


def _substring(text: str, start: Decimal, length: Decimal) -> str:
    first = max(int(start), 1) - 1
    return text[first : first + max(int(length), 0)]


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _round(number: Decimal, places: Decimal) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-int(places)), rounding=ROUND_HALF_UP)


_PLAIN: dict[str, _Plain] = {
    "LEN": _Plain((TEXT,), "number", lambda text: Decimal(len(text))),
    "CONTAINS": _Plain((TEXT, TEXT), "boolean", lambda text, part: part in text),
    "BEGINS": _Plain((TEXT, TEXT), "boolean", lambda text, part: text.startswith(part)),
    "LEFT": _Plain((TEXT, NUMBER), "text", lambda text, count: text[: max(int(count), 0)]),
    "RIGHT": _Plain((TEXT, NUMBER), "text", lambda text, count: text[-int(count) :] if count >= 1 else ""),
    "MID": _Plain((TEXT, NUMBER, NUMBER), "text", _substring),
    "FIND": _Plain(
        (TEXT, TEXT, NUMBER),
        "number",
        lambda part, text, start=Decimal(1): Decimal(text.find(part, max(int(start), 1) - 1) + 1),
        least=2,
    ),
    "SUBSTITUTE": _Plain(
        (TEXT, TEXT, TEXT), "text", lambda text, old, new: text.replace(old, new) if old else text
    ),
    "UPPER": _Plain((TEXT,), "text", str.upper),
    "LOWER": _Plain((TEXT,), "text", str.lower),
    "TRIM": _Plain((TEXT,), "text", str.strip),
    "VALUE": _Plain((TEXT,), "number", _number),
    "ISNUMBER": _Plain((TEXT,), "boolean", lambda text: _number(text) is not None),
    "ABS": _Plain((NUMBER,), "number", abs),
    "MOD": _Plain((NUMBER, NUMBER), "number", lambda a, b: a - b * (a // b) if b else None),
    "ROUND": _Plain((NUMBER, NUMBER), "number", _round),
    "MAX": _Plain((NUMBER,), "number", max, least=2, many=True),
    "MIN": _Plain((NUMBER,), "number", min, least=2, many=True),
    "YEAR": _Plain((DAY,), "number", lambda day: Decimal(day.year)),
    "MONTH": _Plain((DAY,), "number", lambda day: Decimal(day.month)),
    "DAY": _Plain((DAY,), "number", lambda day: Decimal(day.day)),
    "DATEVALUE": _Plain(
        (DAYS,), "date", lambda moment: moment.date() if isinstance(moment, datetime) else moment
    ),
    "DATE": _Plain((NUMBER, NUMBER, NUMBER), "date", lambda y, m, d: _date(int(y), int(m), int(d))),
}


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# -- functions that look at fields, at the save, or at more than values


def _not(arguments: Sequence[Node]) -> Node:
    (node,) = arguments
    expect("function 'NOT()'", node, "boolean")
    return Node("boolean", lambda save: not node.value(save))


def _is_blank(arguments: Sequence[Node]) -> Node:
    (node,) = arguments
    return Node("boolean", lambda save: is_blank(node.value(save)))


def _is_null(arguments: Sequence[Node]) -> Node:
    """A text is never null, only blank."""
    (node,) = arguments
    return Node("boolean", lambda save: node.value(save) is None)


def _if(arguments: Sequence[Node]) -> Node:
    condition, yes, no = arguments
    expect("function 'IF()'", condition, "boolean")
    kind = _one_kind("IF", (yes, no))
    return Node(kind, lambda save: yes.value(save) if condition.value(save) else no.value(save))


def _case(arguments: Sequence[Node]) -> Node:
    """CASE(expression, value, result, ..., otherwise). A picklist is compared with texts."""
    if len(arguments) % 2:
        raise FormulaError("Incorrect number of parameters for function 'CASE()'")
    subject, *rest, otherwise = arguments
    if subject.kind == "picklist":
        subject = Node("text", subject.value)
    tests = [comparison("=", subject, rest[place]) for place in range(0, len(rest), 2)]
    results = rest[1::2]
    kind = _one_kind("CASE", (*results, otherwise))

    def value(save: Save) -> Any:
        for test, result in zip(tests, results, strict=True):
            if test.value(save):
                return result.value(save)
        return otherwise.value(save)

    return Node(kind, value)


def _one_kind(name: str, nodes: Sequence[Node]) -> str:
    kinds = {node.kind for node in nodes if node.kind != "null"}
    if len(kinds) > 1 or "picklist" in kinds:
        raise FormulaError(f"Incorrect parameter type for function '{name}()'")
    return kinds.pop() if kinds else "null"


def _blank_value(arguments: Sequence[Node]) -> Node:
    node, other = arguments
    kind = _one_kind("BLANKVALUE", arguments)

    def value(save: Save) -> Any:
        found = node.value(save)
        return other.value(save) if is_blank(found) else found

    return Node(kind, value)


def _is_picklist_value(arguments: Sequence[Node]) -> Node:
    node, text = arguments
    if node.kind != "picklist":
        raise FormulaError("Incorrect parameter type for function 'ISPICKVAL()'. Expected Picklist")
    if not isinstance(text.fixed, str):
        raise FormulaError("Incorrect parameter type for function 'ISPICKVAL()'. Expected a text literal")
    return Node("boolean", lambda save: node.value(save) == text.fixed)


def _text(arguments: Sequence[Node]) -> Node:
    (node,) = arguments
    expect("function 'TEXT()'", node, "number", "date", "datetime", "picklist")

    def value(save: Save) -> Any:
        found = node.value(save)
        if found is None:
            return ""
        if isinstance(found, Decimal):
            shown = format(found, "f")
            return shown.rstrip("0").rstrip(".") if "." in shown else shown
        if isinstance(found, datetime):
            return found.strftime("%Y-%m-%d %H:%M:%SZ")
        return found.isoformat() if isinstance(found, date) else found

    return Node("text", value)


def _regex(arguments: Sequence[Node]) -> Node:
    """The whole text must match, as in Java."""
    text, pattern = arguments
    expect("function 'REGEX()'", text, "text")
    if not isinstance(pattern.fixed, str):
        raise FormulaError("Incorrect parameter type for function 'REGEX()'. Expected a text literal")
    try:
        compiled = re.compile(pattern.fixed)
    except re.error as wrong:
        raise FormulaError(f"Invalid regular expression for function 'REGEX()': {wrong}") from None
    return Node("boolean", lambda save: compiled.fullmatch(text.value(save) or "") is not None)


def _own_field(name: str, node: Node) -> Callable[[Save], Any]:
    if node.prior is None:
        raise FormulaError(f"Function {name} may only be used with fields of the record")
    return node.prior


def _is_changed(arguments: Sequence[Node]) -> Node:
    (node,) = arguments
    prior = _own_field("ISCHANGED", node)
    return Node("boolean", lambda save: save.old is not None and prior(save) != node.value(save))


def _prior_value(arguments: Sequence[Node]) -> Node:
    (node,) = arguments
    return Node(node.kind, _own_field("PRIORVALUE", node))


_SPECIAL: dict[str, tuple[int, int | None, Callable[[Sequence[Node]], Node]]] = {
    "AND": (1, None, both),
    "OR": (1, None, either),
    "NOT": (1, 1, _not),
    "IF": (3, 3, _if),
    "CASE": (4, None, _case),
    "ISBLANK": (1, 1, _is_blank),
    "ISNULL": (1, 1, _is_null),
    "BLANKVALUE": (2, 2, _blank_value),
    "ISPICKVAL": (2, 2, _is_picklist_value),
    "TEXT": (1, 1, _text),
    "REGEX": (2, 2, _regex),
    "ISNEW": (0, 0, lambda arguments: Node("boolean", lambda save: save.old is None)),
    "ISCHANGED": (1, 1, _is_changed),
    "PRIORVALUE": (1, 1, _prior_value),
    "TODAY": (0, 0, lambda arguments: Node("date", lambda save: save.now.date())),
    "NOW": (0, 0, lambda arguments: Node("datetime", lambda save: save.now)),
}
