"""A small web server that takes webhooks: it checks, hands over, and answers at once; nothing is done while the sender waits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from console.alguna.webhooks import Notice, Unverified, Webhooks
from console.errors import StoreError, UsageError

LARGEST = 1 << 20
"""Bytes of a delivery: an event is some thousand."""
PATIENCE = 10.0
"""Seconds that a sender may take for each piece of its request."""
DEADLINE = 20.0
"""Seconds that a whole request may take: otherwise a few that trickle would keep all others out."""
SIDE_BY_SIDE = 32
"""Requests answered at the same time; more are told to come again."""


class Receiver:
    """Listens while it is open; use it in a `with` block.

    :param host: this computer's address to listen on. :param port: 0 for a free one.
    :param take: called with each new notice, in a thread of the server. Must be quick.
    :raises StoreError: the address can't be had.
    """

    def __init__(self, webhooks: Webhooks, take: Callable[[Notice], None], *, host: str, port: int) -> None:
        try:
            self._server = _Server((host, port), _handler(webhooks, take))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such address"
            raise StoreError(
                f"The port {port} of {host} can't be listened on: {reason.lower()}.",
                "Choose another with --port.",
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="webhooks", daemon=True
        )

    @property
    def address(self) -> str:
        """``http://host:port/``."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self._room = threading.BoundedSemaphore(SIDE_BY_SIDE)
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        ending = threading.Timer(DEADLINE, _break_off, [request])
        ending.daemon = True
        ending.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            ending.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that breaks off is nobody's problem, and its data is not for our output."""


def _break_off(request: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself just now
        request.shutdown(socket.SHUT_RDWR)


def _handler(webhooks: Webhooks, take: Callable[[Notice], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version = "alguna-console"
        sys_version = ""

        def do_POST(self) -> None:
            status = self._status()
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def _status(self) -> int:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                return 411
            if len(length) > 12 or int(length) > LARGEST:
                return 413
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                return 400
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                notice = webhooks.accept(headers, body)
            except Unverified:
                return 401
            except UsageError:
                return 400
            if notice is not None:
                take(notice)
            return 204

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: addresses and paths of strangers are not for our output."""

    return Handler
