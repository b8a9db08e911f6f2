"""Whole requests and answers over connections that stay open, against a server that answers bytes as a test says."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.web import no_answer
from console.web_transport import Answer, DirectTransport, ProxiedTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
HANG_UP = b""
Script = Callable[[int, bytes], bytes | list[bytes]]
"""From the request's number and its bytes to what is answered; `HANG_UP` as the last piece ends the connection."""


class Server:
    """Answers by a script; counts connections and keeps requests."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._script = script
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._threads[0].join()
        for each in self._open:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                each.close()  # gone already
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(client)
            self._threads.append(threading.Thread(target=self._serve, args=(client,)))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            with client, client.makefile("rb") as asked:
                while head := _head(asked):
                    self.requests.append(head)
                    said = self._script(len(self.requests), head)
                    for piece in [said] if isinstance(said, bytes) else said:
                        if piece == HANG_UP:
                            return
                        client.sendall(piece)
        except OSError:
            return
        finally:
            client.close()
            self.hung_up.set()


def _head(asked: object) -> bytes:
    data = b""
    for line in asked:  # type: ignore[attr-defined]
        data += line
        if line == b"\r\n":
            break
    return data


def direct(url: str, trust: ssl.SSLContext | None = None, timeout: float = 5) -> DirectTransport:
    return DirectTransport(url, trust or ssl.create_default_context(), httpx.Timeout(timeout))


@contextmanager
def talking(
    script: Script,
    tls: ssl.SSLContext | None = None,
    trust: ssl.SSLContext | None = None,
    timeout: float = 5,
) -> Iterator[tuple[Server, DirectTransport]]:
    server = Server(script, tls)
    transport = direct(server.url, trust, timeout)
    try:
        yield server, transport
    finally:
        transport.close()
        server.close()


def ask(transport: DirectTransport, method: str = "GET") -> Answer:
    return transport.send(method, "/x?y=1", {})


def head(*headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"{}"),
        (head("Transfer-Encoding: chunked") + b"3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
        (head(status="204 No Content"), 204, b""),
        ([head() + b"until", b" the end", HANG_UP], 200, b"until the end"),
        ([head("Link: </x>", status="103 Early Hints"), OK], 200, b"{}"),
        ([head("Content-Length: 4") + b"ab", b"cd"], 200, b"abcd"),
    ],
    ids=["length", "chunked", "empty", "until the end", "after a hint", "in pieces"],
)
def test_an_answer_is_read_whole_however_it_is_framed(
    answer: bytes | list[bytes], status: int, body: bytes
) -> None:
    with talking(lambda number, asked: answer) as (_server, transport):
        response = ask(transport)
        assert (response.status, response.content) == (status, body)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}', wbits=-zlib.MAX_WBITS)),
    ],
    ids=["gzip", "deflate", "raw deflate"],
)
def test_a_compressed_answer_is_unpacked(coding: str, packed: bytes) -> None:
    answer = head(f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}") + packed
    with talking(lambda number, asked: answer) as (_server, transport):
        assert ask(transport).content == b'{"a": 1}'


def test_one_connection_serves_one_request_after_the_other() -> None:
    with talking(lambda number, asked: OK) as (server, transport):
        for _ in range(5):
            ask(transport)
        assert (server.connections, len(server.requests)) == (1, 5)
        assert server.requests[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:")


def test_a_connection_that_the_server_is_about_to_close_is_not_used_again() -> None:
    with talking(lambda number, asked: head("Connection: close", "Content-Length: 0")) as (server, transport):
        ask(transport)
        ask(transport)
        assert server.connections == 2


def test_a_connection_that_said_more_than_it_was_asked_is_not_used_again() -> None:
    with talking(lambda number, asked: OK + OK) as (server, transport):
        assert [ask(transport).content for _ in range(2)] == [b"{}", b"{}"]
        assert server.connections == 2


def test_a_connection_that_ended_while_nobody_used_it_costs_nothing() -> None:
    with talking(lambda number, asked: [OK, HANG_UP]) as (server, transport):
        ask(transport, "PATCH")
        assert server.hung_up.wait(5)
        ask(transport, "PATCH")
        assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        [HANG_UP],
        [head("Content-Length: 10") + b"half", HANG_UP],
        [b"SSH-2.0-x\r\n", HANG_UP],
        [head("Transfer-Encoding: chunked") + b"3\r\nabc\r\n", HANG_UP],
        [head("Content-Encoding: gzip", "Content-Length: 3") + b"xyz"],
        [b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 300_000, HANG_UP],
        [head("Upgrade: websocket", "Connection: Upgrade", status="101 Switching Protocols"), HANG_UP],
    ],
    ids=[
        "no answer",
        "half an answer",
        "another protocol",
        "half of the chunks",
        "not packed",
        "a head without end",
        "another protocol, politely",
    ],
)
def test_what_is_no_answer_may_have_been_done_and_is_not_sent_again(answer: list[bytes]) -> None:
    with talking(lambda number, asked: answer) as (server, transport):
        with pytest.raises(httpx.RequestError) as caught:
            ask(transport, "PATCH")
        assert no_answer(caught.value, "Alguna", server.url, writing=True).maybe_done
        assert len(server.requests) == 1


def test_silence_ends_in_a_timeout_and_its_connection_is_not_used_again() -> None:
    never = threading.Event()

    def silent(number: int, asked: bytes) -> bytes:
        if number == 1:
            never.wait(5)
        return OK

    with talking(silent, timeout=0.3) as (server, transport):
        with pytest.raises(httpx.ReadTimeout):
            ask(transport)
        assert ask(transport).content == b"{}"
        never.set()
        assert server.connections == 2


def test_where_nobody_listens_nothing_was_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(httpx.ConnectError) as caught:
        ask(direct(url), "PATCH")
    assert not no_answer(caught.value, "Alguna", url, writing=True).maybe_done


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/x", {"Idempotency-Key": "a\r\nX-Other: b"}),
        ("/x", {"Idempotency-Key": "a\nX-Other: b"}),
        ("/x HTTP/1.1\r\nX-Other: b", {}),
        ("/x y", {}),
        ("/x", {"Idempotency-Key": "\u010d"}),
    ],
    ids=["in a header", "by half a line break", "in the address", "a blank", "not ASCII"],
)
def test_a_request_cannot_smuggle_a_second_header_in(target: str, headers: dict[str, str]) -> None:
    with talking(lambda number, asked: OK) as (server, transport):
        with pytest.raises(httpx.LocalProtocolError):
            transport.send("GET", target, headers)
        assert server.connections == 0


def test_a_proxied_request_says_the_same_as_a_direct_one() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"a": 1}, headers={"Idempotent-Replayed": "true"})

    base = "https://api.alguna.example/v2"
    transport = ProxiedTransport(base, httpx.MockTransport(answer), httpx.Timeout(5))
    got = transport.send("PATCH", "/v2/x?y=a%3Ab", {"X-One": "1"}, b"{}")
    transport.close()
    assert (got.status, got.content, got.headers["idempotent-replayed"]) == (201, b'{"a":1}', "true")
    (request,) = seen
    assert (request.method, str(request.url)) == ("PATCH", "https://api.alguna.example/v2/x?y=a%3Ab")
    assert (request.content, request.headers["x-one"]) == (b"{}", "1")


def test_closed_it_keeps_no_connection_that_was_in_use() -> None:
    with talking(lambda number, asked: OK) as (server, transport):
        transport.close()
        ask(transport)
        assert server.hung_up.wait(5)


def test_a_certificate_that_is_trusted_opens_and_another_one_is_told(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = _certificate(tmp_path)
    tls.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with talking(lambda number, asked: OK, tls, trusted) as (server, transport):
        assert [ask(transport).content for _ in range(3)] == [b"{}"] * 3
        stranger = direct(server.url)
        with pytest.raises(httpx.ConnectError) as caught:
            ask(stranger)
        said = no_answer(caught.value, "Alguna", server.url, writing=True)
        assert "certificate" in said.message
        assert not said.maybe_done


def _certificate(folder: Path) -> Path:
    """A key and a certificate of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
