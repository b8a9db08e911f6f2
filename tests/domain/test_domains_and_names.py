import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.normal import business_domain, domain_of, name_key, names_compatible


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.example/about?x=1", "acme.example"),
        ("acme.example", "acme.example"),
        ("acme.example:8443/path", "acme.example"),
        ("HTTP://ACME.example.", "acme.example"),
        ("ada@acme.example", "acme.example"),
        ("Ada Lovelace <ada@acme.example>", "acme.example"),
        ("https://user:secret@acme.example/", "acme.example"),
        ("https://münchen.example", "xn--mnchen-3ya.example"),
        ("eu.acme.example", "eu.acme.example"),
        (None, None),
        ("", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("n/a", None),
        ("not a website", None),
        ("https://", None),
        ("ada@", None),
        ("a" * 300 + ".example", None),
        ("\ud800.example", None),
    ],
)
def test_domains_are_read_from_websites_and_addresses(text, domain):
    assert domain_of(text) == domain


@given(st.text())
def test_no_text_breaks_the_reading_of_domains_and_names(text):
    assert domain_of(text) is None or "." in domain_of(text)
    assert bool(name_key(text)) == bool(text.strip())
    assert names_compatible(text, text)


@pytest.mark.parametrize(
    "text",
    [
        "ada@gmail.com",
        "ada@yahoo.co.uk",
        "ada@hotmail.fr",
        "ada@web.de",
        "https://www.linkedin.com/company/acme",
        "facebook.com/acme",
    ],
)
def test_free_mail_and_shared_sites_say_nothing_about_a_company(text):
    assert domain_of(text) is not None
    assert business_domain(text) is None


@pytest.mark.parametrize("text", ["ada@gmail.acme.example", "mac.example", "webb.de", "ada@live-music.com"])
def test_a_company_that_only_looks_like_a_mail_house_keeps_its_domain(text):
    assert business_domain(text) == domain_of(text) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A. O. Smith", "AO Smith Corporation"),
        ("The Walt Disney Company", "Walt Disney Co."),
        ("Johnson & Johnson", "Johnson and Johnson, Inc."),
        ("Ferrero S.p.A.", "FERRERO SPA"),
        ("Novo Nordisk A/S", "Novo Nordisk"),
        ("Müller GmbH & Co. KG", "Müller"),
        ("L'Oréal S.A.", "LOREAL"),
        ("Grupo Bimbo, S.A.B. de C.V.", "Grupo Bimbo"),
        ("Škoda Auto a.s.", "Skoda Auto"),
        ("Ørsted A/S", "Orsted"),
        ("3M", "3M Company"),
        ("Zażółć sp. z o.o.", "ZAZOLC"),
    ],
)
def test_usual_spellings_of_one_name_share_a_key(one, other):
    assert name_key(one) == name_key(other)
    assert names_compatible(one, other)


@pytest.mark.parametrize(("one", "other"), [("Acme", "Acme Labs"), ("Beta AG", "Gamma AG"), ("AG", "KG")])
def test_different_companies_have_different_keys(one, other):
    assert name_key(one) != name_key(other)
    assert not names_compatible(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mueller GmbH"),
        ("Acme", "Acme Group"),
        ("Acme Holdings International", "Acme"),
        ("Data Dog", "Datadog"),
    ],
)
def test_names_that_only_add_generic_words_or_write_umlauts_out_are_compatible(one, other):
    assert names_compatible(one, other)
    assert names_compatible(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("Siemens", "Siemens Healthineers"), ("Acme", "Acme Europe"), ("Group", "Holding")]
)
def test_a_longer_name_is_another_company_when_the_words_say_something(one, other):
    assert not names_compatible(one, other)


def test_a_name_is_never_reduced_to_nothing():
    assert name_key("GmbH") == "gmbh"
    assert name_key("The Company, Inc.") == "company"
    assert name_key("!!!") == "!!!"
    assert name_key("日本電気株式会社") == "日本電気株式会社"
    assert not names_compatible("!!!", "???")
