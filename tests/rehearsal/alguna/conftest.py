"""An Alguna account over a real socket, with a clock that moves only when told."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from console.rehearsal.alguna.app import create_app
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.store import Store


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 10, 15, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


class Host:
    """One server for all tests; each test puts its own application in."""

    def __init__(self) -> None:
        self.app: Any = None
        self.url = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(host, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        host.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        yield host
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


@dataclass
class Account:
    store: Store
    options: Options
    clock: Clock
    url: str
    http: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        reply = self.http.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        reply = self.http.post(path, json=body, headers=headers)
        assert reply.status_code in (200, 201), reply.text
        return reply.json()

    def patch(self, path: str, body: Any) -> Any:
        reply = self.http.patch(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def customer(self, name: str = "Acme", **fields: Any) -> dict[str, Any]:
        return dict(self.post("/customers", {"name": name, "currency": "USD", **fields}))

    def subscription(self, customer_id: str, **fields: Any) -> dict[str, Any]:
        body = {
            "customer_id": customer_id,
            "currency": "USD",
            "contract": {"period_type": "fixed", "duration_months": 12, "start_date": "2026-10-01"},
            "items": [item("prod_a", "500.00")],
            **fields,
        }
        return dict(self.post("/subscriptions", body))

    def listed(self, path: str, **query: Any) -> list[dict[str, Any]]:
        return list(self.get(path, **{"limit": 100, "offset": 0, "sort": "created_at:asc", **query})["data"])


def item(
    product: str, each: str, units: int = 1, interval: str = "monthly", frequency: str = "recurring"
) -> dict[str, Any]:
    price = {
        "type": "fixed",
        "billing_interval": interval,
        "fee_type": "fixed",
        "billing_direction": "advance",
        "billing_frequency": frequency,
        "fixed_pricing_model": {"price_per_unit": each, "units": units},
    }
    return {"product_id": product, "price": price}


@pytest.fixture
def account(tmp_path: Any, host: Host) -> Iterator[Account]:
    clock, options = Clock(), Options(rate_limit=0)
    store = Store(tmp_path / "alguna.db", clock=clock)
    try:
        host.app = create_app(store, options=options)
        headers = {"Authorization": f"Bearer {store.api_key}", "Alguna-Version": "2026-04-01"}
        with httpx.Client(base_url=host.url, headers=headers, trust_env=False, timeout=10) as http:
            yield Account(store, options, clock, host.url, http)
    finally:
        store.close()
