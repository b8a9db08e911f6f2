"""A proxy that writes down every request that passes through it, in the order in which they arrive.

Their bytes go into a file: those of a first sync of 100,000 customers would take some hundred megabytes of memory.
"""

from __future__ import annotations

import os
import select
import socket
import tempfile
import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO


class Kept:
    """Bytes in a temporary file, each piece by its place. Safe to use from several threads."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="bench-")  # noqa: SIM115 - closed by `close`
        self._end = 0
        self._appending = threading.Lock()

    def add(self, data: bytes) -> tuple[int, int]:
        """Write a piece down; its place."""
        with self._appending:
            start = self._end
            self._file.seek(start)
            self._file.write(data)
            self._file.flush()
            self._end += len(data)
        return start, len(data)

    def read(self, place: tuple[int, int]) -> bytes:
        """The piece at a place."""
        start, length = place
        return os.pread(self._file.fileno(), length, start)

    def close(self) -> None:
        """Give the file up."""
        self._file.close()


@dataclass(slots=True)
class Request:
    """One request as it was sent: to which service, its method and path, and the status it was answered with."""

    service: str
    line: str
    kept: Kept = field(repr=False)
    place: tuple[int, int]
    status: int = 0
    behind: int = 0
    """How many requests to the other service had been answered when it was sent."""

    @classmethod
    def of(cls, service: str, data: bytes, kept: Kept, status: int = 0, behind: int = 0) -> Request:
        """A request from its bytes."""
        line = data.split(b"\r\n", 1)[0].decode("latin-1").rsplit(" ", 1)[0]
        return cls(service, line, kept, kept.add(data), status, behind)

    @property
    def data(self) -> bytes:
        """Its bytes, head and body."""
        return self.kept.read(self.place)

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.line.split(" ", 1)[1].split("?", 1)[0]


class Line:
    """A connection that stays open, for one thread; made anew where the server closed it while nothing was asked of it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: tuple[socket.socket, IO[bytes]] | None = None

    def ask(self, request: bytes) -> bytes:
        """Send a request; its answer."""
        if self._open is not None and select.select([self._open[0]], [], [], 0)[0]:
            self.close()
        if self._open is None:
            made = socket.create_connection(("127.0.0.1", self._port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open = made, made.makefile("rb")
        connection, answers = self._open
        connection.sendall(request)
        return message(answers, answer=True)

    def close(self) -> None:
        """Close the connection; again does nothing."""
        for each in reversed(self._open or ()):
            each.close()
        self._open = None


class Recorder:
    """Listens on a port of its own for each service and passes on to the real one. Use it in a `with` block.

    :param kept: where the bytes go; to be closed by the caller, once the requests aren't needed any more.
    """

    def __init__(self, targets: dict[str, int], kept: Kept) -> None:
        self._kept = kept
        self.requests: list[Request] = []
        self.ports: dict[str, int] = {}
        self._lock = threading.Lock()
        self._answered = dict.fromkeys(targets, 0)
        self._open: list[socket.socket] = []
        for service, target in targets.items():
            server = socket.create_server(("127.0.0.1", 0))
            self.ports[service] = server.getsockname()[1]
            self._open.append(server)
            threading.Thread(target=self._accept, args=(server, service, target), daemon=True).start()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            each.close()

    def _accept(self, server: socket.socket, service: str, target: int) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, service, target), daemon=True).start()

    def _serve(self, client: socket.socket, service: str, target: int) -> None:
        with client, closing(Line(target)) as line, client.makefile("rb") as asking:
            while data := message(asking, answer=False):
                request = Request.of(service, data, self._kept)
                with self._lock:
                    request.behind = sum(self._answered.values()) - self._answered[service]
                    self.requests.append(request)
                answer = line.ask(data)
                request.status = status_of(answer)
                with self._lock:
                    self._answered[service] += 1
                client.sendall(answer)


def status_of(answer: bytes) -> int:
    """The HTTP status of an answer."""
    return int(answer.split(b" ", 2)[1])


def message(source: IO[bytes], *, answer: bool) -> bytes:
    """One HTTP message with its body, as it stands on the wire; empty at the end.

    :raises ValueError: it is cut off.
    """
    head = bytearray()
    while line := source.readline():
        head += line
        if line == b"\r\n":
            break
    if not head:
        return b""
    lines = bytes(head).lower().split(b"\r\n")
    fields = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        while True:
            size = source.readline()
            length = int(size.split(b";")[0], 16)
            head += size + source.read(length + 2)
            if not length:
                return bytes(head)
    if answer and lines[0].split(b" ")[1] in (b"204", b"304"):
        return bytes(head)
    body = source.read(int(fields.get(b"content-length", b"0")))
    return bytes(head) + body
