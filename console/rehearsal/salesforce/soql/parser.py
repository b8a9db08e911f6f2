"""A recursive-descent parser for SOQL. What it does not know is an error with its place, never ignored."""

from __future__ import annotations

from decimal import Decimal

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.soql import caret
from console.rehearsal.salesforce.soql.ast import (
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
    Order,
    Query,
    SelectItem,
)
from console.rehearsal.salesforce.soql.dates import RANGES, RANGES_WITH_COUNT
from console.rehearsal.salesforce.soql.lexer import Token, tokens

RESERVED = frozenset(
    {
        "AND",
        "ASC",
        "DESC",
        "EXCLUDES",
        "FIRST",
        "FROM",
        "GROUP",
        "HAVING",
        "IN",
        "INCLUDES",
        "LAST",
        "LIKE",
        "LIMIT",
        "NOT",
        "NULL",
        "NULLS",
        "OR",
        "ORDER",
        "SELECT",
        "USING",
        "WHERE",
        "WITH",
        "OFFSET",
        "FOR",
        "ALL",
        "BY",
        "AS",
    }
)
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"})
COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
MAX_DEPTH = 64
"""Brackets and NOTs inside each other; far beyond what a person writes, far below Python's own limit."""
_MOST_DIGITS = 9
"""Of a LIMIT or an OFFSET: what certainly fits an integer."""


def parse(text: str) -> Query:
    """The query that a text says; raises MALFORMED_QUERY with the place of the first thing that is wrong."""
    parser = _Parser(text)
    query = parser.query(inner=False)
    parser.expect_end()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    # -- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _peek(self, ahead: int) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._at += 1
        return token

    def _wrong(self, token: Token | None = None) -> ApiError:
        token = token or self._next
        return caret.unexpected(self._text, token.start, token.shown)

    def _keyword(self, *words: str) -> bool:
        """Takes the words if they come next."""
        if all(self._peek(place).word == word for place, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def _operator(self, sign: str) -> bool:
        if self._next.kind == "operator" and self._next.text == sign:
            self._at += 1
            return True
        return False

    def _need_keyword(self, word: str) -> None:
        if not self._keyword(word):
            raise self._wrong()

    def _need_operator(self, sign: str) -> None:
        if not self._operator(sign):
            raise self._wrong()

    def _name(self) -> Token:
        if self._next.kind != "name" or self._next.word in RESERVED:
            raise self._wrong()
        return self._take()

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._wrong()

    def _number(self) -> int:
        token = self._next
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > _MOST_DIGITS:
            raise self._wrong()
        return int(self._take().text)

    # -- query

    def query(self, *, inner: bool) -> Query:
        start = self._next.start
        self._need_keyword("SELECT")
        select = self._select_list(inner=inner)
        self._need_keyword("FROM")
        source = self._name()
        if self._keyword("AS"):
            alias: str | None = self._name().text
        elif self._next.kind == "name" and self._next.word not in RESERVED:
            alias = self._take().text
        else:
            alias = None
        where = self._condition(having=False) if self._keyword("WHERE") else None
        group_by: tuple[FieldPath, ...] = ()
        having = None
        if self._keyword("GROUP", "BY"):
            group_by = self._group_list()
            having = self._condition(having=True) if self._keyword("HAVING") else None
        order_by = self._order_list() if self._keyword("ORDER", "BY") else ()
        limit = self._number() if self._keyword("LIMIT") else None
        offset, offset_start = 0, self._next.start
        if self._keyword("OFFSET"):
            offset_start = self._next.start
            offset = self._number()
        all_rows = not inner and self._keyword("ALL", "ROWS")
        return Query(
            select,
            source.text,
            source.start,
            alias,
            where,
            group_by,
            having,
            order_by,
            limit,
            offset,
            offset_start,
            all_rows,
            start,
        )

    def _select_list(self, *, inner: bool) -> tuple[SelectItem, ...]:
        items = [self._select_item(inner=inner)]
        while self._operator(","):
            items.append(self._select_item(inner=inner))
        bare_count = next((each for each in items if isinstance(each, Aggregate) and each.path is None), None)
        if bare_count is not None and len(items) > 1:
            raise caret.unexpected(self._text, bare_count.start, "COUNT")
        return tuple(items)

    def _select_item(self, *, inner: bool) -> SelectItem:
        if self._next.text == "(" and self._next.kind == "operator":
            if inner:
                raise self._wrong()
            self._take()
            query = self.query(inner=True)
            self._need_operator(")")
            return query
        if self._next.word == "FIELDS" and self._peek(1).text == "(":
            return self._field_group()
        found = self._path_or_aggregate()
        if self._next.kind == "name" and self._next.word not in RESERVED:
            alias = self._take().text
            if isinstance(found, Aggregate):
                return Aggregate(found.function, found.path, found.start, alias)
            return FieldPath(found.names, found.start, alias)
        return found

    def _field_group(self) -> FieldGroup:
        start = self._take().start
        self._need_operator("(")
        kind = self._take()
        if kind.word not in {"ALL", "STANDARD", "CUSTOM"}:
            raise self._wrong(kind)
        self._need_operator(")")
        return FieldGroup(kind.word, start)

    def _path_or_aggregate(self) -> FieldPath | Aggregate:
        if self._peek(1).kind == "operator" and self._peek(1).text == "(" and self._next.kind == "name":
            return self._aggregate()
        return self._path()

    def _aggregate(self) -> Aggregate:
        function = self._take()
        if function.word not in AGGREGATES:
            raise self._wrong(function)
        self._need_operator("(")
        path = None
        if function.word != "COUNT" or self._next.text != ")":
            path = self._path()
        self._need_operator(")")
        return Aggregate(function.word, path, function.start)

    def _path(self) -> FieldPath:
        first = self._name()
        names = [first.text]
        while self._operator("."):
            if self._next.kind != "name":
                raise self._wrong()
            names.append(self._take().text)
        return FieldPath(tuple(names), first.start)

    def _group_list(self) -> tuple[FieldPath, ...]:
        paths = [self._group_item()]
        while self._operator(","):
            paths.append(self._group_item())
        return tuple(paths)

    def _group_item(self) -> FieldPath:
        if self._peek(1).text == "(":
            raise self._wrong(self._peek(1))
        return self._path()

    def _order_list(self) -> tuple[Order, ...]:
        orders = [self._order_item()]
        while self._operator(","):
            orders.append(self._order_item())
        return tuple(orders)

    def _order_item(self) -> Order:
        by = self._path_or_aggregate()
        descending = False
        if self._keyword("DESC"):
            descending = True
        else:
            self._keyword("ASC")
        nulls_last = False
        if self._keyword("NULLS"):
            if self._keyword("LAST"):
                nulls_last = True
            else:
                self._need_keyword("FIRST")
        return Order(by, descending, nulls_last)

    # -- conditions

    def _condition(self, *, having: bool) -> Condition:
        items = [self._unary(having=having)]
        if self._keyword("AND"):
            items.append(self._unary(having=having))
            while self._keyword("AND"):
                items.append(self._unary(having=having))
            if self._next.word == "OR":
                raise self._wrong()  # AND and OR side by side need brackets
            return And(tuple(items))
        if self._keyword("OR"):
            items.append(self._unary(having=having))
            while self._keyword("OR"):
                items.append(self._unary(having=having))
            if self._next.word == "AND":
                raise self._wrong()
            return Or(tuple(items))
        return items[0]

    def _unary(self, *, having: bool) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong()
        try:
            if self._keyword("NOT"):
                return Not(self._unary(having=having))
            if self._operator("("):
                inside = self._condition(having=having)
                self._need_operator(")")
                return inside
            return self._comparison(having=having)
        finally:
            self._depth -= 1

    def _comparison(self, *, having: bool) -> Condition:
        start = self._next.start
        left = self._path_or_aggregate()
        if isinstance(left, Aggregate) and (not having or left.path is None):
            raise caret.unexpected(self._text, start, left.function)
        token = self._next
        if token.kind == "operator" and token.text in COMPARISONS:
            self._take()
            return Comparison(left, COMPARISONS[token.text], self._literal(), start)
        if self._keyword("LIKE"):
            if self._next.kind != "string":
                raise self._wrong()
            return Comparison(left, "LIKE", self._literal(), start)
        if isinstance(left, Aggregate):
            raise self._wrong()
        negated = self._keyword("NOT", "IN")
        if negated or self._keyword("IN"):
            return self._membership(left, negated=negated, start=start)
        raise self._wrong()

    def _membership(self, left: FieldPath, *, negated: bool, start: int) -> Condition:
        self._need_operator("(")
        if self._next.word == "SELECT":
            query = self.query(inner=True)
            self._need_operator(")")
            return InQuery(left, query, negated, start)
        values = [self._literal()]
        while self._operator(","):
            values.append(self._literal())
        self._need_operator(")")
        return InList(left, tuple(values), negated, start)

    def _literal(self) -> Literal:
        token = self._take()
        match token.kind:
            case "string":
                return Literal("string", token.text, token.start, token.pattern)
            case "number":
                return Literal("number", Decimal(token.text), token.start)
            case "date" | "datetime":
                return Literal(token.kind, token.text.upper(), token.start)
            case "name":
                return self._named_literal(token)
        raise self._wrong(token)

    def _named_literal(self, token: Token) -> Literal:
        match token.word:
            case "TRUE":
                return Literal("boolean", True, token.start)
            case "FALSE":
                return Literal("boolean", False, token.start)
            case "NULL":
                return Literal("null", None, token.start)
        if token.word in RANGES:
            return Literal("range", token.word, token.start)
        if token.word in RANGES_WITH_COUNT:
            self._need_operator(":")
            return Literal("range", token.word, token.start, count=self._number())
        raise self._wrong(token)
