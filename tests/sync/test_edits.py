"""An edit on either side reaches the other within one pass, and the history tells it."""

import pytest


@pytest.fixture
def pair(world):
    """A linked customer and account, in step."""
    world.sync()
    with world.open() as session:
        customer_id, account = next(
            (id_, account)
            for id_, account in world.accounts().items()
            if session.cache.entries.get(id_).state == "in_sync"
        )
    return customer_id, account["Id"]


def history(world, customer_id):
    with world.open() as session:
        return session.cache.history.of(customer_id)


def test_an_edit_in_alguna_reaches_salesforce(world, pair):
    customer_id, _ = pair
    old = world.accounts()[customer_id]["Name"]
    world.edit_customer(customer_id, name="Renamed in Alguna")
    summary = world.sync()
    assert world.accounts()[customer_id]["Name"] == "Renamed in Alguna"
    assert summary.applied == 1
    (row,) = [row for row in history(world, customer_id) if row.run == summary.run]
    assert (row.side, row.field, row.before, row.after) == ("salesforce", "Name", old, "Renamed in Alguna")
    assert "Alguna moved" in row.reason


def test_an_edit_in_salesforce_reaches_alguna(world, pair):
    customer_id, account_id = pair
    world.edit_account(account_id, BillingCity="Rivendell")
    summary = world.sync()
    assert world.customer(customer_id)["billing_address"]["city"] == "Rivendell"
    (row,) = [row for row in history(world, customer_id) if row.run == summary.run]
    assert (row.side, row.field, row.after) == ("alguna", "billing_address.city", "Rivendell")
    assert "Salesforce moved" in row.reason


def test_an_edit_of_the_contact_travels_both_ways(world, pair):
    customer_id, account_id = pair
    (contact,) = [
        c
        for c in world.contacts(account_id)
        if c["Email"] == world.customer(customer_id)["contacts"][0]["email"].lower()
    ]
    world.edit_contact(contact["Id"], FirstName="Galadriel")
    world.sync()
    people = world.customer(customer_id)["contacts"]
    assert next(p for p in people if p["is_primary"])["first_name"] == "Galadriel"
    world.edit_customer(customer_id, contacts=[{**people[0], "first_name": "Arwen"}, *people[1:]])
    world.sync()
    assert {c["Id"]: c["FirstName"] for c in world.contacts(account_id)}[contact["Id"]] == "Arwen"


def test_edits_of_different_fields_on_both_sides_cross_without_loss(world, pair):
    customer_id, account_id = pair
    world.edit_customer(customer_id, name="Crossing")
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    assert world.accounts()[customer_id]["Name"] == "Crossing"
    assert world.customer(customer_id)["billing_address"]["city"] == "Moria"


def test_when_both_sides_moved_apart_alguna_wins_and_the_losing_value_is_kept(world, pair):
    customer_id, account_id = pair
    world.edit_customer(customer_id, name="By Alguna")
    world.edit_account(account_id, Name="By Salesforce")
    summary = world.sync()
    assert world.accounts()[customer_id]["Name"] == "By Alguna"
    assert world.customer(customer_id)["name"] == "By Alguna"
    (row,) = [row for row in history(world, customer_id) if row.run == summary.run]
    assert row.lost == "By Salesforce"


def test_a_field_that_only_alguna_fills_is_put_back_when_it_was_edited(world, pair):
    customer_id, account_id = pair
    before = world.accounts()[customer_id]["Alguna_Customer_Link__c"]
    world.edit_account(account_id, Alguna_Customer_Link__c="https://elsewhere.example")
    world.sync()
    assert world.accounts()[customer_id]["Alguna_Customer_Link__c"] == before


def test_a_change_of_the_subscription_reaches_the_account(world, pair):
    customer_id, _ = pair
    made = world.control(
        "POST",
        "alguna/subscriptions",
        {
            "customer_id": customer_id,
            "name": "Newest",
            "amount": "10.00",
            "interval": "monthly",
            "contract": {"start_date": "2026-09-01", "period_type": "monthly_rolling"},
            "status": "active",
        },
    )
    world.sync()
    account = world.accounts()[customer_id]
    assert account["Alguna_Subscription_ID__c"] == made["id"]
    assert (account["Alguna_Subscription_Value__c"], account["Alguna_Subscription_Interval__c"]) == (
        10,
        "Monthly",
    )
    world.control("PATCH", f"alguna/subscriptions/{made['id']}", {"amount": "99.99", "interval": "yearly"})
    world.sync()
    account = world.accounts()[customer_id]
    assert (account["Alguna_Subscription_Value__c"], account["Alguna_Subscription_Interval__c"]) == (
        99.99,
        "Yearly",
    )


def test_a_subscription_that_changes_while_a_session_is_open_reaches_the_account_too(world, pair):
    customer_id, _ = pair
    contract = {"start_date": "2026-09-01", "period_type": "monthly_rolling"}
    with world.open() as session:
        session.engine.run()
        world.control(
            "POST",
            "alguna/subscriptions",
            {"customer_id": customer_id, "name": "While open", "contract": contract, "status": "active"},
        )
        session.engine.run()
    assert world.accounts()[customer_id]["Alguna_Subscription_Name__c"] == "While open"


def test_an_unknown_status_word_is_written_as_it_is_and_opens_a_problem(world):
    customer_id = world.add_customer(name="Hibernators")
    contract = {"start_date": "2026-09-01", "period_type": "monthly_rolling"}
    world.control(
        "POST",
        "alguna/subscriptions",
        {"customer_id": customer_id, "name": "Odd", "contract": contract, "status": "active"},
    )
    world.control("POST", "alguna/options", {"status_words": {"active": "hibernating"}})
    world.sync()
    assert "ibernating" in world.accounts()[customer_id]["Alguna_Subscription_Status__c"]
    with world.open() as session:
        (problem,) = [p for p in session.cache.problems.open() if p.category == "unknown_status"]
        assert "ibernating" in problem.title


def test_an_edit_made_twice_travels_twice(world, pair):
    """The same change again, after it was undone: neither our journal nor Alguna's idempotency may swallow it."""
    customer_id, account_id = pair
    original = world.customer(customer_id)["billing_address"]["city"]
    for city in ("Bree", original, "Bree", original, "Bree"):
        world.edit_account(account_id, BillingCity=city)
        world.sync()
        assert world.customer(customer_id)["billing_address"]["city"] == city


def test_emptying_a_field_stops_and_asks(world, pair):
    customer_id, account_id = pair
    world.edit_account(account_id, BillingCity=None)
    world.sync()
    assert world.customer(customer_id)["billing_address"]["city"]
    with world.open() as session:
        assert session.cache.entries.get(customer_id).state == "conflict"
        assert [p for p in session.cache.problems.open() if p.category == "conflict"]


def test_spelling_alone_is_no_edit(world, pair):
    customer_id, account_id = pair
    account = world.accounts()[customer_id]
    world.edit_account(account_id, Name=f"  {account['Name']} ")
    summary = world.sync()
    assert summary.planned == 0


def test_a_customer_that_alguna_no_longer_lists_is_gone_and_its_account_stays(world, pair):
    customer_id, _ = pair
    before = world.accounts()[customer_id]
    world.control("DELETE", f"alguna/customers/{customer_id}")
    with world.open() as session:
        session.engine.sync_one(customer_id)
        assert session.cache.entries.get(customer_id).state == "gone"
    world.sync()
    assert world.accounts()[customer_id] == before


def test_a_deleted_account_is_not_made_again(world, pair):
    customer_id, account_id = pair
    count = len(world.query("SELECT Id FROM Account"))
    world.control("DELETE", f"salesforce/records/Account/{account_id}")
    summary = world.sync()
    assert summary.planned == 0
    assert len(world.query("SELECT Id FROM Account")) == count - 1
    with world.open() as session:
        entry = session.cache.entries.get(customer_id)
        assert entry.state == "gone"
        assert "deleted in Salesforce" in entry.why


def test_sync_one_brings_a_single_customer_in_step_and_leaves_the_others(world, pair):
    customer_id, _ = pair
    other = next(id_ for id_ in world.accounts() if id_ != customer_id)
    world.edit_customer(customer_id, name="Only this one")
    world.edit_customer(other, name="Not this one")
    with world.open() as session:
        summary = session.engine.sync_one(customer_id)
    assert summary.applied == 1
    accounts = world.accounts()
    assert accounts[customer_id]["Name"] == "Only this one"
    assert accounts[other]["Name"] != "Not this one"
    world.sync()
    assert world.accounts()[other]["Name"] == "Not this one"


def test_sync_one_takes_an_edit_in_salesforce_too(world, pair):
    customer_id, account_id = pair
    world.edit_account(account_id, BillingCity="Edoras")
    with world.open() as session:
        session.engine.sync_one(customer_id)
    assert world.customer(customer_id)["billing_address"]["city"] == "Edoras"


def test_sync_one_before_the_first_pass_finds_the_account_that_is_there(world):
    world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Early Bird, Inc.", "Website": "https://www.early-bird.example"}},
    )
    id_ = world.add_customer(name="Early Bird", website="early-bird.example")
    with world.open() as session:
        session.engine.sync_one(id_)
        assert session.cache.links.get(id_).how.value == "domain_and_name"
    assert len(world.query("SELECT Id FROM Account WHERE Name LIKE 'Early Bird%'")) == 1
    assert list(world.accounts()) == [id_], "only this one was brought in step"


def test_a_lost_cache_is_rebuilt_without_a_single_write(world):
    """Accounts are found by the customer id they carry."""
    world.sync()
    accounts, customers = world.accounts(), world.customers()
    world.cache_path.unlink()
    world.reset_calls("alguna")
    with world.open() as session:
        session.engine.run()
        links = session.cache.links.many(accounts)
    assert {link.how.value for link in links.values()} == {"customer_id"}
    assert world.accounts() == accounts
    assert world.customers() == customers
