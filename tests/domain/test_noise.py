"""What is only spelling never counts as a change, whatever of it stands on either side; what is a change still does."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from console.domain.fields import FIELD, FIELDS, Flow, Kind
from console.domain.normal import canonical, fits, same
from console.domain.planner import plan
from console.domain.records import Direction, State
from console.rehearsal.salesforce import objects, values

COUNTRIES = [
    ("US", "USA", "United States", "united states of america"),
    ("DE", "DEU", "Germany", "Deutschland"),
]
REGIONS = [("CA", "California", "california"), ("NY", "New York")]
BLANKS = st.sampled_from(["", " ", "  ", "\t"])


def around(draw, text):
    return draw(BLANKS) + text + draw(BLANKS)


def cased(draw, text):
    return draw(st.sampled_from([text, text.upper(), text.lower(), text.title()]))


def composed(draw, text):
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), text)


def website(draw, value):
    host, slash, path = value.split("://")[-1].rstrip("/").partition("/")
    scheme, ending = (
        draw(st.sampled_from(["https://", "http://", "HTTPS://", ""])),
        draw(st.sampled_from(["", "/"])),
    )
    return scheme + cased(draw, host) + slash + path + ending


def street(draw, value):
    lines = [around(draw, line) for line in value.splitlines()]
    return draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n"])).join(lines)


def instant(draw, value):
    moment = value.removesuffix("Z")
    return moment + draw(st.sampled_from(["Z", ".000Z", ".999Z", ".000+0000", "+00:00"]))


def amount(draw, value):
    whole, _, cents = value.partition(".")
    return draw(st.sampled_from([value, f"{whole}.{cents}0", f"+{value}", f"{value}E0", f"000{value}"]))


def spelled(draw, kind, value):
    """Another spelling of a value."""
    if value is None:
        return draw(st.sampled_from([None, "", " "]))
    match kind:
        case Kind.EMAIL:
            return around(draw, cased(draw, composed(draw, value)))
        case Kind.COUNTRY:
            others = next((each for each in COUNTRIES if value in each), (value,))
            return around(draw, draw(st.sampled_from(others)))
        case Kind.REGION:
            others = next((each for each in REGIONS if value in each), (value,))
            return around(draw, draw(st.sampled_from(others)))
        case Kind.CURRENCY:
            return around(draw, cased(draw, value))
        case Kind.WEBSITE:
            return around(draw, website(draw, value))
        case Kind.MULTILINE:
            return street(draw, composed(draw, value))
        case Kind.INSTANT:
            return around(draw, instant(draw, value))
        case Kind.AMOUNT:
            return amount(draw, value)
        case _:
            return around(draw, composed(draw, value))


VALUES = {
    "Name": "Zoë & Söhne",
    "Website": "https://acme.example/a",
    "CurrencyIsoCode": "USD",
    "BillingStreet": "1 Main St\nSuite 100\nZürich",
    "BillingCity": "San José",
    "BillingState": "CA",
    "BillingPostalCode": "94105",
    "BillingCountry": "USA",
    "Contact.FirstName": "Zoë",
    "Contact.LastName": "Müller",
    "Contact.Email": "Zoe@acme.example",
    "Contact.Title": "Chief Überprüfer",
    "Alguna_Tax_Rate__c": "0.20",
}
OTHERS = {**{key: f"Another {value}" for key, value in VALUES.items()}, "CurrencyIsoCode": "EUR"} | {
    "Website": "https://other.example",
    "BillingState": "NY",
    "BillingCountry": "Germany",
    "Contact.Email": "another@acme.example",
}


@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_two_spellings_are_one_value(data, key):
    kind = FIELD[key].kind
    assert same(kind, spelled(data.draw, kind, VALUES[key]), spelled(data.draw, kind, VALUES[key]))


@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_another_value_is_another_however_both_are_spelled(data, key):
    kind = FIELD[key].kind
    assert not same(kind, spelled(data.draw, kind, VALUES[key]), spelled(data.draw, kind, OTHERS[key]))


def noisy(make, draw, alguna=VALUES, salesforce=VALUES):
    """A linked customer whose values came spelled in any way from both sides, and so stand in what both agreed on."""
    plain = make.in_sync(alguna=alguna)
    of_subscription = plain.link.base

    def rest(side):
        return {
            key: spelled(draw, FIELD[key].kind, value)
            for key, value in of_subscription.items()
            if key not in VALUES and FIELD[key].kind in (Kind.INSTANT, Kind.AMOUNT) and side != "alguna"
        }

    def told(values):
        return {
            key: canonical(FIELD[key].kind, spelled(draw, FIELD[key].kind, value))
            for key, value in values.items()
        }

    return make.in_sync(
        alguna=told(alguna),
        salesforce=told(salesforce) | rest("salesforce"),
        base=told(VALUES) | rest("base"),
    )


@settings(max_examples=150)
@given(st.data())
def test_a_customer_that_is_only_spelled_otherwise_is_in_sync(make, data):
    planned = plan(noisy(make, data.draw), make.policy())
    assert planned.changes == ()
    assert (planned.state, planned.differs) == (State.IN_SYNC, 0)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(sorted(VALUES)), st.sampled_from(["alguna", "salesforce"]))
def test_a_real_change_is_seen_through_the_noise_and_nothing_else_is(make, data, key, side):
    moved = {**VALUES, key: OTHERS[key]}
    subject = noisy(make, data.draw, **{side: moved})
    planned = plan(subject, make.policy())
    assert [change.key for change in planned.changes] == [key]
    decision = make.decision(planned, key)
    owned = FIELD[key].direction is Flow.TO_SALESFORCE
    to_salesforce = side == "alguna" or owned
    assert decision.direction is (Direction.TO_SALESFORCE if to_salesforce else Direction.TO_ALGUNA)
    wanted = VALUES[key] if owned and side == "salesforce" else OTHERS[key]
    assert same(FIELD[key].kind, str(planned.changes[0].after), wanted)


# --- what Salesforce itself does to a value as it is saved ---------------------------------------------------------

ORG = {"Account": objects.account().fields, "Contact": objects.contact().fields}
STANDARD = [spec for spec in FIELDS if spec.sf_name in ORG[spec.entity] and spec.kind is not Kind.CURRENCY]
ADDRESSES = st.from_regex(
    r"[A-Za-z0-9]{1,9}[.+][A-Za-z0-9]{1,9}@[A-Za-z]{1,9}\.(com|example)", fullmatch=True
)
TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\x00") | st.sampled_from("\r\n\t \u00a0"),
    max_size=30,
)


@pytest.mark.parametrize("spec", STANDARD, ids=lambda spec: spec.key)
@given(data=st.data())
def test_what_salesforce_makes_of_a_value_is_the_value_that_was_written(spec, data):
    """Written, saved by the org's own rules, read again: otherwise each pass would find a difference and write."""
    raw = data.draw(
        ADDRESSES.map(lambda address: f" {address.upper()} ") if spec.kind is Kind.EMAIL else TEXTS
    )
    written = canonical(spec.kind, raw)
    assume(written is None or fits(spec, written) is None)
    stored = values.to_stored(ORG[spec.entity][spec.sf_name], written)
    assert same(spec.kind, written, canonical(spec.kind, stored))


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - without a zone, as drawn
def test_the_org_tells_an_instant_as_it_was_written(moment):
    written = canonical(Kind.INSTANT, moment.isoformat() + "Z")
    there = values.parse_moment(written)
    assert canonical(Kind.INSTANT, values.stamp_text(there)) == written


@given(st.decimals(min_value=0, max_value=99_999_999, places=2))
def test_the_org_tells_an_amount_as_it_was_written(number):
    field = replace(ORG["Account"]["AnnualRevenue"], type="currency", precision=10, scale=2)
    written = canonical(Kind.AMOUNT, str(number))
    shown = values.renderer(field)(values.to_stored(field, written))
    assert canonical(Kind.AMOUNT, shown) == written
