"""Whole requests to one host and whole answers, over connections that stay open.

httpx can do much more: HTTP/2, streams in both directions, redirects, asynchronous callers. A first sync makes hundreds of
thousands of small calls, and what that costs each of them adds up to more than the rest of the sync. The parser is llhttp.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import threading
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httptools
import httpx

IDLE = 16
"""Connections kept open while nobody uses them."""
PIECE = 1 << 16
"""Bytes that are read at once, and the most that an answer's head may have."""
_BREAK = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, unpacked. `headers` by their names in lower case; of those that come twice, the last."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Transport(Protocol):
    """Sends requests to one host. Safe to use from several threads."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and read its answer.

        :param target: path and query as they stand on the wire.
        :raises httpx.RequestError: no answer came; ConnectError and ConnectTimeout where nothing was sent.
        """

    def close(self) -> None:
        """Close all connections; those in use are closed after it."""


class ProxiedTransport:
    """What httpx can and `DirectTransport` can't: requests through a proxy.

    :param base: the address of the host.
    """

    def __init__(self, base: str, transport: httpx.BaseTransport, timeout: httpx.Timeout) -> None:
        self._base = httpx.URL(base)
        self._transport = transport
        self._extensions = {"timeout": timeout.as_dict()}

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """As `Transport.send`."""
        url = self._base.copy_with(raw_path=target.encode("ascii"))
        request = httpx.Request(
            method, url, headers=headers, content=body or None, extensions=self._extensions
        )
        response = self._transport.handle_request(request)
        try:
            response.read()
        finally:
            response.close()
        return Answer(response.status_code, dict(response.headers), response.content)

    def close(self) -> None:
        """As `Transport.close`."""
        self._transport.close()


class DirectTransport:
    """Connections to one origin, each used by one thread at a time. Safe to use from several threads.

    A connection that the server closed while nobody used it is not used again. Nothing is sent twice: whether that is
    safe only the caller knows.

    :param base: the address; its path counts for nothing here.
    :param trust: for https.
    """

    def __init__(self, base: str, trust: ssl.SSLContext, timeout: httpx.Timeout) -> None:
        url = httpx.URL(base)
        self._host = url.raw_host.decode("ascii")
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._trust = trust if url.scheme == "https" else None
        self._timeout = timeout
        self._head = f"HTTP/1.1\r\nHost: {url.netloc.decode('ascii')}"
        self._idle: deque[socket.socket] = deque()
        self._closing = threading.Lock()
        self._closed = False

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """As `Transport.send`."""
        data = self._written(method, target, headers, body)
        connection = self._waiting() or self._connect()
        reading = _Reading()
        keep = False
        try:
            connection.sendall(data)
            while not reading.whole:
                piece = connection.recv(PIECE)
                reading.take(piece)
            keep = reading.stays_open
            return reading.answer()
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        except (OSError, ValueError) as error:
            raise httpx.ReadError(str(error)) from error
        finally:
            if not keep or not self._keep(connection):
                connection.close()

    def close(self) -> None:
        """As `Transport.close`."""
        with self._closing:
            self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _written(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """The request as it stands on the wire."""
        lines = [f"{method} {target} {self._head}", *(f"{name}: {value}" for name, value in headers.items())]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines)
        if " " in target or not head.isascii() or len(_BREAK.findall(head)) != 2 * len(lines):
            raise httpx.LocalProtocolError("A header holds a line break, or what is not ASCII.")
        return head.encode("ascii") + b"\r\n\r\n" + body

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

    def _connect(self) -> socket.socket:
        try:
            connection = socket.create_connection((self._host.strip("[]"), self._port), self._timeout.connect)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._trust is not None:
                    connection = self._trust.wrap_socket(connection, server_hostname=self._host)
                connection.settimeout(self._timeout.read)
            except BaseException:
                connection.close()
                raise
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(str(error)) from error
        return connection


class _Reading:
    """One answer while it comes in; what comes before the final one (1xx) is passed over."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._status = 0
        self._head_bytes = 0
        self._headed = False
        self.whole = False
        self.stays_open = False
        """Whether the connection can be used again."""

    def take(self, piece: bytes) -> None:
        """What was read; empty at the connection's end.

        :raises httptools.HttpParserError: it is not HTTP, or it ends too early.
        """
        if piece:
            if not self._headed:
                self._head_bytes += len(piece)
                if self._head_bytes > 2 * PIECE:
                    raise httptools.HttpParserError("The answer's head has no end.")
            self._parser.feed_data(piece)
            return
        framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._headed or framed:
            raise httptools.HttpParserError("The connection ended before the answer did.")
        self.whole = True  # it ends with the connection

    def answer(self) -> Answer:
        """The whole of it. :raises zlib.error: it can't be unpacked."""
        content = b"".join(self._pieces)
        for coding in reversed(self._headers.get("content-encoding", "").lower().split(",")):
            content = _unpacked(content, coding.strip())
        return Answer(self._status, self._headers, content)

    # What the parser calls. Behind a whole answer nothing may come.

    def on_message_begin(self) -> None:
        if self.whole:
            self.stays_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.whole:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if not self.whole:
            self._status = self._parser.get_status_code()
            self._headed = self._status >= 200

    def on_body(self, body: bytes) -> None:
        if not self.whole:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._headed and not self.whole:
            self.whole = True
            self.stays_open = self._parser.should_keep_alive()
        elif not self.whole:
            self._headers.clear()


def _unpacked(content: bytes, coding: str) -> bytes:
    """What a coding made of it is undone. Servers mean two things by ``deflate``."""
    if not content or coding not in ("gzip", "x-gzip", "deflate"):
        return content
    if coding == "deflate":
        try:
            return zlib.decompress(content)
        except zlib.error:
            return zlib.decompress(content, -zlib.MAX_WBITS)
    return zlib.decompress(content, zlib.MAX_WBITS | 16)


def _readable(connection: socket.socket) -> bool:
    poll = getattr(select, "poll", None)
    if poll is None:
        return bool(select.select([connection], [], [], 0)[0])
    asked = poll()
    asked.register(connection, select.POLLIN)
    return bool(asked.poll(0))
