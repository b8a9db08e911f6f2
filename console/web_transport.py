"""A transport for httpx that sends whole requests to one host and reads whole answers, over connections that stay open.

httpx's own can do much more: HTTP/2, streams in both directions, asynchronous callers. A first sync makes
hundreds of thousands of small calls, and what that costs each of them adds up to more than the rest of the sync.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse

import httpx

IDLE = 16
"""Connections kept open while nobody uses them."""


class DirectTransport(httpx.BaseTransport):
    """Connections to one origin, each used by one thread at a time. Safe to use from several threads.

    A connection that the server closed while nobody used it is not used again. Nothing is sent twice: whether that is
    safe only the caller knows.

    :param base: the address; what is sent to another origin fails.
    :param trust: for https.
    """

    def __init__(self, base: str, trust: ssl.SSLContext) -> None:
        url = httpx.URL(base)
        self._origin = (url.raw_scheme, url.raw_host, url.port)
        self._host = url.raw_host.decode("ascii")
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._trust = trust if url.scheme == "https" else None
        self._idle: deque[socket.socket] = deque()
        self._closing = threading.Lock()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer.

        :raises httpx.RequestError: no answer came; ConnectError and ConnectTimeout where nothing was sent.
        """
        url = request.url
        if (url.raw_scheme, url.raw_host, url.port) != self._origin:
            raise httpx.UnsupportedProtocol("This transport serves another host.", request=request)
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        data = _head(request) + request.read()
        connection = self._waiting() or self._connect(timeouts.get("connect"), request)
        keep = False
        try:
            connection.settimeout(timeouts.get("read"))
            connection.sendall(data)
            answer = HTTPResponse(connection, method=request.method)
            try:
                keep, response = _read(answer)
            finally:
                answer.close()
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except HTTPException as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except (OSError, ValueError) as error:
            raise httpx.ReadError(str(error), request=request) from error
        finally:
            if not keep or not self._keep(connection):
                connection.close()
        return response

    def close(self) -> None:
        """Close all connections; those in use are closed after it."""
        with self._closing:
            self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _keep(self, connection: socket.socket) -> bool:
        with self._closing:
            if self._closed or len(self._idle) >= IDLE:
                return False
            self._idle.append(connection)
            return True

    def _waiting(self) -> socket.socket | None:
        """An open connection that nobody uses. One that has something to say has ended: nothing was asked of it."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if not _readable(connection):
                return connection
            connection.close()

    def _connect(self, timeout: float | None, request: httpx.Request) -> socket.socket:
        try:
            connection = socket.create_connection((self._host.strip("[]"), self._port), timeout)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._trust is None:
                    return connection
                return self._trust.wrap_socket(connection, server_hostname=self._host)
            except BaseException:
                connection.close()
                raise
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(str(error), request=request) from error


def _head(request: httpx.Request) -> bytes:
    """The request's line and headers as they stand on the wire."""
    raw = request.headers.raw
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in raw]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(raw) or head.count(b"\r") != len(raw):
        raise httpx.LocalProtocolError("A header holds a line break.", request=request)
    return head + b"\r\n\r\n"


def _read(answer: HTTPResponse) -> tuple[bool, httpx.Response]:
    """Whether the connection stays open, and the answer; what comes before the final one (1xx) is passed over."""
    answer.begin()
    while 100 <= answer.status < 200:
        answer.headers = answer.msg = None  # type: ignore[assignment]
        answer.begin()
    body = answer.read()
    response = httpx.Response(answer.status, headers=answer.headers.items(), content=body)
    return not answer.will_close, response


def _readable(connection: socket.socket) -> bool:
    poll = getattr(select, "poll", None)
    if poll is None:
        return bool(select.select([connection], [], [], 0)[0])
    asked = poll()
    asked.register(connection, select.POLLIN)
    return bool(asked.poll(0))
