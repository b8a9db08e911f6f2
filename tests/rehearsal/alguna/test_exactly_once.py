"""Idempotency keys and usage events: https://alguna.com/docs/api-reference/v2/idempotency"""

from __future__ import annotations

import asyncio

import httpx
import pytest

BODY = {"name": "Acme", "currency": "USD"}


def send(account, key, body=BODY, path="/customers", method="POST"):
    return account.http.request(method, path, json=body, headers={"Idempotency-Key": key})


def test_the_same_key_with_the_same_parameters_replays_the_first_answer(account):
    first = send(account, "k1")
    assert (first.status_code, first.headers["idempotency-key"], first.headers["idempotent-replayed"]) == (
        201,
        "k1",
        "false",
    )
    account.clock.forward(hours=23)
    again = send(account, "k1", {"currency": "USD", "name": "Acme"})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == first.content
    assert len(account.listed("/customers")) == 1


def test_after_24_hours_the_key_is_new(account):
    send(account, "k1")
    account.clock.forward(hours=24, seconds=1)
    assert send(account, "k1").headers["idempotent-replayed"] == "false"
    assert len(account.listed("/customers")) == 2


@pytest.mark.parametrize(
    ("body", "path", "method"),
    [({**BODY, "name": "B"}, "/customers", "POST"), (BODY, "/customers?x=1", "POST")],
)
def test_the_same_key_with_other_parameters_is_refused(account, body, path, method):
    send(account, "k1")
    reply = send(account, "k1", body, path, method)
    assert reply.status_code == 422
    assert "different parameters" in reply.json()["detail"]
    assert reply.headers["idempotency-key"] == "k1"
    assert len(account.listed("/customers")) == 1


def test_a_refusal_is_an_answer_and_is_replayed_too(account):
    first = send(account, "k1", {"name": "A"})
    assert first.status_code == 422
    again = send(account, "k1", {"name": "A"})
    assert (again.status_code, again.headers["idempotent-replayed"], again.content) == (
        422,
        "true",
        first.content,
    )


def test_a_patch_is_carried_out_once(account):
    customer = account.customer()
    path = f"/customers/{customer['id']}"
    first = send(account, "k1", {"name": "B"}, path, "PATCH").json()
    account.patch(path, {"name": "C"})
    assert send(account, "k1", {"name": "B"}, path, "PATCH").json() == first
    assert account.get(path)["name"] == "C"


async def test_a_key_that_is_still_in_use_gets_409_and_works_afterwards(account, host, monkeypatch):
    from console.rehearsal.alguna import app

    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: float) -> None:
        begun.set()
        await go_on.wait()

    account.options.update({"write_ms": 1})
    transport = httpx.ASGITransport(host.app)
    with monkeypatch.context() as patched:
        patched.setattr(app.asyncio, "sleep", hold)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://x", headers=account.http.headers
        ) as http:
            first = asyncio.create_task(http.post("/customers", json=BODY, headers={"Idempotency-Key": "k1"}))
            await begun.wait()
            meanwhile = await http.post("/customers", json=BODY, headers={"Idempotency-Key": "k1"})
            assert meanwhile.status_code == 409
            assert (meanwhile.headers["idempotency-key"], meanwhile.headers["idempotent-replayed"]) == (
                "k1",
                "false",
            )
            go_on.set()
            assert (await first).status_code == 201
            after = await http.post("/customers", json=BODY, headers={"Idempotency-Key": "k1"})
    assert (after.json(), after.headers["idempotent-replayed"]) == ((await first).json(), "true")


def test_a_long_key_is_refused(account):
    assert send(account, "k" * 255).status_code == 201
    assert send(account, "k" * 256).status_code == 422


def test_reads_take_no_notice_of_a_key(account):
    reply = account.http.get("/customers/none", headers={"Idempotency-Key": "k1"})
    assert "idempotent-replayed" not in reply.headers


def test_answers_outlive_a_restart(account, tmp_path, host):
    from console.rehearsal.alguna.app import create_app
    from console.rehearsal.alguna.store import Store

    first = send(account, "k1")
    account.store.close()
    again = Store(tmp_path / "alguna.db", clock=account.clock)
    try:
        host.app = create_app(again, options=account.options)
        replayed = send(account, "k1")
        assert (replayed.content, replayed.headers["idempotent-replayed"]) == (first.content, "true")
    finally:
        again.close()


def event(unique_id, account="x", **more):
    return {"account": account, "event_name": "calls", "unique_id": unique_id, "properties": {"n": 1}, **more}


def test_events_are_taken_once_by_their_unique_id(account):
    customer = account.customer(aliases=["x"])
    sent = {
        "events": [
            event("e1"),
            event("e2", customer["id"]),
            event("e3", "nobody"),
            event("e4", timestamp="soon"),
        ]
    }
    assert account.post("/events", sent) == {"ingested": ["e1", "e2"], "failed": ["e3", "e4"]}
    assert account.post("/events", {"events": [event("e1", properties={"n": 2})]}) == {
        "ingested": ["e1"],
        "failed": [],
    }
    kept = account.store.all("SELECT unique_id, account, document FROM events ORDER BY unique_id")
    assert [(row["unique_id"], row["account"]) for row in kept] == [
        ("e1", customer["id"]),
        ("e2", customer["id"]),
    ]
    assert '"n":1' in kept[0]["document"]


def test_events_do_not_take_idempotency_keys(account):
    account.customer(aliases=["x"])
    reply = account.http.post("/events", json={"events": [event("e1")]}, headers={"Idempotency-Key": "k1"})
    assert "idempotency-key" not in reply.headers
    reply = account.http.post("/events", json={"events": [event("e2")]}, headers={"Idempotency-Key": "k1"})
    assert reply.json()["ingested"] == ["e2"]


@pytest.mark.parametrize("events", [[], [event(str(n)) for n in range(101)], ["e"], [{"account": "x"}], "e"])
def test_a_call_takes_one_to_a_hundred_proper_events(account, events):
    assert account.http.post("/events", json={"events": events}).status_code == 422


def test_too_many_events_a_second_get_429(account):
    account.customer(aliases=["x"])
    account.options.update({"events_limit": 150})
    statuses = [
        account.http.post("/events", json={"events": [event(f"{call}-{n}") for n in range(100)]}).status_code
        for call in range(3)
    ]
    assert statuses[0] == 200
    assert 429 in statuses
