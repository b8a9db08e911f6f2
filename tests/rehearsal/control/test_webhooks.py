"""Webhooks, as a listener on the wire gets them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Listener:
    """Takes what is delivered; answers the statuses it is told to, then 204."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.statuses: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = listener.statuses.pop(0) if listener.statuses else 204
                # Noted before it is answered: the answer lets the next delivery go.
                listener.got.put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks?x=1"

    def take(self, count):
        return [self.got.get(timeout=10) for _ in range(count)]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def listener(rig):
    listener = Listener()
    try:
        rig.control("POST", "/alguna/webhooks", {"url": listener.url})
        yield listener
        rig.control("POST", "/alguna/webhooks", {"url": None})
    finally:
        listener.close()


@pytest.fixture
def subscription(rig):
    customer = rig.control("POST", "/alguna/customers", {"name": "Listens"})
    return rig.control("POST", "/alguna/subscriptions", {"customer_id": customer["id"]})


def kinds(messages):
    return [json.loads(body)["type"] for _, body in messages]


def test_events_are_delivered_with_a_signature_that_the_secret_verifies(rig, listener, subscription):
    rig.alguna("POST", f"/subscriptions/{subscription['id']}/activate")
    messages = listener.take(2)
    assert kinds(messages) == ["subscription.activated", "subscription.started"]
    key = base64.b64decode(rig.control("GET", "/alguna/webhooks")["secret"].removeprefix("whsec_"))
    for headers, body in messages:
        signed = f"{headers['svix-id']}.{headers['svix-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["svix-signature"] == expected
        payload = json.loads(body)
        assert set(payload) == {"type", "timestamp", "data"}
        assert (payload["data"]["id"], payload["data"]["status"]) == (subscription["id"], "active")
    assert len({headers["svix-id"] for headers, _ in messages}) == 2


def test_each_change_has_its_event(rig, listener, subscription):
    path = f"/subscriptions/{subscription['id']}"
    rig.alguna("POST", f"{path}/activate")
    rig.alguna("PATCH", path, {"name": "Other"})
    add = {"product_id": "prod_x", "price": _price()}
    rig.alguna("POST", f"{path}/changes", {"add": [add]}, status=201)
    rig.alguna("POST", f"{path}/cancel", {"reason": "other", "effective": "end_of_term"})
    rig.alguna("POST", f"{path}/cancel", {"reason": "other", "effective": "immediate"})
    assert sorted(kinds(listener.take(6))) == sorted([
        "subscription.activated", "subscription.started", "subscription.updated", "subscription.version.updated",
        "subscription.cancelation_scheduled", "subscription.canceled",
    ])  # fmt: skip


def test_customers_have_no_events(rig, listener, subscription):
    rig.control("PATCH", f"/alguna/customers/{subscription['customer_id']}", {"name": "Renamed"})
    rig.alguna("PATCH", f"/subscriptions/{subscription['id']}", {"name": "Seen"})
    assert kinds(listener.take(1)) == ["subscription.updated"]
    assert listener.got.empty()


def test_what_is_not_taken_is_sent_again_under_the_same_id(rig, listener, subscription):
    listener.statuses = [500, 301]
    rig.alguna("PATCH", f"/subscriptions/{subscription['id']}", {"name": "Again"})
    messages = listener.take(3)
    (message_id,) = {headers["svix-id"] for headers, _ in messages}
    statuses: list[int] = []
    while len(statuses) < 3:
        # An answer is logged a moment after it was sent.
        log = rig.control("GET", "/alguna/webhooks")["deliveries"]
        statuses = [entry["status"] for entry in log if entry["id"] == message_id]
    assert statuses == [500, 301, 204]


def test_deliveries_can_come_twice_in_the_wrong_order_and_in_other_spellings(rig, listener, subscription):
    rig.control(
        "POST",
        "/alguna/options",
        {
            "webhook_copies": 2,
            "webhook_order": "reversed",
            "webhook_headers": "webhook",
            "webhook_keys": "camelCase",
        },
    )
    rig.alguna("POST", f"/subscriptions/{subscription['id']}/activate")
    messages = listener.take(4)
    assert kinds(messages) == ["subscription.started"] * 2 + ["subscription.activated"] * 2
    assert len({headers["webhook-id"] for headers, _ in messages}) == 2
    assert json.loads(messages[0][1])["data"]["accountId"] == subscription["customer_id"]


@pytest.mark.parametrize(
    "url", ["http://example.com/hook", "https://127.0.0.1:1/", "http://127.0.0.1/", "ftp://localhost:1/", 5]
)
def test_webhooks_never_leave_this_computer(rig, url):
    assert rig.control("POST", "/alguna/webhooks", {"url": url}, status=400)["error"]


def _price():
    return {
        "type": "fixed", "billing_interval": "monthly", "fee_type": "fixed", "billing_direction": "advance",
        "billing_frequency": "recurring", "fixed_pricing_model": {"price_per_unit": "5.00", "units": 1},
    }  # fmt: skip
