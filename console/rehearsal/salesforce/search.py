"""SOSL: `/search?q=FIND {...}` and `/parameterizedSearch`, for words and phrases in the text fields of records.

Words match whole words, `*` any letters and `?` one of them, in any case. See
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_sosl_syntax.htm.
"""

# ruff: noqa: S608 - what is put together here is SOQL, which the org's own parser reads

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.routing import Call, Reply, Route
from console.rehearsal.salesforce.soql.plan import Plan

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.org import Org

MOST = 2000
PLAIN_LIST_BEFORE = 37
"""Versions below this one answer a bare list."""
_GROUPS = {
    "ALL": ("string", "textarea", "picklist", "phone", "email", "url"),
    "NAME": (),
    "EMAIL": ("email",),
    "PHONE": ("phone",),
}
_FIND = re.compile(
    r"\s*FIND\s*\{(?P<words>(?:\\.|[^\\}])*)\}\s*"
    r"(?:IN\s+(?P<group>ALL|NAME|EMAIL|PHONE)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<returning>.+?)\s*)?(?:LIMIT\s+(?P<limit>[0-9]+)\s*)?",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<inside>(?:[^()']|'(?:\\.|[^\\'])*'|\([^()]*\))*)\))?\s*")
_TAIL = re.compile(r"\s+(?=(?:WHERE|ORDER\s+BY|LIMIT)\b)", re.IGNORECASE)
_WHERE = re.compile(r"WHERE\s+(?P<where>.+?)(?=\s+ORDER\s+BY\b|\s+LIMIT\b|$)", re.IGNORECASE | re.DOTALL)
_ORDER = re.compile(r"ORDER\s+BY\s+(?P<order>.+?)(?=\s+LIMIT\b|$)", re.IGNORECASE | re.DOTALL)
_LIMIT = re.compile(r"LIMIT\s+(?P<limit>[0-9]+)\s*$", re.IGNORECASE)
_WORD = re.compile(r'"(?P<phrase>[^"]*)"|(?P<word>[^\s"()]+)')
_RESERVED = {"AND", "OR", "NOT"}

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    fields: str
    where: str = ""
    order: str = ""
    limit: int = MOST


class Search:
    """Finds records by the words in them."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """The paths of searching."""
        return [
            Route("search", GET=self.search),
            Route("parameterizedsearch", GET=self.parameterized, POST=self.parameterized),
        ]

    def search(self, call: Call) -> Reply:
        found = _FIND.fullmatch(call.query.get("q", ""))
        if found is None:
            raise _malformed(
                "A search string of the form FIND {words} [IN group FIELDS] [RETURNING ...] is expected"
            )
        limit = int(found["limit"] or MOST)
        wanted = _objects(found["returning"]) if found["returning"] else self._everything(call)
        words = re.sub(r"\\(.)", r"\1", found["words"])
        return self._answer(call, words, (found["group"] or "ALL").upper(), wanted, limit)

    def parameterized(self, call: Call) -> Reply:
        body = call.json_object() if call.method == "POST" else dict(call.query)
        words, group = body.get("q"), str(body.get("in", "ALL")).upper()
        if not isinstance(words, str) or group not in _GROUPS:
            raise _malformed("q must be the words to look for, and in one of ALL, NAME, EMAIL, PHONE")
        given = body.get("sobjects") or body.get("sobject") or []
        if isinstance(given, str):
            given = [{"name": each} for each in given.split(",")]
        fields = body.get("fields") or "Id"
        common = ", ".join(fields) if isinstance(fields, list) else str(fields)
        wanted = [
            _Wanted(
                str(each["name"]), ", ".join(each.get("fields") or [common]), str(each.get("where") or "")
            )
            for each in given
        ] or self._everything(call)
        return self._answer(call, words, group, wanted, int(body.get("overallLimit") or MOST))

    def _everything(self, call: Call) -> list[_Wanted]:
        return [_Wanted(name, "Id") for name in ("Account", "Contact") if self._org.view(call.caller, name)]

    def _answer(self, call: Call, words: str, group: str, wanted: list[_Wanted], limit: int) -> Reply:
        tests = _tests(words)
        records = [record for each in wanted for record in self._records(call, each, group, tests)][:limit]
        old = int(call.version.partition(".")[0]) < PLAIN_LIST_BEFORE
        return Reply(200, records if old else {"searchRecords": records})

    def _records(
        self, call: Call, wanted: _Wanted, group: str, tests: list[tuple[str, Test]]
    ) -> Iterator[dict[str, Any]]:
        view = self._org.view(call.caller, wanted.name)
        if view is None:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{wanted.name}' is not supported.")
        looked_at = _fields(view, group)
        if not looked_at:
            return
        conditions = [
            "(" + " OR ".join(f"{name} LIKE '{pattern}'" for name in looked_at) + ")" for pattern, _ in tests
        ]
        if wanted.where:
            conditions.append(f"({wanted.where})")
        tail = f" WHERE {' AND '.join(conditions)}" + (f" ORDER BY {wanted.order}" if wanted.order else "")
        plan = self._plan(call, f"SELECT {wanted.fields} FROM {view.sobject.name}{tail}")
        texts = self._plan(call, f"SELECT {', '.join(looked_at)} FROM {view.sobject.name}{tail}")
        keys, left = self._org.queries.keys(plan), wanted.limit
        for start in range(0, len(keys), 200):
            piece = keys[start : start + 200]
            shown = self._org.queries.rows(plan, piece, call.version)
            for record, values in zip(shown, self._org.queries.rows(texts, piece, call.version), strict=True):
                if left and all(
                    any(test(str(values[name] or "")) for name in looked_at) for _, test in tests
                ):
                    left -= 1
                    yield record

    def _plan(self, call: Call, soql: str) -> Plan:
        plan = self._org.queries.plan(call.caller, soql, all_rows=False)
        if not isinstance(plan, Plan):
            raise _malformed("Only fields can be returned by a search")
        return plan


def _fields(view: View, group: str) -> list[str]:
    if group == "NAME":
        return [field.name for field in view.fields.values() if field.name_field]
    kinds = _GROUPS[group]
    return [
        field.name
        for field in view.fields.values()
        if field.type in kinds and not (field.type == "textarea" and field.length > 255)
    ]


def _objects(text: str) -> list[_Wanted]:
    """What stands behind RETURNING."""
    found: list[_Wanted] = []
    place = 0
    while True:
        one = _OBJECT.match(text, place)
        if one is None:
            raise _malformed(f"unexpected token: {text[place:].split(' ')[0]}")
        found.append(_wanted(one["name"], (one["inside"] or "Id").strip()))
        place = one.end()
        if place == len(text):
            return found
        if text[place] != ",":
            raise _malformed(f"unexpected token: {text[place:].split(' ')[0]}")
        place += 1


def _wanted(name: str, inside: str) -> _Wanted:
    fields, *rest = _TAIL.split(inside, maxsplit=1)
    tail = rest[0] if rest else ""
    where, order, limit = _WHERE.search(tail), _ORDER.search(tail), _LIMIT.search(tail)
    return _Wanted(
        name,
        fields,
        where["where"] if where else "",
        order["order"] if order else "",
        int(limit["limit"]) if limit else MOST,
    )


def _tests(words: str) -> list[tuple[str, Test]]:
    """For each word or phrase: a LIKE pattern that lets through at least what matches, and the exact test."""
    found: list[tuple[str, Test]] = []
    plain = words.strip()
    if "(" in plain or ")" in plain:
        raise _malformed("Brackets are not supported in the words of a search")
    for each in _WORD.finditer(plain):
        text = each["phrase"] if each["phrase"] is not None else each["word"]
        if each["word"] == "AND":
            continue
        if each["word"] in _RESERVED:
            raise _malformed(f"{each['word']} is not supported in the words of a search")
        if len(text.strip("*? ")) < 2 and not text.isdigit():
            raise _malformed("search term must be longer than one character")
        found.append((_pattern(text), _test(text)))
    if not found:
        raise _malformed("search term must be longer than one character")
    return found


def _pattern(text: str) -> str:
    escaped = re.sub(r"([\\'%_])", r"\\\1", text)
    return "%" + escaped.replace("*", "%").replace("?", "_") + "%"


def _test(text: str) -> Test:
    exact = re.escape(text).replace(r"\*", r"\w*").replace(r"\?", r"\w")
    compiled = re.compile(rf"(?<!\w){exact}(?!\w)", re.IGNORECASE)
    return lambda value: compiled.search(value) is not None


def _malformed(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_SEARCH", message)
