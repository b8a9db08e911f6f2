"""What the person chose: who creates accounts, and what happens to customers that were there before."""

import pytest

from console.domain.records import State

BEFORE = "2099-01-01T00:00:00Z"
"""An instant of connection that makes every customer an existing one."""


def test_nothing_is_created_when_alguna_is_not_the_source_of_new_accounts(build):
    world = build(org="half", source_of_truth="salesforce")
    before = len(world.query("SELECT Id FROM Account"))
    world.sync()
    assert len(world.query("SELECT Id FROM Account")) == before
    counts = world.counts()
    assert counts[State.NOT_CREATED] > 0
    assert counts[State.IN_SYNC] > 0, "accounts that exist are linked and kept in step all the same"


def test_existing_customers_are_left_alone_when_nothing_is_imported(build):
    world = build(import_choice="none", connected_at=BEFORE)
    customers = world.customers()
    summary = world.sync()
    assert summary.planned == 0
    assert world.accounts() == {}
    assert world.customers() == customers
    assert world.counts()[State.NOT_IMPORTED] == 30


def test_no_prices_are_asked_for_where_customers_are_left_alone(build):
    world = build(import_choice="none", connected_at=BEFORE)
    world.sync()
    assert not [call for call in world.calls("alguna") if "versions" in call or "billing-dates" in call]


def test_customers_created_after_the_connection_are_in_scope_whatever_was_imported(build):
    world = build(import_choice="none")
    world.sync()
    before = set(world.accounts())
    id_ = world.add_customer(name="Latecomer Ltd")
    world.sync()
    assert set(world.accounts()) == before | {id_}


def test_importing_what_matches_links_and_creates_nothing(build):
    world = build(import_choice="matching", connected_at=BEFORE)
    before = {row["Id"] for row in world.query("SELECT Id FROM Account")}
    world.sync()
    linked = {account["Id"] for account in world.accounts().values()}
    assert linked
    assert {row["Id"] for row in world.query("SELECT Id FROM Account")} == before
    counts = world.counts()
    assert counts[State.IN_SYNC] + counts.get(State.REFUSED, 0) + counts.get(State.CONFLICT, 0) == len(linked)
    assert counts[State.NOT_IMPORTED] > 0


def test_importing_everything_links_and_creates(build):
    world = build(import_choice="all", connected_at=BEFORE)
    world.sync()
    counts = world.counts()
    assert State.NOT_IMPORTED not in counts
    assert counts[State.IN_SYNC] > 0


@pytest.mark.parametrize("choice", ["matching", "all"])
def test_an_import_can_be_asked_for_at_any_later_time(build, choice):
    world = build(import_choice="none", connected_at=BEFORE)
    world.sync()
    with world.open() as session:
        session.engine.request_import(choice)
        session.engine.run()
        counts = session.cache.entries.counts()
    assert counts[State.IN_SYNC] > 0
    assert (State.NOT_IMPORTED in counts) == (choice == "matching")


def test_an_import_once_asked_for_stays_when_the_console_is_opened_again(build):
    world = build(import_choice="none", connected_at=BEFORE)
    with world.open() as session:
        session.engine.request_import("all")
    world.sync()
    assert State.NOT_IMPORTED not in world.counts()


def test_a_smaller_import_later_does_not_take_customers_out_of_scope(build):
    world = build(import_choice="all", connected_at=BEFORE)
    world.sync()
    before = world.counts()
    with world.open() as session:
        session.engine.request_import("matching")
    world.sync()
    assert world.counts() == before


def test_incomplete_customers_wait_and_are_created_once_when_they_are_completed(world):
    world.sync()
    id_ = world.add_customer(name="Half Done Ltd", billing_address=None)
    other = world.add_customer(name="Nobody There Ltd", contacts=[])
    summary = world.sync()
    assert summary.planned == 0
    assert summary.incomplete >= 2
    with world.open() as session:
        assert session.cache.entries.get(id_).state == State.INCOMPLETE
        assert "billing address" in session.cache.entries.get(id_).why
        assert "contact" in session.cache.entries.get(other).why
        assert [p.title for p in session.cache.problems.open() if p.category == "incomplete"]
    address = {"line1": "1 Way", "city": "Ulm", "state": "", "postal_code": "89073", "country": "DE"}
    world.edit_customer(id_, billing_address=address)
    world.sync()
    world.sync()
    accounts = world.query("SELECT Id FROM Account WHERE Name = 'Half Done Ltd'")
    assert [row["Id"] for row in accounts] == [world.accounts()[id_]["Id"]]


def test_ambiguous_customers_go_to_review_and_nothing_is_written_for_them(world):
    for number in range(2):
        world.control(
            "POST",
            "salesforce/records/Account",
            {"fields": {"Name": f"Twin Peaks {number}", "Website": "https://twin-peaks.example"}},
        )
    id_ = world.add_customer(name="Twin Peaks", website="twin-peaks.example")
    world.sync()
    assert id_ not in world.accounts()
    assert not world.customer(id_)["aliases"]
    with world.open() as session:
        assert session.cache.entries.get(id_).state == State.REVIEW
        assert [p for p in session.cache.problems.open() if p.category == "review"]


def test_two_customers_that_claim_one_account_are_both_left_to_a_person(world):
    world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Wanted Inc", "Website": "https://wanted.example"}},
    )
    first = world.add_customer(name="Wanted", website="wanted.example")
    world.sync()
    assert world.accounts()[first]["Name"] in ("Wanted", "Wanted Inc")
    world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Prize Inc", "Website": "https://prize.example"}},
    )
    both = [world.add_customer(name="Prize", website="prize.example") for _ in range(2)]
    world.sync()
    assert not set(both) & set(world.accounts())
    with world.open() as session:
        assert {session.cache.entries.get(id_).state for id_ in both} == {State.REVIEW}


def test_a_customer_s_own_id_on_an_account_is_proof(world):
    id_ = world.add_customer(name="Proven")
    admin = world.rehearsal.handout["salesforce"]["username"]
    fields = {"Name": "Quite Another Name", "Alguna_Customer_ID__c": id_}
    made = world.control("POST", "salesforce/records/Account", {"fields": fields, "as": admin})
    world.sync()
    assert world.accounts()[id_]["Id"] == made["Id"]
    with world.open() as session:
        assert session.cache.links.get(id_).how.value == "customer_id"


def test_another_rule_is_applied_to_what_was_decided_before(world):
    world.sync()
    id_ = next(iter(world.accounts()))
    world.choose(customer_url="https://billing.example/{id}")
    world.sync()
    assert world.accounts()[id_]["Alguna_Customer_Link__c"] == f"https://billing.example/{id_}"
