from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.salesforce.soql import instant, name, names, soql


def test_values_are_quoted_by_their_type() -> None:
    query = soql(
        "SELECT {} FROM {} WHERE A = {} AND B IN {} AND C > {} AND D = {} AND E = {} AND F = {} AND G = {}",
        names(["Id", "Owner.Name"]),
        name("Account"),
        "it's",
        ["x", 'y"'],
        instant("2026-01-02T03:04:05Z"),
        None,
        True,
        7,
        Decimal("1234.50"),
    )
    assert query == (
        "SELECT Id, Owner.Name FROM Account WHERE A = 'it\\'s' AND B IN ('x', 'y\\\"') AND C > 2026-01-02T03:04:05Z "
        "AND D = null AND E = true AND F = 7 AND G = 1234.50"
    )


def unquote(literal: str) -> str:
    """Reads a SOQL text as the platform does."""
    assert literal[0] == literal[-1] == "'"
    reverse = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    read, rest = "", iter(literal[1:-1])
    for sign in rest:
        assert sign != "'"
        if sign == "\\":
            escaped = next(rest)
            read += reverse.get(escaped, escaped)
        else:
            read += sign
    return read


@given(st.text())
def test_no_text_breaks_out_of_its_quotes(text: str) -> None:
    assert unquote(soql("{}", text)) == text


@given(st.text())
def test_only_api_names_pass_as_names(text: str) -> None:
    try:
        passed = name(text)
    except ValueError:
        return
    assert set(passed) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")


@pytest.mark.parametrize("text", ["", "a b", "Id FROM X", "a.", ".a", "1a", "a'b", "Naïve", "a\n"])
def test_what_is_no_api_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="API name"):
        name(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05Z OR 1=1",
        "now",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="instant"):
        instant(text)


@pytest.mark.parametrize(
    "value", [1.5, b"x", object(), [], (), Decimal("NaN"), Decimal("Infinity"), [[]], {"a": 1}]
)
def test_what_has_no_literal_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        soql("{}", value)


@pytest.mark.parametrize("values", [(), ("a", "b", "c")])
def test_places_and_values_must_agree(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 places"):
        soql("{} {}", *values)


def test_a_place_inside_a_value_stays_text() -> None:
    assert soql("A = {} AND B = {}", "{}", "x") == "A = '{}' AND B = 'x'"


def test_no_names_are_no_select_list() -> None:
    with pytest.raises(ValueError, match="no API names"):
        names([])
