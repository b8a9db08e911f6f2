"""The Salesforce REST API as the console uses it, in the console's words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from console.domain.ids import to_18
from console.errors import Refused
from console.net import Call, origin
from console.salesforce.bulk import BulkJobs
from console.salesforce.composite import (
    MOST_QUERIES,
    MOST_REQUESTS,
    Json,
    Method,
    RowReply,
    SubReply,
    SubRequest,
)
from console.salesforce.info import FieldInfo, ObjectInfo, OrgInfo, Usage, object_info
from console.salesforce.meter import Allowance
from console.salesforce.signing_in.oauth import Identity
from console.salesforce.soql import name as api_name
from console.salesforce.soql import soql as make_soql
from console.salesforce.wire import TokenProvider, Wire

__all__ = [
    "FieldInfo",
    "ObjectInfo",
    "OrgInfo",
    "RowReply",
    "SalesforceClient",
    "SubReply",
    "SubRequest",
    "TokenProvider",
    "Usage",
]

TIMEOUT = (5.0, 30.0)


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
        allowance: Allowance | None = None,
    ) -> None:
        self._version = api_version
        self._wire = Wire(
            origin(instance_url, "the org's address"),
            tokens,
            version=api_version,
            timeout=timeout,
            on_call=on_call,
            cancelled=cancelled,
            allowance=allowance,
        )

    def __enter__(self) -> SalesforceClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SalesforceClient({self._wire.host!r})"

    def close(self) -> None:
        """Close all connections; a call that is under way closes its own when it ends."""
        self._wire.close()

    @property
    def bulk(self) -> BulkJobs:
        """Jobs of the Bulk API 2.0, for many rows."""
        return BulkJobs(self._wire)

    @property
    def calls(self) -> int:
        """How many requests were made, repeated ones included."""
        return self._wire.meter.calls

    @property
    def usage(self) -> Usage | None:
        """The org's API calls of the last 24 hours, as its latest reply reported them."""
        told = self._wire.meter.usage
        return Usage(*told) if told is not None else None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read a path relative to ``/services/data/vNN.N/``; repeated while the org is busy or does not answer.

        :returns: the JSON of the answer (decimals as Decimal); None when there is none.
        """
        return self._wire.read("GET", path, params=params)

    def send(self, method: Method, path: str, body: Json = None) -> Json:
        """One write, never repeated here.

        :returns: the JSON of the answer; None for 204.
        :raises Unreachable: with `maybe_done` when the write may have taken effect.
        """
        return self._wire.call(method, path, body=body, writing=True)

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
            answer = self._wire.call("POST", "composite", body=body, writing=True)
        else:
            answer = self._wire.read("POST", "composite", body=body)
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
            raise self._wire.strange("a composite reply", writing) from None

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
            raise self._wire.strange("a query", False)
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
            raise self._wire.strange("an organization", False) from None

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
            raise self._wire.strange("a list of resources", False) from None
        rows = next(self.query(make_soql("SELECT Username, Name FROM User WHERE Id = {}", user_id)))
        if not rows:
            raise self._wire.strange("a user", False)
        return Identity(user_id, org_id, str(rows[0].get("Username") or ""), str(rows[0].get("Name") or ""))

    def describe(self, name: str) -> dict[str, FieldInfo]:
        """The fields of an object that the signed-in user may see, by API name."""
        answer = self.get(f"sobjects/{api_name(name)}/describe")
        try:
            return dict(object_info(answer).fields)
        except (KeyError, TypeError, AttributeError):
            raise self._wire.strange("a describe", False) from None

    def limits(self) -> dict[str, Usage]:
        """The org's limits; reading them costs a call. Entries that are no plain pair of numbers are left out."""
        answer = self.get("limits")
        if not isinstance(answer, dict):
            raise self._wire.strange("a list of limits", False)
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
        if request.allow_duplicates:
            composed["httpHeaders"] = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
        return composed

    def _page(self, answer: Json) -> tuple[list[dict[str, Any]], str | None]:
        page = SubReply("", 200, answer)
        return page.rows(), page.next_url
