"""The Salesforce REST API as the console uses it: one guarded path for every call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from console.errors import ConsoleError
from console.net import Call
from console.salesforce.oauth import Identity

Json = Any
Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Tokens(Protocol):
    """Where access tokens come from; `console.salesforce.tokens.TokenSource`."""

    def current(self) -> str: ...
    def renew(self, rejected: str) -> str: ...


@dataclass(frozen=True, slots=True)
class SubRequest:
    """One request inside a composite call; `url` is relative to ``/services/data/vNN.N/`` and already encoded."""

    reference: str
    method: Method
    url: str
    body: Json = None

    @classmethod
    def query(cls, reference: str, soql: str, *, deleted: bool = False) -> SubRequest:
        """A query (`deleted`: queryAll, which also returns deleted rows)."""
        raise NotImplementedError

    @classmethod
    def upsert(
        cls, reference: str, sobject: str, external_id: str, records: Sequence[Mapping[str, Json]]
    ) -> SubRequest:
        """A collection of up to 200 upserts by external id (or ``Id``); each record needs no `attributes`."""
        raise NotImplementedError

    @classmethod
    def update(cls, reference: str, sobject: str, records: Sequence[Mapping[str, Json]]) -> SubRequest:
        """A collection of up to 200 updates, each with ``Id``."""
        raise NotImplementedError

    @classmethod
    def create(cls, reference: str, sobject: str, records: Sequence[Mapping[str, Json]]) -> SubRequest:
        """A collection of up to 200 creates."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class RowReply:
    """What became of one record of a collection."""

    id: str | None
    """18 characters."""
    success: bool
    created: bool = False
    error: ConsoleError | None = None
    """Sentence, advice, `code` and (for Refused) `fields`; `console.salesforce.errors.policy_of(code)` tells what to do."""


@dataclass(frozen=True, slots=True)
class SubReply:
    """The answer to one sub-request."""

    reference: str
    status: int
    body: Json = field(repr=False)

    def rows(self) -> list[dict[str, Any]]:
        """The records of a query page. Raises the typed error when the sub-request failed."""
        raise NotImplementedError

    @property
    def next_url(self) -> str | None:
        """Where the query goes on, for `SalesforceClient.query_page`."""
        raise NotImplementedError

    def results(self) -> list[RowReply]:
        """The items of a collection, in the order sent. Raises the typed error when the whole sub-request failed."""
        raise NotImplementedError

    def error(self) -> ConsoleError | None:
        """The typed error of a sub-request that failed as a whole, else None."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OrgInfo:
    """What the org says of itself."""

    id: str
    name: str
    is_sandbox: bool
    edition: str = ""
    instance: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as describe shows it to the signed-in user."""

    name: str
    label: str
    type: str
    length: int
    precision: int
    scale: int
    createable: bool
    updateable: bool
    nillable: bool
    unique: bool
    external_id: bool
    custom: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """The org's daily API calls as last reported."""

    used: int
    limit: int


class SalesforceClient:
    """Calls one org. Safe to use from several threads; close it when done (or use `with`)."""

    calls: int
    usage: Usage | None

    def __init__(
        self,
        instance_url: str,
        tokens: Tokens,
        *,
        api_version: str = "62.0",
        timeout: tuple[float, float] = (5.0, 30.0),
        on_call: Callable[[Call], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read a path relative to ``/services/data/vNN.N/``; retried freely."""
        raise NotImplementedError

    def send(self, method: Method, path: str, body: Json = None) -> Json:
        """One write, never repeated here: a lost answer is ``Unreachable(maybe_done=True)``."""
        raise NotImplementedError

    def composite(self, requests: Sequence[SubRequest]) -> list[SubReply]:
        """Up to 25 sub-requests (at most 5 queries and collections) in one call; replies in the order of the requests."""
        raise NotImplementedError

    def query(
        self, soql: str, *, deleted: bool = False, tooling: bool = False
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of up to 2,000 rows."""
        raise NotImplementedError

    def query_page(self, next_url: str) -> tuple[list[dict[str, Any]], str | None]:
        """One further page and where the next one is."""
        raise NotImplementedError

    def organization(self) -> OrgInfo:
        """The org behind the address."""
        raise NotImplementedError

    def whoami(self) -> Identity:
        """The signed-in user, whatever way the token came."""
        raise NotImplementedError

    def describe(self, name: str) -> dict[str, FieldInfo]:
        """The fields of an object that the signed-in user may see, by API name."""
        raise NotImplementedError

    def limits(self) -> dict[str, Usage]:
        """The org's limits; each reading costs a call. Entries that are no plain pair of numbers are left out."""
        raise NotImplementedError
