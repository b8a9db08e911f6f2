"""Orgs that are not plain: picklists of states and countries, several currencies, person accounts, encryption, required
fields, record types. Each is handled, or told in true words, and never keeps other records or fields away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.domain.fields import CUSTOMER_ID
from console.domain.planner import plan
from console.domain.records import State
from console.sync.match import matched
from console.sync.policy import policy_for


@pytest.fixture(autouse=True)
def always_look(monkeypatch):
    for name in ("VALID", "FRESH"):  # a pass looks at the org again, however lately it was looked at
        monkeypatch.setattr(f"console.sync.access.{name}", timedelta(0))


@pytest.fixture
def quiet(build):
    """An org in which only new customers are synced: what a test adds is all that happens."""
    return build(customers=12, import_choice="none", connected_at="2026-01-01T00:00:00Z")


def switch(world, **features: Any) -> None:
    world.control("POST", "salesforce/features", features)


def account_of(world, customer: str, *more: str) -> dict[str, Any]:
    columns = ", ".join(("Id", "Name", "BillingCity", "BillingState", "BillingCountry", *more))
    (row,) = world.query(f"SELECT {columns} FROM Account WHERE {CUSTOMER_ID} = '{customer}'")
    return row


def told(world, customer: str) -> tuple[State, str]:
    """Where a customer stands, and everything that is said of why."""
    with world.open() as session:
        entry = session.cache.entries.get(customer)
        subjects = session.cache.subjects([customer])
        (subject,) = subjects if subjects[0].link else matched(session.cache, subjects)
        made = plan(subject, policy_for(world.settings, session.cache))
        refusals = session.cache.journal.last_refusals(customer)
    assert entry is not None
    return entry.state, " ".join((entry.why, *made.why, *(refusal.sentence for refusal in refusals)))


def address(**parts: str) -> dict[str, Any]:
    return {"line1": "1 Main Street", "city": "Springfield", "postal_code": "62701", **parts}


# --- states and countries --------------------------------------------------------------------------------------


INTEGRATION = {"US": "USA", "DE": "Deutschland (neu)", "US-IL": "Ill."}
"""Texts that an administrator has the org keep beside its codes, instead of the names of its lists."""


@pytest.mark.parametrize("bulk", [False, True])
def test_an_orgs_own_integration_values_refuse_nothing_and_are_no_difference(quiet, bulk):
    if bulk:
        quiet.choose(bulk_from=1)
    switch(quiet, state_country_picklists=True, integration_values=INTEGRATION)
    american = quiet.add_customer(name="Listed Ltd", billing_address=address(country="US", state="Illinois"))
    german = quiet.add_customer(name="Gelistet", billing_address=address(country="Germany"))
    assert quiet.sync().refused == 0
    codes = ("BillingCountryCode", "BillingStateCode")
    row = account_of(quiet, american, *codes)
    assert [row[key] for key in ("BillingCountry", "BillingState", *codes)] == ["USA", "Ill.", "US", "IL"]
    assert account_of(quiet, german, *codes)["BillingCountry"] == "Deutschland (neu)"
    assert quiet.sync().planned == 0
    quiet.edit_customer(american, billing_address=address(country="US", state="California"))
    quiet.sync()
    assert account_of(quiet, american, *codes)["BillingStateCode"] == "CA"
    quiet.edit_account(account_of(quiet, german)["Id"], BillingCountryCode="FR")
    quiet.sync()
    assert quiet.customer(german)["billing_address"]["country"] in ("FR", "FRA", "France")
    assert quiet.sync().planned == 0


def test_a_changed_integration_value_is_no_change_of_the_account(quiet):
    switch(quiet, state_country_picklists=True)
    customer = quiet.add_customer(name="Listed Ltd", billing_address=address(country="DE"))
    quiet.sync()
    switch(quiet, integration_values=INTEGRATION)
    quiet.edit_account(account_of(quiet, customer)["Id"], BillingCountry="Deutschland (neu)")
    assert account_of(quiet, customer)["BillingCountry"] == "Deutschland (neu)"
    assert quiet.sync().planned == 0
    assert told(quiet, customer)[0] is State.IN_SYNC


@pytest.mark.parametrize(
    ("country", "state", "written"),
    [
        ("US", "IL", ("United States", "Illinois")),
        ("usa", "Illinois", ("United States", "Illinois")),
        ("United States of America", "il", ("United States", "Illinois")),
        ("CAN", "Québec", ("Canada", "Quebec")),
        ("Deutschland", "", ("Germany", None)),
        ("Korea (Republic of)", "", ("Korea, Republic of", None)),
    ],
)
def test_codes_and_names_are_written_as_the_orgs_lists_spell_them(quiet, country, state, written):
    switch(quiet, state_country_picklists=True)
    parts = {"country": country, **({"state": state} if state else {})}
    customer = quiet.add_customer(name="Listed Ltd", billing_address=address(**parts))
    quiet.sync()
    row = account_of(quiet, customer)
    assert (row["BillingCountry"], row["BillingState"]) == written
    assert told(quiet, customer)[0] is State.IN_SYNC
    before = quiet.total("salesforce")
    again = quiet.sync()
    assert again.planned == 0, "no difference between a code and its name"
    assert quiet.total("salesforce") > before


def test_a_state_that_the_list_lacks_is_left_out_and_named_and_the_rest_is_written(quiet):
    switch(quiet, state_country_picklists=True)
    customer = quiet.add_customer(
        name="Atlantis Inc", billing_address=address(country="US", state="Atlantis")
    )
    quiet.sync()
    row = account_of(quiet, customer)
    assert (row["BillingCountry"], row["BillingState"]) == ("United States", None)
    assert row["BillingCity"] == "Springfield"
    state, why = told(quiet, customer)
    assert state is State.REFUSED
    assert "“Atlantis” is not among this org's states of “United States”, such as Alabama, Alaska" in why, why
    quiet.edit_customer(customer, billing_address=address(country="US", state="NY"))
    quiet.sync()
    assert account_of(quiet, customer)["BillingState"] == "New York"
    assert told(quiet, customer)[0] is State.IN_SYNC


def test_a_country_that_the_list_lacks_is_left_out_with_its_state_and_named(quiet):
    switch(quiet, state_country_picklists=True)
    customer = quiet.add_customer(
        name="Ruritania SA", billing_address=address(country="Ruritania", state="Strelsau")
    )
    quiet.sync()
    row = account_of(quiet, customer)
    assert (row["BillingCountry"], row["BillingState"], row["BillingCity"]) == (None, None, "Springfield")
    _, why = told(quiet, customer)
    assert "“Ruritania” is not in this org's list of countries" in why
    assert "“Strelsau” needs a country" in why


def test_a_state_of_a_country_without_states_is_left_out_with_that_sentence(quiet):
    switch(quiet, state_country_picklists=True)
    customer = quiet.add_customer(name="Bavarian GmbH", billing_address=address(country="DE", state="Bayern"))
    quiet.sync()
    row = account_of(quiet, customer)
    assert (row["BillingCountry"], row["BillingState"]) == ("Germany", None)
    assert "this org has no states for “Germany”" in told(quiet, customer)[1]


def test_a_country_is_not_written_over_a_state_that_it_does_not_have(quiet):
    switch(quiet, state_country_picklists=True)
    customer = quiet.add_customer(name="Moving Co", billing_address=address(country="US", state="IL"))
    quiet.sync()
    quiet.edit_customer(customer, billing_address=address(country="DE", state="Bayern", city="Berlin"))
    quiet.sync()
    row = account_of(quiet, customer)
    assert (row["BillingCountry"], row["BillingState"]) == ("United States", "Illinois")
    assert row["BillingCity"] == "Berlin", "the rest goes on"
    assert "“Germany” has no state “Illinois”" in told(quiet, customer)[1]


def test_a_whole_world_is_synced_with_picklists_and_nothing_moves_the_second_time(build):
    world = build(customers=40)
    switch(world, state_country_picklists=True)
    world.sync()
    assert world.sync().planned == 0
    rows = world.query(f"SELECT BillingCountry FROM Account WHERE {CUSTOMER_ID} != null")
    assert {row["BillingCountry"] for row in rows} > {"United States"}


# --- currencies ------------------------------------------------------------------------------------------------


def test_the_currency_follows_the_customer_and_one_that_is_not_active_is_named(quiet):
    switch(quiet, multi_currency=True)
    euro = quiet.add_customer(name="Euro BV", currency="EUR")
    yen = quiet.add_customer(name="Yen KK", currency="JPY")
    quiet.sync()
    assert account_of(quiet, euro, "CurrencyIsoCode")["CurrencyIsoCode"] == "EUR"
    assert told(quiet, euro)[0] is State.IN_SYNC
    assert account_of(quiet, yen, "CurrencyIsoCode")["CurrencyIsoCode"] == "USD", "the org's own"
    state, why = told(quiet, yen)
    assert state is State.REFUSED
    assert "“JPY” is no active currency of this org, which takes USD, EUR and GBP" in why
    quiet.edit_customer(yen, currency="GBP")
    quiet.sync()
    assert account_of(quiet, yen, "CurrencyIsoCode")["CurrencyIsoCode"] == "GBP"
    assert told(quiet, yen)[0] is State.IN_SYNC


# --- person accounts -------------------------------------------------------------------------------------------


def person(world, last: str, **fields: Any) -> str:
    made = world.rest("POST", "sobjects/Account", {"LastName": last, **fields})
    return made["id"]


def test_a_person_with_the_companys_domain_is_neither_matched_nor_offered(quiet):
    switch(quiet, person_accounts=True)
    ada = person(quiet, "Tinware", Website="https://tinware-and-sons.example")
    customer = quiet.add_customer(name="Tinware", website="https://tinware-and-sons.example")
    quiet.sync()
    assert account_of(quiet, customer)["Id"] != ada
    (row,) = quiet.query(f"SELECT Name, Website, {CUSTOMER_ID}, BillingCity FROM Account WHERE Id = '{ada}'")
    assert (row["Name"], row[CUSTOMER_ID], row["BillingCity"]) == ("Tinware", None, None)


def test_a_person_that_carries_the_customers_id_is_left_to_a_person_with_why(quiet):
    switch(quiet, person_accounts=True)
    customer = quiet.add_customer(name="Carried Inc")
    ada = person(quiet, "Carried", **{CUSTOMER_ID: customer})
    quiet.sync()
    state, why = told(quiet, customer)
    assert state is State.REVIEW
    assert "a person account, which is never linked" in why
    (row,) = quiet.query(f"SELECT BillingCity FROM Account WHERE Id = '{ada}'")
    assert row["BillingCity"] is None, "nothing was written"


# --- encryption, required fields, record types -----------------------------------------------------------------


def test_encrypted_fields_are_never_used_to_look_for_records(build):
    world = build(customers=30)
    switch(world, encrypted=["Account.Website", "Account.Name", "Account.BillingCity", "Contact.Email"])
    summary = world.sync()
    assert summary.applied
    assert not summary.refused
    assert world.sync().planned == 0


def required_field(world, **more: Any) -> None:
    world.rest(
        "POST",
        "tooling/sobjects/CustomField",
        {
            "FullName": "Account.Region__c",
            "Metadata": {"label": "Region", "required": True, **(more or {"type": "Text", "length": 40})},
        },
    )


def test_a_required_field_with_a_default_is_filled_by_the_org(quiet):
    values = [{"fullName": "EMEA", "label": "EMEA", "default": True}]
    listed = {"valueSetDefinition": {"sorted": False, "value": values}}
    required_field(quiet, type="Picklist", valueSet=listed)
    customer = quiet.add_customer(name="Defaulted Inc")
    quiet.sync()
    assert account_of(quiet, customer, "Region__c")["Region__c"] == "EMEA"


def test_a_required_field_without_a_default_is_named_by_every_refused_account(quiet):
    required_field(quiet)
    customer = quiet.add_customer(name="Undefaulted Inc")
    quiet.sync()
    state, why = told(quiet, customer)
    assert state is State.REFUSED
    assert "Region__c" in why
    assert quiet.query(f"SELECT Id FROM Account WHERE {CUSTOMER_ID} = '{customer}'") == []


def test_new_accounts_get_the_default_record_type(quiet):
    named = {"SobjectType": "Account", "DeveloperName": "Customer", "Name": "Customer"}
    made = quiet.rest("POST", "sobjects/RecordType", named)
    customer = quiet.add_customer(name="Typed Inc")
    quiet.sync()
    assert account_of(quiet, customer, "RecordTypeId")["RecordTypeId"][:15] == made["id"][:15]
