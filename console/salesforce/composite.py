"""The parts of a composite call: sub-requests, their replies, and what became of each record of a collection.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite_post.htm and
.../resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from console.domain.ids import to_18
from console.errors import ConsoleError, Unreachable
from console.salesforce.errors import error_of_body, error_of_item
from console.salesforce.info import ObjectInfo, object_info
from console.salesforce.soql import name as api_name

Json = Any
Method = Literal["GET", "POST", "PATCH", "DELETE"]

MOST_REQUESTS = 25
MOST_QUERIES = 5
"""Queries and collections together, in one composite call."""
MOST_RECORDS = 200
"""Records in one collection."""


@dataclass(frozen=True, slots=True)
class SubRequest:
    """One request inside a composite call; `url` is relative to ``/services/data/vNN.N/`` and already encoded."""

    reference: str
    """Letters, digits and underscores; names the reply."""
    method: Method
    url: str
    body: Json = None
    allow_duplicates: bool = False
    """Have the record saved although a duplicate rule matched it, where the rule only alerts.
    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm
    """

    @classmethod
    def query(cls, reference: str, soql: str, *, deleted: bool = False) -> SubRequest:
        """A query (`deleted`: queryAll, which also returns deleted and merged rows)."""
        return cls(reference, "GET", f"{'queryAll' if deleted else 'query'}?{urlencode({'q': soql})}")

    @classmethod
    def describe(cls, reference: str, sobject: str) -> SubRequest:
        """The object as the signed-in user may see it: `SubReply.described` reads the answer."""
        return cls(reference, "GET", f"sobjects/{api_name(sobject)}/describe")

    @classmethod
    def upsert(
        cls,
        reference: str,
        sobject: str,
        external_id: str,
        records: Sequence[Mapping[str, Json]],
        *,
        allow_duplicates: bool = False,
    ) -> SubRequest:
        """Up to 200 upserts by an external id or ``Id``, each a body with that field; no `attributes` needed."""
        url = f"composite/sobjects/{api_name(sobject)}/{api_name(external_id)}"
        return cls(reference, "PATCH", url, _collection(sobject, records), allow_duplicates)

    @classmethod
    def upsert_one(
        cls, reference: str, sobject: str, external_id: str, record: Mapping[str, Json]
    ) -> SubRequest:
        """One upsert by an external id: a refusal of it tells more than one within a collection.

        :raises ValueError: a value that an address can't hold.
        """
        value = str(record[external_id])
        if value in ("", ".", ".."):
            raise ValueError("such an external id has no address")
        url = f"sobjects/{api_name(sobject)}/{api_name(external_id)}/{quote(value, safe='')}"
        return cls(reference, "PATCH", url, {key: each for key, each in record.items() if key != external_id})

    @classmethod
    def update(cls, reference: str, sobject: str, records: Sequence[Mapping[str, Json]]) -> SubRequest:
        """Up to 200 updates, each a body with ``Id``; no `attributes` needed."""
        return cls(reference, "PATCH", "composite/sobjects", _collection(sobject, records))

    @classmethod
    def create(
        cls,
        reference: str,
        sobject: str,
        records: Sequence[Mapping[str, Json]],
        *,
        allow_duplicates: bool = False,
    ) -> SubRequest:
        """Up to 200 creates; no `attributes` needed."""
        return cls(reference, "POST", "composite/sobjects", _collection(sobject, records), allow_duplicates)

    @classmethod
    def delete(cls, reference: str, ids: Sequence[str]) -> SubRequest:
        """Up to 200 deletions, into the Recycle Bin.

        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_delete.htm
        """
        if not 0 < len(ids) <= MOST_RECORDS:
            raise ValueError(f"a collection holds 1 to {MOST_RECORDS} records, not {len(ids)}")
        query = urlencode({"ids": ",".join(ids), "allOrNone": "false"}, safe=",")
        return cls(reference, "DELETE", f"composite/sobjects?{query}")

    @classmethod
    def create_one(cls, reference: str, sobject: str, record: Mapping[str, Json]) -> SubRequest:
        """One create: a refusal of it tells more than one within a collection."""
        return cls(reference, "POST", f"sobjects/{api_name(sobject)}", dict(record))

    @property
    def is_heavy(self) -> bool:
        """True for a query or a collection, of which Salesforce takes five in one call."""
        return self.url.startswith(("query", "composite/"))


@dataclass(frozen=True, slots=True)
class RowReply:
    """What became of one record of a collection."""

    id: str | None
    """18 characters; None when nothing was created."""
    success: bool
    created: bool = False
    """True when an upsert or create made a new record."""
    error: ConsoleError | None = None
    """Sentence, advice, `code` and (for Refused) `fields`; `console.salesforce.errors.policy_of(code)` says what to do."""


@dataclass(frozen=True, slots=True)
class SubReply:
    """The answer to one sub-request."""

    reference: str
    status: int
    body: Json = field(repr=False)
    method: Method = "GET"

    def error(self) -> ConsoleError | None:
        """The typed error of a sub-request that failed as a whole, else None."""
        if self.status < 300 or self.status == 304:
            return None
        return error_of_body(self.status, self.body, writing=self.method != "GET")

    def rows(self) -> list[dict[str, Any]]:
        """The records of a query page.

        :raises ConsoleError: the sub-request failed.
        """
        self._check()
        if not isinstance(self.body, dict) or not isinstance(self.body.get("records"), list):
            raise _strange("a query", self.method != "GET")
        rows: list[dict[str, Any]] = self.body["records"]
        return rows

    def described(self) -> ObjectInfo:
        """The answer to `SubRequest.describe`.

        :raises ConsoleError: the sub-request failed: the object does not exist for the signed-in user.
        """
        self._check()
        try:
            return object_info(self.body)
        except (KeyError, TypeError, AttributeError):
            raise _strange("a describe", False) from None

    @property
    def total(self) -> int:
        """How many rows the query has in all its pages."""
        total = self.body.get("totalSize") if isinstance(self.body, dict) else None
        return total if isinstance(total, int) else 0

    @property
    def next_url(self) -> str | None:
        """Where the query goes on, for `SalesforceClient.query_page`."""
        url = self.body.get("nextRecordsUrl") if isinstance(self.body, dict) else None
        return url if isinstance(url, str) else None

    def results(self) -> list[RowReply]:
        """The items of a collection, in the order sent.

        :raises ConsoleError: the sub-request failed as a whole.
        """
        self._check()
        return row_replies(self.body, creating=self.method == "POST")

    def _check(self) -> None:
        error = self.error()
        if error is not None:
            raise error


def row_replies(body: Json, *, creating: bool = False) -> list[RowReply]:
    """What became of each record, from the body of a collection's reply.

    :param creating: the collection was one of creates, whose items do not say `created`.
    :raises Unreachable: the body is no such list; what was written is not known.
    """
    if not isinstance(body, list):
        raise _strange("a collection", True)
    return [_row_reply(item, creating) for item in body]


def _row_reply(item: Json, creating: bool) -> RowReply:
    if not isinstance(item, dict):
        raise _strange("a collection", True)
    identity = item.get("id")
    try:
        record_id = to_18(identity) if isinstance(identity, str) else None
    except ValueError:
        raise _strange("a record's id", True) from None
    if item.get("success") is True:
        return RowReply(record_id, True, bool(item.get("created", creating)))
    errors = item.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return RowReply(record_id, False, False, error_of_item(200, {"statusCode": "UNKNOWN_EXCEPTION", **first}))


def _collection(sobject: str, records: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    if not 0 < len(records) <= MOST_RECORDS:
        raise ValueError(f"a collection holds 1 to {MOST_RECORDS} records, not {len(records)}")
    attributes = {"type": str(api_name(sobject))}
    return {"allOrNone": False, "records": [{"attributes": attributes, **record} for record in records]}


def _strange(wanted: str, writing: bool) -> Unreachable:
    return Unreachable(
        f"Salesforce's reply is not that of {wanted}.",
        "Try again in a moment; a running sync does so by itself.",
        maybe_done=writing,
    )
