"""The Salesforce REST API as the console uses it: every call goes one guarded way.

simple-salesforce makes the requests. It is imported when the first call is made, because that takes longer than
drawing a screen, and its exceptions, which print addresses, queries and whole replies, never leave this module.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from console.domain.ids import to_18
from console.errors import Cancelled, ConsoleError, Refused, SignInNeeded, Unreachable
from console.net import Call, origin, without
from console.salesforce.composite import (
    MOST_QUERIES,
    MOST_REQUESTS,
    Json,
    Method,
    RowReply,
    SubReply,
    SubRequest,
)
from console.salesforce.errors import error_of_body, is_passing, policy_of
from console.salesforce.oauth import Identity
from console.salesforce.soql import name as api_name
from console.salesforce.soql import soql as make_soql

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

    from console.salesforce.session import Meter

__all__ = [
    "FieldInfo",
    "OrgInfo",
    "RowReply",
    "SalesforceClient",
    "SubReply",
    "SubRequest",
    "TokenProvider",
    "Usage",
]

TIMEOUT = (5.0, 30.0)
WRITE_PATIENCE = 4
"""A write is waited for this many times longer than a read: it runs the org's triggers and flows, for up to two minutes."""
ATTEMPTS = 4
PATIENCE = 60.0
"""Seconds after which a read is not repeated any more."""


class TokenProvider(Protocol):
    """Where access tokens come from: `console.salesforce.tokens.TokenSource`."""

    def current(self) -> str: ...
    def renew(self, rejected: str) -> str: ...


@dataclass(frozen=True, slots=True)
class OrgInfo:
    """What the org says of itself."""

    id: str
    """18 characters."""
    name: str
    is_sandbox: bool
    edition: str = ""
    """Salesforce's own word: ``Developer Edition``, ``Enterprise Edition`` ..."""
    instance: str = ""
    trial_ends: str | None = None


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as describe shows it to the signed-in user; a field that is hidden from them has no such entry."""

    name: str
    label: str
    type: str
    """Describe's own word: ``string``, ``url``, ``datetime``, ``currency`` ..."""
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
    """How much of an allocation is used."""

    used: int
    limit: int


class SalesforceClient:
    """Calls one org. Safe to use from several threads; close it when done (or use `with`).

    Reads are repeated while the org is busy or does not answer; writes never: a lost answer is
    ``Unreachable(maybe_done=True)`` and the caller looks before it repeats. A rejected token is renewed once. Every method
    may raise SignInNeeded, BudgetReached, Refused, Unreachable and Cancelled.

    :param instance_url: the org's address; plain http only for this computer.
    :param timeout: seconds for the connection to stand, and for each piece of an answer; a write is given four times as long.
    :param on_call: told of every request made, from the thread that made it.
    :param cancelled: set it to end all waiting between requests.
    :raises UsageError: the address cannot be one.
    """

    def __init__(
        self,
        instance_url: str,
        tokens: TokenProvider,
        *,
        api_version: str = "62.0",
        timeout: tuple[float, float] = TIMEOUT,
        on_call: Callable[[Call], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._origin = origin(instance_url, "the org's address")
        self._host = urlsplit(self._origin).netloc
        self._tokens = tokens
        self._version = api_version
        self._timeout = timeout
        self._on_call = on_call
        self._cancelled = cancelled or threading.Event()
        self._lock = threading.Lock()
        self._meter: Meter | None = None
        self._idle: list[Salesforce] = []
        self._closed = False

    def __enter__(self) -> SalesforceClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SalesforceClient({self._host!r})"

    def close(self) -> None:
        """Close all connections; a call that is under way closes its own when it ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.session.close()

    @property
    def calls(self) -> int:
        """How many requests were made, repeated ones included."""
        return self._meter.calls if self._meter is not None else 0

    @property
    def usage(self) -> Usage | None:
        """The org's API calls of the last 24 hours, as its latest reply reported them."""
        told = self._meter.usage if self._meter is not None else None
        return Usage(*told) if told is not None else None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read a path relative to ``/services/data/vNN.N/``; repeated while the org is busy or does not answer.

        :returns: the JSON of the answer (decimals as Decimal); None when there is none.
        """
        return self._read("GET", path, params=params)

    def send(self, method: Method, path: str, body: Json = None) -> Json:
        """One write, never repeated here.

        :returns: the JSON of the answer; None for 204.
        :raises Unreachable: with `maybe_done` when the write may have taken effect.
        """
        return self._guarded(method, path, body=body, writing=True)

    def composite(self, requests: Sequence[SubRequest]) -> list[SubReply]:
        """Up to 25 sub-requests, at most 5 of them queries or collections, in one call.

        Repeated only when all of them are reads. Each succeeds or fails by itself.

        :returns: replies in the order of the requests.
        :raises ValueError: too many, or two of the same reference.
        """
        if (
            not 0 < len(requests) <= MOST_REQUESTS
            or sum(request.is_heavy for request in requests) > MOST_QUERIES
        ):
            raise ValueError(
                f"one call takes {MOST_REQUESTS} requests, {MOST_QUERIES} of them queries or collections"
            )
        if len({request.reference for request in requests}) != len(requests):
            raise ValueError("references must differ")
        writing = any(request.method != "GET" for request in requests)
        body = {"allOrNone": False, "compositeRequest": [self._composed(request) for request in requests]}
        if writing:
            answer = self._guarded("POST", "composite", body=body, writing=True)
        else:
            answer = self._read("POST", "composite", body=body)
        replies = answer.get("compositeResponse") if isinstance(answer, dict) else None
        try:
            found = {reply["referenceId"]: reply for reply in replies or []}
            return [
                SubReply(
                    request.reference,
                    int(found[request.reference]["httpStatusCode"]),
                    found[request.reference]["body"],
                    request.method,
                )
                for request in requests
            ]
        except (KeyError, TypeError, ValueError):
            raise self._strange("a composite reply", writing) from None

    def query(
        self, soql: str, *, deleted: bool = False, tooling: bool = False
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of up to 2,000 rows. `deleted`: also deleted and merged rows. `tooling`: the Tooling API's objects."""
        path = "queryAll" if deleted else "query"
        rows, more = self._page(self.get(f"tooling/{path}" if tooling else path, {"q": soql}))
        yield rows
        while more is not None:
            rows, more = self.query_page(more)
            yield rows

    def query_page(self, next_url: str) -> tuple[list[dict[str, Any]], str | None]:
        """One further page, and where the next one is."""
        prefix = f"/services/data/v{self._version}/"
        if not next_url.startswith(prefix):
            raise self._strange("a query", False)
        return self._page(self.get(next_url.removeprefix(prefix)))

    def organization(self) -> OrgInfo:
        """The org behind the address."""
        rows = next(
            self.query(
                "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName, TrialExpirationDate FROM Organization"
            )
        )
        try:
            row = rows[0]
            return OrgInfo(
                id=to_18(row["Id"]),
                name=str(row["Name"] or ""),
                is_sandbox=bool(row["IsSandbox"]),
                edition=str(row["OrganizationType"] or ""),
                instance=str(row["InstanceName"] or ""),
                trial_ends=row["TrialExpirationDate"],
            )
        except (IndexError, KeyError, TypeError, ValueError, AttributeError):
            raise self._strange("an organization", False) from None

    def whoami(self) -> Identity:
        """The signed-in user and their org, whatever way the token came."""
        try:
            resources = self.get("")
        except Refused as error:
            if error.code not in ("NOT_FOUND", "UNSUPPORTED_API_VERSION"):
                raise
            old = Refused(
                f"The org does not offer version {self._version} of the API.",
                "Update the console.",
                code=error.code,
            )
        else:
            return self._who(resources)
        raise old

    def _who(self, resources: Json) -> Identity:
        address = str(resources.get("identity") or "") if isinstance(resources, dict) else ""
        parts = urlsplit(address).path.strip("/").split("/")
        try:
            _, org_id, user_id = parts
            org_id, user_id = to_18(org_id), to_18(user_id)
        except ValueError:
            raise self._strange("a list of resources", False) from None
        rows = next(self.query(make_soql("SELECT Username, Name FROM User WHERE Id = {}", user_id)))
        if not rows:
            raise self._strange("a user", False)
        return Identity(user_id, org_id, str(rows[0].get("Username") or ""), str(rows[0].get("Name") or ""))

    def describe(self, name: str) -> dict[str, FieldInfo]:
        """The fields of an object that the signed-in user may see, by API name."""
        answer = self.get(f"sobjects/{api_name(name)}/describe")
        try:
            return {field["name"]: _field_info(field) for field in answer["fields"]}
        except (KeyError, TypeError):
            raise self._strange("a describe", False) from None

    def limits(self) -> dict[str, Usage]:
        """The org's limits; reading them costs a call. Entries that are no plain pair of numbers are left out."""
        answer = self.get("limits")
        if not isinstance(answer, dict):
            raise self._strange("a list of limits", False)
        pairs = {
            name: (entry.get("Max"), entry.get("Remaining"))
            for name, entry in answer.items()
            if isinstance(entry, dict)
        }
        return {
            name: Usage(used=most - left, limit=most)
            for name, (most, left) in pairs.items()
            if isinstance(most, int) and isinstance(left, int)
        }

    def _composed(self, request: SubRequest) -> dict[str, Json]:
        composed: dict[str, Json] = {
            "method": request.method,
            "url": f"/services/data/v{self._version}/{request.url}",
            "referenceId": request.reference,
        }
        if request.body is not None:
            composed["body"] = request.body
        return composed

    def _page(self, answer: Json) -> tuple[list[dict[str, Any]], str | None]:
        page = SubReply("", 200, answer)
        return page.rows(), page.next_url

    def _read(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Json = None
    ) -> Json:
        began = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._guarded(method, path, params=params, body=body)
            except Unreachable as error:
                lasting = error.code != "" and policy_of(error.code) == "retry_later"
                pause = random.uniform(0, min(8.0, 0.25 * 2**attempt))  # noqa: S311
                if lasting or attempt == ATTEMPTS or time.monotonic() - began + pause > PATIENCE:
                    raise
            if self._cancelled.wait(pause):
                raise Cancelled("Stopped while waiting for Salesforce.")

    def _guarded(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json = None,
        writing: bool = False,
    ) -> Json:
        """One call; a rejected token is renewed once, a second rejection is final."""
        token = self._tokens.current()
        answer = self._once(token, method, path, params, body, writing)
        if isinstance(answer, SignInNeeded):
            token = self._tokens.renew(token)
            answer = self._once(token, method, path, params, body, writing)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    def _once(
        self, token: str, method: str, path: str, params: Mapping[str, str] | None, body: Json, writing: bool
    ) -> Json | ConsoleError:
        """The JSON, or the typed error as a value: raised outside the handler, it drags no foreign exception along."""
        import requests
        from simple_salesforce.exceptions import SalesforceError

        options: dict[str, Any] = {"headers": {"X-PrettyPrint": None}}
        if writing:
            options["timeout"] = (self._timeout[0], self._timeout[1] * WRITE_PATIENCE)
        if params is not None:
            options["params"] = params
        if body is not None:
            options["data"] = json.dumps(body, allow_nan=False)
        connection = self._lease(token)
        try:
            return connection.restful(path, method=method, **options)
        except SalesforceError as error:
            if isinstance(error.content, str) and not (error.status == 401 or is_passing(error.status)):
                return self._strange("the API", writing)
            return error_of_body(error.status, without(error.content, token), writing=writing)
        except (requests.exceptions.JSONDecodeError, TypeError, RecursionError):
            return self._strange("the API", writing)  # a web page, or JSON that is neither object nor list
        except requests.exceptions.RequestException as error:
            return self._no_answer(error, writing)
        finally:
            self._give_back(connection)

    def _lease(self, token: str) -> Salesforce:
        """A connection for one thread at a time, carrying this token."""
        from simple_salesforce.api import Salesforce

        from console.salesforce.session import Meter, Session

        with self._lock:
            if self._closed:
                raise Cancelled("The Salesforce client is closed.")
            if self._meter is None:
                self._meter = Meter(self._on_call)
            idle = self._idle.pop() if self._idle else None
        if idle is not None and idle.session_id == token:
            return idle
        session = idle.session if idle is not None else Session(self._origin, self._meter, self._timeout)
        return Salesforce(
            instance_url=self._origin,
            session_id=token,
            version=self._version,
            session=session,
            object_pairs_hook=dict,
            parse_float=Decimal,
        )

    def _give_back(self, connection: Salesforce) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.session.close()

    def _no_answer(self, error: Exception, writing: bool) -> Unreachable:
        from requests import exceptions

        whom = f"Salesforce at {self._host}"
        advice = "Check the address and the network; it is tried again by itself."
        arrived = True
        if isinstance(error, exceptions.ConnectTimeout):
            text, arrived = f"{whom} did not accept a connection in time.", False
        elif isinstance(error, exceptions.Timeout):
            text = f"{whom} did not answer in time."
        elif isinstance(error, exceptions.SSLError):
            text, arrived = f"The certificate of {whom} is not trusted, so nothing was sent.", False
            advice = "Check the address; behind a company proxy, name its certificates in SSL_CERT_FILE."
        elif isinstance(error, exceptions.ProxyError):
            text, arrived = f"The proxy on the way to {whom} refused.", False
            advice = "Check the proxy settings of this computer."
        elif isinstance(error, exceptions.ConnectionError) and _never_connected(error):
            text, arrived = f"{whom} cannot be reached.", False
        else:
            text = f"The connection to {whom} was cut."
        return Unreachable(text, advice, maybe_done=writing and arrived)

    def _strange(self, wanted: str, writing: bool) -> Unreachable:
        return Unreachable(
            f"{self._host} answers, but not with {wanted} of Salesforce.",
            "Check the org's address; it may also be under maintenance (https://status.salesforce.com).",
            maybe_done=writing,
        )


def _never_connected(error: Exception) -> bool:
    """True when urllib3 gave up before a connection stood (refused, no such host), so that nothing was sent."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _field_info(field: Mapping[str, Any]) -> FieldInfo:
    return FieldInfo(
        name=str(field["name"]),
        label=str(field["label"]),
        type=str(field["type"]),
        length=int(field.get("length") or 0),
        precision=int(field.get("precision") or 0),
        scale=int(field.get("scale") or 0),
        createable=bool(field.get("createable")),
        updateable=bool(field.get("updateable")),
        nillable=bool(field.get("nillable")),
        unique=bool(field.get("unique")),
        external_id=bool(field.get("externalId")),
        custom=bool(field.get("custom")),
    )
