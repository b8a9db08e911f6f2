"""A whole rehearsal, shared by the tests of a module; each test gets it with faults, switches and counters at rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from console.rehearsal.alguna.options import Options
from console.rehearsal.server import Rehearsal


class Side:
    """Calls to one of the three addresses."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10)

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        reply = self.http.request(method, path, json=body, params=query or None)
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None


class Rig:
    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        handout = rehearsal.handout
        token = {"Authorization": f"Bearer {handout['salesforce']['access_token']}"}
        self.salesforce = Side(handout["salesforce"]["instance_url"], token)
        key = {"Authorization": f"Bearer {handout['alguna']['api_key']}", "Alguna-Version": "2026-04-01"}
        self.alguna = Side(handout["alguna"]["base_url"], key)
        self.control = Side(handout["control_url"], {})

    def close(self) -> None:
        for side in (self.salesforce, self.alguna, self.control):
            side.http.close()

    def query(self, soql: str) -> list[dict[str, Any]]:
        return list(self.control("GET", "/salesforce/query", q=soql)["records"])

    def customers(self, limit: int = 100) -> list[dict[str, Any]]:
        return list(self.alguna("GET", "/customers", limit=limit, offset=0, sort="created_at:asc")["data"])

    def rest(self) -> None:
        for service in ("salesforce", "alguna"):
            self.control("DELETE", f"/{service}/faults")
            self.control("POST", f"/{service}/calls/reset")
        self.control(
            "POST",
            "/salesforce/options",
            {"latency_ms": 0, "daily_api_limit": 100_000, "session_minutes": 120},
        )
        self.control("POST", "/alguna/options", {**Options().as_dict(), "rate_limit": 0})
        self.control("POST", "/activity", {"on": False})


@pytest.fixture(scope="module")
def running() -> Iterator[Rehearsal]:
    with Rehearsal(customers=40) as rehearsal:
        yield rehearsal


@pytest.fixture
def rig(running: Rehearsal) -> Iterator[Rig]:
    rig = Rig(running)
    try:
        rig.rest()
        yield rig
        rig.rest()
    finally:
        rig.close()
