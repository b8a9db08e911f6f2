"""Flow control, replay, the door, and what goes wrong, over a real gRPC channel."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import grpc
import pytest

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.eventbus import pubsub_api_pb2 as pb
from tests.rehearsal.pubsub.conftest import Clock, rehearsing, status_of

INVALID = grpc.StatusCode.INVALID_ARGUMENT
INTEGRATION = "integration@rehearsal.example"


def names(subscription: Any, count: int) -> list[str]:
    return [each.body["Name"] for each in subscription.events(count)]


def make(rig: Any, *given: str) -> None:
    for name in given:
        rig.create("Account", Name=name)


# -- flow control


def test_no_more_events_come_than_were_asked_for_and_a_further_request_adds(rig):
    subscription = rig.client().subscribe(count=2)
    make(rig, "A", "B", "C", "D")
    assert names(subscription, 2) == ["A", "B"]
    assert subscription.responses[-1].pending_num_requested == 0
    subscription.ask(1)
    assert names(subscription, 3) == ["A", "B", "C"]
    subscription.ask(5)
    assert names(subscription, 4) == ["A", "B", "C", "D"]
    assert subscription.responses[-1].pending_num_requested == 4


def test_a_hundred_events_are_the_most_that_can_be_owed(rig):
    subscription = rig.client().subscribe(count=500)
    subscription.ask(500)
    make(rig, "A")
    subscription.events(1)
    assert subscription.responses[-1].pending_num_requested == 99


@pytest.mark.parametrize("count", [0, -1])
def test_nothing_can_not_be_asked_for(rig, count):
    subscription = rig.client().subscribe(count=count)
    assert subscription.refusal() == (INVALID, "subscription.fetch.requested.events.invalid")


def test_another_topic_within_a_call_is_refused_and_the_same_or_none_is_not(rig):
    subscription = rig.client().subscribe(count=1)
    subscription.ask(1)
    subscription.ask(1, "/data/Practice__chn")
    make(rig, "A", "B", "C")
    assert names(subscription, 3) == ["A", "B", "C"]
    subscription.ask(1, "/data/ChangeEvents")
    assert subscription.refusal() == (INVALID, "subscription.fetch.topic.mismatch")


def test_a_stream_that_is_owed_events_hears_signs_of_life_with_a_position(rig):
    rig.control("POST", "events/options", {"keep_alive_ms": 50})
    client = rig.client()
    subscription = client.subscribe(count=5)
    subscription.wait(lambda: len(subscription.responses) >= 2)
    alive = subscription.responses[-1]
    assert (list(alive.events), alive.pending_num_requested) == ([], 5)
    make(rig, "After")
    later = client.subscribe(replay_preset="CUSTOM", replay_id=alive.latest_replay_id)
    assert names(later, 1) == ["After"]


def test_a_stream_that_is_owed_nothing_ends_well_after_a_while(rig):
    rig.control("POST", "events/options", {"keep_alive_ms": 50})
    subscription = rig.client().subscribe(count=1)
    make(rig, "A")
    subscription.wait(lambda: subscription.ended)
    assert subscription.error is None
    assert names(subscription, 1) == ["A"]


def test_a_client_that_has_no_more_requests_still_gets_what_it_asked_for(rig):
    subscription = rig.client().subscribe(count=2)
    subscription.half_close()
    make(rig, "A", "B", "C")
    subscription.wait(lambda: subscription.ended)
    assert subscription.error is None
    assert names(subscription, 2) == ["A", "B"]


# -- where to begin


def test_latest_earliest_and_custom_begin_where_they_say(rig):
    make(rig, "A", "B")
    client = rig.client()
    latest, earliest = client.subscribe(), client.subscribe(replay_preset="EARLIEST")
    first = earliest.events(2)[0]
    custom = client.subscribe(replay_preset="CUSTOM", replay_id=first.replay_id)
    make(rig, "C")
    assert names(latest, 1) == ["C"]
    assert names(earliest, 3) == ["A", "B", "C"]
    assert names(custom, 2) == ["B", "C"]
    positions = [each.replay_id for each in earliest.events(3)]
    assert positions == sorted(set(positions))
    assert {len(each) for each in positions} == {10}
    assert earliest.responses[-1].latest_replay_id == positions[-1]


@pytest.mark.parametrize(
    ("replay_id", "code"),
    [
        (b"", "validation.failed"),
        (b"nonsense", "corrupted"),
        (b"\xff" * 10, "corrupted"),
        (bytes(10), "corrupted"),
        (b"\0\0\0\0\0\0\0\x07\0\0", "corrupted"),
    ],
)
def test_a_replay_id_that_the_org_never_gave_out_is_refused(rig, replay_id, code):
    subscription = rig.client().subscribe(replay_preset="CUSTOM", replay_id=replay_id)
    assert subscription.refusal() == (INVALID, f"subscription.fetch.replayid.{code}")


def test_positions_schemas_and_events_survive_a_restart(tmp_path):
    with rehearsing(tmp_path / "state") as rig:
        rig.channel()
        rig.select("AccountChangeEvent")
        subscription = rig.client().subscribe()
        make(rig, "A", "B")
        seen = subscription.events(2)[0].replay_id
    with rehearsing(tmp_path / "state") as rig:
        make(rig, "C")
        later = rig.client().subscribe(replay_preset="CUSTOM", replay_id=seen)
        assert names(later, 2) == ["B", "C"]


def test_after_72_hours_events_are_gone_and_their_positions_refused(tmp_path):
    clock = Clock()
    with rehearsing(tmp_path / "state", clock) as rig:
        rig.channel()
        rig.select("AccountChangeEvent")
        make(rig, "Old")
        client = rig.client()
        old = client.subscribe(replay_preset="EARLIEST").events(1)[0].replay_id
        clock.ahead = timedelta(hours=71)
        fresh(rig)
        make(rig, "Young")
        assert names(rig.client().subscribe(replay_preset="CUSTOM", replay_id=old), 1) == ["Young"]
        clock.ahead = timedelta(hours=73)
        fresh(rig)
        client = rig.client()
        refused = client.subscribe(replay_preset="CUSTOM", replay_id=old)
        assert refused.refusal() == (INVALID, "subscription.fetch.replayid.corrupted")
        assert names(client.subscribe(replay_preset="EARLIEST"), 1) == ["Young"]


def fresh(rig: Any) -> None:
    """Sign in again: the session idled out while the clock was moved."""
    rig.admin_token = rig.session_of("admin@rehearsal.example")


def test_retention_can_pass_at_once_and_an_empty_bus_still_gives_positions(rig):
    make(rig, "A")
    client = rig.client()
    seen = client.subscribe(replay_preset="EARLIEST").events(1)[0].replay_id
    answer = rig.control("POST", "events/expire")
    assert answer["expired"] == 1
    assert answer["sentence"]
    refused = client.subscribe(replay_preset="CUSTOM", replay_id=seen)
    assert refused.refusal() == (INVALID, "subscription.fetch.replayid.corrupted")
    rig.control("POST", "events/options", {"keep_alive_ms": 50})
    idle = client.subscribe()
    idle.wait(lambda: bool(idle.responses))
    make(rig, "B")
    resumed = client.subscribe(replay_preset="CUSTOM", replay_id=idle.responses[0].latest_replay_id)
    assert names(resumed, 1) == ["B"]


# -- topics


@pytest.mark.parametrize(
    ("topic", "status", "code"),
    [
        ("/data/Nowhere__chn", grpc.StatusCode.NOT_FOUND, "topic.not.found"),
        ("/data/LeadChangeEvent", grpc.StatusCode.NOT_FOUND, "topic.not.found"),
        ("/event/Order__e", grpc.StatusCode.NOT_FOUND, "topic.not.found"),
        ("", INVALID, "topic.validation.empty"),
    ],
)
def test_a_topic_that_does_not_exist_is_refused_everywhere(rig, topic, status, code):
    client = rig.client()
    assert client.subscribe(topic).refusal() == (status, code)
    with pytest.raises(grpc.RpcError) as refused:
        client.topic(topic)
    assert status_of(refused.value) == (status, code)


def test_one_objects_topic_and_the_standard_channel_carry_what_belongs_there(bare):
    bare.select("AccountChangeEvent", "ChangeEvents")
    bare.channel()
    bare.select("ContactChangeEvent")
    client = bare.client()
    single, standard, custom = (
        client.subscribe(f"/data/{name}") for name in ("ContactChangeEvent", "ChangeEvents", "Practice__chn")
    )
    bare.create("Account", Name="A")
    bare.create("Contact", LastName="K")
    assert [each.header["entityName"] for each in standard.events(1)] == ["Account"]
    assert [each.header["entityName"] for each in custom.events(1)] == ["Contact"]
    assert [each.header["entityName"] for each in single.events(1)] == ["Contact"]


def test_a_removed_member_ends_the_events_and_not_the_stream(rig):
    subscription = rig.client().subscribe()
    make(rig, "A")
    found = rig.rest(
        "GET",
        "tooling/query?q=SELECT+Id+FROM+PlatformEventChannelMember+WHERE+SelectedEntity='AccountChangeEvent'",
    )
    rig.rest("DELETE", f"tooling/sobjects/PlatformEventChannelMember/{found['records'][0]['Id']}")
    make(rig, "B")
    rig.create("Contact", LastName="K")
    assert [each.header["entityName"] for each in subscription.events(2)] == ["Account", "Contact"]


# -- who may hear what


def test_without_view_all_a_channel_is_silent_and_one_objects_topic_refuses(rig):
    client = rig.client(rig.session_of(INTEGRATION))
    silent = client.subscribe()
    refused = client.subscribe("/data/AccountChangeEvent")
    assert refused.refusal() == (
        grpc.StatusCode.PERMISSION_DENIED,
        "subscription.topic.cannot.subscribe",
    )
    heard = rig.client().subscribe()
    make(rig, "Unheard")
    heard.events(1)
    rig.control("POST", f"users/{INTEGRATION}/permissions", {"ViewAllData": True})
    make(rig, "Heard")
    (event,) = silent.events(1)
    assert event.body["Name"] == "Heard"


def test_fields_that_the_user_cannot_see_are_left_out_of_values_and_bitmaps(rig):
    rig.tooling("CustomField", "Account.Secret__c", type="Text", label="Secret", length=20)
    account = rig.create("Account", Name="Acme")
    client = rig.client()
    subscription = client.subscribe()

    def write() -> None:
        org = rig.rehearsal.org
        org.update(Caller(org.admin_id, system=True), "Account", account, {"Secret__c": "s", "Phone": "1"})

    rig.rehearsal.run(write)
    (event,) = subscription.events(1)
    assert "Secret__c" in {each["name"] for each in client.schema(event.schema_id)["fields"]}
    assert event.changed == {"Phone", "LastModifiedDate"}
    assert "Secret__c" not in event.body
    assert event.header["changeOrigin"] == ""


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"accesstoken": "-"}, "service.auth.headers.invalid"),
        ({"instanceurl": " "}, "service.auth.headers.invalid"),
        ({"tenantid": "-"}, "service.auth.headers.invalid"),
        ({"accesstoken": "00D000000000001!AQnonsense"}, "service.auth.error"),
        ({"tenantid": "00D000000000001AAA"}, "service.auth.error"),
        ({"instanceurl": "http://127.0.0.1:1"}, "service.auth.error"),
    ],
)
def test_every_call_needs_a_live_session_of_this_org(rig, metadata, code):
    client = rig.client(**metadata)
    expected = (grpc.StatusCode.UNAUTHENTICATED, code)
    assert client.subscribe().refusal() == expected
    for call in (client.topic, client.schema):
        with pytest.raises(grpc.RpcError) as refused:
            call("/data/ChangeEvents")
        assert status_of(refused.value) == expected


@pytest.mark.parametrize("how", ["sessions/expire", "sessions/revoke"])
def test_a_session_that_ends_ends_its_streams_with_the_next_event(rig, how):
    subscription = rig.client().subscribe()
    make(rig, "A")
    subscription.events(1)
    rig.control("POST", how)
    rig.control("POST", "records/Account", {"fields": {"Name": "B"}})
    assert subscription.refusal() == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")
    assert names(subscription, 1) == ["A"]  # its schema was fetched while the session lived


def test_a_dead_session_is_noticed_at_the_next_request_too(rig):
    subscription = rig.client().subscribe()
    rig.control("POST", "sessions/expire")
    subscription.ask(1)
    assert subscription.refusal() == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")


# -- what can be done to the bus


def test_a_cut_ends_all_streams_and_an_outage_refuses_new_ones_until_it_is_over(rig):
    client = rig.client()
    one, two = client.subscribe(), client.subscribe("/data/ChangeEvents")
    answer = rig.control("POST", "events/cut", {"for_ms": 300})
    assert answer["streams"] == 2
    unavailable = (grpc.StatusCode.UNAVAILABLE, "service.unavailable")
    assert one.refusal() == two.refusal() == unavailable
    assert client.subscribe().refusal() == unavailable
    until = time.monotonic() + 15
    while True:
        again = client.subscribe()
        if not again.ended:
            break
        assert time.monotonic() < until
    make(rig, "Back")
    assert names(again, 1) == ["Back"]


def test_held_events_come_when_they_are_let_go_and_keep_alives_do_not_pass_over_them(rig):
    rig.control("POST", "events/options", {"held": True, "keep_alive_ms": 40})
    client = rig.client()
    subscription = client.subscribe()
    make(rig, "A")
    before = len(subscription.responses)
    subscription.wait(lambda: len(subscription.responses) >= before + 2)
    assert not any(response.events for response in subscription.responses)
    position = subscription.responses[-1].latest_replay_id
    rig.control("POST", "events/options", {"held": False})
    assert names(subscription, 1) == ["A"]
    assert names(client.subscribe(replay_preset="CUSTOM", replay_id=position), 1) == ["A"]


def test_delayed_events_come_late_and_in_order(rig):
    rig.control("POST", "events/options", {"delay_ms": 400})
    subscription = rig.client().subscribe()
    begun = time.monotonic()
    make(rig, "A", "B")
    assert names(subscription, 2) == ["A", "B"]
    assert time.monotonic() - begun >= 0.4


def test_events_can_be_delivered_more_than_once_within_what_is_owed(rig):
    rig.control("POST", "events/options", {"copies": 2})
    subscription = rig.client().subscribe(count=5)
    make(rig, "A", "B", "C")
    events = subscription.events(5)
    assert [each.body["Name"] for each in events] == ["A", "A", "B", "B", "C"]
    assert events[0].replay_id == events[1].replay_id


def test_the_control_address_tells_what_is_on(rig):
    assert rig.control("GET", "events")["newest"] is None
    subscription = rig.client().subscribe(count=7)
    make(rig, "A")
    shown = rig.control("GET", "events")
    assert shown["newest"] == subscription.events(1)[0].replay_id.hex()
    assert shown["endpoint"] == rig.rehearsal.handout["pubsub"]["endpoint"]
    assert shown["channels"] == {
        "ChangeEvents": [], "Practice__chn": ["AccountChangeEvent", "ContactChangeEvent"],
    }  # fmt: skip
    (stream,) = shown["streams"]
    assert (stream["topic"], stream["user"]) == ("/data/Practice__chn", "admin@rehearsal.example")
    assert shown["retained"] == 1
    assert rig.control("GET", "events/options")["copies"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("events/options", {"nonsense": 1}),
        ("events/options", {"copies": 0}),
        ("events/options", {"held": 1}),
        ("events/options", {"delay_ms": True}),
        ("events/cut", {"for_ms": -1}),
        ("events/cut", {"now": True}),
        ("records/Account/001000000000000AAA/merge", {"losers": []}),
        ("records/Account/001000000000000AAA/merge", {"losers": ["a", "b", "c"]}),
        ("records/Account/001000000000000AAA/merge", {"losers": ["a"], "fields": 3}),
        ("records/Account/001000000000000AAA/undelete", {"id": 1}),
    ],
)
def test_orders_that_make_no_sense_are_refused_in_a_sentence(rig, path, body):
    assert rig.control("POST", path, body, status=400)["error"]
    assert rig.control("GET", "events/options")["copies"] == 1


# -- what the org does not do


def test_publishing_and_managed_subscriptions_are_refused_honestly(rig):
    client = rig.client()
    request = pb.PublishRequest(topic_name="/data/ChangeEvents")
    denied = (grpc.StatusCode.PERMISSION_DENIED, "publish.topic.cannot.publish")
    with pytest.raises(grpc.RpcError) as refused:
        client.unary("Publish", request, pb.PublishResponse)
    assert status_of(refused.value) == denied
    with pytest.raises(grpc.RpcError) as refused:
        next(client.stream("PublishStream", iter([request]), pb.PublishRequest, pb.PublishResponse))
    assert status_of(refused.value) == denied
    managed = pb.ManagedFetchRequest(developer_name="Mine", num_requested=1)
    with pytest.raises(grpc.RpcError) as refused:
        next(
            client.stream(
                "ManagedSubscribe", iter([managed]), pb.ManagedFetchRequest, pb.ManagedFetchResponse
            )
        )
    assert status_of(refused.value) == (
        grpc.StatusCode.NOT_FOUND,
        "managed.subscription.developer.name.not.found",
    )
    with pytest.raises(grpc.RpcError) as refused:
        client.schema("nonsense")
    assert status_of(refused.value) == (grpc.StatusCode.NOT_FOUND, "schema.meta.permission")


# -- many at a time


def test_two_hundred_events_reach_three_subscribers_in_order_and_soon(rig):
    subscriptions = [rig.client().subscribe() for _ in range(3)]
    rows = [{"attributes": {"type": "Account"}, "Name": f"N{n:03}"} for n in range(200)]
    begun = time.monotonic()
    rig.rest("POST", "composite/sobjects", {"records": rows})
    for subscription in subscriptions:
        subscription.raw(100)
        subscription.ask(100)
    for subscription in subscriptions:
        assert names(subscription, 200) == [row["Name"] for row in rows]
    assert time.monotonic() - begun < 10


def test_rehearsals_side_by_side_and_one_after_the_other_keep_their_streams_apart(tmp_path):
    with rehearsing(tmp_path / "one") as one, rehearsing(tmp_path / "two") as two:
        heard = []
        for rig in (one, two):
            rig.channel()
            rig.select("AccountChangeEvent")
            heard.append(rig.client().subscribe())
        writers = [threading.Thread(target=make, args=(rig, *"ABCDE")) for rig in (one, two)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        for subscription in heard:
            assert names(subscription, 5) == list("ABCDE")


def test_a_stopped_rehearsal_ends_open_streams_at_once(tmp_path):
    with rehearsing(tmp_path / "state") as rig:
        rig.channel()
        subscription = rig.client().subscribe()
        begun = time.monotonic()
        rig.rehearsal.stop()
        subscription.wait(lambda: subscription.ended)
        assert time.monotonic() - begun < 3
        assert subscription.error is not None
