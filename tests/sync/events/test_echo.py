"""What comes back of our own writes: nothing to do, unless something in the org changed more along with them."""

import pytest

from console.sync.events import RunFailed, RunFinished
from tests.sync.conftest import until

from .conftest import published
from .test_following import place

MANY = 12


@pytest.fixture(params=["collection", "job"])
def written(request, build, follow):
    """(world, follower, its customers and accounts): writes of this many rows go this way."""
    how = {"bulk_from": 5 if request.param == "job" else 0}
    world = published(build(customers=20, org="empty", **how))
    world.sync()
    follower = follow(world)
    follower.passes(2)
    world.reset_calls("salesforce")
    pairs = {id_: account["Id"] for id_, account in world.accounts().items()}
    yield world, follower, dict(sorted(pairs.items())[:MANY])
    jobs = any("jobs/ingest" in call for call in world.calls("salesforce"))
    assert jobs is (request.param == "job")
    assert not follower.of(RunFailed)


def renamed(world, follower, pairs, **fields):
    """Edit them all in Alguna, and wait until a pass has written it and everything that came of it was taken in."""
    number = len(follower.of(RunFinished))
    for customer_id in pairs:
        world.edit_customer(customer_id, **{key: value.format(customer_id) for key, value in fields.items()})
    follower.thread.sync_now()
    follower.passes(number + 1)
    assert follower.of(RunFinished)[number].summary.applied == len(pairs)


def settled(world, follower, account_id):
    """Until an event behind all others was taken in."""
    world.edit_account(account_id, Phone="555")
    newest = world.control("GET", "salesforce/events")["newest"]
    until(lambda: place(follower) >= newest and not follower.thread._watching.has_events)


def test_many_rows_of_our_own_do_not_echo(written):
    world, follower, pairs = written
    renamed(world, follower, pairs, name="Echo {} Ltd")
    calls = world.total("salesforce")
    passes = len(follower.of(RunFinished))
    settled(world, follower, pairs[next(iter(pairs))])
    assert world.total("salesforce") == calls, "nothing had to be read because of our own events"
    assert len(follower.of(RunFinished)) == passes
    for account_id in pairs.values():
        assert follower.account(account_id).values["Name"].startswith("Echo ")


def test_what_a_flow_changes_along_with_our_write_is_noticed(written):
    world, follower, pairs = written
    world.control("POST", "salesforce/rules/Account_Website_Lower_Case", {"active": True})
    renamed(world, follower, pairs, website="https://WWW.{}.EXAMPLE")
    for account_id in pairs.values():
        (row,) = world.query(f"SELECT Website FROM Account WHERE Id = '{account_id}'")
        assert row["Website"] == row["Website"].lower()
        follower.sees(account_id, Website=row["Website"])
    number = len(follower.of(RunFinished))
    settled(world, follower, pairs[next(iter(pairs))])
    for run in follower.of(RunFinished)[number:]:
        assert run.summary.planned == 0, "the two spellings are the same address: no ping-pong"
