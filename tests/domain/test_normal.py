from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.fields import CONTACT_EMAIL, FIELD, FIELDS, SUBSCRIPTION_RENEWAL, SUBSCRIPTION_VALUE, Kind
from console.domain.normal import canonical, fits, same

KINDS = st.sampled_from(list(Kind))
TEXT_KINDS = [kind for kind in Kind if kind not in (Kind.AMOUNT, Kind.INSTANT)]
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.lists(st.text())
    | st.just({})
)


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.000+0000", "2026-01-02T03:04:05Z"),
        ("2023-09-05T21:54:54.609688Z", "2023-09-05T21:54:54Z"),
        ("2026-01-02T00:30:00+02:00", "2026-01-01T22:30:00Z"),
        ("2026-01-01T22:30:00-0230", "2026-01-02T01:00:00Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("2026-01-02 03:04", "2026-01-02T03:04:00Z"),
        ("0999-12-31", "0999-12-31T00:00:00Z"),
        ("", None),
        (None, None),
    ],
)
def test_instants_of_both_systems_get_one_form(raw, instant):
    assert canonical(Kind.INSTANT, raw) == instant


@pytest.mark.parametrize(
    "raw",
    [
        "soon",
        "2026-13-01",
        "2026-02-30T00:00:00Z",
        "2026-01-02T25:00:00Z",
        "0001-01-01T00:00:00+23:59",
        1767322800,
        True,
        ["2026"],
    ],
)
def test_what_is_no_instant_is_refused_with_a_sentence(raw):
    with pytest.raises(ValueError, match=r"instant|calendar"):
        canonical(Kind.INSTANT, raw)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("500.00", "500.00"),
        ("700", "700.00"),
        (700, "700.00"),
        (1234.5, "1234.50"),
        (Decimal("0.125"), "0.13"),
        ("-0.001", "0.00"),
        ("1E+3", "1000.00"),
        ("99999999999.99", "99999999999.99"),
        (" 12 ", "12.00"),
        ("", None),
        (None, None),
    ],
)
def test_amounts_of_both_systems_become_plain_decimals(raw, amount):
    assert canonical(Kind.AMOUNT, raw) == amount


@pytest.mark.parametrize(
    "raw",
    [
        "1,234.50",
        "€5",
        "NaN",
        "Infinity",
        "1e999999",
        "1_000",
        "٣",
        True,
        {"amount": 1},
        float("inf"),
        10**50,
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(raw):
    with pytest.raises(ValueError, match=r"amount|value"):
        canonical(Kind.AMOUNT, raw)


def test_text_is_trimmed_and_blank_text_is_empty():
    assert canonical(Kind.TEXT, "  Acme \t") == "Acme"
    assert canonical(Kind.TEXT, " \n ") is None
    assert canonical(Kind.TEXT, "two\r\nlines") == "two lines"
    assert canonical(Kind.MULTILINE, "1 Main St\r\nSuite 100\r\n") == "1 Main St\nSuite 100"
    assert canonical(Kind.CURRENCY, " usd ") == "USD"
    assert canonical(Kind.TEXT, 4711) == "4711"
    assert canonical(Kind.TEXT, "nul\x00") == "nul"


@pytest.mark.parametrize("raw", [["Acme"], {"name": "Acme"}, False])
def test_structures_are_no_text(raw):
    with pytest.raises(ValueError, match="a text can't be"):
        canonical(Kind.TEXT, raw)


@given(KINDS, JSON)
def test_a_canonical_value_stays_as_it_is(kind, raw):
    try:
        value = canonical(kind, raw)
    except ValueError:
        return
    assert canonical(kind, value) == value
    assert same(kind, value, value)
    if isinstance(raw, str):
        assert same(kind, raw, value) or "\n" in raw or "\r" in raw or not raw.isprintable()


@given(KINDS, st.none() | st.text(), st.none() | st.text())
def test_sameness_does_not_depend_on_who_is_asked_first(kind, one, other):
    assert same(kind, one, other) == same(kind, other, one)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        *((kind, None, "") for kind in Kind),
        *((kind, None, "  ") for kind in Kind),
        *((kind, " x ", "x") for kind in TEXT_KINDS),
        (Kind.EMAIL, "Ada@Acme.example", "ada@acme.example"),
        (Kind.COUNTRY, "USA", "United States"),
        (Kind.REGION, "CA", "California"),
        (Kind.CURRENCY, "usd", "USD"),
        (Kind.WEBSITE, "https://Acme.example/", "https://acme.example"),
        (Kind.WEBSITE, "HTTPS://acme.example/a/", "https://acme.example/a"),
        (Kind.WEBSITE, "https://acme.example", "http://acme.example"),
        (Kind.WEBSITE, "acme.example", "http://Acme.example/"),
        (Kind.TEXT, "Zoe\u0308", "Zo\u00eb"),
        (Kind.EMAIL, "zoe\u0308@acme.example", "ZO\u00cb@acme.example"),
        (Kind.MULTILINE, "1 Main St\nSuite 100", "1 Main St \r\n\r\n Suite 100"),
        (Kind.INSTANT, "2026-01-02", "2026-01-02T00:00:00.000+0000"),
        (Kind.INSTANT, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999Z"),
        (Kind.AMOUNT, "500", "500.00"),
        (Kind.AMOUNT, "1E+2", "100.0"),
    ],
)
def test_two_spellings_of_one_value_are_the_same(kind, one, other):
    assert same(kind, one, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        *((kind, None, "x") for kind in Kind),
        (Kind.TEXT, "Acme", "ACME"),
        (Kind.TEXT, "wcqYrqfE", "WCQyRQFe"),
        (Kind.LINK, "https://a.example/A", "https://a.example/a"),
        (Kind.EMAIL, "ada@acme.example", "ada@acme.test"),
        (Kind.WEBSITE, "ftp://acme.example", "http://acme.example"),
        (Kind.TEXT, "Zoe", "Zo\u00eb"),
        (Kind.WEBSITE, "https://www.acme.example", "https://acme.example"),
        (Kind.WEBSITE, "https://acme.example/A", "https://acme.example/a"),
        (Kind.WEBSITE, "https://acme.example/?q=/", "https://acme.example/?q="),
        (Kind.INSTANT, "2026-01-02", "2026-01-02T00:00:01Z"),
        (Kind.INSTANT, "soon", "later"),
        (Kind.AMOUNT, "500.00", "500.01"),
        (Kind.AMOUNT, "five", "5"),
    ],
)
def test_different_values_are_not_the_same(kind, one, other):
    assert not same(kind, one, other)


@pytest.mark.parametrize("spec", [spec for spec in FIELDS if spec.max_length], ids=lambda spec: spec.key)
def test_text_fits_up_to_its_length_and_not_beyond(spec):
    ending = "@acme.example" if spec.kind is Kind.EMAIL else ""
    longest = "x" * (spec.max_length - len(ending)) + ending
    assert fits(spec, longest) is None
    sentence = fits(spec, "x" + longest)
    assert spec.label in sentence
    assert str(spec.max_length) in sentence
    assert len(sentence) < 200, "the sentence never repeats a long value"


def test_an_amount_fits_up_to_eight_digits_before_the_point():
    spec = FIELD[SUBSCRIPTION_VALUE]
    assert fits(spec, "99999999.99") is None
    assert "99,999,999.99" in fits(spec, "100000000.00")
    assert fits(spec, "-100000000.00") is not None


def test_instants_fit_into_the_years_that_salesforce_takes():
    spec = FIELD[SUBSCRIPTION_RENEWAL]
    assert fits(spec, "2027-01-01T00:00:00Z") is None
    assert fits(spec, "0999-12-31T00:00:00Z") is not None
    assert fits(spec, "9999-12-31T00:00:00Z") is not None


@pytest.mark.parametrize(
    "value", ["ada", "ada@acme", "a b@acme.example", "ada@@acme.example", "<ada@acme.example>"]
)
def test_what_is_no_address_is_not_offered_to_salesforce(value):
    assert "e-mail address" in fits(FIELD[CONTACT_EMAIL], value)


@pytest.mark.parametrize(
    "value", ["ada.lovelace+crm@mail.acme.example", "o'brien@acme.example", "ädä@acme.example", None]
)
def test_real_addresses_are_offered(value):
    assert fits(FIELD[CONTACT_EMAIL], value) is None
