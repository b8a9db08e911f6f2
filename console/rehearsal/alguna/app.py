"""The Alguna API over HTTP: who may call, how often, in which version, and exactly once per idempotency key.

https://alguna.com/docs/api-reference/v2/overview
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.rehearsal.alguna import calls, idempotency, lifecycle, v1
from console.rehearsal.alguna.errors import AlgunaError, malformed
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.ratelimit import Bucket
from console.rehearsal.alguna.store import Store, dump

VERSION = "2026-04-01"
_log = logging.getLogger(__name__)
_WRITES = ("POST", "PATCH", "DELETE")


def create_app(
    store: Store, *, options: Options | None = None, clock: Callable[[], datetime] | None = None
) -> ASGIApp:
    """The ASGI application of one account. `options` may be changed while it runs; `clock` replaces the store's."""
    if clock is not None:
        store.clock = clock
    account = _Account(store, options or Options())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is spoken here")
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        response = await account.answer(request, body)
        await response(scope, receive, send)

    return app


class _Account:
    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.keys = idempotency.Keys(store)
        self.requests = Bucket()
        self.events = Bucket()

    async def answer(self, request: Request, raw: bytes) -> Response:
        key = None
        segments = _segments(request.scope.get("raw_path") or request.url.path.encode())
        if request.method in _WRITES and segments[-1:] != ["events"]:
            key = request.headers.get("idempotency-key")
        try:
            status, text, replayed = await self._run(request, raw, segments, key)
            headers: dict[str, str] = {}
        except AlgunaError as error:
            status, text, headers, replayed = error.status, dump(error.body()), error.headers, False
        except Exception:
            _log.exception("the call failed")
            status, text, headers, replayed = (
                500,
                dump({"status": 500, "detail": "Internal server error"}),
                {},
                False,
            )
        if key is not None:
            headers = {**headers, **idempotency.headers(key, replayed=replayed, status=status)}
        return Response(text, status, headers, "application/json")

    async def _run(
        self, request: Request, raw: bytes, segments: list[str], key: str | None
    ) -> tuple[int, str, bool]:
        options = self.options
        self._admit(request)
        if not self.requests.take(1, options.rate_limit):
            raise calls.too_many(options)
        prefix = [part for part in options.path_prefix.split("/") if part]
        if segments[: len(prefix)] != prefix:
            raise AlgunaError(404, "path not found")
        segments = segments[len(prefix) :]
        query = _query(request.url.query)
        lifecycle.settle(self.store)
        if not self._version(request):
            if request.method != "GET":
                raise AlgunaError(404, "path not found")
            return 200, dump(v1.answer(self.store, options, segments, query)), False
        handler, keys = calls.route(segments, request.method)
        body = _json(raw)
        call = calls.Call(self.store, options, self.events, query, body, keys)
        if key is None:
            if request.method in _WRITES and options.write_ms:
                await asyncio.sleep(options.write_ms / 1000)
            return *_done(*handler(call)), False
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=False)
        fingerprint = idempotency.fingerprint(
            request.method, "/".join(segments), request.url.query, canonical
        )
        stored = self.keys.claim(key, fingerprint)
        if stored is not None:
            return *stored, True
        try:
            if options.write_ms:
                await asyncio.sleep(options.write_ms / 1000)
            return *self._once(handler, call, key, fingerprint), False
        finally:
            self.keys.release(key)

    def _once(self, handler: calls.Handler, call: calls.Call, key: str, fingerprint: str) -> tuple[int, str]:
        with self.store.transaction():
            try:
                status, text = _done(*handler(call))
            except AlgunaError as error:
                # A refusal has no effect but is an answer like any other: it is replayed too, unless it will pass.
                if error.status == 429 or error.status >= 500:
                    raise
                status, text = error.status, dump(error.body())
            self.keys.keep(key, fingerprint, status, text)
        return status, text

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        rights = self.options.key_rights
        if scheme.casefold() != "bearer" or token.strip() != self.store.api_key or rights == "revoked":
            raise AlgunaError(401, "Invalid or missing API key")
        if rights == "none" or (rights == "read" and request.method not in ("GET", "HEAD")):
            raise AlgunaError(403, "This API key is not allowed to perform this operation")

    def _version(self, request: Request) -> bool:
        """Whether the call is for v2; False: for the undated API."""
        sent = request.headers.get("alguna-version")
        if sent == VERSION:
            return True
        if sent is not None:
            raise malformed(f"Unknown Alguna-Version {sent}; available: {VERSION}")
        if self.options.version_header == "v1":
            return False
        raise AlgunaError(int(self.options.version_header), "The Alguna-Version header is required")


def _done(status: int, body: Any) -> tuple[int, str]:
    return status, dump(body)


def _segments(raw_path: bytes) -> list[str]:
    """The parts of a path, each decoded on its own: an alias may hold an encoded slash."""
    path = raw_path.partition(b"?")[0].decode("latin-1")
    return [unquote(part) for part in path.strip("/").split("/")]


def _query(raw: str) -> dict[str, str]:
    """The query string; a name that is repeated means the same as a comma list."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def _json(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
        # A lone surrogate is a valid escape in JSON but no text that could be stored.
        dump(body).encode()
    except (ValueError, RecursionError):
        raise malformed("The request body is not valid JSON") from None
    return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
