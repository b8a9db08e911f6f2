"""Recording requests and sending them again. Nothing here is timed."""

from __future__ import annotations

import gzip
import http.client
import io
import select
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.floor import _records
from bench.measure import Measure, NotMade, Taken, judge
from bench.recorder import Kept, Line, Recorder, Request, message
from bench.replay import Replay, ended
from bench.table import row


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    seen: list[tuple[str, bytes]] = []  # noqa: RUF012 - reset by the fixture
    bodies: list[bytes] = []  # noqa: RUF012 - reset by the fixture
    """What the next ones are answered with, before `{}`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.path, body))
        answer = self.bodies.pop(0) if self.bodies else b"{}"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Handler.seen, Handler.bodies, Handler.status = [], [], 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def kept() -> Iterator[Kept]:
    with closing(Kept()) as kept:
        yield kept


def recorded(port: int, kept: Kept) -> list[Request]:
    with Recorder({"salesforce": port}, kept) as recorder:
        connection = http.client.HTTPConnection("127.0.0.1", recorder.ports["salesforce"])
        for number in range(3):
            connection.request("POST", f"/call/{number}", body=b"x" * number)
            assert connection.getresponse().read() == b"{}"
        connection.close()
    return recorder.requests


def test_what_was_recorded_is_sent_again_byte_by_byte(port: int, kept: Kept) -> None:
    requests = recorded(port, kept)
    first = list(Handler.seen)
    assert [request.line for request in requests] == [f"POST /call/{number}" for number in range(3)]
    with closing(Replay({"salesforce": port})) as replay:
        assert replay.run(requests) > 0
    assert Handler.seen == first * 2


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(port: int) -> None:
    request = b"POST /call HTTP/1.1\r\nContent-Length: 1\r\n%s\r\nx"
    with closing(Line(port)) as line:
        assert line.ask(request % b"Connection: close\r\n").endswith(b"{}")
        assert select.select([line._open[0]], [], [], 5)[0]  # type: ignore[index]
        assert line.ask(request % b"").endswith(b"{}")
        assert line.ask(request % b"").endswith(b"{}")
    assert len(Handler.seen) == 3


def test_another_answer_than_before_is_no_measure(port: int, kept: Kept) -> None:
    requests = recorded(port, kept)
    Handler.status = 500
    with (
        closing(Replay({"salesforce": port})) as replay,
        pytest.raises(NotMade, match="500 in the bare loop, 200"),
    ):
        replay.run(requests)


def test_a_request_waits_for_the_same_path_and_for_what_the_other_service_had_answered(
    port: int, kept: Kept
) -> None:
    def request(service: str, number: int, path: str, behind: int = 0) -> Request:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{number}"
        return Request.of(service, head.encode(), kept, 200, behind)

    reads = [request("alguna", number, f"/customers/{number}") for number in range(8)]
    write = request("salesforce", 1, "/composite", behind=8)
    again = [request("alguna", number, "/customers?offset=1", behind=1) for number in range(8)]
    with closing(Replay({"salesforce": port, "alguna": port})) as replay:
        replay.run([*reads, write, *again])
    paths = [path for path, _ in Handler.seen]
    assert sorted(paths[:8]) == [f"/customers/{number}" for number in range(8)]
    assert paths[8:] == ["/composite"] + ["/customers?offset=1"] * 8
    assert [body for _, body in Handler.seen[9:]] == [str(number).encode() for number in range(8)]


@pytest.mark.parametrize("kind", ["ingest", "query"])
def test_a_bulk_job_is_looked_at_until_it_has_ended(port: int, kept: Kept, kind: str) -> None:
    def request(path: str) -> Request:
        head = f"GET /services/data/v62.0/jobs/{kind}/750XX0000000001AAA{path} HTTP/1.1\r\nHost: x\r\n\r\n"
        return Request.of("salesforce", head.encode(), kept, 200, 0)

    results = "/results?maxRecords=50000" if kind == "query" else "/successfulResults/"
    Handler.bodies = [b'{"state": "InProgress"}', b'{"state": "JobComplete"}', b"the rows"]
    with closing(Replay({"salesforce": port})) as replay:
        replay.run([request(""), request(results)])
    assert not Handler.bodies
    assert [path.rpartition("AAA")[2] for path, _ in Handler.seen] == ["", "", results]


def test_chunked_messages_are_read_whole() -> None:
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    source = io.BytesIO(data + b"GET / HTTP/1.1\r\n\r\n")
    assert message(source, answer=False) == data
    assert message(source, answer=False) == b"GET / HTTP/1.1\r\n\r\n"
    assert message(source, answer=False) == b""


def test_records_are_found_in_collections_and_in_jobs(kept: Kept) -> None:
    job = b'PUT /services/data/v62.0/jobs/ingest/750/batches HTTP/1.1\r\n\r\n"Name","Rating"\n"One","#N/A"\n'
    call = (
        b'POST /services/data/v62.0/composite HTTP/1.1\r\n\r\n{"compositeRequest":[{"body":{"records":'
        b'[{"attributes":{"type":"Contact"},"LastName":"Tin"}]}}]}'
    )
    requests = [Request.of("salesforce", data, kept) for data in (job, call)]
    assert _records(requests, "Account") == [{"Name": "One"}]
    assert _records(requests, "Contact") == [{"LastName": "Tin"}]
    assert _records([requests[0]] * 5, "Account", 3) == [{"Name": "One"}] * 3


@pytest.mark.parametrize("packed", [False, True])
def test_a_job_has_ended_when_its_answer_says_so_packed_or_not(packed: bool) -> None:
    def answer(state: str) -> bytes:
        body = f'{{"state":"{state}"}}'.encode()
        if packed:
            return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(body)
        return b"HTTP/1.1 200 OK\r\n\r\n" + body

    assert ended(answer("JobComplete"))
    assert not ended(answer("InProgress"))


def test_what_is_kept_is_read_back_whatever_was_written_since(kept: Kept) -> None:
    places = [kept.add(b"x" * number) for number in range(5)]
    assert [kept.read(place) for place in places] == [b"x" * number for number in range(5)]


def test_a_goal_may_be_the_least() -> None:
    for value, ok in ((49.9, "short"), (50.0, "ok")):
        result = judge(Measure("k", "a name", 50, "x", lambda value=value: Taken(value, ""), at_least=True))
        assert row(result)[2:] == ("at least 50x", ok)
