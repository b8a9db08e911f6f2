"""Webhooks over a real socket: only signed ones of now count, each once, and none can hurt."""

import base64
import http.client
import json
import socket
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from standardwebhooks.webhooks import Webhook

from console.alguna.receiver import LARGEST, Receiver
from console.alguna.webhooks import Webhooks, customer_of
from console.errors import StoreError, UsageError

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def signed(body: bytes, *, id_="msg_1", at=None, secret=SECRET, prefix="webhook"):
    stamp = at if at is not None else time.time()
    signature = Webhook(secret).sign(id_, datetime.fromtimestamp(stamp, UTC), body.decode())
    return {f"{prefix}-id": id_, f"{prefix}-timestamp": str(int(stamp)), f"{prefix}-signature": signature}


def event(customer="cus_1", kind="subscription.updated"):
    return json.dumps(
        {"type": kind, "timestamp": "2026-01-01T00:00:00Z", "data": {"customer_id": customer}}
    ).encode()


@pytest.fixture
def heard():
    return []


@pytest.fixture
def receiver(heard):
    with Receiver(Webhooks(SECRET), heard.append, host="127.0.0.1", port=0) as open_:
        yield open_


def post(receiver, body, headers, method="POST"):
    parts = urlsplit(receiver.address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request(method, "/anything", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("prefix", ["webhook", "svix"])
def test_a_signed_delivery_is_taken(receiver, heard, prefix):
    assert post(receiver, event(), signed(event(), prefix=prefix)) == 204
    assert [(each.id, each.kind, each.customer_id) for each in heard] == [
        ("msg_1", "subscription.updated", "cus_1")
    ]


def test_the_same_delivery_again_is_answered_and_does_nothing(receiver, heard):
    for _ in range(3):
        assert post(receiver, event(), signed(event())) == 204
    assert len(heard) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(event(), at=time.time() - 3600),
        signed(event(), at=time.time() + 3600),
        signed(event("cus_2")),
        signed(event(), secret="whsec_" + base64.b64encode(b"another secret, 24 bytes").decode()),
        {**signed(event()), "webhook-signature": "v1,"},
        {**signed(event()), "webhook-timestamp": "soon"},
        {**signed(event()), "webhook-id": "msg_2"},
    ],
)
def test_what_is_not_signed_with_our_secret_and_of_now_is_refused(receiver, heard, headers):
    assert post(receiver, event(), headers) == 401
    assert not heard


def test_a_refused_delivery_does_not_use_up_its_id(receiver, heard):
    assert post(receiver, event(), {**signed(event()), "webhook-signature": "v1,AAAA"}) == 401
    assert post(receiver, event(), signed(event())) == 204
    assert len(heard) == 1


@pytest.mark.parametrize("body", [b"not json", b"[]", b'"text"', b"[" * 5000])
def test_what_is_signed_and_no_event_is_refused(receiver, heard, body):
    assert post(receiver, body, signed(body)) == 400
    assert not heard


def test_a_large_body_is_refused_before_it_is_read(receiver, heard):
    parts = urlsplit(receiver.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as stranger:
        stranger.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {10 * LARGEST}\r\n\r\n".encode())
        assert stranger.recv(100).startswith(b"HTTP/1.0 413")
    assert not heard


def test_a_body_without_a_length_is_refused(receiver, heard):
    parts = urlsplit(receiver.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as stranger:
        stranger.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert stranger.recv(100).startswith(b"HTTP/1.0 411")
    assert not heard


def test_other_methods_and_noise_are_refused_and_it_goes_on(receiver, heard):
    assert post(receiver, None, {}, method="GET") == 501
    parts = urlsplit(receiver.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as stranger:
        stranger.sendall(b"\x16\x03\x01\x02\x00\x01\x00 noise\r\n\r\n")
        stranger.recv(1000)
    assert post(receiver, event(), signed(event())) == 204


def test_idle_connections_do_not_keep_others_waiting(receiver, heard):
    parts = urlsplit(receiver.address)
    idle = [socket.create_connection((parts.hostname, parts.port), timeout=10) for _ in range(10)]
    try:
        before = time.monotonic()
        assert post(receiver, event(), signed(event())) == 204
        assert time.monotonic() - before < 2
    finally:
        for each in idle:
            each.close()


def test_a_sender_that_trickles_is_cut_off(receiver, heard, monkeypatch):
    monkeypatch.setattr("console.alguna.receiver.DEADLINE", 0.5)
    parts = urlsplit(receiver.address)
    before = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=0.1) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        ended = False
        while not ended:
            assert time.monotonic() - before < 5, "it may trickle on and on"
            try:
                slow.sendall(b"x")
                ended = slow.recv(100) == b""
            except TimeoutError:
                continue
            except OSError:
                ended = True
    assert post(receiver, event(), signed(event())) == 204
    assert [notice.customer_id for notice in heard] == ["cus_1"]


def test_a_port_that_is_taken_is_told(receiver):
    port = urlsplit(receiver.address).port
    with pytest.raises(StoreError, match="can't be listened on"):
        Receiver(Webhooks(SECRET), lambda notice: None, host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!!!!!!!!!!!!!!!!!", "sk_live_123456789012345678", "x" * 40]
)
def test_what_is_no_secret_is_refused_without_repeating_it(secret):
    with pytest.raises(UsageError) as caught:
        Webhooks(secret)
    assert not secret or secret not in f"{caught.value.message}{caught.value.advice}" or secret == "whsec_"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"customer_id": "a"}, "a"),
        ({"accountId": "b"}, "b"),
        ({"customer": {"id": "c"}}, "c"),
        ({"id": "sub_1"}, None),
        ({"customer_id": 7}, None),
        ({"customer_id": "x" * 1000}, None),
        (None, None),
        ([], None),
    ],
)
def test_whom_an_event_is_about(data, found):
    assert customer_of(data) == found
