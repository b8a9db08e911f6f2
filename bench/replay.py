"""The floor: recorded requests sent by a bare loop over sockets that stay open. Nothing is built, parsed or remembered."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.measure import NotMade
from bench.recorder import Line, Request, status_of

_LOOK = re.compile(r"GET \S*/jobs/(ingest|query)/\w+/?$")
ENDED = (b'"JobComplete"', b'"Failed"', b'"Aborted"')
LOOK = 0.05
"""Seconds between two looks at a bulk job."""
AT_ONCE = 8
"""Requests to Alguna under way at the same time: as many as the console has."""


class _Lane:
    """One service's requests in their order. Several threads take from it.

    :param width: how many threads.
    """

    def __init__(self, requests: Sequence[Request], width: int) -> None:
        self.width = width
        self._waiting = iter(requests)
        self._size = len(requests)
        self._answered = 0
        self._queues: defaultdict[str, deque[Request]] = defaultdict(deque)
        self._moved = threading.Condition()

    def take(self) -> Request | None:
        """The next request, once none to the same path is under way; None at the end."""
        with self._moved:
            request = next(self._waiting, None)
            if request is None:
                return None
            queue = self._queues[request.path]
            queue.append(request)
            self._moved.wait_for(lambda: not queue or queue[0] is request)
            return request

    def done(self, request: Request) -> None:
        """This one was answered."""
        with self._moved:
            self._answered += 1
            queue = self._queues[request.path]
            if queue:
                queue.popleft()
            if not queue:
                del self._queues[request.path]
            self._moved.notify_all()

    def reach(self, count: int) -> None:
        """Wait until so many, or all, were answered."""
        with self._moved:
            self._moved.wait_for(lambda: self._answered >= min(count, self._size))

    def give_up(self) -> None:
        """Let nobody wait: the measure failed."""
        with self._moved:
            self._waiting = iter(())
            self._size = 0
            for queue in self._queues.values():
                queue.clear()
            self._moved.notify_all()


class Replay:
    """Bare connections to both services.

    :param ports: by service.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._here = threading.local()
        self._open: list[Line] = []
        self.sent = 0
        """How many requests were answered so far, more or less: it is told on the way."""

    def close(self) -> None:
        """Close all connections."""
        for each in self._open:
            each.close()

    def run(self, requests: Sequence[Request]) -> float:
        """Send all, in the order and as concurrently as the console did.

        Salesforce one after the other, Alguna several at once. As with the console, a request waits for the earlier ones to
        the same path (a customer is read before it is written, a page comes after the one before), and for as many of the
        other service's as were answered when it was recorded.

        :returns: seconds.
        :raises NotMade: one was answered otherwise than when it was recorded: the state is not the same.
        """
        lanes = [
            _Lane([each for each in requests if each.service == service], width)
            for service, width in (("salesforce", 1), ("alguna", AT_ONCE))
        ]
        began = time.perf_counter()
        with ThreadPoolExecutor(1 + AT_ONCE) as pool:
            work = [
                pool.submit(self._walk, lane, lanes[1 - place])
                for place, lane in enumerate(lanes)
                for _ in range(lane.width)
            ]
            for each in work:
                each.result()
        return time.perf_counter() - began

    def _walk(self, lane: _Lane, other: _Lane) -> None:
        """Take one request after the other from a lane until it is empty."""
        try:
            while (request := lane.take()) is not None:
                other.reach(request.behind)
                answer = self.send(request)
                while _is_look(request) and not ended(answer):
                    time.sleep(LOOK)  # each look is one of the org's calls of the day
                    answer = self.send(request)
                lane.done(request)
                self.sent += 1
        except BaseException:
            lane.give_up()
            other.give_up()
            raise

    def send(self, request: Request) -> bytes:
        """One request on this thread's connection; its answer."""
        answer = self._line(request.service).ask(request.data)
        if (status := status_of(answer)) != request.status:
            raise NotMade(
                f"{request.line} was answered with {status} in the bare loop, {request.status} before."
            )
        return answer

    def _line(self, service: str) -> Line:
        known = vars(self._here)
        if service not in known:
            known[service] = Line(self._ports[service])
            self._open.append(known[service])
        found: Line = known[service]
        return found


def ended(answer: bytes) -> bool:
    """Whether a bulk job that was asked for its state has ended."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"content-encoding: gzip" in head.lower():
        body = gzip.decompress(body)
    return any(state in body for state in ENDED)


def _is_look(request: Request) -> bool:
    """Whether it asks how a bulk job stands."""
    return _LOOK.match(request.line) is not None
