"""A stream that runs and does not tell: a look beside it finds out, says so, and the org is polled until an event comes."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from console.salesforce.setup.channel import member_body
from console.store.cache import Cache
from console.sync import silence
from console.sync.events import RunFinished
from console.sync.following.feeds import Feeds
from console.sync.silence import EDIT, MEMBER, Unannounced
from tests.sync.conftest import until

from .test_following import one

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def stamp(seconds):
    return (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [(-1, False), (30, False), (61, True), (539, True), (541, False), (700, False)],
)
def test_only_an_edit_that_an_event_had_the_time_to_tell_counts(seconds, counts):
    missed = Unannounced(NOON, NOON + timedelta(seconds=600))
    missed.note("Account", [stamp(seconds)])
    assert missed.objects == ({"Account"} if counts else set())


@pytest.fixture
def cache(tmp_path):
    with Cache.open(tmp_path / "cache.sqlite3", org_id="00D000000000001EAA") as made:
        yield made


def problems(cache):
    return {problem.subject: problem for problem in cache.problems.open()}


def test_a_silent_object_is_a_problem_until_one_of_its_events_comes(cache):
    silence.fell_silent(cache, ["Account", "Contact"], "acme", stamp(0))
    assert silence.silent(cache) == {"Account": EDIT, "Contact": EDIT}
    assert "View All on accounts" in problems(cache)["Account"].advice
    assert "setup acme --plan" in problems(cache)["Account"].advice
    assert "accounts and contacts" in silence.sentence(silence.silent(cache))
    silence.heard(cache, {"Contact"})
    assert set(problems(cache)) == {"Account"}
    assert "contacts" not in silence.sentence(silence.silent(cache))
    silence.heard(cache, {"Account"})
    assert not problems(cache)
    assert silence.sentence(silence.silent(cache)) == ""


def test_a_member_that_is_gone_is_the_reason_and_its_return_the_end(cache):
    silence.fell_silent(cache, ["Account"], "acme", stamp(0))
    silence.members_missing(cache, ["Account"])
    assert silence.silent(cache) == {"Account": MEMBER}
    assert not problems(cache), "what set-up made is told by the problem of set-up"
    assert "accounts: press e (the channel lost them)" in silence.sentence(silence.silent(cache))
    silence.members_missing(cache, [])
    assert silence.silent(cache) == {}


def test_members_that_are_there_do_not_take_back_what_an_edit_showed(cache):
    silence.fell_silent(cache, ["Contact"], "acme", stamp(0))
    silence.members_missing(cache, [])
    assert silence.silent(cache) == {"Contact": EDIT}


class Tooling:
    """The administrator of the org, at the channel."""

    def __init__(self, world):
        org = world.rehearsal.handout["salesforce"]
        self.base = f"{org['instance_url']}/services/data/v62.0/tooling"
        self.how = {"headers": {"Authorization": f"Bearer {org['access_token']}"}, "trust_env": False}

    def remove_member(self, event):
        query = f"SELECT Id FROM PlatformEventChannelMember WHERE SelectedEntity = '{event}'"
        answer = httpx.get(f"{self.base}/query", params={"q": query}, **self.how)
        (row,) = answer.json()["records"]
        path = f"{self.base}/sobjects/PlatformEventChannelMember/{row['Id']}"
        assert httpx.delete(path, **self.how).status_code == 204

    def add_member(self, event):
        path = f"{self.base}/sobjects/PlatformEventChannelMember"
        assert httpx.post(path, json=member_body(event), **self.how).status_code == 201


def test_an_edit_that_no_event_told_of_leads_to_polling_and_an_event_leads_back(world, follow, monkeypatch):
    monkeypatch.setattr(silence, "GRACE", timedelta(seconds=1))
    follower = follow(world, interval=600.0)
    follower.passes(2)
    tooling = Tooling(world)
    tooling.remove_member("AccountChangeEvent")
    _, account = one(world)
    for number in range(20):
        world.edit_account(account["Id"], BillingCity=f"Gondolin {number}")
        edited = time.time()
        until(lambda edited=edited: time.time() > edited + 2.1)  # stamps are whole seconds
        looks = len(follower.of(RunFinished))
        follower.thread.sync_now()
        follower.passes(looks + 1)
        if last(follower).how == "polling":
            break
    told = until(lambda: (feed := last(follower)).how == "polling" and feed)
    assert number < 3, "one look or two are enough"
    assert "No events for accounts" in told.why
    assert told.every == 600.0, "at the pace of polling"
    with follower.cache() as cache:
        assert [p.subject for p in cache.problems.open() if p.category == silence.CATEGORY] == ["Account"]

    tooling.add_member("AccountChangeEvent")
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    again = until(lambda: (feed := last(follower)).how == "events" and feed)
    assert again.why == ""
    assert follower.account(account["Id"]).values["BillingCity"] == "Nargothrond"
    with follower.cache() as cache:
        assert not [p for p in cache.problems.open() if p.category == silence.CATEGORY]


def last(follower):
    return follower.of(Feeds)[-1].salesforce
