"""The main thing: customers become accounts, completely and once."""

import pytest

from console.domain.records import State


def complete(customers):
    return {id_ for id_, each in customers.items() if each["billing_address"] and each["contacts"]}


def test_an_empty_org_gets_one_account_and_one_contact_for_each_complete_customer(build):
    world = build(customers=30, org="empty")
    summary = world.sync()
    accounts, customers = world.accounts(), world.customers()
    assert set(accounts) == complete(customers)
    assert len(world.query("SELECT Id FROM Account")) == len(accounts)
    assert summary.applied == summary.planned > 0
    assert summary.refused == summary.stale == 0
    for id_, account in accounts.items():
        people = customers[id_]["contacts"]
        primary = next((each for each in people if each["is_primary"]), people[0])
        (contact,) = world.contacts(account["Id"])
        assert contact["Email"] == primary["email"].lower()
        assert contact["LastName"] == primary["last_name"]
        assert contact["FirstName"] == primary["first_name"]


def test_every_linked_customer_has_the_account_s_id_as_alias_and_keeps_its_other_aliases(world):
    before = world.customers()
    world.sync()
    after = world.customers()
    accounts = world.accounts()
    assert accounts
    for id_, account in accounts.items():
        assert account["Id"] in after[id_]["aliases"]
        assert set(before[id_]["aliases"] or []) <= set(after[id_]["aliases"])
    for id_ in set(after) - set(accounts):
        assert after[id_]["aliases"] == before[id_]["aliases"]


def test_all_thirteen_fields_hold_what_the_field_table_says(build):
    world = build(customers=30, org="empty")
    id_ = world.add_customer(name="Thirteen Ltd", tax_rate="0.19", legal_entity="Alguna UK Ltd")
    subscription = world.control(
        "POST",
        "alguna/subscriptions",
        {
            "customer_id": id_,
            "name": "Thirteen: Enterprise",
            "amount": "1234.50",
            "interval": "quarterly",
            "contract": {"start_date": "2026-02-01", "period_type": "fixed", "duration_months": 12},
            "renewal": {"auto_renew": True, "period_type": "fixed", "duration_months": 12},
            "status": "active",
            "activated_at": "2026-02-01T09:00:00Z",
        },
    )
    world.sync()
    account = world.accounts()[id_]
    renewal = account["Alguna_Subscription_Renewal_Date__c"]
    assert account == account | {
        "Alguna_Customer_ID__c": id_,
        "Alguna_Customer_Link__c": f"https://app.alguna.io/customers/{id_}",
        "Alguna_Legal_Entity__c": "Alguna UK Ltd",
        "Alguna_Subscription_ID__c": subscription["id"],
        "Alguna_Subscription_Link__c": f"https://app.alguna.io/subscriptions/{subscription['id']}",
        "Alguna_Subscription_Name__c": "Thirteen: Enterprise",
        "Alguna_Subscription_Status__c": "Active",
        "Alguna_Subscription_Interval__c": "Quarterly",
        "Alguna_Subscription_Started_Date__c": "2026-02-01T00:00:00.000+0000",
        "Alguna_Subscription_Cancelation_Date__c": None,
        "Alguna_Subscription_Value__c": 1234.5,
        "Alguna_Tax_Rate__c": "0.19",
        "BillingCity": "Springfield",
    }
    assert renewal is not None
    assert renewal.startswith("2027-02-01T00:00:00")


def test_a_second_pass_writes_nothing_and_costs_at_most_three_salesforce_calls(world):
    world.sync()
    accounts, customers = world.accounts(), world.customers()
    world.reset_calls("salesforce")
    world.reset_calls("alguna")
    second = world.sync()
    assert second.planned == second.applied == second.refused == second.stale == 0
    assert second.salesforce_calls == world.total("salesforce") <= 3
    assert not [call for call in world.calls("alguna") if not call.startswith("GET")]
    assert world.accounts() == accounts
    assert world.customers() == customers


def test_a_pass_with_nothing_new_is_one_call_to_salesforce_and_two_to_alguna(world):
    world.sync()
    world.sync()
    third = world.sync()
    assert (third.salesforce_calls, third.alguna_calls) == (1, 2)


def test_an_org_that_holds_some_companies_already_gets_no_second_account_for_them(world):
    before = {row["Id"]: row for row in world.query("SELECT Id, Name FROM Account")}
    world.sync()
    counts = world.counts()
    after = {row["Id"] for row in world.query("SELECT Id FROM Account")}
    linked = {account["Id"] for account in world.accounts().values()}
    assert set(before) <= after
    assert linked & set(before), "none of the existing accounts was found"
    assert after - set(before) == linked - set(before), "an account was made for nobody"
    assert sum(counts.values()) - counts.get(State.SALESFORCE_ONLY, 0) == 30


def test_how_each_link_came_about_is_told(world):
    world.sync()
    with world.open() as session:
        links = session.cache.links.many(world.accounts())
    assert {link.how.value for link in links.values()} >= {"created", "domain_and_name"}
    assert all(link.evidence and link.linked_at for link in links.values())


def test_every_entry_ends_in_a_state_with_a_reason(world):
    world.sync()
    with world.open() as session:
        cache = session.cache
        assert cache.entries.dirty_count() == 0
        assert State.NEW not in cache.entries.counts()
        assert State.PENDING not in cache.entries.counts()
        for id_ in world.customers():
            assert cache.entries.get(id_).why


def test_the_history_holds_every_change_that_was_made(world):
    summary = world.sync()
    with world.open() as session:
        rows = session.cache.history.recent(10_000)
        assert len([row for row in rows if row.outcome == "applied"]) == summary.applied
        accounts = world.accounts()
        created = [row for row in rows if row.entity == "Account" and row.field is None]
        assert created
        for row in created:
            assert row.record == accounts[row.customer_id]["Id"]
        aliases = [row for row in rows if row.field == "aliases"]
        assert all(accounts[row.customer_id]["Id"] in row.after for row in aliases)


def test_what_was_written_is_not_taken_for_a_change_of_somebody_else(world):
    """Our own rows come back with the next reading; they must not be planned again."""
    world.sync()
    with world.open() as session:
        cache = session.cache
        seen = cache.accounts.get(next(iter(world.accounts().values()))["Id"])
        assert seen is not None
        session.engine.run()
        recent = cache.history.recent(1)[0]
        assert recent.run == 1
        assert [run.kind for run in cache.runs.last(3)] == ["sync", "sync"]
        assert cache.runs.last(1)[0].summary["changes"]["planned"] == 0


@pytest.mark.parametrize("extended", [True, False])
def test_what_alguna_does_not_return_is_left_alone_in_salesforce(build, extended):
    world = build(customers=30, org="half", source_of_truth="salesforce")
    world.sync()
    id_, account = next((i, a) for i, a in world.accounts().items() if a["Website"])
    world.control("POST", "alguna/options", {"extended_fields": extended})
    world.edit_customer(id_, name=f"{account['Name']} Renamed")
    world.sync()
    again = world.accounts()[id_]
    assert again["Website"] == account["Website"]
    assert again["Name"] == f"{account['Name']} Renamed"
