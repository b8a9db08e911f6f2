"""The Tooling API over REST: the org's own definitions as records.

See https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/reference_rest_resources.htm.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.rehearsal.salesforce.rest import batch_size, field_list, field_values, query_text
from console.rehearsal.salesforce.routing import Call, Reply, Route

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import Caller
    from console.rehearsal.salesforce.org import Org


class Tooling:
    """`/tooling`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """All paths of the Tooling API."""
        return [
            Route("tooling", GET=_resources),
            Route("tooling/query", GET=self.query),
            Route("tooling/query/{locator}", GET=self.query_more),
            Route("tooling/sobjects", GET=self.describe_global),
            Route("tooling/sobjects/{sobject}", GET=self.summary, POST=self.create),
            Route("tooling/sobjects/{sobject}/describe", GET=self.describe),
            Route(
                "tooling/sobjects/{sobject}/{record}", GET=self.read, PATCH=self.update, DELETE=self.delete
            ),
        ]

    def query(self, call: Call) -> Reply:
        body = self._org.query(
            _caller(call),
            query_text(call),
            version=call.version,
            tooling=True,
            batch_size=batch_size(call.headers),
            session_key=call.session_key,
        )
        return Reply(200, body)

    def query_more(self, call: Call) -> Reply:
        body = self._org.query_more(
            _caller(call),
            call.params["locator"],
            version=call.version,
            tooling=True,
            session_key=call.session_key,
        )
        return Reply(200, body)

    def describe_global(self, call: Call) -> Reply:
        return Reply(200, self._org.describe_global(_caller(call), version=call.version, tooling=True))

    def summary(self, call: Call) -> Reply:
        body = self._org.describe_summary(
            _caller(call), call.params["sobject"], version=call.version, tooling=True
        )
        return Reply(200, body)

    def describe(self, call: Call) -> Reply:
        body = self._org.describe(_caller(call), call.params["sobject"], version=call.version, tooling=True)
        return Reply(200, body)

    def create(self, call: Call) -> Reply:
        caller = _caller(call)
        sobject = self._org.canonical(caller, call.params["sobject"], tooling=True)
        record_id = self._org.insert(caller, sobject, field_values(call.json_object(), "Id"), tooling=True)
        body = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
        location = f"{call.base}/tooling/sobjects/{sobject}/{record_id}"
        return Reply(201, body, {"Location": location})

    def read(self, call: Call) -> Reply:
        record = self._org.reading.read(
            _caller(call),
            call.params["sobject"],
            call.params["record"],
            field_list(call.query),
            version=call.version,
            tooling=True,
        )
        return Reply(200, record)

    def update(self, call: Call) -> Reply:
        values = field_values(call.json_object(), "Id")
        self._org.update(_caller(call), call.params["sobject"], call.params["record"], values, tooling=True)
        return Reply(204)

    def delete(self, call: Call) -> Reply:
        self._org.delete(_caller(call), call.params["sobject"], call.params["record"], tooling=True)
        return Reply(204)


def _caller(call: Call) -> Caller:
    return replace(call.caller, api="toolingrest")


def _resources(call: Call) -> Reply:
    names = ("query", "sobjects")
    return Reply(200, {name: f"{call.base}/tooling/{name}" for name in names})
