"""Webhooks: signed by the Standard Webhooks scheme and delivered at least once, to this computer only.

https://alguna.com/docs/api-reference/v2/webhooks for the events; https://www.standardwebhooks.com for the signature. Alguna
delivers through Svix, whose header names differ (an option).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from console.rehearsal import codes, stamps
from console.rehearsal.alguna import lifecycle, subscriptions, v1
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.store import Store, dump

Json = dict[str, Any]
EVENTS = (
    "subscription.activated", "subscription.started", "subscription.updated", "subscription.version.updated",
    "subscription.cancelation_scheduled", "subscription.canceled",
)  # fmt: skip
"""The documented events that happen here. There is none for customers."""
ANSWER_WITHIN = 15.0
RETRY_AFTER = (0.2, 1.0, 5.0)
"""Seconds between attempts: much closer together than in earnest, so that one can watch."""
KEPT = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint."""

    message_id: str
    kind: str
    subscription_id: str
    stamp: int


@dataclass(slots=True)
class Webhooks:
    """The endpoints of one account and what was delivered to them. Lives in the event loop."""

    store: Store
    options: Options
    pause: Callable[[float], Any] = asyncio.sleep
    url: str | None = None
    log: list[Json] = field(default_factory=list)
    _sent: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store.listeners.append(self._heard)

    @property
    def secret(self) -> str:
        """The signing secret, `whsec_` and base64."""
        key = hashlib.sha256(f"webhook {self.store.api_key}".encode()).digest()[:24]
        return "whsec_" + base64.b64encode(key).decode()

    def register(self, url: str | None) -> None:
        """Where to deliver to (None: nowhere). Raises ValueError for what is not on this computer."""
        if url is not None:
            parts = urlsplit(url)
            if (
                parts.scheme != "http"
                or parts.hostname not in ("127.0.0.1", "localhost")
                or parts.port is None
            ):
                raise ValueError("webhooks go to http://127.0.0.1:PORT/... or http://localhost:PORT/... only")
        self.url = url

    def close(self) -> None:
        """Stop delivering."""
        for task in self._tasks:
            task.cancel()

    def as_dict(self) -> Json:
        """The endpoint, its secret, and the last deliveries."""
        return {"url": self.url, "secret": self.secret, "deliveries": self.log[-50:]}

    def _heard(self, events: Sequence[tuple[str, Json]]) -> None:
        if self.url is None:
            return
        now = self.store.now()
        batch = [Delivery(self._message_id(), kind, record["id"], now) for kind, record in events]
        if self.options.webhook_order == "reversed":
            batch.reverse()
        batch = [delivery for delivery in batch for _ in range(self.options.webhook_copies)]
        task = asyncio.get_running_loop().create_task(self._deliver(batch, self.url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _message_id(self) -> str:
        self._sent += 1
        return "msg_" + codes.code(self._sent, seed=self.store.seed, length=24)

    async def _deliver(self, batch: list[Delivery], url: str) -> None:
        if self.options.webhook_delay_ms:
            await self.pause(self.options.webhook_delay_ms / 1000)
        for delivery in batch:
            for wait in (*RETRY_AFTER, None):
                status = await self._attempt(delivery, url)
                self.log.append({"id": delivery.message_id, "type": delivery.kind, "status": status})
                del self.log[:-KEPT]
                if (status is not None and 200 <= status < 300) or wait is None:
                    break
                await self.pause(wait)

    async def _attempt(self, delivery: Delivery, url: str) -> int | None:
        """The status that the endpoint answered, or None."""
        body = dump(self._payload(delivery)).encode()
        stamp = str(self.store.now() // stamps.SECOND)
        prefix = self.options.webhook_headers
        headers = {
            f"{prefix}-id": delivery.message_id,
            f"{prefix}-timestamp": stamp,
            f"{prefix}-signature": sign(self.secret, delivery.message_id, stamp, body),
            "content-type": "application/json",
        }
        try:
            return await asyncio.wait_for(_post(url, headers, body), ANSWER_WITHIN)
        except (OSError, EOFError, ValueError, TimeoutError) as failure:
            _log.info("the webhook %s was not taken: %s", delivery.message_id, failure)
            return None

    def _payload(self, delivery: Delivery) -> Json:
        row = lifecycle.get(self.store, delivery.subscription_id)
        data: Json = (
            {"id": delivery.subscription_id}
            if row is None
            else subscriptions.show(self.store, row, self.options)
        )
        payload = {"type": delivery.kind, "timestamp": stamps.text(delivery.stamp), "data": data}
        return v1.camel(payload) if self.options.webhook_keys == "camelCase" else payload


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """The signature of one delivery: HMAC-SHA256 over `id.timestamp.body`, base64, with its version."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


async def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {target} HTTP/1.1",
            f"host: {parts.netloc}",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        status_line = (await reader.readuntil(b"\r\n")).decode("latin-1").split()
        return int(status_line[1])
    except IndexError:
        raise ValueError("the answer is not HTTP") from None
    finally:
        writer.close()
