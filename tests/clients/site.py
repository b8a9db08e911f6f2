"""A small web server on 127.0.0.1 that answers as a test says, and other stand-ins."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from console.errors import SignInNeeded


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json;charset=UTF-8"

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()


def page(status: int = 200) -> Answer:
    """A web page where JSON was wanted: a proxy, a log-in page, a maintenance notice."""
    return Answer(status, "<!doctype html><title>Sorry</title><p>We are down", kind="text/html")


CUT = "cut"
"""The connection is closed without an answer."""
STALL = "stall"
"""No answer ever comes."""
Reaction = Answer | str
Handler = Callable[[Request], Reaction]


class Site:
    """Answers every request with what `handler` returns, and keeps the requests."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.open_requests = 0
        self.most_open = 0
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = False
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def react(self, request: Request) -> Reaction:
        with self._lock:
            self.requests.append(request)
            self.open_requests += 1
            self.most_open = max(self.most_open, self.open_requests)
        try:
            return self.handler(request)
        finally:
            with self._lock:
                self.open_requests -= 1

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Each(BaseHTTPRequestHandler):
            timeout = 30

            def do(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                request = Request(self.command, parts.path, query, headers, self.rfile.read(size))
                reaction = site.react(request)
                if reaction == STALL:
                    site.closing.wait(30)
                if not isinstance(reaction, Answer):
                    return
                content = reaction.content()
                self.send_response(reaction.status)
                if reaction.status != 204:
                    self.send_header("Content-Type", reaction.kind)
                    self.send_header("Content-Length", str(len(content)))
                for name, value in reaction.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = do

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Each


def in_turn(*reactions: Reaction) -> Handler:
    """One reaction after the other; the last one from then on."""
    waiting = list(reactions)
    lock = threading.Lock()

    def handler(_: Request) -> Reaction:
        with lock:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return handler


class Unhurried(threading.Event):
    """A cancel event that does not really wait, and keeps how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


class MemoryKeyring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.writes: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password
        self.writes.append(username)

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class GivenToken:
    """A token that was given and cannot be renewed unless others are left."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens) or ["00Dxx!token"]
        self.renewals = 0

    def current(self) -> str:
        return self.tokens[0]

    def renew(self, rejected: str) -> str:
        self.renewals += 1
        if self.tokens[0] == rejected:
            if len(self.tokens) == 1:
                raise SignInNeeded("The session has ended.")
            self.tokens.pop(0)
        return self.tokens[0]


def everything_told(error: BaseException) -> str:
    """All that a log, a crash report or a screen could show of an error and of what it drags along."""
    told: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        told += [repr(seen), str(seen), repr(seen.args), repr(vars(seen))]
        told += traceback.format_exception(type(seen), seen, None)
        seen = seen.__cause__ or seen.__context__
    return " ".join(told)
