import pytest

from console.domain.countries import country_code, same_country, same_region


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USA", "United States"),
        ("US", "usa"),
        ("U.S.A.", "United States of America"),
        ("DE", "Germany"),
        ("DEU", "Deutschland"),
        ("UK", "United Kingdom"),
        ("GB", "Great Britain"),
        ("Czechia", "Czech Republic"),
        ("Cote d'Ivoire", "Côte d'Ivoire"),
        ("Korea, Republic of", "South Korea"),
        ("The Netherlands", "NLD"),
        ("Türkiye", "Turkey"),
        ("Trinidad & Tobago", "TT"),
        ("guinea bissau", "Guinea-Bissau"),
        ("Freedonia", "FREEDONIA"),
    ],
)
def test_one_country_in_two_spellings_is_the_same(one, other):
    assert same_country(one, other)
    assert same_country(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("US", "United States Minor Outlying Islands"),
        ("CD", "CG"),
        ("North Korea", "South Korea"),
        ("Niger", "Nigeria"),
        ("Guinea", "Guinea-Bissau"),
        ("Georgia", "DE"),
        ("Freedonia", "Sylvania"),
    ],
)
def test_two_countries_are_not_the_same(one, other):
    assert not same_country(one, other)


def test_a_country_that_nobody_knows_has_no_code():
    assert country_code("Freedonia") is None
    assert country_code(" germany ") == "DE"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("CA", "California", True),
        ("california", "ca", True),
        ("Québec", "QC", True),
        ("WA", "Washington", True),
        ("WA", "Western Australia", True),
        ("Washington", "Western Australia", False),
        ("CA", "Colorado", False),
        ("Bavaria", "Bayern", False),
    ],
)
def test_states_are_compared_with_their_postal_abbreviations(one, other, expected):
    assert same_region(one, other) is expected
    assert same_region(other, one) is expected
