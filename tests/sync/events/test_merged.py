"""Accounts that are merged, deleted and restored, seen by polling and by events alike."""

import pytest

from console.domain.records import State
from console.domain.verdicts import CreateNew, Unlink
from tests.sync.conftest import until

from .conftest import Follower, published


@pytest.fixture(params=["polling", "events"])
def seen(request, build, follow):
    """A world in step, and a way to have what happened seen."""
    world = build(customers=12, org="empty")
    if request.param == "events":
        published(world)
    world.sync()
    follower = follow(world) if request.param == "events" else None
    return Looker(world, follower)


class Looker:
    def __init__(self, world, follower: Follower | None) -> None:
        self.world = world
        self.follower = follower

    def until(self, condition):
        """Until a condition on the cache holds; polled once per look, or by events alone."""

        def holds():
            if self.follower is None:
                self.world.sync()
                with self.world.open() as session:
                    return condition(session.cache)
            with self.follower.cache() as cache:
                return condition(cache)

        return until(holds)


def pair(world):
    return list(world.accounts().items())[:2]


def spare(world, **fields):
    """An account that nobody is linked with."""
    made = world.control("POST", "salesforce/records/Account", {"fields": {"Name": "Spare Corp", **fields}})
    return made["id"] if "id" in made else made["Id"]


def merge(world, survivor, loser, **fields):
    world.control(
        "POST",
        f"salesforce/records/Account/{survivor}/merge",
        {"losers": [loser], "fields": fields, "as": world.rehearsal.handout["salesforce"]["username"]},
    )


def state(cache, customer_id):
    return cache.entries.get(customer_id).state


def test_a_merge_moves_the_link_to_the_survivor_and_its_id_to_alguna(seen):
    world = seen.world
    (customer_id, account), _ = pair(world)
    survivor = spare(world)
    seen.until(lambda cache: cache.accounts.get(survivor) is not None)
    merge(world, survivor, account["Id"])
    seen.until(
        lambda cache: (
            cache.links.get(customer_id).account_id == survivor
            and state(cache, customer_id) is State.IN_SYNC
            and not cache.entries.get(customer_id).dirty
        )
    )
    assert world.accounts()[customer_id]["Id"] == survivor
    aliases = world.customer(customer_id)["aliases"]
    assert aliases.count(survivor) == 1
    assert account["Id"] in aliases, "the old one stays: an undo, or another system, may know it"
    assert len(world.contacts(survivor)) == 1, "the contact moved along and is not made a second time"


def test_a_survivor_of_another_customer_is_for_a_person(seen):
    world = seen.world
    (first, account), (second, other) = pair(world)
    merge(world, other["Id"], account["Id"])
    seen.until(lambda cache: state(cache, first) is State.REVIEW)

    def links(cache):
        return cache.links.get(first).account_id, cache.links.get(second).account_id

    assert seen.until(links) == (account["Id"], other["Id"])
    with world.open() if seen.follower is None else seen.follower.cache() as opened:
        cache = getattr(opened, "cache", opened)
        assert "another customer's" in cache.entries.get(first).why


def test_a_deletion_stops_the_link_and_asks_and_undelete_goes_on(seen):
    world = seen.world
    (customer_id, account), _ = pair(world)
    world.control("DELETE", f"salesforce/records/Account/{account['Id']}")
    seen.until(lambda cache: state(cache, customer_id) is State.GONE)
    seen.until(lambda cache: [p for p in cache.problems.of("") if p.category == "deleted"])
    world.edit_customer(customer_id, name="Nobody's Ltd")
    assert account["Id"] not in {row["Id"] for row in world.query("SELECT Id FROM Account")}
    count = len(world.query("SELECT Id FROM Account"))
    world.control("POST", f"salesforce/records/Account/{account['Id']}/undelete", {})
    seen.until(lambda cache: state(cache, customer_id) is not State.GONE)
    if seen.follower is not None:
        seen.follower.thread.sync_now()
    seen.until(lambda cache: state(cache, customer_id) is State.IN_SYNC)
    seen.until(lambda cache: not [p for p in cache.problems.of("") if p.category == "deleted"])
    assert len(world.query("SELECT Id FROM Account")) == count + 1


@pytest.mark.parametrize("verdict", [Unlink(), CreateNew()])
def test_what_becomes_of_a_deleted_account_is_decided(build, verdict):
    world = build(customers=6, org="empty")
    world.sync()
    customer_id, account = next(iter(world.accounts().items()))
    world.control("DELETE", f"salesforce/records/Account/{account['Id']}")
    world.sync()
    with world.open() as session:
        session.engine.decide(customer_id, verdict, "ada")
    world.sync()
    made = {row["Alguna_Customer_ID__c"] for row in world.query("SELECT Alguna_Customer_ID__c FROM Account")}
    with world.open() as session:
        now = state(session.cache, customer_id)
        assert not [p for p in session.cache.problems.of("") if p.category == "deleted"]
    if verdict == CreateNew():
        assert customer_id in made
        assert now is State.IN_SYNC
    else:
        assert customer_id not in made
        assert now is State.NOT_IMPORTED


def test_comparing_all_records_finds_out_about_a_merge_too(build):
    from console.sync.observe import compare_all

    world = build(customers=6, org="empty")
    world.sync()
    customer_id, account = next(iter(world.accounts().items()))
    survivor = spare(world)
    world.sync()
    merge(world, survivor, account["Id"])
    with world.open() as session:
        compare_all(session.cache, ["Account", "Contact"])
    world.sync()
    with world.open() as session:
        assert session.cache.links.get(customer_id).account_id == survivor
