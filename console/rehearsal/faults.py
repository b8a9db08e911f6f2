"""Faults on the wire: an ASGI wrapper that counts calls, waits, refuses, garbles and cuts connections as it is told.

A fault strikes before the call is carried out, or after its effect; it strikes the next k calls that match, or a share of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.rehearsal.callcount import CallCount

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Fault:
    """One order: which fault, for which calls, how often."""

    error: str
    next: int | None = None
    """How many matching calls it still strikes; None: a share of all of them."""
    share: float = 1.0
    skip: int = 0
    """How many matching calls it lets pass first."""
    match: str = ""
    """Part of "METHOD /path?query"; empty: every call."""
    after_effect: bool = False
    rows: bool = False
    """Strikes single rows of a collection instead of whole calls."""
    retry_after: int | None = None
    struck: int = 0

    def hits(self, what: str, rng: Random) -> bool:
        """Whether it strikes this call; counts down."""
        if self.next == 0 or self.match not in what:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.next is None:
            if rng.random() >= self.share:
                return False
        else:
            self.next -= 1
        self.struck += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """As it is shown and ordered."""
        amount = {"share": self.share} if self.next is None else {"next": self.next}
        shown: dict[str, Any] = {"error": self.error, **amount, "struck": self.struck}
        if self.skip:
            shown["skip"] = self.skip
        if self.match:
            shown["match"] = self.match
        for name in ("after_effect", "rows", "retry_after"):
            if getattr(self, name):
                shown[name] = getattr(self, name)
        return shown


CUTS = ("DROP", "DROP_AFTER", "STALL")
"""Faults without an answer: cut before the effect, cut after it, never answered."""


@dataclass(slots=True)
class Faults:
    """The orders for one service. `answer` writes a named error; KeyError when the service does not know it."""

    names: tuple[str, ...]
    answer: Callable[[Fault, Mapping[str, str]], Answer]
    row_names: tuple[str, ...] = ()
    rng: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - which calls fail need not be secret
    orders: list[Fault] = field(default_factory=list)

    def order(self, request: Mapping[str, Any]) -> Fault:
        """Take an order from the control address. Raises ValueError with one clear sentence."""
        known = {"error", "next", "share", "skip", "match", "after_effect", "rows", "retry_after"}
        unknown = sorted(set(request) - known)
        if unknown:
            raise ValueError(f"a fault has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
        error = str(request.get("error", ""))
        rows = _flag(request, "rows")
        names = self.row_names if rows else (*self.names, *CUTS)
        if error not in names:
            raise ValueError(f"there is no fault {error!r} here; there are {', '.join(names)}")
        if "next" in request and "share" in request:
            raise ValueError("a fault strikes the next calls or a share of them, not both")
        fault = Fault(
            error, rows=rows, after_effect=_flag(request, "after_effect"), match=str(request.get("match", ""))
        )
        if "share" in request:
            fault.share = float(_number(request, "share", 0, 1))
        else:
            fault.next = int(_number({"next": 1, **request}, "next", 0, 10**9))
        if "skip" in request:
            fault.skip = int(_number(request, "skip", 0, 10**9))
        if "retry_after" in request:
            fault.retry_after = int(_number(request, "retry_after", 0, 86_400))
        if rows and fault.after_effect:
            raise ValueError("a row fails instead of being written; after_effect is for whole calls")
        self.orders.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all orders."""
        self.orders.clear()

    def pick(self, what: str, *, rows: bool = False) -> Fault | None:
        """The first order that strikes this call (or this row)."""
        for fault in self.orders:
            if fault.rows == rows and fault.hits(what, self.rng):
                return fault
        return None


class Wire:
    """The wrapper around one service's application."""

    def __init__(self, app: ASGIApp, faults: Faults, calls: CallCount, latency_ms: Callable[[], int]) -> None:
        self._app = app
        self._faults = faults
        self._calls = calls
        self._latency_ms = latency_ms
        self._closing: asyncio.Event | None = None

    def close(self) -> None:
        """Let go of every call that waits; the server stops."""
        if self._closing is not None:
            self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        self._calls.add(scope["method"], path)
        if self._latency_ms() and await self._gone(receive, self._latency_ms() / 1000):
            return
        fault = self._faults.pick(f"{scope['method']} {path}{'?' + query if query else ''}")
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.error == "DROP":
            await _cut(receive)
        elif fault.error == "STALL":
            if fault.after_effect:
                await self._app(scope, receive, _nowhere)
            else:
                await _read_body(receive)
            await self._gone(receive, None)
            await _cut(receive)
        elif fault.error == "DROP_AFTER" or fault.after_effect:
            await self._app(scope, receive, _nowhere)
            if fault.error == "DROP_AFTER":
                await _cut(receive)
            else:
                await _write(send, self._faults.answer(fault, _headers(scope)))
        else:
            # A server that refuses has read the request all the same; a client may still be sending it.
            if await _read_body(receive):
                await _write(send, self._faults.answer(fault, _headers(scope)))

    async def _gone(self, receive: Receive, seconds: float | None) -> bool:
        """Wait; True when the server stops first or, while nothing is to be answered, the client gives up."""
        if self._closing is None:
            self._closing = asyncio.Event()
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._closing.wait())}
        if seconds is None:
            waits.add(asyncio.ensure_future(_disconnected(receive)))
        try:
            done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if done and seconds is not None:
            await _cut(receive)
        return bool(done)


async def _nowhere(message: Message) -> None:
    """Swallow an answer that the client shall not see."""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read_body(receive: Receive) -> bool:
    """Read the request to its end; False when the client left before."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body"):
            return True


async def _write(send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _cut(receive: Receive) -> None:
    """Break the connection as a failing network does. uvicorn's `receive` is a method of what holds the transport."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server does not let its connections be cut")
    transport.abort()
    await _disconnected(receive)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _flag(request: Mapping[str, Any], name: str) -> bool:
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _number(request: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value = request[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least} to {most}")
    return value
