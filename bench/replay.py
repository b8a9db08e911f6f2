"""The floor: recorded requests sent by a bare loop over sockets that stay open. Nothing is built, parsed or remembered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import IO

from bench.measure import NotMade
from bench.recorder import Request, message, status_of

ENDED = (b'"JobComplete"', b'"Failed"', b'"Aborted"')
LOOK = 0.05
"""Seconds between two looks at a bulk job."""
AT_ONCE = 8
"""Requests to Alguna under way at the same time: as many as the console has."""


class Replay:
    """Bare connections to both services.

    :param ports: by service.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._here = threading.local()
        self._open: list[socket.socket] = []

    def close(self) -> None:
        """Close all connections."""
        for each in self._open:
            each.close()

    def run(self, requests: Sequence[Request]) -> float:
        """Send all, as concurrently as the console did: Salesforce one after the other, Alguna several at once.

        :returns: seconds.
        :raises NotMade: one was answered otherwise than when it was recorded: the state is not the same.
        """
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for service, group in groupby(requests, key=lambda request: request.service):
                if service == "alguna":
                    for _ in pool.map(self.send, group):
                        pass
                else:
                    self._in_turn(group)
        return time.perf_counter() - began

    def _in_turn(self, requests: Iterable[Request]) -> None:
        for request in requests:
            answer = self.send(request)
            while _is_look(request) and not any(state in answer for state in ENDED):
                time.sleep(LOOK)  # each look is one of the org's calls of the day
                answer = self.send(request)

    def send(self, request: Request) -> bytes:
        """One request on this thread's connection; its answer."""
        connection, answers = self._connection(request.service)
        connection.sendall(request.data)
        answer = message(answers, answer=True)
        if (status := status_of(answer)) != request.status:
            raise NotMade(
                f"{request.line} was answered with {status} in the bare loop, {request.status} before."
            )
        return answer

    def _connection(self, service: str) -> tuple[socket.socket, IO[bytes]]:
        known = vars(self._here)
        if service not in known:
            made = socket.create_connection(("127.0.0.1", self._ports[service]))
            self._open.append(made)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            known[service] = (made, made.makefile("rb"))
        found: tuple[socket.socket, IO[bytes]] = known[service]
        return found


def _is_look(request: Request) -> bool:
    """Whether it asks how a bulk job stands."""
    return (
        request.line.startswith("GET ") and "/jobs/ingest/" in request.line and "Results" not in request.line
    )
