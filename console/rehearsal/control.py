"""The control address: steers the rehearsal, edits records as somebody else, and tells the truth about both sides.

JSON over HTTP on 127.0.0.1, for tests and for people. A refusal is `{"error": "one clear sentence"}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.rehearsal import edits, eventcontrol, sign_in, timecontrol
from console.rehearsal.alguna.errors import AlgunaError
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.stage import Stage

Json = dict[str, Any]
VERSION = "62.0"
"""The API version in which records are shown here."""


class Refused(Exception):
    """A request that cannot be carried out, with its status and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def create_app(stage: Stage) -> ASGIApp:
    """The ASGI application of the control address."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is spoken here")
        response = await _answer(stage, Request(scope, receive))
        await response(scope, receive, send)

    return app


async def _answer(stage: Stage, request: Request) -> Response:
    try:
        body = _read(await request.body())
        parts = [unquote(part) for part in str(request.scope["path"]).strip("/").split("/")]
        handler = _find(request.method, parts)
        status, answer = 200, handler(stage, parts, body, request)
    except Refused as refusal:
        status, answer = refusal.status, {"error": str(refusal)}
    except (ValueError, LookupError) as wrong:
        status, answer = 400, {"error": str(wrong.args[0] if wrong.args else wrong)}
    except ApiError as error:
        status, answer = (
            max(error.status, 400),
            {"error": f"{error.code}: {error.message}", "code": error.code},
        )
    except AlgunaError as error:
        status, answer = error.status, {"error": error.detail}
    return Response(_dump(answer), status, media_type="application/json")


def _read(raw: bytes) -> Json:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def _dump(answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False, indent=1, default=_plain).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _find(method: str, parts: list[str]) -> Callable[[Stage, list[str], Json, Request], Any]:
    methods = []
    for (known, path), handler in _ROUTES.items():
        names = path.split("/")
        if len(names) == len(parts) and all(
            (n in ("*", p) and p) or n == p for n, p in zip(names, parts, strict=True)
        ):
            if known == method:
                return handler
            methods.append(known)
    if methods:
        raise Refused(405, f"{method} is not possible here; {', '.join(methods)} is")
    raise Refused(404, "there is nothing at /" + "/".join(parts))


# -- overview


def _overview(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return {
        "addresses": stage.addresses,
        "salesforce": {
            "org_id": stage.org.org_id,
            "options": stage.salesforce_options.as_dict(),
            "faults": [fault.as_dict() for fault in stage.salesforce_faults.orders],
            "calls": stage.salesforce_calls.as_dict(),
        },
        "alguna": {
            "customers": stage.alguna.total("customers"),
            "subscriptions": stage.alguna.total("subscriptions"),
            "options": stage.alguna_options.as_dict(),
            "faults": [fault.as_dict() for fault in stage.alguna_faults.orders],
            "calls": stage.alguna_calls.as_dict(),
        },
        "activity": stage.activity.as_dict(),
        "links": [f"{method} /{path}" for method, path in _ROUTES if path],
    }


# -- faults, options, calls: the same for both services


def _faults(stage: Stage, parts: list[str]) -> Any:
    return stage.salesforce_faults if parts[0] == "salesforce" else stage.alguna_faults


def _show_faults(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    faults = _faults(stage, parts)
    return {
        "faults": [fault.as_dict() for fault in faults.orders],
        "names": [*faults.names, "DROP", "DROP_AFTER", "STALL"],
    }


def _order_fault(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    _faults(stage, parts).order(body)
    return _show_faults(stage, parts, body, request)


def _clear_faults(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    _faults(stage, parts).clear()
    return {"faults": []}


def _options(stage: Stage, parts: list[str]) -> Any:
    return stage.salesforce_options if parts[0] == "salesforce" else stage.alguna_options


def _show_options(stage: Stage, parts: list[str], body: Json, request: Request) -> Any:
    return _options(stage, parts).as_dict()


def _set_options(stage: Stage, parts: list[str], body: Json, request: Request) -> Any:
    options = _options(stage, parts)
    options.update(body)
    return options.as_dict()


def _calls(stage: Stage, parts: list[str]) -> Any:
    return stage.salesforce_calls if parts[0] == "salesforce" else stage.alguna_calls


def _show_calls(stage: Stage, parts: list[str], body: Json, request: Request) -> Any:
    return _calls(stage, parts).as_dict()


def _reset_calls(stage: Stage, parts: list[str], body: Json, request: Request) -> Any:
    _calls(stage, parts).reset()
    return _calls(stage, parts).as_dict()


# -- the org


def _insert_record(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    caller, fields = edits.salesforce_edit(stage, body)
    record_id = stage.org.insert(caller, parts[2], fields)
    return edits.salesforce_record(stage, parts[2], record_id, VERSION)


def _update_record(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    caller, fields = edits.salesforce_edit(stage, body)
    stage.org.update(caller, parts[2], parts[3], fields)
    return edits.salesforce_record(stage, parts[2], parts[3], VERSION)


def _delete_record(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.org.delete(edits.person(stage, body.get("as")), parts[2], parts[3])
    return {"deleted": parts[3]}


def _read_record(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.salesforce_record(stage, parts[2], parts[3], VERSION)


def _query(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    soql = request.query_params.get("q")
    if not soql:
        raise Refused(400, "say what to query: /salesforce/query?q=SELECT ...")
    return edits.salesforce_query(stage, soql, VERSION)


def _permissions(stage: Stage, parts: list[str], body: Json, request: Request) -> Any:
    if not body or not all(isinstance(value, bool) for value in body.values()):
        raise Refused(400, 'name permissions with true or false, such as {"CustomizeApplication": false}')
    return stage.org.directory.switch_permissions(parts[2], body)


def _show_rules(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return {"rules": stage.org.on_save.listed()}


def _switch_rule(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.org.on_save.switch(parts[2], body)


def _show_features(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.org.on_save.features.as_dict()


def _switch_features(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.org.switch_features(body)


def _show_locks(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return {"locks": [lock.as_dict() for lock in stage.org.on_save.locks.held]}


def _order_lock(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.org.on_save.locks.order(body)
    return _show_locks(stage, parts, body, request)


def _release_locks(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.org.on_save.locks.release()
    return {"locks": []}


# -- the Alguna account


def _show_customer(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.customer(stage, parts[2])


def _new_customer(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.new_customer(stage, body)


def _edit_customer(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.edit_customer(stage, parts[2], body)


def _delete_customer(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    edits.delete_customer(stage, parts[2])
    return {"deleted": parts[2]}


def _show_subscription(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.subscription(stage, parts[2])


def _new_subscription(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.new_subscription(stage, body)


def _edit_subscription(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return edits.edit_subscription(stage, parts[2], body)


def _show_webhooks(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.webhooks.as_dict()


def _set_webhooks(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    if set(body) != {"url"} or not isinstance(body["url"], str | None):
        raise Refused(400, 'say {"url": "http://127.0.0.1:PORT/..."} or {"url": null}')
    stage.webhooks.register(body["url"])
    return stage.webhooks.as_dict()


# -- activity


def _show_activity(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.activity.as_dict()


def _set_activity(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    on, pace = body.get("on"), body.get("per_minute")
    if not isinstance(on, bool) or (
        pace is not None and (isinstance(pace, bool) or not isinstance(pace, int))
    ):
        raise Refused(400, 'say {"on": true, "per_minute": 30} or {"on": false}')
    if on:
        stage.activity.start(pace)
    else:
        stage.activity.stop()
    return stage.activity.as_dict()


_Handler = Callable[[Stage, list[str], Json, Request], Any]
_ROUTES: dict[tuple[str, str], _Handler] = {("GET", ""): _overview}
for _service in ("salesforce", "alguna"):
    _ROUTES.update({
        ("GET", f"{_service}/faults"): _show_faults,
        ("POST", f"{_service}/faults"): _order_fault,
        ("DELETE", f"{_service}/faults"): _clear_faults,
        ("GET", f"{_service}/options"): _show_options,
        ("POST", f"{_service}/options"): _set_options,
        ("GET", f"{_service}/calls"): _show_calls,
        ("POST", f"{_service}/calls/reset"): _reset_calls,
    })  # fmt: skip
_ROUTES.update({
    ("GET", "salesforce/query"): _query,
    ("POST", "salesforce/records/*"): _insert_record,
    ("GET", "salesforce/records/*/*"): _read_record,
    ("PATCH", "salesforce/records/*/*"): _update_record,
    ("DELETE", "salesforce/records/*/*"): _delete_record,
    **sign_in.ROUTES,
    **eventcontrol.ROUTES,
    **timecontrol.ROUTES,
    ("POST", "salesforce/users/*/permissions"): _permissions,
    ("GET", "salesforce/rules"): _show_rules,
    ("POST", "salesforce/rules/*"): _switch_rule,
    ("GET", "salesforce/features"): _show_features,
    ("POST", "salesforce/features"): _switch_features,
    ("GET", "salesforce/locks"): _show_locks,
    ("POST", "salesforce/locks"): _order_lock,
    ("DELETE", "salesforce/locks"): _release_locks,
    ("POST", "alguna/customers"): _new_customer,
    ("GET", "alguna/customers/*"): _show_customer,
    ("PATCH", "alguna/customers/*"): _edit_customer,
    ("DELETE", "alguna/customers/*"): _delete_customer,
    ("POST", "alguna/subscriptions"): _new_subscription,
    ("GET", "alguna/subscriptions/*"): _show_subscription,
    ("PATCH", "alguna/subscriptions/*"): _edit_subscription,
    ("GET", "alguna/webhooks"): _show_webhooks,
    ("POST", "alguna/webhooks"): _set_webhooks,
    ("GET", "activity"): _show_activity,
    ("POST", "activity"): _set_activity,
})  # fmt: skip
