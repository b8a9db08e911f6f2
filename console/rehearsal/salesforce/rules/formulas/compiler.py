"""From the text of a formula to a function, with the kind of every part checked on the way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.rules.formulas.fields import field_node, global_node
from console.rehearsal.salesforce.rules.formulas.functions import call
from console.rehearsal.salesforce.rules.formulas.nodes import Node, constant, expect, spoken
from console.rehearsal.salesforce.rules.formulas.operators import (
    arithmetic,
    both,
    comparison,
    concatenation,
    either,
    negative,
)
from console.rehearsal.salesforce.rules.formulas.words import FormulaError, Save, Token, tokens, unquote

if TYPE_CHECKING:
    from console.rehearsal.salesforce.schema import Schema, SObject

MOST_CHARACTERS = 5000
MOST_NESTED = 100


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that says yes or no about a record."""

    node: Node

    def holds(self, save: Save) -> bool:
        """Whether it is true; blank counts as false."""
        return bool(self.node.value(save))


def compile_formula(text: str, schema: Schema, sobject: SObject) -> Formula:
    """The formula of a rule on an object. Raises FormulaError for what the org would not accept either."""
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            f"Formula is too long ({len(text)} characters). Maximum length is 5,000 characters"
        )
    parser = _Parser(tokens(text), schema, sobject)
    node = parser.expression()
    if parser.current.kind != "end":
        raise FormulaError(f"Syntax error. Extra {parser.current.text}")
    if node.kind != "boolean":
        raise FormulaError(
            f"Formula result is data type ({spoken(node.kind)}), incompatible with expected data type (true or false)"
        )
    return Formula(node)


class _Parser:
    def __init__(self, found: list[Token], schema: Schema, sobject: SObject) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0
        self._schema = schema
        self._sobject = sobject

    @property
    def current(self) -> Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> str | None:
        token = self.current
        if token.kind == "operator" and token.text in texts:
            self._place += 1
            return token.text
        return None

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise FormulaError(f"Syntax error. Missing '{text}'")

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise FormulaError("Formula is nested too deeply")
        node = self._and()
        while self._take("||"):
            node = either([node, self._and()])
        self._depth -= 1
        return node

    def _and(self) -> Node:
        node = self._comparison()
        while self._take("&&"):
            node = both([node, self._comparison()])
        return node

    def _comparison(self) -> Node:
        node = self._concatenation()
        while (operator := self._take("=", "==", "<>", "!=", "<", ">", "<=", ">=")) is not None:
            node = comparison(operator, node, self._concatenation())
        return node

    def _concatenation(self) -> Node:
        node = self._sum()
        while self._take("&"):
            node = concatenation(node, self._sum())
        return node

    def _sum(self) -> Node:
        node = self._product()
        while (operator := self._take("+", "-")) is not None:
            node = arithmetic(operator, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._power()
        while (operator := self._take("*", "/")) is not None:
            node = arithmetic(operator, node, self._power())
        return node

    def _power(self) -> Node:
        node = self._unary()
        while self._take("^"):
            node = arithmetic("^", node, self._unary())
        return node

    def _unary(self) -> Node:
        if self._take("!"):
            inner = self._unary()
            expect("operator '!'", inner, "boolean")
            return Node("boolean", lambda save: not inner.value(save))
        if self._take("-"):
            return negative(self._unary())
        self._take("+")
        return self._primary()

    def _primary(self) -> Node:
        token = self.current
        if self._take("("):
            node = self.expression()
            self._need(")")
            return node
        self._place += 1
        match token.kind:
            case "number":
                return constant("number", Decimal(token.text))
            case "text":
                return constant("text", unquote(token.text))
            case "name":
                return self._named(token)
        raise FormulaError(f"Syntax error. Found '{token.text}'" if token.text else "Syntax error")

    def _named(self, token: Token) -> Node:
        name = token.text
        if self._take("("):
            arguments: list[Node] = []
            if not self._take(")"):
                arguments.append(self.expression())
                while self._take(","):
                    arguments.append(self.expression())
                self._need(")")
            return call(name, arguments)
        match name.upper():
            case "TRUE":
                return constant("boolean", value=True)
            case "FALSE":
                return constant("boolean", value=False)
            case "NULL":
                return constant("null", None)
        if name.startswith("$"):
            return global_node(name, self._schema)
        return field_node(name, self._schema, self._sobject)
