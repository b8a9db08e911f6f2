from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from console.errors import Cancelled, Conflict, ConsoleError, SignInNeeded
from console.salesforce.signing_in.loopback import PORTS, CallbackServer

STATE = "state-hunter2"


@pytest.fixture
def server() -> Iterator[CallbackServer]:
    with CallbackServer(STATE, ports=(0,)) as running:
        yield running


def visit(
    server: CallbackServer,
    path: str = "/callback",
    host: str | None = None,
    name: str = "127.0.0.1",
    **asked: str,
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(name, server.port, timeout=5)
    try:
        target = f"{path}?{urlencode(asked)}" if asked else path
        connection.request("GET", target, headers={"Host": host or f"localhost:{server.port}"})
        response = connection.getresponse()
        return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
    finally:
        connection.close()


def test_the_browser_brings_the_code(server: CallbackServer) -> None:
    status, text, _ = visit(server, code="abc", state=STATE)
    assert (status, "close this window" in text) == (200, True)
    assert server.wait(1) == "abc"
    assert server.wait(0) == "abc"


def test_the_address_to_register_is_a_literal_localhost(server: CallbackServer) -> None:
    assert server.redirect_uri == f"http://localhost:{server.port}/callback"


def test_it_listens_on_this_computer_only(server: CallbackServer) -> None:
    bound = {each.server_address[0] for each in server._servers}
    assert bound <= {"127.0.0.1", "::1"}


def test_a_browser_that_takes_localhost_for_ipv6_is_met_too(server: CallbackServer) -> None:
    if len(server._servers) == 1:
        pytest.skip("no IPv6 here")
    assert visit(server, name="::1", code="abc", state=STATE)[0] == 200
    assert server.wait(1) == "abc"


def test_a_refused_consent_is_told(server: CallbackServer) -> None:
    status, text, _ = visit(
        server, error="access_denied", error_description="end-user denied authorization", state=STATE
    )
    assert (status, "refused" in text) == (200, True)
    with pytest.raises(SignInNeeded, match="Access was refused in the browser") as caught:
        server.wait(1)
    assert caught.value.code == "access_denied"


@pytest.mark.parametrize("state", ["other", "", STATE + "x", STATE[:-1], "ställ"])
def test_an_answer_with_another_state_is_not_used(server: CallbackServer, state: str) -> None:
    status, text, _ = visit(server, code="abc", state=state)
    assert status == 400
    assert "another sign-in" in text
    with pytest.raises(SignInNeeded, match="belongs to another sign-in"):
        server.wait(1)


def test_a_code_or_state_given_twice_is_not_used(server: CallbackServer) -> None:
    visit(server, f"/callback?code=abc&state={STATE}&state={STATE}")
    with pytest.raises(SignInNeeded):
        server.wait(1)


def test_a_second_answer_is_turned_away(server: CallbackServer) -> None:
    visit(server, code="first", state=STATE)
    assert visit(server, code="second", state=STATE)[0] == 410
    assert visit(server, error="access_denied", state=STATE)[0] == 410
    assert server.wait(1) == "first"


def test_other_visits_do_not_disturb_the_wait(server: CallbackServer) -> None:
    assert visit(server, "/favicon.ico")[0] == 404
    assert visit(server, "/")[0] == 404
    assert visit(server)[0] == 400
    assert visit(server, x="1")[0] == 400
    visit(server, code="abc", state=STATE)
    assert server.wait(1) == "abc"


def test_a_page_elsewhere_that_reaches_for_the_port_under_its_own_name_is_turned_away(
    server: CallbackServer,
) -> None:
    assert visit(server, host="evil.example", code="abc", state=STATE)[0] == 421
    visit(server, code="good", state=STATE)
    assert server.wait(1) == "good"


def test_the_page_runs_nothing_loads_nothing_and_is_not_kept(server: CallbackServer) -> None:
    hostile = "<script>alert(1)</script>"
    _, text, headers = visit(server, error=hostile, error_description=hostile, state=STATE)
    assert "<script" not in text
    assert "default-src 'none'" in headers["content-security-policy"]
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_the_page_shows_neither_code_nor_state(server: CallbackServer) -> None:
    _, text, _ = visit(server, code="code-hunter2", state=STATE)
    assert "hunter2" not in text


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_other_methods_bring_nothing(server: CallbackServer, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, f"/callback?code=abc&state={STATE}")
    assert connection.getresponse().status == 501
    connection.close()
    with pytest.raises(SignInNeeded):
        server.wait(0)


def test_a_browser_that_never_returns_ends_in_a_sentence_with_a_hint(server: CallbackServer) -> None:
    with pytest.raises(SignInNeeded, match="No answer came back") as caught:
        server.wait(0.1)
    assert "in the browser only" in caught.value.advice
    visit(server, code="late", state=STATE)
    assert server.wait(1) == "late"


def test_the_person_can_stop_waiting(server: CallbackServer) -> None:
    stop = threading.Event()
    outcome: list[ConsoleError] = []

    def wait() -> None:
        try:
            server.wait(60, stop)
        except ConsoleError as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(outcome[0], Cancelled)


def test_connections_that_a_browser_only_keeps_ready_do_not_block_the_answer(server: CallbackServer) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.port)),
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        assert visit(server, code="abc", state=STATE)[0] == 200
    assert server.wait(1) == "abc"


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\xff" * 100_000, b"GET / HTTP/9.9\r\n\r\n"]
)
def test_noise_is_survived_without_a_word(
    server: CallbackServer, noise: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(noise)
    visit(server, code="abc", state=STATE)
    assert server.wait(1) == "abc"
    assert capfd.readouterr() == ("", "")


def occupied(family: socket.AddressFamily, host: str) -> tuple[socket.socket, int]:
    taken = socket.socket(family)
    taken.bind((host, 0))
    taken.listen()
    return taken, taken.getsockname()[1]


def test_when_a_port_is_taken_the_next_one_is_used() -> None:
    taken, port = occupied(socket.AF_INET, "127.0.0.1")
    with taken, CallbackServer(STATE, ports=(port, 0)) as server:
        assert server.port != port
        assert visit(server, code="abc", state=STATE)[0] == 200


def test_a_port_that_is_taken_for_ipv6_alone_is_taken() -> None:
    try:
        taken, port = occupied(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with taken, CallbackServer(STATE, ports=(port, 0)) as server:
        assert server.port != port


def test_when_every_port_is_taken_they_are_named() -> None:
    first, one = occupied(socket.AF_INET, "127.0.0.1")
    second, two = occupied(socket.AF_INET, "127.0.0.1")
    with first, second, pytest.raises(Conflict, match="No port is free") as caught:
        CallbackServer(STATE, ports=(one, two))
    assert str(one) in caught.value.message
    assert str(two) in caught.value.message


def test_closing_frees_the_port_at_once_and_can_be_repeated() -> None:
    server = CallbackServer(STATE, ports=(0,))
    port = server.port
    server.close()
    server.close()
    with CallbackServer(STATE, ports=(port,)) as again:
        assert again.port == port


def test_the_fixed_ports_are_those_that_the_help_text_names() -> None:
    assert PORTS == (1717, 8717, 8718, 8719)


def test_its_repr_shows_no_state(server: CallbackServer) -> None:
    assert STATE not in repr(server)
