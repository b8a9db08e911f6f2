"""Changes in the org, seen through its event stream: at once, whole, once, and never lost."""

import threading
import time

from console.domain.records import State
from console.sync.events import RunFinished
from console.sync.following.feeds import Feeds
from tests.sync.conftest import until


def one(world):
    return next(iter(world.accounts().items()))


def test_an_edit_in_salesforce_reaches_the_cache_and_alguna_at_once_without_a_poll(world, follow):
    follower = follow(world)
    follower.passes(1)
    customer_id, account = one(world)
    before = time.monotonic()
    world.edit_account(account["Id"], BillingCity="Gondolin")
    seen = follower.sees(account["Id"], BillingCity="Gondolin")
    assert time.monotonic() - before < 2.0
    assert seen.values["BillingCity"] == "Gondolin"
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")
    assert time.monotonic() - before < 5.0
    measured = until(lambda: [f for f in follower.of(Feeds) if f.salesforce.arrivals])[-1]
    assert 0 <= measured.salesforce.quantile(0.95) < 2.0


def test_our_own_writes_do_not_echo(world, follow):
    follower = follow(world)
    follower.passes(2)
    world.reset_calls("salesforce")
    customer_id, account = one(world)
    world.edit_customer(customer_id, name="Echo Ltd")
    follower.thread.sync_now()
    follower.sees(account["Id"], Name="Echo Ltd")
    follower.passes(3)
    calls = world.total("salesforce")
    mark = place(follower)
    world.edit_account(account["Id"], Phone="1")
    until(lambda: place(follower) != mark)
    runs = follower.of(RunFinished)
    assert world.total("salesforce") == calls, "neither the echo nor a field that isn't synced costs a call"
    assert [run.summary.planned for run in runs[3:]] == []


def place(follower):
    with follower.cache() as cache:
        return (cache.get("salesforce.events") or {}).get("replay_id")


def test_contacts_are_followed_too(world, follow):
    follower = follow(world)
    customer_id, account = one(world)
    (contact,) = world.contacts(account["Id"])
    world.edit_contact(contact["Id"], FirstName="Idril", Title="Princess")
    until(lambda: world.customer(customer_id)["contacts"][0]["first_name"] == "Idril")
    with follower.cache() as cache:
        values = cache.contacts.get(contact["Id"]).values
    assert (values["Contact.FirstName"], values["Contact.Title"]) == ("Idril", "Princess")
    assert values["Contact.LastName"] == contact["LastName"]


def test_a_value_that_was_emptied_is_empty_in_the_cache(world, follow):
    follower = follow(world)
    _, account = one(world)
    world.edit_account(account["Id"], Website="https://gondolin.example")
    follower.sees(account["Id"], Website="https://gondolin.example")
    world.edit_account(account["Id"], Website=None)
    follower.sees(account["Id"], Website=None)
    assert follower.account(account["Id"]).name == account["Name"]


def test_what_happened_while_the_console_was_closed_comes_when_it_opens_again(world, follow):
    first = follow(world)
    first.passes(2)
    customer_id, account = one(world)
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    first.sees(account["Id"], BillingCity="Nargothrond")
    kept = until(lambda: place(first))
    assert first.thread.stop(2.0)
    world.edit_account(account["Id"], BillingCity="Gondolin")
    second = follow(world)
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")
    until(lambda: place(second) not in (None, kept))


def test_without_a_channel_it_polls_and_says_why(build, follow):
    world = build(customers=3, org="empty")
    world.choose(pubsub_endpoint=world.rehearsal.handout["pubsub"]["endpoint"])
    from .conftest import Follower

    follower = Follower(world, interval=3600.0)
    follower.thread.start()
    told = follower.polls()
    assert "no channel" in until(lambda: follower.polls().salesforce.why)
    assert follower.thread.stop(2.0)
    assert told.salesforce.how == "polling"


def test_stopping_leaves_no_thread(world, follow):
    before = set(threading.enumerate())
    follower = follow(world)
    began = time.monotonic()
    assert follower.thread.stop(2.0)
    assert time.monotonic() - began < 2.0
    until(
        lambda: not [t for t in threading.enumerate() if t not in before and t.name in ("engine", "events")]
    )


def test_a_customer_that_was_in_step_stays_so_after_its_own_echo(world, follow):
    follower = follow(world)
    follower.passes(2)
    customer_id, account = one(world)
    world.edit_account(account["Id"], BillingCity="Gondolin")
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")

    def settled():
        with follower.cache() as cache:
            entry = cache.entries.get(customer_id)
            return entry.state is State.IN_SYNC and not entry.dirty

    until(settled)
