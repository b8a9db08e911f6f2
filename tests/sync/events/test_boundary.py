"""Events that come in the middle of a pass: taken in at its next boundary, and never in the way of its end."""

import pytest

from console.domain.records import State
from console.errors import Unreachable
from console.sync.events import RunFinished
from console.sync.following.heed import Heed
from console.sync.passes import Pass
from tests.sync.conftest import until

from .conftest import published


@pytest.fixture
def busy(build, follow):
    """(world, follower, an account): a pass over many customers stands before its boundary, and an event is there."""
    world = published(build(customers=12, org="empty"))
    world.sync()
    follower = follow(world)
    follower.passes(2)
    customer_id, account = next(iter(world.accounts().items()))
    return world, follower, customer_id, account["Id"]


def pass_with_an_event(world, follower, account_id, monkeypatch):
    """A pass with work to do; once it has looked at both sides, an account is edited and its event arrives."""
    observe, edited = Pass.observe, []

    def observed(self, *args, **how):
        observe(self, *args, **how)
        if not edited:
            edited.append(account_id)
            world.edit_account(account_id, BillingCity="Gondolin")
            until(lambda: follower.thread._watching._subscription.waiting)

    monkeypatch.setattr(Pass, "observe", observed)
    for id_ in world.customers():
        world.edit_customer(id_, name=f"Renamed {id_}")
    follower.thread.sync_now()


def test_a_pass_ends_though_an_event_concerns_a_customer(busy, monkeypatch):
    world, follower, customer_id, account_id = busy
    pass_with_an_event(world, follower, account_id, monkeypatch)
    follower.passes(3)
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")
    with follower.cache() as cache:
        assert until(lambda: cache.entries.get(customer_id).state is State.IN_SYNC)


def test_a_pass_ends_though_events_cannot_be_taken_in(busy, monkeypatch):
    world, follower, _, account_id = busy
    take, tries = Heed.take, []

    def failing(self, batches):
        tries.append(len(batches))
        if len(tries) < 3:
            raise Unreachable("Salesforce can't be reached.", "It is tried again.", retry_after=0.0)
        return take(self, batches)

    monkeypatch.setattr(Heed, "take", failing)
    monkeypatch.setattr("console.sync.runner.LONGEST_BACKOFF", 0.2)
    pass_with_an_event(world, follower, account_id, monkeypatch)
    until(lambda: len(follower.of(RunFinished)) >= 3)
    assert len(tries) < 20, "it does not try without a pause"
