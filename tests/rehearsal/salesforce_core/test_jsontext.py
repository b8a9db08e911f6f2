"""JSON: numbers keep their decimals, and no text can pass for a number."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce import jsontext

DECIMALS = st.decimals(min_value=-(10**15), max_value=10**15, places=2)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | DECIMALS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_decimal_keeps_its_decimals() -> None:
    record = {"Amount": Decimal("50000.00"), "Share": Decimal("-0.50"), "Whole": Decimal("12")}
    assert jsontext.dumps(record) == '{"Amount":50000.00,"Share":-0.50,"Whole":12}'


def test_a_large_decimal_is_written_without_an_exponent() -> None:
    assert jsontext.dumps([Decimal("1E+10"), Decimal("1E-7")]) == "[10000000000,0.0000001]"


def test_text_beyond_ascii_is_written_as_it_is() -> None:
    assert jsontext.dumps({"Name": 'Müller "&" 日本'}) == '{"Name":"Müller \\"&\\" 日本"}'


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), {1, 2}])
def test_what_is_no_json_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        jsontext.dumps({"x": value})


@given(VALUES)
def test_what_is_written_can_be_read_again(value: object) -> None:
    text = jsontext.dumps(value)
    assert json.loads(text, parse_float=Decimal) == jsontext.loads(text) == value
