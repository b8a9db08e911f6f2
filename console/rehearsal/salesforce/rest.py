"""Records, queries and replication over REST.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_list.htm.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.errors import ApiError, no_external_id_field, not_found
from console.rehearsal.salesforce.routing import Call, Reply, Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.rehearsal.salesforce.freshness import Freshness
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.recent import Recent

_BATCH_SIZE = re.compile(r"\bbatchSize\s*=\s*([0-9]+)", re.IGNORECASE)
_OFFSET_BLANK = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")
_OFFSET_BARE = re.compile(r"([+-][0-9]{2})([0-9]{2})$")


class Records:
    """`/sobjects`: describe, create, read, update, delete, upsert, and what changed."""

    def __init__(self, org: Org, freshness: Freshness, recent: Recent) -> None:
        self._org = org
        self._freshness = freshness
        self._recent = recent

    def routes(self) -> list[Route]:
        """All paths below `/sobjects`."""
        return [
            Route("sobjects", GET=self.describe_global),
            Route("sobjects/{sobject}", GET=self.summary, POST=self.create),
            Route("sobjects/{sobject}/describe", GET=self.describe),
            Route("sobjects/{sobject}/describe/{part+}", GET=_no_such_resource),
            Route("sobjects/{sobject}/updated", GET=self.updated),
            Route("sobjects/{sobject}/deleted", GET=self.deleted),
            Route("sobjects/{sobject}/id", POST=self.create),
            Route("sobjects/{sobject}/{record}", GET=self.read, PATCH=self.update, DELETE=self.delete),
            Route(
                "sobjects/{sobject}/{field}/{value+}",
                GET=self.read_by_external_id,
                PATCH=self.upsert,
                DELETE=self.delete_by_external_id,
            ),
        ]

    def describe_global(self, call: Call) -> Reply:
        body = self._org.describe_global(call.caller, version=call.version)
        return self._freshness.reply(call, "*", body)

    def describe(self, call: Call) -> Reply:
        body = self._org.describe(call.caller, call.params["sobject"], version=call.version)
        return self._freshness.reply(call, body["name"], body)

    def summary(self, call: Call) -> Reply:
        body = self._org.describe_summary(call.caller, call.params["sobject"], version=call.version)
        body["recentItems"] = self._recent.items(call, body["objectDescribe"]["name"])
        return Reply(200, body)

    def create(self, call: Call) -> Reply:
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        values = field_values(call.json_object(), "Id")
        record_id = self._org.insert(call.caller, sobject, values)
        self._recent.note(call, sobject, record_id)
        return created(call, sobject, record_id)

    def read(self, call: Call) -> Reply:
        sobject, record_id = self._record(call)
        record = self._org.reading.read(
            call.caller, sobject, record_id, field_list(call.query), version=call.version
        )
        self._recent.note(call, sobject, record["Id"])
        return Reply(200, record)

    def update(self, call: Call) -> Reply:
        sobject, record_id = self._record(call)
        self._org.update(call.caller, sobject, record_id, field_values(call.json_object(), "Id"))
        self._recent.note(call, sobject, valid_id(record_id))
        return Reply(204)

    def delete(self, call: Call) -> Reply:
        sobject, record_id = self._record(call)
        self._org.delete(call.caller, sobject, record_id)
        return Reply(204)

    def read_by_external_id(self, call: Call) -> Reply:
        record = self._org.reading.read_by_external_id(
            call.caller,
            call.params["sobject"],
            call.params["field"],
            call.params["value"],
            field_list(call.query),
            version=call.version,
        )
        return Reply(200, record)

    def delete_by_external_id(self, call: Call) -> Reply:
        sobject = call.params["sobject"]
        self._org.delete(call.caller, sobject, self._id_by_external_id(call))
        return Reply(204)

    def upsert(self, call: Call) -> Reply:
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        field, value = call.params["field"], call.params["value"]
        values = field_values(call.json_object(), "Id", field)
        if call.query.get("updateOnly", "").lower() == "true":
            self._id_by_external_id(call)
        record_id, is_new = self._org.upsert(call.caller, sobject, field, value, values)
        if is_new:
            reply = created(call, sobject, record_id)
            reply.body["created"] = True
            return reply
        return Reply(200, {"id": record_id, "success": True, "errors": [], "created": False})

    def updated(self, call: Call) -> Reply:
        start, end = window(call)
        return Reply(200, self._org.updated(call.caller, call.params["sobject"], start, end))

    def deleted(self, call: Call) -> Reply:
        start, end = window(call)
        return Reply(200, self._org.deleted(call.caller, call.params["sobject"], start, end))

    def _record(self, call: Call) -> tuple[str, str]:
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        record_id = call.params["record"]
        if len(record_id) not in (15, 18) or not record_id.isalnum() or not record_id.isascii():
            # One name after the object that is no id can only be the name of an external id field.
            raise no_external_id_field(record_id)
        return sobject, record_id

    def _id_by_external_id(self, call: Call) -> str:
        record = self._org.reading.read_by_external_id(
            call.caller,
            call.params["sobject"],
            call.params["field"],
            call.params["value"],
            ["Id"],
            version=call.version,
        )
        return str(record["Id"])


class Queries:
    """`/query` and `/queryAll`, and their pages."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """All paths of queries."""
        return [
            Route("query", GET=lambda call: self._first(call, all_rows=False)),
            Route("queryall", GET=lambda call: self._first(call, all_rows=True)),
            Route("query/{locator}", GET=self._more),
            Route("queryall/{locator}", GET=self._more),
        ]

    def _first(self, call: Call, *, all_rows: bool) -> Reply:
        body = self._org.query(
            call.caller,
            query_text(call),
            version=call.version,
            all_rows=all_rows,
            batch_size=batch_size(call.headers),
            session_key=call.session_key,
        )
        return Reply(200, body)

    def _more(self, call: Call) -> Reply:
        body = self._org.query_more(
            call.caller, call.params["locator"], version=call.version, session_key=call.session_key
        )
        return Reply(200, body)


def _no_such_resource(call: Call) -> Reply:
    """Layouts and other parts of a describe, which this org has none of."""
    raise not_found()


def created(call: Call, sobject: str, record_id: str) -> Reply:
    """201 with the new record's id and address."""
    location = f"{call.base}/sobjects/{sobject}/{record_id}"
    return Reply(201, {"id": record_id, "success": True, "errors": []}, {"Location": location})


def field_values(body: dict[str, Any], *forbidden: str) -> dict[str, Any]:
    """The fields of a record in a body; raises INVALID_FIELD for those that the path says already."""
    for name in body:
        for other in forbidden:
            if name.lower() == other.lower():
                message = f"The {other} field should not be specified in the sobject data."
                raise ApiError(400, "INVALID_FIELD", message, [other])
    return {name: value for name, value in body.items() if name.lower() != "attributes"}


def field_list(query: Mapping[str, str]) -> Sequence[str] | None:
    """The names in `?fields=A,B`, or None when all are meant."""
    names = [name.strip() for name in query.get("fields", "").split(",") if name.strip()]
    return names or None


def query_text(call: Call) -> str:
    """The SOQL in `?q=`; raises MALFORMED_QUERY when there is none."""
    soql = call.query.get("q", "")
    if not soql.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    return soql


def batch_size(headers: Mapping[str, str]) -> int:
    """Rows on a page: 2000, or what `Sforce-Query-Options: batchSize=N` asks for between 200 and 2000."""
    match = _BATCH_SIZE.search(headers.get("sforce-query-options", ""))
    return min(2000, max(200, int(match[1]))) if match else 2000


def window(call: Call) -> tuple[datetime, datetime]:
    """`?start=&end=` as aware times."""
    return _moment(call.query, "start"), _moment(call.query, "end")


def _moment(query: Mapping[str, str], name: str) -> datetime:
    text = query.get(name, "").strip()
    if not text:
        raise ApiError(400, "MISSING_ARGUMENT", f"Missing required argument: {name}")
    # A plus that nobody encoded arrives as a blank.
    text = _OFFSET_BARE.sub(r"\1:\2", _OFFSET_BLANK.sub("+", text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"Invalid date time: {text}") from None
    if moment.tzinfo is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"Invalid date time: {text}")
    return moment.astimezone(UTC)


def valid_id(value: object) -> str:
    """The 18-character id for a row of a collection; raises MALFORMED_ID as rows say it."""
    record_id = ids.normalise(value)
    if record_id is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {value}", [])
    return record_id


__all__ = ["Queries", "Records", "batch_size", "created", "field_list", "not_found", "query_text", "valid_id"]
