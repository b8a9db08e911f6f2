"""The event stream on its way: TLS to every other computer, through the proxy, with the certificates that are set."""

from __future__ import annotations

import contextlib
import datetime
import socket
import threading
from concurrent import futures

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.errors import Unreachable
from console.salesforce.eventbus import pubsub_api_pb2 as api
from console.salesforce.pubsub.client import PubSub

HOST = "pubsub.test"
TOKEN = "00D!secret-token-of-the-stream"
VARIABLES = ("HTTPS_PROXY", "https_proxy", "grpc_proxy", "http_proxy", "NO_PROXY", "no_proxy")


def certificate():
    """(private key, self-signed certificate) of HOST, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret, made.public_bytes(serialization.Encoding.PEM)


class Service(grpc.GenericRpcHandler):
    """Answers GetTopic, and keeps the tokens that came."""

    def __init__(self):
        self.tokens = []

    def service(self, details):
        if details.method != "/eventbus.v1.PubSub/GetTopic":
            return None

        def answer(request, context):
            self.tokens += [value for key, value in context.invocation_metadata() if key == "accesstoken"]
            return api.TopicInfo(topic_name=request.topic_name, can_subscribe=True)

        return grpc.unary_unary_rpc_method_handler(
            answer, api.TopicRequest.FromString, api.TopicInfo.SerializeToString
        )


class Proxy:
    """Tunnels CONNECT to one port of this computer, whatever is asked for, and keeps what it could read."""

    def __init__(self, port):
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = []
        self.read = b""
        self._threads = []
        self._open = []
        self._start(self._accept)

    def _start(self, run, *args):
        self._threads.append(threading.Thread(target=run, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._open.append(client)
                head = b""
                while b"\r\n\r\n" not in head and (piece := client.recv(4096)):
                    head += piece
                self.asked.append(head.split(b"\r\n")[0].decode())
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open.append(server)
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                self._start(self._carry, client, server, True)
                self._start(self._carry, server, client, False)

    def _carry(self, source, target, ours):
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                self.read += piece if ours else b""
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    for name in (*VARIABLES, "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    """Servers: ``serve(credentials)`` with TLS, ``serve(None)`` without; (port, service)."""
    with contextlib.ExitStack() as stack:

        def make(credentials):
            pool = stack.enter_context(futures.ThreadPoolExecutor(2))
            server, service = grpc.server(pool, handlers=[found := Service()]), found
            if credentials is None:
                port = server.add_insecure_port("127.0.0.1:0")
            else:
                port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([credentials]))
            server.start()
            stack.callback(lambda: server.stop(0).wait(5))
            return port, service

        yield make


@pytest.fixture
def proxy():
    made = []

    def make(port):
        made.append(Proxy(port))
        return made[-1]

    yield make
    for each in made:
        each.close()


def topic(endpoint):
    asking = PubSub(endpoint, "https://acme.my.salesforce.com", "00D000000000001EAA")
    try:
        return asking.check_topic("/data/Alguna_Sync__chn", TOKEN)
    finally:
        asking.close()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_another_computer_is_reached_by_tls_through_the_proxy_with_the_certificates_that_are_set(
    serve, proxy, tmp_path, monkeypatch, variable
):
    mine = certificate()
    port, service = serve(mine)
    way = proxy(port)
    (tmp_path / "ca.pem").write_bytes(mine[1])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv(variable, way.address)
    assert topic(f"{HOST}:7443")
    assert way.asked == [f"CONNECT {HOST}:7443 HTTP/1.1"]
    assert service.tokens == [TOKEN]
    assert way.read
    assert TOKEN.encode() not in way.read


def test_a_certificate_that_is_not_trusted_ends_it_before_a_token_is_sent(serve, proxy, monkeypatch):
    port, service = serve(certificate())
    way = proxy(port)
    monkeypatch.setenv("HTTPS_PROXY", way.address)
    with pytest.raises(Unreachable) as failure:
        topic(f"{HOST}:7443")
    assert TOKEN not in str(failure.value)
    assert "not trusted" in failure.value.message
    assert "SSL_CERT_FILE" in failure.value.advice
    assert way.asked
    assert service.tokens == []
    assert TOKEN.encode() not in way.read


def test_another_computer_that_speaks_without_tls_gets_no_token(serve, proxy, monkeypatch):
    port, service = serve(None)
    way = proxy(port)
    monkeypatch.setenv("HTTPS_PROXY", way.address)
    with pytest.raises(Unreachable):
        topic(f"{HOST}:7443")
    assert service.tokens == []
    assert TOKEN.encode() not in way.read


def test_this_computer_is_reached_without_tls_and_never_through_a_proxy(serve, proxy, monkeypatch):
    port, service = serve(None)
    way = proxy(port)
    for variable in ("HTTPS_PROXY", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(variable, way.address)
    assert topic(f"127.0.0.1:{port}")
    assert service.tokens == [TOKEN]
    assert way.asked == []
