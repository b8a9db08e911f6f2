"""A rehearsal over real sockets, connected and set up, and a cache in a real file: what these tests run against."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.alguna.client import AlgunaClient
from console.domain.records import State
from console.rehearsal.server import Rehearsal
from console.salesforce.client import SalesforceClient
from console.salesforce.setup import apply_setup, plan_setup
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.sync.events import Event, RunSummary
from console.sync.session import Session, open_session
from tests.outside import Outside

NAME = "practice"
RATE = 100_000.0
"""Requests a second to the Alguna of the rehearsal: these tests are not about the limiter."""


class FixedToken:
    """A token that can't be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, rejected: str) -> str:
        raise AssertionError("the token was refused")


class World(Outside):
    """A running rehearsal, and one connection to it."""

    def __init__(
        self, rehearsal: Rehearsal, home: Path, choices: dict[str, Any], state: Path | None = None
    ) -> None:
        handout = rehearsal.handout
        self.state = state
        self.rehearsal = rehearsal
        self.connections = Connections(home)
        self.secrets = Secrets(self.connections, find_keyring=lambda: None)
        self.events: list[Event] = []
        self._opened = ExitStack()
        self.settings = ConnectionSettings(
            name=NAME,
            environment="rehearsal",
            login_url=handout["salesforce"]["login_url"],
            instance_url=handout["salesforce"]["instance_url"],
            client_id=handout["salesforce"]["client_id"],
            org_id=handout["salesforce"]["org_id"],
            org_name="Practice",
            alguna_url=handout["alguna"]["base_url"],
            alguna_app_url="https://app.alguna.io",
            **{"import_choice": "all", "connected_at": "2026-06-01T00:00:00Z", **choices},
        )
        self.connections.save(self.settings)
        self.secrets.set(NAME, "salesforce_access", handout["salesforce"]["access_token"])
        self.secrets.set(NAME, "alguna_key", handout["alguna"]["api_key"])
        for service in ("salesforce", "alguna"):
            self.reset_calls(service)
        self.control("POST", "alguna/options", {"rate_limit": 1_000_000})

    # -- our side

    def choose(self, **choices: Any) -> None:
        """Change the connection's settings."""
        self.settings = replace(self.settings, **choices)
        self.connections.save(self.settings)

    def open(self, **how: Any) -> Session:
        """Open the connection; it is closed at the end of the test at the latest."""
        how = {"publish": self.events.append, "alguna_rate": RATE, **how}
        session = open_session(self.settings, self.connections, self.secrets, **how)
        self._opened.callback(session.close)
        return session

    def sync(self, **how: Any) -> RunSummary:
        """One pass, as a command makes it: everything opened for it and closed after it."""
        with self.open(**how) as session:
            return session.engine.run()

    @property
    def cache_path(self) -> Path:
        return self.connections.cache_path(NAME)

    def counts(self) -> dict[State, int]:
        with self.open() as session:
            return session.cache.entries.counts()

    def close(self) -> None:
        self._opened.close()

    # -- the other side

    def accounts(self) -> dict[str, dict[str, Any]]:
        """The org's accounts that carry a customer id, by that."""
        names = ", ".join(f"Alguna_{name}__c" for name in CUSTOM)
        rows = self.query(
            "SELECT Id, Name, BillingStreet, BillingCity, BillingState, BillingPostalCode, BillingCountry, Website, "
            f"{names} FROM Account WHERE Alguna_Customer_ID__c != null"
        )
        found = {row["Alguna_Customer_ID__c"]: row for row in rows}
        assert len(found) == len(rows), "two accounts carry the same customer id"
        return found

    def contacts(self, account_id: str) -> list[dict[str, Any]]:
        """The contacts of an account."""
        return self.query(
            f"SELECT Id, FirstName, LastName, Email, Title FROM Contact WHERE AccountId = '{account_id}'"
        )

    def customers(self) -> dict[str, dict[str, Any]]:
        """Every customer as Alguna holds it, by id."""
        handout = self.rehearsal.handout["alguna"]
        with AlgunaClient(handout["base_url"], handout["api_key"], rate=RATE) as client:
            ids = [customer.id for page in client.customers(newest_first=False) for customer in page]
        return {id_: self.customer(id_) for id_ in ids}

    def customer(self, customer_id: str) -> dict[str, Any]:
        return self.control("GET", f"alguna/customers/{customer_id}")

    def fault(self, service: str, error: str, **what: Any) -> None:
        """Order a fault."""
        self.control("POST", f"{service}/faults", {"error": error, **what})

    def heal(self) -> None:
        """Clear all faults."""
        for service in ("salesforce", "alguna"):
            self.control("DELETE", f"{service}/faults")

    def calls(self, service: str) -> dict[str, int]:
        """What was called since the last reset, by kind."""
        return self.control("GET", f"{service}/calls")["by_call"]

    def total(self, service: str) -> int:
        return self.control("GET", f"{service}/calls")["total"]

    def reset_calls(self, service: str) -> None:
        self.control("POST", f"{service}/calls/reset")

    def edit_account(self, account_id: str, **fields: Any) -> None:
        """Somebody edits an account in Salesforce: an administrator, because of the fields that others don't see."""
        body = {"fields": fields, "as": self.rehearsal.handout["salesforce"]["username"]}
        self.control("PATCH", f"salesforce/records/Account/{account_id}", body)

    def edit_contact(self, contact_id: str, **fields: Any) -> None:
        self.control("PATCH", f"salesforce/records/Contact/{contact_id}", {"fields": fields})

    def edit_customer(self, customer_id: str, **fields: Any) -> None:
        """Somebody edits a customer in Alguna."""
        self.control("PATCH", f"alguna/customers/{customer_id}", fields)

    def add_customer(self, **fields: Any) -> str:
        """Somebody creates a customer in Alguna; complete unless `fields` say otherwise."""
        body = {**COMPLETE, **fields}
        return self.control("POST", "alguna/customers", body)["id"]


CUSTOM = (
    "Customer_ID", "Customer_Link", "Legal_Entity", "Subscription_ID", "Subscription_Link", "Subscription_Name",
    "Subscription_Status", "Subscription_Interval", "Subscription_Started_Date", "Subscription_Renewal_Date",
    "Subscription_Cancelation_Date", "Subscription_Value", "Tax_Rate",
)  # fmt: skip

COMPLETE: dict[str, Any] = {
    "name": "Tinware & Sons",
    "currency": "USD",
    "billing_address": {
        "line1": "1 Main Street",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "country": "USA",
    },
    "contacts": [
        {
            "email": "ada@tinware-and-sons.example",
            "first_name": "Ada",
            "last_name": "Tin",
            "is_primary": True,
        }
    ],
}

Build = Callable[..., World]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], Path]:
    """Directories of worlds that are set up already: filling and preparing one takes longer than copying it."""
    made: dict[tuple[int, str], Path] = {}

    def state(customers: int, org: str) -> Path:
        key = (customers, org)
        if key not in made:
            folder = tmp_path_factory.mktemp(f"world-{org}-{customers}-")
            with Rehearsal(state=folder, customers=customers, org=org) as rehearsal:
                salesforce = rehearsal.handout["salesforce"]
                token = FixedToken(salesforce["access_token"])
                with SalesforceClient(salesforce["instance_url"], token) as client:
                    apply_setup(client, plan_setup(client), lambda *_: None)
            made[key] = folder
        return made[key]

    return state


@pytest.fixture
def build(states: Callable[[int, str], Path], tmp_path: Path) -> Iterator[Build]:
    """Worlds: ``build(customers=30, org="half", import_choice="all", ...)``."""
    with ExitStack() as stack:

        def make(customers: int = 30, org: str = "half", **choices: Any) -> World:
            state = tmp_path / "state"
            shutil.copytree(states(customers, org), state)
            rehearsal = stack.enter_context(Rehearsal(state=state))
            world = World(rehearsal, tmp_path / "home", choices, state)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(build: Build) -> World:
    """30 customers, an org that holds some of them already, everything imported."""
    return build()


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for a condition and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)
    return found
