"""The few shapes of SOQL that the sync sends, over the model's records."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from .org import Org, Record

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[<>!=]+|[(),]|[^\s(),<>!=']+")
_WORDS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class Unknown(Exception):
    """A query of a shape that the model doesn't know."""


def answer(org: Org, query: str, *, deleted: bool, columns: dict[str, frozenset[str]]) -> list[dict]:
    """The rows of a query, in its order; ids break ties and stand in for an order.

    :param columns: what the signed-in user may read, by object.
    :raises Unknown: the model can't tell.
    :raises KeyError: a column that the user doesn't see.
    """
    tokens = _TOKEN.findall(query)
    if not tokens or tokens.pop(0).upper() != "SELECT":
        raise Unknown(query)
    place = [token.upper() for token in tokens].index("FROM")
    wanted = [token for token in tokens[:place] if token != ","]
    sobject, rest = tokens[place + 1], tokens[place + 2 :]
    if sobject == "Organization":
        return [{"Id": org.id}]
    if sobject not in columns:
        raise Unknown(query)
    keeps, order, limit = _clauses(rest, query)
    hidden = [name for name in wanted if name not in columns[sobject]]
    if hidden:
        raise KeyError(hidden[0])
    rows = [
        row
        for row in org.records.values()
        if row.sobject == sobject and (deleted or not row.deleted) and all(keep(row) for keep in keeps)
    ]
    rows.sort(key=lambda row: [_cell(row, name) or "" for name in (*order, "Id")])
    return [{name: _cell(row, name) for name in wanted} for row in rows[:limit]]


def _clauses(tokens: list[str], query: str) -> tuple[list[Callable[[Record], bool]], list[str], int | None]:
    keeps: list[Callable[[Record], bool]] = []
    order: list[str] = []
    limit = None
    tokens = list(tokens)
    while tokens:
        match tokens.pop(0).upper():
            case "WHERE" | "AND":
                name, operator = tokens.pop(0), tokens.pop(0).upper()
                if operator in ("IN", "NOT"):
                    wanted = operator == "IN" or tokens.pop(0).upper() != "IN"
                    end = tokens.index(")")
                    values = {_literal(token) for token in tokens[1:end] if token != ","}
                    del tokens[: end + 1]
                    keeps.append(_among(name, values, wanted))
                else:
                    keeps.append(_comparison(name, operator, _literal(tokens.pop(0)), query))
            case "ORDER":
                tokens.pop(0)
                while tokens and tokens[0].upper() != "LIMIT":
                    if (token := tokens.pop(0)) not in (",", "ASC"):
                        order.append(token)
            case "GROUP":
                del tokens[:2]  # by what alone is selected: who asks reads each value as often as it comes
            case "LIMIT":
                limit = int(tokens.pop(0))
            case _:
                raise Unknown(query)
    return keeps, order, limit


def _among(name: str, values: set, wanted: bool) -> Callable[[Record], bool]:
    return lambda row: (_cell(row, name) in values) == wanted


def _comparison(name: str, operator: str, value, query: str) -> Callable[[Record], bool]:
    if name.endswith(("Modstamp", "Date")) and isinstance(value, str):
        value = _instant(datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC))
    match operator:
        case "=":
            return lambda row: _cell(row, name) == value
        case "!=":
            return lambda row: _cell(row, name) != value
        case ">=":
            return lambda row: (_cell(row, name) or "") >= value
        case ">":
            return lambda row: (_cell(row, name) or "") > value
        case "<":
            return lambda row: (_cell(row, name) or "") < value
        case "<=":
            return lambda row: (_cell(row, name) or "") <= value
    raise Unknown(query)


def _literal(token: str):
    if token.startswith("'"):
        return re.sub(r"\\(.)", lambda sign: _WORDS.get(sign[1], sign[1]), token[1:-1])
    return {"null": None, "true": True, "false": False}.get(token.lower(), token)


def _cell(row: Record, name: str):
    match name:
        case "Id":
            return row.id
        case "SystemModstamp" | "LastModifiedDate":
            return _instant(row.stamp)
        case "CreatedDate":
            return _instant(row.created)
        case "LastModifiedById":
            return row.by
        case "CreatedById":
            return row.maker
        case "IsDeleted":
            return row.deleted
        case "MasterRecordId":
            return row.master
    return row.fields.get(name)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
