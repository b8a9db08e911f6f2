"""The real clients on wires without sockets: each call reaches a model in the same process, and may go wrong on the way.

What a client does after its own repetitions failed is what is left to simulate, so that a failure here is final at once. Only a
write to Alguna whose answer was lost may be sent again under the same key, as the client does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from console.alguna.client import AlgunaClient
from console.alguna.wire import Reply
from console.alguna.wire import Wire as AlgunaWire
from console.domain.fields import CUSTOM_FIELDS, FIELDS
from console.errors import Refused, SignInNeeded, Unreachable
from console.salesforce.client import SalesforceClient
from console.salesforce.errors import error_of_body
from console.salesforce.wire import Wire as SalesforceWire

from .billing import Billing, Refusal
from .machine import Crash, Power
from .org import CONSOLE, CUSTOMER_ID, Org, RowError
from .soql import Unknown, answer

FAULTS = ("no answer", "lost answer", "busy", "fault", "fault after", "locked", "signed out", "half")
"""What may go wrong with a call: nothing arrives; the answer is lost after the effect; too busy; a fault of the server before or
after the effect; rows are locked; the session ends; of a composite call one part fails after its effect."""
SYSTEM = frozenset(
    {
        "Id", "SystemModstamp", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "IsDeleted",
        "MasterRecordId", "AccountId",
    }
)  # fmt: skip


@dataclass
class Line:
    """What both wires share: the count of calls, and what is to go wrong or to happen at which of them."""

    power: Power
    tick: Callable[[], None]
    chance: random.Random
    count: int = 0
    writes: int = 0
    faults: dict[int, str] = field(default_factory=dict)
    """What goes wrong with the nth call from 0 on, or, below 0, with the nth write."""
    meanwhile: dict[int, list[Callable[[], None]]] = field(default_factory=dict)
    """What people do just before a call is answered, by the same numbers."""
    struck: int = 0
    """Faults that struck since this was set to 0."""
    trace: list[str] = field(default_factory=list)

    def ring(self, name: str) -> str:
        """A call leaves; the word for what goes wrong with it, or an empty one."""
        if not self.power.on:
            raise Crash
        self.tick()
        places = [self.count]
        self.count += 1
        if name.endswith("write"):
            self.writes += 1
            places.append(-self.writes)
        for happens in [each for place in places for each in self.meanwhile.pop(place, ())]:
            happens()
        fault = next((self.faults.pop(place) for place in places if place in self.faults), "")
        self.struck += bool(fault)
        self.trace.append(f"{name} {fault}".strip())
        return fault

    def begin(self) -> None:
        """Calls are counted from here."""
        self.count = self.writes = self.struck = 0

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.meanwhile.clear()
        self.begin()


def lost(code: str = "", *, done: bool) -> Unreachable:
    """No proper answer came. `done`: whether there may have been an effect."""
    return Unreachable("The other side did not answer.", code=code, maybe_done=done)


class Watch(Protocol):
    """Who looks on; raises `Violation` to end it."""

    def row_leaves(self, sobject: str, verb: str, id_: str | None, fields: dict) -> None: ...
    def row_tried(self, id_: str | None) -> None: ...
    def row_goes(self, id_: str) -> None: ...
    def customer_leaves(self, id_: str, body: dict) -> None: ...
    def looked(self, ids: Iterable[str]) -> None: ...


# --- Salesforce --------------------------------------------------------------------------------------------------


class OrgWire(SalesforceWire):
    """Calls to a model of an org.

    :param watch: told of every row before it is written, after that, and of every record that was read.
    """

    def __init__(self, org: Org, line: Line, hidden: frozenset[str], page: int, watch: Watch) -> None:
        self.host = "org.example"
        self.meter = SimpleNamespace(calls=0, usage=None)
        self.writes = 0
        self._org, self._line, self._page = org, line, page
        self._watch = watch
        self._hidden = hidden
        self._columns = {
            name: SYSTEM | {s.sf_name for s in FIELDS if s.entity == name and s.key not in hidden}
            for name in ("Account", "Contact")
        }
        self._pages: dict[str, list[dict]] = {}
        self._opened = 0

    def close(self) -> None:
        """Nothing is open."""

    def read(self, method: str, path: str, *, params=None, body=None) -> Any:
        """A call that changes nothing."""
        return self.call(method, path, params=params, body=body)

    def call(self, method: str, path: str, *, params=None, body=None, writing: bool = False) -> Any:
        """One call: a composite one, or a further page."""
        self.meter.calls += 1
        fault = self._line.ring(f"salesforce {'write' if writing else 'read'}")
        match fault:
            case "no answer" | "half" if not writing:
                raise lost(done=False)
            case "no answer":
                raise lost(done=True)
            case "busy":
                raise lost("SERVER_UNAVAILABLE", done=False)
            case "fault":
                raise error_of_body(500, None, writing=writing)
            case "signed out":
                raise SignInNeeded("The session ended.")
        if path != "composite":
            status, found = self._request("GET", path + "?" + "&".join(params or ()), None, fault)
            if status >= 300:
                raise error_of_body(status, found)
            return found
        requests = body["compositeRequest"]
        replies = []
        for request in requests:
            url = request["url"].split("/", 4)[4]
            status, found = self._request(request["method"], url, request.get("body"), fault)
            replies.append({"referenceId": request["referenceId"], "httpStatusCode": status, "body": found})
        if fault == "half":
            replies[-1] |= {
                "httpStatusCode": 500,
                "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": ""}],
            }
        if fault in ("lost answer", "fault after"):
            raise lost(done=writing)
        return {"compositeResponse": replies}

    def _request(self, method: str, url: str, body: Any, fault: str) -> tuple[int, Any]:
        parts = urlsplit(url)
        where = parts.path.split("/")
        if method == "DELETE" and where == ["composite", "sobjects"]:
            return 200, [self._gone(id_) for id_ in parse_qs(parts.query)["ids"][0].split(",")]
        if method == "GET":
            return self._look(where, parse_qs(parts.query))
        if where[:2] == ["composite", "sobjects"] and method in ("PATCH", "POST"):
            verb = "upsert" if len(where) > 2 else "update" if method == "PATCH" else "create"
            return 200, [
                self._row(verb, record["attributes"]["type"], record, fault) for record in body["records"]
            ]
        return 404, [{"errorCode": "NOT_FOUND", "message": f"{method} {parts.path} is not in this model."}]

    def _look(self, where: list[str], query: dict) -> tuple[int, Any]:
        self._org.settle()
        if where[0] == "sobjects" and where[-1] == "describe":
            return 200, self._describe(where[1])
        if where[0] not in ("query", "queryAll"):
            return 404, [{"errorCode": "NOT_FOUND", "message": f"{where} is not in this model."}]
        if len(where) > 1:
            rows = self._pages.pop(where[1], None)
            if rows is None:
                return 400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": ""}]
        else:
            try:
                rows = answer(self._org, query["q"][0], deleted=where[0] == "queryAll", columns=self._columns)
            except KeyError as column:
                return 400, [{"errorCode": "INVALID_FIELD", "message": f"No such column {column}"}]
            except Unknown as unknown:
                return 400, [{"errorCode": "MALFORMED_QUERY", "message": str(unknown)}]
        page, rest = rows[: self._page], rows[self._page :]
        self._watch.looked(row["Id"] for row in page if "Id" in row)
        found = {"totalSize": len(rows), "done": not rest, "records": page}
        if rest:
            self._opened += 1
            locator = f"01g{self._opened}"
            self._pages[locator] = rest
            found["nextRecordsUrl"] = f"/services/data/v62.0/query/{locator}"
        return 200, found

    def _row(self, verb: str, sobject: str, record: dict, fault: str) -> dict:
        fields = {name: value for name, value in record.items() if name not in ("attributes", "Id")}
        id_ = record.get("Id")
        if verb == "upsert":
            there = self._org.carrying(fields[CUSTOMER_ID])
            id_ = there[0].id if there else None
        if fault == "locked" and self._line.chance.random() < 0.6:
            self._watch.row_tried(id_)
            return {"success": False, "errors": [RowError("UNABLE_TO_LOCK_ROW").item]}
        self.writes += 1
        self._watch.row_leaves(sobject, verb, id_, fields)
        try:
            row = self._line.power.lasting(lambda: self._put(sobject, id_, fields))
        except RowError as error:
            return {"success": False, "errors": [error.item]}
        finally:
            self._watch.row_tried(id_)
        return {"success": True, "id": row.id, "created": id_ is None, "errors": []}

    def _gone(self, id_: str) -> dict:
        self.writes += 1
        self._watch.row_goes(id_)
        row = self._org.records.get(id_)
        if row is None or row.deleted:
            return {"id": id_, "success": False, "errors": [RowError("ENTITY_IS_DELETED").item]}
        self._line.power.lasting(lambda: self._org.delete(row, CONSOLE))
        return {"id": id_, "success": True, "errors": []}

    def _put(self, sobject: str, id_: str | None, fields: dict):
        if id_ is None:
            return self._org.create(sobject, fields, CONSOLE)
        return self._org.update(id_, fields, CONSOLE)

    def _describe(self, sobject: str) -> dict:
        kinds = {"Text": "string", "Url": "url", "DateTime": "datetime", "Currency": "currency"}
        custom = {each.api_name: each for each in CUSTOM_FIELDS}
        fields = []
        for spec in FIELDS:
            if spec.entity != sobject or spec.key in self._hidden:
                continue
            ours = custom.get(spec.sf_name)
            fields.append(
                {
                    "name": spec.sf_name,
                    "label": spec.label,
                    "type": kinds[ours.type] if ours else "string",
                    "length": 255,
                    "precision": 10 if ours and ours.type == "Currency" else 0,
                    "scale": 2 if ours and ours.type == "Currency" else 0,
                    "createable": True,
                    "updateable": True,
                    "unique": bool(ours and ours.unique),
                    "externalId": bool(ours and ours.external_id),
                    "custom": ours is not None,
                }
            )
        children = [{"childSObject": "Contact", "field": "AccountId", "relationshipName": "Contacts"}]
        return {
            "name": sobject,
            "label": sobject,
            "createable": True,
            "updateable": True,
            "fields": fields,
            "childRelationships": children if sobject == "Account" else [],
        }


def salesforce_on(wire: OrgWire) -> SalesforceClient:
    """The real client on this wire."""
    client = SalesforceClient("https://org.example", _NoTokens())
    client._wire = wire
    return client


class _NoTokens:
    def current(self) -> str:
        raise AssertionError("no call is made over the network")

    def renew(self, rejected: str) -> str:
        raise AssertionError("no call is made over the network")


# --- Alguna ------------------------------------------------------------------------------------------------------


class BillingWire(AlgunaWire):
    """Calls to a model of an Alguna account, watched like those of `OrgWire`."""

    def __init__(self, billing: Billing, line: Line, watch: Watch) -> None:
        self.host = "alguna.example"
        self.calls = 0
        self.writes = 0
        self._billing, self._line = billing, line
        self._watch = watch

    def close(self) -> None:
        """Nothing is open."""

    def get(self, path: str, params=None) -> Any:
        """Read."""
        fault = self._ring("read", writing=False)
        found = self._asked(lambda: self._billing.get(path, dict(params or {})), path)
        rows = found["data"] if isinstance(found, dict) and "data" in found else [found]
        self._watch.looked(row["id"] for row in rows if "id" in row)
        if fault in ("lost answer", "fault after", "half", "locked"):
            raise lost(done=False)
        return found

    def patch(self, path: str, body, idempotency_key: str) -> Reply:
        """Write; where the answer is lost, sent once more under the same key or left at that, by chance."""
        fault = self._ring("write", writing=True)
        id_ = path.rsplit("/", 1)[1]
        self.writes += 1
        if idempotency_key not in self._billing.keys:
            self._watch.customer_leaves(id_, body)
        found, replayed = self._asked(
            lambda: self._line.power.lasting(lambda: self._billing.patch(id_, dict(body), idempotency_key)),
            path,
        )
        if fault in ("lost answer", "fault after", "half", "locked"):
            if self._line.chance.random() < 0.5:
                raise lost(done=True)
            found, replayed = self._asked(lambda: self._billing.patch(id_, dict(body), idempotency_key), path)
        return Reply(found, replayed)

    def _ring(self, what: str, *, writing: bool) -> str:
        self.calls += 1
        fault = self._line.ring(f"alguna {what}")
        if fault in ("no answer", "fault"):
            raise lost("500", done=writing)
        if fault == "busy":
            raise lost("429", done=False)
        if fault == "signed out":
            raise SignInNeeded("Alguna does not accept the key.")
        return fault

    def _asked(self, ask: Callable[[], Any], path: str) -> Any:
        try:
            return ask()
        except Refusal as refusal:
            raise Refused(f"Alguna refuses {path}. {refusal.detail}", code=str(refusal.status)) from None


def alguna_on(wire: BillingWire) -> AlgunaClient:
    """The real client on this wire."""
    client = AlgunaClient("https://alguna.example", "key")
    client.close()
    client._wire = wire
    client._host = wire.host
    return client
