"""What can happen to a stream: cuts, expiry, gaps, overflows, events twice. Nothing is lost and nothing is done twice."""

import time

from console.store.cache import Cache
from console.sync.events import RunFailed, RunFinished
from console.sync.following.feeds import Feeds
from console.sync.runner import EngineThread
from console.sync.session import opener
from tests.practising import make_world, practising
from tests.sync.conftest import until

from .test_following import one, place


def test_a_cut_stream_is_begun_again_where_it_left_off(world, follow):
    follower = follow(world)
    follower.passes(2)
    _, account = one(world)
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    follower.sees(account["Id"], BillingCity="Nargothrond")
    looks = len(follower.of(RunFinished))
    world.control("POST", "salesforce/events/cut", {"for_ms": 300})
    follower.polls()
    world.edit_account(account["Id"], BillingCity="Gondolin")
    follower.sees(account["Id"], BillingCity="Gondolin")
    until(
        lambda: (
            follower.streams().salesforce.how == "events"
            and follower.of(type(follower.streams()))[-1].salesforce.how == "events"
        )
    )
    assert len([r for r in follower.of(RunFinished)[looks:] if r.summary.planned]) <= 2


def test_a_place_that_salesforce_no_longer_keeps_leads_to_comparing_everything_and_says_so(world, follow):
    first = follow(world)
    first.passes(2)
    customer_id, account = one(world)
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    first.sees(account["Id"], BillingCity="Nargothrond")
    until(lambda: place(first))
    assert first.thread.stop(2.0)
    victim = next(a for c, a in world.accounts().items() if c != customer_id)
    world.control("DELETE", f"salesforce/records/Account/{victim['Id']}")
    world.edit_account(account["Id"], BillingCity="Gondolin")
    world.control("POST", "salesforce/events/expire")
    second = follow(world)
    second.sees(account["Id"], BillingCity="Gondolin")
    until(lambda: second.account(victim["Id"]).deleted)

    assert "all records were compared" in until(lambda: follower_says(second))


def follower_says(follower):
    told = (feeds.salesforce for feeds in follower.of(Feeds))
    return next((feed.why for feed in told if feed.how == "events" and feed.why), "")


def test_a_token_that_expires_is_renewed_once_and_the_stream_goes_on(tmp_path):
    """Connected through the wizard, as a person does, so that there is a refresh token."""
    with practising(make_world(tmp_path / "made"), tmp_path / "here") as bench:
        name = bench.connected()
        settings = bench.connections.load(name)
        told: list[object] = []
        thread = EngineThread(
            opener(settings, bench.connections, bench.secrets), told.append, interval=3600.0
        )
        thread.start()
        try:
            until(
                lambda: any(
                    isinstance(each, Feeds) and each.salesforce.how == "events" for each in list(told)
                )
            )
            until(lambda: len([each for each in list(told) if isinstance(each, RunFinished)]) >= 2)
            row = bench.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null LIMIT 1")[0]
            bench.control("POST", "salesforce/sessions/expire")
            bench.control(
                "PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Gondolin"}}
            )

            def arrived():
                path = bench.connections.cache_path(name)
                with Cache.open(path, org_id=settings.org_id, read_only=True) as cache:
                    return cache.accounts.get(row["Id"]).values.get("BillingCity") == "Gondolin"

            until(arrived)
            assert not [each for each in list(told) if isinstance(each, RunFailed)]
        finally:
            assert thread.stop(2.0)


def test_a_gap_is_read_from_the_org(world, follow):
    follower = follow(world)
    follower.passes(2)
    _, account = one(world)
    world.control("POST", "salesforce/events/options", {"max_bytes": 200})
    world.edit_account(account["Id"], BillingCity="Gondolin")
    follower.sees(account["Id"], BillingCity="Gondolin")


def test_an_overflow_has_the_whole_object_compared(world, follow):
    follower = follow(world)
    follower.passes(2)
    (_, account), (_, other) = list(world.accounts().items())[:2]
    world.control("POST", "salesforce/events/options", {"held": True})
    world.edit_account(account["Id"], BillingCity="Gondolin")
    world.control("DELETE", f"salesforce/records/Account/{other['Id']}")
    world.control("POST", "salesforce/events/expire")
    world.control("POST", "salesforce/events/gap", {"object": "Account", "change": "OVERFLOW"})
    world.control("POST", "salesforce/events/options", {"held": False})
    follower.sees(account["Id"], BillingCity="Gondolin")
    until(lambda: follower.account(other["Id"]).deleted)


def test_a_wildcard_has_the_whole_object_compared(world, follow):
    follower = follow(world)
    follower.passes(2)
    done = len(follower.of(RunFinished))
    world.reset_calls("salesforce")
    world.control("POST", "salesforce/events/gap", {"object": "Account", "change": "UPDATE", "ids": ["001*"]})
    follower.passes(done + 1)
    with follower.cache() as cache:
        assert cache.get("salesforce.cursor")["refill"] is False


def test_an_event_that_comes_three_times_acts_once(world, follow):
    follower = follow(world)
    follower.passes(2)
    world.control("POST", "salesforce/events/options", {"copies": 3})
    customer_id, account = one(world)
    world.edit_account(account["Id"], BillingCity="Gondolin")
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")
    mark = place(follower)
    world.edit_account(account["Id"], Phone="1")
    until(lambda: place(follower) != mark)
    with follower.cache() as cache:
        applied = [row for row in cache.history.of(customer_id) if row.after == "Gondolin"]
    assert len(applied) == 1


def test_more_events_than_may_be_owed_at_once_all_arrive(build, follow):
    from .conftest import published

    world = published(build(customers=40, org="empty"))
    world.sync()
    follower = follow(world)
    follower.passes(2)
    accounts = [account["Id"] for account in world.accounts().values()]
    world.control("POST", "salesforce/events/options", {"held": True})
    for turn in range(4):
        for id_ in accounts:
            world.edit_account(id_, BillingCity=f"City {turn}")
    world.control("POST", "salesforce/events/options", {"held": False})
    for id_ in accounts:
        follower.sees(id_, BillingCity="City 3")


def test_events_that_cannot_be_taken_in_wait_and_are_not_lost(world, follow):
    follower = follow(world)
    follower.passes(2)
    kept = place(follower)
    customer_id, account = one(world)
    world.fault("salesforce", "SERVER_UNAVAILABLE", match="composite", share=1.0)
    world.control("POST", "salesforce/events/options", {"max_bytes": 200})
    world.edit_account(account["Id"], BillingCity="Gondolin")
    until(follower.failures)
    assert place(follower) == kept
    world.heal()
    follower.thread.sync_now()
    follower.sees(account["Id"], BillingCity="Gondolin")
    until(lambda: place(follower) != kept)
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")


def test_an_older_event_does_not_bring_back_an_older_value(world, follow):
    """Events are held back while a poll sees more than they will tell."""
    follower = follow(world)
    follower.passes(2)
    customer_id, account = one(world)
    world.control("POST", "salesforce/events/options", {"held": True})
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    stamp = world.query(f"SELECT SystemModstamp FROM Account WHERE Id = '{account['Id']}'")[0][
        "SystemModstamp"
    ]
    until(lambda: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) > stamp[:19])
    world.edit_account(account["Id"], BillingCity="Gondolin")
    done = len(follower.of(RunFinished))
    follower.thread.sync_now()
    follower.passes(done + 1)
    mark = place(follower)
    world.control("POST", "salesforce/events/options", {"held": False})
    until(lambda: place(follower) != mark)
    assert follower.account(account["Id"]).values["BillingCity"] == "Gondolin"
    with follower.cache() as cache:
        assert not [row for row in cache.history.of(customer_id) if row.after == "Nargothrond"]
