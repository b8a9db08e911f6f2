"""A sandbox that is refreshed: another org id behind the same address, masked addresses. It stops, and there is a way on."""

from dataclasses import replace

import pytest

from console.domain.records import State
from console.errors import Conflict
from console.sync.session import open_session

from .conftest import RATE

AGAIN = "again"
WAITING = (State.IN_SYNC, State.CONFLICT, State.REFUSED, State.REVIEW)


def refresh(world, **how):
    """The sandbox is refreshed, and somebody signs in to it again under the old name."""
    renewed = world.control("POST", "salesforce/org", {"new_id": True, **how})
    world.secrets.set("practice", "salesforce_access", renewed["access_token"])
    return renewed


def connected_again(world, renewed, **choices):
    """The new org, connected under another name."""
    settings = replace(world.settings, name=AGAIN, org_id=renewed["org_id"], import_choice="all", **choices)
    world.connections.save(settings)
    world.secrets.set(AGAIN, "salesforce_access", renewed["access_token"])
    world.secrets.set(AGAIN, "alguna_key", world.rehearsal.handout["alguna"]["api_key"])
    return settings


def open_again(world, settings):
    return open_session(settings, world.connections, world.secrets, alguna_rate=RATE)


@pytest.fixture
def synced(build):
    world = build(customers=20, org="empty")
    for _ in range(2):
        world.sync()
    return world


def contacts(world):
    return sorted(
        (row["Id"], row["Email"]) for row in world.query("SELECT Id, Email FROM Contact") if row["Email"]
    )


def writes(world, service):
    return [name for name in world.calls(service) if not name.startswith("GET ") and "oauth" not in name]


@pytest.mark.parametrize("what", ["pass", "one", "audit", "dry run"])
def test_it_stops_before_the_first_write_keeps_what_it_knew_and_says_the_way_on(synced, what):
    accounts = synced.accounts()
    customer_id = next(iter(accounts))
    synced.edit_customer(customer_id, name="Must Not Arrive")
    with synced.open() as session:
        before = session.cache.accounts.count(), session.cache.links.count()
    refresh(synced, mask_contacts=True, records="none" if what == "audit" else "copied")
    synced.reset_calls("alguna")
    with synced.open() as session, pytest.raises(Conflict) as stopped:
        {
            "pass": session.engine.run,
            "one": lambda: session.engine.sync_one(customer_id),
            "audit": lambda: session.engine.audit(),
            "dry run": lambda: list(session.engine.dry_run()),
        }[what]()
    assert "Nothing was written" in stopped.value.message
    assert "under a new name" in stopped.value.advice
    assert writes(synced, "alguna") == []
    assert synced.query("SELECT Id FROM Account WHERE Name = 'Must Not Arrive'") == []
    with synced.open() as session:
        assert (session.cache.accounts.count(), session.cache.links.count()) == before


def test_connected_again_the_copied_accounts_are_found_by_their_customer_ids_and_nothing_is_made_twice(
    synced,
):
    accounts, customers, people = synced.accounts(), synced.customers(), len(contacts(synced))
    settings = connected_again(synced, refresh(synced, mask_contacts=True))
    with open_again(synced, settings) as session:
        session.engine.run()
        session.engine.run()
        assert session.cache.links.count() == len(accounts)
    assert {id_: row["Id"] for id_, row in synced.accounts().items()} == {
        id_: row["Id"] for id_, row in accounts.items()
    }
    assert len(contacts(synced)) == people, "a masked address is still the customer's contact"
    after = synced.customers()
    for id_, customer in customers.items():
        assert after[id_]["contacts"] == customer["contacts"]
        assert after[id_]["aliases"] == customer["aliases"]


def test_masked_addresses_never_flow_into_alguna_and_are_not_unmasked(synced):
    with synced.open() as session:
        before = session.cache.entries.counts()
    settings = connected_again(synced, refresh(synced, mask_contacts=True))
    masked = contacts(synced)
    assert masked
    assert all(email.endswith(".invalid") for _, email in masked)
    with open_again(synced, settings) as session:
        for _ in range(3):
            session.engine.run()
        states = session.cache.entries.counts()
    assert contacts(synced) == masked
    assert not [customer for customer in synced.customers().values() if ".invalid" in str(customer)]
    assert {state: states.get(state) for state in WAITING} == {state: before.get(state) for state in WAITING}


def test_a_script_that_masks_addresses_without_a_refresh_changes_nothing_in_alguna_either(synced):
    for id_, email in contacts(synced):
        synced.edit_contact(id_, Email=f"{email}.invalid")
    before = synced.customers()
    assert synced.sync().planned == 0
    assert synced.customers() == before


def test_a_sandbox_without_data_gets_its_accounts_anew_and_the_old_ids_stay_as_aliases(synced):
    accounts, customers = synced.accounts(), synced.customers()
    settings = connected_again(synced, refresh(synced, records="none"))
    assert synced.accounts() == {}
    with open_again(synced, settings) as session:
        session.engine.run()
    made = synced.accounts()
    assert set(made) == set(accounts)
    after = synced.customers()
    for id_, account in made.items():
        assert account["Id"] != accounts[id_]["Id"]
        assert set(customers[id_]["aliases"]) < set(after[id_]["aliases"])
        assert account["Id"] in after[id_]["aliases"]


def test_the_old_connection_stays_to_be_looked_at_and_left(synced):
    renewed = refresh(synced)
    settings = connected_again(synced, renewed)
    with open_again(synced, settings) as session:
        session.engine.run()
    with synced.open() as session:
        assert session.cache.links.count() == len(synced.accounts())
        with pytest.raises(Conflict):
            session.engine.run()
        (problem,) = [each for each in session.cache.problems.open() if each.subject == "run"]
        assert problem.category == "conflict"
