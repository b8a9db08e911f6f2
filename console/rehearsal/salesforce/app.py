"""The org as an ASGI application: one origin is login host and instance at once."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from console.rehearsal.salesforce import versions, wire
from console.rehearsal.salesforce.bulk import older as older_bulk
from console.rehearsal.salesforce.bulk.service import MAX_UPLOAD, Bulk
from console.rehearsal.salesforce.collection import Collections
from console.rehearsal.salesforce.composite import Composite, parse_query
from console.rehearsal.salesforce.errors import ApiError, MoreThanOne, not_found
from console.rehearsal.salesforce.freshness import Freshness
from console.rehearsal.salesforce.limits import Limits
from console.rehearsal.salesforce.recent import Recent
from console.rehearsal.salesforce.rest import Queries, Records
from console.rehearsal.salesforce.routing import Call, Reply, Route, Router
from console.rehearsal.salesforce.search import Search
from console.rehearsal.salesforce.signing_in import pages
from console.rehearsal.salesforce.signing_in.identity import identity_url
from console.rehearsal.salesforce.signing_in.oauth import OAuth, Visit
from console.rehearsal.salesforce.signing_in.sessions import Sessions
from console.rehearsal.salesforce.tooling import Tooling
from console.rehearsal.salesforce.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from console.rehearsal.salesforce.org import Org

_DATA = "/services/data"
_RESOURCES = {
    "tooling": "tooling",
    "queryAll": "queryAll",
    "composite": "composite",
    "parameterizedSearch": "parameterizedSearch",
    "query": "query",
    "recent": "recent",
    "search": "search",
    "jobs": "jobs",
    "limits": "limits",
    "sobjects": "sobjects",
}
_log = logging.getLogger(__name__)


class SalesforceApp:
    """Routes each request to sign-in or to the REST API, and writes what they answer."""

    def __init__(self, org: Org, sessions: Sessions, base_url: str, clock: Callable[[], datetime]) -> None:
        self.org = org
        self.sessions = sessions
        self.base_url = base_url.rstrip("/")
        self._oauth = OAuth(org, sessions, base_url)
        freshness = Freshness(sessions.vault)
        recent = Recent(org)
        self.bulk = Bulk(org, clock)
        self._router = Router(
            [
                Route("", GET=self._resources),
                *Records(org, freshness, recent).routes(),
                *recent.routes(),
                *Search(org).routes(),
                *Queries(org).routes(),
                *Collections(org).routes(),
                *Tree(org).routes(),
                *Composite(org, self._run, sessions.usage.count).routes(),
                *Tooling(org).routes(),
                *Limits(org, sessions.usage, self.bulk.allowances).routes(),
                *self.bulk.routes(),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the org speaks HTTP only, not {scope['type']}")
        headers = wire.headers_of(scope)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("utf-8", "replace").partition("?")[0]
        method = scope["method"].upper()
        reply_headers: dict[str, str] = {}
        try:
            body = await wire.read_body(receive, headers, most=_largest(path))
            self.bulk.wake()
            if path.lower() == _DATA or path.lower().startswith(_DATA + "/"):
                reply = self._data(scope, method, path, headers, body, reply_headers)
            elif path.lower().startswith("/services/async/"):
                await older_bulk.refuse(send, method, headers)
                return
            elif await self._sign_in(scope, method, path, headers, body, send):
                return
            else:
                reply = _refusal(not_found())
        except wire.Disconnected:
            return
        except ApiError as error:
            reply = _refusal(error)
        except Exception:
            _log.exception("%s %s failed", method, path)
            message = (
                "An unexpected error occurred. Please include this ErrorId if you contact support: 0-0 (0)"
            )
            reply = Reply(500, [{"message": message, "errorCode": "UNKNOWN_EXCEPTION"}])
        reply.headers = {**reply.headers, **reply_headers}
        await wire.send_reply(send, reply, headers, head=method == "HEAD")

    # -- sign-in and pages

    async def _sign_in(
        self, scope: Scope, method: str, path: str, headers: Mapping[str, str], body: bytes, send: Send
    ) -> bool:
        """Answer a request outside the REST API; False when it is for nothing known."""
        query = scope["query_string"].decode("utf-8", "replace")
        visit = Visit(method, unquote(path), query, headers, body, wire.address_of(scope))
        answer = await self._oauth.answer(visit)
        write = partial(wire.send_bytes, send, request_headers=headers, head=method == "HEAD")
        if answer is not None:
            await write(answer.status, answer.body, answer.headers)
            return True
        if unquote(path).lower().startswith("/services/"):
            return False
        known = path in ("", "/")
        text = pages.welcome() if known else pages.nothing_here()
        await write(200 if known else 404, text.encode(), {"content-type": "text/html; charset=UTF-8"})
        return True

    # -- the REST API

    def _data(
        self,
        scope: Scope,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        reply_headers: dict[str, str],
    ) -> Reply:
        segments = path.strip("/").split("/")
        if len(segments) == 2:
            if method not in ("GET", "HEAD"):
                message = f"HTTP Method '{method}' not allowed. Allowed are GET,HEAD"
                raise ApiError(405, "METHOD_NOT_ALLOWED", message)
            return Reply(200, versions.listing())
        version = versions.parse(unquote(segments[2]))
        query = parse_query(scope["query_string"].decode("utf-8", "replace"))
        session = self.sessions.session(headers.get("authorization"), wire.address_of(scope))
        caller = self.sessions.caller(session, client=_client_name(headers), version=version)
        try:
            self.sessions.usage.count()
        finally:
            reply_headers["Sforce-Limit-Info"] = self.sessions.usage.header()
        if len(path) + len(scope["query_string"]) > wire.MAX_URI:
            raise ApiError(414, "URI_TOO_LONG", f"The request URI is longer than {wire.MAX_URI} characters")
        if method == "POST" and "_HttpMethod" in query:
            method = query["_HttpMethod"].upper()
        rest = path[1:].split("/", 3)
        call = Call(
            method=method,
            path=_without_slash(rest[3]) if len(rest) > 3 else "",
            query=query,
            headers=headers,
            version=version,
            caller=caller,
            session_key=session.key,
            read_json=partial(_read_json, headers, body),
            read_body=lambda: body,
        )
        reply = self._run(call)
        reply_headers["Sforce-Limit-Info"] = self.sessions.usage.header()
        return reply

    def _run(self, call: Call) -> Reply:
        """Carry a call out; a refusal becomes a reply. Each request of a composite call has headers of its own."""
        caller = replace(call.caller, version=call.version, save_duplicates=_save_duplicates(call.headers))
        try:
            return self._router(replace(call, caller=caller))
        except MoreThanOne as error:
            paths = [f"{call.base}/sobjects/{error.sobject}/{record_id}" for record_id in error.ids]
            return Reply(300, paths)
        except ApiError as error:
            return _refusal(error)

    def _resources(self, call: Call) -> Reply:
        listed = {name: f"{call.base}/{path}" for name, path in _RESOURCES.items()}
        listed["identity"] = identity_url(self.base_url, self.org.org_id, call.caller.user_id)
        return Reply(200, listed)


def create_app(
    org: Org, *, base_url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> SalesforceApp:
    """The org as an ASGI application at `base_url` (scheme, host and port); its door is `app.sessions`.

    Close `app.sessions` when the server has stopped. A callback address is accepted when it is registered for the
    app (`http://localhost:PORT/callback` with port 1717, 8717, 8718 or 8719); the practice app that
    `app.sessions.handout()` names also takes every other port of `localhost` and `127.0.0.1`.
    """
    return SalesforceApp(org, Sessions(org, clock=clock), base_url, clock)


def _refusal(error: ApiError) -> Reply:
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Token"
    if error.status == 405:
        headers["Allow"] = error.message.partition("Allowed are ")[2]
    return Reply(error.status, error.body(), headers)


def _read_json(headers: Mapping[str, str], body: bytes) -> Any:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "application/xml", "text/xml", "multipart/form-data"):
        raise ApiError(
            415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type {kind} is not supported for this request"
        )
    return wire.parse_json(body)


def _largest(path: str) -> int | None:
    """Bytes that a request body may have, where that is more than usual: the data of a job."""
    return MAX_UPLOAD if path.rstrip("/").lower().endswith("/batches") else None


def _client_name(headers: Mapping[str, str]) -> str:
    """The name in `Sforce-Call-Options: client=NAME[, defaultNamespace=...]`."""
    for part in headers.get("sforce-call-options", "").replace(";", ",").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "client":
            return value.strip()
    return ""


def _save_duplicates(headers: Mapping[str, str]) -> bool:
    """What `Sforce-Duplicate-Rule-Header: allowSave=true` asks for."""
    for part in headers.get("sforce-duplicate-rule-header", "").replace(";", ",").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "allowsave":
            return value.strip().lower() == "true"
    return False


def _without_slash(path: str) -> str:
    """A path without the one slash that may trail it."""
    return path.removesuffix("/")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
