import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.ids import account_id, same_id, to_18

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),  # from Salesforce's REST guide
        ("003D000000QV9n2", "003D000000QV9n2IAD"),  # from its composite guide
        ("012000000000000", "012000000000000AAA"),  # the master record type of every org
    ],
)
def test_short_ids_get_the_suffix_that_salesforce_prints(short, long):
    assert to_18(short) == long
    assert to_18(long) == long
    assert to_18(f" {long}\n") == long


@given(SHORT)
def test_an_id_survives_losing_its_case(short):
    long = to_18(short)
    assert to_18(long.lower()) == long
    assert to_18(long.upper()) == long


@given(SHORT, SHORT)
def test_different_short_ids_never_become_the_same(one, other):
    assert (to_18(one) == to_18(other)) == (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001D000000IqhS",
        "001D000000IqhSLIA",
        "001D000000IqhSL-AZ",
        "001D000000IqhSLIAZ0",
        "cust_abc12345!",
    ],
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError, match="15 or 18"):
        to_18(text)


def test_a_suffix_that_belongs_to_another_id_is_refused_instead_of_repaired():
    with pytest.raises(ValueError, match="don't belong"):
        to_18("001D000000IqhSLAAA")


def test_a_suffix_that_would_make_a_digit_a_capital_is_refused():
    with pytest.raises(ValueError, match="don't belong"):
        to_18("001d000000iqhsl555")


def test_same_id_compares_across_both_forms_and_minds_the_case_of_the_short_one():
    assert same_id("001D000000IqhSL", "001D000000IqhSLIAZ")
    assert not same_id("001d000000iqhsl", "001D000000IqhSL")
    assert not same_id("wcqYrqfE", "wcqYrqfE"), "an id of another system is no Salesforce id"


def test_only_ids_of_accounts_are_taken_from_aliases():
    assert account_id("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert account_id("003D000000QV9n2IAD") is None
    assert account_id("cus_NffrFeUfNV2Hib") is None
    assert account_id("001-customer-4711") is None
