"""A whole rehearsal with its control address, for one test: an administrator turns the switches, a client signs in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from console.rehearsal.server import Rehearsal
from tests.signing_in import SignIn

V = "/services/data/v62.0"


class Clock:
    """The real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class Keys:
    client_id: str
    username: str
    password: str
    access_token: str
    org_id: str


class Practice:
    """The running rehearsal as its three kinds of visitors see it."""

    def __init__(self, rehearsal: Rehearsal, clock: Clock) -> None:
        self.rehearsal = rehearsal
        self.clock = clock
        given = rehearsal.handout["salesforce"]
        self.base_url: str = given["login_url"]
        names = ("client_id", "username", "password", "access_token", "org_id")
        self.handout = Keys(**{name: given[name] for name in names})
        self.http = httpx.Client(base_url=self.base_url, trust_env=False, timeout=20)
        self.control = httpx.Client(base_url=rehearsal.control_url, trust_env=False, timeout=20)

    def close(self) -> None:
        self.http.close()
        self.control.close()

    def steer(self, path: str, body: dict[str, Any]) -> Any:
        """An order to the control address that must be taken."""
        reply = self.control.post(f"/salesforce/{path}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def switch(self, **values: Any) -> None:
        self.steer("sign-in", values)

    def app(self, **values: Any) -> Any:
        """Set the practice app up."""
        return self.steer("apps/practice", values)

    def user(self, **state: bool) -> Any:
        return self.steer(f"users/{self.handout.username}/login", state)

    def works(self, token: str) -> bool:
        reply = self.http.get(f"{V}/limits", headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code in (200, 401), reply.text
        return reply.status_code == 200

    def query(self, soql: str, token: str = "") -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token or self.handout.access_token}"}
        reply = self.http.get(f"{V}/query", params={"q": soql}, headers=headers)
        assert reply.status_code == 200, reply.text
        return list(reply.json()["records"])


def refusal(reply: httpx.Response) -> tuple[str, str]:
    """What the token endpoint refused with."""
    assert reply.status_code == 400, reply.text
    body = reply.json()
    assert list(body) == ["error", "error_description"]
    return body["error"], body["error_description"]


@pytest.fixture
def practice() -> Iterator[Practice]:
    clock = Clock()
    with Rehearsal(customers=1, org="empty", clock=clock) as rehearsal:
        running = Practice(rehearsal, clock)
        yield running
        running.close()


@pytest.fixture
def client(practice: Practice) -> Iterator[SignIn]:
    visit = SignIn(practice)
    yield visit
    visit.close()


@pytest.fixture(name="refusal")
def _refusal() -> Any:
    return refusal
