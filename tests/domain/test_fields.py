import re
from pathlib import Path

import pytest

from console.domain.fields import CUSTOM_FIELDS, FIELD, FIELDS, Flow, Kind
from console.domain.records import Rule

TABLE = Path(__file__).parents[2] / "docs" / "fields.md"


def rows():
    """Field rows of the document: key -> cells."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 7 and (key := re.fullmatch(r"`([\w.]+)`", cells[0])):
            assert key[1] not in found, f"{key[1]} stands twice in docs/fields.md"
            found[key[1]] = cells[1:]
    return found


def test_the_document_lists_exactly_the_fields_in_their_order():
    assert list(rows()) == [spec.key for spec in FIELDS]


@pytest.mark.parametrize("spec", FIELDS, ids=lambda spec: spec.key)
def test_the_document_says_what_the_program_does(spec):
    _, target, way, rule, *_ = rows()[spec.key]
    assert way == {Flow.BOTH: "both", Flow.TO_SALESFORCE: "to Salesforce"}[spec.direction]
    assert rule == spec.default_rule.value
    if spec.direction is Flow.BOTH:
        assert target == f"{spec.entity}.{spec.sf_name}, {spec.max_length}"
    else:
        assert target.startswith("Account, ")
        if spec.max_length is not None:
            assert f"({spec.max_length})" in target


def test_the_document_names_every_rule():
    text = TABLE.read_text(encoding="utf-8")
    assert all(f"| `{rule.value}` |" in text for rule in Rule)


def test_the_document_shows_the_same_type_that_set_up_creates():
    words = {"Text": "Text(255)", "Url": "URL(255)", "DateTime": "Date/Time", "Currency": "Currency(8,2)"}
    for custom in CUSTOM_FIELDS:
        assert rows()[custom.api_name][1].split(", ")[1] == words[custom.type]


def test_every_custom_field_is_one_that_only_alguna_fills_and_the_other_way_round():
    owned = [spec.key for spec in FIELDS if spec.direction is Flow.TO_SALESFORCE]
    assert sorted(custom.api_name for custom in CUSTOM_FIELDS) == sorted(owned)
    assert len(CUSTOM_FIELDS) == 13


def test_custom_fields_have_the_types_of_algunas_page():
    kinds = {"Text": Kind.TEXT, "Url": Kind.LINK, "DateTime": Kind.INSTANT, "Currency": Kind.AMOUNT}
    for custom in CUSTOM_FIELDS:
        spec = FIELD[custom.api_name]
        assert spec.kind is kinds[custom.type]
        assert custom.label == spec.label
        assert custom.length == (255 if custom.type == "Text" else None)
        assert len(custom.description) <= 1000
        assert len(custom.help_text) <= 510, "Salesforce takes no longer help text"


def test_eight_digits_before_the_point_need_precision_ten():
    value = next(custom for custom in CUSTOM_FIELDS if custom.type == "Currency")
    assert (value.precision, value.scale) == (10, 2)


def test_only_the_customer_id_is_unique_and_an_external_id():
    identities = [custom for custom in CUSTOM_FIELDS if custom.external_id or custom.unique]
    assert [custom.api_name for custom in identities] == ["Alguna_Customer_ID__c"]
    assert identities[0].case_sensitive, "Alguna's ids differ by case alone"


def test_keys_are_the_names_of_salesforce():
    for spec in FIELDS:
        assert spec.key == (spec.sf_name if spec.entity == "Account" else f"Contact.{spec.sf_name}")
    assert len(FIELD) == len(FIELDS) == 25


def test_a_field_that_only_alguna_fills_is_on_or_off():
    assert FIELD["Alguna_Tax_Rate__c"].rules == (Rule.ALGUNA_WINS, Rule.OFF)
    assert FIELD["Name"].rules == tuple(Rule)
