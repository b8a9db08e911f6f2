"""Records that vanish or change between reading and writing, told afterwards through the command line."""

from __future__ import annotations

import pytest

from console.alguna.client import AlgunaClient
from console.salesforce.client import SalesforceClient


@pytest.fixture
def two(world):
    """After a first sync: two linked customers with their accounts, both edited in Salesforce."""
    world.in_step()
    rows = world.query(
        "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Id LIMIT 2"
    )
    for row in rows:
        world.control(
            "PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Tallinn"}}
        )
    return [(row["Alguna_Customer_ID__c"], row["Id"]) for row in rows]


def test_a_customer_deleted_between_read_and_write_is_gone_and_nobody_else_suffers(world, two, monkeypatch):
    (first, account), (second, _) = two
    before = world.query(f"SELECT Id, Name, BillingCity FROM Account WHERE Id = '{account}'")
    original = AlgunaClient.update

    def update(self, customer_id, *rest):
        if customer_id == first:
            world.control("DELETE", f"alguna/customers/{first}")
        return original(self, customer_id, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(AlgunaClient, "update", update)
        answer = world.run("sync", "demo", "--json")
    assert answer.code in (0, 3)
    assert answer.json["changes"]["stale"] >= 1
    told = world.account(first)
    assert told["state"] == "gone"
    assert "Alguna no longer lists this customer" in told["why"][0]
    assert "left as it is" in told["why"][0]
    assert world.query(f"SELECT Id, Name, BillingCity FROM Account WHERE Id = '{account}'") == before
    assert world.control("GET", f"alguna/customers/{second}")["billing_address"]["city"] == "Tallinn"
    world.in_step()


def test_a_customer_deleted_before_its_alias_is_written_leaves_one_account_and_says_so(world, monkeypatch):
    id_ = world.add_customer(name="Here and Gone")
    original = AlgunaClient.add_alias

    def add_alias(self, customer_id, *rest):
        if customer_id == id_:
            world.control("DELETE", f"alguna/customers/{id_}")
        return original(self, customer_id, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(AlgunaClient, "add_alias", add_alias)
        assert world.run("sync", "demo", "--json").code in (0, 3)
    assert len(world.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")) == 1
    assert world.account(id_)["state"] == "gone"
    world.in_step()


def test_an_account_deleted_between_read_and_write_is_left_deleted(world, two, monkeypatch):
    (first, account), _ = two
    world.control("PATCH", f"alguna/customers/{first}", {"name": "Too Late"})
    count = len(world.query("SELECT Id FROM Account"))
    original, done = SalesforceClient.composite, []

    def composite(self, requests):
        if not done and any(
            "WHERE" in request.url and "+IN+" in request.url.replace("%20", "+") for request in requests
        ):
            done.append(world.control("DELETE", f"salesforce/records/Account/{account}"))
        return original(self, requests)

    with monkeypatch.context() as patch:
        patch.setattr(SalesforceClient, "composite", composite)
        assert world.run("sync", "demo", "--json").code in (0, 3)
    assert done, "the rows about to be written were read again"
    assert len(world.query("SELECT Id FROM Account")) == count - 1
    told = world.account(first)
    assert told["state"] == "gone"
    assert "was deleted in Salesforce" in told["why"][0]
    world.in_step()
