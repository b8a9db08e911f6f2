"""Any query against a plain evaluation of the same conditions over the same records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.rehearsal.salesforce import jsontext
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.org import Caller, Org
from console.rehearsal.salesforce.soql import ast
from console.rehearsal.salesforce.soql.parser import parse
from console.rehearsal.salesforce.store import fold
from console.rehearsal.salesforce.textmatch import spellings

from .conftest import Desk

Record = dict[str, Any]
NAMES = [
    "a",
    "A",
    "ab",
    "aB%",
    "a_b",
    "back\\slash",
    "it's",
    "Müller",
    "MÜLLER",
    "ÄÖÜ äöü ÄÖÜ ß",
    "Σς",
    "日本",
    "z\n",
    "\u212a",
]
CITIES = [None, "Bern", "bern", "Köln", "KÖLN", "x"]
AMOUNTS = [None, Decimal("-1.50"), Decimal("0.00"), Decimal("1.50"), Decimal("1.51"), Decimal("99999999.99")]
HEADS = [None, -3, 0, 1, 12]
DAYS = [None, "2026-02-28", "2026-03-03", "2026-03-04", "2027-01-01"]
MOMENTS = [
    "2025-12-31T23:59:59.999+0000",
    "2026-03-03T23:59:59.000+0000",
    "2026-03-04T00:00:00.000+0000",
    "2026-03-04T12:00:00.000+0000",
]
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class World:
    desk: Desk
    records: list[Record]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    random = Random(11)
    org = Org(":memory:", clock=lambda: NOW)
    desk = Desk(org, Caller(org.admin_id))
    desk.field("Account.Money__c", type="Currency", precision=10, scale=2)
    desk.field("Account.Day__c", type="Date")
    desk.field("Account.On__c", type="Checkbox", defaultValue=False)
    rows = [
        {
            "Name": random.choice(NAMES),
            "BillingCity": random.choice(CITIES),
            "Money__c": random.choice(AMOUNTS),
            "NumberOfEmployees": random.choice(HEADS),
            "Day__c": random.choice(DAYS),
            "On__c": random.random() < 0.5,
            "CreatedDate": random.choice(MOMENTS),
        }
        for _ in range(120)
    ]
    org.load("Account", rows)
    ids = desk.column("SELECT Id FROM Account ORDER BY Id")
    yield World(desk, [{"Id": each, **row} for each, row in zip(ids, rows, strict=True)])
    org.close()


@dataclass(frozen=True)
class Cond:
    """A condition as text and as a function."""

    text: str
    holds: Callable[[Record], bool]
    simple: bool = True


def quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def order_key(value: Any) -> Any:
    """How texts sort: ASCII letters without regard to case, all else by its code."""
    if isinstance(value, str):
        return "".join(chr(ord(each) + 32) if "A" <= each <= "Z" else each for each in value)
    return value


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def comparison(field: str, operator: str, value: Any, shown: str) -> Cond:
    def holds(record: Record) -> bool:
        found = record[field]
        same = (
            fold(found) == fold(value)
            if isinstance(value, str) and isinstance(found, str)
            else found == value
        )
        if operator == "=":
            return bool(same)
        if operator == "!=":
            return not same
        return found is not None and COMPARE[operator](order_key(found), order_key(value))

    return Cond(f"{field} {operator} {shown}", holds)


def shown_number(number: Decimal) -> str:
    return format(number, "f")


def shown_moment(text: str) -> str:
    return text.replace("+0000", "Z")


OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
EQUALITY = st.sampled_from(["=", "!="])
TEXTS = st.sampled_from([*NAMES, *(each for each in CITIES if each), "müLLER", "nobody", "äöü ÄÖÜ äöü ß"])
NUMBERS = st.sampled_from(
    [Decimal("-1.5"), Decimal("0"), Decimal("1.505"), Decimal("1.51"), Decimal("100000000")]
)
FIELDS_OF_TEXT = st.sampled_from(["Name", "BillingCity"])


@st.composite
def text_comparison(draw: st.DrawFn) -> Cond:
    value = draw(TEXTS)
    return comparison(draw(FIELDS_OF_TEXT), draw(OPERATORS), value, quote(value))


@st.composite
def null_comparison(draw: st.DrawFn) -> Cond:
    field = draw(st.sampled_from(["BillingCity", "Money__c", "NumberOfEmployees", "Day__c"]))
    return comparison(field, draw(EQUALITY), None, "null")


@st.composite
def number_comparison(draw: st.DrawFn) -> Cond:
    value = draw(NUMBERS)
    return comparison(
        draw(st.sampled_from(["Money__c", "NumberOfEmployees"])), draw(OPERATORS), value, shown_number(value)
    )


@st.composite
def other_comparison(draw: st.DrawFn) -> Cond:
    match draw(st.integers(0, 2)):
        case 0:
            day = draw(st.sampled_from(DAYS[1:]))
            return comparison("Day__c", draw(OPERATORS), day, str(day))
        case 1:
            moment = draw(st.sampled_from(MOMENTS))
            return comparison("CreatedDate", draw(OPERATORS), moment, shown_moment(moment))
    value = draw(st.booleans())
    return comparison("On__c", draw(EQUALITY), value, str(value).lower())


@st.composite
def range_comparison(draw: st.DrawFn) -> Cond:
    """Against whole days: before, within, after."""
    field, operator = draw(st.sampled_from(["Day__c", "CreatedDate"])), draw(OPERATORS)
    name, first, after = draw(
        st.sampled_from(
            [
                ("TODAY", "2026-03-04", "2026-03-05"),
                ("YESTERDAY", "2026-03-03", "2026-03-04"),
                ("THIS_YEAR", "2026-01-01", "2027-01-01"),
                ("LAST_N_DAYS:5", "2026-02-27", "2026-03-05"),
                ("LAST_MONTH", "2026-02-01", "2026-03-01"),
            ]
        )
    )

    def holds(record: Record) -> bool:
        found = record[field] and record[field][:10]
        within = found is not None and first <= found < after
        if operator in ("=", "!="):
            return within == (operator == "=")
        if found is None:
            return False
        return {"<": found < first, "<=": found < after, ">": found >= after, ">=": found >= first}[operator]

    return Cond(f"{field} {operator} {name}", holds)


@st.composite
def like(draw: st.DrawFn) -> Cond:
    field = draw(FIELDS_OF_TEXT)
    parts = draw(
        st.lists(st.sampled_from(["%", "_", "\\%", "\\_", "a", "B", "ü", "L", "\\\\", "Ö", "S"]), max_size=5)
    )
    expression = "".join({"%": ".*", "_": "."}.get(part) or re.escape(fold(part[-1]) or "") for part in parts)
    compiled = re.compile(expression, re.DOTALL)

    def holds(record: Record) -> bool:
        found = record[field]
        return found is not None and compiled.fullmatch(fold(found) or "") is not None

    return Cond(f"{field} LIKE '{''.join(parts)}'", holds)


@st.composite
def membership(draw: st.DrawFn) -> Cond:
    negated = draw(st.booleans())
    if draw(st.booleans()):
        field = draw(FIELDS_OF_TEXT)
        wanted: list[Any] = draw(st.lists(TEXTS | st.none() | st.just("ÄÖÜÄÖÜÄÖÜ"), min_size=1, max_size=5))
        shown = ["null" if each is None else quote(each) for each in wanted]
    else:
        field = "Money__c"
        wanted = draw(st.lists(NUMBERS | st.none(), min_size=1, max_size=4))
        shown = ["null" if each is None else shown_number(each) for each in wanted]
    folded = [fold(each) if isinstance(each, str) else each for each in wanted]

    def holds(record: Record) -> bool:
        found = record[field]
        inside = (fold(found) if isinstance(found, str) else found) in folded
        return inside != negated

    return Cond(f"{field} {'NOT IN' if negated else 'IN'} ({', '.join(shown)})", holds)


def bracketed(cond: Cond) -> str:
    return cond.text if cond.simple else f"({cond.text})"


LEAVES = (
    text_comparison()
    | null_comparison()
    | number_comparison()
    | other_comparison()
    | range_comparison()
    | like()
    | membership()
)


def grow(inner: st.SearchStrategy[Cond]) -> st.SearchStrategy[Cond]:
    def all_of(items: list[Cond]) -> Cond:
        return Cond(
            " AND ".join(map(bracketed, items)),
            lambda record: all(each.holds(record) for each in items),
            simple=False,
        )

    def any_of(items: list[Cond]) -> Cond:
        return Cond(
            " or ".join(map(bracketed, items)),
            lambda record: any(each.holds(record) for each in items),
            simple=False,
        )

    def none_of(item: Cond) -> Cond:
        return Cond(f"NOT {bracketed(item)}", lambda record: not item.holds(record), simple=False)

    several = st.lists(inner, min_size=2, max_size=3)
    return several.map(all_of) | several.map(any_of) | inner.map(none_of)


CONDITIONS = st.recursive(LEAVES, grow, max_leaves=6)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["Name", "BillingCity", "Money__c", "NumberOfEmployees", "Day__c", "CreatedDate"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=2,
    unique_by=lambda each: each[0],
)
QUICK = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def ordered(records: list[Record], orders: list[tuple[str, bool, bool]]) -> list[Record]:
    """By id, then by each field from the last to the first; rows without a value at the end that is said."""
    found = sorted(records, key=lambda record: record["Id"])
    for field, descending, nulls_last in reversed(orders):
        groups: dict[Any, list[Record]] = {}
        for record in found:
            groups.setdefault(None if record[field] is None else order_key(record[field]), []).append(record)
        empty = groups.pop(None, [])
        filled = [record for key in sorted(groups, reverse=descending) for record in groups[key]]
        found = filled + empty if nulls_last else empty + filled
    return found


@QUICK
@given(condition=CONDITIONS, orders=ORDERS, limit=st.none() | st.integers(0, 30), offset=st.integers(0, 10))
def test_a_query_finds_what_a_plain_evaluation_finds(
    world: World, condition: Cond, orders: list[tuple[str, bool, bool]], limit: int | None, offset: int
) -> None:
    terms = [
        f"{field} {'DESC' if descending else 'ASC'} NULLS {'LAST' if nulls_last else 'FIRST'}"
        for field, descending, nulls_last in [*orders, ("Id", False, False)]
    ]
    bounds = (f" LIMIT {limit}" if limit is not None else "") + (f" OFFSET {offset}" if offset else "")
    soql = f"SELECT Id FROM Account WHERE {condition.text} ORDER BY {', '.join(terms)}{bounds}"
    matching = [record for record in world.records if condition.holds(record)]
    last = None if limit is None else offset + limit
    expected = [record["Id"] for record in ordered(matching, orders)][offset:last]
    assert world.desk.column(soql) == expected


@QUICK
@given(condition=CONDITIONS)
def test_a_condition_and_its_opposite_share_all_records(world: World, condition: Cond) -> None:
    yes = world.desk.query(f"SELECT COUNT() FROM Account WHERE {bracketed(condition)}")["totalSize"]
    no = world.desk.query(f"SELECT COUNT() FROM Account WHERE NOT ({condition.text})")["totalSize"]
    assert yes + no == len(world.records)
    assert yes == sum(condition.holds(record) for record in world.records)


@QUICK
@given(condition=CONDITIONS, field=st.sampled_from(["NumberOfEmployees", "Day__c", "On__c"]))
def test_groups_add_up(world: World, condition: Cond, field: str) -> None:
    matching = [record for record in world.records if condition.holds(record)]
    expected: dict[Any, tuple[int, Decimal | None, Decimal | None]] = {}
    for value in {record[field] for record in matching}:
        amounts = [
            each["Money__c"] for each in matching if each[field] == value and each["Money__c"] is not None
        ]
        count = sum(each[field] == value for each in matching)
        expected[value] = (count, sum(amounts) if amounts else None, max(amounts, default=None))
    found = world.desk.rows(
        f"SELECT {field} k, COUNT(Id) n, SUM(Money__c) s, MAX(Money__c) m FROM Account WHERE {condition.text} "
        f"GROUP BY {field}"
    )
    assert {row["k"]: (row["n"], row["s"], row["m"]) for row in found} == expected


ITEMS = st.sampled_from(
    [
        "Id",
        "Name",
        "Owner.Name",
        "Parent.Owner.Profile.Name",
        "BillingAddress",
        "Money__c",
        "Description",
        "Nope__c",
        "Owner.Nope",
        "(SELECT Id FROM Contacts)",
        "(SELECT LastName, Account.Name FROM Contacts WHERE Email != null ORDER BY Name LIMIT 2)",
        "(SELECT Id FROM ChildAccounts)",
        "COUNT(Id) n",
        "COUNT()",
        "SUM(Money__c)",
        "AVG(NumberOfEmployees)",
        "MAX(Owner.Name)",
        "MIN(BillingLatitude)",
        "COUNT_DISTINCT(BillingCity)",
        "SUM(Name)",
        "FIELDS(STANDARD)",
        "FIELDS(ALL)",
    ]
)
CLAUSES = st.sampled_from(
    [
        "",
        "WHERE Id IN (SELECT AccountId FROM Contact)",
        "WHERE Owner.IsActive = true AND NOT Parent.Name LIKE 'x%'",
        "WHERE BillingLatitude > 1.5e0",
        "WHERE BillingAddress = null",
        "WHERE CreatedDate = LAST_N_YEARS:99999",
        "WHERE NumberOfEmployees = 99999999999999999999999",
        "WHERE OwnerId NOT IN (SELECT Id FROM User WHERE Profile.Name = 'x')",
        "WHERE Money__c IN (1, 2.5, null)",
        "GROUP BY Name",
        "GROUP BY Owner.Name, BillingCity",
        "GROUP BY BillingCity HAVING COUNT(Id) > 1",
        "GROUP BY Name HAVING MAX(CreatedDate) < TODAY",
        "GROUP BY Money__c",
    ]
)
ENDS = st.sampled_from(
    [
        "",
        "ORDER BY Name",
        "ORDER BY Owner.Name DESC",
        "ORDER BY COUNT(Id)",
        "ORDER BY n",
        "LIMIT 0",
        "LIMIT 200",
        "ALL ROWS",
    ]
)


@QUICK
@given(items=st.lists(ITEMS, min_size=1, max_size=4), clause=CLAUSES, end=ENDS)
def test_any_query_is_answered_or_refused_for_a_reason(
    world: World, items: list[str], clause: str, end: str
) -> None:
    try:
        reply = world.desk.query(f"SELECT {', '.join(items)} FROM Account {clause} {end}")
    except ApiError as error:
        answer = (error.status, error.code)
    else:
        answer = (200, "" if reply["done"] is True else "not done")
        text = jsontext.dumps(reply)
        assert jsontext.dumps(jsontext.loads(text)) == text
    assert answer in {
        (200, ""),
        (400, "INVALID_FIELD"),
        (400, "MALFORMED_QUERY"),
        (400, "INVALID_QUERY_FILTER_OPERATOR"),
    }


@given(st.text(max_size=12))
def test_spellings_are_exactly_the_texts_that_fold_alike(text: str) -> None:
    forms = spellings(text)
    if forms is None:
        return
    assert text in forms
    assert {fold(each) for each in forms} == {fold(text)}
    for variant in (text.swapcase(), text.upper(), text.lower()):
        ascii_aside = [each for each in forms if len(each) == len(variant)]
        if len(variant) == len(text) and fold(variant) == fold(text):
            assert any(order_key(each) == order_key(variant) for each in ascii_aside)


# -- text to parts and back

WORD = st.sampled_from(["Name", "BillingCity", "Owner", "Id", "Site", "x__c", "Count", "Type"])
PATHS = st.lists(WORD, min_size=1, max_size=3).map(lambda names: ast.FieldPath(tuple(names), 0))
LITERALS = (
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8).map(
        lambda text: ast.Literal("string", text, 0)
    )
    | st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(lambda n: ast.Literal("number", n, 0))
    | st.booleans().map(lambda value: ast.Literal("boolean", value, 0))
    | st.just(ast.Literal("null", None, 0))
    | st.dates().map(lambda day: ast.Literal("date", day.isoformat(), 0))
    | st.just(ast.Literal("range", "LAST_N_DAYS", 0, count=3))
    | st.just(ast.Literal("range", "TODAY", 0))
)
CONDITION_TREES = st.recursive(
    st.builds(ast.Comparison, PATHS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), LITERALS, st.just(0))
    | st.builds(
        ast.InList,
        PATHS,
        st.lists(LITERALS, min_size=1, max_size=3).map(tuple),
        st.booleans(),
        st.just(0),
    ),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda items: ast.And(tuple(items)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: ast.Or(tuple(items)))
        | inner.map(ast.Not)
    ),
    max_leaves=6,
)


def write(part: Any) -> str:
    """A part of a query as text, with brackets around everything that can have them."""
    match part:
        case ast.FieldPath():
            return part.text
        case ast.Literal(kind="string"):
            escaped = str(part.value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        case ast.Literal(kind="null"):
            return "NULL"
        case ast.Literal(kind="boolean"):
            return str(part.value).lower()
        case ast.Literal(kind="number"):
            return format(part.value, "f")
        case ast.Literal():
            return f"{part.value}:{part.count}" if part.count is not None else str(part.value)
        case ast.Comparison():
            return f"{write(part.left)} {part.operator} {write(part.right)}"
        case ast.InList():
            word = "not in" if part.negated else "In"
            return f"{write(part.left)} {word} ({','.join(map(write, part.values))})"
        case ast.And():
            return " AND ".join(f"({write(each)})" for each in part.items)
        case ast.Or():
            return "\nOr\t".join(f"({write(each)})" for each in part.items)
        case ast.Not():
            return f"NOT({write(part.item)})"
    raise TypeError(part)


def bare(part: Any) -> Any:
    """A part without its places and patterns."""
    match part:
        case ast.FieldPath():
            return part.names
        case ast.Literal():
            return (part.kind, part.value, part.count)
        case ast.Comparison():
            return (bare(part.left), part.operator, bare(part.right))
        case ast.InList():
            return (bare(part.left), part.negated, *map(bare, part.values))
        case ast.And() | ast.Or():
            return (type(part).__name__, *map(bare, part.items))
        case ast.Not():
            return ("Not", bare(part.item))
    raise TypeError(part)


@given(CONDITION_TREES)
def test_what_is_written_is_read_again(condition: Any) -> None:
    parsed = parse(f"sElEcT Id FROM Account wHeRe {write(condition)} LIMIT 5")
    assert bare(parsed.where) == bare(condition)
    assert parsed.limit == 5
