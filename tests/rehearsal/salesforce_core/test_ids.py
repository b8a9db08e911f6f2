"""Ids: two lengths, a suffix that knows capitals, an order that follows the counter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce import ids

NUMBERS = st.integers(0, 62**9 - 1)
INSTANCE = ids.instance_of(1)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("a00B000000FSkcv", "a00B000000FSkcvIAD"),
        ("000000000000000", ids.EMPTY_ID),
        ("012000000000000", ids.MASTER_RECORD_TYPE),
        ("01254000001upcK", "01254000001upcKAAQ"),
        ("001ABCDEFGHIJKL", "001ABCDEFGHIJKLY55"),
    ],
)
def test_the_suffix_of_real_ids_comes_out_right(short: str, long: str) -> None:
    assert ids.normalise(short) == long
    assert ids.normalise(long) == long


@pytest.mark.parametrize(
    "value",
    [
        "",
        "001",
        "a00B000000FSkcvIAE",
        "a00B000000FSkcvAAA",
        "a00B000000FSkc-",
        "a00B000000FSkcv ",
        "ä" * 15,
        None,
        7,
    ],
)
def test_what_is_no_id_is_not_taken_for_one(value: object) -> None:
    assert ids.normalise(value) is None


def test_a_suffix_in_lower_case_is_still_the_suffix() -> None:
    assert ids.normalise("a00B000000FSkcviad") == "a00B000000FSkcvIAD"


@given(NUMBERS)
def test_an_id_keeps_its_number_and_checks_itself(number: int) -> None:
    made = ids.make("001", INSTANCE, number)
    assert len(made) == 18
    assert ids.number_of(made) == number
    assert ids.normalise(made[:15]) == ids.normalise(made) == made
    assert ids.prefix(made) == "001"


@given(NUMBERS, NUMBERS)
def test_ids_sort_as_their_numbers(one: int, other: int) -> None:
    assert (ids.make("001", INSTANCE, one) < ids.make("001", INSTANCE, other)) == (one < other)


@given(NUMBERS, st.integers(0, 14))
def test_a_letter_in_the_wrong_case_does_not_fit_the_suffix(number: int, place: int) -> None:
    made = ids.make("00D", INSTANCE, number)
    swapped = made[:place] + made[place].swapcase() + made[place + 1 :]
    if swapped != made:
        assert ids.normalise(swapped) is None


def test_the_instance_and_the_first_number_follow_from_the_seed() -> None:
    assert ids.instance_of(5) == ids.instance_of(5)
    assert len({ids.instance_of(seed) for seed in range(50)}) > 40
    assert ids.instance_of(5).endswith("0")
    assert ids.first_number(5, "001") == ids.first_number(5, "001") >= 62**4


@pytest.mark.parametrize("number", [-1, 62**9])
def test_numbers_that_do_not_fit_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="an id is made of"):
        ids.make("001", INSTANCE, number)
